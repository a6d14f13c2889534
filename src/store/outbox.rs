//! Queries on mail that waits to be sent.

use super::{WriteTx, receipts, slots};
use crate::error::Error;
use crate::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

/// A mail to be put into the outbox.
pub struct NewMail {
    /// The receipt whose link it carries; none for a notice.
    pub receipt_id: Option<i64>,
    /// The root key it is sealed under.
    pub key_id: i64,
    /// Goes into a slot.
    pub share: Zeroizing<[u8; 32]>,
    /// Now: it may go out at once.
    pub due_at: Timestamp,
    /// When to give up.
    pub dies_at: Timestamp,
    /// Address and text, sealed.
    pub sealed: Vec<u8>,
}

/// A mail that waits.
pub struct Waiting {
    /// Its row.
    pub id: i64,
    /// The receipt whose link it carries; none for a notice.
    pub receipt_id: Option<i64>,
    /// The root key it is sealed under.
    pub key_id: i64,
    /// The content of its slot.
    pub share: Zeroizing<[u8; 32]>,
    /// How often it was tried.
    pub tries: u32,
    /// When to give up.
    pub dies_at: Timestamp,
    /// Address and text, sealed.
    pub sealed: Vec<u8>,
}

/// Puts a mail into the outbox.
pub(crate) fn insert(tx: &WriteTx<'_>, mail: &NewMail) -> Result<(), Error> {
    let slot_id = slots::occupy(tx, &mail.share)?;
    tx.prepare_cached(
        "INSERT INTO outbox (receipt_id, slot_id, key_id, due_at, dies_at, box) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        mail.receipt_id,
        slot_id,
        mail.key_id,
        mail.due_at.unix(),
        mail.dies_at.unix(),
        mail.sealed
    ])?;
    Ok(())
}

/// The mail that is due first, if one is due at `now`.
pub(crate) fn next_due(db: &Connection, now: Timestamp) -> Result<Option<Waiting>, Error> {
    let mail = db
        .prepare_cached(
            "SELECT o.id, o.receipt_id, o.key_id, k.share, o.tries, o.dies_at, o.box
             FROM outbox o JOIN slots k ON k.id = o.slot_id WHERE o.due_at <= ?1 ORDER BY o.due_at LIMIT 1",
        )?
        .query_row(params![now.unix()], |row| {
            Ok(Waiting {
                id: row.get(0)?,
                receipt_id: row.get(1)?,
                key_id: row.get(2)?,
                share: Zeroizing::new(row.get(3)?),
                tries: row.get(4)?,
                dies_at: Timestamp::from_unix(row.get(5)?),
                sealed: row.get(6)?,
            })
        })
        .optional()?;
    Ok(mail)
}

/// Mail that waits.
pub(crate) fn count(db: &Connection) -> Result<u32, Error> {
    Ok(db.prepare_cached("SELECT count(*) FROM outbox")?.query_row([], |row| row.get(0))?)
}

/// Puts a mail off until then.
pub(crate) fn put_off(tx: &WriteTx<'_>, id: i64, until: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE outbox SET due_at = ?2, tries = tries + 1 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, until.unix()])?;
    Ok(())
}

/// Ends a mail that was sent at this moment, or given up, and erases it. Nothing happens if its
/// secret ended first and took it along.
pub(crate) fn finish(tx: &WriteTx<'_>, id: i64, sent_at: Option<Timestamp>) -> Result<(), Error> {
    let sql = "SELECT receipt_id FROM outbox WHERE id = ?1";
    let receipt: Option<Option<i64>> =
        tx.prepare_cached(sql)?.query_row(params![id], |row| row.get(0)).optional()?;
    if let Some(Some(receipt)) = receipt {
        receipts::set_delivered(tx, receipt, sent_at)?;
    }
    drop_where(tx, "id", id)
}

/// Erases mail with the link of a secret that has ended.
pub(super) fn drop_for(tx: &WriteTx<'_>, receipt: i64) -> Result<(), Error> {
    let sql = "SELECT count(*) FROM outbox WHERE receipt_id = ?1";
    let waits: u32 = tx.prepare_cached(sql)?.query_row(params![receipt], |row| row.get(0))?;
    if waits > 0 {
        receipts::set_delivered(tx, receipt, None)?;
        drop_where(tx, "receipt_id", receipt)?;
    }
    Ok(())
}

fn drop_where(tx: &WriteTx<'_>, column: &str, value: i64) -> Result<(), Error> {
    let sql = format!("DELETE FROM outbox WHERE {column} = ?1 RETURNING slot_id");
    let slots: Vec<i64> = tx
        .prepare_cached(&sql)?
        .query_map(params![value], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for slot in slots {
        slots::wipe(tx, slot)?;
        tx.note_erased();
    }
    Ok(())
}
