//! Headers of every reply, whatever it answers and whatever comes of it: each reply that a test's client reads
//! is held to them.

use super::http::Reply;

/// What a page may load and do.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'";
/// What everything else may.
pub const OTHER_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// What is sent over TLS, or promised to be.
pub const TLS_ONLY: &str = "max-age=63072000; includeSubDomains";

const ALWAYS: [(&str, &str); 6] = [
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-robots-tag", "noindex, nofollow"),
];
const NEVER: [&str; 5] = ["set-cookie", "server", "x-powered-by", "x-xss-protection", "last-modified"];

/// What is wrong with the headers of a reply.
pub fn complaints(reply: &Reply) -> Vec<String> {
    if reply.is_to_no_request() {
        return Vec::new();
    }
    let is_page = reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let is_kept = reply.header("etag").is_some();
    // A site that the operator lists may read what it asked for.
    let is_shared = reply.header("access-control-allow-origin").is_some();
    let by_kind = [
        ("content-security-policy", if is_page { PAGE_POLICY } else { OTHER_POLICY }),
        ("cache-control", if is_kept { "public, max-age=31536000, immutable" } else { "no-store" }),
        ("cross-origin-resource-policy", if is_shared { "cross-origin" } else { "same-origin" }),
    ];
    let wanted = ALWAYS.iter().chain(&by_kind).filter(|(name, value)| reply.header(name) != Some(value));
    let mut complaints: Vec<String> = wanted.map(|(name, value)| format!("{name} is not {value}")).collect();
    if reply.header("strict-transport-security").is_some_and(|value| value != TLS_ONLY) {
        complaints.push(format!("strict-transport-security is not {TLS_ONLY}"));
    }
    for (name, _) in &reply.headers {
        let is_once = reply.headers.iter().filter(|(key, _)| key == name).count() == 1;
        if NEVER.contains(&name.as_str()) || !is_once {
            complaints.push(format!("{name} is one too many"));
        }
    }
    complaints
}
