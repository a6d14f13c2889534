//! The header with which a reader may fetch a lost reply again.

use super::error::Failure;
use crate::error::Rule;
use crate::secret::IdempotencyKey;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// Its name.
pub const HEADER: &str = "idempotency-key";

/// What a reveal came with: nothing, as with an empty header, or a key. Of several, the last counts.
pub struct Retry(pub Option<IdempotencyKey>);

impl FromRequest for Retry {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = request.headers().get_all(HEADER).last().filter(|value| !value.is_empty());
        let key = value.map(|value| value.to_str().ok().and_then(IdempotencyKey::parse));
        ready(match key {
            Some(None) => Err(crate::error::Error::from(Rule::NotAnIdempotencyKey).into()),
            key => Ok(Self(key.flatten())),
        })
    }
}
