//! A flood of guesses at passphrases, each of which costs what operators let it cost.

use crate::crowd::Target;
use crate::support::{Request, server::Made};
use serde_json::json;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// What one guess works in.
const ARENA: u64 = 19 << 20;

#[test]
fn a_flood_of_guesses_leaves_memory_and_time_for_others() {
    // Many sources, so that nothing but the permits bounds them.
    let target = Target::start(&["--limits", "off", "--trusted-proxies", "127.0.0.1"]);
    let process = &target.process;
    let conceal = json!({ "secret": { "secret": "hello", "passphrase": "right" } });
    let made: Vec<_> = (0..8)
        .map(|_| Made::of(&process.send(&Request::post("/api/v2/secret/conceal").json(&conceal)).ok()))
        .collect();
    let before = target.memory("VmRSS");
    let start = Barrier::new(64);
    let is_over = AtomicBool::new(false);
    let replies = thread::scope(|scope| {
        let others = scope.spawn(|| {
            let mut answered = 0;
            while !is_over.load(Ordering::Relaxed) {
                process.send(&Request::get("/api/v2/status")).expect(200);
                answered += 1;
            }
            answered
        });
        let guesses: Vec<_> = (0..64)
            .map(|index| {
                let (start, made) = (&start, &made[index % made.len()]);
                scope.spawn(move || {
                    let guess = json!({ "passphrase": "wrong", "continue": true });
                    let target = format!("/api/v2/secret/{}/reveal", made.secret);
                    let request = Request::post(&target).json(&guess);
                    start.wait();
                    process.send(&request.header("X-Forwarded-For", &format!("192.0.2.{index}")))
                })
            })
            .collect();
        let replies: Vec<_> = guesses.into_iter().map(|guess| guess.join().expect("a reply")).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(others.join().expect("replies") > 0);
        replies
    });
    let mut checked = 0;
    for reply in &replies {
        match reply.status {
            422 => checked += 1,
            429 | 503 => {
                let rest = reply.header("retry-after").and_then(|rest| rest.parse::<u64>().ok());
                assert!(rest.is_some_and(|rest| rest > 0), "{}", reply.text());
            }
            status => panic!("{status}: {}", reply.text()),
        }
    }
    let growth = target.memory("VmHWM").saturating_sub(before);
    eprintln!("guesses: {checked} of 64 checked, memory grew by {} KiB", growth >> 10);
    assert!(checked > 0);
    assert!(growth <= 2 * ARENA + (64 << 20), "{growth}");
    for made in &made {
        let right = json!({ "passphrase": "right", "continue": true });
        process.send(&Request::post(&format!("/api/v2/secret/{}/reveal", made.secret)).json(&right)).ok();
    }
}
