//! Queries on accounts.

use super::WriteTx;
use crate::error::Error;
use crate::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// An account as it is stored.
#[derive(Debug)]
pub struct AccountRow {
    /// Its number.
    pub id: i64,
    /// The root key its address is sealed under.
    pub key_id: i64,
    /// Its sealed address.
    pub address_box: Vec<u8>,
    /// Whether its owner wants mail when a secret is revealed or burned.
    pub notify: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// Whether it was disabled.
    pub is_disabled: bool,
}

const COLUMNS: &str = "id, key_id, address_box, notify, created_at, disabled_at IS NOT NULL";

fn account(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        id: row.get(0)?,
        key_id: row.get(1)?,
        address_box: row.get(2)?,
        notify: row.get(3)?,
        created_at: Timestamp::from_unix(row.get(4)?),
        is_disabled: row.get(5)?,
    })
}

/// The account with this token.
pub(crate) fn by_token(db: &Connection, token_lookup: &[u8; 16]) -> Result<Option<AccountRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE token_lookup = ?1");
    Ok(db.prepare_cached(&sql)?.query_row(params![token_lookup], account).optional()?)
}

/// The account with this number.
pub(crate) fn by_id(db: &Connection, id: i64) -> Result<Option<AccountRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE id = ?1");
    Ok(db.prepare_cached(&sql)?.query_row(params![id], account).optional()?)
}

/// All accounts, the oldest first.
pub(crate) fn all(db: &Connection) -> Result<Vec<AccountRow>, Error> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM accounts ORDER BY id"))?;
    let rows = statement.query_map([], account)?.collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

/// Adds an account whose address is sealed once its number is known.
pub(crate) fn insert(
    tx: &WriteTx<'_>,
    token_lookup: &[u8; 16],
    now: Timestamp,
    seal: impl FnOnce(i64) -> (i64, Vec<u8>),
) -> Result<(), Error> {
    let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'accounts'), 0) + 1";
    let id = tx.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    let (key_id, address_box) = seal(id);
    tx.prepare_cached(
        "INSERT INTO accounts (id, token_lookup, key_id, address_box, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id, token_lookup, key_id, address_box, now.unix()])?;
    Ok(())
}

/// Gives an account another token.
pub(crate) fn set_token(tx: &WriteTx<'_>, id: i64, token_lookup: &[u8; 16]) -> Result<(), Error> {
    let sql = "UPDATE accounts SET token_lookup = ?2 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, token_lookup])?;
    Ok(())
}

/// Gives an account its address anew, sealed under this key.
pub(crate) fn set_address(tx: &WriteTx<'_>, id: i64, key_id: i64, address_box: &[u8]) -> Result<(), Error> {
    let sql = "UPDATE accounts SET key_id = ?2, address_box = ?3 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, key_id, address_box])?;
    Ok(())
}

/// Disables an account at this moment, or enables it again.
pub(crate) fn set_disabled(tx: &WriteTx<'_>, id: i64, at: Option<Timestamp>) -> Result<(), Error> {
    let sql = "UPDATE accounts SET disabled_at = ?2 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, at.map(Timestamp::unix)])?;
    Ok(())
}

/// Whether to mail its owner when a secret is revealed or burned.
pub(crate) fn set_notify(tx: &WriteTx<'_>, id: i64, notify: bool) -> Result<(), Error> {
    let sql = "UPDATE accounts SET notify = ?2 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, notify])?;
    Ok(())
}

/// Removes an account. Its receipts and links live on, as if they were anonymous.
pub(crate) fn delete(tx: &WriteTx<'_>, id: i64) -> Result<(), Error> {
    let sql = "UPDATE receipts SET own_box = NULL, account_id = NULL WHERE account_id = ?1";
    tx.prepare_cached(sql)?.execute(params![id])?;
    tx.prepare_cached("DELETE FROM accounts WHERE id = ?1")?.execute(params![id])?;
    Ok(())
}

/// A line of an account's list.
pub struct OwnRow {
    /// The receipt's row.
    pub id: i64,
    /// Where to find the receipt.
    pub lookup: [u8; 16],
    /// The receipt's sealed identifier.
    pub own_box: Vec<u8>,
}

/// Up to `limit` listed receipts that this account has made since then, the newest first.
pub(crate) fn own(db: &Connection, account: i64, since: Timestamp, limit: u32) -> Result<Vec<OwnRow>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT id, lookup, own_box FROM receipts
         WHERE account_id = ?1 AND created_at >= ?2 AND own_box IS NOT NULL
         ORDER BY created_at DESC, id DESC LIMIT ?3",
    )?;
    let rows = statement
        .query_map(params![account, since.unix(), limit], |row| {
            Ok(OwnRow { id: row.get(0)?, lookup: row.get(1)?, own_box: row.get(2)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

/// Seals a line of the list anew, or takes it off the list.
pub(crate) fn set_own(tx: &WriteTx<'_>, receipt: i64, own_box: Option<&[u8]>) -> Result<(), Error> {
    let sql = "UPDATE receipts SET own_box = ?2 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![receipt, own_box])?;
    Ok(())
}
