//! Erasure while rows of every size come and go: pages are split, joined and used again, and none of it
//! may leave the share of a secret that has ended.

use crate::kit::{Dice, Folder, burn, conceal, identifiers, made, reveal, size, wait_until};
use crate::residue::{Needles, send, shares, spread};
use crate::support::process::Process;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tellonce::secret::SecretId;

/// Secrets that are made together, and mostly ended together.
const WAVE: usize = 1_000;
/// One in so many outlives its wave, so that the others leave gaps.
const KEPT: usize = 7;

/// Mostly short, as secrets are; some that fill pages of their own, up to a mebibyte.
fn length(dice: &mut Dice) -> usize {
    let longest = match dice.below(1000) {
        0..700 => 300,
        700..950 => 8_000,
        950..995 => 64_000,
        _ => 1 << 20,
    };
    1 + dice.below(longest)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).expect("small")
}

/// The same comings and goings in a plain table, whose rows hold the share themselves.
struct Plain(Connection);

impl Plain {
    fn new(folder: &Folder, secure_delete: &str) -> Self {
        let database =
            Connection::open(folder.beside(&format!("plain-{secure_delete}.db"))).expect("a database");
        database.pragma_update(None, "journal_mode", "WAL").expect("a setting");
        database.pragma_update(None, "synchronous", "OFF").expect("a setting");
        database.pragma_update(None, "secure_delete", secure_delete).expect("a setting");
        let sql = "CREATE TABLE plain (id INTEGER PRIMARY KEY, share BLOB NOT NULL, content BLOB NOT NULL)";
        database.execute_batch(sql).expect("a table");
        Self(database)
    }

    fn put(&self, rows: &[(usize, [u8; 32], usize)]) {
        self.0.execute_batch("BEGIN").expect("begun");
        for (id, share, length) in rows {
            let sql = "INSERT INTO plain VALUES (?1, ?2, zeroblob(?3))";
            self.0.execute(sql, params![number(*id), share, number(*length)]).expect("a row");
        }
        self.0.execute_batch("COMMIT").expect("committed");
    }

    fn take(&self, ids: &[usize]) {
        self.0.execute_batch("BEGIN").expect("begun");
        for id in ids {
            self.0.execute("DELETE FROM plain WHERE id = ?1", [number(*id)]).expect("deleted");
        }
        self.0.execute_batch("COMMIT").expect("committed");
    }

    /// How many of these are still in its file, once its log is in there too.
    fn residue(&self, needles: &Needles) -> usize {
        self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("a checkpoint");
        let file = std::fs::read(self.0.path().expect("a path")).expect("the file");
        needles.found_in(std::iter::once(&file)).len()
    }
}

/// Ends these secrets, each in one of the ways there are.
fn end(process: &Process, secrets: &[(usize, crate::support::server::Made)]) {
    spread(process, secrets, |client, (number, made)| {
        let request = if number.is_multiple_of(3) { burn(made) } else { reveal(made) };
        send(client, &request).expect(200);
    });
}

#[test]
fn no_share_outlives_its_secret_however_many_come_and_go() {
    let mut dice = Dice::thrown("churn");
    let folder = Folder::new();
    let process = folder.start();
    let (fast, full) = (Plain::new(&folder, "OFF"), Plain::new(&folder, "ON"));
    let (mut share_of, mut erased, mut kept) = (HashMap::new(), Vec::new(), Vec::new());
    let waves = size(2_000, 200_000) / WAVE;
    for wave in 0..waves {
        let thrown = Mutex::new(dice.split());
        let lengths: Vec<(usize, usize)> =
            (0..WAVE).map(|place| (wave * WAVE + place, length(&mut thrown.lock().expect("dice")))).collect();
        let secrets = spread(&process, &lengths, |client, (number, length)| {
            (*number, made(&send(client, &conceal(&"x".repeat(*length))).expect(200)))
        });
        {
            let database = folder.open();
            let (identifiers, shares) = (identifiers(&database), shares(&database));
            share_of.extend(secrets.iter().map(|(number, made)| {
                let id = SecretId::parse(&made.secret).expect("an identifier");
                (*number, shares[identifiers.secret(&id).as_bytes()])
            }));
        }
        let rows: Vec<_> =
            lengths.iter().map(|(number, length)| (*number, share_of[number], *length)).collect();
        fast.put(&rows);
        full.put(&rows);
        // What an earlier wave has left goes together with most of this one.
        let (staying, mut going): (Vec<_>, Vec<_>) =
            secrets.into_iter().partition(|(number, _)| number.is_multiple_of(KEPT));
        going.append(&mut kept);
        end(&process, &going);
        let ids: Vec<usize> = going.iter().map(|(number, _)| *number).collect();
        fast.take(&ids);
        full.take(&ids);
        erased.extend(ids.iter().filter_map(|id| share_of.remove(id)));
        kept = staying;
        if wave % 5 == 4 || wave == waves - 1 {
            wait_until(Duration::from_secs(10), "the log is empty", || folder.log_bytes() == 0);
            let found = Needles::new(erased.iter().map(|share| &share[..])).found_in(folder.files().values());
            assert!(found.is_empty(), "{} shares of {} are still there", found.len(), erased.len());
        }
    }
    // The search finds what is there, and what tables without slots leave behind.
    let live = shares(&folder.open());
    let found = Needles::new(live.values().map(|share| &share[..])).found_in(folder.files().values());
    assert_eq!(found.len(), live.len(), "the search does not find the shares of live secrets");
    let needles = Needles::new(erased.iter().map(|share| &share[..]));
    let (fast, full) = (fast.residue(&needles), full.residue(&needles));
    println!(
        "{} secrets ended: 0 shares left; in plain tables {fast}, with secure_delete {full}",
        erased.len()
    );
    assert!(fast > 0, "a plain table leaves nothing behind: the control fails");
}

#[test]
fn a_share_is_gone_within_ten_seconds_though_others_come_and_go_without_end() {
    let folder = Folder::new();
    let process = folder.start();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Dropped when a check in here fails, so that the others stop.
        let _stopping = Stopping(&stop);
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = process.connect();
                while !stop.load(Ordering::Relaxed) {
                    let other = made(&send(&mut client, &conceal("one of many")));
                    send(&mut client, &reveal(&other)).expect(200);
                }
            });
        }
        let mut client = process.connect();
        for _ in 0..3 {
            let one = made(&send(&mut client, &conceal("the one")));
            let share = {
                let database = folder.open();
                let id = SecretId::parse(&one.secret).expect("an identifier");
                shares(&database)[identifiers(&database).secret(&id).as_bytes()]
            };
            let needles = Needles::new(std::iter::once(&share[..]));
            let is_there = || !needles.found_in(folder.files().values()).is_empty();
            assert!(is_there(), "the search finds nothing");
            send(&mut client, &reveal(&one)).expect(200);
            wait_until(Duration::from_secs(10), "the share is gone", || !is_there());
        }
    });
}

/// Tells the others to stop once it is dropped.
struct Stopping<'s>(&'s AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
