//! `/api/v2` and its twins under `/guest`.

mod guest;
pub mod wire;

use super::caller::Account;
use super::error::Failure;
use super::params::Params;
use super::retry::Retry;
use super::routes::routes;
use super::wishes::{recipe, wishes};
use super::{SiteData, json};
use crate::error::{Error, Rule};
use crate::secret::{Caller, ReceiptId, SecretId};
use actix_web::http::Method;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};

// A path is compared with these in turn, and a pattern costs far more than a text: so texts come first,
// then the patterns most in use.
routes! { "/api/v2";
    "/status" { get | head => status },
    "/version" { get | head => version },
    "/supported-locales" { get | head => locales },
    "/secret/conceal" { post => conceal },
    "/secret/generate" { post => generate },
    "/secret/status" { post => statuses },
    "/receipt/recent" { get | head => recent },
    "/private/recent" { get | head => recent },
    "/guest/secret/conceal" { post => guest::conceal },
    "/guest/secret/generate" { post => guest::generate },
    "/secret/{id}/reveal" { post => reveal },
    "/guest/secret/{id}/reveal" { post => guest::reveal },
    "/secret/{id}/status" { get | head => secret_status },
    "/secret/{id}" { get | head => show },
    "/guest/secret/{id}" { get | head => guest::show },
    "/receipt/{id}" { get | head => receipt, patch => memo },
    "/private/{id}" { get | head => receipt, patch => memo },
    "/guest/receipt/{id}" { get | head => guest::receipt },
    "/receipt/{id}/burn" { post => burn },
    "/private/{id}/burn" { post => burn },
    "/guest/receipt/{id}/burn" { post => guest::burn },
}

type Reply = Result<HttpResponse, Failure>;

/// Secrets that one call may ask about.
const MOST_STATUSES: usize = 100;

async fn status(_: Caller) -> HttpResponse {
    json(&wire::Status::NOMINAL)
}

async fn version(_: Caller) -> HttpResponse {
    json(&wire::Version::this())
}

async fn locales(caller: Caller) -> HttpResponse {
    json(&wire::Locales::all(&caller))
}

async fn conceal(site: SiteData, caller: Caller, mut params: Params) -> Reply {
    let mut inner = params.inner("secret")?;
    let (secret, wishes) = (inner.text("secret")?, wishes(&mut inner)?);
    let receipt = site.app.conceal(secret, wishes, &caller).await?;
    Ok(json(&wire::concealed(&receipt, None, &caller)))
}

async fn generate(site: SiteData, caller: Caller, mut params: Params) -> Reply {
    let mut inner = params.inner("secret")?;
    let (recipe, wishes) = (recipe(&mut inner)?, wishes(&mut inner)?);
    let (receipt, value) = site.app.generate(recipe, wishes, &caller).await?;
    Ok(json(&wire::concealed(&receipt, Some(&value), &caller)))
}

/// Looks are counted, but not those of HEAD: link checkers send it on their own.
async fn show(site: SiteData, caller: Caller, id: Path<String>, request: HttpRequest) -> Reply {
    let id = secret_id(&id)?;
    let is_head = request.method() == Method::HEAD;
    let secret = if is_head { site.app.status(&id, &caller) } else { site.app.show(&id, &caller).await };
    Ok(json(&wire::shown(&secret?, &caller)))
}

async fn reveal(
    site: SiteData,
    caller: Caller,
    id: Path<String>,
    Retry(retry): Retry,
    mut params: Params,
) -> Reply {
    let (id, passphrase) = (secret_id(&id)?, params.text("passphrase")?);
    if !params.is_true("continue") {
        return Ok(json(&wire::shown(&site.app.show(&id, &caller).await?, &caller)));
    }
    Ok(json(&wire::revealed(&site.app.reveal(&id, passphrase, retry, &caller).await?, &caller)))
}

async fn secret_status(site: SiteData, caller: Caller, id: Path<String>) -> Reply {
    match secret_id(&id).and_then(|id| site.app.status(&id, &caller)) {
        Ok(secret) => Ok(json(&wire::secret_status(&secret, &caller))),
        Err(Error::NotFound) => Ok(json(&wire::unknown_secret(&caller))),
        Err(error) => Err(error.into()),
    }
}

async fn statuses(site: SiteData, caller: Caller, mut params: Params) -> Reply {
    let lists = params.texts("identifiers")?;
    let names: Vec<&str> = lists.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
    if names.len() > MOST_STATUSES {
        return Err(Error::from(Rule::TooManyIdentifiers(MOST_STATUSES)).into());
    }
    let ids: Vec<SecretId> = names.into_iter().filter_map(SecretId::parse).collect();
    Ok(json(&wire::statuses(&site.app.statuses(&ids, &caller)?, &caller)))
}

async fn receipt(site: SiteData, caller: Caller, id: Path<String>) -> Reply {
    let receipt = site.app.receipt(&receipt_id(&id)?, &caller)?;
    Ok(json(&wire::receipt(&receipt, &site.links, &caller)))
}

async fn burn(site: SiteData, caller: Caller, id: Path<String>, mut params: Params) -> Reply {
    let (id, passphrase) = (receipt_id(&id)?, params.text("passphrase")?);
    let receipt = site.app.burn(&id, passphrase, &caller).await?;
    Ok(json(&wire::receipt(&receipt, &site.links, &caller)))
}

async fn memo(site: SiteData, Account(caller): Account, id: Path<String>, mut params: Params) -> Reply {
    let (id, memo) = (receipt_id(&id)?, params.text_or_empty("memo")?);
    let memo = memo.map(|memo| memo.to_string()).unwrap_or_default();
    let receipt = site.app.set_memo(&id, memo, &caller).await?;
    Ok(json(&wire::receipt(&receipt, &site.links, &caller)))
}

async fn recent(site: SiteData, Account(caller): Account) -> Reply {
    let recent = site.app.recent(&caller)?;
    Ok(json(&wire::recent(&recent, site.app.recent_span(), &caller)))
}

fn secret_id(text: &str) -> Result<SecretId, Error> {
    SecretId::parse(text).ok_or(Error::NotFound)
}

fn receipt_id(text: &str) -> Result<ReceiptId, Error> {
    ReceiptId::parse(text).ok_or(Error::NotFound)
}
