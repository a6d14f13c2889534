//! What can be counted in a file: how much there is, and nothing that names anything.

use super::KeyRow;
use super::schema::{self, Failure};
use crate::error::StartError;
use crate::time::Timestamp;
use rusqlite::{Connection, Row};
use serde::Serialize;
use std::path::Path;

/// How many rows need a root key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key: KeyRow,
    /// Live secrets sealed under it.
    pub secrets: i64,
    /// Accounts whose address is.
    pub accounts: i64,
    /// Mails that wait and are.
    pub mails: i64,
}

impl KeyUse {
    /// Whether nothing needs it.
    pub fn is_none(&self) -> bool {
        self.secrets + self.accounts + self.mails == 0
    }
}

/// Counts, as of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Secrets that can be read.
    pub live_secrets: i64,
    /// Secrets that have expired and are not swept yet.
    pub expired_secrets: i64,
    /// Receipts.
    pub receipts: Receipts,
    /// Accounts.
    pub accounts: i64,
    /// Those of them that are disabled.
    pub disabled_accounts: i64,
    /// Mails that wait.
    pub waiting_mails: i64,
    /// Padded bytes that callers without an account keep.
    pub anonymous_bytes: i64,
    /// Slots that hold a share.
    pub used_slots: i64,
    /// Slots that hold random bytes.
    pub free_slots: i64,
    /// Root keys that the file knows.
    pub keys: i64,
    /// Bytes of the database,
    pub file_bytes: u64,
    /// and of its log.
    pub log_bytes: u64,
}

/// Receipts by what became of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Receipts {
    /// It is there.
    pub live: i64,
    /// It was read.
    pub revealed: i64,
    /// It was burned.
    pub burned: i64,
    /// It was destroyed by wrong passphrases.
    pub locked: i64,
    /// It ran out.
    pub expired: i64,
    /// It was lost by a restore.
    pub lost: i64,
}

/// Receipts as their readers are told of them at the moment `?1`.
const RECEIPTS: &str = "
    SELECT coalesce(sum(outcome IS NULL AND r.secret_expires_at > ?1 AND s.id IS NOT NULL), 0),
           coalesce(sum(outcome IS 'revealed'), 0),
           coalesce(sum(outcome IS 'burned'), 0),
           coalesce(sum(outcome IS 'locked'), 0),
           coalesce(sum(outcome IS NULL AND r.secret_expires_at <= ?1), 0),
           coalesce(sum(outcome IS NULL AND r.secret_expires_at > ?1 AND s.id IS NULL), 0)
    FROM receipts r LEFT JOIN secrets s ON s.id = r.id WHERE r.expires_at > ?1";

/// Counts what is in the database. The server may run meanwhile; nothing is changed.
///
/// # Errors
/// A sentence for the operator if the file cannot be read.
pub fn figures(database: &Path, now: Timestamp) -> Result<Figures, StartError> {
    look(database, |db| {
        let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
        let live = "SELECT count(*) FROM secrets WHERE expires_at > ?1";
        let live_secrets: i64 = db.query_row(live, [now.unix()], |row| row.get(0))?;
        let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(Figures {
            live_secrets,
            expired_secrets: count("SELECT count(*) FROM secrets")? - live_secrets,
            receipts: db.query_row(RECEIPTS, [now.unix()], receipts)?,
            accounts: count("SELECT count(*) FROM accounts")?,
            disabled_accounts: count("SELECT count(*) FROM accounts WHERE disabled_at IS NOT NULL")?,
            waiting_mails: count("SELECT count(*) FROM outbox")?,
            anonymous_bytes: count("SELECT anonymous_bytes FROM meta")?,
            used_slots: count("SELECT count(*) FROM slots WHERE used = 1")?,
            free_slots: count("SELECT count(*) FROM slots WHERE used = 0")?,
            keys: count("SELECT count(*) FROM keys")?,
            file_bytes: bytes(database),
            log_bytes: bytes(&schema::beside(database, "-wal")),
        })
    })
}

fn receipts(row: &Row<'_>) -> rusqlite::Result<Receipts> {
    Ok(Receipts {
        live: row.get(0)?,
        revealed: row.get(1)?,
        burned: row.get(2)?,
        locked: row.get(3)?,
        expired: row.get(4)?,
        lost: row.get(5)?,
    })
}

/// How many rows need each root key, the newest key first. The server may run meanwhile.
///
/// # Errors
/// As [`figures`].
pub fn key_uses(database: &Path) -> Result<Vec<KeyUse>, StartError> {
    look(database, |db| {
        let count = |table: &str, key: &KeyRow| {
            let sql = format!("SELECT count(*) FROM {table} WHERE key_id = ?1");
            db.query_row(&sql, [key.id], |row| row.get(0))
        };
        let uses = schema::keys(db)?.into_iter().rev().map(|key| {
            let (secrets, accounts) = (count("secrets", &key)?, count("accounts", &key)?);
            Ok(KeyUse { key, secrets, accounts, mails: count("outbox", &key)? })
        });
        uses.collect()
    })
}

/// The latest moment that is written on any secret or account.
///
/// # Errors
/// As [`figures`].
pub fn newest_moment(database: &Path) -> Result<Option<Timestamp>, StartError> {
    let sql = "SELECT max(at) FROM (SELECT max(created_at) AS at FROM accounts
               UNION ALL SELECT created_at FROM receipts WHERE id = (SELECT max(id) FROM receipts))";
    look(database, |db| {
        Ok(db.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.map(Timestamp::from_unix))
    })
}

/// Looks at one snapshot of the file.
pub(super) fn look<T>(
    database: &Path,
    query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, StartError> {
    let look = || -> Result<T, Failure> {
        let mut connection = schema::open_quietly(database)?;
        schema::version(&connection)?;
        let snapshot = schema::snapshot(&mut connection)?;
        Ok(query(&snapshot)?)
    };
    look().map_err(|failure| failure.at("read", database))
}
