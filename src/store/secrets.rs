//! Queries on live secrets.

use super::receipts::NewReceipt;
use super::{WriteTx, receipts, slots};
use crate::error::Error;
use crate::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use zeroize::Zeroizing;

/// Where a secret lies, and how often its passphrase was tried.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its row, and its receipt's.
    pub id: i64,
    /// Its share's slot.
    pub slot_id: i64,
    /// Passphrases tried in all.
    pub attempts: u32,
}

/// Argon2id's salt and cost.
#[derive(Clone, Copy, Debug)]
pub struct ProtectionRow {
    /// 16 bytes.
    pub salt: [u8; 16],
    /// KiB.
    pub m: u32,
    /// Passes.
    pub t: u32,
    /// Lanes.
    pub p: u32,
}

/// What may be told about a secret that is there.
#[derive(Debug)]
pub struct Look {
    /// Where it lies.
    pub place: Place,
    /// The root key it was sealed under.
    pub key_id: i64,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was concealed.
    pub created_at: Timestamp,
    /// Whether a passphrase is needed.
    pub has_passphrase: bool,
    /// When its link was first looked at.
    pub first_view: Option<Timestamp>,
    /// The host its link was made for, where that is not the default one.
    pub share_domain: Option<String>,
    /// The account that made it.
    pub account_id: Option<i64>,
}

/// All that is needed to check a passphrase, but for link and passphrase.
pub struct Guard {
    /// Where the secret lies.
    pub place: Place,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The root key it was sealed under.
    pub key_id: i64,
    /// Where a passphrase was set.
    pub protection: Option<ProtectionRow>,
    /// Tells a wrong passphrase from a damaged row.
    pub check: [u8; 16],
    /// The content of its slot.
    pub share: Zeroizing<[u8; 32]>,
}

/// A secret to be stored.
pub struct NewSecret {
    /// Where to find it.
    pub lookup: [u8; 16],
    /// The root key it is sealed under.
    pub key_id: i64,
    /// Where a passphrase is set.
    pub protection: Option<ProtectionRow>,
    /// Tells a wrong passphrase from a damaged row.
    pub check: [u8; 16],
    /// Goes into a slot.
    pub share: Zeroizing<[u8; 32]>,
    /// The sealed content.
    pub sealed: Vec<u8>,
    /// Padded bytes that count against what anonymous callers may keep.
    pub anonymous_bytes: i64,
}

/// Padded bytes that anonymous callers keep at present.
pub(crate) fn anonymous_bytes(db: &Connection) -> Result<i64, Error> {
    Ok(db.prepare_cached("SELECT anonymous_bytes FROM meta")?.query_row([], |row| row.get(0))?)
}

/// Stores a secret and its receipt, and returns the receipt's row.
pub(crate) fn insert(tx: &WriteTx<'_>, secret: &NewSecret, receipt: &NewReceipt) -> Result<i64, Error> {
    let slot_id = slots::occupy(tx, &secret.share)?;
    let id = receipts::insert(tx, receipt)?;
    let protection = secret.protection.as_ref();
    tx.prepare_cached(
        "INSERT INTO secrets (id, lookup, slot_id, key_id, expires_at, salt, m, t, p, check_value, box,
                              anonymous_bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        id,
        secret.lookup,
        slot_id,
        secret.key_id,
        receipt.secret_expires_at.unix(),
        protection.map(|row| row.salt),
        protection.map(|row| row.m),
        protection.map(|row| row.t),
        protection.map(|row| row.p),
        secret.check,
        secret.sealed,
        secret.anonymous_bytes,
    ])?;
    if secret.anonymous_bytes > 0 {
        let sql = "UPDATE meta SET anonymous_bytes = anonymous_bytes + ?1";
        tx.prepare_cached(sql)?.execute(params![secret.anonymous_bytes])?;
    }
    Ok(id)
}

/// The secret at this lookup, if it is there and has not expired at `now`.
pub(crate) fn look(db: &Connection, lookup: &[u8; 16], now: Timestamp) -> Result<Look, Error> {
    db.prepare_cached(
        "SELECT s.id, s.slot_id, s.attempts, s.expires_at, r.created_at, s.salt IS NOT NULL, r.first_view,
                r.share_domain, s.key_id, r.account_id
         FROM secrets s JOIN receipts r ON r.id = s.id WHERE s.lookup = ?1 AND s.expires_at > ?2",
    )?
    .query_row(params![lookup, now.unix()], |row| {
        Ok(Look {
            place: place(row)?,
            expires_at: Timestamp::from_unix(row.get(3)?),
            created_at: Timestamp::from_unix(row.get(4)?),
            has_passphrase: row.get(5)?,
            first_view: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_unix),
            share_domain: row.get(7)?,
            key_id: row.get(8)?,
            account_id: row.get(9)?,
        })
    })
    .optional()?
    .ok_or(Error::NotFound)
}

/// The guard of the secret at this lookup, if it is there and has not expired at `now`.
pub(crate) fn guard(db: &Connection, lookup: &[u8; 16], now: Timestamp) -> Result<Guard, Error> {
    db.prepare_cached(
        "SELECT s.id, s.slot_id, s.attempts, s.expires_at, s.key_id, s.salt, s.m, s.t, s.p, s.check_value, k.share
         FROM secrets s JOIN slots k ON k.id = s.slot_id WHERE s.lookup = ?1 AND s.expires_at > ?2",
    )?
    .query_row(params![lookup, now.unix()], |row| {
        Ok(Guard {
            place: place(row)?,
            expires_at: Timestamp::from_unix(row.get(3)?),
            key_id: row.get(4)?,
            protection: protection(row)?,
            check: row.get(9)?,
            share: Zeroizing::new(row.get(10)?),
        })
    })
    .optional()?
    .ok_or(Error::NotFound)
}

/// The sealed content of a secret.
pub(crate) fn sealed(db: &Connection, place: &Place) -> Result<Vec<u8>, Error> {
    let sql = "SELECT box FROM secrets WHERE id = ?1";
    Ok(db.prepare_cached(sql)?.query_row(params![place.id], |row| row.get(0))?)
}

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place { id: row.get(0)?, slot_id: row.get(1)?, attempts: row.get(2)? })
}

fn protection(row: &Row<'_>) -> rusqlite::Result<Option<ProtectionRow>> {
    let Some(salt) = row.get::<_, Option<[u8; 16]>>(5)? else {
        return Ok(None);
    };
    Ok(Some(ProtectionRow { salt, m: row.get(6)?, t: row.get(7)?, p: row.get(8)? }))
}

/// Tries within the running window, and when that began.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// When the first try of the window was.
    pub start: Timestamp,
    /// Tries since then.
    pub attempts: u32,
}

/// The running window of tries.
pub(crate) fn window(tx: &WriteTx<'_>, place: &Place) -> Result<Window, Error> {
    let sql = "SELECT window_start, window_attempts FROM secrets WHERE id = ?1";
    Ok(tx.prepare_cached(sql)?.query_row(params![place.id], |row| {
        Ok(Window { start: Timestamp::from_unix(row.get(0)?), attempts: row.get(1)? })
    })?)
}

/// Counts a try.
pub(crate) fn count_attempt(tx: &WriteTx<'_>, place: &Place, window: Window) -> Result<(), Error> {
    tx.prepare_cached(
        "UPDATE secrets SET attempts = ?2, window_start = ?3, window_attempts = ?4 WHERE id = ?1",
    )?
    .execute(params![place.id, place.attempts, window.start.unix(), window.attempts])?;
    Ok(())
}

/// Up to `limit` secrets that had expired at `now`, the oldest first.
pub(crate) fn expired(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<Place>, Error> {
    let sql = "SELECT id, slot_id, attempts FROM secrets WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2";
    let mut statement = db.prepare_cached(sql)?;
    let places = statement.query_map(params![now.unix(), limit], place)?.collect::<rusqlite::Result<_>>()?;
    Ok(places)
}
