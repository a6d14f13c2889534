//! Tellonce, a one-time-secret server.

#![forbid(unsafe_code)]

pub mod error;
pub mod os;
pub mod secret;
pub mod time;
pub mod vault;
