//! Pipes over HTTP, beside both versions of the API: a body goes in and a link comes out, as text; a link
//! goes in and the bytes come out. Wishes are headers, so that a URL holds nothing but the link.
//!
//! ```text
//! echo secret | curl -T - https://host/
//! curl -X POST https://host/secret/ID/raw
//! ```

use super::counts::number;
use super::error::{Failure, add_headers, kind, logged};
use super::params::Body;
use super::retry::Retry;
use super::routes::{Route, complete};
use super::{SiteData, segments};
use crate::app::Wishes;
use crate::config::lifetime;
use crate::error::{Error, Rule};
use crate::secret::{Caller, SecretId};
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use zeroize::Zeroizing;

/// How long the link shall work: `30m`, `4h`, `7d`, or seconds.
pub const TTL: &str = "tellonce-ttl";
/// Protects a secret, or opens it.
pub const PASSPHRASE: &str = "tellonce-passphrase";
/// The creator's link, in the reply.
pub const RECEIPT: &str = "tellonce-receipt";

/// It stands beside the versions of the API.
pub const BASE: &str = "";
/// The one route that is not also a page's.
pub const ROUTES: &[Route] = &[("/secret/{id}/raw", &["post"])];

/// Adds it.
pub fn configure(config: &mut ServiceConfig) {
    for (path, methods) in ROUTES {
        let resource =
            web::resource(segments::fixed(path)).app_data(number(BASE, path)).route(web::post().to(reveal));
        config.service(complete(resource, methods, refuse));
    }
}

type Input = (Result<Caller, Failure>, Result<Body, Failure>);

/// `PUT /`: stores the body and answers the link.
pub async fn conceal(site: SiteData, request: HttpRequest, input: Input) -> HttpResponse {
    match try_conceal(&site, &request, input).await {
        Ok(reply) => reply,
        Err(error) => refuse(&request, &error),
    }
}

async fn try_conceal(
    site: &SiteData,
    request: &HttpRequest,
    (caller, body): Input,
) -> Result<HttpResponse, Error> {
    let (caller, body) = (caller?, body?);
    let wishes = Wishes {
        passphrase: wish(request, PASSPHRASE, "passphrase")?,
        ttl: ttl(request)?,
        ..Wishes::default()
    };
    let receipt = site.app.conceal(body.text("secret")?, wishes, &caller).await?;
    let domain = receipt.share_domain.as_deref();
    let mut reply = HttpResponse::Ok();
    reply.insert_header((RECEIPT, site.links.receipt(domain, &receipt.id)));
    Ok(text(reply, site.links.share(domain, &receipt.secret) + "\n"))
}

/// `POST /secret/ID/raw`: answers the secret's bytes and nothing else. What the body holds does not
/// matter, but it has to arrive.
async fn reveal(
    site: SiteData,
    request: HttpRequest,
    id: Path<String>,
    retry: Result<Retry, Failure>,
    input: Input,
) -> HttpResponse {
    match try_reveal(&site, &request, &id, retry, input).await {
        Ok(reply) => reply,
        Err(error) => refuse(&request, &error),
    }
}

async fn try_reveal(
    site: &SiteData,
    request: &HttpRequest,
    id: &str,
    retry: Result<Retry, Failure>,
    (caller, body): Input,
) -> Result<HttpResponse, Error> {
    let (caller, _, Retry(retry)) = (caller?, body?, retry?);
    let id = SecretId::parse(id).ok_or(Error::NotFound)?;
    let passphrase = wish(request, PASSPHRASE, "passphrase")?;
    let revealed = site.app.reveal(&id, passphrase, retry, &caller).await?;
    Ok(text(HttpResponse::Ok(), revealed.content.expose().to_owned()))
}

/// One plain sentence.
fn refuse(_: &HttpRequest, error: &Error) -> HttpResponse {
    let (status, _) = kind(error);
    let logged = logged(error);
    let is_ours = status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE;
    let id = if is_ours { format!(" ({})", logged.error_id) } else { String::new() };
    let mut reply = HttpResponse::build(status);
    add_headers(&mut reply, error);
    let mut reply = text(reply, format!("{error}{id}.\n"));
    reply.extensions_mut().insert(logged);
    reply
}

fn text(mut reply: HttpResponseBuilder, body: String) -> HttpResponse {
    reply.insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8")).body(body)
}

fn ttl(request: &HttpRequest) -> Result<Option<i64>, Error> {
    let Some(text) = wish(request, TTL, "ttl")? else {
        return Ok(None);
    };
    let ttl = lifetime(&text).map_err(|_| Rule::NotALifetime)?;
    Ok(Some(ttl.seconds()))
}

/// The value of a header; an empty one counts as unset, and of several the last counts.
fn wish(request: &HttpRequest, name: &str, field: &'static str) -> Result<Option<Zeroizing<String>>, Error> {
    let Some(value) = request.headers().get_all(name).last().filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = str::from_utf8(value.as_bytes());
    let text = text.map_err(|_| Rule::NotUtf8(field))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}
