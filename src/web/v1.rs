//! `/api/v1`, frozen. V1's words (share, metadata, received) live here and in `wire`, nowhere else.

pub mod wire;

use super::caller::Account;
use super::error::Failure;
use super::params::Params;
use super::retry::Retry;
use super::routes::routes;
use super::wishes::{recipe, wishes};
use super::{SiteData, json};
use crate::error::Error;
use crate::secret::{Caller, ReceiptId, SecretId};
use actix_web::HttpResponse;
use actix_web::web::Path;

routes! { "/api/v1";
    "/status" { get | head => status },
    "/authcheck" { get | head => authcheck },
    "/share" { post => share },
    "/create" { post => share },
    "/generate" { post => generate },
    "/secret/{key}" { post => reveal },
    "/private/recent" { get | head => recent, post => no_key },
    "/metadata/recent" { get | head => recent, post => no_key },
    "/receipt/recent" { get | head => recent, post => no_key },
    "/private/{key}" { get | head | post => receipt },
    "/metadata/{key}" { get | head | post => receipt },
    "/receipt/{key}" { get | head | post => receipt },
    "/private/{key}/burn" { post => burn },
    "/metadata/{key}/burn" { post => burn },
    "/receipt/{key}/burn" { post => burn },
}

type Reply = Result<HttpResponse, Failure>;

async fn status(_: Caller) -> HttpResponse {
    json(&wire::Status::NOMINAL)
}

async fn authcheck(_: Account) -> HttpResponse {
    json(&wire::Status::NOMINAL)
}

async fn share(site: SiteData, caller: Caller, params: Params) -> Reply {
    let mut params = params.without_case();
    let (secret, wishes) = (params.text("secret")?, wishes(&mut params)?);
    let receipt = site.app.conceal(secret, wishes, &caller).await?;
    Ok(json(&wire::Receipt::new(&receipt, &site, &caller)))
}

async fn generate(site: SiteData, caller: Caller, params: Params) -> Reply {
    let mut params = params.without_case();
    let (recipe, wishes) = (recipe(&mut params)?, wishes(&mut params)?);
    let (receipt, value) = site.app.generate(recipe, wishes, &caller).await?;
    Ok(json(&wire::Receipt::new(&receipt, &site, &caller).with_value(value.expose())))
}

async fn reveal(
    site: SiteData,
    caller: Caller,
    key: Path<String>,
    Retry(retry): Retry,
    params: Params,
) -> Reply {
    let passphrase = params.without_case().text("passphrase")?;
    let id = SecretId::parse(&key).ok_or(Error::NotFound)?;
    let revealed = site.app.reveal(&id, passphrase, retry, &caller).await;
    let revealed = revealed.map_err(|error| unknown(error, id.as_str()))?;
    Ok(json(&wire::Revealed::new(&revealed, &site.links)))
}

async fn receipt(site: SiteData, caller: Caller, key: Path<String>) -> Reply {
    let id = ReceiptId::parse(&key).ok_or(Error::NotFound)?;
    let receipt = site.app.receipt(&id, &caller).map_err(|error| unknown(error, id.as_str()))?;
    Ok(json(&wire::Receipt::new(&receipt, &site, &caller)))
}

async fn burn(site: SiteData, caller: Caller, key: Path<String>, params: Params) -> Reply {
    let passphrase = params.without_case().text("passphrase")?;
    let id = ReceiptId::parse(&key).ok_or(Error::NotFound)?;
    let receipt = site.app.burn(&id, passphrase, &caller).await;
    let receipt = receipt.map_err(|error| unknown(error, id.as_str()))?;
    Ok(json(&wire::Burned::new(&receipt, &site, &caller)))
}

async fn recent(site: SiteData, Account(caller): Account) -> Reply {
    let recent = site.app.recent(&caller)?;
    let lines: Vec<_> =
        recent.iter().map(|receipt| wire::Receipt::new(receipt, &site, &caller).in_list()).collect();
    Ok(json(&lines))
}

/// By POST, `recent` is a receipt's key like any other, and not of their form.
async fn no_key(_: Caller) -> Reply {
    Err(Error::NotFound.into())
}

/// To v1's clients a wrong passphrase is an unknown secret, and an unknown secret repeats its key.
fn unknown(error: Error, key: &str) -> Failure {
    match error {
        Error::NotFound | Error::WrongPassphrase { .. } => Failure::with_key(Error::NotFound, key),
        other => other.into(),
    }
}
