//! Finding a row by its lookup.

use crate::error::Error;
use crate::secret::NUMBERS;
use rusqlite::Connection;

/// The row with this lookup. A lookup begins with its row's number modulo [`NUMBERS`], so there is one
/// candidate until a file has numbered that many rows, and then one more for each time it has.
pub fn find<T>(
    db: &Connection,
    lookup: &[u8; 16],
    mut candidate: impl FnMut(i64) -> rusqlite::Result<Option<T>>,
) -> Result<T, Error> {
    let [a, b, c, d, ..] = *lookup;
    let (named, newest) = (i64::from(u32::from_be_bytes([a, b, c, d])), newest(db)?);
    // That no row has the number yet is quickly said. Then another row is looked at in vain, which takes as
    // long as finding that a secret is gone.
    let mut number = if named <= newest { named } else { named % newest.max(1) };
    while number <= newest {
        if let Some(row) = candidate(number)? {
            return Ok(row);
        }
        number += NUMBERS;
    }
    Err(Error::NotFound)
}

/// The number of the newest row, zero if there is none.
pub fn newest(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT coalesce(max(id), 0) FROM receipts")?.query_row([], |row| row.get(0))
}
