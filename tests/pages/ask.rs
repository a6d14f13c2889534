//! What a link tells before and after somebody presses its button: whether it needs a passphrase, and
//! how many tries are left.

use super::html::{form, heading, submit, value};
use super::tour::UNKNOWN;
use crate::support::server::{Made, policy};
use crate::support::{Reply, Request, Server};
use serde_json::json;
use tellonce::app::Policy;
use tellonce::limits::{AttemptPolicy, Rate, RatePolicy};
use tellonce::web::Rules;

fn locked(server: &Server) -> Made {
    server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }))
}

fn ask(server: &Server, id: &str) -> Reply {
    server.get(&format!("/secret/{id}/ask"))
}

#[test]
fn who_asks_learns_whether_a_passphrase_is_needed() {
    let server = Server::start();
    let (plain, locked) = (server.conceal("hello"), locked(&server));
    let page = ask(&server, &locked.secret).expect(200);
    assert_eq!(heading(&page), "Somebody sent you a secret");
    assert!(page.contains("name=\"passphrase\" type=\"password\" autocomplete=\"off\" required "));
    assert!(page.contains("The sender has set one and gives it to you another way."));
    assert!(page.contains(&format!("action=\"/secret/{}\"", locked.secret)));
    let page = ask(&server, &plain.secret).expect(200);
    assert_eq!(heading(&page), "Somebody sent you a secret");
    assert!(!page.contains("passphrase\""), "there is no field for one");
    assert!(page.contains(&format!("action=\"/secret/{}\"", plain.secret)));
    // The page of the link itself asks for one perhaps.
    let page = server.get(&format!("/secret/{}", plain.secret)).expect(200);
    assert!(page.contains("only if there is one") && page.contains(" data-ask"));
}

#[test]
fn who_asks_too_late_learns_that_it_is_gone_in_the_same_words_for_every_cause() {
    let server = Server::start();
    let (read, burned) = (server.conceal("hello"), server.conceal("hello"));
    let expired = server.conceal_with(json!({ "secret": "hello", "ttl": 60 }));
    server.reveal(&read).expect(200);
    let _ = submit(&server, &format!("/receipt/{}/burn", burned.receipt), &[]).expect(200);
    server.advance(60);
    let ids = [&*read.secret, &burned.secret, &expired.secret, UNKNOWN, "x", "%ff"];
    let pages = ids.map(|id| ask(&server, id).expect(404));
    assert_eq!(heading(&pages[0]), "This secret is gone");
    assert!(pages.iter().all(|page| page.body == pages[0].body));
}

#[test]
fn asking_consumes_nothing_and_is_no_look() {
    let server = Server::start();
    let made = locked(&server);
    for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT"] {
        let path = format!("/secret/{}/ask?passphrase=right&continue=true", made.secret);
        let _ = server.send(&Request::new(method, &path));
    }
    let receipt = server.get(&format!("/receipt/{}", made.receipt)).expect(200);
    assert_eq!(heading(&receipt), "Not read yet");
    assert!(!receipt.contains("Link opened") && !receipt.contains("Wrong passphrases"));
    assert_eq!(server.reveal_with(&made, Some("right")).ok()["record"]["secret_value"], "hello");
}

#[test]
fn asking_is_limited_as_looking_is_and_the_link_still_opens() {
    let rates = RatePolicy { look: Rate::per(3, 60), ..RatePolicy::OFF };
    let server = Server::start_with(Policy { rates, ..policy() });
    let made = server.conceal("hello");
    for id in [&*made.secret, UNKNOWN] {
        assert!([200, 404].contains(&ask(&server, id).status));
    }
    let _ = server.get(&format!("/receipt/{}", made.receipt)).expect(200);
    let refused = ask(&server, &made.secret).expect(429);
    assert_eq!((&*heading(&refused), refused.header("retry-after")), ("That did not work", Some("60")));
    assert!(refused.contains("Too many requests. Try again in 1 minute."));
    assert_eq!(ask(&server, UNKNOWN).expect(429).status, 429, "and tells nothing");
    let page = server.get(&format!("/secret/{}", made.secret)).expect(200);
    assert_eq!(heading(&page), "Somebody sent you a secret");
    let read = submit(&server, &format!("/secret/{}", made.secret), &[]).expect(200);
    assert_eq!(value(&read, "value"), "hello");
}

/// A server with the limits on guesses that it has by itself, behind a proxy.
fn guarded() -> Server {
    guarded_by(AttemptPolicy::DEFAULT)
}

fn guarded_by(attempts: AttemptPolicy) -> Server {
    let rules =
        Rules { trusted_proxies: vec!["127.0.0.1/32".parse().expect("a network")], ..Rules::default() };
    Server::start_under(Policy { attempts, ..policy() }, rules)
}

/// A guess of this source.
fn guess(server: &Server, source: u8, made: &Made, passphrase: &str) -> Reply {
    let path = format!("/secret/{}", made.secret);
    let request = form(&path, &[("passphrase", passphrase)]);
    server.send(&request.header("X-Forwarded-For", &format!("203.0.113.{source}")))
}

/// What the page says at the field of the passphrase.
#[track_caller]
fn told(page: &Reply) -> String {
    let page = page.text();
    let (_, from) = page.split_once("id=\"passphrase-problem\">").expect("a place for it");
    from.split_once('<').expect("its end").0.to_owned()
}

/// Makes a wrong guess, and reads how many are left.
#[track_caller]
fn left(server: &Server, source: u8, made: &Made) -> u32 {
    let told = told(&guess(server, source, made, "wrong").expect(422));
    told.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn after_a_wrong_passphrase_the_tries_that_are_left_are_told() {
    let server = guarded();
    let made = locked(&server);
    for left in (1..5).rev() {
        let page = guess(&server, 1, &made, "wrong").expect(422);
        let again = "The passphrase is wrong. Nothing is lost: you can try again. Tries left for now: ";
        assert_eq!(told(&page), format!("{again}{left}"));
    }
    let last = guess(&server, 1, &made, "wrong").expect(422);
    assert_eq!(told(&last), "The passphrase is wrong. Tries left for now: 0");
    for passphrase in ["wrong", "right"] {
        let refused = guess(&server, 1, &made, passphrase).expect(429);
        assert_eq!(refused.header("retry-after"), Some("1800"));
        assert!(refused.contains("Too many requests. Try again in 30 minutes."));
        assert_eq!(told(&refused), "");
    }
    assert_eq!(value(&guess(&server, 2, &made, "right").expect(200), "value"), "hello");
}

#[test]
fn the_tries_that_are_left_are_those_of_the_stricter_bound() {
    let server = guarded();
    let (made, other) = (locked(&server), locked(&server));
    let left = |source, made| left(&server, source, made);
    // A source has 5, whichever secrets it tries them at.
    assert_eq!([left(1, &made), left(1, &other), left(1, &made)], [4, 3, 2]);
    // What others do elsewhere is nothing to it, and tells nothing to others.
    assert_eq!([left(2, &other), left(2, &other), left(1, &made)], [4, 3, 1]);
    // A secret has 20 for all.
    for source in 10..13 {
        assert_eq!([(); 5].map(|()| left(source, &made)), [4, 3, 2, 1, 0]);
    }
    assert_eq!(left(3, &made), 1, "the last but one of 20");
    // A right passphrase is no try that is lost.
    assert_eq!([left(4, &other), left(4, &other)], [4, 3]);
    let third = locked(&server);
    let _ = guess(&server, 4, &third, "right").expect(200);
    assert_eq!(left(4, &other), 2);
}

#[test]
fn a_secret_has_no_more_tries_left_than_its_life_allows() {
    let server = guarded_by(AttemptPolicy { lifetime: 3, ..AttemptPolicy::DEFAULT });
    let made = locked(&server);
    assert_eq!([(); 3].map(|()| left(&server, 1, &made)), [2, 1, 0]);
}

#[test]
fn of_tries_nothing_is_told_where_there_is_nothing_to_try() {
    let server = guarded();
    let made = locked(&server);
    let _ = guess(&server, 1, &made, "wrong").expect(422);
    let page = server.get(&format!("/secret/{}", made.secret)).expect(200);
    assert!(!page.contains("Tries left"));
    assert!(!ask(&server, &made.secret).expect(200).contains("Tries left"));
    let unknown = Made { secret: UNKNOWN.into(), receipt: UNKNOWN.into() };
    assert!(!guess(&server, 1, &unknown, "wrong").expect(404).contains("Tries left"));
    // Burning is a try as well, of its own source here.
    let burn = format!("/receipt/{}/burn", made.receipt);
    let refused = server.send(&form(&burn, &[("passphrase", "wrong")])).expect(422);
    assert_eq!(
        told(&refused),
        "The passphrase is wrong. Nothing is lost: you can try again. Tries left for now: 4"
    );
}
