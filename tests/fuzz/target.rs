//! One program for all targets: `TELLONCE_FUZZ` names the one that it feeds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};
use std::sync::LazyLock;
use std::time::Duration;

/// What takes longer hangs. In processor time, since on a busy machine a second passes by itself.
const LONGEST: Duration = Duration::from_secs(1);

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wish = std::env::var("TELLONCE_FUZZ").expect("TELLONCE_FUZZ names a target");
    if wish == "planted" {
        return planted;
    }
    let found = tellonce::fuzz::TARGETS.iter().find(|(name, _)| *name == wish);
    found.unwrap_or_else(|| panic!("there is no target {wish}")).1
});

/// The control: a fuzzer that does not find these four bytes finds nothing elsewhere.
fn planted(data: &[u8]) {
    // Each byte is code of its own, so that it is seen to be found.
    let right = data.iter().zip(b"once").take_while(|(found, wanted)| std::hint::black_box(found) == wanted);
    assert!(right.count() < 4, "the planted bytes are found");
}

fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("no thread began before its time")
}

fuzz_target!(|data: &[u8]| {
    let began = processor_time();
    TARGET(data);
    assert!(processor_time() - began < LONGEST, "it hangs");
});
