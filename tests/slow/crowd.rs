//! A crowd of connections to the real program, each as slow as can be.

use crate::support::{Client, Process, Request, is_soak, p99};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a slow client may stay.
pub const STAY: Duration = Duration::from_secs(15);
/// Memory that a whole crowd may take,
const MEMORY: u64 = 128 << 20;
/// and how long others may have to wait meanwhile.
const WAIT: Duration = Duration::from_millis(250);
/// Open files that two crowds need at once.
const FILES: u64 = 6_000;
/// Between two bytes of a client that dribbles.
const PAUSE: Duration = Duration::from_secs(1);

/// A server of one's own.
pub struct Target {
    pub process: Process,
    _folder: TempDir,
}

impl Target {
    pub fn start(flags: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let process = Process::start(&folder.path().join("data"), flags);
        Self { process, _folder: folder }
    }

    /// A line of `/proc/PID/status`, in bytes.
    #[track_caller]
    pub fn memory(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("a running server");
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") << 10
    }

    /// What the processor has spent on it.
    #[track_caller]
    pub fn processor(&self) -> Duration {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("a running server");
        // The name may hold anything, up to its bracket; the times are the fourteenth field and the next.
        let (_, fields) = stat.rsplit_once(") ").expect("fields");
        let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    /// A number that it tells operators' programs.
    #[track_caller]
    pub fn metric(&self, name: &str) -> usize {
        let mut client = Client::at_door(self.process.watch_address()).expect("connected");
        let text = client.send(&Request::get("/metrics")).expect("a reply").text();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).expect("a number")
    }

    /// Sockets that the server has open.
    pub fn sockets(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).expect("a running server");
        let name = |file: std::io::Result<std::fs::DirEntry>| file.and_then(|file| file.path().read_link());
        let names = files.filter_map(|file| name(file).ok());
        names.filter(|name| name.to_string_lossy().starts_with("socket:")).count()
    }

    /// Makes a secret, and tells how long that took.
    #[track_caller]
    pub fn create(&self) -> Duration {
        let began = Instant::now();
        let body = json!({ "secret": { "secret": "hello" } });
        self.process.send(&Request::post("/api/v2/secret/conceal").json(&body)).expect(200);
        began.elapsed()
    }
}

/// Makes room for crowds.
#[track_caller]
pub fn open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    let most = limit.maximum;
    assert!(most.is_none_or(|most| most >= FILES), "needs {FILES} open files; `ulimit -Hn` says {most:?}");
    limit.current = most;
    setrlimit(Resource::Nofile, limit).expect("up to the limit");
}

/// What each of a crowd does.
pub struct Habit {
    /// What it sends first.
    pub opening: Vec<u8>,
    /// Whether it waits for an answer to that, once the whole crowd is there.
    pub listens: bool,
    /// What it sends after the answer.
    pub then: &'static [u8],
    /// What it goes on sending, a byte at a time.
    pub dribbles: Option<u8>,
}

/// Lets a crowd in and waits until the server has got rid of it, while others are served. The last
/// connection must be closed in time, all together must not take much memory, and others must not wait long.
#[track_caller]
pub fn outlasts(name: &str, count: usize, stay: Duration, habit: &Habit) {
    let target = Target::start(&["--limits", "off"]);
    for _ in 0..20 {
        target.create();
    }
    let sockets = at_rest(&target);
    let memory = target.memory("VmRSS");
    let mut crowd: Vec<_> = (0..count).map(|_| enter(&target, habit)).collect();
    let since = Instant::now();
    let full = all_inside(&target, sockets + count);
    for stream in crowd.iter_mut().filter(|_| habit.listens) {
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        assert!(head.starts_with(b"HTTP/1.1 "));
    }
    for stream in &mut crowd {
        // One that was already thrown out is no trouble.
        let _ = stream.write_all(habit.then);
        stream.set_nonblocking(true).expect("a socket");
    }
    // On a busy machine all may be gone by now.
    let mut waits = vec![target.create()];
    while target.sockets() > sockets {
        assert!(since.elapsed() <= stay, "{name}: {} of {count} are still there", target.sockets() - sockets);
        if let Some(byte) = habit.dribbles {
            crowd.retain_mut(|stream| is_welcome(stream.write(&[byte])));
        }
        let pause = Instant::now() + if habit.dribbles.is_some() { PAUSE } else { PAUSE / 10 };
        while Instant::now() < pause {
            waits.push(target.create());
            thread::sleep(PAUSE / if is_soak() { 50 } else { 10 });
        }
    }
    let growth = target.memory("VmHWM").saturating_sub(memory);
    let (creates, wait) = (waits.len(), p99(waits));
    eprintln!(
        "{name}: {count} ({full} at once) gone after {:?}, memory grew by {} KiB, p99 of {creates} creates {wait:?}",
        since.elapsed(),
        growth >> 10
    );
    assert!(growth <= MEMORY, "{name}: {growth} bytes");
    if is_soak() {
        assert!(full >= sockets + count && wait <= WAIT, "{name}: {full} of {count} at once, p99 {wait:?}");
    }
    target.create();
}

/// The sockets of a server that nobody is connected to.
fn at_rest(target: &Target) -> usize {
    let counts = (0..25).map(|_| {
        thread::sleep(PAUSE / 50);
        target.sockets()
    });
    counts.min().unwrap_or_default()
}

/// Waits until so many sockets are open, or the first of them are being closed, and returns how many
/// there were.
fn all_inside(target: &Target, all: usize) -> usize {
    let since = Instant::now();
    let mut most = 0;
    while most < all && since.elapsed() < STAY / 3 {
        most = most.max(target.sockets());
        target.create();
        thread::sleep(PAUSE / 50);
    }
    // On a busy machine the first are thrown out before the last have come.
    assert!(most > all / 10, "only {most} of {all} came in");
    most
}

fn enter(target: &Target, habit: &Habit) -> TcpStream {
    let mut stream = TcpStream::connect(target.process.address).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    stream.set_write_timeout(Some(Duration::from_secs(30))).expect("a socket");
    // What its own side of the connection holds is none of the server's.
    set_socket_recv_buffer_size(&stream, 4 << 10).expect("a socket");
    stream.write_all(&habit.opening).expect("sent");
    stream
}

fn is_welcome(written: std::io::Result<usize>) -> bool {
    written.map_or_else(|error| error.kind() == ErrorKind::WouldBlock, |_| true)
}
