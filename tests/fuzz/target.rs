//! One program for all targets: `TELLONCE_FUZZ` names the one that it feeds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wish = std::env::var("TELLONCE_FUZZ").expect("TELLONCE_FUZZ names a target");
    let found = tellonce::fuzz::TARGETS.iter().find(|(name, _)| *name == wish);
    found.unwrap_or_else(|| panic!("there is no target {wish}")).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
