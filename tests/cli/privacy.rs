//! Nothing secret is left where others look: lists of processes, cores, chatty output, logs.

use crate::desk::Desk;
use crate::stranger::Stranger;
use crate::support::Request;
use crate::terminal::Terminal;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CANARY: &str = "canary-secret";
const PASSPHRASE: &str = "canary-passphrase";
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until this holds.
#[track_caller]
fn soon(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A program that may leave cores, if the machine lets any.
fn with_cores(desk: &Desk, program: &str, arguments: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c $(ulimit -H -c); exec \"$0\" \"$@\"", program]).args(arguments);
    shell.env_clear().env("PATH", "/usr/bin:/bin").env("XDG_CONFIG_HOME", desk.path("config"));
    shell.current_dir(desk.path(""));
    shell
}

/// A client that has everything secret in hand and waits for its server.
fn waiting_client(desk: &Desk, server: &Stranger) -> Child {
    fs::write(desk.path("passphrase"), PASSPHRASE).expect("a file");
    let url = server.url();
    let share = ["share", "--passphrase-file", "passphrase", "--verbose", "--server", &url];
    let mut command = with_cores(desk, env!("CARGO_BIN_EXE_tellonce"), &share);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("a pipe").write_all(CANARY.as_bytes()).expect("written");
    soon("the request arrives", || !server.requests().is_empty());
    assert!(server.requests()[0].contains(CANARY) && server.requests()[0].contains(PASSPHRASE));
    child
}

#[test]
fn a_running_client_shows_nothing_secret_to_other_processes() {
    let desk = Desk::new();
    let token = desk.log_in().token;
    let server = Stranger::answering("", Duration::from_secs(60));
    let mut child = waiting_client(&desk, &server);
    for file in ["cmdline", "environ"] {
        // The environment of a closed process may not even be readable.
        let bytes = fs::read(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(file != "cmdline" || text.contains("share"), "{text}");
        for secret in [CANARY, PASSPHRASE, &token] {
            assert!(!text.contains(secret), "{file}: {text}");
        }
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("its limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
    child.kill().expect("killed");
    let output = child.wait_with_output().expect("the end");
    for secret in [CANARY, PASSPHRASE, &token] {
        assert!(!String::from_utf8_lossy(&output.stderr).contains(secret));
    }
}

#[test]
fn a_client_that_crashes_leaves_no_core() {
    let desk = Desk::new();
    let server = Stranger::answering("", Duration::from_secs(60));
    let mut child = waiting_client(&desk, &server);
    let sent = Command::new("kill").args(["-ABRT", &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    let status = child.wait().expect("the end");
    assert!(status.signal().is_some() && !status.core_dumped(), "{status:?}");
}

#[test]
fn verbose_output_tells_what_happens_and_nothing_secret() {
    let desk = Desk::new();
    let token = desk.log_in().token;
    fs::write(desk.path("passphrase"), PASSPHRASE).expect("a file");
    let mut told = String::new();
    let mut run = |arguments: &[&str], input: &[u8]| {
        let ran = desk.run(&[arguments, &["--verbose"]].concat(), input);
        told += &ran.err;
        ran.text().to_owned()
    };
    let passphrase = ["--passphrase-file", "passphrase"];
    let made =
        run(&[&["share", "--receipt", "--memo", "canary-memo"], &passphrase[..]].concat(), CANARY.as_bytes());
    let (link, receipt) = made.trim_end().split_once('\n').expect("two links");
    run(&["status", link], b"");
    run(&["status", receipt], b"");
    fs::write(desk.path("wrong"), "canary-wrong").expect("a file");
    run(&["get", link, "--passphrase-file", "wrong"], b"");
    assert_eq!(run(&[&["get", link], &passphrase[..]].concat(), b""), CANARY);
    run(&["burn", receipt], b"");
    run(&["recent"], b"");
    let value = run(&["generate", "--words", "6"], b"");
    let generated = run(&["generate"], b"");
    for route in [
        "> POST {}/api/v2/secret/conceal\n",
        "> POST {}/api/v2/secret/{id}/reveal\n",
        "> GET {}/api/v2/private/recent\n",
    ] {
        assert!(told.contains(&route.replacen("{}", &desk.url(), 1)), "{told}");
    }
    assert!(told.contains("\n< 200, "));
    let words = [value.lines().next(), generated.lines().next()].map(|line| line.expect("a value"));
    let id = |link: &str| link.rsplit('/').next().expect("an identifier").to_owned();
    for secret in ["canary", &token, &id(link), &id(receipt), words[0], words[1]] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[test]
fn a_link_need_not_be_an_argument() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello" }));
    let link = format!("{}\r\n", desk.link(&made));
    assert!(desk.run(&["status", "-"], link.as_bytes()).done().starts_with("state: new\n"));
    assert_eq!(desk.run(&["get", "-"], link.as_bytes()).done(), "hello");
    // Nor does it have to come from a pipe.
    let made = desk.conceal(json!({ "secret": "hello" }));
    let mut command = desk.command();
    command.args(["get", "--yes", "-"]);
    let mut terminal = Terminal::start(&command);
    terminal.line(&desk.link(&made));
    terminal.expect("hello");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn the_servers_log_learns_nothing_from_a_client() {
    let mut desk = Desk::new();
    let token = desk.log_in().token;
    let link = desk.run(&["share"], CANARY.as_bytes()).done();
    desk.run(&["get", link.trim_end()], b"").done();
    // The same by plain pipes.
    let put = Request::new("PUT", "/").header("Tellonce-Passphrase", PASSPHRASE).body(CANARY);
    let piped = desk.server.send(&put).expect(200).text();
    let path = piped.trim_end().strip_prefix(&desk.url()).expect("a link");
    let raw = Request::post(&format!("{path}/raw"));
    desk.server.send(&raw).expect(422);
    desk.server.send(&raw.header("Tellonce-Passphrase", PASSPHRASE)).expect(200);
    desk.server.terminate();
    let log = desk.server.log_text();
    assert!(log.contains("/api/v2/secret/{id}/reveal") && log.contains("/secret/{id}/raw"), "{log}");
    for secret in [
        CANARY,
        PASSPHRASE,
        &token,
        path.trim_start_matches("/secret/"),
        link.trim_end().rsplit('/').next().expect("an identifier"),
    ] {
        assert!(!log.contains(secret), "{log}");
    }
}
