//! Guesses at a passphrase: 20 in ten minutes, then none until half an hour after the first of them,
//! and 50 in a secret's life, through whatever door and however many at once.

use crate::core::Core;
use crate::support::http::Reply;
use crate::support::server::{Made, anyone, policy};
use crate::support::{Request, Server};
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;
use tellonce::app::{Policy, Wishes};
use tellonce::error::Error;
use tellonce::secret::{Receipt, State};
use tellonce::vault::Argon2Cost;
use zeroize::Zeroizing;

fn protected(server: &Server) -> Made {
    server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }))
}

/// Wrong guesses as the receipt counts them.
#[track_caller]
fn failed(server: &Server, made: &Made) -> usize {
    let receipt = server.get(&format!("/api/v2/receipt/{}", made.receipt)).ok();
    receipt["details"]["failed_attempts"].as_str().expect("a text").parse().expect("a number")
}

/// The doors at which a passphrase may be tried, each with this one.
fn doors(made: &Made, passphrase: &str) -> [Request; 6] {
    let Made { secret, receipt } = made;
    let body = json!({ "passphrase": passphrase, "continue": true });
    [
        format!("/api/v2/secret/{secret}/reveal"),
        format!("/api/v1/secret/{secret}"),
        format!("/api/v2/receipt/{receipt}/burn"),
        format!("/api/v1/private/{receipt}/burn"),
        format!("/api/v2/guest/secret/{secret}/reveal"),
        format!("/api/v2/guest/receipt/{receipt}/burn"),
    ]
    .map(|target| Request::post(&target).json(&body))
}

/// Many wrong guesses at the same moment, through all doors.
fn guess_at_once(server: &Server, made: &Made, guesses: usize) -> Vec<Reply> {
    let start = Barrier::new(guesses);
    let guess = |door: usize| {
        let mut client = server.connect();
        start.wait();
        client.send(&doors(made, "wrong")[door % 6]).expect("a reply")
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..guesses).map(|door| scope.spawn(move || guess(door))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a reply")).collect()
    })
}

/// How many of these replies say that a guess was checked and wrong. The rest must say when to come
/// back.
#[track_caller]
fn checked(replies: &[Reply]) -> usize {
    let mut checked = 0;
    for reply in replies {
        match reply.status {
            422 => checked += 1,
            404 => checked += usize::from(reply.json().get("secret_key").is_some()),
            429 | 503 => {
                let header = reply.header("retry-after").expect("a time").parse::<u64>().expect("seconds");
                assert_eq!(reply.json()["retry_after"], header);
                assert!(header > 0);
            }
            status => panic!("{status}: {}", reply.text()),
        }
    }
    checked
}

/// One guess after the other, until one is refused. Returns how many were checked.
#[track_caller]
fn guess_until_refused(server: &Server, made: &Made) -> usize {
    (0..100).take_while(|_| server.reveal_with(made, Some("wrong")).status == 422).count()
}

#[test]
fn two_hundred_guesses_at_once_are_checked_twenty_times_at_most() {
    let server = Server::start();
    let made = protected(&server);
    let first = checked(&guess_at_once(&server, &made, 200));
    assert!((1..=20).contains(&first), "{first}");
    assert_eq!(failed(&server, &made), first);
    assert_eq!(first + guess_until_refused(&server, &made), 20);
    assert_eq!(checked(&guess_at_once(&server, &made, 50)), 0);
    assert_eq!(failed(&server, &made), 20);
    // Nobody learns by being refused that this would have been right,
    let refused = server.reveal_with(&made, Some("right")).expect(429);
    assert_eq!(refused.header("retry-after"), Some("1800"));
    server.advance(1799);
    assert_eq!(server.reveal_with(&made, Some("right")).expect(429).json()["retry_after"], 1);
    // and whoever knows it gets through in the end.
    server.advance(1);
    assert_eq!(server.reveal_with(&made, Some("right")).ok()["record"]["secret_value"], "hello");
    assert_eq!(failed(&server, &made), 20);
}

#[test]
fn the_fiftieth_wrong_guess_destroys_a_secret() {
    let server = Server::start();
    let made = protected(&server);
    let mut guesses = 0;
    for _ in 0..2 {
        guesses += checked(&guess_at_once(&server, &made, 64)) + guess_until_refused(&server, &made);
        server.advance(1800);
    }
    assert_eq!((guesses, failed(&server, &made)), (40, 40));
    for _ in 0..9 {
        server.reveal_with(&made, Some("wrong")).expect(422);
    }
    assert_eq!(server.receipt(&made)["state"], "new");
    server.reveal_with(&made, Some("wrong")).expect(422);
    for door in doors(&made, "right") {
        server.send(&door).expect(404);
    }
    let receipt = server.receipt(&made);
    assert_eq!((&receipt["state"], &receipt["is_orphaned"]), (&json!("orphaned"), &json!("true")));
    assert_eq!((&receipt["secret_identifier"], &receipt["is_destroyed"]), (&Value::Null, &json!("true")));
    assert_eq!(failed(&server, &made), 50);
    let v1 = server.get(&format!("/api/v1/private/{}", made.receipt)).ok();
    assert_eq!(v1["state"], "orphaned");
}

#[test]
fn guesses_at_once_never_exceed_the_fifty_of_a_life() {
    let server = Server::start();
    let made = protected(&server);
    for _ in 0..2 {
        guess_until_refused(&server, &made);
        server.advance(1800);
    }
    let replies = guess_at_once(&server, &made, 100);
    let wrong = replies.iter().filter(|reply| reply.status == 422).count();
    assert!(wrong <= 10, "{wrong}");
    guess_until_refused(&server, &made);
    assert_eq!(failed(&server, &made), 50);
    assert_eq!(server.receipt(&made)["state"], "orphaned");
}

#[test]
fn all_doors_share_one_budget() {
    let server = Server::start();
    let made = protected(&server);
    for (index, door) in doors(&made, "wrong").iter().cycle().take(20).enumerate() {
        assert_eq!(checked(&[server.send(door)]), 1);
        assert_eq!(failed(&server, &made), index + 1);
    }
    for door in doors(&made, "right") {
        server.send(&door).expect(429);
    }
    assert_eq!(server.receipt(&made)["state"], "new");
}

#[test]
fn what_cannot_be_the_passphrase_is_a_guess_too() {
    let server = Server::start();
    let made = protected(&server);
    for (index, passphrase) in
        [None, Some(""), Some(&*"x".repeat(1025)), Some("RIGHT"), Some(" right")].iter().enumerate()
    {
        server.reveal_with(&made, *passphrase).expect(422);
        assert_eq!(failed(&server, &made), index + 1);
    }
}

#[test]
fn looking_is_no_guess() {
    let server = Server::start();
    let made = protected(&server);
    for _ in 0..60 {
        server.get(&format!("/api/v2/secret/{}?passphrase=wrong", made.secret)).ok();
        let body = json!({ "passphrase": "wrong" });
        server.post(&format!("/api/v2/secret/{}/reveal", made.secret), &body).ok();
    }
    assert_eq!(failed(&server, &made), 0);
    assert_eq!(server.reveal_with(&made, Some("right")).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_new_window_begins_ten_minutes_after_the_first_guess_of_the_old_one() {
    let server = Server::start();
    let made = protected(&server);
    for _ in 0..19 {
        server.reveal_with(&made, Some("wrong")).expect(422);
    }
    server.advance(600);
    assert_eq!(guess_until_refused(&server, &made), 20);
    server.advance(500);
    assert_eq!(server.reveal_with(&made, Some("right")).expect(429).header("retry-after"), Some("1300"));
    assert_eq!(failed(&server, &made), 39);
}

#[test]
fn one_secrets_guesses_do_not_count_against_another() {
    let server = Server::start();
    let (made, other) = (protected(&server), protected(&server));
    assert_eq!(guess_until_refused(&server, &made), 20);
    assert_eq!(failed(&server, &other), 0);
    assert_eq!(server.reveal_with(&other, Some("right")).ok()["record"]["secret_value"], "hello");
}

fn guess(core: &Core, receipt: &Receipt, passphrase: &str) -> Result<String, Error> {
    let revealed = core.run(core.app().reveal(
        &receipt.secret,
        Some(Zeroizing::new(passphrase.into())),
        None,
        &anyone(),
    ));
    revealed.map(|revealed| revealed.content.expose().to_owned())
}

#[test]
fn guesses_are_remembered_across_a_restart() {
    let mut core = Core::open(policy());
    let wishes = Wishes { passphrase: Some(Zeroizing::new("right".into())), ..Wishes::default() };
    let caller = anyone();
    let concealed = core.app().conceal(Some(Zeroizing::new("hello".into())), wishes, &caller);
    let receipt = core.run(concealed).expect("a receipt");
    for round in 1..=50 {
        assert!(matches!(guess(&core, &receipt, "wrong"), Err(Error::WrongPassphrase { .. })), "{round}");
        if round % 7 == 0 {
            core.reopen();
        }
        if round % 20 == 0 {
            core.reopen();
            let refused = guess(&core, &receipt, "right").expect_err("a refusal");
            assert_eq!(refused.retry_after().map(|rest| rest.as_secs()), Some(1800), "{round}");
            core.app().clock().advance(1800);
        }
    }
    core.reopen();
    assert!(matches!(guess(&core, &receipt, "right"), Err(Error::NotFound)));
    let receipt = core.app().receipt(&receipt.id, &anyone()).expect("a receipt");
    assert!(matches!(receipt.state, State::Orphaned(Some(_))));
    assert_eq!(receipt.failed_attempts, 50);
}

#[test]
fn without_a_bound_on_a_life_a_secret_outlives_any_number_of_guesses() {
    let attempts = tellonce::limits::AttemptPolicy { lifetime: 0, ..policy().attempts };
    let server = Server::start_with(Policy { attempts, ..policy() });
    let made = protected(&server);
    for _ in 0..4 {
        assert_eq!(guess_until_refused(&server, &made), 20);
        server.advance(1800);
    }
    assert_eq!(server.reveal_with(&made, Some("right")).ok()["record"]["secret_value"], "hello");
    assert_eq!(failed(&server, &made), 80);
}

#[test]
fn a_passphrase_works_at_the_cost_that_operators_get() {
    let server = Server::start_with(Policy { argon2: Argon2Cost::DEFAULT, ..policy() });
    let made = protected(&server);
    server.reveal_with(&made, Some("wrong")).expect(422);
    assert_eq!(server.reveal_with(&made, Some("right")).ok()["record"]["secret_value"], "hello");
}
