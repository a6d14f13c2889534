//! What stories about users need: a server of one's own, a client that sends exactly the bytes it is
//! told to, and folders that vanish.
#![allow(dead_code, unused_imports, reason = "each test program uses its own part")]

pub mod contract;
pub mod cut;
pub mod http;
pub mod process;
pub mod server;
pub mod smtp;

pub use cut::BadLine;
pub use http::{Client, Login, Reply, Request};
pub use process::Process;
pub use server::Server;

/// A size for every day, or the one for `tests/soak`, which sets `TELLONCE_TEST_SIZE` to `soak`.
pub fn size(daily: usize, soak: usize) -> usize {
    if tellonce::config::process_variable("TELLONCE_TEST_SIZE").as_deref() == Some("soak") {
        soak
    } else {
        daily
    }
}
