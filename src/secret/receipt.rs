//! The creator's record of a secret: what happened to it, and when.

use super::{AccountId, Caller, ReceiptId, SecretId};
use crate::time::{Timestamp, Ttl};

/// How a secret came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its content was given.
    Conceal,
    /// Its content was generated here.
    Generate,
}

/// What ended a secret before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Someone with the link read it.
    Revealed,
    /// Someone with the receipt destroyed it.
    Burned,
    /// Too many wrong passphrases destroyed it.
    Locked,
}

/// What has become of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Still there.
    New,
    /// Still there, and its link was mailed, at this moment.
    Shared(Timestamp),
    /// Read, at this moment.
    Revealed(Timestamp),
    /// Destroyed by its creator, at this moment.
    Burned(Timestamp),
    /// Ran out, at this moment.
    Expired(Timestamp),
    /// Destroyed by too many wrong passphrases at this moment, or lost by a restore (no moment).
    Orphaned(Option<Timestamp>),
}

/// What became of the mail with the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It waits to be sent.
    Pending,
    /// The mail server took it, at this moment.
    Sent(Timestamp),
    /// It was given up.
    Failed,
}

/// How often a link was looked at without being used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// How often.
    pub count: u32,
    /// For the first time.
    pub first: Option<Timestamp>,
    /// For the last time.
    pub last: Option<Timestamp>,
}

/// The creator's record of a secret, as it stands at the moment `seen`.
#[derive(Debug)]
pub struct Receipt {
    /// The receipt's own identifier.
    pub id: ReceiptId,
    /// The secret's identifier: a link only as long as the secret is there.
    pub secret: SecretId,
    /// How the secret came to be.
    pub kind: Kind,
    /// What became of it.
    pub state: State,
    /// When it was concealed.
    pub created: Timestamp,
    /// The lifetime the secret was granted; the receipt lives twice as long.
    pub ttl: Ttl,
    /// Whether a passphrase was set.
    pub has_passphrase: bool,
    /// The host its links are made for, where that is not the default one.
    pub share_domain: Option<String>,
    /// Obscured addresses the link was to be mailed to.
    pub recipients: Vec<String>,
    /// The account that made it.
    pub owner: Option<AccountId>,
    /// The mail with the link, if one was asked for.
    pub delivery: Option<Delivery>,
    /// The owner's note.
    pub memo: Option<String>,
    /// Looks at the link.
    pub looks: Looks,
    /// Wrong or missing passphrases.
    pub failed_attempts: u32,
    /// The moment at which all this was so.
    pub seen: Timestamp,
}

impl Receipt {
    /// When the secret runs out.
    pub fn secret_expires(&self) -> Timestamp {
        self.created.plus(self.ttl)
    }

    /// Seconds the secret has left; `None` once it is gone.
    pub fn secret_seconds_left(&self) -> Option<i64> {
        self.is_live().then(|| self.secret_expires().since(self.seen))
    }

    /// Seconds the receipt has left.
    pub fn seconds_left(&self) -> i64 {
        self.created.plus(self.ttl.doubled()).since(self.seen)
    }

    /// Whether the secret is still there.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::New | State::Shared(_))
    }

    /// The address of the account that made it, if that is the caller.
    pub fn address_for<'c>(&self, caller: &'c Caller) -> Option<&'c str> {
        let account = caller.account.as_ref().filter(|account| Some(account.id) == self.owner);
        account.map(|account| account.address.as_str())
    }

    /// The last change of state.
    pub fn updated(&self) -> Timestamp {
        match self.state {
            State::New | State::Orphaned(None) => self.created,
            State::Shared(at)
            | State::Revealed(at)
            | State::Burned(at)
            | State::Expired(at)
            | State::Orphaned(Some(at)) => at,
        }
    }
}
