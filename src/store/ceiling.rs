//! What the disk and SQLite allow at most: one sealed row, and nothing around it. For comparison alone.

use super::connection;
use crate::random::fill;
use rusqlite::Connection;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Rates of rows that are stored and taken again.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rows {
    /// Rows in one commit.
    pub batch: usize,
    /// Rows stored, a second.
    pub stored: f64,
    /// Rows read and deleted, a second.
    pub taken: f64,
}

/// A row as a bare server would keep it, of a secret of 100 bytes without padding.
const SEALED: usize = 140;

/// Stores and takes rows in a fresh file, for so long, as many in a commit as `batch` says.
///
/// # Errors
/// Whatever SQLite says.
pub fn rows(path: &Path, batch: usize, time: Duration) -> rusqlite::Result<Rows> {
    let mut db = connection::open_writer(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "wal_autocheckpoint", 1000)?;
    db.execute_batch(
        "DROP TABLE IF EXISTS rows; CREATE TABLE rows (id INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT",
    )?;
    let (mut storing, mut taking, mut done) = (Duration::ZERO, Duration::ZERO, 0.0);
    while storing + taking < time {
        let began = Instant::now();
        store(&mut db, batch)?;
        storing += began.elapsed();
        let began = Instant::now();
        take(&mut db)?;
        taking += began.elapsed();
        done += batch as f64;
    }
    Ok(Rows { batch, stored: done / storing.as_secs_f64(), taken: done / taking.as_secs_f64() })
}

fn store(db: &mut Connection, batch: usize) -> rusqlite::Result<()> {
    let commit = db.unchecked_transaction()?;
    for _ in 0..batch {
        let mut sealed = [0; SEALED];
        fill(&mut sealed);
        commit.prepare_cached("INSERT INTO rows (box) VALUES (?1)")?.execute([sealed])?;
    }
    commit.commit()
}

fn take(db: &mut Connection) -> rusqlite::Result<()> {
    let commit = db.unchecked_transaction()?;
    let ids: Vec<i64> = commit
        .prepare_cached("SELECT id FROM rows")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in ids {
        let sql = "DELETE FROM rows WHERE id = ?1 RETURNING box";
        let _sealed: Vec<u8> = commit.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
    }
    commit.commit()
}

/// Writes a page and syncs it, again and again: how often in a second.
///
/// # Errors
/// Whatever the disk says.
pub fn syncs(path: &Path, time: Duration) -> io::Result<f64> {
    let mut file = File::create(path)?;
    let (began, mut done) = (Instant::now(), 0.0);
    while began.elapsed() < time {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        done += 1.0;
    }
    Ok(done / began.elapsed().as_secs_f64())
}
