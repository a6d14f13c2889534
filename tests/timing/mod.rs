//! What the measurement of timing is made of, for `tests/soak timing` and for tests of its parts.
#![allow(dead_code, reason = "each test program uses its own part")]

pub mod pairs;
pub mod statistics;
