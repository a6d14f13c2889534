//! Values of words, for people who type or tell them. The words are the long list of the Electronic
//! Frontier Foundation (Joseph Bonneau, 2016, <https://www.eff.org/dice>), used under the Creative
//! Commons Attribution 3.0 United States licence, unchanged but for the dice throws left out.

use crate::random::fill;
use crate::secret::Plaintext;
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// How many words a value may have; each is worth 12.9 bits.
pub const COUNT: RangeInclusive<u16> = 4..=64;

/// Words in the list: all throws of five dice.
const LIST_LENGTH: u16 = 7776;
const LIST: &str = include_str!("words.txt");

/// Draws this many words, each as likely as any other, with hyphens between them; none for a count out
/// of range.
pub fn draw(count: u16) -> Option<Plaintext> {
    let list: Vec<&str> = LIST.lines().collect();
    let mut value = Zeroizing::new(String::with_capacity(usize::from(count) * 10));
    for index in 0..count {
        if index > 0 {
            value.push('-');
        }
        value.push_str(list[usize::from(pick())]);
    }
    Plaintext::new(value).filter(|_| COUNT.contains(&count))
}

/// The number of a word. What lies beyond the last whole multiple of the list's length is thrown away.
fn pick() -> u16 {
    const LIMIT: u16 = u16::MAX - u16::MAX % LIST_LENGTH;
    loop {
        let mut bytes = [0; 2];
        fill(&mut bytes);
        let number = u16::from_le_bytes(bytes);
        if number < LIMIT {
            return number % LIST_LENGTH;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_whole() {
        let words: BTreeSet<&str> = LIST.lines().collect();
        assert_eq!(words.len(), usize::from(LIST_LENGTH));
        assert_eq!((words.first(), words.last()), (Some(&"abacus"), Some(&"zoom")));
        let is_word = |word: &&str| {
            (3..=9).contains(&word.len())
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        assert!(words.iter().all(is_word));
    }

    #[test]
    fn every_word_is_equally_likely() {
        let mut counts = vec![0f64; usize::from(LIST_LENGTH)];
        let drawn = 40 * usize::from(LIST_LENGTH);
        for _ in 0..drawn {
            counts[usize::from(pick())] += 1.0;
        }
        // 7775 degrees of freedom: the mean is 7775, the standard deviation 125.
        let chi_squared: f64 = counts.iter().map(|count| (count - 40.0).powi(2) / 40.0).sum();
        assert!((7000.0..8600.0).contains(&chi_squared), "{chi_squared}");
    }

    #[test]
    fn a_value_has_as_many_words_as_were_asked_for() {
        let words: BTreeSet<&str> = LIST.lines().collect();
        let hyphened = words.iter().filter(|word| word.contains('-')).count();
        assert_eq!(hyphened, 4);
        for count in COUNT {
            let value = draw(count).expect("a value");
            let parts = value.expose().split('-').count();
            assert!((usize::from(count)..=2 * usize::from(count)).contains(&parts), "{parts}");
        }
        assert!(draw(COUNT.start() - 1).is_none() && draw(COUNT.end() + 1).is_none());
    }
}
