//! From a page to a reply, with the status, the headers and the log line that belong to it.

use super::super::error::{add_headers, kind, logged};
use super::super::headers::PAGE_POLICY;
use super::frame::Frame;
use super::problem::Problem;
use super::stored::Stored;
use super::template::Html;
use super::views;
use crate::error::Error;
use crate::secret::Locale;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use std::sync::OnceLock;

/// A page that is as it should be.
pub fn page(page: Html) -> HttpResponse {
    headed(HttpResponse::Ok()).body(page.into_body())
}

/// A page that shows an error in its place, such as a form with a message at a field.
pub fn refused(frame: &Frame, error: &Error, page: impl FnOnce(&Problem) -> Html) -> HttpResponse {
    let logged = logged(error);
    let page = page(&Problem::new(frame, error, &logged));
    let mut reply = HttpResponse::build(kind(error).0);
    add_headers(&mut reply, error);
    let mut reply = headed(reply).body(page.into_body());
    reply.extensions_mut().insert(logged);
    reply
}

/// A page about nothing but an error.
pub fn error(frame: &Frame, error: &Error) -> HttpResponse {
    refused(frame, error, |problem| views::error(frame, kind(error).0, problem))
}

/// The same for a request that no handler has seen.
pub fn unseen(request: &HttpRequest, problem: &Error) -> HttpResponse {
    match Frame::new(request) {
        Ok(frame) => error(&frame, problem),
        Err(error) => super::super::error::respond(&error, None),
    }
}

fn headed(mut reply: HttpResponseBuilder) -> HttpResponseBuilder {
    reply
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY));
    reply
}

/// A page that is the same for all readers of a language, drawn when the first of them comes.
#[derive(Default)]
pub struct Common([OnceLock<Stored>; Locale::ALL.len()]);

impl Common {
    /// The page in this language.
    pub fn page(&self, frame: &Frame, request: &HttpRequest, draw: impl FnOnce() -> Html) -> HttpResponse {
        let page = self.0[frame.locale as usize].get_or_init(|| Stored::new(draw().into_body().into()));
        page.send(&mut headed(HttpResponse::Ok()), request)
    }
}
