//! What the stories about faults share.

use crate::support::process::{Process, program};
use crate::support::server::Made;
pub use crate::support::size;
use crate::support::{Login, Reply, Request};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tellonce::config::process_variable;
use tellonce::vault::Identifiers;
use tempfile::TempDir;

/// A data folder inside a folder that vanishes; the log lies beside it.
pub struct Folder {
    temporary: TempDir,
    pub data: PathBuf,
}

impl Folder {
    pub fn new() -> Self {
        let temporary = TempDir::new().expect("a folder");
        let data = temporary.path().join("data");
        Self { temporary, data }
    }

    /// A path beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.temporary.path().join(name)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.file("tellonce.db")
    }

    pub fn key(&self) -> PathBuf {
        self.file("tellonce.key")
    }

    /// The bytes in the write-ahead log; a log that is not there has none.
    pub fn log_bytes(&self) -> u64 {
        fs::metadata(self.file("tellonce.db-wal")).map_or(0, |metadata| metadata.len())
    }

    #[track_caller]
    pub fn start(&self) -> Process {
        Process::start(&self.data, &[])
    }

    /// The name and content of every file.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.data)
    }

    /// The database, opened so that it cannot be changed.
    pub fn open(&self) -> Connection {
        open(&self.database())
    }

    /// Its files as they lie there, copied and opened: a look that leaves the originals alone.
    pub fn open_copy(&self) -> (TempDir, Connection) {
        let copy = TempDir::new().expect("a folder");
        for name in ["tellonce.db", "tellonce.db-wal"] {
            if self.file(name).exists() {
                fs::copy(self.file(name), copy.path().join(name)).expect("a copy");
            }
        }
        let connection = Connection::open(copy.path().join("tellonce.db")).expect("a database");
        (copy, connection)
    }
}

/// The name and content of every file in a folder. One that vanishes meanwhile is left out.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file"));
    entries
        .filter_map(|entry| Some((entry.file_name().to_string_lossy().into(), fs::read(entry.path()).ok()?)))
        .collect()
}

pub fn open(database: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(database, flags).expect("a database")
}

/// What the database says about itself.
pub fn integrity(database: &Connection) -> String {
    database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict")
}

pub fn count(database: &Connection, sql: &str) -> usize {
    let count: i64 = database.query_row(sql, [], |row| row.get(0)).expect("a count");
    usize::try_from(count).expect("a count")
}

/// How this database finds its rows.
pub fn identifiers(database: &Connection) -> Identifiers {
    let sql = "SELECT mask_constant FROM meta";
    Identifiers::new(database.query_row(sql, [], |row| row.get(0)).expect("a constant"))
}

/// Looks again and again until something holds, and fails if it takes too long.
#[track_caller]
pub fn wait_until(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How a command of the program ended.
#[must_use]
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ended {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// A refusal: this exit code, within a second, and one sentence that holds each of these words.
    #[track_caller]
    pub fn refuses(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        // Every day the machine may be busy with other tests, and gets more time.
        assert!(self.took < Duration::from_secs(size(5, 1) as u64), "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert!(lines.len() == 1 && lines[0].starts_with("tellonce: "), "not one sentence: {self:?}");
        for word in words {
            assert!(lines[0].contains(word), "`{word}` is not in: {}", lines[0]);
        }
    }
}

/// Runs a command of the program to its end, which must come soon.
#[track_caller]
pub fn finish(mut command: Command) -> Ended {
    let began = Instant::now();
    let scratch = TempDir::new().expect("a folder");
    let (stdout, stderr) = (scratch.path().join("stdout"), scratch.path().join("stderr"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(fs::File::create(&stdout).expect("a file"))
        .stderr(fs::File::create(&stderr).expect("a file"))
        .spawn()
        .expect("the program starts");
    let status = loop {
        if let Some(status) = child.try_wait().expect("an exit status") {
            break status;
        }
        if began.elapsed() > Duration::from_secs(30) {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the command does not end: {}", fs::read_to_string(&stderr).unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let text = |path| fs::read_to_string(path).expect("text");
    Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr), took: began.elapsed() }
}

/// A command of the program, with its data folder.
pub fn command(name: &str, data: &Path, flags: &[&str]) -> Command {
    let mut command = program();
    command.arg(name).args(["--listen", "127.0.0.1:0"]).args(flags).arg("--data").arg(data);
    command
}

/// Adds an account, beside the server or without one.
#[track_caller]
pub fn account(folder: &Folder, user: &str) -> Login {
    let mut add = program();
    add.args(["account", "add", user, "--data"]).arg(&folder.data);
    Login { user: user.into(), token: finish(add).expect(0).stdout.trim().into() }
}

pub fn conceal(text: &str) -> Request {
    conceal_with(&json!({ "secret": text }))
}

pub fn conceal_with(secret: &Value) -> Request {
    Request::post("/api/v2/secret/conceal").json(&json!({ "secret": secret }))
}

pub fn reveal(made: &Made) -> Request {
    Request::post(&format!("/api/v2/secret/{}/reveal", made.secret)).json(&json!({ "continue": true }))
}

pub fn reveal_with(made: &Made, passphrase: &str) -> Request {
    Request::post(&format!("/api/v2/secret/{}/reveal", made.secret))
        .json(&json!({ "continue": true, "passphrase": passphrase }))
}

/// The same with the key of this reader, under which the reply may be fetched again.
pub fn with_key(request: Request, reader: usize) -> Request {
    request.header("Idempotency-Key", &format!("key-of-the-reader-{reader:020}"))
}

pub fn burn(made: &Made) -> Request {
    Request::post(&format!("/api/v2/receipt/{}/burn", made.receipt)).json(&json!({}))
}

pub fn receipt(made: &Made) -> Request {
    Request::get(&format!("/api/v2/receipt/{}", made.receipt))
}

/// The identifiers in the reply that made a secret, of either version.
#[track_caller]
pub fn made(reply: &Reply) -> Made {
    let body = reply.clone().ok();
    let text = |pointers: [&str; 2]| {
        let found = pointers.iter().find_map(|pointer| body.pointer(pointer).and_then(Value::as_str));
        found.unwrap_or_else(|| panic!("no identifier in {body}")).to_owned()
    };
    Made {
        secret: text(["/record/secret/identifier", "/secret_identifier"]),
        receipt: text(["/record/receipt/identifier", "/identifier"]),
    }
}

/// The state that a secret's receipt tells.
#[track_caller]
pub fn state(process: &Process, of: &Made) -> String {
    process.send(&receipt(of)).ok()["record"]["state"].as_str().expect("a state").to_owned()
}

/// Random choices that can be repeated: a failing test prints its seed.
pub struct Dice {
    state: u64,
}

impl Dice {
    /// Dice thrown anew each time, unless `TELLONCE_TEST_SEED` names the seed of an earlier run.
    pub fn thrown(test: &str) -> Self {
        let given = process_variable("TELLONCE_TEST_SEED").and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("{test}: to repeat this, set TELLONCE_TEST_SEED={seed}");
        Self { state: seed }
    }

    /// Dice of their own for another thread.
    pub fn split(&mut self) -> Self {
        Self { state: self.next() }
    }

    /// The generator `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("small")
    }

    /// A moment within this time.
    pub fn within(&mut self, time: Duration) -> Duration {
        Duration::from_nanos(self.next() % u64::try_from(time.as_nanos()).expect("a short time").max(1))
    }

    /// 64 hexadecimal digits: a root key.
    pub fn key(&mut self) -> String {
        let words = [(); 4].map(|()| format!("{:016x}", self.next()));
        words.concat()
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dice({})", self.state)
    }
}
