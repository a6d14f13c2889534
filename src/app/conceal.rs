//! Making a secret: check the wishes, seal, store, and only then answer.

use super::App;
use crate::error::Error;
use crate::generator::Recipe;
use crate::secret::{Caller, Kind, Looks, Passphrase, Plaintext, Receipt, State};
use crate::store::receipts::NewReceipt;
use crate::store::secrets::{NewSecret, ProtectionRow};
use crate::time::Ttl;
use crate::vault::{PassphraseKey, Protection, ReceiptContent, SecretKeyParts, Share};
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
        caller: Caller,
    ) -> Result<Receipt, Error> {
        let plaintext = self.plaintext(content)?;
        self.store_secret(&plaintext, self.terms(Kind::Conceal, wishes, caller)?).await
    }

    /// Draws a value, stores it, and returns it with its receipt. The receipt never shows it again.
    ///
    /// # Errors
    /// As [`App::conceal`].
    pub async fn generate(
        &self,
        recipe: Recipe,
        wishes: Wishes,
        caller: Caller,
    ) -> Result<(Receipt, Plaintext), Error> {
        let terms = self.terms(Kind::Generate, wishes, caller)?;
        let plaintext = recipe.draw()?;
        Ok((self.store_secret(&plaintext, terms).await?, plaintext))
    }

    fn plaintext(&self, content: Option<Zeroizing<String>>) -> Result<Plaintext, Error> {
        let most = self.policy.max_secret_bytes;
        let nothing = || Error::invalid("secret", "You did not provide anything to share");
        let content = content.ok_or_else(nothing)?;
        if content.len() > most {
            return Err(Error::invalid("secret", format!("The secret is longer than {most} bytes")));
        }
        Plaintext::new(content).ok_or_else(nothing)
    }

    fn terms(&self, kind: Kind, wishes: Wishes, caller: Caller) -> Result<Terms, Error> {
        let Caller::Anonymous = caller;
        if !wishes.recipients.is_empty() {
            return Err(Error::invalid("recipient", "Only an account may have the link mailed to someone"));
        }
        Ok(Terms {
            kind,
            passphrase: self.passphrase(wishes.passphrase)?,
            ttl: self.policy.ttl.grant(wishes.ttl),
            share_domain: self.share_domain(wishes.share_domain)?,
        })
    }

    fn passphrase(&self, wish: Option<Zeroizing<String>>) -> Result<Option<Passphrase>, Error> {
        let least = self.policy.passphrase_min_length;
        let Some(text) = wish.filter(|text| !text.is_empty()) else {
            return if self.policy.passphrase_required {
                Err(Error::invalid("passphrase", "This server requires a passphrase"))
            } else {
                Ok(None)
            };
        };
        let passphrase = Passphrase::new(text).ok_or_else(|| {
            let rule = format!("The passphrase is longer than {} bytes", Passphrase::MAX_BYTES);
            Error::invalid("passphrase", rule)
        })?;
        if passphrase.characters() < least {
            let rule = format!("The passphrase must have at least {least} characters");
            return Err(Error::invalid("passphrase", rule));
        }
        Ok(Some(passphrase))
    }

    /// `None` is the default domain: this server's own host, with any port or none. Another domain
    /// must be listed, letter for letter.
    fn share_domain(&self, wish: Option<String>) -> Result<Option<String>, Error> {
        let own_name = without_port(&self.policy.own_host);
        match wish.map(|domain| domain.to_ascii_lowercase()) {
            None => Ok(None),
            Some(domain) if domain.is_empty() || without_port(&domain) == own_name => Ok(None),
            Some(domain) if self.policy.share_domains.contains(&domain) => Ok(Some(domain)),
            Some(_) => Err(Error::invalid("share_domain", "This server makes no links for that domain")),
        }
    }

    async fn store_secret(&self, plaintext: &Plaintext, terms: Terms) -> Result<Receipt, Error> {
        if self.store.condition().is_full() {
            return Err(Error::StorageFull("the disk is full".into()));
        }
        let protection = terms.passphrase.as_ref().map(|_| Protection::random(self.policy.argon2));
        let key = match (terms.passphrase, protection) {
            (Some(passphrase), Some(protection)) => Some(self.stretch(passphrase, protection).await?),
            _ => None,
        };
        let now = self.clock.now().moment();
        let receipt = Receipt {
            id: self.identifiers.new_receipt_id(now),
            secret: self.identifiers.new_secret_id(now),
            kind: terms.kind,
            state: State::New,
            created: now,
            ttl: terms.ttl,
            has_passphrase: key.is_some(),
            share_domain: terms.share_domain,
            recipients: Vec::new(),
            memo: None,
            looks: Looks::default(),
            failed_attempts: 0,
            seen: now,
        };
        let new_secret = self.seal_secret(plaintext, &receipt, protection.as_ref(), key.as_ref());
        let new_receipt = self.seal_receipt(&receipt);
        let bytes = new_secret.sealed.len() + new_receipt.sealed.len();
        self.store
            .write_sized(bytes, move |tx| crate::store::secrets::insert(tx, &new_secret, &new_receipt))
            .await?;
        Ok(receipt)
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
        }
    }

    fn seal_receipt(&self, receipt: &Receipt) -> NewReceipt {
        let lookup = self.identifiers.receipt(&receipt.id);
        let expires_at = receipt.created.plus(receipt.ttl.doubled());
        let content = ReceiptContent {
            secret: receipt.secret.clone(),
            recipients: receipt.recipients.clone(),
            memo: receipt.memo.clone(),
        };
        NewReceipt {
            lookup: *lookup.as_bytes(),
            created_at: receipt.created,
            secret_expires_at: receipt.secret_expires(),
            expires_at,
            kind: receipt.kind,
            has_passphrase: receipt.has_passphrase,
            share_domain: receipt.share_domain.clone(),
            sealed: self.vault.seal_receipt(&receipt.id, &lookup, expires_at, &content),
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn protection_row(protection: &Protection) -> ProtectionRow {
    let Protection { salt, cost } = *protection;
    ProtectionRow { salt, m: cost.m, t: cost.t, p: cost.p }
}
