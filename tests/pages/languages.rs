//! Sixteen languages: which one a reader gets, and that a page in it is wholly in it.

use super::errors::damage;
use super::html::{Piece, attributes, heading, pieces, submit};
use super::tour::{PAGES, TYPED, UNKNOWN, pages};
use crate::support::{Reply, Request, Server};
use std::collections::{BTreeMap, BTreeSet};
use tellonce::secret::Locale;

/// The sentences of a language.
pub fn sentences(tag: &str) -> BTreeMap<String, String> {
    let file = format!("{}/static/locales/{tag}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("texts")
}

/// What stands in a sentence beside its places.
fn parts(sentence: &str) -> impl Iterator<Item = &str> {
    let texts = sentence.split('{').enumerate().map(|(index, part)| match part.split_once('}') {
        Some((_, text)) if index > 0 => text,
        _ => part,
    });
    texts.flat_map(|text| text.split('|')).map(str::trim)
}

/// The value of an attribute of `<html>`.
#[track_caller]
fn root(page: &Reply, attribute: &str) -> String {
    attributes(page, attribute).swap_remove(0)
}

fn accepting(path: &str, languages: &str) -> Request {
    Request::get(path).header("Accept-Language", languages)
}

#[test]
fn the_browser_chooses_the_language_and_the_reader_before_it() {
    let server = Server::start();
    for (locale, tag) in Locale::ALL {
        let title = sentences(tag).remove("create.title").expect("a title");
        let by_browser = server.send(&accepting("/", &format!("xx, {tag};q=0.9, *;q=0.1"))).expect(200);
        let by_reader = server.send(&accepting(&format!("/?lang={tag}"), "xx, nl, en;q=0.3")).expect(200);
        for page in [by_browser, by_reader] {
            assert_eq!(heading(&page), title, "{tag}");
            assert_eq!((root(&page, "lang"), root(&page, "dir")), (tag.into(), locale.direction().into()));
            assert!(
                page.contains(&format!("<option value=\"{tag}\" selected lang=\"{tag}\">{}<", locale.name()))
            );
        }
    }
    assert_eq!(root(&server.get("/?lang=ar"), "dir"), "rtl");
}

#[test]
fn a_language_that_does_not_exist_is_ignored() {
    let server = Server::start();
    let plain = server.send(&accepting("/", "fr")).expect(200);
    for tag in ["", "xx", "DE", "de-AT", "../de", "%64e", "%22%3E%3Cscript%3E", "en;de"] {
        let page = server.send(&accepting(&format!("/?lang={tag}"), "fr")).expect(200);
        assert_eq!(page.text(), plain.text(), "{tag}");
    }
    assert_eq!(root(&plain, "lang"), "fr");
    let page = server.send(&accepting("/?x=1&lang=de&lang=nl", "fr")).expect(200);
    assert_eq!(root(&page, "lang"), "de");
}

/// Where the links and forms of a page lead, but for its files.
fn ways(page: &Reply) -> Vec<String> {
    let all = [attributes(page, "href"), attributes(page, "action"), attributes(page, "data-here")].concat();
    all.into_iter().filter(|path| path.starts_with('/') && !path.starts_with("/assets/")).collect()
}

#[test]
fn a_chosen_language_is_carried_along_and_a_preferred_one_is_not() {
    for (name, page) in pages("de") {
        let ways = ways(page);
        assert!(ways.len() >= 2, "{name}: {ways:?}");
        for way in ways {
            let (_, query) = way.split_once('?').unwrap_or_else(|| panic!("{name}: {way}"));
            assert!(query.split('&').any(|parameter| parameter == "lang=de"), "{name}: {way}");
        }
    }
    for (name, page) in pages("none") {
        assert!(ways(page).iter().all(|way| !way.contains("lang=")), "{name}");
    }
}

/// Whatever a person may read on a page: texts and attributes, but not the names of languages, which
/// are each in their own, nor what is for the script to fill in.
fn readable(page: &Reply) -> Vec<String> {
    let text = page.text();
    let (before, rest) = text.split_once("<select id=\"language\"").unwrap_or((&text, ""));
    let after = rest.split_once("</select>").map_or("", |(_, after)| after);
    let told = pieces(before).into_iter().chain(pieces(after)).filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Attribute(name, value) => {
            let is_told = name.starts_with("data-") || ["aria-label", "title", "alt"].contains(&&*name);
            is_told.then_some(value)
        }
    });
    told.collect()
}

/// Keys that the tour does not come by: what mails say, mail that was sent, a full disk and mistakes of
/// ours; and what is not there has a page of its own instead of a message.
const UNSEEN: &[&str] = &["mail.", "event.mail-sent", "error.full", "error.internal", "error.unknown"];

#[test]
fn every_sentence_is_on_some_page() {
    let told: Vec<String> = pages("en").iter().flat_map(|(_, page)| readable(page)).collect();
    let told = told.join("\n");
    let missing: Vec<_> = sentences("en")
        .into_iter()
        .filter(|(key, _)| !UNSEEN.iter().any(|unseen| key.starts_with(unseen)))
        .filter(|(_, sentence)| !parts(sentence).any(|part| !part.is_empty() && told.contains(part)))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// The English sentences, or the parts of them between places, that another language does not share.
fn foreign(tag: &str) -> Vec<String> {
    let (english, own) = (sentences("en"), sentences(tag));
    let shared: BTreeSet<&String> = own.values().collect();
    let sentences = english.values().filter(|sentence| !shared.contains(sentence));
    let parts = sentences.flat_map(|sentence| parts(sentence)).map(str::to_owned);
    parts.filter(|text| text.chars().filter(|letter| letter.is_alphabetic()).count() > 2).collect()
}

#[test]
fn every_page_is_wholly_in_its_language() {
    for (locale, tag) in Locale::ALL {
        let foreign = if locale == Locale::English { Vec::new() } else { foreign(tag) };
        for (name, page) in pages(tag) {
            assert_eq!(root(page, "lang"), tag, "{name}");
            for text in readable(page) {
                let english = foreign.iter().find(|english| {
                    text == **english || english.contains(' ') && text.contains(english.as_str())
                });
                assert!(english.is_none(), "{tag} {name}: {text}");
            }
        }
    }
}

#[test]
fn no_place_on_any_page_is_left_unfilled() {
    for (tag, pages) in PAGES.iter() {
        for (name, page) in pages {
            let text = page.text();
            assert!(!text.contains("{{") && !text.contains("[["), "{tag} {name}: {text}");
            for piece in pieces(&text) {
                let (Piece::Text(text) | Piece::Attribute(_, text)) = &piece;
                // For the script to fill in, or characters of passwords.
                let is_for_script = matches!(&piece, Piece::Attribute(name, _) if name.starts_with("data-"));
                let is_whole = !text.contains(['{', '|']) || is_for_script || is_password(name, text);
                assert!(is_whole, "{tag} {name}: {text}");
            }
        }
    }
}

/// A generated one may hold any character.
fn is_password(page: &str, text: &str) -> bool {
    page == "generated" && text.len() == 9
}

#[test]
fn in_each_language_every_link_looks_the_same_whatever_became_of_it() {
    let server = Server::start();
    let [live, gone, damaged] = [(); 3].map(|()| server.conceal(TYPED).secret);
    let _ = submit(&server, &format!("/secret/{gone}"), &[]).expect(200);
    let locked = server.conceal_with(serde_json::json!({ "secret": TYPED, "passphrase": "x" })).secret;
    damage(&server);
    let ids = [&*live, &locked, &gone, &damaged, UNKNOWN, "x"];
    let mut different = BTreeSet::new();
    for (_, tag) in Locale::ALL {
        let chosen = ids.map(|id| server.get(&format!("/secret/{id}?lang={tag}")).expect(200).body);
        let preferred = ids.map(|id| server.send(&accepting(&format!("/secret/{id}"), tag)).expect(200).body);
        for pages in [chosen, preferred] {
            assert!(pages.iter().all(|page| *page == pages[0]), "{tag}");
            different.insert(pages[0].clone());
        }
    }
    assert_eq!(different.len(), 2 * Locale::ALL.len(), "a page in each language, chosen or not");
}

#[test]
fn the_api_lists_all_languages_and_the_callers_own() {
    let server = Server::start();
    let all: Vec<&str> = Locale::ALL.iter().map(|(_, tag)| *tag).collect();
    assert_eq!(all.len(), 16);
    for tag in &all {
        let listed = server.send(&accepting("/api/v2/supported-locales", tag)).ok();
        assert_eq!(listed["locales"], serde_json::json!(all));
        assert_eq!((&listed["locale"], &listed["default_locale"]), (&(*tag).into(), &"en".into()));
    }
}
