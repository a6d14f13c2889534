//! The domain: what is shared, who may do what with it, and what became of it. Knows nothing of
//! HTTP, SQL or ciphers.
//!
//! A *secret* is what is shared; a *receipt* is its creator's record of it. Whoever holds the
//! identifier of one may use it: both are capabilities and never reach a log or an error.

mod address;
mod id;
mod locale;
mod receipt;
mod sensitive;
mod source;

pub use address::EmailAddress;
pub use id::{ID_LENGTH, NUMBERS, ReceiptId, SHORT_LENGTH, SecretId};
pub use locale::Locale;
pub use receipt::{Delivery, Kind, Looks, Outcome, Receipt, State};
pub use sensitive::{ApiToken, Claim, IdempotencyKey, Opened, Passphrase, Plaintext};
pub use source::Source;

use crate::time::{Timestamp, Ttl};

/// Who asks, and from where.
#[derive(Debug)]
pub struct Caller {
    /// Whose credentials came; `None` for an anonymous caller.
    pub account: Option<Account>,
    /// Where the request came from, as far as limits tell sources apart.
    pub source: Source,
    /// The language that mails for the caller are written in.
    pub locale: Locale,
}

/// An account that has proved itself by its token.
#[derive(Debug)]
pub struct Account {
    /// Its number in the database.
    pub id: AccountId,
    /// Its address, which is its user name.
    pub address: EmailAddress,
    /// Opens its list of receipts.
    pub token: ApiToken,
}

/// An account's number in one database; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountId(pub i64);

/// What a link tells about a secret that is still there, without its content.
#[derive(Debug)]
pub struct Secret {
    /// The link's identifier.
    pub id: SecretId,
    /// When it was concealed.
    pub created: Timestamp,
    /// The lifetime it was granted.
    pub ttl: Ttl,
    /// Whether a passphrase is needed to reveal or burn it.
    pub has_passphrase: bool,
    /// When its link was first looked at.
    pub first_look: Option<Timestamp>,
    /// The host its link was made for, where that is not the default one.
    pub share_domain: Option<String>,
    /// Seconds it has left.
    pub seconds_left: i64,
    /// Whether the account that asks made it.
    pub is_owner: bool,
}
