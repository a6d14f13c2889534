//! The real program as its own process, in a folder of its own.

use super::http::{Client, Reply, Request};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tellonce::config::process_variable;

/// How long a server may take to start or to stop before a test gives it up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tellonce"));
    command.env_clear();
    // Where tests/health/coverage wants to be told what the program ran.
    command.envs(process_variable("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)));
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
    stdout: BufReader<ChildStdout>,
    pub address: SocketAddr,
    pub log: PathBuf,
}

impl Process {
    /// Starts a server on this folder and waits until it is ready. Its log is appended to
    /// `server.log` beside the folder.
    #[track_caller]
    pub fn start(data: &Path, flags: &[&str]) -> Self {
        Self::try_start(data, flags).unwrap_or_else(|status| {
            let log = std::fs::read_to_string(data.with_extension("server.log")).unwrap_or_default();
            panic!("the server ended, {status}: {}", log.lines().last().unwrap_or_default())
        })
    }

    /// As [`Process::start`], or the exit status of a server that refuses.
    pub fn try_start(data: &Path, flags: &[&str]) -> Result<Self, ExitStatus> {
        let mut command = program();
        command.arg("serve").args(flags);
        Self::try_spawn(command, data)
    }

    /// Adds to this command what makes it a server on this folder that tells its address, and waits
    /// until it is ready.
    pub fn try_spawn(mut command: Command, data: &Path) -> Result<Self, ExitStatus> {
        let log = data.with_extension("server.log");
        let lines = File::options().create(true).append(true).open(&log).expect("a log file");
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--ready-fd", "1", "--data"])
            .arg(data)
            // All of a test's callers are one source. Where limits matter, `--limits on` beats this.
            .env("TELLONCE_LIMITS", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(lines)
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("a pipe");
        let Some((line, stdout)) = first_line(stdout) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the server neither became ready nor ended");
        };
        match line.trim().split_once("://").and_then(|(_, address)| address.parse().ok()) {
            Some(address) => Ok(Self { child, stdout, address, log }),
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

    /// Where it tells its metrics and its health, if it was started with `--metrics-listen`.
    #[track_caller]
    pub fn watch_address(&self) -> SocketAddr {
        let log = self.log_text();
        let line = log.lines().find(|line| line.contains("metrics and health")).expect("a line of the log");
        let (_, url) = line.split_once("http://").expect("an address");
        url.trim_matches(['"', ' ']).parse().expect("an address")
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
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("an exit status") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What a server that has ended printed on standard output after its address.
    pub fn rest_of_stdout(&mut self) -> String {
        let mut text = String::new();
        let _ = self.stdout.read_to_string(&mut text);
        text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The first line that a child prints, empty if it prints none; `None` if it takes too long.
fn first_line(stdout: ChildStdout) -> Option<(String, BufReader<ChildStdout>)> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut line, mut stdout) = (String::new(), BufReader::new(stdout));
        let _ = stdout.read_line(&mut line);
        let _ = sender.send((line, stdout));
    });
    receiver.recv_timeout(PATIENCE).ok()
}
