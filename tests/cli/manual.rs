//! Completions and manual pages are made from the definition of the command line, and the program prints
//! them. `UPDATE_GOLDEN=1 cargo test --test cli` writes them anew; the run after that builds them in.

use crate::support::process::run;
use clap_complete::Shell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("static").join(name)
}

/// Files by name.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let named = entries.map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("a text"))
    });
    named.collect()
}

/// Compares what was made with the files of this folder, or writes them.
///
/// A program that was built before they were written prints the old ones: then there is no more to test.
#[track_caller]
fn compare(made: &BTreeMap<String, String>, folder: &Path) -> bool {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::remove_dir_all(folder).expect("an old folder");
        fs::create_dir(folder).expect("a new folder");
        for (name, text) in made {
            fs::write(folder.join(name), text).expect("a file");
        }
        return false;
    }
    let found = files(folder);
    assert_eq!(found.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    for (name, text) in made {
        assert!(found[name] == *text, "{name} is out of date: UPDATE_GOLDEN=1 writes it anew");
    }
    true
}

#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn completions_fit_the_commands() {
    let shells = [("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];
    let made = shells.map(|(name, shell)| {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut tellonce::cli::definition(), "tellonce", &mut text);
        (name.to_owned(), String::from_utf8(text).expect("text"))
    });
    let made = BTreeMap::from(made);
    if !compare(&made, &folder("completions")) {
        return;
    }
    for (name, text) in &made {
        assert!(text.contains("passphrase-file") && printed(&["completions", name]) == *text, "{name}");
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(64));
}

#[test]
fn every_command_has_a_manual_page() {
    let made = TempDir::new().expect("a folder");
    let definition = tellonce::cli::definition().disable_help_subcommand(true);
    clap_mangen::generate_to(definition, made.path()).expect("manual pages");
    let made = files(made.path());
    if !compare(&made, &folder("man")) {
        return;
    }
    for command in tellonce::cli::definition().get_subcommands() {
        assert!(made.contains_key(&format!("tellonce-{}.1", command.get_name())), "{}", command.get_name());
    }
    assert_eq!(printed(&["man"]), made["tellonce.1"]);
    assert_eq!(printed(&["man", "share"]), made["tellonce-share.1"]);
    assert_eq!(printed(&["man", "account-add"]), made["tellonce-account-add.1"]);
    assert_eq!(run(&["man", "nothing"]).status.code(), Some(64));
}

#[test]
fn bash_takes_the_completions() {
    let script = "source /dev/stdin; COMP_WORDS=(tellonce share --passphrase-f); COMP_CWORD=2; \
                  _tellonce tellonce --passphrase-f share; echo \"${COMPREPLY[*]}\"";
    let mut bash = std::process::Command::new("bash")
        .args(["--norc", "-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("bash runs");
    let completions = printed(&["completions", "bash"]);
    std::io::Write::write_all(&mut bash.stdin.take().expect("a pipe"), completions.as_bytes())
        .expect("written");
    let output = bash.wait_with_output().expect("the end");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "--passphrase-file --passphrase-fd");
}
