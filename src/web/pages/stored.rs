//! Bytes that are the same for everybody: kept in memory, as they are and compressed. Nothing else is
//! ever compressed: the length of a compressed secret would tell of its content.

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Such bytes.
pub struct Stored {
    plain: Bytes,
    compressed: Bytes,
}

impl Stored {
    /// Compresses them once.
    pub fn new(plain: Bytes) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail; if it did, they would be sent as they are.
        let compressed = encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default();
        Self { plain, compressed: compressed.into() }
    }

    /// As the client likes them best.
    pub fn send(&self, reply: &mut HttpResponseBuilder, request: &HttpRequest) -> HttpResponse {
        reply.insert_header((header::VARY, "Accept-Encoding"));
        if self.compressed.is_empty() || self.compressed.len() >= self.plain.len() || !takes_gzip(request) {
            return reply.body(self.plain.clone());
        }
        reply.insert_header((header::CONTENT_ENCODING, "gzip")).body(self.compressed.clone())
    }
}

/// Whether `Accept-Encoding` names it (RFC 9110, section 12.5.3).
fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}
