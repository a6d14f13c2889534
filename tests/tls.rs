//! TLS of the server's own: what it speaks, where its certificates come from, and who gets no answer.

mod support;

#[path = "tls/kit.rs"]
mod kit;

#[path = "tls/files.rs"]
mod files;
#[path = "tls/options.rs"]
mod options;
#[path = "tls/redirect.rs"]
mod redirect;
#[path = "tls/versions.rs"]
mod versions;
