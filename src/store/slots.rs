//! Erasure slots: 32 bytes each, overwritten in place.
//!
//! SQLite's `secure_delete` is not erasure: when a tree is balanced, cells are copied and their old
//! bytes stay behind. A row that only ever receives values of its own size is overwritten where it
//! lies, so slots are appended in blocks, never deleted, and never change their size.

use super::WriteTx;
use crate::error::Error;
use crate::random::fill;
use rusqlite::{OptionalExtension, params};
use zeroize::Zeroizing;

const SHARE: usize = 32;
const BLOCK: usize = 1024;

/// Puts a share into a free slot and returns the slot's id.
pub fn occupy(tx: &WriteTx<'_>, share: &[u8; SHARE]) -> Result<i64, Error> {
    if let Some(id) = occupy_free(tx, share)? {
        return Ok(id);
    }
    append_block(tx)?;
    occupy_free(tx, share)?.ok_or_else(|| Error::Internal("no free slot in a fresh block".into()))
}

fn occupy_free(tx: &WriteTx<'_>, share: &[u8; SHARE]) -> Result<Option<i64>, Error> {
    let free = tx
        .prepare_cached("SELECT id FROM slots WHERE used = 0 LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    if let Some(id) = free {
        tx.prepare_cached("UPDATE slots SET used = 1, share = ?2 WHERE id = ?1")?
            .execute(params![id, share])?;
    }
    Ok(free)
}

fn append_block(tx: &WriteTx<'_>) -> Result<(), Error> {
    let mut random = Zeroizing::new(vec![0; SHARE * BLOCK]);
    fill(&mut random);
    let mut insert = tx.prepare_cached("INSERT INTO slots (used, share) VALUES (0, ?1)")?;
    for share in random.chunks_exact(SHARE) {
        insert.execute(params![share])?;
    }
    Ok(())
}

/// Overwrites a share with fresh random bytes and frees the slot.
pub fn wipe(tx: &WriteTx<'_>, id: i64) -> Result<(), Error> {
    let mut random = [0; SHARE];
    fill(&mut random);
    tx.prepare_cached("UPDATE slots SET used = 0, share = ?2 WHERE id = ?1")?.execute(params![id, random])?;
    Ok(())
}
