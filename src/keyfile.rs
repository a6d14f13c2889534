//! Where root keys come from, and the rule that ties them to one database.
//!
//! A key file holds one key per line, 64 hexadecimal digits, newest first; empty lines and lines
//! that begin with `#` are passed over.

use crate::error::StartError;
use crate::os;
use crate::store::KeyRow;
use crate::vault::{Fingerprint, KeyId, KeyRing, RootKey};
use std::fmt;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where the root keys come from.
#[derive(Clone)]
pub enum KeySource {
    /// A file, made on the first start if `may_create`.
    File {
        /// Its path.
        path: PathBuf,
        /// Whether this is the file beside the database, which a first start makes.
        may_create: bool,
    },
    /// The environment.
    Environment(Zeroizing<String>),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => path.fmt(f),
            Self::Environment(_) => f.write_str("(environment)"),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => path.display().fmt(f),
            Self::Environment(_) => f.write_str("TELLONCE_ROOT_KEY"),
        }
    }
}

/// The root keys at hand, newest first, and whether they were made just now.
pub struct Keys {
    /// At least one.
    pub keys: Vec<RootKey>,
    /// Made by this start.
    pub created: bool,
}

/// Reads the root keys. On a first start, when the database knows no keys, makes the file.
///
/// # Errors
/// A sentence that says what to do: the key is missing, too short, or open to others.
pub fn load(source: &KeySource, database_has_keys: bool) -> Result<Keys, StartError> {
    match source {
        KeySource::Environment(text) => Ok(Keys { keys: parse(text, source)?, created: false }),
        KeySource::File { path, .. } if path.exists() => {
            check_mode(path)?;
            let text = std::fs::read_to_string(path).map(Zeroizing::new);
            let text = text.map_err(|error| refuse(source, &format!("cannot be read ({error})")))?;
            Ok(Keys { keys: parse(&text, source)?, created: false })
        }
        KeySource::File { path, may_create: true } if !database_has_keys => {
            Ok(Keys { keys: vec![create(path)?], created: true })
        }
        KeySource::File { .. } if database_has_keys => Err(refuse(
            source,
            "is missing, and the database needs it: put the key file back from your backup; a new key would not \
             open what is stored",
        )),
        KeySource::File { .. } => {
            Err(refuse(source, "does not exist: make it, or leave out the option `key`"))
        }
    }
}

pub(crate) fn parse(text: &str, source: &KeySource) -> Result<Vec<RootKey>, StartError> {
    // A variable has no lines, and in a comment a comma means nothing.
    let separator = if matches!(source, KeySource::Environment(_)) { ',' } else { '\n' };
    let mut keys: Vec<RootKey> = Vec::new();
    for (number, line) in (1..).zip(text.split(separator)).map(|(number, line)| (number, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = RootKey::from_hex(line).ok_or_else(|| {
            let rule = "is not a key of 64 random hexadecimal digits (32 bytes): put the right one back from your \
                        backup";
            refuse(source, &format!("line {number} {rule}"))
        })?;
        if keys.iter().any(|other| other.fingerprint() == key.fingerprint()) {
            return Err(refuse(source, &format!("line {number} repeats a key: remove it")));
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(refuse(source, "holds no key: put the key file back from your backup"));
    }
    Ok(keys)
}

/// Makes the key file and its name durable before anything is sealed under it. The file gets its name
/// once it is whole: a crash in between must not leave half a key, which no later start would take.
fn create(path: &Path) -> Result<RootKey, StartError> {
    let key = RootKey::random();
    let unfinished = path.with_extension("key.new");
    let write = || -> std::io::Result<()> {
        if unfinished.exists() {
            std::fs::remove_file(&unfinished)?;
        }
        let mut file = os::create_private(&unfinished)?;
        file.write_all(b"# Tellonce root keys, newest first. Keep a copy: without it no secret opens.\n")?;
        file.write_all(key.to_hex().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        os::sync_folder(os::folder_of(path))
    };
    write().map_err(|error| {
        StartError::configuration(format!("cannot make the key file {}: {error}", path.display()))
    })?;
    Ok(key)
}

/// Adds a new key to the key file as its newest, above the others. The file keeps its mode and owner, and
/// its other lines; it is replaced as a whole once that is on the disk. Returns what recognises the key.
///
/// # Errors
/// If the file cannot be read or replaced; then it is as it was.
pub fn add(path: &Path) -> Result<Fingerprint, StartError> {
    let key = RootKey::random();
    let add = || -> std::io::Result<()> {
        // A link to the file stays one.
        let path = std::fs::canonicalize(path)?;
        let (text, old) = (Zeroizing::new(std::fs::read_to_string(&path)?), std::fs::metadata(&path)?);
        let unfinished = path.with_extension("key.new");
        if unfinished.exists() {
            std::fs::remove_file(&unfinished)?;
        }
        let mut file = os::create_private(&unfinished)?;
        for part in with_first(&text, &key.to_hex()) {
            file.write_all(part.as_bytes())?;
        }
        os::give_to_owner_of(&old, &file)?;
        file.set_permissions(old.permissions())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        os::sync_folder(os::folder_of(&path))
    };
    add().map_err(|error| {
        StartError::storage(format!(
            "cannot change the key file {}, which is as it was: {error}",
            path.display()
        ))
    })?;
    Ok(key.fingerprint())
}

/// The text with this key before its first, in pieces: the comment at the top stays there.
fn with_first<'t>(text: &'t str, key: &'t str) -> [&'t str; 4] {
    let is_key = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
    let comments: usize = text.split_inclusive('\n').take_while(|line| !is_key(line)).map(str::len).sum();
    [&text[..comments], key, "\n", &text[comments..]]
}

/// Refuses a file that others may read. A mounted credential that belongs to someone else may be
/// readable for a group: that is how containers hand it over.
fn check_mode(path: &Path) -> Result<(), StartError> {
    let metadata = std::fs::metadata(path).map_err(|error| {
        StartError::configuration(format!("cannot look at the key file {}: {error}", path.display()))
    })?;
    let others_may = metadata.mode() & 0o007 != 0;
    let group_may = metadata.mode() & 0o070 != 0 && metadata.uid() == os::user_id();
    if !others_may && !group_may {
        return Ok(());
    }
    Err(StartError::configuration(format!(
        "the key file {} is open to other users (mode {:03o}): run `chmod 600` on it, or in a container mount it \
         with mode 0400",
        path.display(),
        metadata.mode() & 0o777
    )))
}

fn refuse(source: &KeySource, why: &str) -> StartError {
    StartError::configuration(format!("the key {source} {why}"))
}

/// Checks the keys at hand against those the database knows: the newest must be among them.
///
/// # Errors
/// A sentence that names both keys by their fingerprints.
pub fn check_against(keys: &[RootKey], known: &[KeyRow], source: &KeySource) -> Result<(), StartError> {
    let Some(newest) = known.last() else {
        return Ok(());
    };
    if keys.iter().any(|key| key.fingerprint().0 == newest.fingerprint) {
        return Ok(());
    }
    Err(refuse(
        source,
        &format!(
            "is not the one this database was sealed under (the database wants {}, its newest line is {}): put the \
             right key file back; nothing was changed",
            Fingerprint(newest.fingerprint),
            keys[0].fingerprint()
        ),
    ))
}

/// Numbers the keys as the database does. Returns the ring, and the numbers of keys that are not at
/// hand: what was sealed under those stays shut.
///
/// # Errors
/// As [`check_against`].
pub fn ring(
    mut keys: Vec<RootKey>,
    known: &[KeyRow],
    source: &KeySource,
) -> Result<(KeyRing, Vec<i64>), StartError> {
    check_against(&keys, known, source)?;
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for row in known.iter().rev() {
        match keys.iter().position(|key| key.fingerprint().0 == row.fingerprint) {
            Some(index) => found.push((KeyId::from_number(row.id), keys.swap_remove(index))),
            None => missing.push(row.id),
        }
    }
    if found.is_empty() {
        return Err(refuse(source, "matches no key of this database"));
    }
    let newest = found.remove(0);
    Ok((KeyRing::new(newest, found), missing))
}
