//! Queries on live secrets.

use super::receipts::NewReceipt;
use super::{WriteTx, receipts, rows, slots};
use crate::error::Error;
use crate::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// Where a secret lies, and what its end has to clear away.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its row, and its receipt's.
    pub id: i64,
    /// Its share's slot.
    pub slot_id: i64,
    /// Passphrases tried in all.
    pub attempts: u32,
    /// Padded bytes that count against what anonymous callers may keep.
    pub anonymous_bytes: i64,
    /// Whether its link was to be mailed to someone.
    pub has_mail: bool,
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
#[derive(Clone, Debug)]
pub struct Look {
    /// Where it lies.
    pub place: Place,
    /// The root key it was sealed under.
    pub key_id: i64,
    /// When it expires.
    pub expires_at: Timestamp,
    /// How a passphrase is checked, where one is needed.
    pub protection: Option<ProtectionRow>,
    /// When it was concealed.
    pub created_at: Timestamp,
    /// When its link was first looked at.
    pub first_view: Option<Timestamp>,
    /// The host its link was made for, where that is not the default one.
    pub share_domain: Option<String>,
    /// The account that made it.
    pub account_id: Option<i64>,
}

/// All of a secret that is there: whoever has link and passphrase can open it.
pub struct Whole {
    /// What may be told.
    pub look: Look,
    /// Tells a wrong passphrase from a damaged row.
    pub check: [u8; 16],
    /// The content of its slot.
    pub share: Zeroizing<[u8; 32]>,
    /// The sealed content.
    pub sealed: Vec<u8>,
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

/// Padded bytes that anonymous callers keep at present, as of the last commit.
pub(crate) fn anonymous_bytes(db: &Connection) -> Result<i64, Error> {
    Ok(db.prepare_cached("SELECT anonymous_bytes FROM meta")?.query_row([], |row| row.get(0))?)
}

/// How many of the next `limit` secrets after this row there are, and the last of them, if any.
pub(crate) fn count_after(db: &Connection, after: i64, limit: u32) -> Result<(u32, Option<i64>), Error> {
    let sql = "SELECT count(*), max(id) FROM (SELECT id FROM secrets WHERE id > ?1 ORDER BY id LIMIT ?2)";
    Ok(db.prepare_cached(sql)?.query_row(params![after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Notes how these have changed: once for a commit, since all jobs in it would write the same row.
pub(super) fn add_anonymous_bytes(db: &Connection, change: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE meta SET anonymous_bytes = anonymous_bytes + ?1";
    db.prepare_cached(sql)?.execute([change]).map(|_| ())
}

/// Stores a secret and its receipt.
pub(crate) fn insert(tx: &WriteTx<'_>, secret: &NewSecret, receipt: &NewReceipt) -> Result<(), Error> {
    let slot_id = slots::occupy(tx, &secret.share)?;
    receipts::insert(tx, receipt)?;
    let protection = secret.protection.as_ref();
    tx.prepare_cached(
        "INSERT INTO secrets (id, lookup, slot_id, key_id, expires_at, salt, m, t, p, check_value, box,
                              anonymous_bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        receipt.id,
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
    tx.note_anonymous(secret.anonymous_bytes);
    Ok(())
}

/// What a [`Look`] is read from.
const LOOK: &str =
    "s.id, s.slot_id, s.attempts, s.anonymous_bytes, r.mail IS NOT NULL, s.salt, s.m, s.t, s.p,
    s.key_id, s.expires_at, r.created_at, r.first_view, r.share_domain, r.account_id";

/// The secret at this lookup, if it is there and has not expired at `now`.
pub(crate) fn look(db: &Connection, lookup: &[u8; 16], now: Timestamp) -> Result<Look, Error> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT {LOOK} FROM secrets s JOIN receipts r ON r.id = s.id
             WHERE s.id = ?1 AND s.lookup = ?2 AND s.expires_at > ?3"
        )
    });
    let mut query = db.prepare_cached(&SQL)?;
    rows::find(db, lookup, |id| query.query_row(params![id, lookup, now.unix()], as_look).optional())
}

/// Bytes of its sealed content.
pub(crate) fn sealed_bytes(db: &Connection, lookup: &[u8; 16], now: Timestamp) -> Result<usize, Error> {
    let sql = "SELECT length(box) FROM secrets WHERE id = ?1 AND lookup = ?2 AND expires_at > ?3";
    let mut query = db.prepare_cached(sql)?;
    let bytes: u32 = rows::find(db, lookup, |id| {
        query.query_row(params![id, lookup, now.unix()], |row| row.get(0)).optional()
    })?;
    Ok(bytes as usize)
}

/// The same with all that opens it.
pub(crate) fn whole(db: &Connection, lookup: &[u8; 16], now: Timestamp) -> Result<Whole, Error> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT {LOOK}, s.check_value, k.share, s.box
             FROM secrets s JOIN receipts r ON r.id = s.id JOIN slots k ON k.id = s.slot_id
             WHERE s.id = ?1 AND s.lookup = ?2 AND s.expires_at > ?3"
        )
    });
    let mut query = db.prepare_cached(&SQL)?;
    let whole = |row: &Row<'_>| {
        let share = Zeroizing::new(row.get(16)?);
        Ok(Whole { look: as_look(row)?, check: row.get(15)?, share, sealed: row.get(17)? })
    };
    rows::find(db, lookup, |id| query.query_row(params![id, lookup, now.unix()], whole).optional())
}

fn as_look(row: &Row<'_>) -> rusqlite::Result<Look> {
    Ok(Look {
        place: place(row)?,
        protection: protection(row)?,
        key_id: row.get(9)?,
        expires_at: Timestamp::from_unix(row.get(10)?),
        created_at: Timestamp::from_unix(row.get(11)?),
        first_view: row.get::<_, Option<i64>>(12)?.map(Timestamp::from_unix),
        share_domain: row.get(13)?,
        account_id: row.get(14)?,
    })
}

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        id: row.get(0)?,
        slot_id: row.get(1)?,
        attempts: row.get(2)?,
        anonymous_bytes: row.get(3)?,
        has_mail: row.get(4)?,
    })
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

/// What the sweeper has to look at.
pub struct Due {
    /// The secret that has expired, if its row is there.
    pub secret: Option<Place>,
    /// The receipt.
    pub receipt_id: i64,
    /// When the receipt itself expires.
    pub expires_at: Timestamp,
}

/// Up to `limit` receipts that were due at `now`, the oldest first.
pub(crate) fn due(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<Due>, Error> {
    let mut query = db.prepare_cached(
        "SELECT r.id, s.slot_id, s.attempts, s.anonymous_bytes, r.mail IS NOT NULL, s.id IS NOT NULL, r.expires_at
         FROM receipts r LEFT JOIN secrets s ON s.id = r.id
         WHERE r.due_at <= ?1 ORDER BY r.due_at LIMIT ?2",
    )?;
    let due = query.query_map(params![now.unix(), limit], |row| {
        Ok(Due {
            secret: if row.get(5)? { Some(place(row)?) } else { None },
            receipt_id: row.get(0)?,
            expires_at: Timestamp::from_unix(row.get(6)?),
        })
    })?;
    Ok(due.collect::<rusqlite::Result<_>>()?)
}
