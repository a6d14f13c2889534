//! Values that must not leak: they are wiped when dropped, cannot be printed or copied, and a stored
//! plaintext is only let go against the proof that it is gone from the store.

use std::fmt;
use zeroize::Zeroizing;

/// The content of a secret: UTF-8, kept byte for byte, never empty.
pub struct Plaintext(Zeroizing<String>);

impl Plaintext {
    /// Takes any text but the empty one.
    pub fn new(text: Zeroizing<String>) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    /// The text, to be sealed or sent.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(…)")
    }
}

/// A passphrase of 1 to 1024 bytes, never trimmed or normalised.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The longest passphrase, in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Takes 1 to 1024 bytes.
    pub fn new(text: Zeroizing<String>) -> Option<Self> {
        (1..=Self::MAX_BYTES).contains(&text.len()).then_some(Self(text))
    }

    /// The bytes, to derive a key from.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text, to be sent to a server.
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// How many characters a person typed.
    pub fn characters(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// An account's API token: an even number of hexadecimal digits, at least 40 (160 bits).
pub struct ApiToken(Zeroizing<String>);

impl ApiToken {
    /// Takes what could be a token, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let is_token =
            text.len() >= 40 && text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_token.then(|| Self(Zeroizing::new(text.to_ascii_lowercase())))
    }

    /// The token itself, to be shown once and to derive keys from.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(…)")
    }
}

/// What a reader draws to be known by should the reply get lost: 22 to 128 visible characters of ASCII,
/// which have room for the 128 random bits they should hold. With it and the link the reply can be fetched
/// again for a minute.
pub struct IdempotencyKey(Zeroizing<String>);

impl IdempotencyKey {
    /// Takes 22 to 128 visible characters.
    pub fn parse(text: &str) -> Option<Self> {
        let is_key = (22..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The characters, to be sent or to derive keys from.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(…)")
    }
}

/// A plaintext that was opened inside a transaction which has yet to prove itself.
#[derive(Debug)]
pub struct Opened(Plaintext);

impl Opened {
    /// Wraps what the vault has just opened.
    pub fn new(plaintext: Plaintext) -> Self {
        Self(plaintext)
    }

    /// Lets the plaintext go to the one reader whose claim this is.
    pub fn release(self, _: &Claim) -> Plaintext {
        self.0
    }
}

/// Proof that a transaction which deleted a secret's row has been committed: the right of one reader to the
/// plaintext. It cannot be copied. It ends with the reply, or stays with the copy of the reply that is kept
/// for a minute for this reader, and lets that go again.
#[derive(Debug)]
pub struct Claim(());

impl Claim {
    /// Made in one place: where a reveal's transaction has come back committed.
    pub fn after_commit() -> Self {
        Self(())
    }
}
