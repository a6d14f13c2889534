//! HTTP, and the only async code besides the waits in `app`. A handler decodes, calls [`App`] once,
//! and encodes.

pub mod caller;
pub mod error;
mod headers;
mod links;
mod log;
pub mod pages;
mod params;
mod routes;
pub mod v1;
pub mod v2;
mod wishes;

pub use links::Links;

use crate::app::App;
use actix_web::dev::HttpServiceFactory;
use actix_web::http::header;
use actix_web::middleware::{NormalizePath, TrailingSlash, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Scope};
use params::BodyBudget;
use serde::Serialize;

/// What every handler may use.
pub struct Site {
    /// The core.
    pub app: App,
    /// How links begin.
    pub links: Links,
    bodies: BodyBudget,
}

impl Site {
    /// A site around this core.
    pub fn new(app: App, links: Links) -> Self {
        Self { app, links, bodies: BodyBudget::default() }
    }
}

/// Everything that is served, with what surrounds it. Used by the server and by tests alike.
pub fn everything(site: Data<Site>) -> impl HttpServiceFactory {
    let is_https = site.links.is_https();
    Scope::new("")
        .app_data(site)
        .configure(configure)
        .wrap(from_fn(move |request, next| headers::add(is_https, request, next)))
        .wrap(from_fn(log::requests))
}

fn configure(config: &mut ServiceConfig) {
    config
        .service(v1::scope())
        .service(v2::scope())
        // Programs that ask for what is not there get JSON even where no version is theirs.
        .service(web::scope("/api").default_service(routes::no_such_route(routes::in_json)))
        .service(pages::scope());
}

/// One normaliser for the whole site, before any route is chosen: a slash at the end, or several in
/// a row, make no difference.
pub fn normaliser() -> NormalizePath {
    NormalizePath::new(TrailingSlash::Trim)
}

/// A reply in JSON.
fn json(body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(bytes) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
            .body(bytes),
        Err(error) => error::respond(&crate::error::Error::Internal(Box::new(error)), None),
    }
}

/// Where a handler finds the site.
type SiteData = web::Data<Site>;
