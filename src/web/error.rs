//! The one place where errors become HTTP, for both versions of the API. The cause of an error goes
//! to the log with the reply's `error_id`, never into the reply.

use crate::error::Error;
use crate::hex;
use crate::random::fill;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;

/// An error on its way to a caller of the API.
#[derive(Debug)]
pub struct Failure {
    error: Error,
    secret_key: Option<String>,
}

impl Failure {
    /// With the well-formed key that was asked for, which v1 repeats in `Unknown secret`.
    pub fn with_key(error: Error, key: &str) -> Self {
        Self { error, secret_key: Some(key.to_owned()) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, secret_key: None }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        kind(&self.error).0
    }

    fn error_response(&self) -> HttpResponse {
        respond(&self.error, self.secret_key.as_deref())
    }
}

/// The status and the stable name of an error.
pub fn kind(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::BadRequest(_) => (StatusCode::BAD_REQUEST, "BadRequest"),
        Error::Unauthorized { .. } => (StatusCode::UNAUTHORIZED, "Unauthorized"),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, "Forbidden"),
        Error::NotFound | Error::NoSuchRoute => (StatusCode::NOT_FOUND, "NotFound"),
        Error::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge"),
        Error::UnsupportedMedia => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType"),
        Error::Invalid(_) | Error::WrongPassphrase { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "FormError"),
        Error::LimitExceeded { .. } => (StatusCode::TOO_MANY_REQUESTS, "LimitExceeded"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "ServerError"),
        Error::Unavailable(_) | Error::InProgress => (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"),
        Error::StorageFull(_) | Error::QuotaFull(_) => (StatusCode::INSUFFICIENT_STORAGE, "StorageFull"),
    }
}

/// The parameter at fault, where there is one.
pub fn field(error: &Error) -> Option<&'static str> {
    match error {
        Error::Invalid(rule) => Some(rule.field()),
        Error::WrongPassphrase { .. } => Some("passphrase"),
        _ => None,
    }
}

/// What every refusal says.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Body<'a> {
    /// A sentence for a person.
    message: String,
    /// A stable name for programs.
    error: &'static str,
    /// Repeats `error`.
    error_type: &'static str,
    /// The parameter at fault, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    field: Option<&'static str>,
    /// Random; the server's log line has it too.
    error_id: &'a str,
    /// Seconds to wait, with 429, 503 and 507.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    retry_after: Option<u64>,
    /// In v1's `Unknown secret`: the well-formed key that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    secret_key: Option<&'a str>,
}

/// What the log line of a failed request says besides.
#[derive(Clone)]
pub struct Logged {
    /// As in the reply.
    pub error_id: String,
    /// The cause, if there is one to know.
    pub cause: Option<String>,
}

/// The reply in JSON.
pub fn respond(error: &Error, secret_key: Option<&str>) -> HttpResponse {
    let (status, name) = kind(error);
    let logged = logged(error);
    let retry_after = error.retry_after().map(|rest| rest.as_secs());
    let body = Body {
        message: error.to_string(),
        error: name,
        error_type: name,
        field: field(error),
        error_id: &logged.error_id,
        retry_after,
        secret_key: secret_key.filter(|_| matches!(error, Error::NotFound)),
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut reply = HttpResponse::build(status);
    add_headers(&mut reply, error);
    let mut reply = reply.insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8")).body(body);
    reply.extensions_mut().insert(logged);
    reply
}

/// Headers that belong to an error, in whatever form its body is.
pub fn add_headers(reply: &mut actix_web::HttpResponseBuilder, error: &Error) {
    if let Some(rest) = error.retry_after() {
        reply.insert_header((header::RETRY_AFTER, rest.as_secs().to_string()));
    }
    match error {
        Error::Unauthorized { challenge: true } => {
            reply.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"API token\", charset=\"UTF-8\""));
        }
        Error::MethodNotAllowed { allow } => {
            reply.insert_header((header::ALLOW, allow.as_str()));
        }
        _ => {}
    }
}

/// A fresh id for this error, and its cause.
pub fn logged(error: &Error) -> Logged {
    let mut random = [0; 10];
    fill(&mut random);
    Logged { error_id: hex::encode(&random).to_string(), cause: error.cause().map(ToString::to_string) }
}
