//! Putting a backup in the place of a database. Whatever interrupts it, a database that starts is there:
//! the old one, the old one whose secrets have ended, or the new one.

use super::backup::Backup;
use super::schema::{self, Failure};
use super::{connection, erase};
use crate::error::StartError;
use crate::os;
use std::io;
use std::path::Path;

/// What a restore replaces.
pub struct Replaced {
    /// Secrets that live in it, and end.
    pub live: i64,
    /// The last number that was used in each table whose numbers are never used twice.
    numbers: Vec<(String, i64)>,
}

impl Replaced {
    /// Looks at the database that is to be replaced; `None` if there is none yet.
    ///
    /// # Errors
    /// A sentence for the operator. What is damaged is not replaced, since its secrets could not be ended.
    pub fn look(database: &Path) -> Result<Option<Self>, StartError> {
        if !database.exists() || schema::is_unfinished(database) {
            return Ok(None);
        }
        let look = || -> Result<Option<Self>, Failure> {
            let connection = schema::open_quietly(database)?;
            schema::version(&connection)?;
            if !schema::has_tables(&connection)? {
                return Ok(None);
            }
            let live = connection.query_row("SELECT count(*) FROM secrets", [], |row| row.get(0))?;
            let mut sequences = connection.prepare("SELECT name, seq FROM sqlite_sequence")?;
            let numbers = sequences.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(Some(Self { live, numbers: numbers.collect::<rusqlite::Result<_>>()? }))
        };
        look().map_err(|failure| failure.at("replace", database))
    }
}

/// Replaces the database by what the backup holds. No server may run; the caller holds its lock.
///
/// # Errors
/// A sentence for the operator: no room, or another command is using the database.
pub fn restore(backup: &Backup, database: &Path, replaced: Option<&Replaced>) -> Result<(), StartError> {
    let new = schema::beside(database, ".new");
    for suffix in ["", "-journal"] {
        // Left by a restore that was interrupted.
        let _ = std::fs::remove_file(schema::beside(&new, suffix));
    }
    backup.unpack(&new, replaced.map_or(&[], |replaced| &replaced.numbers))?;
    if database.exists() {
        end_all(database).map_err(|failure| failure.at("end the secrets in", database))?;
    }
    let put = || -> io::Result<()> {
        std::fs::rename(&new, database)?;
        os::sync_folder(os::folder_of(database))
    };
    put().map_err(|error| StartError::storage(format!("cannot replace {}: {error}", database.display())))
}

/// Ends every secret and mail of a database that nobody else uses, and leaves no log or journal beside
/// it, which SQLite would take for the new file's.
fn end_all(database: &Path) -> Result<(), Failure> {
    let mut connection = connection::open_writer(database)?;
    // Keeps commands out from the first write on; one that has the file open makes that write fail.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    if schema::has_tables(&connection)? {
        let transaction = connection.transaction()?;
        erase::end_all(&transaction)?;
        transaction.commit()?;
        connection::empty_log(&connection)?;
    }
    connection.close().map_err(|(_, error)| error)?;
    for suffix in ["-wal", "-journal"] {
        if std::fs::metadata(schema::beside(database, suffix)).is_ok_and(|file| file.len() > 0) {
            return Err(Failure::Sentence(
                "another program is using it: try again when it has finished".into(),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Role, Store, backup};
    use rusqlite::Connection;
    use tempfile::TempDir;

    fn database(folder: &TempDir) -> std::path::PathBuf {
        let path = folder.path().join("tellonce.db");
        let fatal = Box::new(|reason: &str| panic!("{reason}"));
        drop(Store::open(&path, [1; 16], Role::Command, 0, fatal).expect("a database"));
        path
    }

    #[test]
    fn a_restore_is_refused_while_another_command_has_the_database_open() {
        let folder = TempDir::new().expect("a folder");
        let database = database(&folder);
        let file = folder.path().join("backup");
        backup::write(&database, &file).expect("a backup");
        let other = Connection::open(&database).expect("another command");
        other.query_row("SELECT count(*) FROM keys", [], |_| Ok(())).expect("a look");
        let backup = Backup::open(&file).expect("a backup");
        let refused = restore(&backup, &database, None).expect_err("it is in use");
        assert!(refused.to_string().contains("try again"), "{refused}");
        drop(other);
        restore(&backup, &database, None).expect("restored");
    }
}
