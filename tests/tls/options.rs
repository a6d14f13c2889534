//! Options that do not go together are refused with a sentence, and nothing is open to others in plain
//! text unless that is asked for.

use crate::kit::{Authority, NAME};
use crate::support::process::program;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn serve(folder: &TempDir, flags: &[&str]) -> Command {
    let mut command = program();
    command.args(["serve", "--data"]).arg(folder.path().join("data")).args(flags);
    command.current_dir(folder.path());
    command
}

#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{text}");
    for word in words {
        assert!(text.contains(word), "{word} in {text}");
    }
}

/// A folder with a certificate, its key, and a key that is another's.
fn with_certificate() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let authority = Authority::new();
    let (chain, key) = authority.certify(NAME);
    for (name, text) in [("cert.pem", chain), ("key.pem", key), ("other.pem", authority.certify(NAME).1)] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

#[test]
fn plain_http_is_open_to_others_only_if_asked_for_and_the_log_says_so() {
    let folder = TempDir::new().expect("a folder");
    let open = ["--listen", "0.0.0.0:0", "--base-url", "https://secrets.example"];
    let output = serve(&folder, &open).output().expect("it ends");
    refused(&output, &["`listen`", "`tls-cert`", "`plain-http`"]);
    assert!(!folder.path().join("data").exists(), "nothing was made");

    let asked = [&open[..], &["--plain-http", "on"]].concat();
    let mut child = serve(&folder, &asked).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let lines: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.contains("ready")).collect();
    child.kill().expect("killed");
    child.wait().expect("the end");
    assert!(lines.iter().any(|line| line.contains("WARN") && line.contains("`plain-http`")), "{lines:?}");
}

#[test]
fn options_that_do_not_go_together_are_named() {
    let folder = with_certificate();
    let tls = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let cases: &[(&[&str], &[&str])] = &[
        (&["--tls-cert", "cert.pem"], &["`tls-cert`", "`tls-key`"]),
        (&["--tls-key", "key.pem"], &["`tls-cert`", "`tls-key`"]),
        (&["--tls-cert", "cert.pem", "--tls-key", "other.pem"], &["`tls-cert`", "other.pem", "does not fit"]),
        (&["--tls-cert", "cert.pem", "--tls-key", "absent.pem"], &["`tls-key`", "absent.pem"]),
        (&["--tls-cert", "key.pem", "--tls-key", "key.pem"], &["key.pem", "holds none"]),
        (&[&tls[..], &["--base-url", "http://secrets.example"]].concat(), &["`base-url`", "https://"]),
        (&["--redirect-listen", "127.0.0.1:0"], &["`redirect-listen`", "`base-url`"]),
        (
            &["--redirect-listen", "127.0.0.1:0", "--base-url", "http://secrets.example"],
            &["`redirect-listen`", "https://"],
        ),
        (&["--acme", "on"], &["`acme-agree`", "`redirect-listen`", "`acme-domains`"]),
        (&[&tls[..], &["--acme", "on", "--acme-agree", "on"]].concat(), &["`acme`", "`tls-cert`"]),
        (&["--acme-directory", "http://directory.example"], &["`acme-directory`", "https://"]),
    ];
    for (flags, words) in cases {
        let flags = [&["--listen", "127.0.0.1:0"], *flags].concat();
        refused(&serve(&folder, &flags).output().expect("it ends"), words);
    }
}

#[test]
fn check_finds_a_certificate_that_no_browser_would_take() {
    let folder = with_certificate();
    let (chain, key) = Authority::new().certify_expired(NAME);
    std::fs::write(folder.path().join("old.pem"), chain).expect("a file");
    std::fs::write(folder.path().join("old-key.pem"), key).expect("a file");
    let cases = [
        ("cert.pem", "key.pem", "no problems found"),
        ("cert.pem", "other.pem", "does not fit"),
        ("missing.pem", "key.pem", "cannot read missing.pem"),
        ("old.pem", "old-key.pem", "valid until 2020-02-29"),
    ];
    for (chain, key, words) in cases {
        let mut check = program();
        check.args(["check", "--data", "data", "--tls-cert", chain, "--tls-key", key]);
        let output = check.current_dir(folder.path()).output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(words), "{words} in {text}");
        assert_eq!(output.status.success(), words == "no problems found", "{text}");
    }
}
