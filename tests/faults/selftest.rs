//! The self-test: it passes, and it fails loudly where a protection is off.

use crate::kit::finish;
use crate::support::process::program;
use crate::support::server::{START, policy};
use rusqlite::Connection;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use tellonce::error::Error;
use tellonce::secret::{Plaintext, ReceiptId, SecretId};
use tellonce::selftest::{self, Genuine, Links, Subject};
use tellonce::time::{Timestamp, Ttl};
use tempfile::TempDir;
use zeroize::Zeroizing;

#[test]
fn the_selftest_proves_five_promises_and_leaves_nothing_behind() {
    let folder = TempDir::new().expect("a folder");
    let mut command = program();
    command.args(["selftest", "--dir"]).arg(folder.path());
    let ended = finish(command).expect(0);
    let names: Vec<&str> = ended.stdout.lines().filter_map(|line| line.strip_prefix("ok      ")).collect();
    assert_eq!(names.len(), 5, "{ended:?}");
    for (line, name) in names.iter().zip(["race", "wrong passphrase", "residue", "clock", "restart"]) {
        assert!(line.starts_with(&format!("{name}: ")), "{line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

/// A protection that is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// What was revealed is remembered, and given out again.
    RevealsTwice,
    /// Whatever passphrase is given, the right one is used.
    TakesAnyPassphrase,
    /// The shares of what has ended are put back into the file.
    KeepsShares,
    /// What has expired is never erased.
    NeverSweeps,
    /// The clock stands still.
    IgnoresTheClock,
    /// Only the wall clock counts, so a jump of it is time that passes.
    BelievesTheWallClock,
    /// A restart begins with nothing.
    Forgets,
    /// Nothing is on the disk before a restart but how all began.
    Resurrects,
}

/// The genuine core with one protection off.
struct Broken {
    genuine: Genuine,
    fault: Fault,
    passphrases: Mutex<HashMap<String, String>>,
    revealed: Mutex<HashMap<String, String>>,
    /// What an operator must not have: a copy of the files while secrets lived in them.
    copies: TempDir,
}

impl Broken {
    fn start(folder: &Path, fault: Fault) -> Self {
        let genuine = Genuine::start(folder, policy(), Timestamp::from_unix(START)).expect("a database");
        Self::of(genuine, fault)
    }

    fn of(genuine: Genuine, fault: Fault) -> Self {
        let copies = TempDir::new().expect("a folder");
        Self { genuine, fault, passphrases: Mutex::default(), revealed: Mutex::default(), copies }
    }

    fn database(&self) -> Connection {
        Connection::open(self.folder().join("tellonce.db")).expect("the database")
    }

    /// Does this without an effect on any slot's share.
    fn keeping_shares<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.fault != Fault::KeepsShares {
            return work();
        }
        let database = self.database();
        let shares: Vec<(i64, Vec<u8>)> = {
            let mut query = database.prepare("SELECT id, share FROM slots WHERE used = 1").expect("slots");
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
            rows.map(|row| row.expect("a slot")).collect()
        };
        let done = work();
        for (id, share) in shares {
            database.execute("UPDATE slots SET share = ?2 WHERE id = ?1", (id, share)).expect("put back");
        }
        done
    }
}

impl Subject for Broken {
    fn conceal(&self, text: &str, passphrase: Option<&str>, ttl: Ttl) -> Result<Links, Error> {
        let links = self.genuine.conceal(text, passphrase, ttl)?;
        if let Some(passphrase) = passphrase {
            let id = links.secret.as_str().to_owned();
            self.passphrases.lock().expect("passphrases").insert(id, passphrase.to_owned());
        }
        if self.fault == Fault::Resurrects {
            let to = self.copies.path().join("tellonce.db");
            let _ = std::fs::remove_file(&to);
            self.database().execute("VACUUM INTO ?1", [to.to_str()]).expect("a copy");
        }
        Ok(links)
    }

    fn reveal(&self, id: &SecretId, passphrase: Option<&str>) -> Result<Option<Plaintext>, Error> {
        let passphrases = self.passphrases.lock().expect("passphrases");
        let right = passphrases.get(id.as_str()).filter(|_| self.fault == Fault::TakesAnyPassphrase);
        let right = right.cloned();
        drop(passphrases);
        let read = self.keeping_shares(|| self.genuine.reveal(id, right.as_deref().or(passphrase)))?;
        if self.fault != Fault::RevealsTwice {
            return Ok(read);
        }
        let mut revealed = self.revealed.lock().expect("what was revealed");
        if let Some(read) = &read {
            revealed.insert(id.as_str().to_owned(), read.expose().to_owned());
        }
        let again = revealed.get(id.as_str()).cloned();
        Ok(again.and_then(|text| Plaintext::new(Zeroizing::new(text))))
    }

    fn burn(&self, id: &ReceiptId) -> Result<(), Error> {
        self.keeping_shares(|| self.genuine.burn(id))
    }

    fn sweep(&self) -> Result<(), Error> {
        if self.fault == Fault::NeverSweeps { Ok(()) } else { self.genuine.sweep() }
    }

    fn advance(&self, seconds: i64) {
        if self.fault != Fault::IgnoresTheClock {
            self.genuine.advance(seconds);
        }
    }

    fn step_wall(&self, seconds: i64) {
        match self.fault {
            Fault::IgnoresTheClock => {}
            Fault::BelievesTheWallClock => self.genuine.advance(seconds),
            _ => self.genuine.step_wall(seconds),
        }
    }

    fn folder(&self) -> &Path {
        self.genuine.folder()
    }

    fn crash(self) -> Result<Self, Error> {
        let fault = self.fault;
        if fault == Fault::Forgets {
            let empty = self.copies.path().join("empty");
            std::fs::create_dir(&empty).expect("a folder");
            return Ok(Self { copies: self.copies, ..Self::start(&empty, fault) });
        }
        if fault == Fault::Resurrects {
            let key = self.folder().join("tellonce.key");
            std::fs::copy(key, self.copies.path().join("tellonce.key")).expect("the key");
            return Ok(Self { genuine: Self::start(self.copies.path(), fault).genuine, ..self });
        }
        Ok(Self::of(self.genuine.crash()?, fault))
    }
}

/// The checks that fail on a core with this fault.
fn failed(fault: Fault) -> Vec<&'static str> {
    let folder = TempDir::new().expect("a folder");
    let count = std::cell::Cell::new(0);
    let trials = selftest::run(|| {
        count.set(count.get() + 1);
        let own = folder.path().join(count.get().to_string());
        std::fs::create_dir(&own).expect("a folder");
        Ok(Broken::start(&own, fault))
    });
    let failed = trials.iter().filter_map(|trial| Some((trial.name, trial.outcome.as_ref().err()?)));
    failed
        .map(|(name, failure)| {
            assert!(!failure.to_string().contains("could not be made"), "{fault:?}, {name}: {failure}");
            name
        })
        .collect()
}

#[test]
fn each_protection_that_is_off_is_found_by_the_check_that_is_for_it() {
    let expected = [
        (Fault::RevealsTwice, &["race", "wrong passphrase", "restart"][..]),
        (Fault::TakesAnyPassphrase, &["wrong passphrase"]),
        (Fault::KeepsShares, &["residue"]),
        (Fault::NeverSweeps, &["residue"]),
        (Fault::IgnoresTheClock, &["residue", "clock"]),
        (Fault::BelievesTheWallClock, &["clock"]),
        (Fault::Forgets, &["restart"]),
        (Fault::Resurrects, &["restart"]),
    ];
    std::thread::scope(|scope| {
        for (fault, expected) in expected {
            scope.spawn(move || assert_eq!(failed(fault), expected, "{fault:?}"));
        }
    });
}
