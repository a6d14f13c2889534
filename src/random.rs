//! Random bytes.

/// Fills `bytes` from the operating system's generator.
pub fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has random bytes");
}
