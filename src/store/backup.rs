//! Backups: keys' fingerprints, accounts and receipts in a file of their own. They hold no share, no
//! secret and no mail, so nothing that was read since can come back with one.

use super::schema::{self, Failure};
use super::{KeyRow, connection};
use crate::error::StartError;
use crate::os;
use rusqlite::{Connection, OptionalExtension, params};
use std::io;
use std::path::{Path, PathBuf};

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Accounts.
    pub accounts: i64,
    /// Receipts.
    pub receipts: i64,
}

/// Copies keys, accounts and receipts out of one snapshot of the database, and leaves everything else
/// behind. Wrong passphrases are counted in the row of a secret while it lives; on a receipt whose secret
/// is not copied they must not be forgotten. Numbers of accounts are never used twice, so the last one
/// comes along even if its account is gone. Receipts keep their numbers, which links hide; later numbers may
/// be given again after a restore, as after any deletion: a row is found by number and hash together, and
/// nothing is sealed to a number alone.
const COPY: &str = "
    INSERT INTO main.keys (id, fingerprint) SELECT id, fingerprint FROM live.keys;
    INSERT INTO main.meta (id, mask_constant) SELECT id, mask_constant FROM live.meta;
    INSERT INTO main.accounts (id, token_lookup, key_id, address_box, notify, created_at, disabled_at)
        SELECT id, token_lookup, key_id, address_box, notify, created_at, disabled_at FROM live.accounts;
    INSERT INTO main.receipts (id, lookup, account_id, created_at, secret_expires_at, expires_at, due_at, kind,
                               has_passphrase, share_domain, outcome, outcome_at, views, first_view, last_view,
                               failed_attempts, mail, shared_at, box, own_box)
        SELECT r.id, r.lookup, r.account_id, r.created_at, r.secret_expires_at, r.expires_at, r.due_at, r.kind,
               r.has_passphrase, r.share_domain, r.outcome, r.outcome_at, r.views, r.first_view, r.last_view,
               coalesce(s.attempts, r.failed_attempts), r.mail, r.shared_at, r.box, r.own_box
        FROM live.receipts r LEFT JOIN live.secrets s ON s.id = r.id ORDER BY r.id;
    DELETE FROM main.sqlite_sequence;
    INSERT INTO main.sqlite_sequence (name, seq) SELECT name, seq FROM live.sqlite_sequence;";

/// Writes a backup of the database to a new file, which appears under its name once it is whole and on
/// the disk. The server may run meanwhile.
///
/// # Errors
/// A sentence for the operator: the file exists, no room, no such database.
pub fn write(database: &Path, file: &Path) -> Result<Held, StartError> {
    let unfinished = Unfinished::beside(file)?;
    let held = copy(database, &unfinished.0).map_err(|failure| failure.at("back up", database))?;
    unfinished.finish(file)?;
    Ok(held)
}

fn copy(database: &Path, to: &Path) -> Result<Held, Failure> {
    let mut copy = connection::open_copy(to)?;
    copy.execute_batch(schema::SCHEMA)?;
    copy.execute("ATTACH DATABASE ?1 AS live", [schema::uri(database, "mode=rw")])?;
    let found: u32 = copy.pragma_query_value(Some("live"), "user_version", |row| row.get(0))?;
    if found != schema::VERSION {
        return Err(Failure::Sentence(format!(
            "it has schema {found} and this program knows {}: use the program whose server runs",
            schema::VERSION
        )));
    }
    // A snapshot keeps the server from emptying its log of erased shares, so it ends with the copy and
    // does not wait for the disk.
    let transaction = copy.transaction()?;
    transaction.execute_batch(COPY)?;
    transaction.commit()?;
    copy.execute_batch("DETACH DATABASE live")?;
    copy.pragma_update(None, "user_version", schema::VERSION)?;
    copy.pragma_update(None, "application_id", schema::BACKUP)?;
    Ok(held(&copy)?)
}

fn held(connection: &Connection) -> rusqlite::Result<Held> {
    let sql = "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM receipts)";
    connection.query_row(sql, [], |row| Ok(Held { accounts: row.get(0)?, receipts: row.get(1)? }))
}

/// A file that is being written under another name. Removed if it is not finished.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(file: &Path) -> Result<Self, StartError> {
        if std::fs::symlink_metadata(file).is_ok() {
            return Err(exists(file));
        }
        let path = schema::beside(file, &format!(".{}.part", std::process::id()));
        match os::create_private(&path) {
            Ok(_) => Ok(Self(path)),
            Err(error) => Err(cannot_make(file, &error)),
        }
    }

    /// Gives the file its name once it is on the disk, unless the name was taken meanwhile.
    fn finish(self, file: &Path) -> Result<(), StartError> {
        let finish = || {
            std::fs::File::open(&self.0)?.sync_all()?;
            os::rename_to_new(&self.0, file)?;
            os::sync_folder(os::folder_of(file))
        };
        finish().map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(file),
            _ => cannot_make(file, &error),
        })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn exists(file: &Path) -> StartError {
    StartError::cannot_create(format!(
        "{} exists, and a backup overwrites nothing: name another file",
        file.display()
    ))
}

fn cannot_make(file: &Path, error: &io::Error) -> StartError {
    StartError::cannot_create(format!("cannot write {}: {error}", file.display()))
}

/// A file that was checked and found to be a backup.
pub struct Backup {
    path: PathBuf,
    /// What it holds.
    pub held: Held,
    /// The keys of the database it was made of, oldest first.
    pub keys: Vec<KeyRow>,
}

impl Backup {
    /// Checks the whole file, and changes nothing.
    ///
    /// # Errors
    /// A sentence for the operator: no backup, a newer program's, damaged.
    pub fn open(path: &Path) -> Result<Self, StartError> {
        let check = || {
            let connection = schema::open_untouched(path)?;
            let mark: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
            if mark != schema::BACKUP {
                let sentence = "this file was not made by `tellonce backup`: a copied database is no backup";
                return Err(Failure::Sentence(sentence.into()));
            }
            schema::known_version(&connection)?;
            check_content(&connection)?;
            Ok((held(&connection)?, schema::keys(&connection)?))
        };
        let (held, keys) = check().map_err(|failure| failure.at("read", path))?;
        Ok(Self { path: path.to_owned(), held, keys })
    }

    /// Makes a database of it at `path`, which must not exist: whole, on the disk, and not yet the
    /// server's. Numbers of accounts and mails begin after those that `replaced` has used.
    pub(super) fn unpack(&self, path: &Path, replaced: &[(String, i64)]) -> Result<(), StartError> {
        let write = || -> io::Result<()> {
            let mut file = os::create_private(path)?;
            if os::user_id() == 0 {
                os::give_to_owner_of(&std::fs::metadata(os::folder_of(path))?, &file)?;
            }
            io::copy(&mut std::fs::File::open(&self.path)?, &mut file)?;
            file.sync_all()
        };
        write().map_err(|error| cannot_make(path, &error))?;
        let adapt = || -> rusqlite::Result<()> {
            let mut database = connection::open_copy(path)?;
            let transaction = database.transaction()?;
            // Mail that waited is not in a backup, and its sender must hear that it does not go out.
            transaction.execute("UPDATE receipts SET mail = 'failed' WHERE mail = 'pending'", [])?;
            for (table, last) in replaced {
                go_on_after(&transaction, table, *last)?;
            }
            transaction.pragma_update(None, "application_id", 0)?;
            transaction.commit()
        };
        adapt().map_err(|error| Failure::from(error).at("restore", path))?;
        std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(|error| cannot_make(path, &error))
    }
}

/// Lets the numbers of a table go on after this one.
fn go_on_after(connection: &Connection, table: &str, last: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1";
    if connection.execute(sql, params![table, last])? == 0 {
        let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
        connection.execute(sql, params![table, last])?;
    }
    Ok(())
}

/// A backup is sound, has a key, and holds nothing that could be revealed.
fn check_content(connection: &Connection) -> Result<(), Failure> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        let finding = schema::first_finding(&verdict);
        return Err(Failure::Sentence(format!("this backup is damaged ({finding}): use another one")));
    }
    let foreign =
        "SELECT 1 FROM slots UNION ALL SELECT 1 FROM secrets UNION ALL SELECT 1 FROM outbox LIMIT 1";
    let is_foreign = connection.query_row(foreign, [], |_| Ok(())).optional()?.is_some();
    if is_foreign || schema::keys(connection)?.is_empty() {
        let sentence = "this backup was changed since `tellonce backup` wrote it: use another one";
        return Err(Failure::Sentence(sentence.into()));
    }
    Ok(())
}
