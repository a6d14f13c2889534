//! Mail servers that do not play along, and secrets that end before their mail is sent.

use crate::kit::{FRIEND, Post, database};
use crate::support::is_soak;
use crate::support::server::{Made, START, policy};
use crate::support::smtp::{Manner, eventually};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tellonce::app::Policy;

const BUSY: Manner = Manner::Answers("RCPT", "451 later");

fn burn(post: &Post, made: &Made) {
    post.server.post(&format!("/api/v2/receipt/{}/burn", made.receipt), &json!({})).expect(200);
}

#[test]
fn nobody_waits_for_the_mail_server() {
    for manner in [Manner::Holds, Manner::Drips, Manner::Closes, BUSY] {
        let post = Post::start(manner);
        let made = post.conceal_for(FRIEND);
        post.sink.connections(1);
        // The mailer is busy with the first; others are answered all the same.
        let other = post.conceal_for(FRIEND);
        assert_eq!((post.waiting(), post.sink.mails(0).len()), (2, 0), "{manner:?}");
        if matches!(manner, Manner::Holds | Manner::Drips) {
            assert_eq!(post.tries().0, 0, "{manner:?}: the first was given up before the other was answered");
        }
        for made in [&made, &other] {
            assert_eq!(post.told(made), ("new".into(), "new".into(), Value::Null, false), "{manner:?}");
            assert_eq!(post.server.reveal(made).ok()["record"]["secret_value"], "hello");
        }
    }
    if is_soak() {
        let usual = wait(Manner::Accepts);
        for manner in [Manner::Holds, Manner::Drips, Manner::Closes, BUSY] {
            let wait = wait(manner);
            eprintln!("a conceal while the mail server {manner:?}: {wait:?}, where it takes all: {usual:?}");
            assert!(wait <= usual + Duration::from_millis(200), "{manner:?}");
        }
    }
}

/// How long people wait for a reply, in the middle of many, while a mail server does this.
fn wait(manner: Manner) -> Duration {
    let post = Post::start(manner);
    let conceal = |_| {
        let began = Instant::now();
        post.conceal_for(FRIEND);
        began.elapsed()
    };
    let mut times: Vec<_> = (0..300).map(conceal).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
fn a_server_that_talks_without_end_is_cut_off() {
    let post = Post::start(Manner::Drowns);
    post.conceal_for(FRIEND);
    assert_eq!(post.tried(1), 10);
    // What fits into the buffers of two sockets besides.
    assert!(post.sink.drowned() < 16 << 20, "{}", post.sink.drowned());
}

#[test]
fn mail_is_tried_again_after_ever_longer_times() {
    let post = Post::start(BUSY);
    let made = post.conceal_for(FRIEND);
    let ways = [
        BUSY,
        Manner::Answers("MAIL", "421 closing"),
        Manner::Answers("DATA", "450 later"),
        Manner::Answers("END", "452 no room"),
        Manner::Closes,
        Manner::Answers("EHLO", "554 no"),
        Manner::Answers("RCPT", "what is this"),
        BUSY,
    ];
    let waits = [10, 60, 300, 900, 1_800, 3_600, 3_600, 3_600];
    for (tries, (way, wait)) in (1..).zip(ways.iter().zip(waits)) {
        assert_eq!(post.tried(tries), wait, "{way:?}");
        assert_eq!(post.told(&made), ("new".into(), "new".into(), Value::Null, false));
        let page = post.server.get(&format!("/receipt/{}", made.receipt));
        assert!(page.contains("Waits to be sent"));
        post.sink.change(ways.get(tries as usize).copied().unwrap_or(Manner::Accepts));
        post.server.advance(wait);
        post.poke();
    }
    post.settle();
    assert_eq!(post.sink.mails(1).len(), 1);
    let at = START + waits.iter().sum::<i64>();
    assert_eq!(post.told(&made), ("shared".into(), "new".into(), json!(at.to_string()), false));
}

#[test]
fn mail_is_not_tried_again_before_its_time() {
    let post = Post::start(BUSY);
    post.conceal_for(FRIEND);
    assert_eq!(post.tried(1), 10);
    post.sink.change(Manner::Accepts);
    post.server.advance(9);
    // It would have been the first of the two.
    post.conceal_for("marker@example.com");
    assert_eq!(post.sink.mails(1)[0].to, ["marker@example.com"]);
    eventually("one waits", || post.waiting() == 1);
    post.server.advance(1);
    post.poke();
    assert_eq!(post.sink.mails(2)[1].to, [FRIEND]);
}

#[track_caller]
fn has_failed(post: &Post, made: &Made) {
    post.settle();
    assert_eq!(post.told(made), ("new".into(), "new".into(), Value::Null, true));
    let page = post.server.get(&format!("/receipt/{}", made.receipt)).expect(200);
    let json = post.server.get(&format!("/api/v2/receipt/{}", made.receipt)).expect(200);
    assert!(!page.contains(FRIEND) && !json.contains(FRIEND));
    assert_eq!(json.json()["details"]["mail"], "failed");
    // The secret itself is as well as ever.
    assert_eq!(post.slots(), 1);
    assert_eq!(post.server.reveal(made).ok()["record"]["secret_value"], "hello");
    assert_eq!((post.slots(), post.sink.mails(0).len()), (0, 0));
}

#[test]
fn a_mail_that_is_refused_for_good_has_failed() {
    for (command, line) in [
        ("MAIL", "550 not you"),
        ("RCPT", "550 <friend@example.com> unknown"),
        ("DATA", "554 no"),
        ("END", "554 spam"),
    ] {
        let post = Post::start(Manner::Answers(command, line));
        let made = post.conceal_for(FRIEND);
        has_failed(&post, &made);
        assert_eq!(post.sink.connections(1), 1, "{command}");
    }
}

#[test]
fn a_mail_that_waited_for_a_day_has_failed() {
    let post = Post::start(Manner::Closes);
    let made = post.conceal_for(FRIEND);
    assert_eq!(post.tried(1), 10);
    post.server.advance(86_400);
    post.sink.change(Manner::Accepts);
    post.poke();
    has_failed(&post, &made);
}

#[test]
fn the_last_attempt_before_the_day_is_over_is_the_last() {
    let post = Post::start(BUSY);
    let made = post.conceal_for(FRIEND);
    assert_eq!(post.tried(1), 10);
    post.server.advance(86_400 - 30);
    post.poke();
    // The next would come a minute later, and too late.
    has_failed(&post, &made);
}

#[test]
fn a_mail_never_outlives_its_secret() {
    let post = Post::start(Manner::Closes);
    let made = post.try_conceal(&json!({ "secret": "hello", "recipient": FRIEND, "ttl": 60 })).ok();
    let made = Made::of(&made);
    assert_eq!(post.tried(1), 10);
    post.sink.change(Manner::Accepts);
    post.server.advance(60);
    post.poke();
    post.settle();
    assert_eq!(post.sink.mails(0).len(), 0);
    assert_eq!(post.told(&made).0, "expired");
}

#[test]
fn a_secret_that_ends_takes_its_mail_along() {
    for is_burned in [false, true] {
        let post = Post::start(BUSY);
        let made = post.conceal_for(FRIEND);
        assert_eq!(post.tried(1), 10);
        assert_eq!((post.waiting(), post.slots()), (1, 2));
        if is_burned {
            burn(&post, &made);
        } else {
            post.server.reveal(&made).expect(200);
        }
        assert_eq!((post.waiting(), post.slots()), (0, 0));
        let (state, _, shared, failed) = post.told(&made);
        let ended = if is_burned { "burned" } else { "revealed" };
        assert_eq!((state.as_str(), shared, failed), (ended, Value::Null, true));
        post.sink.change(Manner::Accepts);
        post.server.advance(10);
        post.conceal_for("marker@example.com");
        post.settle();
        assert_eq!(post.sink.mails(1).len(), 1);
        assert_eq!(post.sink.mails(1)[0].to, ["marker@example.com"]);
    }
}

#[test]
fn a_secret_that_ends_while_its_mail_is_under_way_was_not_shared() {
    let post = Post::start(Manner::Holds);
    let made = post.conceal_for(FRIEND);
    post.sink.connections(1);
    burn(&post, &made);
    assert_eq!((post.waiting(), post.slots()), (0, 0));
    post.sink.change(Manner::Accepts);
    post.sink.mails(1);
    post.conceal_for("marker@example.com");
    post.sink.mails(2);
    post.settle();
    assert_eq!(post.told(&made).0, "burned");
    assert_eq!(post.told(&made).2, Value::Null);
}

#[test]
fn a_mail_that_was_taken_is_not_sent_again_because_the_goodbye_is_not_heard() {
    let post = Post::start(Manner::IgnoresQuit);
    let made = post.conceal_for(FRIEND);
    post.sink.mails(1);
    post.settle();
    assert_eq!(post.told(&made).0, "shared");
    assert_eq!((post.sink.mails(1).len(), post.sink.connections(1)), (1, 1));
}

#[test]
fn a_mail_that_was_taken_is_not_sent_again_because_that_cannot_be_noted() {
    let post = Post::start(Manner::Holds);
    let made = post.conceal_for(FRIEND);
    post.sink.connections(1);
    let other = Connection::open(post.server.folder().join("tellonce.db")).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    post.sink.change(Manner::Accepts);
    post.sink.mails(1);
    // By the time this is refused, the mailer has been too.
    post.server.post("/api/v2/secret/conceal", &json!({ "secret": { "secret": "a" } })).expect(503);
    post.server.post("/api/v2/secret/conceal", &json!({ "secret": { "secret": "b" } })).expect(503);
    other.execute_batch("ROLLBACK").expect("unlocked");
    post.settle();
    assert_eq!(post.told(&made).0, "shared");
    assert_eq!((post.sink.mails(1).len(), post.sink.connections(1)), (1, 1));
}

#[test]
fn of_several_mails_one_that_failed_counts() {
    for is_first in [true, false] {
        let post = Post::start_under(Policy { max_recipients: 2, ..policy() }, Manner::Accepts);
        let refused = Manner::Answers("RCPT", "550 unknown");
        post.sink.change(if is_first { refused } else { Manner::Accepts });
        let body = json!({ "secret": "hello", "recipient": ["a@example.com", "b@example.com"] });
        let made = Made::of(&post.try_conceal(&body).ok());
        post.sink.connections(1);
        post.sink.change(if is_first { Manner::Accepts } else { refused });
        post.settle();
        let sent = post.sink.mails(0).len();
        let expected = if sent == 2 { "shared" } else { "new" };
        assert_eq!((post.told(&made).0.as_str(), post.told(&made).3), (expected, sent < 2));
    }
}

#[test]
fn a_mail_that_does_not_open_is_given_up() {
    let mut post = Post::start(BUSY);
    let made = post.conceal_for(FRIEND);
    assert_eq!(post.tried(1), 10);
    post.stop_mailer();
    let other = Connection::open(post.server.folder().join("tellonce.db")).expect("the database");
    other.execute_batch("UPDATE outbox SET box = zeroblob(length(box)), due_at = 0").expect("damaged");
    drop(other);
    let sink_config = post.sink.config(&post.server.folder());
    let _running = crate::support::smtp::Running::start(&post.server.site, &sink_config);
    has_failed(&post, &made);
    let rows: i64 = database(&post.server.folder())
        .query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(rows, 0);
}
