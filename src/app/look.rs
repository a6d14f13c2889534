//! Looking, which never changes a secret.

use super::App;
use crate::error::Error;
use crate::secret::{AccountId, Caller, Delivery, Outcome, Receipt, ReceiptId, Secret, SecretId, State};
use crate::store::receipts::{self, ReceiptRow};
use crate::store::secrets::{self, Look};
use crate::time::Timestamp;
use crate::vault::{Lookup, ReceiptContent, Vault};

impl App {
    /// What a link tells about a secret that is still there.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn status(&self, id: &SecretId, caller: &Caller) -> Result<Secret, Error> {
        self.limits.look(caller.source, self.clock.now().moment())?;
        self.find_secret(id, caller)
    }

    fn find_secret(&self, id: &SecretId, caller: &Caller) -> Result<Secret, Error> {
        let now = self.clock.now().latest();
        let lookup = self.identifiers.secret(id);
        let look = self.store.read(|db| secrets::look(db, lookup.as_bytes(), now))?;
        Ok(secret(id.clone(), look, now, caller))
    }

    /// The same of many; those that are not there are left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store cannot be read.
    pub fn statuses(&self, ids: &[SecretId], caller: &Caller) -> Result<Vec<Secret>, Error> {
        self.limits.look(caller.source, self.clock.now().moment())?;
        let known = ids
            .iter()
            .map(|id| self.find_secret(id, caller))
            .filter(|status| !matches!(status, Err(Error::NotFound)));
        known.collect()
    }

    /// As [`App::status`], and counts the look on the receipt. If it cannot be counted, the look is
    /// granted all the same.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn show(&self, id: &SecretId, caller: &Caller) -> Result<Secret, Error> {
        let now = self.clock.now();
        self.limits.look(caller.source, now.moment())?;
        let lookup = self.identifiers.secret(id);
        let mut look = self.store.read(|db| secrets::look(db, lookup.as_bytes(), now.latest()))?;
        let receipt = look.place.id;
        let counted = self.store.write(move |tx| receipts::count_look(tx, receipt, now.moment())).await;
        if counted.is_ok() {
            look.first_view.get_or_insert(now.moment());
        }
        Ok(secret(id.clone(), look, now.latest(), caller))
    }

    /// What became of a secret.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the receipt is unknown or has expired itself.
    pub fn receipt(&self, id: &ReceiptId, caller: &Caller) -> Result<Receipt, Error> {
        let now = self.clock.now();
        self.limits.look(caller.source, now.moment())?;
        self.find_receipt(id, now.latest())
    }

    /// The same of many; those that are not there are left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store cannot be read.
    pub fn receipts(&self, ids: &[ReceiptId], caller: &Caller) -> Result<Vec<Receipt>, Error> {
        let now = self.clock.now();
        self.limits.look(caller.source, now.moment())?;
        let receipts = ids
            .iter()
            .map(|id| self.find_receipt(id, now.latest()))
            .filter(|receipt| !matches!(receipt, Err(Error::NotFound)));
        receipts.collect()
    }

    pub(super) fn find_receipt(&self, id: &ReceiptId, now: Timestamp) -> Result<Receipt, Error> {
        let lookup = self.identifiers.receipt(id);
        let row = self.store.read(|db| receipts::find(db, lookup.as_bytes(), now))?;
        receipt(&self.vault, id, &lookup, row, now)
    }
}

/// From row to domain.
pub(super) fn secret(id: SecretId, look: Look, now: Timestamp, caller: &Caller) -> Secret {
    let Look {
        place: _,
        key_id: _,
        expires_at,
        created_at,
        protection,
        first_view,
        share_domain,
        account_id,
    } = look;
    Secret {
        id,
        created: created_at,
        ttl: crate::time::Ttl::from_seconds(expires_at.since(created_at)),
        has_passphrase: protection.is_some(),
        first_look: first_view,
        share_domain,
        seconds_left: expires_at.since(now),
        is_owner: account_id.is_some() && account_id == caller.account.as_ref().map(|account| account.id.0),
    }
}

/// From row to domain; opens the sealed part.
pub(super) fn receipt(
    vault: &Vault,
    id: &ReceiptId,
    lookup: &Lookup,
    row: ReceiptRow,
    now: Timestamp,
) -> Result<Receipt, Error> {
    let state = state(&row, now);
    let ReceiptContent { secret, recipients, memo } =
        vault.open_receipt(id, lookup, row.expires_at, &row.sealed)?;
    Ok(Receipt {
        id: id.clone(),
        secret,
        kind: row.kind,
        state,
        created: row.created_at,
        ttl: crate::time::Ttl::from_seconds(row.secret_expires_at.since(row.created_at)),
        has_passphrase: row.has_passphrase,
        share_domain: row.share_domain,
        recipients,
        owner: row.account_id.map(AccountId),
        delivery: row.delivery,
        memo,
        looks: row.looks,
        failed_attempts: row.failed_attempts,
        seen: now,
    })
}

fn state(row: &ReceiptRow, now: Timestamp) -> State {
    match row.outcome {
        Some((Outcome::Revealed, at)) => State::Revealed(at),
        Some((Outcome::Burned, at)) => State::Burned(at),
        Some((Outcome::Locked, at)) => State::Orphaned(Some(at)),
        None if row.secret_expires_at <= now => State::Expired(row.secret_expires_at),
        None if row.has_secret => match row.delivery {
            Some(Delivery::Sent(at)) => State::Shared(at),
            _ => State::New,
        },
        None => State::Orphaned(None),
    }
}
