//! The twins under `/guest`: the caller is anonymous there whatever credentials came, and the operator
//! may switch each operation off.

use super::Reply;
use crate::web::SiteData;
use crate::web::caller::Guest;
use crate::web::guest::GuestOperation;
use crate::web::params::Params;
use crate::web::retry::Retry;
use actix_web::HttpRequest;
use actix_web::web::Path;

pub async fn conceal(site: SiteData, Guest(caller): Guest, params: Params) -> Reply {
    GuestOperation::Conceal.check(&site)?;
    super::conceal(site, caller, params).await
}

pub async fn generate(site: SiteData, Guest(caller): Guest, params: Params) -> Reply {
    GuestOperation::Generate.check(&site)?;
    super::generate(site, caller, params).await
}

pub async fn show(site: SiteData, Guest(caller): Guest, id: Path<String>, request: HttpRequest) -> Reply {
    GuestOperation::Show.check(&site)?;
    super::show(site, caller, id, request).await
}

pub async fn reveal(
    site: SiteData,
    Guest(caller): Guest,
    id: Path<String>,
    retry: Retry,
    params: Params,
) -> Reply {
    GuestOperation::Reveal.check(&site)?;
    super::reveal(site, caller, id, retry, params).await
}

pub async fn receipt(site: SiteData, Guest(caller): Guest, id: Path<String>) -> Reply {
    GuestOperation::Receipt.check(&site)?;
    super::receipt(site, caller, id).await
}

pub async fn burn(site: SiteData, Guest(caller): Guest, id: Path<String>, params: Params) -> Reply {
    GuestOperation::Burn.check(&site)?;
    super::burn(site, caller, id, params).await
}
