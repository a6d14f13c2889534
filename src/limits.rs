//! What keeps one caller from taking the server away from the others: rates, quotas, permits for
//! Argon2, and the budgets of guesses at a passphrase.

mod permits;
mod quota;
mod rates;
mod table;

pub use permits::{Argon2Permit, Argon2Permits};
pub use quota::Quota;
pub use rates::{Limiter, Rate};

use crate::error::Error;
use crate::secret::{AccountId, Caller, Source};
use crate::time::{Timestamp, Ttl};

/// Guesses at passphrases.
#[derive(Clone, Copy, Debug)]
pub struct AttemptPolicy {
    /// Wrong guesses of one source, at any secret. An amount of zero means no limit.
    pub per_source: Rate,
    /// Guesses at one secret within one window, whoever makes them.
    pub per_window: u32,
    /// Seconds that a window lasts from its first guess.
    pub window: i64,
    /// Seconds from the first guess of a full window until the next guess is taken.
    pub lockout: i64,
    /// Guesses in a secret's life; the last wrong one destroys it. Zero: no such bound.
    pub lifetime: u32,
}

impl AttemptPolicy {
    /// 5 of a source and 20 at a secret in 10 minutes, then a rest until 30 minutes have passed; 50 at a
    /// secret in all.
    pub const DEFAULT: Self = Self {
        per_source: Rate { amount: 5, window: 600, lockout: 1800 },
        per_window: 20,
        window: 600,
        lockout: 1800,
        lifetime: 50,
    };
}

/// The operator's rates. An amount of zero means no limit.
#[derive(Clone, Copy, Debug)]
pub struct RatePolicy {
    /// Secrets that one source may make without an account.
    pub create: Rate,
    /// Secrets that one account may make.
    pub create_account: Rate,
    /// Reveals and burns of one source.
    pub reveal: Rate,
    /// Looks of one source at secrets and receipts.
    pub look: Rate,
    /// Wrong credentials of one source.
    pub failed_login: Rate,
    /// Mails of one account.
    pub mail: Rate,
    /// Secrets that one source may keep without an account.
    pub source_secrets: u64,
    /// Padded bytes that one source may keep without an account.
    pub source_bytes: u64,
    /// Padded bytes that all callers without an account may keep together.
    pub anonymous_bytes: u64,
    /// How long a secret lives at most: after that a source cannot still be keeping it.
    pub longest: Ttl,
}

impl RatePolicy {
    /// No limits but those on guesses.
    pub const OFF: Self = Self {
        create: Rate::per(0, 1),
        create_account: Rate::per(0, 1),
        reveal: Rate::per(0, 1),
        look: Rate::per(0, 1),
        failed_login: Rate::per(0, 1),
        mail: Rate::per(0, 1),
        source_secrets: 0,
        source_bytes: 0,
        anonymous_bytes: 0,
        longest: Ttl::from_seconds(1),
    };
}

/// The counters behind the rates.
pub struct Limits {
    create: Option<Limiter>,
    create_account: Option<Limiter>,
    reveal: Option<Limiter>,
    look: Option<Limiter>,
    failed_login: Option<Limiter>,
    mail: Option<Limiter>,
    source_secrets: Option<Quota>,
    source_bytes: Option<Quota>,
    guesses: Option<Limiter>,
}

impl Limits {
    /// Counters that start at zero.
    pub fn new(policy: &RatePolicy, attempts: &AttemptPolicy) -> Self {
        let limiter = |rate: Rate| (rate.amount > 0).then(|| Limiter::new(rate));
        let kept = |most| (most > 0).then(|| Quota::new(most, policy.longest.seconds()));
        Self {
            create: limiter(policy.create),
            create_account: limiter(policy.create_account),
            reveal: limiter(policy.reveal),
            look: limiter(policy.look),
            failed_login: limiter(policy.failed_login),
            mail: limiter(policy.mail),
            source_secrets: kept(policy.source_secrets),
            source_bytes: kept(policy.source_bytes),
            guesses: limiter(attempts.per_source),
        }
    }

    /// A new secret of so many padded bytes.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`].
    pub fn create(&self, caller: &Caller, bytes: u64, now: Timestamp) -> Result<(), Error> {
        let Some(account) = &caller.account else {
            let source = caller.source.number();
            take(self.create.as_ref(), source, 1, now)?;
            keep(self.source_bytes.as_ref(), source, bytes, now)?;
            return keep(self.source_secrets.as_ref(), source, 1, now);
        };
        take(self.create_account.as_ref(), key(account.id), 1, now)
    }

    /// A secret that was admitted could not be stored: nobody keeps it.
    pub fn not_kept(&self, caller: &Caller, bytes: u64) {
        if caller.account.is_none() {
            let source = caller.source.number();
            for (quota, amount) in [(&self.source_bytes, bytes), (&self.source_secrets, 1)] {
                if let Some(quota) = quota {
                    quota.give_back(source, amount);
                }
            }
        }
    }

    /// A reveal or a burn.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`].
    pub fn reveal(&self, source: Source, now: Timestamp) -> Result<(), Error> {
        take(self.reveal.as_ref(), source.number(), 1, now)
    }

    /// A look at a secret or a receipt.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`].
    pub fn look(&self, source: Source, now: Timestamp) -> Result<(), Error> {
        take(self.look.as_ref(), source.number(), 1, now)
    }

    /// So many mails of an account: all of them, or none.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`].
    pub fn mail(&self, account: AccountId, mails: u64, now: Timestamp) -> Result<(), Error> {
        take(self.mail.as_ref(), key(account), mails, now)
    }

    /// Whether this source may still show credentials.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`].
    pub fn login(&self, source: Source, now: Timestamp) -> Result<(), Error> {
        let limiter = self.failed_login.as_ref();
        limiter.map_or(Ok(()), |limiter| limiter.check(source.number(), now)).map_err(exceeded)
    }

    /// Credentials were wrong.
    pub fn login_failed(&self, source: Source, now: Timestamp) {
        let _ = take(self.failed_login.as_ref(), source.number(), 1, now);
    }

    /// Whether this source may still guess. Spends nothing.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`].
    pub fn may_guess(&self, source: Source, now: Timestamp) -> Result<(), Error> {
        let limiter = self.guesses.as_ref();
        limiter.map_or(Ok(()), |limiter| limiter.check(source.number(), now)).map_err(exceeded)
    }

    /// A guess, counted before it is checked.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`].
    pub fn guess(&self, source: Source, now: Timestamp) -> Result<(), Error> {
        take(self.guesses.as_ref(), source.number(), 1, now)
    }

    /// Guesses that this source still has; `None` where they are not limited.
    pub fn guesses_left(&self, source: Source, now: Timestamp) -> Option<u32> {
        let left = self.guesses.as_ref()?.left(source.number(), now);
        Some(u32::try_from(left).unwrap_or(u32::MAX))
    }

    /// The guess was right, or could not be made: it does not count.
    pub fn forgive_guess(&self, source: Source) {
        if let Some(limiter) = &self.guesses {
            limiter.give_back(source.number(), 1);
        }
    }
}

fn take(limiter: Option<&Limiter>, key: u64, amount: u64, now: Timestamp) -> Result<(), Error> {
    limiter.map_or(Ok(()), |limiter| limiter.take(key, amount, now)).map_err(exceeded)
}

fn keep(quota: Option<&Quota>, key: u64, amount: u64, now: Timestamp) -> Result<(), Error> {
    quota.map_or(Ok(()), |quota| quota.take(key, amount, now)).map_err(exceeded)
}

fn exceeded(retry_after: std::time::Duration) -> Error {
    Error::LimitExceeded { retry_after }
}

fn key(account: AccountId) -> u64 {
    account.0.unsigned_abs()
}
