//! Drawing identifiers and finding rows by them.
//!
//! An identifier is 25 random characters (129 bits), then 6 that hide the minute of its creation
//! under a mask. The mask hangs on the 25 characters and on a constant of the database file, so the
//! whole looks uniform and its holder learns no time. The server reads the minute back and puts it
//! before the hash it searches by: rows made together then lie together in the index.

use super::{derive, first, label};
use crate::random::fill;
use crate::secret::{ID_LENGTH, ReceiptId, SecretId};
use crate::time::Timestamp;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const RANDOM_LENGTH: usize = 25;
/// 36⁶, the number of minutes that six characters can tell apart: some four thousand years.
const MINUTES: u64 = 36u64.pow(6);

/// What a row is searched by: the minute (big-endian), then 12 bytes of an unkeyed hash of the
/// identifier. The identifier itself is stored nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup([u8; Lookup::BYTES]);

impl Lookup {
    /// Bytes in a lookup.
    pub const BYTES: usize = 16;

    /// A lookup as it was stored.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, to search by.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

/// Draws identifiers for one database file and finds its rows by them.
pub struct Identifiers {
    mask_constant: [u8; 32],
}

impl Identifiers {
    /// For the file with this constant.
    pub fn new(mask_constant: [u8; 32]) -> Self {
        Self { mask_constant }
    }

    /// A fresh identifier for a secret made at this moment.
    pub fn new_secret_id(&self, now: Timestamp) -> SecretId {
        SecretId::parse(&self.draw(now)).expect("drawn from the alphabet")
    }

    /// A fresh identifier for a receipt made at this moment.
    pub fn new_receipt_id(&self, now: Timestamp) -> ReceiptId {
        ReceiptId::parse(&self.draw(now)).expect("drawn from the alphabet")
    }

    /// Where a secret's row is.
    pub fn secret(&self, id: &SecretId) -> Lookup {
        self.lookup(label::LOOKUP_SECRET, id.as_str())
    }

    /// Where a receipt's row is.
    pub fn receipt(&self, id: &ReceiptId) -> Lookup {
        self.lookup(label::LOOKUP_RECEIPT, id.as_str())
    }

    fn draw(&self, now: Timestamp) -> Zeroizing<String> {
        let random = random_characters();
        let mut masked = (u64::from(now.minute()) + self.mask(&random)) % MINUTES;
        let mut id = [0; ID_LENGTH];
        id[..RANDOM_LENGTH].copy_from_slice(&random);
        for character in id[RANDOM_LENGTH..].iter_mut().rev() {
            *character = ALPHABET[usize::try_from(masked % 36).expect("below 36")];
            masked /= 36;
        }
        Zeroizing::new(id.iter().copied().map(char::from).collect())
    }

    fn lookup(&self, label: &str, id: &str) -> Lookup {
        let mut bytes = [0; Lookup::BYTES];
        bytes[..4].copy_from_slice(&self.minute(id.as_bytes()).to_be_bytes());
        bytes[4..].copy_from_slice(&first::<12>(&derive(label, &[id.as_bytes()])));
        Lookup(bytes)
    }

    fn minute(&self, id: &[u8]) -> u32 {
        let (random, tail) = id.split_at(RANDOM_LENGTH);
        let masked = tail.iter().fold(0, |sum, character| sum * 36 + value(*character));
        let minute = (masked + MINUTES - self.mask(random)) % MINUTES;
        u32::try_from(minute).expect("36⁶ is less than 2³²")
    }

    fn mask(&self, random: &[u8]) -> u64 {
        let derived = derive(label::MASK, &[&self.mask_constant, random]);
        u64::from_le_bytes(first(&derived)) % MINUTES
    }
}

/// Uniform characters of the alphabet: 252 is the largest multiple of 36 that a byte holds, and
/// bytes from there on are thrown away.
fn random_characters() -> [u8; RANDOM_LENGTH] {
    let mut characters = [0; RANDOM_LENGTH];
    let mut count = 0;
    while count < RANDOM_LENGTH {
        let mut random = [0; RANDOM_LENGTH + 7];
        fill(&mut random);
        for byte in random.into_iter().filter(|byte| *byte < 252).take(RANDOM_LENGTH - count) {
            characters[count] = ALPHABET[usize::from(byte % 36)];
            count += 1;
        }
    }
    characters
}

fn value(character: u8) -> u64 {
    u64::from(match character {
        b'a'..=b'z' => character - b'a',
        _ => character - b'0' + 26,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_begins_with_the_minute_the_identifier_was_made() {
        let identifiers = Identifiers::new([7; 32]);
        let now = Timestamp::from_unix(1_800_000_000);
        for _ in 0..1000 {
            let id = identifiers.new_secret_id(now);
            let lookup = identifiers.secret(&id);
            assert_eq!(lookup.as_bytes()[..4], now.minute().to_be_bytes());
            assert_eq!(lookup, identifiers.secret(&id));
        }
    }

    #[test]
    fn every_place_of_an_identifier_looks_uniform_though_all_are_of_one_minute() {
        let identifiers = Identifiers::new([7; 32]);
        let now = Timestamp::from_unix(1_800_000_000);
        const DRAWN: usize = 20_000;
        let mut counts = [[0f64; 36]; ID_LENGTH];
        for _ in 0..DRAWN {
            for (place, character) in identifiers.new_receipt_id(now).as_str().bytes().enumerate() {
                counts[place][usize::try_from(value(character)).expect("small")] += 1.0;
            }
        }
        let expected = DRAWN as f64 / 36.0;
        for (place, counts) in counts.iter().enumerate() {
            let chi_squared: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
            // 35 degrees of freedom: 100 is exceeded once in about 10⁷ draws of a uniform place.
            assert!(chi_squared < 100.0, "place {place}: {chi_squared}");
        }
    }
}
