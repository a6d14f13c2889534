//! The use-cases: one method for each thing a person can do. Both versions of the API, the pages and
//! the commands call the same methods.
//!
//! Methods are `async` only to wait for a commit or for a permit to run Argon2; all else in them is
//! plain computation. Each reads the clock once.

mod accounts;
pub(crate) mod conceal;
mod look;
mod outbox;
mod retry;
mod reveal;
mod unlock;
mod vitals;

pub use accounts::{AccountInfo, Change, MEMO_MAX};
pub use conceal::Wishes;
pub use outbox::Due;
pub use retry::Replies;
pub use reveal::Revealed;
pub use vitals::Vitals;

use crate::error::{Error, StartError};
use crate::keyfile::{self, KeySource};
use crate::limits::{Argon2Permits, AttemptPolicy, Limits, RatePolicy};
use crate::links::Links;
use crate::secret::Caller;
use crate::store::{self, OnFatal, Role, Store};
use crate::time::{Clock, Timestamp, Ttl, TtlPolicy};
use crate::vault::{Argon2Cost, Identifiers, Vault, VaultError};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

/// The operator's rules for secrets.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The longest secret, in bytes.
    pub max_secret_bytes: usize,
    /// Bounds of lifetimes for callers without an account.
    pub ttl: TtlPolicy,
    /// The longest lifetime for callers with one.
    pub ttl_max_account: Ttl,
    /// Whether making secrets takes an account.
    pub create: Create,
    /// Addresses that one secret's link may be mailed to; zero where there is no mail server.
    pub max_recipients: usize,
    /// Rates and quotas.
    pub rates: RatePolicy,
    /// With less room on the disk, in bytes, nothing new is taken.
    pub min_free_disk: u64,
    /// The shortest passphrase, in characters.
    pub passphrase_min_length: usize,
    /// Whether every secret needs one.
    pub passphrase_required: bool,
    /// Guesses at a passphrase.
    pub attempts: AttemptPolicy,
    /// What a guess costs.
    pub argon2: Argon2Cost,
    /// How links begin.
    pub links: Links,
    /// Other hosts that links may be made for.
    pub share_domains: Vec<String>,
}

impl Policy {
    /// Bounds of lifetimes for this caller.
    pub fn ttl_for(&self, caller: &Caller) -> TtlPolicy {
        let max = if caller.account.is_some() { self.ttl_max_account } else { self.ttl.max };
        TtlPolicy { max, ..self.ttl }
    }
}

/// Who may make secrets. Reading a link never takes an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// Anyone.
    Anyone,
    /// Callers with an account.
    Accounts,
}

/// The program's core. One per process.
pub struct App {
    policy: Policy,
    clock: Arc<Clock>,
    identifiers: Identifiers,
    vault: Arc<Vault>,
    permits: Argon2Permits,
    limits: Limits,
    mail_waits: Notify,
    replies: Arc<Replies>,
    store: Store,
    notes: vitals::Notes,
    /// Numbers of keys that the database knows and the ring lacks.
    missing_keys: Vec<i64>,
}

/// What a start found and made, for the log.
pub struct Started {
    /// The core, ready.
    pub app: App,
    /// Whether the database was made by this start.
    pub database_created: bool,
    /// Whether the key was made by this start.
    pub key_created: bool,
    /// Numbers of keys the database knows and the key file lacks.
    pub missing_keys: Vec<i64>,
}

impl App {
    /// Opens the database and the keys that belong to it.
    ///
    /// # Errors
    /// A sentence for the operator. With a key that does not fit, no file is touched.
    pub fn open(
        database: &Path,
        key: &KeySource,
        role: Role,
        policy: Policy,
        clock: Clock,
        on_fatal: OnFatal,
    ) -> Result<Started, StartError> {
        let known = store::stored_keys(database)?;
        let at_hand = keyfile::load(key, !known.is_empty())?;
        keyfile::check_against(&at_hand.keys, &known, key)?;
        let store =
            Store::open(database, at_hand.keys[0].fingerprint().0, role, policy.min_free_disk, on_fatal)?;
        let unreadable = |error: Error| StartError::storage(format!("cannot read the database: {error}"));
        let numbered = store.read(|db| Ok(store::keys(db)?)).map_err(unreadable)?;
        let mask_constant = store.read(|db| Ok(store::mask_constant(db)?)).map_err(unreadable)?;
        let (ring, missing_keys) = keyfile::ring(at_hand.keys, &numbered, key)?;
        let clock = Arc::new(clock);
        let app = Self {
            replies: Arc::new(Replies::new(Arc::clone(&clock), policy.max_secret_bytes)),
            limits: Limits::new(&policy.rates, &policy.attempts),
            mail_waits: Notify::new(),
            policy,
            clock,
            identifiers: Identifiers::new(mask_constant),
            vault: Arc::new(Vault::new(ring)),
            permits: Argon2Permits::new(),
            store,
            notes: vitals::Notes::new(),
            missing_keys: missing_keys.clone(),
        };
        Ok(Started { app, database_created: known.is_empty(), key_created: at_hand.created, missing_keys })
    }

    /// The operator's rules.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Where the time comes from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The store, for what it has to tell about itself.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Replies that are kept for readers whose connection may have broken.
    pub fn replies(&self) -> &Replies {
        &self.replies
    }

    /// Ends secrets and receipts that have run out, a batch of each, and returns how many. A secret
    /// is ended only once both clocks say so.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store cannot write; the next sweep tries again.
    pub async fn sweep(&self) -> Result<Swept, Error> {
        let now = self.clock.now().earliest();
        let swept = self.store.write(move |tx| sweep_batch(tx, now)).await;
        swept.inspect(|_| self.notes.swept())
    }
}

/// What one batch of a sweep ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Secrets erased.
    pub secrets: usize,
    /// Receipts deleted.
    pub receipts: usize,
    /// Receipts that outlive their secret.
    pub outlived: usize,
}

impl Swept {
    /// Whether there was nothing to do.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Rows of one batch,
const SWEEP_ROWS: u32 = 64;
/// and how long it may hold the writer: callers wait behind it.
const SWEEP_TIME: std::time::Duration = std::time::Duration::from_millis(2);

fn sweep_batch(tx: &store::WriteTx<'_>, now: Timestamp) -> Result<Swept, Error> {
    let began = std::time::Instant::now();
    let mut swept = Swept::default();
    for due in store::secrets::due(tx, now, SWEEP_ROWS)? {
        if let Some(secret) = &due.secret {
            store::erase(tx, secret, None)?;
            swept.secrets += 1;
        }
        if due.expires_at <= now {
            store::receipts::delete(tx, due.receipt_id)?;
            swept.receipts += 1;
        } else {
            store::receipts::outlive(tx, due.receipt_id)?;
            swept.outlived += 1;
        }
        if began.elapsed() > SWEEP_TIME {
            break;
        }
    }
    Ok(swept)
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::WrongPassphrase => Self::WrongPassphrase { tries_left: None },
            VaultError::KeyMissing | VaultError::Damaged => Self::Unavailable(Box::new(error)),
        }
    }
}

/// A full disk stops new secrets; to everyone else it is a server that cannot do it right now.
fn not_creating(error: Error) -> Error {
    match error {
        Error::StorageFull(cause) => Error::Unavailable(cause),
        other => other,
    }
}
