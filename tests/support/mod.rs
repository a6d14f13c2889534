//! What stories about users need: a server of one's own, a client that sends exactly the bytes it is
//! told to, and folders that vanish.
#![allow(dead_code, unused_imports, reason = "each test program uses its own part")]

pub mod contract;
pub mod cut;
pub mod headers;
pub mod http;
pub mod process;
pub mod server;
pub mod smtp;

pub use cut::BadLine;
pub use http::{Client, Login, Reply, Request};
pub use process::Process;
pub use server::Server;

use std::time::Duration;

/// Whether this runs in the greater size, for `tests/soak`: it alone has the machine to itself, so that only
/// there anything is held to milliseconds.
pub fn is_soak() -> bool {
    tellonce::config::process_variable("TELLONCE_TEST_SIZE").as_deref() == Some("soak")
}

/// A size for every day, or the greater one.
pub fn size(daily: usize, soak: usize) -> usize {
    if is_soak() { soak } else { daily }
}

/// What 99 of a hundred of these keep within; the longest, of fewer.
pub fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}
