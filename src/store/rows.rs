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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The numbers that are looked at for a lookup that begins with this one, in vain.
    fn looked_at(begins: u32, newest: i64) -> Vec<i64> {
        let db = Connection::open_in_memory().expect("a database");
        db.execute_batch("CREATE TABLE receipts (id INTEGER PRIMARY KEY)").expect("a table");
        db.execute("INSERT INTO receipts SELECT ?1 WHERE ?1 > 0", [newest]).expect("a row");
        let mut lookup = [0; 16];
        lookup[..4].copy_from_slice(&begins.to_be_bytes());
        let mut numbers = Vec::new();
        let found = find(&db, &lookup, |number| {
            numbers.push(number);
            Ok(None::<()>)
        });
        assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
        numbers
    }

    #[test]
    fn a_file_with_more_rows_than_numbers_is_looked_at_wherever_the_row_may_be() {
        assert_eq!(looked_at(7, NUMBERS + 6), [7]);
        assert_eq!(looked_at(7, NUMBERS + 7), [7, NUMBERS + 7]);
        assert_eq!(looked_at(7, 3 * NUMBERS + 6), [7, NUMBERS + 7, 2 * NUMBERS + 7]);
    }

    proptest! {
        #[test]
        fn one_row_is_looked_at_whether_the_number_is_one_or_not(begins: u32, newest in 0..NUMBERS) {
            let [number] = looked_at(begins, newest)[..] else { panic!("not one") };
            let named = i64::from(begins);
            let is_right = if named <= newest { number == named } else { number <= newest };
            prop_assert!(is_right, "{number}");
        }
    }
}
