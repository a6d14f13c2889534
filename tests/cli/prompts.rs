//! What a person at a terminal is asked, and what appears there.

use crate::desk::{Desk, FRANK};
use crate::stranger::Stranger;
use crate::support::Request;
use crate::support::process::Process;
use crate::terminal::Terminal;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const SECRET: &str = "Secret, which is not shown: ";
const READ_NOW: &str = "This link works once. Read the secret now? [y/N] ";

fn start(desk: &Desk, arguments: &[&str]) -> Terminal {
    let mut command = desk.command();
    command.args(arguments);
    Terminal::start(&command)
}

/// The link on a screen.
#[track_caller]
fn link(desk: &Desk, screen: &str) -> String {
    let start = screen.find(&format!("{}/secret/", desk.url())).expect("a link");
    screen[start..].split_whitespace().next().expect("its end").to_owned()
}

#[test]
fn a_secret_and_its_passphrase_are_typed_unseen() {
    let desk = Desk::new();
    let mut terminal = start(&desk, &["share", "--passphrase"]);
    terminal.expect(SECRET);
    assert!(!terminal.echoes());
    terminal.line("typed secret");
    terminal.expect("Passphrase: ");
    assert!(!terminal.echoes());
    terminal.line("typed passphrase");
    terminal.expect("The same again: ");
    terminal.line("typed passphrase");
    terminal.expect("The link works once until ");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.echoes() && !terminal.screen().contains("typed"), "{:?}", terminal.screen());
    let link = link(&desk, &terminal.screen());
    let read = desk.run(&["get", &link, "--passphrase-fd", "0"], b"typed passphrase");
    assert_eq!(read.done(), "typed secret");
}

#[test]
fn passphrases_that_differ_share_nothing() {
    let desk = Desk::new();
    let mut terminal = start(&desk, &["share", "--passphrase"]);
    terminal.expect(SECRET);
    terminal.line("secret");
    terminal.expect("Passphrase: ");
    terminal.line("one");
    terminal.expect("The same again: ");
    terminal.line("two");
    terminal.expect("the two passphrases differ");
    assert_eq!(terminal.end(), 65);
    assert!(!terminal.screen().contains("/secret/"));
}

#[test]
fn the_passphrase_is_asked_for_on_the_terminal_while_the_secret_comes_from_a_pipe() {
    let desk = Desk::new();
    let script = format!("printf piped | {} share --passphrase", env!("CARGO_BIN_EXE_tellonce"));
    let mut command = std::process::Command::new("setsid");
    command.args(["sh", "-c", &script]).env("PATH", "/usr/bin:/bin").env("TELLONCE_SERVER", desk.url());
    command.current_dir(desk.path(""));
    let mut terminal = Terminal::start(&command);
    terminal.expect("Passphrase: ");
    terminal.line("right");
    terminal.expect("The same again: ");
    terminal.line("right");
    assert_eq!(terminal.end(), 0);
    let read = desk.run(&["get", &link(&desk, &terminal.screen()), "--passphrase-fd", "0"], b"right");
    assert_eq!(read.done(), "piped");
}

#[test]
fn a_secret_is_not_read_before_its_reader_says_yes() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello" }));
    for answer in ["", "n", "no", "maybe"] {
        let mut terminal = start(&desk, &["get", &desk.link(&made)]);
        terminal.expect(READ_NOW);
        assert!(terminal.echoes());
        terminal.line(answer);
        terminal.expect("the secret was not read");
        assert_eq!(terminal.end(), 1, "{answer}");
    }
    let mut terminal = start(&desk, &["get", &desk.link(&made)]);
    terminal.expect(READ_NOW);
    terminal.line("y");
    // A terminal gets a newline that the secret does not have.
    terminal.expect("y\r\nhello\r\n");
    assert_eq!(terminal.end(), 0);
    let again = desk.conceal(json!({ "secret": "hello" }));
    let mut terminal = start(&desk, &["get", "--yes", &desk.link(&again)]);
    terminal.expect("hello\r\n");
    assert_eq!((terminal.end(), terminal.screen().as_str()), (0, "hello\r\n"));
}

#[test]
fn a_wrong_passphrase_may_be_typed_again() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello", "passphrase": "right" }));
    let mut terminal = start(&desk, &["get", &desk.link(&made), "-o", "out"]);
    terminal.expect(READ_NOW);
    terminal.line("yes");
    for wrong in ["wrong", "Right"] {
        terminal.expect("Passphrase: ");
        assert!(!terminal.echoes());
        terminal.line(wrong);
        terminal.expect("the passphrase is not right; the secret is still there");
    }
    terminal.expect("Passphrase: ");
    terminal.line("right");
    assert_eq!(terminal.end(), 0);
    assert_eq!(fs::read(desk.path("out")).expect("a file"), b"hello");
    assert_eq!(desk.record(&made)["state"], "revealed");
}

#[test]
fn an_interrupt_leaves_the_terminal_as_it_was_and_the_secret_where_it_is() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello", "passphrase": "right" }));
    let mut terminal = start(&desk, &["get", "--yes", &desk.link(&made), "-o", "out"]);
    terminal.expect("Passphrase: ");
    assert!(!terminal.echoes());
    terminal.press("half\u{3}");
    assert_eq!(terminal.end(), 130);
    assert!(terminal.echoes() && !terminal.screen().contains("half"), "{:?}", terminal.screen());
    assert!(!desk.path("out").exists());
    assert_eq!(desk.record(&made)["state"], "new");
    let mut terminal = start(&desk, &["share"]);
    terminal.expect(SECRET);
    // The end of input instead of a line.
    terminal.press("\u{4}");
    terminal.expect("nothing was answered");
    assert_eq!(terminal.end(), 1);
    assert!(terminal.echoes());
}

#[test]
fn a_line_that_the_terminal_cuts_is_refused() {
    let desk = Desk::new();
    let mut terminal = start(&desk, &["share"]);
    terminal.expect(SECRET);
    terminal.line(&"x".repeat(5000));
    terminal.expect("the terminal cuts a line of that length: use a file or a pipe instead");
    assert_eq!(terminal.end(), 65);
}

#[test]
fn burning_asks_first() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello", "passphrase": "right" }));
    for (answer, code, state) in [("n", 1, "new"), ("y", 0, "burned")] {
        let mut terminal = start(&desk, &["burn", &desk.receipt(&made)]);
        terminal.expect("Nobody will be able to read this secret any more. Burn it? [y/N] ");
        terminal.line(answer);
        if answer == "y" {
            terminal.expect("Passphrase: ");
            terminal.line("wrong");
            terminal.expect("the passphrase is not right");
            terminal.expect("Passphrase: ");
            terminal.line("right");
            terminal.expect("Burned.");
        }
        assert_eq!((terminal.end(), &desk.record(&made)["state"]), (code, &json!(state)));
    }
}

#[test]
fn logging_in_asks_for_what_is_missing() {
    let desk = Desk::new();
    let token = desk.log_in().token;
    fs::remove_file(desk.config()).expect("a file");
    let mut command = desk.bare_command();
    command.arg("login");
    let mut terminal = Terminal::start(&command);
    terminal.expect("Server, such as https://secrets.example: ");
    terminal.line(&desk.url());
    terminal.expect("Account, an e-mail address: ");
    terminal.line(FRANK);
    terminal.expect("API token: ");
    assert!(!terminal.echoes());
    terminal.line(&token);
    terminal.expect("The server knows this account; it is kept in ");
    assert_eq!(terminal.end(), 0);
    assert!(!terminal.screen().contains(&token));
    assert_eq!(fs::metadata(desk.config()).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(desk.config()).expect("a file").contains(&token));
}

#[test]
fn a_secret_cannot_control_the_terminal_of_its_reader() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "a\u{1b}]0;owned\u{7}b\u{9b}2J\tc\n" }));
    let mut terminal = start(&desk, &["get", "--yes", &desk.link(&made)]);
    terminal.expect("a\\u{1b}]0;owned\\u{7}b\\u{9b}2J\tc\r\n");
    terminal.expect("warning:");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn colours_follow_the_wish_for_none() {
    let desk = Desk::new();
    let screen = |variables: &[(&str, &str)]| {
        let mut command = desk.command();
        command.args(["share", "--qr", "nowhere"]).envs(variables.iter().copied());
        let mut terminal = Terminal::start(&command);
        assert_eq!(terminal.end(), 64);
        terminal.screen()
    };
    assert!(screen(&[]).starts_with("\u{1b}[1;31mtellonce:\u{1b}[0m there is no such file"));
    assert!(screen(&[("NO_COLOR", "")]).contains('\u{1b}'));
    for variables in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert!(screen(&[variables]).starts_with("tellonce: there is no such file"));
    }
    fs::write(desk.path("text"), "hello").expect("a file");
    for (variables, is_coloured) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let mut command = desk.command();
        command.args(["share", "--qr", "text"]).envs(variables.iter().copied());
        let mut terminal = Terminal::start(&command);
        assert_eq!(terminal.end(), 0);
        let screen = terminal.screen();
        assert!(screen.contains('▀') && screen.contains('\u{1b}') == is_coloured, "{screen:?}");
    }
}

#[test]
fn what_takes_long_is_told_in_a_terminal_and_nowhere_else() {
    let desk = Desk::new();
    let reply = r#"{"message": "Busy"}"#;
    let reply = format!("HTTP/1.1 503 Unavailable\r\nContent-Length: {}\r\n\r\n{reply}", reply.len());
    let server = Stranger::answering(&reply, Duration::from_millis(2500));
    fs::write(desk.path("text"), "hello").expect("a file");
    let mut terminal = start(&desk, &["share", "text", "--server", &server.url()]);
    terminal.expect("\rSending the secret … 1 s");
    terminal.expect("\rSending the secret … 2 s");
    // The line is wiped before anything else appears on it.
    terminal.expect(&format!("\r{}\r", " ".repeat("Sending the secret … 2 s".chars().count())));
    terminal.expect("Busy");
    assert_eq!(terminal.end(), 75);
    let piped = desk.run(&["share", "text", "--server", &server.url()], b"");
    assert_eq!(piped.err, "tellonce: the server refuses (503): Busy\n");
    // What is quick is not told at all.
    let mut terminal = start(&desk, &["share", "text"]);
    assert_eq!(terminal.end(), 0);
    assert!(!terminal.screen().contains('…'), "{:?}", terminal.screen());
}

#[test]
fn waiting_for_a_pipe_is_told_once() {
    let desk = Desk::new();
    let script = format!("(sleep 2.5; printf piped) | {} share", env!("CARGO_BIN_EXE_tellonce"));
    let mut command = std::process::Command::new("setsid");
    command.args(["sh", "-c", &script]).env("PATH", "/usr/bin:/bin").env("TELLONCE_SERVER", desk.url());
    command.current_dir(desk.path(""));
    let mut terminal = Terminal::start(&command);
    terminal.expect("Waiting for the secret …\r\n");
    assert_eq!(terminal.end(), 0);
    assert_eq!(terminal.screen().matches('…').count(), 1);
    link(&desk, &terminal.screen());
}

#[test]
fn a_secret_that_another_reads_first_is_gone_and_leaves_no_file() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello" }));
    let mut terminal = start(&desk, &["get", &desk.link(&made), "-o", "out"]);
    terminal.expect(READ_NOW);
    let reveal = Request::post(&format!("/api/v1/secret/{}", made.secret));
    desk.server.send(&reveal).expect(200);
    terminal.line("y");
    terminal.expect("unknown secret");
    assert_eq!(terminal.end(), 1);
    assert!(!desk.path("out").exists());
}

#[test]
fn a_restore_says_how_many_secrets_it_ends_and_asks() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("backup"));
    let mut process = Process::start(&data, &[]);
    for _ in 0..3 {
        process
            .send(&Request::post("/api/v2/secret/conceal").json(&json!({ "secret": { "secret": "x" } })))
            .ok();
    }
    assert!(process.terminate().success());
    let command = |name: &str| {
        let mut command = std::process::Command::new("setsid");
        command.arg(env!("CARGO_BIN_EXE_tellonce")).arg(name).arg(&file).arg("--data").arg(&data);
        command.env_clear().current_dir(folder.path());
        command
    };
    assert!(command("backup").status().expect("the program runs").success());
    let database = data.join("tellonce.db");
    let before = fs::read(&database).expect("the database");
    for (answer, code) in [("n", 1), ("", 1), ("y", 0)] {
        let mut terminal = Terminal::start(&command("restore"));
        terminal.expect("3 secrets live in it, and end with this.");
        terminal.expect("Replace it? [y/N] ");
        terminal.line(answer);
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        assert_eq!(fs::read(&database).expect("the database") == before, code == 1, "{answer}");
    }
    assert!(Process::start(&data, &[]).terminate().success());
}
