//! Damaged files: whatever has happened to the bytes, no link ever opens to something else, nothing
//! hangs, and nothing crashes.

use crate::kit::{Dice, size};
use crate::support::server::{START, anyone, policy};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use tellonce::app::{App, Policy, Wishes};
use tellonce::error::StartError;
use tellonce::keyfile::KeySource;
use tellonce::secret::SecretId;
use tellonce::store::Role;
use tellonce::time::{Clock, Timestamp};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

const SECRETS: usize = 20;
const PAGE: usize = 4096;
/// How long one damaged file may keep a server busy.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Hidden {
    id: SecretId,
    text: String,
    passphrase: Option<&'static str>,
}

impl Hidden {
    fn passphrase(&self) -> Option<Zeroizing<String>> {
        self.passphrase.map(|text| Zeroizing::new(text.into()))
    }
}

/// The files of a server that has done a little of everything.
struct Whole {
    key: Vec<u8>,
    /// Without a log.
    closed: Vec<u8>,
    /// With one, which holds all that happened.
    running: [Vec<u8>; 2],
    secrets: Vec<Hidden>,
}

/// A folder in memory, where that can be: each trial commits dozens of times, and what a disk adds to that
/// is not the matter here.
fn folder_in_memory() -> TempDir {
    let made = tempfile::Builder::new().tempdir_in("/dev/shm");
    made.or_else(|_| TempDir::new()).expect("a folder")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn open(folder: &Path) -> Result<App, StartError> {
    let key = KeySource::File { path: folder.join("tellonce.key"), may_create: true };
    // The program ends here; a test goes on, and the writer answers nobody any more.
    let fatal = Box::new(|_: &str| ());
    let clock = Clock::manual(Timestamp::from_unix(START));
    let policy = Policy { min_free_disk: 0, ..policy() };
    App::open(&folder.join("tellonce.db"), &key, Role::Server, policy, clock, fatal).map(|opened| opened.app)
}

impl Whole {
    fn new() -> Self {
        let folder = folder_in_memory();
        let file = |name: &str| fs::read(folder.path().join(name)).expect("a file");
        let (app, runtime) = (open(folder.path()).expect("a database"), runtime());
        let mut secrets: Vec<Hidden> = (0..SECRETS).map(|number| conceal(&app, &runtime, number)).collect();
        // Some have ended, so that there is room in the middle.
        for gone in secrets.iter().skip(1).step_by(4) {
            runtime.block_on(app.reveal(&gone.id, gone.passphrase(), None, &anyone())).expect("revealed");
        }
        secrets =
            secrets.into_iter().enumerate().filter(|(number, _)| number % 4 != 1).map(|(_, it)| it).collect();
        let running = [file("tellonce.db"), file("tellonce.db-wal")];
        assert!(running[1].len() > 30 * PAGE, "the log was emptied too early");
        drop(app);
        Self { key: file("tellonce.key"), closed: file("tellonce.db"), running, secrets }
    }

    fn lay_out(&self, folder: &Path, database: &[u8], log: Option<&[u8]>) {
        crate::keys::write_key(&folder.join("tellonce.key"), &self.key);
        fs::write(folder.join("tellonce.db"), database).expect("written");
        if let Some(log) = log {
            fs::write(folder.join("tellonce.db-wal"), log).expect("written");
        }
    }
}

fn conceal(app: &App, runtime: &Runtime, number: usize) -> Hidden {
    let length = [10, 40, 300, 5_000, 20_000][number % 5];
    let text = format!("secret {number} ").repeat(length / 10 + 1);
    let passphrase = number.is_multiple_of(3).then_some("right");
    let wishes =
        Wishes { passphrase: passphrase.map(|text| Zeroizing::new(text.into())), ..Wishes::default() };
    let caller = anyone();
    let concealed = app.conceal(Some(Zeroizing::new(text.clone())), wishes, &caller);
    Hidden { id: runtime.block_on(concealed).expect("a receipt").secret, text, passphrase }
}

/// What became of the secrets of one damaged folder.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    refused: usize,
    opened: usize,
    lost: usize,
    wrong: usize,
}

impl std::ops::AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.refused += other.refused;
        self.opened += other.opened;
        self.lost += other.lost;
        self.wrong += other.wrong;
    }
}

/// Opens a damaged folder and follows every link, in a thread of its own: `None` if that does not end.
fn try_out(folder: TempDir, secrets: Vec<Hidden>) -> Option<Outcome> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut outcome = Outcome::default();
        match open(folder.path()) {
            Err(_) => outcome.refused = 1,
            Ok(app) => {
                let runtime = runtime();
                for hidden in &secrets {
                    let revealed =
                        runtime.block_on(app.reveal(&hidden.id, hidden.passphrase(), None, &anyone()));
                    match revealed {
                        Ok(revealed) if revealed.content.expose() == hidden.text => outcome.opened += 1,
                        Ok(_) => outcome.wrong += 1,
                        Err(_) => outcome.lost += 1,
                    }
                }
                // What housekeeping makes of it.
                let _ = runtime.block_on(app.sweep());
            }
        }
        let _ = sender.send(outcome);
    });
    receiver.recv_timeout(PATIENCE).ok()
}

/// Does something bad to these bytes, and says what.
fn spoil(bytes: &mut Vec<u8>, dice: &mut Dice) -> &'static str {
    let pages = bytes.len() / PAGE;
    match dice.below(7) {
        0 => {
            for _ in 0..=dice.below(8) {
                let place = dice.below(bytes.len());
                bytes[place] ^= 1 << dice.below(8);
            }
            "flipped bits"
        }
        1 => {
            let page = PAGE * dice.below(pages);
            bytes[page..page + PAGE].fill(0);
            "a page of zeros"
        }
        2 => {
            bytes.truncate(dice.below(bytes.len()));
            "cut short"
        }
        3 => {
            let (from, to) = (PAGE * dice.below(pages), PAGE * dice.below(pages));
            bytes.copy_within(from..from + PAGE, to);
            "a page in the place of another"
        }
        4 => {
            let place = dice.below(bytes.len() - 64);
            for byte in &mut bytes[place..place + 64] {
                *byte = u8::try_from(dice.below(256)).expect("a byte");
            }
            "random bytes"
        }
        // Headers of pages, where a change goes furthest.
        5 => {
            let place = PAGE * dice.below(pages) + dice.below(16);
            bytes[place] = u8::try_from(dice.below(256)).expect("a byte");
            "the header of a page"
        }
        _ => {
            let place = dice.below(100);
            bytes[place] = u8::try_from(dice.below(256)).expect("a byte");
            "the header of the file"
        }
    }
}

/// Damage that SQLite cannot see: rows and parts of them in the places of others.
const TRANSPLANTS: [&str; 10] = [
    "UPDATE secrets SET box = (SELECT o.box FROM secrets o WHERE o.id <> secrets.id ORDER BY o.id DESC LIMIT 1)",
    "UPDATE secrets SET slot_id = (SELECT max(slot_id) FROM secrets)",
    "UPDATE slots SET share = (SELECT share FROM slots WHERE used = 1 LIMIT 1)",
    "UPDATE secrets SET check_value = (SELECT check_value FROM secrets ORDER BY id DESC LIMIT 1), box = (SELECT box FROM secrets ORDER BY id DESC LIMIT 1)",
    "UPDATE secrets SET lookup = (SELECT lookup FROM secrets ORDER BY id DESC LIMIT 1)",
    "UPDATE secrets SET expires_at = expires_at + 1",
    "UPDATE secrets SET key_id = key_id + 1",
    "UPDATE secrets SET box = CAST(substr(box, 1, 5) || x'00' || substr(box, 7) AS BLOB)",
    "UPDATE secrets SET box = CAST(substr(box, 1, length(box) - 1) || x'00' AS BLOB)",
    "UPDATE secrets SET salt = (SELECT salt FROM secrets WHERE salt IS NOT NULL ORDER BY id DESC LIMIT 1) WHERE salt IS NOT NULL",
];

#[test]
fn whatever_happens_to_the_files_no_link_opens_to_something_else() {
    let mut dice = Dice::thrown("damage");
    let whole = Whole::new();
    let mut total = Outcome::default();
    for number in 0..size(400, 10_000) + size(100, 2_000) {
        let folder = folder_in_memory();
        let what = if number < size(400, 10_000) {
            let mut database = whole.closed.clone();
            let what = spoil(&mut database, &mut dice);
            whole.lay_out(folder.path(), &database, None);
            what
        } else {
            let [database, mut log] = whole.running.clone();
            let what = spoil(&mut log, &mut dice);
            whole.lay_out(folder.path(), &database, Some(&log));
            what
        };
        let outcome = try_out(folder, whole.secrets.clone());
        let outcome = outcome.unwrap_or_else(|| panic!("number {number} hangs, {dice:?}: {what}"));
        assert_eq!(outcome.wrong, 0, "number {number}, {dice:?}: {what}");
        total += outcome;
    }
    println!("{total:?}");
    assert!(total.refused > 0 && total.opened > 0 && total.lost > 0, "too little happened: {total:?}");
}

#[test]
fn rows_in_the_places_of_others_never_open() {
    let whole = Whole::new();
    let untouched = folder_in_memory();
    whole.lay_out(untouched.path(), &whole.closed, None);
    let outcome = try_out(untouched, whole.secrets.clone()).expect("an end");
    assert_eq!(outcome.opened, whole.secrets.len(), "what is whole opens: {outcome:?}");
    for sql in TRANSPLANTS {
        let folder = folder_in_memory();
        whole.lay_out(folder.path(), &whole.closed, None);
        let database = Connection::open(folder.path().join("tellonce.db")).expect("a database");
        let changed =
            database.execute_batch("PRAGMA foreign_keys = OFF").and_then(|()| database.execute(sql, []));
        assert!(changed.expect("a change") > 1, "{sql}");
        drop(database);
        let outcome = try_out(folder, whole.secrets.clone()).expect("an end");
        assert_eq!(outcome.wrong, 0, "{sql}");
        // One row may be its own donor; a salt concerns only those with a passphrase.
        let spared = if sql.contains("salt") { whole.secrets.len() * 2 / 3 + 1 } else { 1 };
        assert!(outcome.opened <= spared, "{sql}: {outcome:?}");
    }
}
