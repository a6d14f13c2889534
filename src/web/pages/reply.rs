//! From a page to a reply, with the status, the headers and the log line that belong to it.

use super::super::error::{Logged, add_headers, field, kind, logged};
use super::super::headers::PAGE_POLICY;
use super::template::Html;
use super::{views, words};
use crate::error::Error;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};

/// What a page says about an error.
#[derive(Default)]
pub struct Problem {
    /// The parameter at fault, where there is one.
    pub field: Option<&'static str>,
    /// The rule that was broken, or what to do now.
    pub message: String,
    /// What to tell the operator, where the fault is the server's.
    pub error_id: Option<String>,
}

impl Problem {
    fn new(error: &Error, logged: &Logged) -> Self {
        let is_ours = kind(error).0.is_server_error();
        Self {
            field: field(error),
            message: message(error),
            error_id: is_ours.then(|| logged.error_id.clone()),
        }
    }

    /// What it says at this field.
    pub fn at(&self, field: &str) -> Option<&str> {
        (self.field == Some(field)).then_some(&self.message)
    }
}

/// The API's sentence, and how long to wait where that is longer than a moment.
fn message(error: &Error) -> String {
    match error {
        Error::LimitExceeded { retry_after } => {
            let rest = i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX);
            format!("{error}, in {}.", words::span(rest))
        }
        _ => format!("{error}."),
    }
}

/// A page that is as it should be.
pub fn page(page: Html) -> HttpResponse {
    finish(HttpResponse::Ok(), page)
}

/// A page that shows an error in its place, such as a form with a message at a field.
pub fn refused(error: &Error, page: impl FnOnce(&Problem) -> Html) -> HttpResponse {
    let logged = logged(error);
    let page = page(&Problem::new(error, &logged));
    let mut reply = HttpResponse::build(kind(error).0);
    add_headers(&mut reply, error);
    let mut reply = finish(reply, page);
    reply.extensions_mut().insert(logged);
    reply
}

/// A page about nothing but an error.
pub fn error(error: &Error) -> HttpResponse {
    refused(error, |problem| views::error(kind(error).0, problem))
}

fn finish(mut reply: HttpResponseBuilder, page: Html) -> HttpResponse {
    reply
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(page.into_body())
}
