//! What README says of the client holds.

use crate::desk::{Desk, finish};
use crate::support::process::run;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

fn readme() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    std::fs::read_to_string(path).expect("README")
}

#[test]
fn every_command_of_the_client_and_each_exit_code_is_in_it() {
    let readme = readme();
    for command in
        ["share", "generate", "get", "status", "burn", "recent", "login", "logout", "completions", "man"]
    {
        assert!(readme.contains(&format!("tellonce {command}")), "{command}");
        let help = run(&[command, "--help"]);
        assert!(help.status.success() && help.stderr.is_empty(), "{command}");
    }
    let help = String::from_utf8(run(&["--help"]).stdout).expect("text");
    let (_, codes) = help.split_once("Exit codes: ").expect("exit codes");
    for code in ["0", "1", "64", "65", "69", "73", "74", "75", "77", "78", "130"] {
        assert!(readme.contains(&format!("\n| {code} | ")), "{code}");
        let words: Vec<&str> = codes.split_whitespace().collect();
        assert!(words.contains(&code), "{code} in {codes}");
    }
}

/// What stands between two marks.
fn between(mark: &str) -> String {
    let readme = readme();
    let (_, rest) = readme.split_once(&format!("<!-- {mark} -->\n")).expect("the mark");
    rest.split_once(&format!("<!-- /{mark} -->")).expect("its end").0.to_owned()
}

/// Commands that print nothing when all is well.
const SILENT: [&str; 4] = ["login", "logout", "burn", "-o secret.txt"];

/// Runs each line of a block as a shell would, with fresh links in place of `LINK` and `RECEIPT`.
#[track_caller]
fn run_block(desk: &Desk, mark: &str) -> usize {
    let block = between(mark);
    let lines = block.lines().filter(|line| !line.starts_with("```"));
    let program = Path::new(env!("CARGO_BIN_EXE_tellonce")).parent().expect("a folder").display();
    let mut count = 0;
    for line in lines {
        let made = desk.conceal(json!({ "secret": "hello" }));
        fs::write(desk.path("link.txt"), desk.link(&made)).expect("a file");
        let line = line.replace("https://secrets.example", &desk.url());
        let line = line.replace("LINK", &desk.link(&made)).replace("RECEIPT", &desk.receipt(&made));
        let mut shell = Command::new("setsid");
        shell.args(["bash", "-o", "pipefail", "-c", &line]).env_clear().current_dir(desk.path(""));
        shell.env("PATH", format!("{program}:/usr/bin:/bin")).env("XDG_CONFIG_HOME", desk.path("config"));
        let ran = finish(shell, b"");
        let prints = !SILENT.iter().any(|word| line.contains(word));
        assert_eq!((ran.code, !ran.out.is_empty()), (0, prints), "{line}: {ran:?}");
        count += 1;
    }
    count
}

#[test]
fn every_command_that_it_shows_works() {
    let desk = Desk::new();
    let token = desk.log_in().token;
    desk.run(&["logout"], b"").done();
    fs::write(desk.path("token"), token).expect("a file");
    fs::write(desk.path("notes.txt"), "notes\n").expect("a file");
    fs::write(desk.path("photo.jpg"), b"\xff\xd8\xff").expect("a file");
    assert_eq!(run_block(&desk, "client"), 16);
    assert_eq!(fs::read(desk.path("secret.txt")).expect("a file"), b"hello");
    assert_eq!(run_block(&desk, "curl"), 3);
}
