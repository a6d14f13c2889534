//! The form, what it keeps, and what it must not do to a text.

use super::html::{heading, path_of, submit, value};
use crate::support::server::policy;
use crate::support::{Request, Server};
use tellonce::app::Policy;
use tellonce::time::{Ttl, TtlPolicy};

/// Texts that HTML, templates or forms might spoil.
const NASTY: [&str; 12] = [
    "</textarea><script>alert(1)</script>",
    "\"quoted\" & 'quoted' <b>bold</b> &lt; &amp;lt; &#10;",
    "\nfirst line is empty",
    "\n\n\ttabs and lines\n\n",
    "  spaces around  ",
    "{{secret}}",
    "{{value}}{{main}}}}{{",
    "${jndi} <!-- --> ]]> <![CDATA[",
    "\u{1}\u{b}\u{1b}\u{7f}\u{85}\u{202e}\u{feff}",
    "naïve 日本語 🔑 e\u{301}",
    "100% + 1",
    "\r alone",
];

#[test]
fn a_text_is_the_same_when_it_is_read() {
    let server = Server::start();
    for text in NASTY {
        let made = submit(&server, "/", &[("secret", text)]).expect(200);
        let page = submit(&server, &path_of(&value(&made, "link")), &[]).expect(200);
        assert_eq!(value(&page, "value"), text);
        assert!(!page.contains("<script"));
    }
}

#[test]
fn a_text_from_the_api_keeps_its_carriage_returns() {
    let server = Server::start();
    let made = server.conceal("\r\na\r\nb\r");
    let page = submit(&server, &format!("/secret/{}", made.secret), &[]).expect(200);
    assert_eq!(value(&page, "value"), "\r\na\r\nb\r");
}

#[test]
fn line_breaks_are_what_was_typed_and_not_what_browsers_make_of_them() {
    let server = Server::start();
    let made = submit(&server, "/", &[("secret", "one\r\ntwo\r\n")]).expect(200);
    let page = submit(&server, &path_of(&value(&made, "link")), &[]).expect(200);
    assert_eq!(value(&page, "value"), "one\ntwo\n");
}

#[test]
fn what_a_page_cannot_show_is_said() {
    let server = Server::start();
    let made = server.conceal("a\0b");
    let page = submit(&server, &format!("/secret/{}", made.secret), &[]).expect(200);
    assert_eq!(value(&page, "value"), "a\u{fffd}b");
    assert!(page.contains("One character in it cannot be shown on a page"));
}

#[test]
fn nothing_typed_is_lost_when_something_is_wrong() {
    let server = Server::start_with(Policy { passphrase_min_length: 8, ..policy() });
    for text in NASTY {
        let fields = [("secret", text), ("passphrase", "tiny42"), ("ttl", "3600")];
        let page = submit(&server, "/", &fields).expect(422);
        assert_eq!(value(&page, "secret"), text);
        assert!(page.contains("<option value=\"3600\" selected>"));
        assert!(page.contains("id=\"passphrase-problem\">The passphrase must have at least 8 characters."));
        assert!(page.contains("Type it again: it was not kept."));
        assert!(!page.contains("tiny42"), "the passphrase is not on the page");
        assert!(!page.contains("<script"));
    }
}

#[test]
fn what_is_wrong_is_said_where_it_is_wrong() {
    let server = Server::start_with(Policy { max_secret_bytes: 10, ..policy() });
    let says = |fields: &[(&str, &str)], place: &str, message: &str| {
        let page = submit(&server, "/", fields).expect(422);
        let wanted = format!("id=\"{place}\">{message}");
        assert!(page.contains(&wanted), "no {wanted} in {}", page.text());
        assert!(page.contains("<title>Problem: Share a secret"));
    };
    says(&[("secret", "")], "secret-problem", "You did not provide anything to share.");
    says(&[("secret", "eleven char")], "secret-problem", "The secret is longer than 10 bytes.");
    says(&[("secret", "a"), ("ttl", "soon")], "ttl-problem", "The ttl must be a whole number.");
    let generate = ("generate", "true");
    says(&[generate, ("length", "3")], "generate-length-problem", "The length must be 4 to 128.");
    says(&[generate, ("ttl", "x")], "generate-ttl-problem", "The ttl must be a whole number.");
    let page = submit(&server, "/", &[("secret", "a"), ("recipient", "a@b.example")]).expect(422);
    assert!(page.contains("<div class=\"problem\" role=\"alert\">\n<p>Only an account may"));
    assert_eq!(value(&page, "secret"), "a");
}

#[test]
fn lifetimes_are_offered_within_the_operators_bounds() {
    let ttl = |default, min, max| TtlPolicy {
        default: Ttl::from_seconds(default),
        min: Ttl::from_seconds(min),
        max: Ttl::from_seconds(max),
    };
    let offered = |ttl| {
        let page = Server::start_with(Policy { ttl, ..policy() }).get("/").expect(200).text();
        let select =
            page.split_once("<select").expect("a choice").1.split_once("</select>").expect("its end").0;
        let words = select.split("<option ").skip(1).filter_map(|option| {
            let (tag, rest) = option.split_once('>')?;
            Some(format!("{}{}", if tag.contains("selected") { "*" } else { "" }, rest.split_once('<')?.0))
        });
        words.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        offered(ttl(604_800, 60, 604_800)),
        "5 minutes, 30 minutes, 1 hour, 4 hours, 1 day, 3 days, *7 days"
    );
    assert_eq!(offered(ttl(5_400, 3_600, 7_200)), "1 hour, *90 minutes");
    assert_eq!(offered(ttl(120, 60, 200)), "*2 minutes");
}

#[test]
fn credentials_matter_only_where_a_secret_is_made() {
    let server = Server::start();
    let made = server.conceal("hello");
    for credentials in ["Basic bm9ib2R5Ondyb25n", "Bearer x", "\u{fffd}", ""] {
        let get = |target: &str| Request::get(target).header("Authorization", credentials);
        assert_eq!(heading(&server.send(&get("/")).expect(200)), "Share a secret");
        let _ = server.send(&get(&format!("/receipt/{}", made.receipt))).expect(200);
        let post = Request::post("/").header("Authorization", credentials).form("secret=hello");
        let _ = server.send(&post).expect(if credentials.is_empty() { 200 } else { 401 });
    }
}

#[test]
fn links_are_made_from_configuration() {
    let server = Server::start();
    let post = Request::post("/")
        .header("X-Forwarded-Host", "evil.example")
        .header("Forwarded", "host=evil.example")
        .form("secret=hello");
    let made = server.send(&post).expect(200);
    assert!(value(&made, "link").starts_with("https://secrets.example/secret/"));
    assert!(!made.contains("evil.example"));
}
