//! The life of a secret, made and read on the pages.

use super::html::{heading, path_of, receipt_path, submit, value};
use crate::support::server::policy;
use crate::support::{Reply, Request, Server};
use serde_json::json;
use tellonce::limits::AttemptPolicy;

const UNKNOWN: &str = "/secret/abcdefghijklmnopqrstuvwxyz01234";

#[test]
fn a_secret_is_made_and_read_once_without_script() {
    let server = Server::start();
    let made = submit(&server, "/", &[("secret", "correct horse"), ("passphrase", ""), ("ttl", "3600")]);
    let made = made.expect(200);
    assert!(!made.contains("correct horse"));
    assert!(made.contains("<time dir=\"ltr\" datetime=\"2027-01-15T09:00:00Z\">2027-01-15 09:00 UTC</time>"));
    let (secret, receipt) = (path_of(&value(&made, "link")), receipt_path(&made));
    let revealed = submit(&server, &secret, &[("passphrase", "")]).expect(200);
    assert_eq!(value(&revealed, "value"), "correct horse");
    let again = submit(&server, &secret, &[]).expect(404);
    assert_eq!(heading(&again), "This secret is gone");
    assert!(!again.contains("correct horse"));
    assert_eq!(heading(&server.get(&receipt).expect(200)), "It was read");
}

#[test]
fn every_link_looks_the_same_whatever_became_of_it() {
    let server = Server::start();
    let live = server.conceal("hello");
    let locked = server.conceal_with(json!({ "secret": "hello", "passphrase": "right", "ttl": 60 }));
    let gone = server.conceal("hello");
    server.reveal(&gone).expect(200);
    let mut pages = Vec::new();
    let paths = [
        format!("/secret/{}", live.secret),
        format!("/secret/{}", locked.secret),
        format!("/secret/{}", gone.secret),
        UNKNOWN.to_owned(),
        "/secret/no-such-form".to_owned(),
        "/secret/%ff%00".to_owned(),
    ];
    for path in &paths {
        let page = server.get(path).expect(200);
        let head = server.send(&Request::new("HEAD", path)).expect(200);
        let without_date = |mut headers: Vec<(String, String)>| {
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            headers
        };
        assert_eq!(without_date(page.headers.clone()), without_date(head.headers), "{path}");
        pages.push((without_date(page.headers), page.body));
    }
    server.advance(61);
    let expired = server.get(&paths[1]).expect(200);
    assert_eq!(expired.body, pages[0].1);
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[test]
fn what_is_not_there_is_refused_in_the_same_words_for_every_cause() {
    let server = Server::start();
    let revealed = server.conceal("hello");
    server.reveal(&revealed).expect(200);
    let expired = server.conceal_with(json!({ "secret": "hello", "ttl": 60 }));
    server.advance(60);
    let paths = [
        format!("/secret/{}", revealed.secret),
        format!("/secret/{}", expired.secret),
        UNKNOWN.to_owned(),
        "/secret/no-such-form".to_owned(),
    ];
    let pages = paths.map(|path| submit(&server, &path, &[("passphrase", "x")]).expect(404).body);
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[test]
fn looking_consumes_nothing() {
    let server = Server::start();
    let made = server.conceal("hello");
    let paths = ["secret", "receipt", "private"].map(|kind| {
        let id = if kind == "secret" { &made.secret } else { &made.receipt };
        format!("/{kind}/{id}")
    });
    for path in paths.iter().flat_map(|path| [path.clone(), format!("{path}/burn")]) {
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
            let _ = server.send(&Request::new(method, &format!("{path}?passphrase=x&continue=true")));
        }
    }
    assert_eq!(server.receipt(&made)["state"], "new");
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_look_is_counted_and_a_link_checker_is_not() {
    let server = Server::start();
    let made = server.conceal("hello");
    let (secret, receipt) = (format!("/secret/{}", made.secret), format!("/receipt/{}", made.receipt));
    server.send(&Request::new("HEAD", &secret)).expect(200);
    assert!(!server.get(&receipt).contains("Link opened"));
    server.get(&secret).expect(200);
    assert!(server.get(&receipt).contains("Link opened: 1×"));
    server.advance(60);
    server.get(&secret).expect(200);
    let page = server.get(&receipt).text();
    assert!(page.contains("Link opened: 2×"));
    assert!(page.contains("First <time dir=\"ltr\" datetime=\"2027-01-15T08:00:00Z\">"), "{page}");
    assert!(page.contains("last <time dir=\"ltr\" datetime=\"2027-01-15T08:01:00Z\">"), "{page}");
}

#[test]
fn a_wrong_passphrase_asks_again_and_loses_nothing() {
    let server = Server::start();
    let made = submit(&server, "/", &[("secret", "hello"), ("passphrase", "right")]).expect(200);
    assert!(made.contains("Send the passphrase another way"));
    let secret = path_of(&value(&made, "link"));
    for wrong in ["", "wrong"] {
        let page = submit(&server, &secret, &[("passphrase", wrong)]).expect(422);
        assert!(page.contains("The passphrase is wrong. Nothing is lost: you can try again."));
        assert!(page.contains("aria-invalid=\"true\""));
    }
    let receipt = server.get(&receipt_path(&made)).expect(200);
    assert_eq!(heading(&receipt), "Not read yet");
    assert!(receipt.contains("Wrong passphrases: 2"));
    let page = submit(&server, &secret, &[("passphrase", "right")]).expect(200);
    assert_eq!(value(&page, "value"), "hello");
}

#[test]
fn too_many_guesses_have_to_wait_and_then_end_the_secret() {
    let attempts =
        AttemptPolicy { per_window: 1, window: 60, lockout: 600, lifetime: 2, ..policy().attempts };
    let server = Server::start_with(tellonce::app::Policy { attempts, ..policy() });
    let made = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
    let path = format!("/secret/{}", made.secret);
    let guess = || submit(&server, &path, &[("passphrase", "wrong")]);
    let _ = guess().expect(422);
    let refused = guess().expect(429);
    assert_eq!(refused.header("retry-after"), Some("600"));
    assert!(refused.contains("Too many requests. Try again in 10 minutes."));
    assert!(refused.contains("Show me the secret"));
    server.advance(600);
    let _ = guess().expect(422);
    let _ = guess().expect(404);
    assert_eq!(heading(&server.get(&format!("/receipt/{}", made.receipt))), "It was destroyed");
}

/// How long a secret can be read, as its receipt says.
#[track_caller]
fn time_left(receipt: &Reply) -> String {
    let page = receipt.text();
    let (_, from) =
        page.split_once("It can be read once. Time left: <span data-until=\"").expect("the time left");
    from.split_once('>').and_then(|(_, from)| from.split_once("</span>")).expect("its words").0.to_owned()
}

#[test]
fn a_secret_is_burned_by_its_receipt() {
    let server = Server::start();
    for kind in ["receipt", "private"] {
        let made = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
        let receipt = format!("/{kind}/{}", made.receipt);
        let burn = format!("{receipt}/burn");
        let page = server.get(&receipt).expect(200);
        assert_eq!(heading(&page), "Not read yet");
        assert_eq!(path_of(&value(&page, "link")), format!("/secret/{}", made.secret));
        assert!(page.contains(&format!("/receipt/{}/burn", made.receipt)));
        assert!(time_left(&page) == "7 days");
        assert_eq!(heading(&server.get(&burn).expect(200)), "Burn this secret?");
        let refused = submit(&server, &burn, &[("passphrase", "wrong")]).expect(422);
        assert!(refused.contains("The passphrase is wrong."));
        let burned = submit(&server, &burn, &[("passphrase", "right")]).expect(200);
        assert_eq!(heading(&burned), "It was burned");
        assert!(!burned.contains(&made.secret));
        assert_eq!(heading(&server.get(&burn).expect(200)), "It was burned");
        let _ = submit(&server, &burn, &[("passphrase", "right")]).expect(404);
        server.reveal_with(&made, Some("right")).expect(404);
    }
}

#[test]
fn a_receipt_tells_that_a_secret_ran_out_and_then_goes_itself() {
    let server = Server::start();
    let made = server.conceal_with(json!({ "secret": "hello", "ttl": 3600 }));
    let path = format!("/receipt/{}", made.receipt);
    server.advance(1800);
    assert_eq!(time_left(&server.get(&path).expect(200)), "30 minutes");
    server.advance(1800);
    let page = server.get(&path).expect(200);
    assert_eq!(heading(&page), "It ran out unread");
    assert!(!page.contains(&made.secret));
    server.advance(3600);
    for path in [path.clone(), format!("{path}/burn"), "/receipt/x".into(), "/private/x/burn".into()] {
        assert_eq!(heading(&server.get(&path).expect(404)), "Nothing here");
    }
    let _ = submit(&server, &format!("{path}/burn"), &[]).expect(404);
}

#[test]
fn a_generated_password_is_shown_where_it_was_made_and_where_it_is_read() {
    let server = Server::start();
    let made = submit(&server, "/", &[("generate", "true"), ("length", "20"), ("ttl", "3600")]).expect(200);
    let password = value(&made, "generated");
    assert_eq!(password.len(), 20);
    assert!(!server.get(&receipt_path(&made)).contains(&password));
    let read = submit(&server, &path_of(&value(&made, "link")), &[]).expect(200);
    assert_eq!(value(&read, "value"), password);
}
