//! Checking a passphrase without ever giving a guesser more than the budget.

use super::{App, not_creating};
use crate::error::Error;
use crate::limits::{Argon2Permit, AttemptPolicy};
use crate::secret::{Outcome, Passphrase, SecretId, Source};
use crate::store::secrets::{self, Whole, Window};
use crate::store::{WriteTx, erase};
use crate::time::Timestamp;
use crate::vault::{Argon2Cost, KeyId, Lookup, PassphraseKey, Protection, SecretKeyParts, Share, VaultError};
use std::time::Duration;
use zeroize::Zeroizing;

/// An attempt that was counted before it is made.
enum Reservation {
    /// To be made; the last one there is if `last`.
    Attempt { whole: Box<Whole>, last: bool, left: Option<u32> },
    /// Too many in this window.
    Refused { retry_after: Duration },
    /// Too many in all: the secret is gone.
    Locked,
}

impl App {
    /// Turns a passphrase into the part of the key that it is; `None` for a secret without one,
    /// whatever was given.
    ///
    /// The attempt is counted, committed, before it is checked: however many guess at once, no more
    /// are checked than the budget allows.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::WrongPassphrase`], [`Error::LimitExceeded`], or
    /// [`Error::Unavailable`], which spends no attempt.
    pub(super) async fn unlock(
        &self,
        id: &SecretId,
        passphrase: Option<Zeroizing<String>>,
        source: Source,
    ) -> Result<Option<PassphraseKey>, Error> {
        let now = self.clock.now();
        let lookup = self.identifiers.secret(id);
        let look = self.store.read(|db| secrets::look(db, lookup.as_bytes(), now.latest()))?;
        if look.protection.is_none() {
            return Ok(None);
        }
        // Without its root key it cannot be opened now; trying must not use up its attempts.
        if self.missing_keys.contains(&look.key_id) {
            return Err(VaultError::KeyMissing.into());
        }
        self.limits.may_guess(source, now.moment())?;
        let guess = match passphrase.and_then(Passphrase::new) {
            Some(passphrase) => Some((passphrase, self.permits.acquire().await?)),
            None => None,
        };
        self.limits.guess(source, now.moment())?;
        match self.attempt(id, &lookup, guess, now.latest()).await {
            Err(Error::WrongPassphrase { tries_left }) => {
                let by_source = self.limits.guesses_left(source, now.moment());
                Err(Error::WrongPassphrase { tries_left: least(tries_left, by_source) })
            }
            key => {
                self.limits.forgive_guess(source);
                key.map(Some)
            }
        }
    }

    /// Makes one attempt. What cannot be the passphrase (`None`) costs an attempt, but no Argon2.
    async fn attempt(
        &self,
        id: &SecretId,
        lookup: &Lookup,
        guess: Option<(Passphrase, Argon2Permit)>,
        now: Timestamp,
    ) -> Result<PassphraseKey, Error> {
        let (whole, last, left) = self.reserve(lookup, now).await?;
        let wrong = Error::WrongPassphrase { tries_left: left };
        let Some((passphrase, permit)) = guess else {
            self.failed(lookup, now, last).await;
            return Err(wrong);
        };
        let key = stretch(permit, passphrase, protection(&whole)?).await?;
        match self.check(id, &whole, &key) {
            Ok(()) => Ok(key),
            Err(VaultError::WrongPassphrase) => {
                self.failed(lookup, now, last).await;
                Err(wrong)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Runs Argon2 for a new secret.
    pub(super) async fn stretch(
        &self,
        passphrase: Passphrase,
        protection: Protection,
    ) -> Result<PassphraseKey, Error> {
        let permit = self.permits.acquire().await?;
        stretch(permit, passphrase, protection).await
    }

    fn check(&self, id: &SecretId, whole: &Whole, key: &PassphraseKey) -> Result<(), VaultError> {
        let share = Share::from_bytes(*whole.share);
        let parts = SecretKeyParts { id, share: &share, passphrase: Some(key) };
        self.vault.check(KeyId::from_number(whole.look.key_id), &whole.check, &parts)
    }

    async fn reserve(
        &self,
        lookup: &Lookup,
        now: Timestamp,
    ) -> Result<(Box<Whole>, bool, Option<u32>), Error> {
        let (lookup, policy) = (*lookup, self.policy.attempts);
        let reservation = self.store.write(move |tx| reserve(tx, &lookup, now, policy)).await;
        match reservation.map_err(not_creating)? {
            Reservation::Attempt { whole, last, left } => Ok((whole, last, left)),
            Reservation::Refused { retry_after } => Err(Error::LimitExceeded { retry_after }),
            Reservation::Locked => Err(Error::NotFound),
        }
    }

    /// A wrong attempt. If it was the last there is, the secret ends with it; should that fail, the
    /// next attempt ends it.
    async fn failed(&self, lookup: &Lookup, now: Timestamp, last: bool) {
        if last {
            let lookup = *lookup;
            let _ = self.store.write(move |tx| lock(tx, &lookup, now)).await;
        }
    }
}

fn reserve(
    tx: &WriteTx<'_>,
    lookup: &Lookup,
    now: Timestamp,
    policy: AttemptPolicy,
) -> Result<Reservation, Error> {
    let mut whole = Box::new(secrets::whole(tx, lookup.as_bytes(), now)?);
    let place = &mut whole.look.place;
    let exhausted = |attempts| policy.lifetime > 0 && attempts >= policy.lifetime;
    if exhausted(place.attempts) {
        erase(tx, place, Some((Outcome::Locked, now)))?;
        return Ok(Reservation::Locked);
    }
    let mut window = secrets::window(tx, place)?;
    let age = now.since(window.start);
    let full = window.attempts >= policy.per_window;
    if full && (0..policy.lockout).contains(&age) {
        let rest = u64::try_from(policy.lockout - age).unwrap_or_default();
        return Ok(Reservation::Refused { retry_after: Duration::from_secs(rest) });
    }
    if full || !(0..policy.window).contains(&age) {
        window = Window { start: now, attempts: 0 };
    }
    window.attempts += 1;
    place.attempts += 1;
    secrets::count_attempt(tx, place, window)?;
    let last = exhausted(place.attempts);
    let in_life = (policy.lifetime > 0).then(|| policy.lifetime - place.attempts);
    let left = least(Some(policy.per_window - window.attempts), in_life);
    Ok(Reservation::Attempt { whole, last, left })
}

/// The stricter of two bounds.
fn least(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    one.into_iter().chain(other).min()
}

fn lock(tx: &WriteTx<'_>, lookup: &Lookup, now: Timestamp) -> Result<(), Error> {
    let look = secrets::look(tx, lookup.as_bytes(), now)?;
    erase(tx, &look.place, Some((Outcome::Locked, now)))
}

fn protection(whole: &Whole) -> Result<Protection, Error> {
    let row = whole.look.protection.ok_or(VaultError::Damaged)?;
    Ok(Protection { salt: row.salt, cost: Argon2Cost { m: row.m, t: row.t, p: row.p } })
}

/// The permit moves along: a caller that hangs up must not free it while the hash still runs.
async fn stretch(
    permit: Argon2Permit,
    passphrase: Passphrase,
    protection: Protection,
) -> Result<PassphraseKey, Error> {
    let derived = tokio::task::spawn_blocking(move || {
        let key = protection.derive(&passphrase);
        drop(permit);
        key
    });
    Ok(derived.await.map_err(|error| Error::Internal(Box::new(error)))??)
}
