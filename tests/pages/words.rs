//! Templates, sentences and the sources that bring them together.

use super::languages::sentences;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tellonce::secret::Locale;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The text of every source, without its tests.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    files(&root().join("src"), &mut found);
    assert!(found.len() > 30, "the sources are found");
    let text = |path: &PathBuf| fs::read_to_string(path).expect("a source");
    found.iter().map(text).map(|text| text.split("#[cfg(test)]").next().unwrap_or_default().into()).collect()
}

/// Every template by its name.
fn templates() -> BTreeMap<String, String> {
    let mut found = Vec::new();
    files(&root().join("static/pages"), &mut found);
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), fs::read_to_string(path).expect("a template"))).collect()
}

/// What stands between these marks, wherever they are.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}

/// The texts in a source's quotation marks.
fn quoted(source: &str) -> BTreeSet<&str> {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split('"').skip(1).step_by(2)).collect()
}

#[test]
fn every_key_of_a_template_has_words() {
    let words = sentences("en");
    for (name, template) in templates() {
        for key in between(&template, "[[", "]]") {
            assert!(words.contains_key(key), "{name} has {key}");
        }
    }
}

#[test]
fn no_sentence_is_left_that_nothing_says() {
    let (templates, sources) = (templates(), sources());
    let in_templates: BTreeSet<&str> =
        templates.values().flat_map(|template| between(template, "[[", "]]")).collect();
    let in_sources: Vec<BTreeSet<&str>> = sources.iter().map(|source| quoted(source)).collect();
    // A key is named whole, or put together from both halves in one source.
    let is_said = |key: &str| {
        let (page, word) = key.split_once('.').expect("two halves");
        let half = format!("{page}.{{key}}");
        in_templates.contains(key)
            || in_sources
                .iter()
                .any(|said| said.contains(key) || said.contains(&*half) && said.contains(word))
    };
    let unsaid: Vec<_> = sentences("en").into_keys().filter(|key| !is_said(key)).collect();
    assert_eq!(unsaid, Vec::<String>::new());
}

#[test]
fn every_key_in_the_sources_has_words() {
    let words = sentences("en");
    let pages: BTreeSet<&str> = words.keys().filter_map(|key| Some(key.split_once('.')?.0)).collect();
    let mut said = 0;
    for source in sources() {
        for text in quoted(&source) {
            let is_word = |half: &str| {
                !half.is_empty() && half.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            };
            let key = text.split_once('.').filter(|(page, word)| pages.contains(page) && is_word(word));
            if key.is_some_and(|(_, word)| word != "html") {
                assert!(words.contains_key(text), "no words for {text}");
                said += 1;
            }
        }
    }
    assert!(said > 50, "the keys are found");
}

#[test]
fn every_template_is_drawn_and_every_drawn_template_exists() {
    let (templates, sources) = (templates(), sources());
    let drawn: BTreeSet<&str> = sources.iter().flat_map(|source| quoted(source)).collect();
    let drawn: BTreeSet<&str> = drawn
        .into_iter()
        .filter(|text| text.rsplit_once('.').is_some_and(|(_, kind)| kind == "html"))
        .collect();
    assert_eq!(drawn, templates.keys().map(String::as_str).collect());
}

#[test]
fn no_language_repeats_an_english_sentence() {
    let english = sentences("en");
    for (_, tag) in &Locale::ALL[1..] {
        for (key, sentence) in sentences(tag) {
            let words = sentence.split([' ', '|']).filter(|word| !word.starts_with('{')).count();
            // A word or two may be shared.
            assert!(words <= 2 || sentence != english[&key], "{tag} {key}: {sentence}");
        }
    }
}
