//! Making the file, recognising its keys, and upgrading it.

use super::connection;
use crate::error::StartError;
use crate::random::fill;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, params};
use std::path::{Path, PathBuf};

/// The present schema.
pub const SCHEMA: &str = include_str!("../../schema.sql");
/// Steps from version 1 on, in order: the first leads from 1 to 2. Empty before the first release
/// that changes the schema.
const STEPS: [&str; 0] = [];
/// The version that [`SCHEMA`] is: one more than there are steps.
pub const VERSION: u32 = 1;
const _: () = assert!(VERSION as usize == 1 + STEPS.len());
/// What marks a file as a backup (PRAGMA `application_id`): `Tell`. A database has zero there.
pub const BACKUP: i32 = i32::from_be_bytes(*b"Tell");

/// A root key that a file has been sealed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its number; the greatest seals.
    pub id: i64,
    /// Recognises it.
    pub fingerprint: [u8; 16],
}

/// The keys that the file at `path` knows, oldest first; none if there is no such file yet.
///
/// Looks without touching anything: no lock, no recovery, no `-shm` file, so that a start with the
/// wrong key leaves every byte as it was. Keys are written to the main file before they are used,
/// so the log need not be read, unless a crash has left the main file half way between two states.
///
/// # Errors
/// A sentence for the operator if the file cannot be read.
pub fn stored_keys(path: &Path) -> Result<Vec<KeyRow>, StartError> {
    if !path.exists() || is_unfinished(path) {
        return Ok(Vec::new());
    }
    let look = match open_untouched(path) {
        Ok(connection) => look_for_keys(&connection),
        Err(error) => Err(error.into()),
    };
    let look = match look {
        Err(Failure::Sqlite(error)) if is_damage(&error) && has_log(path) => look_through_log(path),
        look => look,
    };
    look.map_err(|failure| failure.at("read", path))
}

fn look_for_keys(connection: &Connection) -> Result<Vec<KeyRow>, Failure> {
    version(connection)?;
    Ok(if has_tables(connection)? { keys(connection)? } else { Vec::new() })
}

/// Looks at a main file into which the log was being copied when the power went, or is just now: only
/// together do the two make sense. Alone with the file, SQLite keeps its index of the log in memory, and so
/// touches nothing either.
fn look_through_log(path: &Path) -> Result<Vec<KeyRow>, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "query_only", "ON")?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    match look_for_keys(&connection) {
        // A server is running: its own index of the log is there to be read.
        Err(Failure::Sqlite(error)) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            drop(connection);
            look_for_keys(&Connection::open_with_flags(path, READ_ONLY)?)
        }
        look => look,
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

fn has_log(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Whether a crash cut the making of this file short: the journal that undoes it is still there. Only
/// [`create`] writes one; a file that was ever used has a write-ahead log instead.
pub fn is_unfinished(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-journal")).is_ok_and(|journal| journal.len() > 0)
}

/// The name of a file that SQLite keeps beside the database.
pub fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// SQLite's URI form, in which `?`, `#` and `%` must be escaped.
pub fn uri(path: &Path, option: &str) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?{option}")
}

const READ_ONLY: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_URI).union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens the main file alone, and touches nothing: what is only in the log is not seen.
pub fn open_untouched(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(uri(path, "immutable=1"), READ_ONLY)
}

/// Opens the file to read all of it, and changes nothing in the folder: where no server runs there is no
/// log, and SQLite must not make one in order to read.
pub fn open_quietly(path: &Path) -> rusqlite::Result<Connection> {
    if beside(path, "-wal").exists() {
        let connection = Connection::open_with_flags(path, READ_ONLY)?;
        connection.busy_timeout(connection::BUSY)?;
        Ok(connection)
    } else {
        open_untouched(path)
    }
}

/// A moment of the file, in which nothing changes.
pub fn snapshot(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction()
}

/// Opens the file for writing: makes it if it is new, checks and upgrades it if it is not.
pub fn prepare(path: &Path, first_key: [u8; 16]) -> Result<Connection, StartError> {
    connection::assert_version()?;
    let mut connection = connection::open_writer(path).map_err(|error| cannot("open", path, &error))?;
    let prepared = if has_tables(&connection).map_err(|error| cannot("read", path, &error))? {
        upgrade(&mut connection)
            .and_then(|()| check(&connection))
            .and_then(|()| learn(&connection, first_key))
    } else {
        create(&mut connection, first_key)
    };
    prepared.map_err(|failure| failure.at("use", path))?;
    Ok(connection)
}

/// Why a file is not ready for use.
pub enum Failure {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// We do.
    Sentence(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Failure {
    /// With what was tried on which file.
    pub fn at(self, what: &str, path: &Path) -> StartError {
        match self {
            Self::Sqlite(error) => cannot(what, path, &error),
            Self::Sentence(sentence) => StartError::storage(format!("{}: {sentence}", path.display())),
        }
    }
}

/// The first keys and the schema are written with a rollback journal, so that they are in the main
/// file from the start; only then does the file get its write-ahead log.
fn create(connection: &mut Connection, first_key: [u8; 16]) -> Result<(), Failure> {
    connection.pragma_update(None, "auto_vacuum", "NONE")?;
    let mut mask_constant = [0; 32];
    fill(&mut mask_constant);
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute("INSERT INTO keys (fingerprint) VALUES (?1)", params![first_key])?;
    transaction.execute("INSERT INTO meta (id, mask_constant) VALUES (1, ?1)", params![mask_constant])?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    use_log(connection)
}

/// The write-ahead log, which the first thing done is to empty: a crash may have left erased shares
/// in it.
fn use_log(connection: &Connection) -> Result<(), Failure> {
    // All its steps, since the last one commits and may fail; and what came of it, since SQLite stays with another
    // mode in silence where there is no shared memory. Without the log a power cut might bring back what was revealed.
    let mut mode = String::new();
    connection.pragma(None, "journal_mode", "WAL", |row| {
        mode = row.get(0)?;
        Ok(())
    })?;
    if mode != "wal" {
        let sentence = format!("SQLite keeps no write-ahead log there ({mode}): put `data` on a local disk");
        return Err(Failure::Sentence(sentence));
    }
    // If another process reads just now, the writer empties the log later.
    connection::empty_log(connection)?;
    Ok(())
}

fn upgrade(connection: &mut Connection) -> Result<(), Failure> {
    let version = version(connection)?;
    use_log(connection)?;
    for (sql, reached) in STEPS.iter().zip(2..).filter(|(_, reached)| *reached > version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", reached)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The version of a database's schema.
pub fn version(connection: &Connection) -> Result<u32, Failure> {
    let mark: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if mark == BACKUP {
        let sentence =
            "this is a backup, and no server runs on one: `tellonce restore` makes a database of it";
        return Err(Failure::Sentence(sentence.into()));
    }
    known_version(connection)
}

/// The version of a schema, unless it is one that only a newer program knows.
pub fn known_version(connection: &Connection) -> Result<u32, Failure> {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(Failure::Sentence(format!(
            "this database has schema {version}, and this program knows {VERSION} at most: start the newer program"
        )));
    }
    Ok(version)
}

/// Checks the tables that everything hangs on. The others are as large as their content, and reading
/// them all would keep the log from being emptied; `tellonce check` does that.
fn check(connection: &Connection) -> Result<(), Failure> {
    for table in ["keys", "meta", "slots", "accounts"] {
        let verdict: String =
            connection.query_row(&format!("PRAGMA quick_check('{table}')"), [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(Failure::Sentence(format!(
                "the table {table} is damaged ({}): restore a backup into an empty folder",
                first_finding(&verdict)
            )));
        }
    }
    Ok(())
}

/// SQLite lists what it found on several lines, under a heading for the database.
pub fn first_finding(verdict: &str) -> &str {
    verdict.lines().find(|line| !line.starts_with("***")).unwrap_or(verdict)
}

/// Adds a key that the file does not know yet, and brings it into the main file at once.
fn learn(connection: &Connection, first_key: [u8; 16]) -> Result<(), Failure> {
    let added = connection.execute(
        "INSERT INTO keys (fingerprint) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM keys WHERE fingerprint = ?1)",
        params![first_key],
    )?;
    if added > 0 && !connection::empty_log(connection)? {
        return Err(Failure::Sentence(
            "another program is reading the database, so that the new key cannot be noted yet: start again when it \
             has finished"
                .into(),
        ));
    }
    Ok(())
}

pub fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'keys'";
    Ok(connection.query_row(sql, [], |_| Ok(())).optional()?.is_some())
}

/// The keys, oldest first.
pub(crate) fn keys(connection: &Connection) -> rusqlite::Result<Vec<KeyRow>> {
    let mut statement = connection.prepare("SELECT id, fingerprint FROM keys ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok(KeyRow { id: row.get(0)?, fingerprint: row.get(1)? }))?;
    rows.collect()
}

/// The constant of the file that identifiers are masked with.
pub(crate) fn mask_constant(connection: &Connection) -> rusqlite::Result<[u8; 32]> {
    connection.query_row("SELECT mask_constant FROM meta", [], |row| row.get(0))
}

fn cannot(what: &str, path: &Path, error: &rusqlite::Error) -> StartError {
    let hint = match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            ": does the folder exist, and may this user read and write it?"
        }
        Some(ErrorCode::ReadOnly) => ": the file or its folder is read-only for this user",
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            ": restore a backup into an empty folder"
        }
        Some(ErrorCode::DiskFull) => ": the disk is full",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ": another program is using it, try again when it has finished"
        }
        _ => "",
    };
    StartError::storage(format!("cannot {what} {}: {error}{hint}", path.display()))
}

/// Reads the whole file for damage, and changes nothing in the folder.
///
/// # Errors
/// What was found, as a sentence.
pub fn check_whole(path: &Path) -> Result<(), StartError> {
    let look = || -> Result<(), Failure> {
        let connection = open_quietly(path)?;
        version(&connection)?;
        match connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))? {
            verdict if verdict == "ok" => Ok(()),
            verdict => Err(Failure::Sentence(format!(
                "the file is damaged ({}): restore a backup into an empty folder",
                first_finding(&verdict)
            ))),
        }
    };
    look().map_err(|failure| failure.at("check", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_write_ahead_log_nothing_starts() {
        let memory = Connection::open_in_memory().expect("a database");
        let refused = use_log(&memory).expect_err("memory has none").at("open", Path::new("tellonce.db"));
        assert!(refused.to_string().contains("put `data` on a local disk"), "{refused}");
    }
}
