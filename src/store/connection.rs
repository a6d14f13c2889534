//! Connections and their settings, each with its reason.

use crate::error::{Error, StartError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Before 3.51.3, a checkpoint on one connection beside a write on another could lose committed
/// data (the WAL-reset bug).
const OLDEST_SAFE_SQLITE: i32 = 3_051_003;
/// How long a statement waits for another process that writes.
pub const BUSY: Duration = Duration::from_secs(5);
const STATEMENTS: usize = 64;

/// Refuses to run on a SQLite that may lose what it has committed.
pub fn assert_version() -> Result<(), StartError> {
    if rusqlite::version_number() >= OLDEST_SAFE_SQLITE {
        return Ok(());
    }
    Err(StartError::configuration(format!(
        "this build contains SQLite {}, which may lose committed data; build with 3.51.3 or later",
        rusqlite::version()
    )))
}

/// Opens the connection that writes, and makes the file if there is none.
pub fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    // A commit is on the disk before anyone is answered. With NORMAL a power cut may undo the last
    // commits, which brings revealed secrets back.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Deleted content is overwritten where it lies. Not erasure by itself: that is what slots are for.
    connection.pragma_update(None, "secure_delete", "ON")?;
    // Checkpoints happen when the writer says so, since they are part of erasing.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

/// Opens a file that is being copied and counts only once it is whole and synced: until then it needs
/// neither a journal on the disk nor a sync.
pub fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    Ok(connection)
}

/// Opens a connection that can only read.
pub fn open_reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

/// Writes the log into the main file and leaves no byte in it; false if a reader has kept it from that.
pub fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    checkpoint(connection, "TRUNCATE").map(|blocked| !blocked)
}

/// Writes of the log into the main file what readers allow. If that is all of it, and none of them still looks
/// at the log, the next commit goes to its start.
pub fn copy_log(connection: &Connection) -> rusqlite::Result<()> {
    checkpoint(connection, "PASSIVE").map(|_| ())
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |row| row.get(0))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // No temporary file ever holds a copy of a row.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A secret without a receipt, or with a slot that is not there, cannot be written.
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // A doctored file must not be able to run functions through its schema,
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    // nor lead the library outside a page.
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A plan hangs on the statement alone. Otherwise every new value compiles statements anew whose plan
    // the value might change, and that took a quarter of all time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}
