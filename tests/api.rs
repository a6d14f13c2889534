//! Stories over the API, against the whole server on a real socket.

mod support;

#[path = "api/secrets.rs"]
mod secrets;
