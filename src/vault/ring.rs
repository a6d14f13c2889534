//! Root keys and the ring of them: the newest seals, all open.

use super::{derive, first, label};
use crate::hex;
use crate::random::fill;
use std::fmt;
use zeroize::Zeroizing;

/// 32 random bytes from which, with a link, every content key is derived.
pub struct RootKey(Zeroizing<[u8; 32]>);

impl RootKey {
    /// A fresh key.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(&mut *bytes);
        Self(bytes)
    }

    /// Takes 64 hexadecimal digits; refuses a key that is one byte over and over, since that was
    /// typed and not drawn.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = hex::decode(text)?;
        bytes.iter().any(|byte| *byte != bytes[0]).then_some(Self(bytes))
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(&self) -> Zeroizing<String> {
        hex::encode(&self.0[..])
    }

    /// Recognises the key without giving it away.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(first(&derive(&label::FINGERPRINT, &[self.expose()])))
    }

    pub(super) fn expose(&self) -> &[u8] {
        &self.0[..]
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(…)")
    }
}

/// Recognises a root key: 16 bytes derived from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Display for Fingerprint {
    /// The first four bytes, enough for a person to compare.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0[..4]))
    }
}

/// A root key's number in one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(i64);

impl KeyId {
    /// Stands where no root key is involved.
    pub const NONE: Self = Self(0);

    /// A number as it was stored.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The number, to be stored.
    pub const fn number(self) -> i64 {
        self.0
    }
}

/// The root keys at hand, with the numbers one database gave them.
pub struct KeyRing {
    newest: (KeyId, RootKey),
    older: Vec<(KeyId, RootKey)>,
}

impl KeyRing {
    /// A ring that seals under `newest`.
    pub fn new(newest: (KeyId, RootKey), older: Vec<(KeyId, RootKey)>) -> Self {
        Self { newest, older }
    }

    pub(super) fn newest(&self) -> (KeyId, &RootKey) {
        (self.newest.0, &self.newest.1)
    }

    pub(super) fn get(&self, id: KeyId) -> Option<&RootKey> {
        let mut keys = std::iter::once(&self.newest).chain(&self.older);
        keys.find(|(key_id, _)| *key_id == id).map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_key_is_64_hexadecimal_digits_that_were_drawn() {
        let key = RootKey::random();
        let again = RootKey::from_hex(&key.to_hex()).expect("its own digits");
        assert_eq!(key.fingerprint(), again.fingerprint());
        let [a, b, c, d, ..] = key.fingerprint().0;
        assert_eq!(key.fingerprint().to_string(), format!("{a:02x}{b:02x}{c:02x}{d:02x}"));
        assert_eq!(format!("{key:?}"), "RootKey(…)");
        for bad in
            ["", &key.to_hex()[1..], &format!("{}g", &key.to_hex()[1..]), &"00".repeat(32), &"é".repeat(32)]
        {
            assert!(RootKey::from_hex(bad).is_none(), "{bad}");
        }
    }
}
