//! The operator's commands on accounts, beside the real program.

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use support::http::Login;
use support::process::{program, run};
use support::{Process, Request};
use tempfile::TempDir;

const FRANK: &str = "frank@example.com";

/// A server, and the folder that the commands work on.
struct Site {
    server: Process,
    data: PathBuf,
    _folder: TempDir,
}

impl Site {
    fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let data = folder.path().join("data");
        let server = Process::start(&data, &["--log", "trace"]);
        Self { server, data, _folder: folder }
    }

    /// Runs `tellonce account` with these arguments.
    fn account(&self, arguments: &[&str]) -> Output {
        account(&self.data, arguments)
    }

    /// Runs a command that prints a token, and nothing else, on standard output.
    #[track_caller]
    fn token(&self, arguments: &[&str]) -> String {
        the_token(&done(self.account(arguments)))
    }

    #[track_caller]
    fn add(&self, user: &str) -> Login {
        Login { user: user.into(), token: self.token(&["add", user]) }
    }

    fn status(&self, login: &Login) -> u16 {
        self.server.send(&Request::get("/api/v1/authcheck").login(login)).status
    }

    #[track_caller]
    fn share(&self, login: &Login) {
        self.server.send(&Request::post("/api/v1/share").form("secret=hello").login(login)).expect(200);
    }

    #[track_caller]
    fn list_length(&self, login: &Login) -> usize {
        let reply = self.server.send(&Request::get("/api/v1/private/recent").login(login)).ok();
        reply.as_array().expect("a list").len()
    }
}

fn account(data: &Path, arguments: &[&str]) -> Output {
    let data = data.to_str().expect("a path");
    run(&[&["account"], arguments, &["--data", data]].concat())
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("text")
}

#[track_caller]
fn done(output: Output) -> Output {
    assert!(output.status.success(), "{output:?}");
    output
}

/// The one line on standard output.
#[track_caller]
fn the_token(output: &Output) -> String {
    let token = text(&output.stdout).strip_suffix('\n').expect("a line");
    assert!(token.len() >= 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert!(!text(&output.stderr).contains(token));
    token.to_owned()
}

/// A command line that makes no sense: says so, and prints nothing that a script might take.
#[track_caller]
fn refused(output: &Output, words: &str) {
    let sentence = text(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{sentence}");
    assert!(sentence.starts_with("tellonce: ") && sentence.contains(words), "{sentence}");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_account_is_added_beside_the_server_and_its_token_works_at_once() {
    let site = Site::start();
    let frank = site.add(FRANK);
    assert_eq!(site.status(&frank), 200);
    let ann = site.add("Ann+tag@sub.example.com");
    assert_ne!(ann.token, frank.token);
    assert_eq!(site.status(&Login { user: "ann+TAG@sub.example.com".into(), ..ann.clone() }), 200);
    assert_eq!(site.status(&Login { user: FRANK.into(), ..ann }), 401);
}

#[test]
fn accounts_are_listed_with_what_holds_of_them() {
    let site = Site::start();
    let list = || text(&done(site.account(&["list"])).stdout).to_owned();
    assert_eq!(list(), "");
    site.add(FRANK);
    site.add("ann@example.com");
    let lines = list();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("frank@example.com  since 20"), "{lines:?}");
    assert!(lines[1].starts_with("ann@example.com  since 20"), "{lines:?}");
    done(site.account(&["disable", FRANK]));
    done(site.account(&["notify", "ann@example.com", "on"]));
    let listed = list();
    assert!(listed.lines().next().expect("a line").ends_with("  disabled"), "{listed}");
    assert!(listed.lines().last().expect("a line").ends_with("  notify"), "{listed}");
    done(site.account(&["enable", FRANK]));
    done(site.account(&["notify", "ann@example.com", "off"]));
    assert_eq!(list().lines().collect::<Vec<_>>(), lines);
}

#[test]
fn a_disabled_account_is_refused_until_it_is_enabled() {
    let site = Site::start();
    let frank = site.add(FRANK);
    done(site.account(&["disable", "FRANK@example.com"]));
    assert_eq!(site.status(&frank), 401);
    done(site.account(&["enable", FRANK]));
    assert_eq!(site.status(&frank), 200);
}

#[test]
fn a_removed_account_is_refused_and_its_name_is_free() {
    let site = Site::start();
    let frank = site.add(FRANK);
    site.share(&frank);
    done(site.account(&["remove", FRANK]));
    assert_eq!(site.status(&frank), 401);
    refused(&site.account(&["remove", FRANK]), "there is no account with this address");
    let again = site.add(FRANK);
    assert_eq!((site.status(&frank), site.status(&again)), (401, 200));
    assert_eq!(site.list_length(&again), 0);
}

/// Rotates with the old token on standard input.
fn rotate_with(site: &Site, old: &str) -> Output {
    let mut child = program()
        .args(["account", "rotate", FRANK, "--old-token", "-", "--data"])
        .arg(&site.data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(old.as_bytes()).expect("written");
    child.wait_with_output().expect("the end")
}

#[test]
fn a_token_that_is_rotated_with_the_old_one_keeps_the_list() {
    let site = Site::start();
    let old = site.add(FRANK);
    site.share(&old);
    let output = done(rotate_with(&site, &format!("{}\n", old.token)));
    assert!(text(&output.stderr).contains("The list of earlier receipts goes on."));
    let new = Login { token: the_token(&output), ..old.clone() };
    assert_eq!((site.status(&old), site.status(&new)), (401, 200));
    assert_eq!(site.list_length(&new), 1);
}

#[test]
fn a_token_that_is_rotated_without_the_old_one_begins_a_new_list_and_says_so() {
    let site = Site::start();
    let old = site.add(FRANK);
    site.share(&old);
    let output = done(site.account(&["rotate", FRANK]));
    assert!(text(&output.stderr).contains("The list of receipts begins anew"));
    let new = Login { token: the_token(&output), ..old.clone() };
    assert_eq!((site.status(&old), site.status(&new)), (401, 200));
    assert_eq!(site.list_length(&new), 0);
}

#[test]
fn an_old_token_that_is_not_the_accounts_changes_nothing() {
    let site = Site::start();
    let (frank, ann) = (site.add(FRANK), site.add("ann@example.com"));
    site.share(&frank);
    refused(&rotate_with(&site, &ann.token), "the old token is not this account's");
    refused(&rotate_with(&site, &"0".repeat(40)), "the old token is not this account's");
    refused(&rotate_with(&site, "hunter2"), "is not an API token");
    refused(&rotate_with(&site, ""), "is not an API token");
    refused(&site.account(&["rotate", FRANK, "--old-token", &frank.token]), "on standard input");
    assert_eq!((site.status(&frank), site.list_length(&frank)), (200, 1));
}

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence() {
    let site = Site::start();
    let frank = site.add(FRANK);
    for user in [FRANK, "FRANK@Example.Com"] {
        refused(&site.account(&["add", user]), "there is an account with this address already");
    }
    for command in [&["rotate"][..], &["disable"], &["enable"], &["remove"]] {
        refused(
            &site.account(&[command, &["ann@example.com"]].concat()),
            "there is no account with this address",
        );
    }
    refused(&site.account(&["notify", "ann@example.com", "on"]), "there is no account with this address");
    for bad in ["frank", "frank@localhost", "", "a b@example.com", "frank@example.com,ann@example.com"] {
        refused(&site.account(&["add", bad]), "is not an e-mail address");
    }
    for arguments in [&[][..], &["add"], &["notify", FRANK], &["notify", FRANK, "maybe"], &["forget", FRANK]]
    {
        let output = site.account(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    assert_eq!(site.status(&frank), 200);
}

#[test]
fn without_a_database_there_is_nothing_to_add_an_account_to() {
    let folder = TempDir::new().expect("a folder");
    let output = account(folder.path(), &["add", FRANK]);
    assert_eq!(output.status.code(), Some(78));
    assert!(text(&output.stderr).contains("start the server once"), "{output:?}");
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
}

#[test]
fn accounts_survive_a_restart() {
    let mut site = Site::start();
    let frank = site.add(FRANK);
    site.share(&frank);
    site.server.terminate();
    done(site.account(&["notify", FRANK, "on"]));
    site.server = Process::start(&site.data, &["--log", "trace"]);
    assert_eq!((site.status(&frank), site.list_length(&frank)), (200, 1));
}

#[test]
fn not_even_the_most_talkative_log_names_an_account_or_its_token() {
    let mut site = Site::start();
    let frank = site.add(FRANK);
    site.share(&frank);
    let wrong = Login { token: "f".repeat(40), ..frank.clone() };
    assert_eq!((site.status(&wrong), site.list_length(&frank)), (401, 1));
    let made = site.server.send(&Request::post("/api/v1/share").form("secret=hello").login(&frank)).ok();
    let receipt = made["metadata_key"].as_str().expect("a key");
    let memo = Request::new("PATCH", &format!("/api/v2/receipt/{receipt}")).form("memo=canary");
    site.server.send(&memo.login(&frank)).expect(200);
    done(site.account(&["rotate", FRANK]));
    done(site.account(&["remove", FRANK]));
    site.server.terminate();
    let log = site.server.log_text().to_ascii_lowercase();
    // What was done is in the log, so the rest would be.
    assert!(log.contains("/api/v1/authcheck") && log.contains("/api/v2/receipt/{id}"), "{log}");
    let encoded = frank.header().to_ascii_lowercase();
    for needle in [FRANK, "frank", &frank.token, &wrong.token, &encoded["basic ".len()..], "canary", receipt]
    {
        assert!(!log.contains(needle), "{needle} in {log}");
    }
}
