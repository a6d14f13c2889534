//! The ends of a secret that people choose: reading it, once, and burning it.

use super::accounts::address;
use super::look::receipt;
use super::retry::{Entry, Reserved};
use super::{App, not_creating};
use crate::error::Error;
use crate::mail;
use crate::secret::{
    Caller, Claim, IdempotencyKey, Opened, Outcome, Plaintext, Receipt, ReceiptId, Secret, SecretId, Source,
};
use crate::store::secrets::{Look, Whole};
use crate::store::{Pending, WriteTx, accounts, erase, outbox, receipts, secrets};
use crate::time::{Now, Timestamp};
use crate::vault::{KeyId, Lookup, PassphraseKey, ReplyKey, SealedSecret, SecretKeyParts, Share, Vault};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A secret that was revealed: the only thing that holds a stored plaintext.
#[derive(Debug)]
pub struct Revealed {
    /// What is told of it besides.
    pub secret: Secret,
    /// Its content.
    pub content: Plaintext,
}

impl App {
    /// Gives out a secret's content, and ends the secret. Whoever else asks at the same time, or
    /// later, gets [`Error::NotFound`]. With a key of its own a caller whose reply got lost may fetch it
    /// again for a minute: there is one reader, and possibly two transfers.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::WrongPassphrase`], [`Error::LimitExceeded`], [`Error::InProgress`] or
    /// [`Error::Unavailable`]; with each of these the secret was not consumed by this call.
    pub async fn reveal(
        &self,
        id: &SecretId,
        passphrase: Option<Zeroizing<String>>,
        key: Option<IdempotencyKey>,
        caller: &Caller,
    ) -> Result<Revealed, Error> {
        self.limits.reveal(caller.source, self.clock.now().moment())?;
        let place = match key.map(|key| self.place(id, &key, caller.source)).transpose()? {
            Some(Entry::Again(again)) => return again.revealed(id, caller),
            Some(Entry::Reserved(place)) => Some(place),
            None => None,
        };
        let key = match passphrase {
            Some(_) => self.unlock(id, passphrase, caller.source).await?,
            // Most secrets need none, so the writer looks first.
            None => None,
        };
        let now = self.clock.now();
        let claim = RevealClaim {
            vault: Arc::clone(&self.vault),
            id: id.clone(),
            lookup: self.identifiers.secret(id),
            key,
            now,
        };
        let claiming = self.store.write(move |tx| claim.take(tx));
        let given = match place {
            None => committed(claiming).await?.map(|given| (given.content, given.look)),
            Some(place) => kept(claiming, place, now.latest()).await?,
        };
        let Some((content, look)) = given else {
            // A missing passphrase is a wrong one.
            self.unlock(id, None, caller.source).await?;
            return Err(Error::NotFound);
        };
        self.mail_waits.notify_one();
        Ok(Revealed { secret: super::look::secret(id.clone(), look, now.latest(), caller), content })
    }

    /// What this key leads to: the reply it was sent with before, or a place for the one to come.
    fn place(&self, id: &SecretId, key: &IdempotencyKey, source: Source) -> Result<Entry, Error> {
        let (lookup, now) = (self.identifiers.secret(id), self.clock.now().latest());
        let bytes = match self.store.read(|db| secrets::sealed_bytes(db, lookup.as_bytes(), now)) {
            Err(Error::NotFound) => None,
            found => Some(found?),
        };
        self.replies.enter(ReplyKey::new(id, key), bytes, source)
    }

    /// Destroys a secret by its receipt, and returns the receipt as it stands afterwards.
    ///
    /// # Errors
    /// As [`App::reveal`]; [`Error::NotFound`] also if the secret is gone already.
    pub async fn burn(
        &self,
        id: &ReceiptId,
        passphrase: Option<Zeroizing<String>>,
        caller: &Caller,
    ) -> Result<Receipt, Error> {
        self.limits.reveal(caller.source, self.clock.now().moment())?;
        let before = self.find_receipt(id, self.clock.now().latest())?;
        if !before.is_live() {
            return Err(Error::NotFound);
        }
        self.unlock(&before.secret, passphrase, caller.source).await?;
        let now = self.clock.now();
        let receipt_lookup = self.identifiers.receipt(id);
        let secret_lookup = self.identifiers.secret(&before.secret);
        let vault = Arc::clone(&self.vault);
        let row = self.store.write(move |tx| {
            let look = secrets::look(tx, secret_lookup.as_bytes(), now.latest())?;
            erase(tx, &look.place, Some((Outcome::Burned, now.moment())))?;
            notify_owner(tx, &vault, &look, Outcome::Burned, now.moment())?;
            receipts::find(tx, receipt_lookup.as_bytes(), now.latest())
        });
        let row = row.await.map_err(not_creating)?;
        self.mail_waits.notify_one();
        receipt(&self.vault, id, &receipt_lookup, row, now.latest())
    }
}

/// A content that was given out, and the right to it.
struct Given {
    content: Plaintext,
    look: Look,
    claim: Claim,
}

type Claiming = Pending<Option<(Opened, Look)>>;

/// Waits until the claim is on the disk. Only then does the plaintext leave.
async fn committed(claiming: Claiming) -> Result<Option<Given>, Error> {
    let claimed = claiming.await.map_err(not_creating)?;
    Ok(claimed.map(|(opened, look)| {
        let claim = Claim::after_commit();
        Given { content: opened.release(&claim), look, claim }
    }))
}

/// The same, and keeps the reply. It goes on even if the caller hangs up meanwhile: that is the one who will
/// ask again.
async fn kept(
    claiming: Claiming,
    place: Reserved,
    at: Timestamp,
) -> Result<Option<(Plaintext, Look)>, Error> {
    let keeping = tokio::spawn(async move {
        let Some(Given { content, look, claim }) = committed(claiming).await? else { return Ok(None) };
        place.fill(&content, look.clone(), at, claim);
        Ok(Some((content, look)))
    });
    keeping.await.map_err(|error| Error::Internal(Box::new(error)))?
}

/// What the writer needs to try for one secret.
struct RevealClaim {
    vault: Arc<Vault>,
    id: SecretId,
    lookup: Lookup,
    key: Option<PassphraseKey>,
    now: Now,
}

impl RevealClaim {
    /// Opens the secret and erases it in one transaction. If it does not open, nothing is erased; none
    /// if that is for want of a passphrase.
    fn take(&self, tx: &WriteTx<'_>) -> Result<Option<(Opened, Look)>, Error> {
        let Whole { look, check, share, sealed } =
            secrets::whole(tx, self.lookup.as_bytes(), self.now.latest())?;
        if look.protection.is_some() && self.key.is_none() {
            return Ok(None);
        }
        let share = Share::from_bytes(*share);
        let parts = SecretKeyParts { id: &self.id, share: &share, passphrase: self.key.as_ref() };
        let key_id = KeyId::from_number(look.key_id);
        let sealed = SealedSecret { key_id, lookup: self.lookup, expires_at: look.expires_at, check, sealed };
        let opened = self.vault.open_secret(&sealed, &parts)?;
        erase(tx, &look.place, Some((Outcome::Revealed, self.now.moment())))?;
        notify_owner(tx, &self.vault, &look, Outcome::Revealed, self.now.moment())?;
        Ok(Some((opened, look)))
    }
}

/// Puts a notice into the outbox if the owner's account asks for that. It tells times, and nothing
/// that names the secret.
fn notify_owner(
    tx: &WriteTx<'_>,
    vault: &Vault,
    look: &Look,
    outcome: Outcome,
    now: Timestamp,
) -> Result<(), Error> {
    let account = look.account_id.map(|id| accounts::by_id(tx, id)).transpose()?.flatten();
    let Some(account) = account.filter(|account| account.notify && !account.is_disabled) else {
        return Ok(());
    };
    // Without the address there is nobody to tell, and the secret must end all the same.
    let Ok(recipient) = address(vault, &account) else { return Ok(()) };
    let message = mail::Message::notice(&recipient, outcome, look.created_at, now);
    let share = Share::random();
    let (key_id, sealed) = vault.seal_mail(&share, &message.encode());
    let mail = outbox::NewMail {
        receipt_id: None,
        key_id: key_id.number(),
        share: Zeroizing::new(*share.expose()),
        due_at: now,
        dies_at: now.plus(super::accounts::MAIL_LIFE),
        sealed,
    };
    outbox::insert(tx, &mail)
}
