//! Generated passwords.

use crate::error::{Error, Rule};
use crate::random::fill;
use crate::secret::Plaintext;
use zeroize::Zeroizing;

/// Capital letters, small letters, digits and punctuation.
pub const SETS: [&str; 4] =
    ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789", "!@#$%^&*()-_=+[]{};:,.<>?/~"];
/// Characters that people confuse when they read or type them.
pub const AMBIGUOUS: &str = "0O1lI|oi5S2Z8B";

/// What a generated value is made of.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Characters; 4 to 128.
    pub length: i64,
    /// With `A` to `Z`.
    pub uppercase: bool,
    /// With `a` to `z`.
    pub lowercase: bool,
    /// With `0` to `9`.
    pub numbers: bool,
    /// With punctuation.
    pub symbols: bool,
    /// Without characters that look like others.
    pub exclude_ambiguous: bool,
}

impl Recipe {
    /// The shortest value: one character of each set.
    pub const MIN_LENGTH: i64 = 4;
    /// The longest value.
    pub const MAX_LENGTH: i64 = 128;

    /// Draws a value: uniform among all values of the length that hold at least one character of
    /// each chosen set.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a length out of range or without any set.
    pub fn draw(&self) -> Result<Plaintext, Error> {
        let length = usize::try_from(self.length).ok();
        let length = length.filter(|_| (Self::MIN_LENGTH..=Self::MAX_LENGTH).contains(&self.length));
        let length = length.ok_or(Rule::Length(Self::MIN_LENGTH, Self::MAX_LENGTH))?;
        let sets = self.sets();
        if sets.is_empty() {
            return Err(Rule::NoCharacterSet.into());
        }
        let all: Vec<u8> = sets.concat();
        loop {
            // Drawn anew as a whole until it fits, which keeps it uniform. At the worst, four
            // characters of four sets, about one in fifty fits.
            let value = Zeroizing::new((0..length).map(|_| char::from(pick(&all))).collect::<String>());
            let fits = sets.iter().all(|set| value.bytes().any(|byte| set.contains(&byte)));
            if let (true, Some(plaintext)) = (fits, Plaintext::new(value)) {
                return Ok(plaintext);
            }
        }
    }

    fn sets(&self) -> Vec<Vec<u8>> {
        let chosen = [self.uppercase, self.lowercase, self.numbers, self.symbols].into_iter().zip(SETS);
        let keep = |byte: &u8| !self.exclude_ambiguous || !AMBIGUOUS.as_bytes().contains(byte);
        chosen.filter(|(on, _)| *on).map(|(_, set)| set.bytes().filter(keep).collect()).collect()
    }
}

impl Default for Recipe {
    /// Twelve characters of all sets.
    fn default() -> Self {
        Self {
            length: 12,
            uppercase: true,
            lowercase: true,
            numbers: true,
            symbols: true,
            exclude_ambiguous: true,
        }
    }
}

/// One character, all equally likely: bytes beyond the last whole multiple of the set's size are
/// thrown away.
fn pick(set: &[u8]) -> u8 {
    let limit = 256 - 256 % set.len();
    loop {
        let mut byte = [0];
        fill(&mut byte);
        if usize::from(byte[0]) < limit {
            return set[usize::from(byte[0]) % set.len()];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_a_generated_value_is_equally_likely() {
        let recipe = Recipe {
            length: 128,
            uppercase: false,
            symbols: false,
            exclude_ambiguous: false,
            ..Recipe::default()
        };
        let mut counts = [0f64; 256];
        let mut drawn = 0f64;
        for _ in 0..1000 {
            for byte in recipe.draw().expect("a value").expose().bytes() {
                counts[usize::from(byte)] += 1.0;
                drawn += 1.0;
            }
        }
        let expected = drawn / 36.0;
        let seen: Vec<f64> = counts.into_iter().filter(|count| *count > 0.0).collect();
        assert_eq!(seen.len(), 36);
        let chi_squared: f64 = seen.iter().map(|count| (count - expected).powi(2) / expected).sum();
        assert!(chi_squared < 100.0, "{chi_squared}");
    }

    #[test]
    fn the_shortest_value_holds_one_character_of_each_set() {
        let recipe = Recipe { length: 4, ..Recipe::default() };
        for _ in 0..200 {
            let value = recipe.draw().expect("a value");
            for set in recipe.sets() {
                assert!(value.expose().bytes().any(|byte| set.contains(&byte)));
            }
            assert!(value.expose().bytes().all(|byte| !AMBIGUOUS.as_bytes().contains(&byte)));
        }
    }
}
