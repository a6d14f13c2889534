//! The format of what the vault stores, held to vectors that a second implementation made
//! (`vectors/make.py`), and the ciphers held to the vectors of their specifications.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tellonce::secret::{Claim, Opened, Passphrase, Plaintext, ReceiptId, SecretId};
use tellonce::time::Timestamp;
use tellonce::vault::{
    Argon2Cost, Identifiers, KeyId, KeyRing, Lookup, PassphraseKey, Protection, ReceiptContent, RootKey,
    SealedSecret, SecretKeyParts, Share, Vault, VaultError, padded_size,
};
use zeroize::Zeroizing;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
/// A box is a version, a nonce and a tag longer than what is padded in it.
const BOX_OVERHEAD: usize = 1 + 24 + 16;

#[test]
fn every_vector_comes_to_the_outcome_it_expects() {
    let files = read_files();
    let mut names = BTreeSet::new();
    let mut negative = 0;
    let mut failures = Vec::new();
    for (file, content) in &files {
        for vector in &content.vectors {
            let name = vector.name();
            assert!(names.insert(name), "{file}: two vectors are called: {name}");
            negative += usize::from(vector.is_negative());
            let outcome = catch_unwind(AssertUnwindSafe(|| vector.check(&content.boxes)));
            if let Err(why) = outcome.unwrap_or_else(|_| Err("it panicked".to_owned())) {
                failures.push(format!("{file}: {name} But {why}."));
            }
        }
    }
    assert!(failures.is_empty(), "{} vectors failed:\n{}", failures.len(), failures.join("\n"));
    assert!(names.len() >= 60, "only {} vectors were found", names.len());
    assert!(2 * negative > names.len(), "only {negative} of {} vectors are negative", names.len());
}

#[test]
fn the_cost_that_operators_get_is_the_least_that_owasp_recommends() {
    assert_eq!(Argon2Cost::DEFAULT, Argon2Cost { m: 19_456, t: 2, p: 1 });
}

#[test]
fn a_secret_that_was_sealed_opens_and_no_two_boxes_are_alike() {
    let vault = Vault::new(KeyRing::new((KeyId::from_number(1), RootKey::random()), Vec::new()));
    let identifiers = Identifiers::new([7; 32]);
    let now = Timestamp::from_unix(1_800_000_000);
    let id = identifiers.new_secret_id(1);
    let share = Share::random();
    let protection = Protection::random(Argon2Cost { m: 32, t: 1, p: 1 });
    let passphrase = passphrase_key(protection, "open sesame").expect("a passphrase");
    for passphrase in [None, Some(&passphrase)] {
        let parts = SecretKeyParts { id: &id, share: &share, passphrase };
        let sealed = [(); 2].map(|()| {
            let plaintext = Plaintext::new(Zeroizing::new("hello".to_owned())).expect("not empty");
            vault.seal_secret(&parts, identifiers.secret(&id), now, &plaintext)
        });
        assert_ne!(sealed[0].sealed, sealed[1].sealed);
        assert_ne!(sealed[0].sealed[1..25], sealed[1].sealed[1..25], "a nonce was drawn twice");
        for sealed in &sealed {
            assert_eq!(sealed.sealed.len(), BOX_OVERHEAD + padded_size(5));
            assert_eq!(vault.open_secret(sealed, &parts).map(release), Ok("hello".to_owned()));
        }
    }
}

#[test]
fn a_receipt_that_was_sealed_opens_and_no_two_boxes_are_alike() {
    let vault = Vault::new(KeyRing::new((KeyId::from_number(1), RootKey::random()), Vec::new()));
    let identifiers = Identifiers::new([7; 32]);
    let now = Timestamp::from_unix(1_800_000_000);
    let id = identifiers.new_receipt_id(1);
    let lookup = identifiers.receipt(&id);
    let content = ReceiptContent {
        secret: identifiers.new_secret_id(1),
        recipients: vec!["a****@e*****.com".to_owned()],
        memo: Some("For the new colleague".to_owned()),
    };
    let sealed = [(); 2].map(|()| vault.seal_receipt(&id, &lookup, now, &content));
    assert_ne!(sealed[0], sealed[1]);
    for sealed in &sealed {
        assert_eq!(vault.open_receipt(&id, &lookup, now, sealed).as_ref(), Ok(&content));
    }
}

/// draft-irtf-cfrg-xchacha-03, section A.3.1.
#[test]
fn xchacha20_poly1305_is_the_one_of_the_draft() {
    let key = bytes("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    let nonce = bytes("404142434445464748494a4b4c4d4e4f5051525354555657");
    let associated = bytes("50515253c0c1c2c3c4c5c6c7");
    let plaintext = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the \
        future, sunscreen would be it.";
    let sealed = bytes(concat!(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39",
        "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9",
        "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
    ));
    assert_eq!(encrypt(&key, &nonce, &associated, plaintext), sealed);
    let payload = Payload { msg: &sealed, aad: &associated };
    let opened = cipher(&key).decrypt(&XNonce::from(array(&nonce)), payload);
    assert_eq!(opened.as_deref(), Ok(&plaintext[..]));
}

/// RFC 9106, section 5.3.
#[test]
fn argon2id_is_the_one_of_the_rfc() {
    let data = AssociatedData::new(&[4; 12]).expect("short enough");
    let params = ParamsBuilder::new().m_cost(32).t_cost(3).p_cost(4).data(data).build().expect("in bounds");
    let argon2 =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).expect("short enough");
    let mut tag = [0; 32];
    argon2.hash_password_into(&[1; 32], &[2; 16], &mut tag).expect("lengths in bounds");
    assert_eq!(tag[..], bytes("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"));
}

/// The first 32 bytes that `test_vectors.json` of the BLAKE3 repository gives for `derive_key`.
#[test]
fn blake3_derives_the_keys_of_its_authors() {
    let input: Vec<u8> = (0..=250).cycle().take(1025).collect();
    for (length, key) in [
        (0, "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d"),
        (1, "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c"),
        (1025, "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb"),
    ] {
        let derived = blake3::derive_key("BLAKE3 2019-12-27 16:29:52 test vectors context", &input[..length]);
        assert_eq!(derived[..], bytes(key), "{length} bytes");
    }
}

/// A file of vectors, and the boxes they refer to by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    boxes: BTreeMap<String, String>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Vector {
    Secret(SecretVector),
    Receipt(ReceiptVector),
    Lookup(LookupVector),
    Key(KeyVector),
    Size(SizeVector),
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Opens,
    Found,
    Accepted,
    Padded,
    WrongPassphrase,
    KeyMissing,
    Damaged,
    Refused,
    NotFound,
    OtherKey,
}

impl Vector {
    fn name(&self) -> &str {
        match self {
            Self::Secret(vector) => &vector.name,
            Self::Receipt(vector) => &vector.name,
            Self::Lookup(vector) => &vector.name,
            Self::Key(vector) => &vector.name,
            Self::Size(vector) => &vector.name,
        }
    }

    fn is_negative(&self) -> bool {
        let expect = match self {
            Self::Secret(vector) => vector.expect,
            Self::Receipt(vector) => vector.expect,
            Self::Lookup(vector) => vector.expect,
            Self::Key(vector) => vector.expect,
            Self::Size(vector) => vector.expect,
        };
        !matches!(expect, Expect::Opens | Expect::Found | Expect::Accepted | Expect::Padded)
    }

    fn check(&self, boxes: &BTreeMap<String, String>) -> Result<(), String> {
        match self {
            Self::Secret(vector) => vector.check(boxes),
            Self::Receipt(vector) => vector.check(boxes),
            Self::Lookup(vector) => same("outcome", vector.outcome(), vector.expect),
            Self::Key(vector) => vector.check(),
            Self::Size(vector) => {
                same("outcome", Expect::Padded, vector.expect)?;
                same("padded size", padded_size(vector.bytes), vector.padded)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretVector {
    name: String,
    /// Newest first.
    ring: Vec<RingRow>,
    /// Where given, the lookup must be the one of the identifier.
    mask_constant: Option<String>,
    id: String,
    share: String,
    passphrase: Option<PassphraseVector>,
    key_id: i64,
    lookup: String,
    expires_at: i64,
    check: String,
    sealed: Sealed,
    plaintext: Option<Text>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RingRow {
    id: i64,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PassphraseVector {
    text: Text,
    salt: String,
    m: u32,
    t: u32,
    p: u32,
}

impl SecretVector {
    fn check(&self, boxes: &BTreeMap<String, String>) -> Result<(), String> {
        let Some(id) = SecretId::parse(&self.id) else {
            return same("outcome", Expect::Refused, self.expect);
        };
        let passphrase = match self.passphrase.as_ref().map(PassphraseVector::derive).transpose() {
            Ok(passphrase) => passphrase,
            Err(outcome) => return same("outcome", outcome, self.expect),
        };
        let share = Share::from_bytes(array(&bytes(&self.share)));
        let parts = SecretKeyParts { id: &id, share: &share, passphrase: passphrase.as_ref() };
        let sealed = SealedSecret {
            key_id: KeyId::from_number(self.key_id),
            lookup: lookup(&self.lookup),
            expires_at: Timestamp::from_unix(self.expires_at),
            check: array(&bytes(&self.check)),
            sealed: self.sealed.bytes(boxes)?,
        };
        let vault = vault(&self.ring);
        match vault.open_secret(&sealed, &parts) {
            Err(error) => same("outcome", expect_of(error), self.expect),
            Ok(opened) => {
                same("outcome", Expect::Opens, self.expect)?;
                let plaintext = self.plaintext.as_ref().expect("a plaintext where it opens").text();
                same("plaintext", release(opened), plaintext.clone())?;
                same("check value", vault.check(sealed.key_id, &sealed.check, &parts), Ok(()))?;
                let size = BOX_OVERHEAD + padded_size(plaintext.len());
                same("size of the box", sealed.sealed.len(), size)?;
                let constant = self.mask_constant.as_deref().expect("a constant where it opens");
                same("lookup", identifiers(constant).secret(&id), sealed.lookup)
            }
        }
    }
}

impl PassphraseVector {
    fn derive(&self) -> Result<PassphraseKey, Expect> {
        let cost = Argon2Cost { m: self.m, t: self.t, p: self.p };
        passphrase_key(Protection { salt: array(&bytes(&self.salt)), cost }, &self.text.text())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptVector {
    name: String,
    /// Where given, the lookup must be the one of the identifier.
    mask_constant: Option<String>,
    id: String,
    lookup: String,
    expires_at: i64,
    sealed: Sealed,
    content: Option<ContentVector>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentVector {
    secret: String,
    memo: Option<String>,
    recipients: Vec<String>,
}

impl ReceiptVector {
    fn check(&self, boxes: &BTreeMap<String, String>) -> Result<(), String> {
        let Some(id) = ReceiptId::parse(&self.id) else {
            return same("outcome", Expect::Refused, self.expect);
        };
        // No root key is involved, so any vault will do.
        let vault = Vault::new(KeyRing::new((KeyId::from_number(1), RootKey::random()), Vec::new()));
        let (lookup, expires_at) = (lookup(&self.lookup), Timestamp::from_unix(self.expires_at));
        match vault.open_receipt(&id, &lookup, expires_at, &self.sealed.bytes(boxes)?) {
            Err(error) => same("outcome", expect_of(error), self.expect),
            Ok(opened) => {
                same("outcome", Expect::Opens, self.expect)?;
                let content = self.content.as_ref().expect("content where it opens");
                same("secret's identifier", opened.secret.as_str(), &content.secret)?;
                same("memo", &opened.memo, &content.memo)?;
                same("list of recipients", &opened.recipients, &content.recipients)?;
                let constant = self.mask_constant.as_deref().expect("a constant where it opens");
                same("lookup", identifiers(constant).receipt(&id), lookup)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupVector {
    name: String,
    of: Of,
    mask_constant: String,
    id: String,
    /// Where a row is.
    lookup: Option<String>,
    expect: Expect,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Of {
    Secret,
    Receipt,
}

impl LookupVector {
    fn outcome(&self) -> Expect {
        let identifiers = identifiers(&self.mask_constant);
        let found = match self.of {
            Of::Secret => SecretId::parse(&self.id).map(|id| identifiers.secret(&id)),
            Of::Receipt => ReceiptId::parse(&self.id).map(|id| identifiers.receipt(&id)),
        };
        match found {
            None => Expect::Refused,
            Some(found) if self.lookup.as_deref().map(lookup) == Some(found) => Expect::Found,
            Some(_) => Expect::NotFound,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyVector {
    name: String,
    text: String,
    fingerprint: Option<String>,
    expect: Expect,
}

impl KeyVector {
    fn check(&self) -> Result<(), String> {
        let Some(key) = RootKey::from_hex(&self.text) else {
            return same("outcome", Expect::Refused, self.expect);
        };
        let fingerprint = self.fingerprint.as_deref().ok_or("it was accepted")?;
        if key.fingerprint().0[..] != bytes(fingerprint) {
            return same("outcome", Expect::OtherKey, self.expect);
        }
        same("outcome", Expect::Accepted, self.expect)?;
        same("fingerprint as shown", &key.fingerprint().to_string()[..], &fingerprint[..8])?;
        same("key in lower case", &key.to_hex()[..], &self.text.to_lowercase()[..])
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SizeVector {
    name: String,
    bytes: usize,
    padded: usize,
    expect: Expect,
}

/// A box, whole or spoiled: cut, then flipped, then lengthened.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    #[serde(rename = "box")]
    name: Option<String>,
    build: Option<Build>,
    keep: Option<usize>,
    flip: Option<Flip>,
    append: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flip {
    at: usize,
    bits: u8,
}

/// How to make a box that is too large to be stored, and the hash that shows it was made right.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    key: String,
    nonce: String,
    associated: String,
    content: Text,
    padded: usize,
    blake3: String,
}

impl Sealed {
    fn bytes(&self, boxes: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
        let mut sealed = match (&self.name, &self.build) {
            (Some(name), None) => bytes(&boxes[name]),
            (None, Some(build)) => build.bytes()?,
            _ => return Err("it must either name or build a box".to_owned()),
        };
        if let Some(keep) = self.keep {
            same("cut", keep < sealed.len(), true)?;
            sealed.truncate(keep);
        }
        if let Some(flip) = &self.flip {
            sealed[flip.at] ^= flip.bits;
        }
        sealed.extend(self.append.as_deref().map(bytes).unwrap_or_default());
        Ok(sealed)
    }
}

impl Build {
    fn bytes(&self) -> Result<Vec<u8>, String> {
        let content = self.content.text();
        let mut padded = u32::try_from(content.len()).expect("short enough").to_le_bytes().to_vec();
        padded.extend_from_slice(content.as_bytes());
        padded.resize(self.padded, 0);
        let nonce = bytes(&self.nonce);
        let mut sealed = [&[1], &nonce[..]].concat();
        sealed.extend(encrypt(&bytes(&self.key), &nonce, &bytes(&self.associated), &padded));
        same("hash of the box", blake3::hash(&sealed).to_hex().as_str(), &self.blake3)?;
        Ok(sealed)
    }
}

/// A text, or a pattern over and over.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Whole(String),
    Repeated { pattern: String, times: usize },
}

impl Text {
    fn text(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Repeated { pattern, times } => pattern.repeat(*times),
        }
    }
}

fn read_files() -> BTreeMap<String, File> {
    let entries = fs::read_dir(VECTORS).expect("the folder of vectors");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a file of vectors");
            let file =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_name().expect("a name").to_string_lossy().into_owned(), file)
        })
        .collect()
}

fn vault(ring: &[RingRow]) -> Vault {
    let key = |row: &RingRow| {
        (KeyId::from_number(row.id), RootKey::from_hex(&row.key).expect("64 digits that were drawn"))
    };
    let (newest, older) = ring.split_first().expect("a key");
    Vault::new(KeyRing::new(key(newest), older.iter().map(key).collect()))
}

fn passphrase_key(protection: Protection, text: &str) -> Result<PassphraseKey, Expect> {
    let passphrase = Passphrase::new(Zeroizing::new(text.to_owned())).ok_or(Expect::Refused)?;
    protection.derive(&passphrase).map_err(expect_of)
}

fn expect_of(error: VaultError) -> Expect {
    match error {
        VaultError::WrongPassphrase => Expect::WrongPassphrase,
        VaultError::KeyMissing => Expect::KeyMissing,
        VaultError::Damaged => Expect::Damaged,
    }
}

fn release(opened: Opened) -> String {
    opened.release(&Claim::after_commit()).expose().to_owned()
}

fn identifiers(mask_constant: &str) -> Identifiers {
    Identifiers::new(array(&bytes(mask_constant)))
}

fn lookup(hex: &str) -> Lookup {
    Lookup::from_bytes(array(&bytes(hex)))
}

fn cipher(key: &[u8]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(array(key)))
}

fn encrypt(key: &[u8], nonce: &[u8], associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plaintext, aad: associated };
    cipher(key).encrypt(&XNonce::from(array(nonce)), payload).expect("far shorter than the cipher's limit")
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "half a byte: {hex}");
    let pair = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(pair).collect()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("as many bytes as this takes")
}

fn same<T: Debug + PartialEq>(what: &str, is: T, should_be: T) -> Result<(), String> {
    // A large plaintext is not worth printing twice.
    let short = |value: T| format!("{value:?}").chars().take(200).collect::<String>();
    if is == should_be {
        Ok(())
    } else {
        Err(format!("the {what} is {}, not {}", short(is), short(should_be)))
    }
}
