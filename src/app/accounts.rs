//! Accounts: proving who calls, what the operator may do with them, and what only an owner may see.

use super::look::receipt;
use super::{App, not_creating};
use crate::error::{Error, Rule};
use crate::secret::{Account, AccountId, ApiToken, Caller, EmailAddress, Receipt, ReceiptId, Source};
use crate::store::accounts::{self, AccountRow};
use crate::store::{WriteTx, receipts};
use crate::time::{Timestamp, Ttl};
use crate::vault::{KeyId, Lookup, ReceiptContent, Vault, VaultError, new_token, token_lookup};
use std::sync::Arc;

/// How far back an owner's list goes.
const RECENT: i64 = 30 * 86_400;
/// Lines of an owner's list.
const RECENT_LINES: u32 = 5_000;
/// Characters of a memo.
pub const MEMO_MAX: usize = 500;

/// What the operator sees of an account.
#[derive(Debug)]
pub struct AccountInfo {
    /// Its address.
    pub address: EmailAddress,
    /// When it was added.
    pub created: Timestamp,
    /// Whether it is disabled.
    pub is_disabled: bool,
    /// Whether its owner wants mail when a secret is revealed or burned.
    pub notify: bool,
}

/// What the operator may change on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its token stops working; its links go on.
    Disable,
    /// Its token works again.
    Enable,
    /// It is forgotten; its links go on.
    Remove,
    /// Its owner gets mail when a secret is revealed or burned, or does not.
    Notify(bool),
}

impl App {
    /// The account that these credentials prove.
    ///
    /// The row is found by user and token together, so it costs the same whichever is wrong.
    ///
    /// # Errors
    /// [`Error::Unauthorized`], or [`Error::LimitExceeded`] after too many of those.
    pub fn authenticate(&self, user: &str, token: &str, source: Source) -> Result<Account, Error> {
        let now = self.clock.now().moment();
        self.limits.login(source, now)?;
        let account = self.account_with(user, token)?;
        account.ok_or_else(|| {
            self.limits.login_failed(source, now);
            Error::Unauthorized { challenge: false }
        })
    }

    fn account_with(&self, user: &str, token: &str) -> Result<Option<Account>, Error> {
        let Some(token) = ApiToken::parse(token) else { return Ok(None) };
        let row = self.store.read(|db| accounts::by_token(db, &token_lookup(user, &token)))?;
        let Some(row) = row.filter(|row| !row.is_disabled) else { return Ok(None) };
        let address = address(&self.vault, &row)?;
        Ok(address.is(user).then_some(Account { id: AccountId(row.id), address, token }))
    }

    /// Adds an account and returns its token, which is shown once.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is one with this address already.
    pub async fn add_account(&self, address: EmailAddress) -> Result<ApiToken, Error> {
        let (vault, now, token) = (Arc::clone(&self.vault), self.clock.now().moment(), new_token());
        let lookup = token_lookup(address.as_str(), &token);
        let added = self.store.write(move |tx| {
            if find(tx, &vault, address.as_str())?.is_some() {
                return Err(Rule::AccountExists.into());
            }
            accounts::insert(tx, &lookup, now, |id| {
                let (key_id, sealed) = vault.seal_address(AccountId(id), &address);
                (key_id.number(), sealed)
            })
        });
        added.await.map_err(not_creating)?;
        Ok(token)
    }

    /// Seals the addresses of accounts under the newest root key, so that older ones may go, and returns
    /// how many that were. One whose key is not at hand stays as it is. Blocks: not for the event loop.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store cannot write; the next start tries again.
    pub fn reseal_addresses(&self) -> Result<usize, Error> {
        let newest = self.vault.newest_key().number();
        if self.store.read(accounts::all)?.iter().all(|row| row.key_id == newest) {
            return Ok(0);
        }
        let vault = Arc::clone(&self.vault);
        let resealed = self.store.write(move |tx| {
            let mut count = 0;
            for row in accounts::all(tx)?.iter().filter(|row| row.key_id != newest) {
                let Ok(address) = address(&vault, row) else { continue };
                let (key_id, sealed) = vault.seal_address(AccountId(row.id), &address);
                accounts::set_address(tx, row.id, key_id.number(), &sealed)?;
                count += 1;
            }
            Ok(count)
        });
        resealed.wait().map_err(not_creating)
    }

    /// All accounts, the oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if an address does not open.
    pub fn accounts(&self) -> Result<Vec<AccountInfo>, Error> {
        let rows = self.store.read(accounts::all)?;
        rows.iter()
            .map(|row| {
                Ok(AccountInfo {
                    address: address(&self.vault, row)?,
                    created: row.created_at,
                    is_disabled: row.is_disabled,
                    notify: row.notify,
                })
            })
            .collect()
    }

    /// Changes the account with this address.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    pub async fn change_account(&self, user: String, change: Change) -> Result<(), Error> {
        let (vault, now) = (Arc::clone(&self.vault), self.clock.now().moment());
        let changed = self.store.write(move |tx| {
            let row = find(tx, &vault, &user)?.ok_or(Error::NotFound)?;
            match change {
                Change::Disable => accounts::set_disabled(tx, row.id, Some(now)),
                Change::Enable => accounts::set_disabled(tx, row.id, None),
                Change::Remove => accounts::delete(tx, row.id),
                Change::Notify(notify) => accounts::set_notify(tx, row.id, notify),
            }
        });
        changed.await.map_err(not_creating)
    }

    /// Gives an account a new token. With the old one its list of receipts goes on; without it the
    /// list begins anew, since nothing else opens it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account, [`Error::Unauthorized`] if the old token is
    /// not its.
    pub async fn rotate_token(&self, user: String, old: Option<ApiToken>) -> Result<ApiToken, Error> {
        let (vault, token) = (Arc::clone(&self.vault), new_token());
        let new = token.expose().to_owned();
        let rotated = self.store.write(move |tx| {
            let row = find(tx, &vault, &user)?.ok_or(Error::NotFound)?;
            let new = ApiToken::parse(&new).ok_or(VaultError::Damaged)?;
            reseal_list(tx, &vault, (&row, &user), old.as_ref(), &new)?;
            accounts::set_token(tx, row.id, &token_lookup(&user, &new))
        });
        rotated.await.map_err(not_creating)?;
        Ok(token)
    }

    /// What an account has made in the last 30 days, the newest first.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] without an account, [`Error::Unavailable`] if the store cannot be read.
    pub fn recent(&self, caller: &Caller) -> Result<Vec<Receipt>, Error> {
        let account = caller.account.as_ref().ok_or(Error::Unauthorized { challenge: true })?;
        self.limits.look(caller.source, self.clock.now().moment())?;
        let now = self.clock.now().latest();
        let since = Timestamp::from_unix(now.unix() - RECENT);
        self.store.read(|db| {
            let lines = accounts::own(db, account.id.0, since, RECENT_LINES)?;
            let mut recent = Vec::with_capacity(lines.len());
            for line in lines {
                let lookup = Lookup::from_bytes(line.lookup);
                let id = self.vault.open_own(&account.token, &lookup, &line.own_box)?;
                match receipts::find(db, &line.lookup, now) {
                    Ok(row) => recent.push(receipt(&self.vault, &id, &lookup, row, now)?),
                    // Expired, and not swept yet.
                    Err(Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(recent)
        })
    }

    /// The time that [`App::recent`] lists.
    pub fn recent_span(&self) -> (Timestamp, Timestamp) {
        let now = self.clock.now().latest();
        (Timestamp::from_unix(now.unix() - RECENT), now)
    }

    /// Writes the owner's note on a receipt; an empty one clears it.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] without an account, [`Error::Forbidden`] for anyone but the owner,
    /// [`Error::Invalid`] for more than 500 characters.
    pub async fn set_memo(&self, id: &ReceiptId, memo: String, caller: &Caller) -> Result<Receipt, Error> {
        let before = self.receipt(id, caller)?;
        if before.address_for(caller).is_none() {
            return Err(Error::Forbidden("Only the owner may write a memo".into()));
        }
        if memo.chars().count() > MEMO_MAX {
            return Err(Rule::MemoTooLong(MEMO_MAX).into());
        }
        let now = self.clock.now().latest();
        let (vault, id, lookup) = (Arc::clone(&self.vault), id.clone(), self.identifiers.receipt(id));
        let written = self.store.write(move |tx| {
            let row = receipts::find(tx, lookup.as_bytes(), now)?;
            let content = vault.open_receipt(&id, &lookup, row.expires_at, &row.sealed)?;
            let content =
                ReceiptContent { memo: Some(memo.clone()).filter(|memo| !memo.is_empty()), ..content };
            receipts::set_sealed(tx, row.id, &vault.seal_receipt(&id, &lookup, row.expires_at, &content))?;
            receipt(&vault, &id, &lookup, receipts::find(tx, lookup.as_bytes(), now)?, now)
        });
        written.await.map_err(not_creating)
    }
}

/// The account with this address. Addresses are sealed one by one, so all are opened; an operator
/// has hundreds at most.
fn find(tx: &WriteTx<'_>, vault: &Vault, user: &str) -> Result<Option<AccountRow>, Error> {
    for row in accounts::all(tx)? {
        if address(vault, &row)?.is(user) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The address of an account.
pub(super) fn address(vault: &Vault, row: &AccountRow) -> Result<EmailAddress, Error> {
    Ok(vault.open_address(KeyId::from_number(row.key_id), AccountId(row.id), &row.address_box)?)
}

fn reseal_list(
    tx: &WriteTx<'_>,
    vault: &Vault,
    (account, user): (&AccountRow, &str),
    old: Option<&ApiToken>,
    new: &ApiToken,
) -> Result<(), Error> {
    if let Some(old) = old {
        let found = accounts::by_token(tx, &token_lookup(user, old))?;
        let is_its_own = found.is_some_and(|row| row.id == account.id);
        if !is_its_own {
            return Err(Error::Unauthorized { challenge: false });
        }
    }
    for line in accounts::own(tx, account.id, Timestamp::from_unix(i64::MIN), u32::MAX)? {
        let lookup = Lookup::from_bytes(line.lookup);
        let sealed = match old {
            Some(old) => Some(vault.seal_own(new, &lookup, &vault.open_own(old, &lookup, &line.own_box)?)),
            None => None,
        };
        accounts::set_own(tx, line.id, sealed.as_deref())?;
    }
    Ok(())
}

/// How long mail waits at most.
pub(super) const MAIL_LIFE: Ttl = Ttl::from_seconds(86_400);
