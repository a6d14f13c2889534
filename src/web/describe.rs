//! `/api`: the description of the API for people and for programs. It is made from the routes, the wire
//! types and the golden files by this module's tests, which hold the checked-in files to it; the server
//! only hands them out.

#[cfg(test)]
mod document;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod json;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod page;
#[cfg(test)]
mod postman;
#[cfg(test)]
mod schemas;

use super::SiteData;
use super::pages;
use super::routes::routes;
use crate::packed;
use actix_web::HttpResponse;
use actix_web::http::header;

routes! { "/api";
    "" { get | head => read },
    "/openapi.json" { get | head => openapi },
    "/postman.json" { get | head => collection },
}

/// What stands in the checked-in files where this server's own address belongs. Absolute, since
/// programs that read them elsewhere have nothing that a relative one could begin with.
const PLACEHOLDER: &str = "https://secrets.example";

async fn read(frame: pages::Frame) -> HttpResponse {
    pages::api(&frame)
}

async fn openapi(site: SiteData) -> HttpResponse {
    file(&site, "static/openapi.json")
}

async fn collection(site: SiteData) -> HttpResponse {
    file(&site, "static/postman.json")
}

/// A file about this server, wherever it is. A base URL holds nothing that JSON would have to escape.
fn file(site: &SiteData, path: &str) -> HttpResponse {
    let text = packed::text(path);
    debug_assert!(text.is_some(), "{path} is not packed");
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
        .body(text.unwrap_or_default().replace(PLACEHOLDER, &site.links.base(None)))
}

/// Holds a checked-in file to what the code gives; `UPDATE_GOLDEN=1` writes it anew.
#[cfg(test)]
#[track_caller]
fn golden_file(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("a file is written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(text.lines()).position(|(old, new)| old != new);
    assert!(
        found == text,
        "{name} is not what the code gives, from line {line:?}; UPDATE_GOLDEN=1 writes it"
    );
}
