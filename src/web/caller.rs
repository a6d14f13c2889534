//! Who calls: HTTP Basic with an account's address and API token, or nobody in particular.

use super::error::Failure;
use crate::error::Error;
use crate::secret::Caller;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest};
use base64ct::{Base64, Encoding};
use std::future::{Ready, ready};
use zeroize::Zeroizing;

impl FromRequest for Caller {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    /// Refuses credentials that are present and wrong even where none are needed.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let refused = Error::Unauthorized { challenge: false };
        ready(if has_credentials(request) { Err(refused.into()) } else { Ok(Self::Anonymous) })
    }
}

/// A caller with an account, for routes that need one. There are no accounts yet, so there is no such
/// caller, and these routes refuse everyone.
pub enum Account {}

impl FromRequest for Account {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    /// Asks for credentials only if none came.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Err(Error::Unauthorized { challenge: !has_credentials(request) }.into()))
    }
}

fn has_credentials(request: &HttpRequest) -> bool {
    request.headers().get_all(header::AUTHORIZATION).any(|value| !is_blank(value))
}

/// A client without an account sends a blank user name and a blank token.
fn is_blank(value: &HeaderValue) -> bool {
    let Some(encoded) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return value.is_empty();
    };
    let decoded = Base64::decode_vec(encoded.1.trim()).map(Zeroizing::new);
    encoded.0.eq_ignore_ascii_case("basic")
        && decoded.is_ok_and(|pair| pair.iter().all(|byte| b" :".contains(byte)))
}
