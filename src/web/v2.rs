//! `/api/v2` and its twins under `/guest`.

pub mod wire;

use super::caller::Account;
use super::error::Failure;
use super::params::Params;
use super::routes::routes;
use super::wishes::{recipe, wishes};
use super::{SiteData, json};
use crate::error::Error;
use crate::secret::{Caller, ReceiptId, SecretId};
use actix_web::http::Method;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};

routes! { "/api/v2";
    "/status" { get | head => status },
    "/version" { get | head => version },
    "/supported-locales" { get | head => locales },
    "/secret/conceal" { post => conceal },
    "/secret/generate" { post => generate },
    "/secret/status" { post => statuses },
    "/secret/{id}" { get | head => show },
    "/secret/{id}/reveal" { post => reveal },
    "/secret/{id}/status" { get | head => secret_status },
    "/receipt/recent" { get | head => recent },
    "/private/recent" { get | head => recent },
    "/receipt/{id}" { get | head => receipt, patch => memo },
    "/private/{id}" { get | head => receipt, patch => memo },
    "/receipt/{id}/burn" { post => burn },
    "/private/{id}/burn" { post => burn },
    "/guest/secret/conceal" { post => conceal },
    "/guest/secret/generate" { post => generate },
    "/guest/secret/{id}" { get | head => show },
    "/guest/secret/{id}/reveal" { post => reveal },
    "/guest/receipt/{id}" { get | head => receipt },
    "/guest/receipt/{id}/burn" { post => burn },
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

async fn locales(_: Caller) -> HttpResponse {
    json(&wire::Locales::ALL)
}

async fn conceal(site: SiteData, caller: Caller, mut params: Params) -> Reply {
    let mut inner = params.inner("secret")?;
    let (secret, wishes) = (inner.text("secret")?, wishes(&mut inner)?);
    let receipt = site.app.conceal(secret, wishes, caller).await?;
    Ok(json(&wire::concealed(&receipt, None)))
}

async fn generate(site: SiteData, caller: Caller, mut params: Params) -> Reply {
    let mut inner = params.inner("secret")?;
    let (recipe, wishes) = (recipe(&mut inner)?, wishes(&mut inner)?);
    let (receipt, value) = site.app.generate(recipe, wishes, caller).await?;
    Ok(json(&wire::concealed(&receipt, Some(&value))))
}

/// Looks are counted, but not those of HEAD: link checkers send it on their own.
async fn show(site: SiteData, _: Caller, id: Path<String>, request: HttpRequest) -> Reply {
    let id = secret_id(&id)?;
    let secret =
        if request.method() == Method::HEAD { site.app.status(&id) } else { site.app.show(&id).await };
    Ok(json(&wire::shown(&secret?)))
}

async fn reveal(site: SiteData, _: Caller, id: Path<String>, mut params: Params) -> Reply {
    let (id, passphrase) = (secret_id(&id)?, params.text("passphrase")?);
    if !params.is_true("continue") {
        return Ok(json(&wire::shown(&site.app.show(&id).await?)));
    }
    Ok(json(&wire::revealed(&site.app.reveal(&id, passphrase).await?)))
}

async fn secret_status(site: SiteData, _: Caller, id: Path<String>) -> Reply {
    match secret_id(&id).and_then(|id| site.app.status(&id)) {
        Ok(secret) => Ok(json(&wire::secret_status(&secret))),
        Err(Error::NotFound) => Ok(json(&wire::unknown_secret())),
        Err(error) => Err(error.into()),
    }
}

async fn statuses(site: SiteData, _: Caller, mut params: Params) -> Reply {
    let lists = params.texts("identifiers")?;
    let names: Vec<&str> = lists.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
    if names.len() > MOST_STATUSES {
        let rule = format!("Ask for at most {MOST_STATUSES} secrets at once");
        return Err(Error::invalid("identifiers", rule).into());
    }
    let ids: Vec<SecretId> = names.into_iter().filter_map(SecretId::parse).collect();
    Ok(json(&wire::statuses(&site.app.statuses(&ids)?)))
}

async fn receipt(site: SiteData, _: Caller, id: Path<String>) -> Reply {
    Ok(json(&wire::receipt(&site.app.receipt(&receipt_id(&id)?)?, &site.links)))
}

async fn burn(site: SiteData, _: Caller, id: Path<String>, mut params: Params) -> Reply {
    let (id, passphrase) = (receipt_id(&id)?, params.text("passphrase")?);
    Ok(json(&wire::receipt(&site.app.burn(&id, passphrase).await?, &site.links)))
}

async fn memo(account: Account) -> HttpResponse {
    match account {}
}

async fn recent(account: Account) -> HttpResponse {
    match account {}
}

fn secret_id(text: &str) -> Result<SecretId, Error> {
    SecretId::parse(text).ok_or(Error::NotFound)
}

fn receipt_id(text: &str) -> Result<ReceiptId, Error> {
    ReceiptId::parse(text).ok_or(Error::NotFound)
}
