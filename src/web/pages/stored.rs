//! Bytes that are the same for everybody: kept in memory, as they are and compressed. Nothing else is
//! ever compressed: the length of a compressed secret would tell of its content.

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use miniz_oxide::deflate::compress_to_vec;

/// Such bytes.
pub struct Stored {
    plain: Bytes,
    compressed: Bytes,
}

impl Stored {
    /// Compresses them once.
    pub fn new(plain: Bytes) -> Self {
        let compressed = gzip(&plain).into();
        Self { plain, compressed }
    }

    /// As the client likes them best.
    pub fn send(&self, reply: &mut HttpResponseBuilder, request: &HttpRequest) -> HttpResponse {
        reply.insert_header((header::VARY, "Accept-Encoding"));
        if self.compressed.len() >= self.plain.len() || !takes_gzip(request) {
            return reply.body(self.plain.clone());
        }
        reply.insert_header((header::CONTENT_ENCODING, "gzip")).body(self.compressed.clone())
    }
}

/// One member of a gzip file (RFC 1952), without a name, a time or a system.
fn gzip(plain: &[u8]) -> Vec<u8> {
    const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    const BEST: u8 = 9;
    let length = u32::try_from(plain.len()).unwrap_or(u32::MAX);
    let sums = [crc32fast::hash(plain).to_le_bytes(), length.to_le_bytes()];
    [&HEAD[..], &compress_to_vec(plain, BEST), &sums.concat()].concat()
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
