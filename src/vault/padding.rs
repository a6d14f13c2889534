//! Padding that hides lengths: a little-endian `u32` length, the content, zeros up to a bucket.
//!
//! Buckets above the smallest follow Padmé (Nikitin et al., "Reducing Metadata Leakage from
//! Encrypted Files and Communication with PURBs", section 4): at most 12 % larger than the content,
//! and a length reveals only O(log log n) bits.

const LENGTH: usize = 4;

/// The padded size of content this long.
pub fn bucket(content: usize, smallest: usize) -> usize {
    padme(content + LENGTH).max(smallest)
}

/// Appends content, padded to its bucket.
pub fn pad(onto: &mut Vec<u8>, content: &[u8], smallest: usize) {
    let length = u32::try_from(content.len()).expect("content is shorter than 4 GiB");
    let end = onto.len() + bucket(content.len(), smallest);
    onto.extend_from_slice(&length.to_le_bytes());
    onto.extend_from_slice(content);
    onto.resize(end, 0);
}

/// Leaves nothing but the content; `None` for anything but what [`pad`] makes of it.
pub fn unpad(padded: &mut Vec<u8>, smallest: usize) -> Option<()> {
    let (length, rest) = padded.split_first_chunk::<LENGTH>()?;
    let (content, zeros) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    // All of them are looked at, which is faster than to stop at the first that is none.
    let is_zero = zeros.iter().fold(0, |any, byte| any | byte) == 0;
    let length = content.len();
    if !is_zero || padded.len() != bucket(length, smallest) {
        return None;
    }
    padded.copy_within(LENGTH..LENGTH + length, 0);
    padded.truncate(length);
    Some(())
}

fn padme(length: usize) -> usize {
    let exponent = length.max(2).ilog2();
    let kept_bits = exponent.ilog2() + 1;
    let mask = (1usize << exponent.saturating_sub(kept_bits)) - 1;
    (length + mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_contents_share_one_bucket() {
        assert_eq!(bucket(1, 1024), bucket(1020, 1024));
        assert!(bucket(1021, 1024) > 1024);
    }

    #[test]
    fn all_that_is_behind_the_content_must_be_zero() {
        for odd in [[1, 0], [0, 1], [1, 1]] {
            let mut padded = Vec::new();
            pad(&mut padded, b"x", 8);
            padded[6..].copy_from_slice(&odd);
            assert!(unpad(&mut padded, 8).is_none(), "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn padding_comes_off_again_and_costs_at_most_12_percent(
            content in proptest::collection::vec(any::<u8>(), 0..5000),
        ) {
            let mut padded = Vec::new();
            pad(&mut padded, &content, 64);
            prop_assert!(padded.len() <= (content.len() + LENGTH).max(64) * 112 / 100);
            prop_assert_eq!(unpad(&mut padded, 64), Some(()));
            prop_assert_eq!(padded, content);
        }

        #[test]
        fn no_padded_bytes_make_unpad_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut content = bytes.clone();
            if unpad(&mut content, 8).is_some() {
                prop_assert!(content.len() + LENGTH <= bytes.len());
            }
        }
    }
}
