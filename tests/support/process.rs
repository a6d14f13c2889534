//! The real program as its own process, in a folder of its own.

use super::http::{Client, Reply, Request};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

/// The program.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tellonce"));
    command.env_clear();
    command
}

/// Runs a command of the program to its end.
#[track_caller]
pub fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program runs")
}

/// A running server process. Killed when dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    pub log: PathBuf,
}

impl Process {
    /// Starts a server on this folder and waits until it is ready. Its log is appended to
    /// `server.log` beside the folder.
    #[track_caller]
    pub fn start(data: &Path, flags: &[&str]) -> Self {
        Self::try_start(data, flags).unwrap_or_else(|status| panic!("the server ended: {status}"))
    }

    /// As [`Process::start`], or the exit status of a server that refuses.
    pub fn try_start(data: &Path, flags: &[&str]) -> Result<Self, ExitStatus> {
        let log = data.with_extension("server.log");
        let lines = File::options().create(true).append(true).open(&log).expect("a log file");
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--ready-fd", "1", "--data"])
            .arg(data)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(lines)
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        match line.trim().strip_prefix("http://").and_then(|address| address.parse().ok()) {
            Some(address) => Ok(Self { child, address, log }),
            None => Err(child.wait().expect("an exit status")),
        }
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address).expect("connected")
    }

    /// Sends a request on a connection of its own.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Reply {
        self.connect().send(request).expect("a reply")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(&mut self) -> ExitStatus {
        let sent = Command::new("kill").args(["-TERM", &self.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        self.child.wait().expect("an exit status")
    }

    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
