//! What an account may besides: make secrets where others may not, keep them longer, and have mail sent.

use super::html::{attributes, form, heading, value};
use crate::support::server::policy;
use crate::support::{Login, Reply, Request, Server};
use tellonce::app::{Create, Policy};

fn home(server: &Server, login: Option<&Login>) -> Reply {
    let request = Request::get("/");
    server.send(&login.map_or(request.clone(), |login| request.login(login))).expect(200)
}

#[test]
fn where_making_takes_an_account_the_page_says_so_and_the_browser_asks() {
    let server = Server::start_with(Policy { create: Create::Accounts, ..policy() });
    let login = server.account("one@example.com");
    let notice = "On this server only people with an account can share secrets.";
    assert!(home(&server, None).contains(notice));
    assert!(!home(&server, Some(&login)).contains(notice));
    for fields in [&[("secret", "correct horse")][..], &[("generate", "true"), ("length", "20")]] {
        let refused = server.send(&form("/", fields)).expect(401);
        let challenge = Some("Basic realm=\"API token\", charset=\"UTF-8\"");
        assert_eq!(refused.header("www-authenticate"), challenge);
        assert_eq!(heading(&refused), "Share a secret");
        assert!(refused.contains("<p>You need to sign in for that.</p>"));
        let made = server.send(&form("/", fields).login(&login)).expect(200);
        assert_eq!(heading(&made), "Your link is ready");
    }
    let kept = server.send(&form("/", &[("secret", "correct horse")])).expect(401);
    assert_eq!(value(&kept, "secret"), "correct horse");
    let wrong = Login { token: "0".repeat(40), ..login };
    let refused = server.send(&form("/", &[("secret", "hello")]).login(&wrong)).expect(401);
    assert_eq!(refused.header("www-authenticate"), None);
    assert!(!home(&Server::start(), None).contains(notice));
}

#[test]
fn another_sites_form_does_not_make_secrets_with_an_account() {
    let server = Server::start();
    let login = server.account("one@example.com");
    let request = form("/", &[("secret", "hello")]).login(&login).header("Origin", "https://evil.example");
    let refused = server.send(&request).expect(403);
    assert_eq!(heading(&refused), "That did not work");
    assert!(server.send(&Request::get("/recent").login(&login)).contains("No secrets in the last 30 days."));
}

/// The lifetimes that the first form offers, in seconds, from the shortest.
fn lifetimes(page: &Reply) -> Vec<i64> {
    let text = page.text();
    let (_, from) = text.split_once("<select id=\"ttl\"").expect("a choice");
    let (choice, _) = from.split_once("</select>").expect("its end");
    let values = choice.split("<option value=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    values.map(|(seconds, _)| seconds.parse().expect("a number")).collect()
}

#[test]
fn an_account_may_choose_the_longer_lifetimes_that_are_its_own() {
    let server = Server::start();
    let login = server.account("one@example.com");
    let day = 86_400;
    assert_eq!(lifetimes(&home(&server, None)).last(), Some(&(7 * day)));
    let own = lifetimes(&home(&server, Some(&login)));
    assert_eq!(own[own.len() - 3..], [7 * day, 14 * day, 30 * day]);
    let fields = [("secret", "hello"), ("ttl", "2592000")];
    let made = server.send(&form("/", &fields).login(&login)).expect(200);
    assert!(made.contains("2027-02-14 08:00 UTC"), "thirty days");
    let made = server.send(&form("/", &fields)).expect(200);
    assert!(made.contains("2027-01-22 08:00 UTC"), "seven days");
}

#[test]
fn mail_is_offered_only_to_accounts_of_a_server_that_sends_it() {
    let names = |page: &Reply| attributes(page, "name").iter().filter(|name| *name == "recipient").count();
    for (max_recipients, fields) in [(0, 0), (1, 2)] {
        let server = Server::start_with(Policy { max_recipients, ..policy() });
        let login = server.account("one@example.com");
        assert_eq!(names(&home(&server, None)), 0);
        assert_eq!(names(&home(&server, Some(&login))), fields, "one in each form");
    }
}

#[test]
fn what_is_wrong_with_an_address_is_said_at_its_field() {
    let server = Server::start();
    let login = server.account("one@example.com");
    let address = ("recipient", "nobody<at>example.com");
    for (what, prefix) in [(("secret", "hello"), ""), (("generate", "true"), "generate-")] {
        let page = server.send(&form("/", &[what, address]).login(&login)).expect(422);
        let problem = format!("id=\"{prefix}recipient-problem\">This is not an e-mail address.");
        assert!(page.contains(&problem), "{}", page.text());
        assert_eq!(page.text().matches("This is not an e-mail address.").count(), 1);
        assert!(page.contains("value=\"nobody&lt;at&gt;example.com\" aria-invalid=\"true\""));
    }
}

#[test]
fn who_cannot_have_mail_sent_is_told_why_though_there_is_no_field() {
    let fields = [("secret", "hello"), ("recipient", "friend@example.com")];
    let server = Server::start_with(Policy { max_recipients: 0, ..policy() });
    let login = server.account("one@example.com");
    for (request, message) in [
        (form("/", &fields), "Only people with an account can have a link mailed."),
        (form("/", &fields).login(&login), "This server sends no mail."),
    ] {
        let page = server.send(&request).expect(422);
        assert!(page.contains(&format!("<div class=\"problem\" role=\"alert\">\n<p>{message}</p>")));
        assert_eq!(value(&page, "secret"), "hello");
    }
}

#[test]
fn the_page_says_that_the_link_is_mailed_and_to_whom_only_obscured() {
    let server = Server::start();
    let login = server.account("one@example.com");
    for (address, is_mailed) in [("friend@example.com", true), ("", false)] {
        let request = form("/", &[("secret", "hello"), ("recipient", address)]);
        let made = server.send(&request.login(&login)).expect(200);
        assert_eq!(made.contains("The link is on its way by mail to fr*****@e*****.com."), is_mailed);
        assert!(!made.contains("friend"));
    }
}
