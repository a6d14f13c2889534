//! One's own secrets: an account's list, a browser's list, and memos.

use super::html::{attributes, form, heading, submit};
use super::tour::UNKNOWN;
use crate::support::server::Made;
use crate::support::{Login, Reply, Request, Server};
use serde_json::json;

const LIST: &str = "/recent";

fn own(server: &Server, login: &Login, path: &str) -> Reply {
    server.send(&Request::get(path).login(login))
}

/// The receipts that a list leads to, from the top.
fn listed(page: &Reply) -> Vec<String> {
    let ways = attributes(page, "href").into_iter();
    ways.filter_map(|way| way.strip_prefix("/receipt/").map(str::to_owned)).collect()
}

fn burn(made: &Made) -> String {
    format!("{}/burn", made.receipt)
}

#[test]
fn an_account_lists_its_own_secrets_newest_first_and_may_burn_those_that_live() {
    let server = Server::start();
    let (login, other) = (server.account("one@example.com"), server.account("other@example.com"));
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(server.conceal_as(&login, json!({ "secret": "hello" })));
        server.conceal_as(&other, json!({ "secret": "hello" }));
        server.conceal("hello");
        server.advance(10);
    }
    server.reveal(&made[1]).expect(200);
    let page = own(&server, &login, LIST).expect(200);
    assert!(page.contains("Account one@example.com") && !page.contains("other@example.com"));
    let [first, second, third] = [&made[0], &made[1], &made[2]];
    let wanted =
        [third.receipt.clone(), burn(third), second.receipt.clone(), first.receipt.clone(), burn(first)];
    assert_eq!(listed(&page), wanted);
    let states: Vec<String> =
        page.text().split("<strong>").skip(1).map(|rest| rest[..4].to_owned()).collect();
    assert_eq!(states, ["Not ", "Read", "Not "]);
    assert!(made.iter().all(|made| !page.contains(&made.secret)), "no link is in a list");
    server.advance(30 * 86_400);
    let page = own(&server, &login, LIST).expect(200);
    assert!(page.contains("No secrets in the last 30 days.") && listed(&page).is_empty());
}

#[test]
fn credentials_are_asked_for_only_where_somebody_wants_to_sign_in() {
    let server = Server::start();
    let login = server.account("one@example.com");
    let plain = server.get(LIST).expect(200);
    assert_eq!(plain.header("www-authenticate"), None);
    let way = attributes(&plain, "href").into_iter().find(|way| way.contains("sign-in")).expect("a way in");
    for path in [way.clone(), format!("{way}&lang=de")] {
        let asked = server.get(&path).expect(401);
        assert_eq!(asked.header("www-authenticate"), Some("Basic realm=\"API token\", charset=\"UTF-8\""));
        let page = own(&server, &login, &path).expect(200);
        assert!(page.contains("one@example.com") && page.header("www-authenticate").is_none());
    }
    let cancelled = server.get(&way).expect(401);
    assert!(cancelled.contains("You need to sign in for that.") && !cancelled.contains("token is wrong"));
    assert!(server.get("/recent?sign-in=no").expect(200).header("www-authenticate").is_none());
}

#[test]
fn wrong_credentials_are_told_and_not_asked_for_again() {
    let server = Server::start();
    let login = server.account("one@example.com");
    server.conceal_as(&login, json!({ "secret": "hello" }));
    let wrong = Login { token: "0".repeat(40), ..login.clone() };
    let stranger = Login { user: "two@example.com".into(), ..login };
    for login in [wrong, stranger] {
        for request in
            [Request::get(LIST), Request::get("/recent?sign-in=true"), form(LIST, &[("receipts", UNKNOWN)])]
        {
            let page = server.send(&request.login(&login)).expect(401);
            assert_eq!(page.header("www-authenticate"), None);
            assert!(page.contains("<p>The address or the token is wrong.</p>"));
            assert!(page.contains("<title>Problem: My secrets"));
            assert!(page.contains("data-sign-in") && listed(&page).is_empty());
            assert!(!page.contains(&login.token) && !page.contains(&login.user));
        }
    }
}

#[test]
fn a_browser_is_told_what_became_of_the_receipts_it_kept() {
    let server = Server::start();
    let [live, read, burned, expired] =
        [600, 600, 600, 60].map(|ttl| server.conceal_with(json!({ "secret": "hello", "ttl": ttl })));
    server.reveal(&read).expect(200);
    let _ = submit(&server, &format!("/receipt/{}/burn", burned.receipt), &[]).expect(200);
    server.advance(60);
    let ids =
        [&*burned.receipt, UNKNOWN, &live.receipt, "x", "", &expired.receipt, &live.secret, &read.receipt];
    let page = submit(&server, LIST, &[("receipts", &ids.join(","))]).expect(200);
    let wanted = [&*burned.receipt, &live.receipt, &burn(&live), &expired.receipt, &read.receipt];
    assert_eq!(listed(&page), wanted, "unknown ones are left out");
    let states: Vec<String> =
        page.text().split("<strong>").skip(1).map(|rest| rest[..4].to_owned()).collect();
    assert_eq!(states, ["Burn", "Not ", "Ran ", "Read"]);
    let page = submit(&server, LIST, &[("receipts", UNKNOWN)]).expect(200);
    assert!(page.contains("The receipts that were kept here have run out."));
}

#[test]
fn asking_about_receipts_changes_nothing() {
    let server = Server::start();
    let made = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
    let before = (server.receipt(&made), server.get(&format!("/receipt/{}", made.receipt)).text());
    for fields in [&[("receipts", &*made.receipt)][..], &[("receipts", &made.receipt), ("memo", "x")]] {
        let _ = submit(&server, LIST, fields).expect(200);
    }
    let _ = server.get(&format!("{LIST}?receipts={}", made.receipt)).expect(200);
    assert_eq!((server.receipt(&made), server.get(&format!("/receipt/{}", made.receipt)).text()), before);
    assert_eq!(server.reveal_with(&made, Some("right")).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_browser_asks_about_a_hundred_receipts_at_most() {
    let server = Server::start();
    let made = server.conceal("hello");
    let asked =
        |count: usize| submit(&server, LIST, &[("receipts", &[&*made.receipt].repeat(count).join(","))]);
    assert_eq!(listed(&asked(100).expect(200)).len(), 200);
    let refused = asked(101).expect(422);
    assert_eq!(heading(&refused), "My secrets");
    assert!(refused.contains("This value is not possible here.") && listed(&refused).is_empty());
}

#[test]
fn an_owner_writes_a_memo_that_nobody_else_sees() {
    let server = Server::start();
    let (login, other) = (server.account("one@example.com"), server.account("other@example.com"));
    let made = server.conceal_as(&login, json!({ "secret": "hello" }));
    let path = format!("/receipt/{}", made.receipt);
    let memo = "for <b>\"Ann\" & 'Bob'</b> {{memo}} [[burn.title]] {n}";
    let escaped = "for &lt;b&gt;&quot;Ann&quot; &amp; &#39;Bob&#39;&lt;/b&gt; {{memo}} [[burn.title]] {n}";
    let page = server.send(&form(&path, &[("memo", memo)]).login(&login)).expect(200);
    assert!(page.contains("The note is saved."));
    let page = own(&server, &login, &path).expect(200);
    assert!(page.contains(&format!("value=\"{escaped}\"")), "{}", page.text());
    assert!(!page.contains("The note is saved."));
    assert!(own(&server, &login, LIST).expect(200).contains(&format!("<span dir=\"auto\">{escaped}</span>")));
    let kept = submit(&server, LIST, &[("receipts", &made.receipt)]);
    let burn = server.get(&format!("{path}/burn"));
    for page in [server.get(&path), own(&server, &other, &path), burn] {
        let page = page.expect(200);
        assert!(!page.contains("Ann") && !page.contains("name=\"memo\""), "{}", page.text());
    }
    assert!(!kept.expect(200).contains("Ann"), "whoever has the address of a receipt may ask so");
    let kept = form(LIST, &[("receipts", &*made.receipt)]).login(&login);
    assert_eq!(server.send(&kept).expect(200).text().matches(escaped).count(), 2);
    // An empty one clears it.
    let _ = server.send(&form(&path, &[("memo", "")]).login(&login)).expect(200);
    assert!(!own(&server, &login, &path).contains("Ann") && !own(&server, &login, LIST).contains("Ann"));
}

#[test]
fn nobody_but_the_owner_writes_a_memo() {
    let server = Server::start();
    let (login, other) = (server.account("one@example.com"), server.account("other@example.com"));
    let (made, free) = (server.conceal_as(&login, json!({ "secret": "hello" })), server.conceal("hello"));
    let wrong = Login { token: "0".repeat(40), ..login.clone() };
    for made in [&made, &free] {
        let path = format!("/receipt/{}", made.receipt);
        let write = || form(&path, &[("memo", "mine now")]);
        let asked = server.send(&write()).expect(401);
        assert!(
            asked.header("www-authenticate").is_some() && asked.contains("You need to sign in for that.")
        );
        assert_eq!(server.send(&write().login(&wrong)).expect(401).header("www-authenticate"), None);
        let refused = server.send(&write().login(&other)).expect(403);
        assert!(refused.contains("You may not do that here."));
        let foreign = write().login(&login).header("Origin", "https://evil.example");
        let _ = server.send(&foreign).expect(403);
        assert!(!own(&server, &login, &path).contains("mine now"));
    }
    let _ =
        server.send(&form(&format!("/receipt/{}", free.receipt), &[("memo", "x")]).login(&login)).expect(403);
    let unknown = form(&format!("/receipt/{UNKNOWN}"), &[("memo", "x")]).login(&login);
    assert_eq!(heading(&server.send(&unknown).expect(404)), "Nothing here");
}

#[test]
fn a_memo_that_is_too_long_is_refused_on_the_receipt_and_the_old_one_stays() {
    let server = Server::start();
    let login = server.account("one@example.com");
    let made = server.conceal_as(&login, json!({ "secret": "hello" }));
    let path = format!("/receipt/{}", made.receipt);
    let write = |memo: &str| server.send(&form(&path, &[("memo", memo)]).login(&login));
    let longest = "é".repeat(500);
    let _ = write(&longest).expect(200);
    let refused = write(&"é".repeat(501)).expect(422);
    assert_eq!(heading(&refused), "Not read yet");
    assert!(refused.contains("id=\"memo-problem\">The note is too long: at most 500 characters."));
    assert!(refused.contains("<title>Problem: Receipt") && refused.contains("maxlength=\"500\""));
    assert!(own(&server, &login, &path).contains(&format!("value=\"{longest}\"")));
}
