//! Logging in, and what an account may do.

use crate::desk::{Desk, FRANK, finish, masked};
use crate::support::server::Made;
use crate::support::smtp::{Manner, Sink};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn a_login_is_kept_for_its_owner_alone() {
    let desk = Desk::new();
    let frank = desk.log_in();
    let kept = fs::read_to_string(desk.config()).expect("a file");
    let expected = format!("server = \"{}\"\nuser = \"{FRANK}\"\ntoken = \"{}\"\n", desk.url(), frank.token);
    assert_eq!(kept, expected);
    let folder = desk.config().parent().expect("a folder").to_owned();
    assert_eq!((mode(&desk.config()), mode(&folder)), (0o600, 0o700));
    assert_eq!(folder.read_dir().expect("a folder").count(), 1);
    // From now on neither server nor account need naming.
    let mut command = desk.bare_command();
    command.args(["share", "--ttl", "20d"]);
    let link = finish(command, b"hello").done();
    let mut command = desk.bare_command();
    command.args(["recent", "--json"]);
    assert_eq!(finish(command, b"").done().matches("\"receipt\"").count(), 1);
    assert!(link.starts_with(&desk.url()));
}

#[test]
fn a_login_that_the_server_does_not_confirm_changes_nothing() {
    let desk = Desk::new();
    desk.log_in();
    let before = fs::read(desk.config()).expect("a file");
    let wrong = "0".repeat(40);
    assert_eq!(desk.run(&["login", FRANK], wrong.as_bytes()).code, 77);
    assert_eq!(desk.run(&["login", FRANK, "--server", "http://127.0.0.1:1"], wrong.as_bytes()).code, 69);
    assert_eq!(fs::read(desk.config()).expect("a file"), before);
}

#[test]
fn logging_out_forgets_the_account_and_keeps_the_server() {
    let desk = Desk::new();
    desk.log_in();
    desk.run(&["logout"], b"").done();
    assert_eq!(fs::read_to_string(desk.config()).expect("a file"), format!("server = \"{}\"\n", desk.url()));
    assert_eq!(mode(&desk.config()), 0o600);
    assert_eq!(desk.run(&["recent"], b"").code, 77);
    assert_eq!(desk.run(&["share"], b"hello").code, 0);
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let desk = Desk::new();
    let frank = desk.log_in();
    for open in [0o644, 0o640, 0o604, 0o620] {
        fs::set_permissions(desk.config(), fs::Permissions::from_mode(open)).expect("permissions");
        let ran = desk.run(&["share"], b"hello");
        let path = desk.config().display().to_string();
        assert_eq!(ran.code, 78);
        assert_eq!(
            ran.err,
            format!("tellonce: {path}: others may read this file: `chmod 600 {path}` closes it\n")
        );
        assert!(!ran.err.contains(&frank.token));
    }
    fs::set_permissions(desk.config(), fs::Permissions::from_mode(0o600)).expect("permissions");
    desk.run(&["share"], b"hello").done();
}

#[test]
fn a_file_that_makes_no_sense_is_told_without_its_token() {
    let desk = Desk::new();
    let token = "c0ffee".repeat(10);
    fs::create_dir_all(desk.config().parent().expect("a folder")).expect("a folder");
    for (text, sentence) in [
        (format!("token = \"{token}"), "this is not TOML"),
        (format!("token = \"{token}\""), "`user` and `token` go together: `tellonce login` sets both"),
        (format!("user = \"frank\"\ntoken = \"{token}\""), "`user` is no address"),
        (format!("user = \"{FRANK}\"\ntoken = \"x{token}\""), "`token` is no token"),
        ("server = 7".to_owned(), "`server` must be text"),
        ("server = \"x\"".to_owned(), "`server` must be http:// or https:// and a host, without a path"),
        ("sever = \"x\"".to_owned(), "there is no such option: `sever`"),
    ] {
        fs::write(desk.config(), text).expect("a file");
        fs::set_permissions(desk.config(), fs::Permissions::from_mode(0o600)).expect("permissions");
        let ran = desk.run(&["share"], b"hello");
        assert_eq!(ran.code, 78);
        assert_eq!(ran.err, format!("tellonce: {}: {sentence}\n", desk.config().display()));
    }
}

#[test]
fn an_account_has_memos_and_a_list() {
    let desk = Desk::new();
    desk.log_in();
    assert_eq!(desk.run(&["recent"], b"").done(), "");
    let first = desk.run(&["share", "--receipt", "--memo", "for \"Ann\" \u{1b}[2J"], b"one").done();
    desk.run(&["generate", "--words", "6", "--memo", "second"], b"").done();
    desk.run(&["get", first.lines().next().expect("a link")], b"").done();
    let list = desk.run(&["recent"], b"").done();
    assert_eq!(
        masked(&list, &desk.url()),
        "TIME  new       SERVER/receipt/ID  second\nTIME  revealed  SERVER/receipt/ID  for \"Ann\"  [2J\n"
    );
    let receipt = first.lines().nth(1).expect("a receipt");
    assert!(list.contains(receipt));
    assert!(desk.run(&["status", receipt], b"").done().contains("\nmemo: for \"Ann\"  [2J\n"));
    let list: serde_json::Value =
        serde_json::from_str(&desk.run(&["recent", "--json"], b"").done()).expect("JSON");
    assert_eq!((&list[0]["memo"], &list[0]["state"]), (&json!("second"), &json!("new")));
    // A receipt from the list burns.
    desk.run(&["burn", list[0]["receipt"].as_str().expect("a link")], b"").done();
    assert!(desk.run(&["recent"], b"").done().contains("  burned  "));
}

#[test]
fn a_memo_that_is_refused_does_not_lose_the_link() {
    let desk = Desk::new();
    desk.log_in();
    let ran = desk.run(&["share", "--memo", &"x".repeat(501)], b"hello");
    assert_eq!(ran.code, 65);
    assert!(
        ran.err.starts_with("warning: the secret is stored and its link works, but the memo was not noted\n")
    );
    assert_eq!(desk.run(&["get", ran.text().trim_end()], b"").done(), "hello");
}

#[test]
fn a_recipient_gets_the_link_by_mail() {
    let sink = Sink::start(Manner::Accepts);
    let host = sink.address.to_string();
    let flags =
        ["--smtp-host", &host, "--smtp-tls", "off", "--mail-from", "Secrets <no-reply@secrets.example>"];
    let desk = Desk::with(&flags);
    desk.log_in();
    let shared = desk.run(&["share", "--receipt", "--recipient", "ann@example.com"], b"hello").done();
    let (link, receipt) = shared.trim_end().split_once('\n').expect("two links");
    let mail = sink.mails(1).remove(0);
    assert_eq!(mail.to, ["ann@example.com"]);
    assert!(mail.parts().0.contains(link) && !mail.parts().0.contains("hello"));
    assert!(desk.run(&["status", receipt], b"").done().contains("\nrecipient: an*****@e*****.com\n"));
}

#[test]
fn a_server_without_mail_refuses_a_recipient() {
    let desk = Desk::new();
    desk.log_in();
    let ran = desk.run(&["share", "--recipient", "ann@example.com"], b"hello");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (65, "tellonce: the server refuses (422): This server sends no mail\n")
    );
}

#[test]
fn where_only_accounts_may_share_the_client_says_so() {
    let desk = Desk::with(&["--create", "accounts"]);
    let ran = desk.run(&["share"], b"hello");
    assert_eq!(ran.code, 77);
    assert!(ran.err.contains("The operation conceal is not open to guests here"), "{}", ran.err);
    desk.log_in();
    let link = desk.run(&["share"], b"hello").done();
    // Reading takes none.
    desk.run(&["logout"], b"").done();
    assert_eq!(desk.run(&["get", link.trim_end()], b"").done(), "hello");
}

#[test]
fn the_account_of_one_server_is_not_that_of_another() {
    let (desk, other) = (Desk::new(), Desk::new());
    desk.log_in();
    let made: Made = other.conceal(json!({ "secret": "hello" }));
    assert_eq!(desk.run(&["get", &other.link(&made)], b"").done(), "hello");
    assert_eq!(desk.run(&["share", "--server", &other.url()], b"hello").code, 0);
    assert_eq!(desk.run(&["share", "--server", &other.url(), "--memo", "x"], b"hello").code, 77);
}
