//! Drawing identifiers and finding rows by them.
//!
//! An identifier is 25 random characters (129 bits), then 6 that hide its row's number under a mask.
//! The mask hangs on the 25 characters and on a constant of the database file, so the whole looks
//! uniform and its holder learns neither a time nor how many there are. The server reads the number
//! back, finds the row by it, and compares a hash of the whole: rows lie in the order they were made.

use super::{Label, derive, first, label};
use crate::random::fill;
use crate::secret::{ID_LENGTH, NUMBERS, ReceiptId, SecretId};
use zeroize::Zeroizing;

const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const RANDOM_LENGTH: usize = 25;
const MODULUS: u64 = NUMBERS.unsigned_abs();

/// What a row is searched by: its number modulo [`NUMBERS`] (4 bytes, big-endian), then 12 bytes of an
/// unkeyed hash of the identifier. The identifier itself is stored nowhere.
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

    /// A fresh identifier for the secret in the row of this number.
    pub fn new_secret_id(&self, number: i64) -> SecretId {
        SecretId::parse(&self.draw(number)).expect("drawn from the alphabet")
    }

    /// A fresh identifier for the receipt in the row of this number.
    pub fn new_receipt_id(&self, number: i64) -> ReceiptId {
        ReceiptId::parse(&self.draw(number)).expect("drawn from the alphabet")
    }

    /// Where a secret's row is.
    pub fn secret(&self, id: &SecretId) -> Lookup {
        self.lookup(&label::LOOKUP_SECRET, id.as_str())
    }

    /// Where a receipt's row is.
    pub fn receipt(&self, id: &ReceiptId) -> Lookup {
        self.lookup(&label::LOOKUP_RECEIPT, id.as_str())
    }

    fn draw(&self, number: i64) -> Zeroizing<String> {
        let random = random_characters();
        let mut masked = (number.rem_euclid(NUMBERS).unsigned_abs() + self.mask(&random)) % MODULUS;
        let mut id = [0; ID_LENGTH];
        id[..RANDOM_LENGTH].copy_from_slice(&random);
        for character in id[RANDOM_LENGTH..].iter_mut().rev() {
            *character = ALPHABET[usize::try_from(masked % 36).expect("below 36")];
            masked /= 36;
        }
        Zeroizing::new(id.iter().copied().map(char::from).collect())
    }

    fn lookup(&self, label: &Label, id: &str) -> Lookup {
        let mut bytes = [0; Lookup::BYTES];
        bytes[..4].copy_from_slice(&self.number(id.as_bytes()).to_be_bytes());
        bytes[4..].copy_from_slice(&first::<12>(&derive(label, &[id.as_bytes()])));
        Lookup(bytes)
    }

    fn number(&self, id: &[u8]) -> u32 {
        let (random, tail) = id.split_at(RANDOM_LENGTH);
        let masked = tail.iter().fold(0, |sum, character| sum * 36 + value(*character));
        let number = (masked + MODULUS - self.mask(random)) % MODULUS;
        u32::try_from(number).expect("36⁶ is less than 2³²")
    }

    fn mask(&self, random: &[u8]) -> u64 {
        let derived = derive(&label::MASK, &[&self.mask_constant, random]);
        u64::from_le_bytes(first(&derived)) % MODULUS
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
    fn a_lookup_begins_with_the_number_of_its_row() {
        let identifiers = Identifiers::new([7; 32]);
        for number in (0..NUMBERS).step_by(2_000_003).chain([NUMBERS - 1, NUMBERS, 5 * NUMBERS + 7]) {
            let id = identifiers.new_secret_id(number);
            let lookup = identifiers.secret(&id);
            let begins = u32::try_from(number % NUMBERS).expect("36⁶ is less than 2³²");
            assert_eq!(lookup.as_bytes()[..4], begins.to_be_bytes());
            assert_eq!(lookup, identifiers.secret(&id));
        }
    }

    #[test]
    fn every_place_of_an_identifier_looks_uniform_though_all_are_of_one_row() {
        let identifiers = Identifiers::new([7; 32]);
        const DRAWN: usize = 20_000;
        let mut counts = [[0f64; 36]; ID_LENGTH];
        for _ in 0..DRAWN {
            for (place, character) in identifiers.new_receipt_id(1).as_str().bytes().enumerate() {
                counts[place][usize::try_from(value(character)).expect("small")] += 1.0;
            }
        }
        // Together they show what is too little to be seen in one.
        let drawn =
            std::array::from_fn(|value| counts[..RANDOM_LENGTH].iter().map(|place| place[value]).sum());
        for (place, counts) in counts.iter().chain([&drawn]).enumerate() {
            let expected = counts.iter().sum::<f64>() / 36.0;
            let chi_squared: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
            // 35 degrees of freedom: 100 is exceeded once in about 10⁷ draws of a uniform place.
            assert!(chi_squared < 100.0, "place {place}: {chi_squared}");
        }
    }
}
