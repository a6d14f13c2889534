//! The vault's work for one secret, to be measured: each returns what does it once.

use super::{
    Argon2Cost, Identifiers, KeyId, KeyRing, Opened, Protection, RootKey, SecretKeyParts, Share, Vault,
};
use crate::secret::{Passphrase, Plaintext};
use crate::time::Timestamp;
use zeroize::Zeroizing;

/// A secret of 100 bytes, as the benchmarks use it.
fn plaintext() -> Plaintext {
    Plaintext::new(Zeroizing::new("x".repeat(100))).expect("not empty")
}

fn vault() -> Vault {
    Vault::new(KeyRing::new((KeyId::from_number(1), RootKey::random()), Vec::new()))
}

/// Draws a link, pads and seals.
pub fn seal() -> impl FnMut() {
    let (vault, identifiers, plaintext) = (vault(), Identifiers::new([7; 32]), plaintext());
    move || {
        let (id, share) = (identifiers.new_secret_id(1), Share::random());
        let parts = SecretKeyParts { id: &id, share: &share, passphrase: None };
        let expires_at = Timestamp::from_unix(1_800_000_000);
        std::hint::black_box(vault.seal_secret(&parts, identifiers.secret(&id), expires_at, &plaintext));
    }
}

/// Finds, checks and opens.
pub fn open() -> impl FnMut() {
    let (vault, identifiers) = (vault(), Identifiers::new([7; 32]));
    let (id, share, expires_at) =
        (identifiers.new_secret_id(1), Share::random(), Timestamp::from_unix(1_800_000_000));
    let parts = SecretKeyParts { id: &id, share: &share, passphrase: None };
    let sealed = vault.seal_secret(&parts, identifiers.secret(&id), expires_at, &plaintext());
    move || {
        let parts = SecretKeyParts { id: &id, share: &share, passphrase: None };
        let opened: Result<Opened, _> = vault.open_secret(&sealed, &parts);
        std::hint::black_box((identifiers.secret(&id), opened.is_ok()));
    }
}

/// Runs Argon2 at the server's cost.
pub fn stretch() -> impl FnMut() {
    let protection = Protection::random(Argon2Cost::DEFAULT);
    let passphrase = Passphrase::new(Zeroizing::new("correct horse".to_owned())).expect("a passphrase");
    move || {
        std::hint::black_box(protection.derive(&passphrase).is_ok());
    }
}
