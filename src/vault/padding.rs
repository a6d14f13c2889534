//! Padding that hides lengths: a little-endian `u32` length, the content, zeros up to a bucket.
//!
//! Buckets above the smallest follow Padmé (Nikitin et al., "Reducing Metadata Leakage from
//! Encrypted Files and Communication with PURBs", section 4): at most 12 % larger than the content,
//! and a length reveals only O(log log n) bits.

use zeroize::Zeroizing;

const LENGTH: usize = 4;

/// The padded size of content this long.
pub fn bucket(content: usize, smallest: usize) -> usize {
    padme(content + LENGTH).max(smallest)
}

/// Pads content to its bucket.
pub fn pad(content: &[u8], smallest: usize) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(content.len()).expect("content is shorter than 4 GiB");
    let mut padded = Zeroizing::new(Vec::with_capacity(bucket(content.len(), smallest)));
    padded.extend_from_slice(&length.to_le_bytes());
    padded.extend_from_slice(content);
    padded.resize(bucket(content.len(), smallest), 0);
    padded
}

/// The content inside; `None` for anything but what [`pad`] makes of it.
pub fn unpad(padded: &[u8], smallest: usize) -> Option<&[u8]> {
    let (length, rest) = padded.split_first_chunk::<LENGTH>()?;
    let (content, zeros) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let is_whole = padded.len() == bucket(content.len(), smallest) && zeros.iter().all(|byte| *byte == 0);
    is_whole.then_some(content)
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

    proptest! {
        #[test]
        fn padding_comes_off_again_and_costs_at_most_12_percent(
            content in proptest::collection::vec(any::<u8>(), 0..5000),
        ) {
            let padded = pad(&content, 64);
            prop_assert_eq!(unpad(&padded, 64), Some(&content[..]));
            prop_assert!(padded.len() <= (content.len() + LENGTH).max(64) * 112 / 100);
        }

        #[test]
        fn no_padded_bytes_make_unpad_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(content) = unpad(&bytes, 8) {
                prop_assert!(content.len() + LENGTH <= bytes.len());
            }
        }
    }
}
