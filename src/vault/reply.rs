//! Replies that are kept in memory for a minute, each under a key that only its reader has: it is made of
//! the secret's identifier and what the reader drew. Whoever could read the memory would find no plaintext.

use super::{KeyId, SECRET_BUCKET, VaultError, associated_data, derive, first, label, open, opened, seal};
use crate::secret::{IdempotencyKey, Opened, Plaintext, SecretId};
use crate::time::Timestamp;
use zeroize::Zeroizing;

/// Names a reply that is kept, and seals it.
pub struct ReplyKey {
    name: [u8; 16],
    key: Zeroizing<[u8; 32]>,
}

impl ReplyKey {
    /// For whoever has both.
    pub fn new(id: &SecretId, key: &IdempotencyKey) -> Self {
        let parts = [id.as_str().as_bytes(), key.expose().as_bytes()];
        Self { name: first(&derive(&label::RETRY_NAME, &parts)), key: derive(&label::RETRY, &parts) }
    }

    /// Where the reply is found. It tells nothing of what it is made of.
    pub fn name(&self) -> [u8; 16] {
        self.name
    }

    /// Seals a content, to as many bytes as it took in the database.
    pub fn seal(&self, content: &Plaintext) -> Vec<u8> {
        seal(&self.key, &self.bound_to(), content.expose().as_bytes(), SECRET_BUCKET)
    }

    /// Opens what [`ReplyKey::seal`] made.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if the box does not open.
    pub fn open(&self, sealed: &[u8]) -> Result<Opened, VaultError> {
        opened(open(&self.key, &self.bound_to(), sealed, SECRET_BUCKET)?)
    }

    fn bound_to(&self) -> Vec<u8> {
        associated_data(&label::RETRY, KeyId::NONE, &self.name, Timestamp::from_unix(0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sealed_size;
    use super::*;
    use crate::secret::Claim;

    fn key(id: &str, key: &str) -> ReplyKey {
        let id = SecretId::parse(&id.repeat(31)).expect("an identifier");
        ReplyKey::new(&id, &IdempotencyKey::parse(&key.repeat(22)).expect("a key"))
    }

    #[test]
    fn a_reply_opens_with_the_same_link_and_key_and_with_no_others() {
        let content = Plaintext::new(Zeroizing::new("hello".into())).expect("a text");
        let sealed = key("a", "b").seal(&content);
        assert_eq!(sealed.len(), sealed_size(5));
        let opened = key("a", "b").open(&sealed).expect("the content");
        assert_eq!(opened.release(&Claim::after_commit()).expose(), "hello");
        for (id, other) in [("a", "c"), ("b", "b"), ("b", "a")] {
            assert_eq!(key(id, other).open(&sealed).err(), Some(VaultError::Damaged));
            assert_ne!(key(id, other).name(), key("a", "b").name());
        }
    }

    #[test]
    fn a_key_is_22_to_128_visible_characters() {
        for good in ["a".repeat(22), "~".repeat(128), "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"".into()] {
            assert!(IdempotencyKey::parse(&good).is_some(), "{good}");
        }
        let (short, long) = ("a".repeat(21), "a".repeat(129));
        for bad in
            ["", &short, &long, "a key with spaces in it, long", "0123456789012345678901\n", "ééééééééééééé"]
        {
            assert!(IdempotencyKey::parse(bad).is_none(), "{bad}");
        }
    }
}
