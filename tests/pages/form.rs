//! The form, what it keeps, and what it must not do to a text.

use super::html::{has_no_script_but_ours, heading, path_of, submit, value};
use super::tour::SETS;
use crate::support::server::policy;
use crate::support::{Reply, Request, Server};
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
        assert!(has_no_script_but_ours(&page));
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
    assert!(page.contains("Characters in it that a page cannot show: 1. \u{fffd} stands in their place."));
}

#[test]
fn nothing_typed_is_lost_when_something_is_wrong() {
    let server = Server::start_with(Policy { passphrase_min_length: 8, ..policy() });
    for text in NASTY {
        let fields = [("secret", text), ("passphrase", "tiny42"), ("ttl", "3600")];
        let page = submit(&server, "/", &fields).expect(422);
        assert_eq!(value(&page, "secret"), text);
        assert!(page.contains("<option value=\"3600\" selected>"));
        assert!(page.contains("id=\"passphrase-problem\">The passphrase needs at least 8 characters."));
        assert!(page.contains("Type it again: it was not kept."));
        assert!(!page.contains("tiny42"), "the passphrase is not on the page");
        assert!(has_no_script_but_ours(&page));
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
    says(&[("secret", "")], "secret-problem", "There is nothing to share yet: type or paste something.");
    says(&[("secret", "eleven char")], "secret-problem", "This is too long: at most 10 bytes.");
    says(&[("secret", "a"), ("ttl", "soon")], "ttl-problem", "This must be a whole number.");
    let generate = ("generate", "true");
    says(
        &[generate, ("length", "3")],
        "generate-length-problem",
        "The number of characters must be 4 to 128.",
    );
    says(&[generate, ("ttl", "x")], "generate-ttl-problem", "This must be a whole number.");
    let page = submit(&server, "/", &[("secret", "a"), ("recipient", "a@b.example")]).expect(422);
    assert!(page.contains(
        "<div class=\"problem\" role=\"alert\">\n<p>Only people with an account can have a link mailed."
    ));
    assert_eq!(value(&page, "secret"), "a");
}

/// The characters of a generated password, once with each of these boxes unchecked as a browser says it.
#[track_caller]
fn generated(server: &Server, unchecked: &[&str]) -> String {
    let mut fields = vec![("generate", "true"), ("length", "128")];
    for set in SETS.iter().chain(&["character_sets[exclude_ambiguous]"]) {
        fields.push((set, "false"));
        if !unchecked.contains(set) {
            fields.push((set, "true"));
        }
    }
    value(&submit(server, "/", &fields).expect(200), "generated")
}

#[test]
fn a_password_is_made_of_the_characters_that_were_checked() {
    let server = Server::start();
    let kinds: [fn(&char) -> bool; 4] = [
        char::is_ascii_uppercase,
        char::is_ascii_lowercase,
        char::is_ascii_digit,
        char::is_ascii_punctuation,
    ];
    assert!(kinds.iter().all(|kind| generated(&server, &[]).chars().any(|letter| kind(&letter))));
    for (set, kind) in SETS.iter().zip(kinds) {
        let password = generated(&server, &[set]);
        assert!(password.len() == 128 && !password.chars().any(|letter| kind(&letter)), "{set} {password}");
        let others: Vec<&str> = SETS.into_iter().filter(|other| other != set).collect();
        let password = generated(&server, &others);
        assert!(password.len() == 128 && password.chars().all(|letter| kind(&letter)), "{set} {password}");
    }
    let digits: Vec<&str> = SETS.into_iter().filter(|set| !set.contains("numbers")).collect();
    assert!(!generated(&server, &digits).contains(['0', '1', '5', '2', '8']));
    let all_digits = [digits, vec!["character_sets[exclude_ambiguous]"]].concat();
    // Of 128 digits none is one of five: once in 2^128.
    assert!(generated(&server, &all_digits).contains(['0', '1', '5', '2', '8']));
}

#[test]
fn a_password_of_nothing_is_refused_and_what_was_chosen_is_kept() {
    let server = Server::start();
    let mut fields = vec![("generate", "true"), ("length", "33"), ("ttl", "3600"), ("passphrase", "abc")];
    fields.extend(SETS.map(|set| (set, "false")));
    let page = submit(&server, "/", &fields).expect(422);
    let message = "id=\"generate-sets-problem\">Choose at least one kind of characters.";
    assert!(page.contains(message) && page.contains("<details class=\"card fold\" open>"));
    assert!(page.contains(
        "name=\"length\" type=\"number\" inputmode=\"numeric\" min=\"4\" max=\"128\" required value=\"33\""
    ));
    assert!(page.contains("<option value=\"3600\" selected>"));
    assert!(!page.contains("abc\"") && page.contains("Type it again: it was not kept."));
    assert_eq!(checked(&page), ["character_sets[exclude_ambiguous]"]);
    assert_eq!(checked(&server.get("/")).len(), 5, "at first everything is checked");
    let page = submit(&server, "/", &[("generate", "true"), ("length", "3"), (SETS[1], "false")]).expect(422);
    assert_eq!(checked(&page).len(), 4);
    assert!(!checked(&page).contains(&SETS[1].to_owned()));
    // The other form is as it was.
    assert!(page.contains("id=\"secret-problem\"></p>") && page.contains("id=\"passphrase-problem\"></p>"));
}

/// The names of the boxes that are checked.
fn checked(page: &Reply) -> Vec<String> {
    let page = page.text();
    let boxes = page.split("<input type=\"checkbox\" name=\"").skip(1).filter_map(|rest| {
        let (tag, _) = rest.split_once('>')?;
        let (name, rest) = tag.split_once('"')?;
        rest.contains(" checked ").then(|| name.to_owned())
    });
    boxes.collect()
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
