//! Who calls, and from where: HTTP Basic with an account's address and API token, and the address of
//! the client as far as the operator's proxies can be trusted to tell it.

use super::Site;
use super::error::Failure;
use crate::error::Error;
use crate::secret::{Account as DomainAccount, Caller, Locale, Source};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use base64ct::{Base64, Base64Unpadded, Encoding};
use std::future::{Ready, ready};
use zeroize::Zeroizing;

impl FromRequest for Caller {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    /// Refuses credentials that are present and wrong even where none are needed.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request).map_err(Failure::from))
    }
}

/// A caller with an account, for routes that need one.
pub struct Account(pub Caller);

impl FromRequest for Account {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    /// Asks for credentials only if none came.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = caller(request).and_then(|caller| match caller.account {
            Some(_) => Ok(Self(caller)),
            None => Err(Error::Unauthorized { challenge: true }),
        });
        ready(caller.map_err(Failure::from))
    }
}

/// A caller who is anonymous whatever credentials came, for routes under `/guest`.
pub struct Guest(pub Caller);

impl FromRequest for Guest {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    /// Wrong credentials are refused here too.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request).map(|caller| Self(Caller { account: None, ..caller })).map_err(Failure::from))
    }
}

/// Whoever looks at a page: wrong credentials mean no more there than none.
pub struct Visitor(pub Caller);

impl FromRequest for Visitor {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request).or_else(|_| nobody(request)).map(Self).map_err(Failure::from))
    }
}

/// A caller without credentials.
fn nobody(request: &HttpRequest) -> Result<Caller, Error> {
    let source = site(request)?.clients.source(request);
    Ok(Caller { account: None, source, locale: locale(request) })
}

fn site(request: &HttpRequest) -> Result<&Data<Site>, Error> {
    request.app_data::<Data<Site>>().ok_or_else(|| Error::Internal("no site".into()))
}

fn caller(request: &HttpRequest) -> Result<Caller, Error> {
    let site = site(request)?;
    let source = site.clients.source(request);
    let mut values = request.headers().get_all(header::AUTHORIZATION).filter(|value| !value.is_empty());
    let account = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => authenticate(site, value, source)?,
        (Some(_), Some(_)) => return Err(Error::Unauthorized { challenge: false }),
    };
    if account.is_some() {
        refuse_foreign_sites(site, request)?;
    }
    Ok(Caller { account, source, locale: locale(request) })
}

fn locale(request: &HttpRequest) -> Locale {
    let wishes = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|wishes| wishes.to_str().ok());
    wishes.map(Locale::preferred).unwrap_or_default()
}

/// The account behind these credentials; none for a blank user name with a blank token, which a
/// client without an account sends.
fn authenticate(site: &Site, value: &HeaderValue, source: Source) -> Result<Option<DomainAccount>, Error> {
    let decoded = decoded(value);
    let pair = decoded.as_ref().and_then(|pair| str::from_utf8(pair).ok());
    let pair = pair.ok_or(Error::Unauthorized { challenge: false })?;
    let (user, token) = pair.split_once(':').unwrap_or((pair, ""));
    if user.trim().is_empty() && token.trim().is_empty() {
        return Ok(None);
    }
    site.app.authenticate(user, token, source).map(Some)
}

/// What HTTP Basic carries, if it is that.
pub(crate) fn decoded(value: &HeaderValue) -> Option<Zeroizing<Vec<u8>>> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    let encoded = encoded.trim();
    let decoded = Base64::decode_vec(encoded).or_else(|_| Base64Unpadded::decode_vec(encoded));
    decoded.ok().map(Zeroizing::new).filter(|_| scheme.eq_ignore_ascii_case("basic"))
}

fn foreign() -> Error {
    Error::Forbidden("Requests with credentials are not accepted from other sites".into())
}

/// A browser sends the credentials it remembers along with another site's forms. Programs send no
/// `Origin`.
fn refuse_foreign_sites(site: &Site, request: &HttpRequest) -> Result<(), Error> {
    let changes = matches!(*request.method(), Method::POST | Method::PATCH | Method::PUT);
    let origin = request.headers().get(header::ORIGIN).filter(|_| changes);
    let origin = origin.and_then(|origin| origin.to_str().ok()).filter(|origin| origin.starts_with("http"));
    // A page may hide its origin, but not this from the browser's own hand. Another port or a sibling host is
    // the same site to a browser, and another origin to us.
    let told = request.headers().get("sec-fetch-site");
    let is_foreign = told.is_some_and(|site| site == "cross-site" || site == "same-site");
    match origin {
        None if changes && is_foreign => Err(foreign()),
        Some(origin) if !site.is_own_origin(origin) && !site.allows_origin(origin) => Err(foreign()),
        _ => Ok(()),
    }
}
