//! Making a secret: check the wishes, seal, store, and only then answer.

use super::accounts::MAIL_LIFE;
use super::{App, Create};
use crate::error::{Error, Rule};
use crate::generator::Recipe;
use crate::links::Links;
use crate::mail;
use crate::secret::{
    Caller, Delivery, EmailAddress, Kind, Locale, Looks, Passphrase, Plaintext, Receipt, State,
};
use crate::store::WriteTx;
use crate::store::outbox::{self, NewMail};
use crate::store::receipts::NewReceipt;
use crate::store::secrets::{self, NewSecret, ProtectionRow};
use crate::time::Ttl;
use crate::vault::{PassphraseKey, Protection, ReceiptContent, SecretKeyParts, Share, padded_size};
use zeroize::Zeroizing;

/// What a caller may wish for a new secret, as it came in.
#[derive(Default)]
pub struct Wishes {
    /// To be known by whoever reveals it.
    pub passphrase: Option<Zeroizing<String>>,
    /// Seconds to live.
    pub ttl: Option<i64>,
    /// Addresses to mail the link to.
    pub recipients: Vec<String>,
    /// The host to make the link for.
    pub share_domain: Option<String>,
}

/// Wishes that may be granted.
struct Terms {
    kind: Kind,
    passphrase: Option<Passphrase>,
    ttl: Ttl,
    share_domain: Option<String>,
    recipients: Vec<EmailAddress>,
}

impl App {
    /// Stores a secret and returns its receipt.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the parameter that breaks a rule; [`Error::StorageFull`] and
    /// [`Error::Unavailable`] mean that nothing was stored.
    pub async fn conceal(
        &self,
        content: Option<Zeroizing<String>>,
        wishes: Wishes,
        caller: &Caller,
    ) -> Result<Receipt, Error> {
        self.may_create(caller)?;
        let plaintext = self.plaintext(content)?;
        self.store_secret(&plaintext, self.terms(Kind::Conceal, wishes, caller)?, caller).await
    }

    /// Draws a value, stores it, and returns it with its receipt. The receipt never shows it again.
    ///
    /// # Errors
    /// As [`App::conceal`].
    pub async fn generate(
        &self,
        recipe: Recipe,
        wishes: Wishes,
        caller: &Caller,
    ) -> Result<(Receipt, Plaintext), Error> {
        self.may_create(caller)?;
        let terms = self.terms(Kind::Generate, wishes, caller)?;
        let plaintext = recipe.draw()?;
        Ok((self.store_secret(&plaintext, terms, caller).await?, plaintext))
    }

    fn may_create(&self, caller: &Caller) -> Result<(), Error> {
        match (self.policy.create, &caller.account) {
            (Create::Accounts, None) => Err(Error::Unauthorized { challenge: true }),
            _ => Ok(()),
        }
    }

    fn plaintext(&self, content: Option<Zeroizing<String>>) -> Result<Plaintext, Error> {
        let most = self.policy.max_secret_bytes;
        let content = content.ok_or(Rule::NothingToShare)?;
        if content.len() > most {
            return Err(Rule::SecretTooLong(most).into());
        }
        Ok(Plaintext::new(content).ok_or(Rule::NothingToShare)?)
    }

    fn terms(&self, kind: Kind, wishes: Wishes, caller: &Caller) -> Result<Terms, Error> {
        Ok(Terms {
            kind,
            passphrase: self.passphrase(wishes.passphrase)?,
            ttl: self.policy.ttl_for(caller).grant(wishes.ttl),
            share_domain: share_domain(&self.policy.links, &self.policy.share_domains, wishes.share_domain)?,
            recipients: self.recipients(&wishes.recipients, caller)?,
        })
    }

    fn recipients(&self, wishes: &[String], caller: &Caller) -> Result<Vec<EmailAddress>, Error> {
        let most = self.policy.max_recipients;
        if wishes.is_empty() {
            return Ok(Vec::new());
        }
        if caller.account.is_none() {
            return Err(Rule::RecipientWithoutAccount.into());
        }
        if most == 0 {
            return Err(Rule::NoMail.into());
        }
        if wishes.len() > most {
            return Err(Rule::TooManyRecipients(most).into());
        }
        let addresses: Option<Vec<_>> = wishes.iter().map(|wish| EmailAddress::parse(wish.trim())).collect();
        Ok(addresses.ok_or(Rule::NotAnAddress)?)
    }

    fn passphrase(&self, wish: Option<Zeroizing<String>>) -> Result<Option<Passphrase>, Error> {
        let least = self.policy.passphrase_min_length;
        let Some(text) = wish.filter(|text| !text.is_empty()) else {
            return if self.policy.passphrase_required {
                Err(Rule::PassphraseRequired.into())
            } else {
                Ok(None)
            };
        };
        let passphrase = Passphrase::new(text).ok_or(Rule::PassphraseTooLong(Passphrase::MAX_BYTES))?;
        if passphrase.characters() < least {
            return Err(Rule::PassphraseTooShort(least).into());
        }
        Ok(Some(passphrase))
    }

    async fn store_secret(
        &self,
        plaintext: &Plaintext,
        terms: Terms,
        caller: &Caller,
    ) -> Result<Receipt, Error> {
        let bytes = padded_size(plaintext.expose().len());
        self.admit(caller, bytes, terms.recipients.len())?;
        let stored = self.seal_and_store(plaintext, bytes, terms, caller).await;
        if stored.is_err() {
            self.limits.not_kept(caller, u64::try_from(bytes).unwrap_or(u64::MAX));
        }
        stored
    }

    async fn seal_and_store(
        &self,
        plaintext: &Plaintext,
        bytes: usize,
        terms: Terms,
        caller: &Caller,
    ) -> Result<Receipt, Error> {
        let protection = terms.passphrase.as_ref().map(|_| Protection::random(self.policy.argon2));
        let key = match (terms.passphrase, protection) {
            (Some(passphrase), Some(protection)) => Some(self.stretch(passphrase, protection).await?),
            _ => None,
        };
        let (now, number) = (self.clock.now().moment(), self.store.next_number());
        let receipt = Receipt {
            id: self.identifiers.new_receipt_id(number),
            secret: self.identifiers.new_secret_id(number),
            kind: terms.kind,
            state: State::New,
            created: now,
            ttl: terms.ttl,
            has_passphrase: key.is_some(),
            share_domain: terms.share_domain,
            recipients: terms.recipients.iter().map(EmailAddress::obscured).collect(),
            owner: caller.account.as_ref().map(|account| account.id),
            delivery: (!terms.recipients.is_empty()).then_some(Delivery::Pending),
            memo: None,
            looks: Looks::default(),
            failed_attempts: 0,
            seen: now,
        };
        let mut new_secret = self.seal_secret(plaintext, &receipt, protection.as_ref(), key.as_ref());
        if caller.account.is_none() {
            new_secret.anonymous_bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        }
        let new_receipt = self.seal_receipt(number, &receipt, caller);
        let mails = self.seal_mails(number, &receipt, &terms.recipients, caller.locale);
        let most = if caller.account.is_none() { self.policy.rates.anonymous_bytes } else { 0 };
        self.store.write_sized(bytes, move |tx| store(tx, &new_secret, &new_receipt, &mails, most)).await?;
        if receipt.delivery.is_some() {
            self.mail_waits.notify_one();
        }
        Ok(receipt)
    }

    /// Whether there is room for one more secret, on the disk and within the caller's limits.
    fn admit(&self, caller: &Caller, bytes: usize, mails: usize) -> Result<(), Error> {
        if self.store.condition().is_full() {
            return Err(Error::StorageFull("the disk is full".into()));
        }
        let now = self.clock.now().moment();
        self.limits.create(caller, u64::try_from(bytes).unwrap_or(u64::MAX), now)?;
        match &caller.account {
            Some(account) => self.limits.mail(account.id, u64::try_from(mails).unwrap_or(u64::MAX), now),
            None => Ok(()),
        }
    }

    fn seal_mails(
        &self,
        number: i64,
        receipt: &Receipt,
        recipients: &[EmailAddress],
        locale: Locale,
    ) -> Vec<NewMail> {
        let seal = |recipient: &EmailAddress| {
            let message = mail::Message::with_link(recipient, receipt, &self.policy.links, locale);
            let share = Share::random();
            let (key_id, sealed) = self.vault.seal_mail(&share, &message.encode());
            NewMail {
                receipt_id: Some(number),
                key_id: key_id.number(),
                share: Zeroizing::new(*share.expose()),
                due_at: receipt.created,
                dies_at: receipt.created.plus(MAIL_LIFE.min(receipt.ttl)),
                sealed,
            }
        };
        recipients.iter().map(seal).collect()
    }

    fn seal_secret(
        &self,
        plaintext: &Plaintext,
        receipt: &Receipt,
        protection: Option<&Protection>,
        passphrase: Option<&PassphraseKey>,
    ) -> NewSecret {
        let share = Share::random();
        let parts = SecretKeyParts { id: &receipt.secret, share: &share, passphrase };
        let lookup = self.identifiers.secret(&receipt.secret);
        let sealed = self.vault.seal_secret(&parts, lookup, receipt.secret_expires(), plaintext);
        NewSecret {
            lookup: *sealed.lookup.as_bytes(),
            key_id: sealed.key_id.number(),
            protection: protection.map(protection_row),
            check: sealed.check,
            share: Zeroizing::new(*share.expose()),
            sealed: sealed.sealed,
            anonymous_bytes: 0,
        }
    }

    fn seal_receipt(&self, number: i64, receipt: &Receipt, caller: &Caller) -> NewReceipt {
        let lookup = self.identifiers.receipt(&receipt.id);
        let expires_at = receipt.created.plus(receipt.ttl.doubled());
        let content = ReceiptContent {
            secret: receipt.secret.clone(),
            recipients: receipt.recipients.clone(),
            memo: receipt.memo.clone(),
        };
        NewReceipt {
            id: number,
            lookup: *lookup.as_bytes(),
            created_at: receipt.created,
            secret_expires_at: receipt.secret_expires(),
            expires_at,
            kind: receipt.kind,
            has_passphrase: receipt.has_passphrase,
            share_domain: receipt.share_domain.clone(),
            own: caller
                .account
                .as_ref()
                .map(|account| (account.id.0, self.vault.seal_own(&account.token, &lookup, &receipt.id))),
            has_mail: receipt.delivery.is_some(),
            sealed: self.vault.seal_receipt(&receipt.id, &lookup, expires_at, &content),
        }
    }
}

/// `None` is the default domain: this server's own host, with any port or none. Another domain must be listed,
/// letter for letter.
pub(crate) fn share_domain(
    links: &Links,
    listed: &[String],
    wish: Option<String>,
) -> Result<Option<String>, Error> {
    let own_name = without_port(links.own_host());
    match wish.map(|domain| domain.to_ascii_lowercase()) {
        None => Ok(None),
        Some(domain) if domain.is_empty() || without_port(&domain) == own_name => Ok(None),
        Some(domain) if listed.contains(&domain) => Ok(Some(domain)),
        Some(_) => Err(Rule::UnknownDomain.into()),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Everything of a new secret in one transaction: it is there with its receipt and its mail, or not
/// at all.
fn store(
    tx: &WriteTx<'_>,
    secret: &NewSecret,
    receipt: &NewReceipt,
    mails: &[NewMail],
    most_anonymous_bytes: u64,
) -> Result<(), Error> {
    let kept = u64::try_from(tx.anonymous_bytes()? + secret.anonymous_bytes).unwrap_or_default();
    if most_anonymous_bytes > 0 && kept > most_anonymous_bytes {
        return Err(Error::QuotaFull("callers without an account keep all they may".into()));
    }
    secrets::insert(tx, secret, receipt)?;
    mails.iter().try_for_each(|mail| outbox::insert(tx, mail))
}

fn protection_row(protection: &Protection) -> ProtectionRow {
    let Protection { salt, cost } = *protection;
    ProtectionRow { salt, m: cost.m, t: cost.t, p: cost.p }
}
