//! Queries on receipts.

use super::{WriteTx, rows};
use crate::error::Error;
use crate::secret::{Delivery, Kind, Looks, Outcome};
use crate::time::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A receipt to be stored.
pub struct NewReceipt {
    /// Its number, from [`super::Store::next_number`].
    pub id: i64,
    /// Where to find it; begins with its number.
    pub lookup: [u8; 16],
    /// Now.
    pub created_at: Timestamp,
    /// When the secret expires.
    pub secret_expires_at: Timestamp,
    /// When the receipt itself expires.
    pub expires_at: Timestamp,
    /// How the secret came to be.
    pub kind: Kind,
    /// Whether a passphrase is set.
    pub has_passphrase: bool,
    /// The host its links are made for, where that is not the default one.
    pub share_domain: Option<String>,
    /// The account that makes it, with its line for that account's list.
    pub own: Option<(i64, Vec<u8>)>,
    /// Whether mail with the link goes out.
    pub has_mail: bool,
    /// The sealed part.
    pub sealed: Vec<u8>,
}

/// A receipt as it is stored.
#[derive(Debug)]
pub struct ReceiptRow {
    /// Its row, and its secret's.
    pub id: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the secret expires.
    pub secret_expires_at: Timestamp,
    /// When the receipt itself expires.
    pub expires_at: Timestamp,
    /// How the secret came to be.
    pub kind: Kind,
    /// Whether a passphrase was set.
    pub has_passphrase: bool,
    /// The host its links are made for, where that is not the default one.
    pub share_domain: Option<String>,
    /// What ended the secret before its time.
    pub outcome: Option<(Outcome, Timestamp)>,
    /// Looks at the link.
    pub looks: Looks,
    /// Wrong or missing passphrases so far.
    pub failed_attempts: u32,
    /// The sealed part.
    pub sealed: Vec<u8>,
    /// Whether the secret's row is there.
    pub has_secret: bool,
    /// The account that made it.
    pub account_id: Option<i64>,
    /// The mail with the link.
    pub delivery: Option<Delivery>,
}

/// Stores a receipt.
pub(super) fn insert(tx: &WriteTx<'_>, receipt: &NewReceipt) -> Result<(), Error> {
    tx.prepare_cached(
        "INSERT INTO receipts (id, lookup, created_at, secret_expires_at, expires_at, due_at, kind, has_passphrase,
                               share_domain, box, account_id, own_box, mail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        receipt.id,
        receipt.lookup,
        receipt.created_at.unix(),
        receipt.secret_expires_at.unix(),
        receipt.expires_at.unix(),
        kind_word(receipt.kind),
        receipt.has_passphrase,
        receipt.share_domain,
        receipt.sealed,
        receipt.own.as_ref().map(|(account, _)| account),
        receipt.own.as_ref().map(|(_, sealed)| sealed),
        receipt.has_mail.then_some("pending"),
    ])?;
    Ok(())
}

/// The receipt at this lookup, if it is there and has not expired at `now`.
pub(crate) fn find(db: &Connection, lookup: &[u8; 16], now: Timestamp) -> Result<ReceiptRow, Error> {
    let mut query = db.prepare_cached(
        "SELECT r.id, r.created_at, r.secret_expires_at, r.expires_at, r.kind, r.has_passphrase, r.share_domain,
                r.outcome, r.outcome_at, r.views, r.first_view, r.last_view,
                coalesce(s.attempts, r.failed_attempts), r.box, s.id IS NOT NULL, r.account_id, r.mail, r.shared_at
         FROM receipts r LEFT JOIN secrets s ON s.id = r.id
         WHERE r.id = ?1 AND r.lookup = ?2 AND r.expires_at > ?3",
    )?;
    rows::find(db, lookup, |id| query.query_row(params![id, lookup, now.unix()], as_receipt).optional())
}

fn as_receipt(row: &Row<'_>) -> rusqlite::Result<ReceiptRow> {
    let time = |index| row.get(index).map(|at: Option<i64>| at.map(Timestamp::from_unix));
    Ok(ReceiptRow {
        id: row.get(0)?,
        created_at: Timestamp::from_unix(row.get(1)?),
        secret_expires_at: Timestamp::from_unix(row.get(2)?),
        expires_at: Timestamp::from_unix(row.get(3)?),
        kind: kind(row.get_ref(4)?.as_str()?)?,
        has_passphrase: row.get(5)?,
        share_domain: row.get(6)?,
        outcome: outcome(row.get_ref(7)?.as_str_or_null()?)?.zip(time(8)?),
        looks: Looks { count: row.get(9)?, first: time(10)?, last: time(11)? },
        failed_attempts: row.get(12)?,
        sealed: row.get(13)?,
        has_secret: row.get(14)?,
        account_id: row.get(15)?,
        delivery: delivery(row.get_ref(16)?.as_str_or_null()?, time(17)?)?,
    })
}

/// Counts a look at a secret's link.
pub(crate) fn count_look(tx: &WriteTx<'_>, id: i64, now: Timestamp) -> Result<(), Error> {
    tx.prepare_cached(
        "UPDATE receipts SET views = views + 1, first_view = coalesce(first_view, ?2), last_view = ?2
         WHERE id = ?1",
    )?
    .execute(params![id, now.unix()])?;
    Ok(())
}

/// The secret's time is over: next the sweeper looks when the receipt's is.
pub(crate) fn outlive(tx: &WriteTx<'_>, id: i64) -> Result<(), Error> {
    tx.prepare_cached("UPDATE receipts SET due_at = expires_at WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Deletes a receipt whose secret is gone.
pub(crate) fn delete(tx: &WriteTx<'_>, id: i64) -> Result<(), Error> {
    tx.prepare_cached("DELETE FROM receipts WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Replaces the sealed part.
pub(crate) fn set_sealed(tx: &WriteTx<'_>, id: i64, sealed: &[u8]) -> Result<(), Error> {
    tx.prepare_cached("UPDATE receipts SET box = ?2 WHERE id = ?1")?.execute(params![id, sealed])?;
    Ok(())
}

/// Notes that a mail with the link was sent at this moment, or given up. Of several, one that failed
/// counts: their sender must hear of it, in whatever order they went.
pub(crate) fn set_delivered(tx: &WriteTx<'_>, id: i64, sent_at: Option<Timestamp>) -> Result<(), Error> {
    let word = if sent_at.is_some() { "sent" } else { "failed" };
    let sql = "UPDATE receipts SET mail = ?2, shared_at = ?3 WHERE id = ?1 AND mail IS NOT 'failed'";
    tx.prepare_cached(sql)?.execute(params![id, word, sent_at.map(Timestamp::unix)])?;
    Ok(())
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Conceal => "conceal",
        Kind::Generate => "generate",
    }
}

fn kind(word: &str) -> rusqlite::Result<Kind> {
    match word {
        "conceal" => Ok(Kind::Conceal),
        "generate" => Ok(Kind::Generate),
        _ => Err(unknown_word(4)),
    }
}

fn outcome(word: Option<&str>) -> rusqlite::Result<Option<Outcome>> {
    match word {
        None => Ok(None),
        Some("revealed") => Ok(Some(Outcome::Revealed)),
        Some("burned") => Ok(Some(Outcome::Burned)),
        Some("locked") => Ok(Some(Outcome::Locked)),
        Some(_) => Err(unknown_word(7)),
    }
}

fn delivery(word: Option<&str>, at: Option<Timestamp>) -> rusqlite::Result<Option<Delivery>> {
    match (word, at) {
        (None, _) => Ok(None),
        (Some("pending"), _) => Ok(Some(Delivery::Pending)),
        (Some("sent"), Some(at)) => Ok(Some(Delivery::Sent(at))),
        (Some("failed"), _) => Ok(Some(Delivery::Failed)),
        _ => Err(unknown_word(16)),
    }
}

/// The schema's CHECK keeps such a word out; a doctored file may have one.
fn unknown_word(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, "not a word of the schema".into())
}
