//! Someone's desk: a server, a home folder, and the program at hand.

use crate::support::process::program;
use crate::support::server::Made;
use crate::support::{Login, Process, Request};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub const FRANK: &str = "frank@example.com";

pub struct Desk {
    pub server: Process,
    folder: TempDir,
}

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code"),
            out: output.stdout,
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.out).expect("text")
    }

    /// Standard output of a command that did what it should, and had nothing to say about it.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        String::from_utf8(self.out).expect("text")
    }
}

impl Desk {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With these flags of the server.
    pub fn with(flags: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let all = [&["--log", "trace", "--passphrase-attempts-source", "0"], flags].concat();
        let server = Process::start(&folder.path().join("data"), &all);
        Self { server, folder }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// A path in the home folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("config/tellonce/config.toml")
    }

    /// The program at this desk, with the server named in the environment.
    pub fn command(&self) -> Command {
        let mut command = self.bare_command();
        command.env("TELLONCE_SERVER", self.url());
        command
    }

    /// The same without a server. It has no terminal, not even that of whoever runs the tests.
    pub fn bare_command(&self) -> Command {
        let mut command = Command::new("setsid");
        command
            .arg(env!("CARGO_BIN_EXE_tellonce"))
            .env_clear()
            .current_dir(self.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.path("config"));
        command
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command();
        command.args(arguments);
        finish(command, input)
    }

    /// Adds an account to the server and logs in.
    #[track_caller]
    pub fn log_in(&self) -> Login {
        let data = self.path("data");
        let added = program().args(["account", "add", FRANK, "--data"]).arg(data).output().expect("it runs");
        let token = String::from_utf8(added.stdout).expect("a token");
        assert_eq!(self.run(&["login", FRANK], token.as_bytes()).done(), "");
        Login { user: FRANK.into(), token: token.trim().into() }
    }

    /// Conceals with these parameters.
    #[track_caller]
    pub fn conceal(&self, secret: Value) -> Made {
        let body = json!({ "secret": secret });
        Made::of(&self.server.send(&Request::post("/api/v2/secret/conceal").json(&body)).ok())
    }

    pub fn link(&self, made: &Made) -> String {
        format!("{}/secret/{}", self.url(), made.secret)
    }

    pub fn receipt(&self, made: &Made) -> String {
        format!("{}/receipt/{}", self.url(), made.receipt)
    }

    /// The receipt object of v2.
    #[track_caller]
    pub fn record(&self, made: &Made) -> Value {
        self.server.send(&Request::get(&format!("/api/v2/receipt/{}", made.receipt))).ok()["record"].clone()
    }
}

/// Runs a command to its end. One that does not read all of its input is no mistake here.
#[track_caller]
pub fn finish(mut command: Command, input: &[u8]) -> Ran {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("the end");
    writer.join().expect("written");
    Ran::of(output)
}

/// The same text with `SERVER` for this server, `ID` for identifiers, and `TIME` for moments.
pub fn masked(text: &str, server: &str) -> String {
    let text = text.replace(server, "SERVER");
    let mut masked = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let word =
            rest.split(|character: char| !character.is_ascii_lowercase() && !character.is_ascii_digit());
        let word = word.into_iter().next().unwrap_or_default();
        if rest.get(..20).is_some_and(is_moment) {
            masked.push_str("TIME");
            rest = &rest[20..];
        } else if word.len() == 31 {
            masked.push_str("ID");
            rest = &rest[31..];
        } else if word.is_empty() {
            masked.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            masked.push_str(word);
            rest = &rest[word.len()..];
        }
    }
    masked
}

fn is_moment(text: &str) -> bool {
    let form = "dddd-dd-dd dd:dd UTC";
    text.is_ascii()
        && form
            .bytes()
            .zip(text.bytes())
            .all(|(form, byte)| if form == b'd' { byte.is_ascii_digit() } else { form == byte })
}
