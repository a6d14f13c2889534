//! The rules of the house that can be read off the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file, with its tests and without.
struct Source {
    /// Below `src`, such as `store/erase.rs`.
    name: String,
    text: String,
}

impl Source {
    /// The part that is compiled into the program.
    fn code(&self) -> &str {
        self.text.split("#[cfg(test)]").next().unwrap_or_default()
    }

    /// Lines of code, without comments.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = (1..).zip(self.code().lines());
        lines.map(|(number, line)| (number, line.split("//").next().unwrap_or_default()))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join("src"), &mut found);
    assert!(found.len() > 30, "the sources are found");
    let name =
        |path: &PathBuf| path.strip_prefix(root().join("src")).expect("below src").display().to_string();
    found
        .iter()
        .map(|path| Source { name: name(path), text: fs::read_to_string(path).expect("a file") })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every place where one of these texts occurs in code, as `file:line`.
fn places(texts: &[&str]) -> Vec<String> {
    let mut places = Vec::new();
    for source in sources() {
        for (number, line) in source.lines() {
            if texts.iter().any(|text| line.contains(text)) {
                places.push(format!("{}:{number}", source.name));
            }
        }
    }
    places
}

#[track_caller]
fn only_in(file: &str, times: usize, texts: &[&str]) {
    let places = places(texts);
    assert!(
        places.iter().all(|place| place.starts_with(file)),
        "{texts:?} belongs in {file} alone: {places:?}"
    );
    assert_eq!(places.len(), times, "{texts:?}: {places:?}");
}

#[test]
fn modules_know_only_what_the_map_allows() {
    const FORBIDDEN: &[(&str, &[&str])] = &[
        ("secret", &["crate::", "rusqlite", "actix", "serde", "tokio", "tracing"]),
        ("error", &["crate::", "rusqlite", "actix", "serde", "tokio", "tracing"]),
        ("time", &["crate::store", "crate::vault", "crate::web", "rusqlite", "actix", "tokio"]),
        (
            "vault",
            &["crate::store", "crate::app", "crate::web", "crate::config", "rusqlite", "actix", "std::fs"],
        ),
        (
            "store",
            &["crate::vault", "crate::app", "crate::web", "crate::config", "chacha", "argon2", "actix"],
        ),
        ("app", &["crate::web", "crate::cli", "crate::config", "actix", "http", "SELECT", "UPDATE "]),
        ("web/v1", &["v2"]),
        ("web/v2", &["v1"]),
        ("web", &["crate::store", "crate::vault", "crate::cli", "rusqlite", "SELECT"]),
        ("generator", &["crate::app", "crate::store", "crate::web", "crate::vault"]),
        (
            "client",
            &["crate::app", "crate::store", "crate::vault", "crate::web", "crate::cli", "actix", "std::env"],
        ),
        ("tls", &["crate::app", "crate::store", "crate::vault", "crate::web", "crate::cli::"]),
        ("door", &["crate::", "rusqlite"]),
        ("watch", &["crate::store", "crate::vault", "crate::cli", "crate::secret", "rusqlite", "SELECT"]),
        ("limits", &["crate::app", "crate::store", "crate::web", "actix"]),
    ];
    /// The domain knows itself and the time.
    const ALLOWED: &[(&str, &[&str])] = &[("secret", &["crate::time"]), ("error", &[])];
    let mut broken = Vec::new();
    for source in sources() {
        for (module, words) in FORBIDDEN {
            let is_inside =
                source.name == format!("{module}.rs") || source.name.starts_with(&format!("{module}/"));
            let allowed =
                ALLOWED.iter().find(|(name, _)| name == module).map_or(&[][..], |(_, words)| *words);
            for (number, line) in source.lines().filter(|_| is_inside) {
                let line = allowed.iter().fold(line.to_owned(), |line, word| line.replace(word, ""));
                for word in words.iter().filter(|word| line.contains(**word)) {
                    broken.push(format!("{}:{number} knows {word}", source.name));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_idea_has_one_place() {
    // The only way to a plaintext.
    only_in("app/reveal.rs", 1, &["Claim::after_commit("]);
    only_in("vault.rs", 1, &["Opened::new"]);
    // The only transaction, but for files that nobody uses yet or any more: making and upgrading one, copying
    // one, and ending one that is to be replaced; and for counting.
    only_in("store/writer.rs", 1, &["\"BEGIN"]);
    let mut elsewhere: Vec<String> = places(&[".transaction()"]);
    for place in &mut elsewhere {
        place.truncate(place.find(':').expect("a line number"));
    }
    elsewhere.sort();
    let [copying, ending, making] = ["store/backup.rs", "store/restore.rs", "store/schema.rs"];
    assert_eq!(elsewhere, [copying, copying, ending, making, making, making]);
    // The only end of secrets: of one, and of all in a file that is to be replaced.
    only_in("store/erase.rs", 2, &["DELETE FROM secrets"]);
    only_in("store/slots.rs", 3, &["UPDATE slots"]);
    only_in("vault.rs", 1, &["hash_password_into"]);
    only_in("config.rs", 1, &["env::var"]);
    only_in("time.rs", 1, &["SystemTime::now"]);
    only_in("random.rs", 1, &["getrandom::"]);
    only_in("web/error.rs", 1, &["StatusCode::UNPROCESSABLE_ENTITY"]);
}

#[test]
fn sql_never_asks_for_the_time() {
    let clocks = ["datetime(", "unixepoch", "CURRENT_TIMESTAMP", "strftime", "julianday", "'now'"];
    assert!(places(&clocks).is_empty(), "{:?}", places(&clocks));
    let schema = fs::read_to_string(root().join("schema.sql")).expect("the schema");
    assert!(clocks.iter().all(|clock| !schema.contains(clock)));
}

#[test]
fn every_table_is_strict() {
    let schema = fs::read_to_string(root().join("schema.sql")).expect("the schema");
    assert_eq!(schema.matches("CREATE TABLE").count(), schema.matches(") STRICT;").count());
}

#[test]
fn no_link_is_built_from_a_requests_headers() {
    let believed = ["connection_info", "header::HOST", "X_FORWARDED_HOST", "x-forwarded-host", ".full_url()"];
    assert!(places(&believed).is_empty(), "{:?}", places(&believed));
}

#[test]
fn a_log_line_has_no_field_for_what_must_not_be_logged() {
    let mut broken = Vec::new();
    for source in sources() {
        let code = source.code();
        for (start, _) in code.match_indices("tracing::") {
            let call = code[start..].split(';').next().unwrap_or_default();
            let is_event =
                ["error!", "warn!", "info!", "debug!", "trace!"].iter().any(|name| call.contains(name));
            let words = [
                "path()",
                "uri()",
                "query",
                "passphrase",
                "as_str()",
                "expose",
                "peer",
                "headers()",
                "token",
            ];
            // A method's name is not a path.
            let call = call.replace("method().as_str()", "");
            if is_event && words.iter().any(|word| call.contains(word)) {
                broken.push(format!("{}: {call}", source.name));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn nothing_is_printed_but_by_commands() {
    let printed = places(&["println!", "eprintln!", "print!("]);
    assert!(printed.iter().all(|place| place.starts_with("cli")), "{printed:?}");
}

#[test]
fn what_must_not_leak_cannot_be_printed_copied_or_serialised() {
    for (file, names) in [
        ("secret/sensitive.rs", &["Plaintext", "Passphrase", "Opened", "Claim"][..]),
        ("vault.rs", &["Share", "PassphraseKey"]),
        ("vault/ring.rs", &["RootKey", "KeyRing"]),
    ] {
        let text = fs::read_to_string(root().join("src").join(file)).expect("a file");
        for name in names {
            let start =
                text.find(&format!("pub struct {name}")).unwrap_or_else(|| panic!("{name} in {file}"));
            let attributes: Vec<&str> =
                text[..start].lines().rev().take_while(|line| line.starts_with("#[")).collect();
            let attributes = attributes.concat();
            for derived in ["Clone", "Serialize", "Display"] {
                assert!(!attributes.contains(derived), "{name} in {file} derives {derived}");
                assert!(!text.contains(&format!("{derived} for {name} ")), "{name} in {file} is {derived}");
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_small() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} does not begin by saying what it is for", source.name);
        assert!(source.text.len() < 40_000, "{} holds more than one idea", source.name);
    }
}

#[test]
fn nothing_is_unwrapped_or_left_for_later() {
    let later = ["TODO", "FIXME", "XXX", "todo!", "unimplemented!", ".unwrap()"];
    assert!(places(&later).is_empty(), "{:?}", places(&later));
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let mut section = "";
    let mut before = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        if section.ends_with("dependencies]") && line.contains(" = ") {
            assert!(before.starts_with("# "), "no sentence above: {line}");
        }
        before = line;
    }
}

#[test]
fn the_compiled_sqlite_is_safe_with_its_log() {
    assert!(rusqlite::version_number() >= 3_051_003, "SQLite {}", rusqlite::version());
}
