//! The one place where secrets end.

use super::{WriteTx, outbox, secrets, slots};
use crate::error::Error;
use crate::secret::Outcome;
use crate::time::Timestamp;
use rusqlite::{Connection, params};

/// Ends a secret for a reveal, a burn, a lock or, without an outcome, an expiry: deletes its row,
/// overwrites its share, drops mail with its link that was not sent yet, and writes the outcome on its
/// receipt.
///
/// # Errors
/// [`Error::NotFound`] if the row is not there any more: someone else was first.
pub fn erase(
    tx: &WriteTx<'_>,
    secret: &secrets::Place,
    outcome: Option<(Outcome, Timestamp)>,
) -> Result<(), Error> {
    let sql = "DELETE FROM secrets WHERE id = ?1 AND slot_id = ?2";
    if tx.prepare_cached(sql)?.execute(params![secret.id, secret.slot_id])? == 0 {
        return Err(Error::NotFound);
    }
    tx.note_anonymous(-secret.anonymous_bytes);
    slots::wipe(tx, secret.slot_id)?;
    let (word, at, failed) = match outcome {
        // The attempt that opened it was counted before it was checked, and did not fail.
        Some((Outcome::Revealed, at)) => (Some("revealed"), Some(at), secret.attempts.saturating_sub(1)),
        Some((Outcome::Burned, at)) => (Some("burned"), Some(at), secret.attempts.saturating_sub(1)),
        Some((Outcome::Locked, at)) => (Some("locked"), Some(at), secret.attempts),
        None => (None, None, secret.attempts),
    };
    tx.prepare_cached(
        "UPDATE receipts SET outcome = ?2, outcome_at = ?3, failed_attempts = ?4 WHERE id = ?1",
    )?
    .execute(params![secret.id, word, at.map(Timestamp::unix), failed])?;
    if secret.has_mail {
        outbox::drop_for(tx, secret.id)?;
    }
    tx.note_erased();
    Ok(())
}

/// Ends every secret of a file that is to be replaced, and all mail that waits in it. Their receipts stay,
/// and call them orphaned.
///
/// # Errors
/// SQLite's; then nothing has changed once the transaction is undone.
pub fn end_all(transaction: &Connection) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM outbox", [])?;
    transaction.execute("DELETE FROM secrets", [])?;
    transaction.execute("UPDATE meta SET anonymous_bytes = 0", [])?;
    slots::wipe_all(transaction)
}
