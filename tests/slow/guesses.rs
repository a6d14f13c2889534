//! A flood of guesses at passphrases, each of which costs what operators let it cost.

use crate::crowd::{Target, open_files};
use crate::support::{Client, Reply, Request, is_soak, p99, server::Made, size};
use serde_json::json;
use std::num::NonZero;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What one guess works in.
const ARENA: u64 = 19 << 20;
/// Guesses at each secret: fewer than it withstands at once.
const EACH: usize = 16;

#[track_caller]
fn guess(client: &mut Client, made: &Made, passphrase: &str, number: usize) -> Reply {
    let body = json!({ "passphrase": passphrase, "continue": true });
    let request = Request::post(&format!("/api/v2/secret/{}/reveal", made.secret)).json(&body);
    let source = format!("10.0.{}.{}", number >> 8, number & 255);
    client.send(&request.header("X-Forwarded-For", &source)).expect("a reply")
}

/// Asks for this again and again until it is over, and returns what each time came of it.
fn meanwhile<T>(is_over: &AtomicBool, mut ask: impl FnMut() -> T) -> Vec<T> {
    std::iter::repeat_with(|| {
        thread::sleep(Duration::from_millis(2));
        ask()
    })
    .take_while(|_| !is_over.load(Ordering::Relaxed))
    .collect()
}

#[test]
fn a_flood_of_guesses_leaves_memory_and_time_for_others() {
    // Many sources, so that nothing but the permits bounds them.
    let flags = ["--limits", "off", "--trusted-proxies", "127.0.0.1", "--metrics-listen", "127.0.0.1:0"];
    let target = Target::start(&flags);
    let process = &target.process;
    let (guessers, rounds) = (size(64, 500), size(1, 10));
    open_files();
    let before = target.memory("VmRSS");
    let conceal = json!({ "secret": { "secret": "hello", "passphrase": "right" } });
    let made: Vec<_> = (0..(guessers * rounds).div_ceil(EACH))
        .map(|_| Made::of(&process.send(&Request::post("/api/v2/secret/conceal").json(&conceal)).ok()))
        .collect();
    let start = Barrier::new(guessers);
    let is_over = AtomicBool::new(false);
    let (replies, waits, running) = thread::scope(|scope| {
        let others = scope.spawn(|| {
            meanwhile(&is_over, || {
                let began = Instant::now();
                process.send(&Request::get("/api/v2/status")).expect(200);
                began.elapsed()
            })
        });
        let running = scope.spawn(|| meanwhile(&is_over, || target.metric("tellonce_argon2_running")));
        let guessers: Vec<_> = (0..guessers)
            .map(|guesser| {
                let (start, made) = (&start, &made);
                scope.spawn(move || {
                    let mut client = process.connect();
                    start.wait();
                    let numbers = (0..rounds).map(|round| guesser * rounds + round);
                    let guess = |number| guess(&mut client, &made[number / EACH], "wrong", number);
                    numbers.map(guess).collect::<Vec<_>>()
                })
            })
            .collect();
        let replies: Vec<_> =
            guessers.into_iter().flat_map(|guesser| guesser.join().expect("replies")).collect();
        is_over.store(true, Ordering::Relaxed);
        (replies, others.join().expect("replies"), running.join().expect("numbers"))
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
    let (others, wait) = (waits.len(), p99(waits));
    let most = running.iter().max().expect("a number");
    eprintln!(
        "guesses: {checked} of {} checked, at most {most} at once, memory grew by {} KiB, \
         p99 of {others} others {wait:?}",
        replies.len(),
        growth >> 10
    );
    assert!(checked > 0);
    let permits = thread::available_parallelism().map_or(1, NonZero::get).min(2);
    assert!((1..=permits).contains(most), "{most} at once");
    if is_soak() {
        assert!(growth <= 64 << 20 && wait <= Duration::from_millis(100), "{growth} bytes, {wait:?}");
    }
    assert!(growth <= 2 * ARENA + (64 << 20), "{growth}");
    for made in &made {
        guess(&mut process.connect(), made, "right", replies.len()).ok();
    }
}
