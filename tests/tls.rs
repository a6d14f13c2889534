//! TLS of the server's own: what it speaks, where its certificates come from, and who gets no answer.

mod support;

#[cfg(feature = "acme")]
#[path = "tls/directory.rs"]
mod directory;
#[path = "tls/kit.rs"]
mod kit;

#[cfg(feature = "acme")]
#[path = "tls/acme.rs"]
mod acme;
#[path = "tls/files.rs"]
mod files;
#[path = "tls/options.rs"]
mod options;
#[path = "tls/redirect.rs"]
mod redirect;
#[path = "tls/versions.rs"]
mod versions;
