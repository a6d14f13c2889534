//! What a receipt's box holds, and its bytes.

use crate::secret::{ID_LENGTH, SecretId};
use zeroize::Zeroizing;

/// What only the holder of a receipt's identifier may learn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptContent {
    /// The secret's identifier.
    pub secret: SecretId,
    /// Obscured addresses.
    pub recipients: Vec<String>,
    /// The owner's note.
    pub memo: Option<String>,
}

impl ReceiptContent {
    /// The identifier, then the memo and the recipients, each a list of `u16` lengths and bytes.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(self.secret.as_str().as_bytes().to_vec());
        put_list(&mut bytes, self.memo.as_slice());
        put_list(&mut bytes, &self.recipients);
        bytes
    }

    /// `None` if the bytes are not what `encode` makes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (id, mut rest) = bytes.split_at_checked(ID_LENGTH)?;
        let secret = SecretId::parse(str::from_utf8(id).ok()?)?;
        let mut memo = take_list(&mut rest)?;
        let recipients = take_list(&mut rest)?;
        let is_whole = memo.len() <= 1 && rest.is_empty();
        is_whole.then(|| Self { secret, recipients, memo: memo.pop() })
    }
}

fn put_list(bytes: &mut Vec<u8>, texts: &[String]) {
    put_number(bytes, texts.len());
    for text in texts {
        put_number(bytes, text.len());
        bytes.extend_from_slice(text.as_bytes());
    }
}

fn put_number(bytes: &mut Vec<u8>, number: usize) {
    let number = u16::try_from(number).expect("a memo or address is at most 2,000 bytes long");
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn take_list(bytes: &mut &[u8]) -> Option<Vec<String>> {
    (0..take_number(bytes)?).map(|_| take_text(bytes)).collect()
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let length = take_number(bytes)?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

fn take_number(bytes: &mut &[u8]) -> Option<usize> {
    let (number, rest) = bytes.split_first_chunk::<2>()?;
    *bytes = rest;
    Some(usize::from(u16::from_le_bytes(*number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_receipts_content_survives_its_own_bytes(
            id in "[a-z0-9]{31}",
            recipients in proptest::collection::vec(".{0,40}", 0..4),
            memo in proptest::option::of(".{0,100}"),
        ) {
            let content = ReceiptContent { secret: SecretId::parse(&id).expect("an identifier"), recipients, memo };
            prop_assert_eq!(ReceiptContent::decode(&content.encode()), Some(content));
        }

        #[test]
        fn no_bytes_make_decode_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ReceiptContent::decode(&bytes);
        }
    }
}
