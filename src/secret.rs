//! The domain: what is shared, who may do what with it, and what became of it. Knows nothing of
//! HTTP, SQL or ciphers.
//!
//! A *secret* is what is shared; a *receipt* is its creator's record of it. Whoever holds the
//! identifier of one may use it: both are capabilities and never reach a log or an error.

mod id;
mod receipt;
mod sensitive;

pub use id::{ID_LENGTH, ReceiptId, SHORT_LENGTH, SecretId};
pub use receipt::{Kind, Looks, Outcome, Receipt, State};
pub use sensitive::{Claim, Opened, Passphrase, Plaintext};

use crate::time::{Timestamp, Ttl};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular.
    Anonymous,
}

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
}
