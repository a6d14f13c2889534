//! Keys, sealing and opening. Knows nothing of SQLite, HTTP or clocks, and does no I/O.
//!
//! Every key is `BLAKE3 derive_key(label, parts)` (BLAKE3 specification, section 2.3), each part
//! preceded by its length as a little-endian `u32`. Boxes are XChaCha20-Poly1305
//! (draft-irtf-cfrg-xchacha-03) with a random nonce: `version ‖ nonce ‖ ciphertext ‖ tag`.
//! Passphrases go through Argon2id (RFC 9106) and are part of the content key, not a gate before it.
//!
//! To open a secret one needs the root key, the link, the share in its slot and the passphrase where
//! one was set. Erasing overwrites the share, and nothing opens the box again.

mod account;
mod content;
mod identifiers;
mod padding;
mod reply;
mod ring;
pub mod sample;

pub use account::{new_token, token_lookup};
pub use content::ReceiptContent;
pub use identifiers::{Identifiers, Lookup};
pub use reply::ReplyKey;
pub use ring::{Fingerprint, KeyId, KeyRing, RootKey};

use crate::random::fill;
use crate::secret::{Opened, Passphrase, Plaintext, ReceiptId, SecretId};
use crate::time::Timestamp;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use blake3::hazmat::{self, ContextKey, HasherExt};
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};
use std::fmt;
use std::hint::black_box;
use std::mem::take;
use std::sync::{Mutex, OnceLock, PoisonError};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// The first byte of every box.
const BOX_VERSION: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;
/// A secret's padded content is at least this long, so that passwords of any length look alike and
/// no box is small enough to share a page with many others.
const SECRET_BUCKET: usize = 1024;
const RECEIPT_BUCKET: usize = 64;

/// 32 random bytes in an erasure slot: the part of a content key that erasing destroys.
pub struct Share(Zeroizing<[u8; Share::BYTES]>);

impl Share {
    /// Bytes in a share.
    pub const BYTES: usize = 32;

    /// A fresh share.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; Self::BYTES]);
        fill(&mut *bytes);
        Self(bytes)
    }

    /// A share as it was stored.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to be stored.
    pub fn expose(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

/// What Argon2id made of a passphrase.
pub struct PassphraseKey(Zeroizing<[u8; 32]>);

/// How Argon2id was, or is to be, run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub m: u32,
    /// Passes.
    pub t: u32,
    /// Lanes.
    pub p: u32,
}

impl Argon2Cost {
    /// The least that OWASP's Password Storage Cheat Sheet recommends: 19 MiB, two passes, one lane.
    pub const DEFAULT: Self = Self { m: 19 * 1024, t: 2, p: 1 };

    /// Bounds that a stored cost must keep, so that a doctored file cannot make the server spend
    /// more than 256 MiB or a few seconds on one guess.
    fn is_sane(self) -> bool {
        (1..=4).contains(&self.p) && (1..=16).contains(&self.t) && (8 * self.p..=256 * 1024).contains(&self.m)
    }
}

/// The salt and cost stored with a protected secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// 16 random bytes.
    pub salt: [u8; 16],
    /// How Argon2id is run.
    pub cost: Argon2Cost,
}

/// What Argon2 has worked in, wiped and kept for the next time. Given back, the allocator would keep it,
/// and once for every thread that ever ran Argon2.
static ARENAS: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

impl Protection {
    /// A fresh salt under this cost.
    pub fn random(cost: Argon2Cost) -> Self {
        let mut salt = [0; 16];
        fill(&mut salt);
        Self { salt, cost }
    }

    /// Runs Argon2id, version 0x13, for 32 bytes (RFC 9106). Takes tens of milliseconds: only call
    /// it under a permit and off the event loop.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if the stored cost is out of bounds.
    pub fn derive(&self, passphrase: &Passphrase) -> Result<PassphraseKey, VaultError> {
        if !self.cost.is_sane() {
            return Err(VaultError::Damaged);
        }
        let params = Params::new(self.cost.m, self.cost.t, self.cost.p, Some(32));
        let params = params.map_err(|_| VaultError::Damaged)?;
        let kept = || ARENAS.lock().unwrap_or_else(PoisonError::into_inner);
        let mut arena = kept().pop().unwrap_or_default();
        arena.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = Zeroizing::new([0; 32]);
        let derived =
            argon2.hash_password_into_with_memory(passphrase.expose(), &self.salt, &mut *key, &mut arena);
        arena.iter_mut().zeroize();
        kept().push(arena);
        derived.map_err(|_| VaultError::Damaged)?;
        Ok(PassphraseKey(key))
    }
}

/// Why something did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultError {
    /// The check value disagrees: wrong passphrase.
    WrongPassphrase,
    /// The root key it was sealed under is not in the ring.
    KeyMissing,
    /// The row is not what was sealed.
    Damaged,
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongPassphrase => "the passphrase does not match",
            Self::KeyMissing => "the root key this row was sealed under is not in the key file",
            Self::Damaged => "the row is damaged: it is not what was sealed",
        })
    }
}

impl std::error::Error for VaultError {}

/// What a secret's key is made of, besides the root key.
pub struct SecretKeyParts<'a> {
    /// The link's identifier.
    pub id: &'a SecretId,
    /// The content of its erasure slot.
    pub share: &'a Share,
    /// Where a passphrase was set.
    pub passphrase: Option<&'a PassphraseKey>,
}

/// A secret as it is stored.
#[derive(Clone, Debug)]
pub struct SealedSecret {
    /// The root key used.
    pub key_id: KeyId,
    /// Where to find it, bound into the box.
    pub lookup: Lookup,
    /// When it expires, bound into the box.
    pub expires_at: Timestamp,
    /// Tells a wrong passphrase from a damaged row.
    pub check: [u8; 16],
    /// The sealed content.
    pub sealed: Vec<u8>,
}

/// Seals and opens. Holds the root keys.
pub struct Vault {
    ring: KeyRing,
}

impl Vault {
    /// A vault that seals under the newest key of this ring and opens with all of them.
    pub fn new(ring: KeyRing) -> Self {
        Self { ring }
    }

    /// The number of the root key that seals.
    pub fn newest_key(&self) -> KeyId {
        self.ring.newest().0
    }

    /// Seals a secret under the newest root key.
    pub fn seal_secret(
        &self,
        parts: &SecretKeyParts<'_>,
        lookup: Lookup,
        expires_at: Timestamp,
        plaintext: &Plaintext,
    ) -> SealedSecret {
        let (key_id, root) = self.ring.newest();
        let aad = associated_data(&label::SECRET, key_id, lookup.as_bytes(), expires_at);
        let key = secret_key(&label::SECRET, root, parts);
        let sealed = seal(&key, &aad, plaintext.expose().as_bytes(), SECRET_BUCKET);
        SealedSecret { key_id, lookup, expires_at, check: check_value(root, parts), sealed }
    }

    /// Whether these parts are the ones the secret was sealed with, compared in constant time.
    ///
    /// # Errors
    /// [`VaultError::KeyMissing`], or [`VaultError::WrongPassphrase`] where a passphrase key was
    /// given and [`VaultError::Damaged`] where none was.
    pub fn check(
        &self,
        key_id: KeyId,
        check: &[u8; 16],
        parts: &SecretKeyParts<'_>,
    ) -> Result<(), VaultError> {
        let root = self.ring.get(key_id).ok_or(VaultError::KeyMissing)?;
        match (bool::from(check_value(root, parts).ct_eq(check)), parts.passphrase) {
            (true, _) => Ok(()),
            (false, Some(_)) => Err(VaultError::WrongPassphrase),
            (false, None) => Err(VaultError::Damaged),
        }
    }

    /// Opens a secret; what comes out stays shut in until the claim on it is committed.
    ///
    /// # Errors
    /// As [`Vault::check`], and [`VaultError::Damaged`] if the box does not open.
    pub fn open_secret(
        &self,
        secret: &SealedSecret,
        parts: &SecretKeyParts<'_>,
    ) -> Result<Opened, VaultError> {
        self.check(secret.key_id, &secret.check, parts)?;
        let root = self.ring.get(secret.key_id).ok_or(VaultError::KeyMissing)?;
        let aad = associated_data(&label::SECRET, secret.key_id, secret.lookup.as_bytes(), secret.expires_at);
        opened(open(&secret_key(&label::SECRET, root, parts), &aad, &secret.sealed, SECRET_BUCKET)?)
    }

    /// Seals a receipt's content under the receipt's own identifier: without it, not even the root
    /// key opens the box.
    pub fn seal_receipt(
        &self,
        id: &ReceiptId,
        lookup: &Lookup,
        expires_at: Timestamp,
        content: &ReceiptContent,
    ) -> Vec<u8> {
        let aad = associated_data(&label::RECEIPT, KeyId::NONE, lookup.as_bytes(), expires_at);
        seal(&receipt_key(id), &aad, &content.encode(), RECEIPT_BUCKET)
    }

    /// Opens a receipt's content.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if the box does not open.
    pub fn open_receipt(
        &self,
        id: &ReceiptId,
        lookup: &Lookup,
        expires_at: Timestamp,
        sealed: &[u8],
    ) -> Result<ReceiptContent, VaultError> {
        let aad = associated_data(&label::RECEIPT, KeyId::NONE, lookup.as_bytes(), expires_at);
        let content = open(&receipt_key(id), &aad, sealed, RECEIPT_BUCKET)?;
        ReceiptContent::decode(&content).ok_or(VaultError::Damaged)
    }
}

/// A secret's content, shut in.
fn opened(mut content: Zeroizing<Vec<u8>>) -> Result<Opened, VaultError> {
    let text = String::from_utf8(take(&mut *content)).map_err(|error| {
        error.into_bytes().zeroize();
        VaultError::Damaged
    })?;
    Plaintext::new(Zeroizing::new(text)).map(Opened::new).ok_or(VaultError::Damaged)
}

/// Bytes a plaintext takes once padded: what quotas count.
pub fn padded_size(plaintext_bytes: usize) -> usize {
    padding::bucket(plaintext_bytes, SECRET_BUCKET)
}

/// Bytes it takes once sealed.
pub fn sealed_size(plaintext_bytes: usize) -> usize {
    1 + NONCE + padded_size(plaintext_bytes) + TAG
}

/// What a key is derived for.
struct Label {
    text: &'static str,
    /// Its hash, the same for every key: derived once, it saves a third of each derivation.
    hashed: OnceLock<ContextKey>,
}

impl Label {
    const fn new(text: &'static str) -> Self {
        Self { text, hashed: OnceLock::new() }
    }

    fn hasher(&self) -> blake3::Hasher {
        let hashed = self.hashed.get_or_init(|| hazmat::hash_derive_key_context(self.text));
        blake3::Hasher::new_from_context_key(hashed)
    }
}

/// One label for each use of a derived key; a label never changes its meaning.
mod label {
    use super::Label;

    pub static LOOKUP_SECRET: Label = Label::new("tellonce 2026-11 lookup secret v1");
    pub static LOOKUP_RECEIPT: Label = Label::new("tellonce 2026-11 lookup receipt v1");
    pub static MASK: Label = Label::new("tellonce 2026-11 mask v1");
    pub static FINGERPRINT: Label = Label::new("tellonce 2026-11 fingerprint v1");
    pub static SECRET: Label = Label::new("tellonce 2026-11 secret v1");
    pub static CHECK: Label = Label::new("tellonce 2026-11 check v1");
    pub static RECEIPT: Label = Label::new("tellonce 2026-11 receipt v1");
    pub static LOOKUP_TOKEN: Label = Label::new("tellonce 2026-11 lookup token v1");
    pub static OWN: Label = Label::new("tellonce 2026-11 own v1");
    pub static ADDRESS: Label = Label::new("tellonce 2026-11 address v1");
    pub static MAIL: Label = Label::new("tellonce 2026-11 mail v1");
    pub static RETRY: Label = Label::new("tellonce 2026-11 retry v1");
    pub static RETRY_NAME: Label = Label::new("tellonce 2026-11 retry name v1");
}

/// `derive_key` over length-prefixed parts, so that no two lists of parts run together.
fn derive(label: &Label, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut hasher = label.hasher();
    for part in parts {
        let length = u32::try_from(part.len()).expect("a key part is shorter than 4 GiB");
        hasher.update(&length.to_le_bytes()).update(part);
    }
    let key = Zeroizing::new(*hasher.finalize().as_bytes());
    wipe(&mut hasher);
    key
}

/// What fits into one chunk, as nearly all parts do, never reaches a hasher's stack, which is nine tenths of it
/// and takes as long to wipe as the rest does to hash. Taken by reference, since a move would leave a copy behind.
fn wipe(hasher: &mut blake3::Hasher) {
    if hasher.count() > blake3::CHUNK_LEN as u64 {
        hasher.zeroize();
    } else {
        hasher.reset();
        // Otherwise nobody would look at it again, and the compiler could leave it as it was.
        black_box(hasher);
    }
}

fn secret_key(label: &Label, root: &RootKey, parts: &SecretKeyParts<'_>) -> Zeroizing<[u8; 32]> {
    let passphrase: &[u8] = parts.passphrase.map_or(&[], |key| &key.0[..]);
    derive(label, &[root.expose(), parts.id.as_str().as_bytes(), parts.share.expose(), passphrase])
}

fn check_value(root: &RootKey, parts: &SecretKeyParts<'_>) -> [u8; 16] {
    first(&secret_key(&label::CHECK, root, parts))
}

fn receipt_key(id: &ReceiptId) -> Zeroizing<[u8; 32]> {
    derive(&label::RECEIPT, &[id.as_str().as_bytes()])
}

/// The first bytes of a derived value.
fn first<const N: usize>(derived: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|index| derived[index])
}

/// What a box is bound to besides its key: moved to another row or given another expiry, it does
/// not open. Zero stands for what does not apply.
fn associated_data(label: &Label, key_id: KeyId, row: &[u8; 16], expires_at: Timestamp) -> Vec<u8> {
    let mut data = Vec::with_capacity(label.text.len() + 32);
    data.extend_from_slice(label.text.as_bytes());
    data.extend_from_slice(&key_id.number().to_le_bytes());
    data.extend_from_slice(row);
    data.extend_from_slice(&expires_at.unix().to_le_bytes());
    data
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

/// A box around this content, which is padded and sealed where it lies.
fn seal(key: &[u8; 32], aad: &[u8], content: &[u8], smallest: usize) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(1 + NONCE + padding::bucket(content.len(), smallest) + TAG);
    let mut nonce = [0; NONCE];
    fill(&mut nonce);
    sealed.push(BOX_VERSION);
    sealed.extend_from_slice(&nonce);
    padding::pad(&mut sealed, content, smallest);
    let tag = cipher(key)
        .encrypt_inout_detached(&XNonce::from(nonce), aad, (&mut sealed[1 + NONCE..]).into())
        .expect("a plaintext is far shorter than the cipher's limit of 256 GiB");
    sealed.extend_from_slice(&tag);
    sealed
}

/// The content of a box that [`seal`] has made.
fn open(
    key: &[u8; 32],
    aad: &[u8],
    sealed: &[u8],
    smallest: usize,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (version, rest) = sealed.split_first().ok_or(VaultError::Damaged)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::Damaged)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(VaultError::Damaged)?;
    if *version != BOX_VERSION {
        return Err(VaultError::Damaged);
    }
    let mut content = Zeroizing::new(ciphertext.to_vec());
    cipher(key)
        .decrypt_inout_detached(&XNonce::from(*nonce), aad, content.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| VaultError::Damaged)?;
    padding::unpad(&mut content, smallest).ok_or(VaultError::Damaged)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_derived_from_parts_of_any_length_as_blake3_does_it() {
        for length in [0u32, 1, 1_020, 1_021, 5_000] {
            let part = vec![7; length as usize];
            let framed = [&length.to_le_bytes()[..], &part].concat();
            assert_eq!(*derive(&label::OWN, &[&part]), blake3::derive_key(label::OWN.text, &framed));
        }
    }
}
