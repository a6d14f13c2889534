//! Erasure slots: 32 bytes each, overwritten in place.
//!
//! SQLite's `secure_delete` is not erasure: when a tree is balanced, cells are copied and their old
//! bytes stay behind. A row that only ever receives values of its own size is overwritten where it
//! lies, so slots are appended in blocks, never deleted, and never change their size.

use super::{WriteTx, figures};
use crate::error::{Error, StartError};
use crate::random::fill;
use rusqlite::{Connection, params};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use zeroize::Zeroizing;

const SHARE: usize = 32;
const BLOCK: usize = 1024;

/// Free slots, as far as the writer knows: advice, which the file confirms when one is taken. The first in the
/// file is taken first: those that come and go are then on few pages, which are written over and over, even
/// after secrets from all over the file have ended.
#[derive(Default)]
pub struct FreeSlots {
    ids: RefCell<Known>,
}

#[derive(Default)]
struct Known {
    ids: BinaryHeap<Reverse<i64>>,
    /// Whether there are no others.
    are_all: bool,
}

impl FreeSlots {
    /// Slots that are remembered; others are searched for when these are used up.
    const MOST: u16 = 4096;

    /// After something was undone nobody knows.
    pub fn forget(&self) {
        self.ids.take();
    }

    fn pop(&self) -> Option<i64> {
        self.ids.borrow_mut().ids.pop().map(|Reverse(id)| id)
    }

    fn push(&self, id: i64) {
        let mut known = self.ids.borrow_mut();
        if known.ids.len() < usize::from(Self::MOST) {
            known.ids.push(Reverse(id));
        } else {
            known.are_all = false;
        }
    }

    /// Looks for more in the file, and appends a block if there are none.
    fn find(&self, tx: &WriteTx<'_>) -> Result<(), Error> {
        let mut known = self.ids.borrow_mut();
        if !known.are_all {
            let sql = "SELECT id FROM slots WHERE used = 0 ORDER BY id LIMIT ?1";
            let mut search = tx.prepare_cached(sql)?;
            known.ids =
                search.query_map([Self::MOST], |row| row.get(0).map(Reverse))?.collect::<Result<_, _>>()?;
            known.are_all = known.ids.len() < usize::from(Self::MOST);
        }
        if known.ids.is_empty() {
            known.ids = append_block(tx)?;
        }
        Ok(())
    }
}

/// Puts a share into a free slot and returns the slot's id.
pub fn occupy(tx: &WriteTx<'_>, share: &[u8; SHARE]) -> Result<i64, Error> {
    loop {
        while let Some(id) = tx.free_slots.pop() {
            let sql = "UPDATE slots SET used = 1, share = ?2 WHERE id = ?1 AND used = 0";
            if tx.prepare_cached(sql)?.execute(params![id, share])? == 1 {
                return Ok(id);
            }
        }
        tx.free_slots.find(tx)?;
    }
}

fn append_block(tx: &WriteTx<'_>) -> Result<BinaryHeap<Reverse<i64>>, Error> {
    let mut random = Zeroizing::new(vec![0; SHARE * BLOCK]);
    fill(&mut random);
    let mut insert = tx.prepare_cached("INSERT INTO slots (used, share) VALUES (0, ?1)")?;
    let ids = random.chunks_exact(SHARE).map(|share| insert.insert([share]).map(Reverse));
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Overwrites a share with fresh random bytes and frees the slot.
pub fn wipe(tx: &WriteTx<'_>, id: i64) -> Result<(), Error> {
    let mut random = [0; SHARE];
    fill(&mut random);
    tx.prepare_cached("UPDATE slots SET used = 0, share = ?2 WHERE id = ?1")?.execute(params![id, random])?;
    tx.free_slots.push(id);
    Ok(())
}

/// Overwrites every share of a file that is to be replaced.
pub fn wipe_all(transaction: &Connection) -> rusqlite::Result<()> {
    transaction.execute("UPDATE slots SET used = 0, share = randomblob(length(share))", []).map(|_| ())
}

/// The shares of all that can still be opened, to look for them in files.
///
/// # Errors
/// A sentence for the operator if the file cannot be read.
pub fn used_shares(database: &Path) -> Result<Vec<Zeroizing<[u8; SHARE]>>, StartError> {
    figures::look(database, |db| {
        let mut query = db.prepare("SELECT share FROM slots WHERE used = 1")?;
        query.query_map([], |row| row.get(0).map(Zeroizing::new))?.collect()
    })
}
