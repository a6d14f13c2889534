//! A lost reply need not lose the secret: with a key of its own a reader may fetch it again for a minute,
//! and nobody else may.

use crate::support::http::Client;
use crate::support::server::{Made, policy};
use crate::support::{BadLine, Reply, Request, Server};
use serde_json::json;
use tellonce::app::Policy;
use tellonce::limits::{Rate, RatePolicy};
use tellonce::web::{GuestOperation, Rules};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

/// A reveal by version 2, without a passphrase.
fn reveal(made: &Made) -> Request {
    Request::post(&format!("/api/v2/secret/{}/reveal", made.secret)).json(&json!({ "continue": true }))
}

fn with(key: &str, request: Request) -> Request {
    request.header("Idempotency-Key", key)
}

fn value(reply: Reply) -> String {
    reply.ok()["record"]["secret_value"].as_str().expect("a value").to_owned()
}

/// Every way to read a secret.
fn ways(made: &Made) -> [Request; 5] {
    let secret = &made.secret;
    [
        reveal(made),
        Request::post(&format!("/api/v2/guest/secret/{secret}/reveal")).json(&json!({ "continue": true })),
        Request::post(&format!("/api/v1/secret/{secret}")),
        Request::post(&format!("/secret/{secret}/raw")),
        Request::post(&format!("/secret/{secret}")).form(""),
    ]
}

#[test]
fn a_reader_whose_reply_was_cut_off_fetches_it_again_and_nobody_else_does() {
    let server = Server::start();
    let made = server.conceal("canary of a bad line");
    let line = BadLine::cutting(1, "/reveal", server.address);
    let lost = Client::connect(line.address).expect("connected").send(&with(KEY, reveal(&made)));
    assert!(lost.is_err() && line.left() == 0, "the reply came through");
    assert_eq!(server.receipt(&made)["state"], "revealed");
    for stranger in [reveal(&made), with(OTHER, reveal(&made)), with("", reveal(&made))] {
        let reply = server.send(&stranger).expect(404);
        assert!(!reply.contains("canary"));
    }
    assert_eq!(value(server.send(&with(KEY, reveal(&made)))), "canary of a bad line");
}

#[test]
fn without_a_key_a_lost_reply_is_lost() {
    let server = Server::start();
    let made = server.conceal("hello");
    let line = BadLine::cutting(1, "/reveal", server.address);
    assert!(Client::connect(line.address).expect("connected").send(&reveal(&made)).is_err());
    server.send(&reveal(&made)).expect(404);
    server.send(&with(KEY, reveal(&made))).expect(404);
}

#[test]
fn the_same_key_gets_the_same_body_in_every_dialect_and_the_same_content_in_others() {
    let server = Server::start();
    for index in 0..ways(&server.conceal("x")).len() {
        let made = server.conceal_with(json!({ "secret": "canary in all dialects", "ttl": 3600 }));
        let first = server.send(&with(KEY, ways(&made)[index].clone())).expect(200);
        server.advance(20);
        let again = server.send(&with(KEY, ways(&made)[index].clone())).expect(200);
        assert_eq!(first.text(), again.text(), "way {index}");
        for way in ways(&made) {
            assert!(server.send(&with(KEY, way.clone())).expect(200).contains("canary in all dialects"));
            assert!(!server.send(&with(OTHER, way.clone())).expect(404).contains("canary"));
            server.send(&way).expect(404);
        }
    }
}

#[test]
fn after_a_minute_the_reply_is_wiped_from_memory() {
    let server = Server::start();
    let replies = server.site.app.replies();
    let kept = server.conceal("kept");
    assert_eq!(value(server.send(&with(KEY, reveal(&kept)))), "kept");
    server.advance(59);
    assert_eq!(value(server.send(&with(KEY, reveal(&kept)))), "kept");
    replies.wipe();
    assert!(replies.bytes() > 0, "a fetched reply stays for its minute");
    server.advance(1);
    replies.wipe();
    assert_eq!(replies.bytes(), 0);
    server.send(&with(KEY, reveal(&kept))).expect(404);
    // Nobody has to ask, nor anything else to happen, for it to be withheld.
    let late = server.conceal("late");
    server.send(&with(KEY, reveal(&late))).expect(200);
    server.advance(60);
    server.send(&with(KEY, reveal(&late))).expect(404);
}

#[test]
fn a_step_of_the_wall_clock_neither_shortens_nor_prolongs_the_minute() {
    let server = Server::start();
    let made = server.conceal("hello");
    server.send(&with(KEY, reveal(&made))).expect(200);
    server.site.app.clock().step_wall(100_000);
    assert_eq!(value(server.send(&with(KEY, reveal(&made)))), "hello");
    server.site.app.clock().step_wall(-200_000);
    server.advance(60);
    server.send(&with(KEY, reveal(&made))).expect(404);
}

#[test]
fn a_refused_reveal_leaves_no_place_and_the_same_key_may_go_on() {
    let server = Server::start();
    let made = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
    let attempt = |passphrase: &str| {
        let body = json!({ "continue": true, "passphrase": passphrase });
        with(KEY, Request::post(&format!("/api/v2/secret/{}/reveal", made.secret)).json(&body))
    };
    for wrong in ["wrong", ""] {
        server.send(&attempt(wrong)).expect(422);
        assert_eq!(server.site.app.replies().bytes(), 0);
    }
    let unknown = Made { secret: "a".repeat(31), receipt: "b".repeat(31) };
    server.send(&with(KEY, reveal(&unknown))).expect(404);
    assert_eq!(server.site.app.replies().bytes(), 0);
    assert_eq!(value(server.send(&attempt("right"))), "hello");
    // Whoever has the key had the passphrase.
    assert_eq!(value(server.send(&attempt("wrong"))), "hello");
    assert_eq!(value(server.send(&with(KEY, reveal(&made)))), "hello");
    assert_eq!(server.receipt(&made)["state"], "revealed");
}

#[test]
fn a_key_of_another_form_is_refused_before_anything_happens() {
    let server = Server::start();
    let made = server.conceal("hello");
    let long = "k".repeat(129);
    for key in ["too short", "k", &long, "0123456789 0123456789 01234"] {
        for way in ways(&made) {
            assert!(!server.send(&with(key, way)).expect(422).contains("hello"));
        }
        assert_eq!(server.send(&with(key, reveal(&made))).json()["field"], "Idempotency-Key");
    }
    assert_eq!(value(server.send(&with(&"k".repeat(128), reveal(&made)))), "hello");
}

#[test]
fn a_look_with_a_key_is_a_look() {
    let server = Server::start();
    let made = server.conceal("hello");
    let look = Request::post(&format!("/api/v2/secret/{}/reveal", made.secret)).json(&json!({}));
    assert!(!server.send(&with(KEY, look)).expect(200).contains("hello"));
    server.send(&with(KEY, Request::get(&format!("/api/v2/secret/{}", made.secret)))).expect(200);
    assert_eq!(value(server.send(&reveal(&made))), "hello");
}

#[test]
fn when_the_memory_is_full_a_reveal_waits_and_nothing_is_consumed() {
    let server = Server::start();
    let large = "x".repeat(1 << 20);
    let conceal = || {
        let reply = server.send(&Request::new("PUT", "/").body(large.as_str()));
        let link = reply.expect(200).text();
        link.trim().rsplit('/').next().expect("an identifier").to_owned()
    };
    let raw = |secret: &String| Request::post(&format!("/secret/{secret}/raw"));
    let secrets: Vec<String> = (0..17).map(|_| conceal()).collect();
    let mut refused = Vec::new();
    for secret in &secrets {
        let reply = server.send(&with(KEY, raw(secret)));
        if reply.status != 200 {
            assert_eq!((reply.status, reply.header("retry-after")), (503, Some("2")), "{}", reply.text());
            refused.push(secret);
        }
    }
    assert_eq!(refused.len(), 9, "with their padding, 8 are more than half of 16 MiB");
    assert!(server.site.app.replies().bytes() <= 9 << 20, "the rest is for other sources");
    for secret in refused {
        assert!(server.get(&format!("/api/v2/secret/{secret}")).ok()["record"]["state"] == "new");
        // One who does not want it kept needs no room.
        assert_eq!(server.send(&raw(secret)).expect(200).body.len(), large.len());
    }
    server.advance(60);
    assert_eq!(server.send(&with(KEY, raw(&conceal()))).expect(200).body.len(), large.len());
}

#[test]
fn asking_again_counts_as_a_reveal_and_takes_the_same_leave() {
    let reveals = Rate::per(3, 60);
    let rates = RatePolicy { reveal: reveals, ..RatePolicy::OFF };
    let rules = Rules { closed_to_guests: vec![GuestOperation::Reveal], ..Rules::default() };
    let server = Server::start_under(Policy { rates, ..policy() }, rules);
    let made = server.conceal("hello");
    server.send(&with(KEY, reveal(&made))).expect(200);
    server.send(&with(KEY, ways(&made)[1].clone())).expect(403);
    server.send(&with(KEY, reveal(&made)).header("Authorization", "Basic d3Jvbmc6d3Jvbmc=")).expect(401);
    server.send(&with(KEY, reveal(&made))).expect(200);
    server.send(&with(KEY, reveal(&made))).expect(200);
    assert!(!server.send(&with(KEY, reveal(&made))).expect(429).contains("hello"));
}

#[test]
fn to_whoever_has_another_key_a_kept_reply_looks_like_no_secret_at_all() {
    let server = Server::start();
    let made = server.conceal("hello");
    server.send(&with(KEY, reveal(&made))).expect(200);
    let unknown = Made { secret: "a".repeat(31), receipt: "b".repeat(31) };
    let shape = |reply: Reply| {
        let mut body = reply.json();
        body["error_id"] = json!("masked");
        let mut names: Vec<_> = reply.headers.iter().filter(|(name, _)| name != "date").cloned().collect();
        names.sort();
        (reply.status, body, names)
    };
    for key in [OTHER, ""] {
        let ask = |made: &Made| shape(server.send(&with(key, reveal(made))));
        assert_eq!(ask(&made), ask(&unknown));
    }
}
