//! What can go wrong between a client and a server, and the exit code of each.

use crate::error::StartError;
use std::fmt;

/// Why a server did not do what it was asked.
#[derive(Debug)]
pub enum Problem {
    /// Unknown, expired, revealed or burned: nobody can tell which.
    NotFound,
    /// The passphrase is wrong or missing; nothing was consumed.
    WrongPassphrase,
    /// Credentials are wrong, or missing where they are needed.
    Unauthorized,
    /// Any other refusal, with the server's sentence.
    Refused {
        /// The reply's status.
        status: u16,
        /// The server's sentence, fit to be shown.
        message: String,
        /// Seconds after which it may be worth another try.
        retry_after: Option<u64>,
    },
    /// No answer came through: nobody knows what the server did.
    BrokeOff(String),
    /// The server cannot be trusted, or its answer is not one of this API.
    Unreachable(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => {
                f.write_str("unknown secret: it was read, burned, has expired, or the link is not complete")
            }
            Self::WrongPassphrase => f.write_str("the passphrase is not right; the secret is still there"),
            Self::Unauthorized => {
                f.write_str("the server does not know these credentials, or wants some: see `tellonce login`")
            }
            Self::Refused { status, message, retry_after: Some(seconds) } => {
                write!(f, "the server refuses ({status}): {message}; try again in {seconds} seconds")
            }
            Self::Refused { status, message, retry_after: None } => {
                write!(f, "the server refuses ({status}): {message}")
            }
            Self::BrokeOff(reason) | Self::Unreachable(reason) => f.write_str(reason),
        }
    }
}

impl Problem {
    /// Whether the same request may be answered in a moment.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::BrokeOff(_) => true,
            Self::Refused { status, retry_after, .. } => *status == 503 && retry_after.is_some(),
            _ => false,
        }
    }
}

impl From<Problem> for StartError {
    fn from(problem: Problem) -> Self {
        let sentence = problem.to_string();
        match problem {
            Problem::NotFound | Problem::WrongPassphrase => Self::no(sentence),
            Problem::Unauthorized | Problem::Refused { status: 403, .. } => Self::not_permitted(sentence),
            Problem::Refused { status: 429 | 503 | 507, .. } => Self::busy(sentence),
            Problem::Refused { status: 400..=499, .. } => Self::data(sentence),
            Problem::Refused { .. } | Problem::BrokeOff(_) | Problem::Unreachable(_) => {
                Self::unreachable(sentence)
            }
        }
    }
}

/// The same text without what could move a terminal's cursor or hide something, and not too long: a
/// server's words are not ours.
pub fn fit_to_show(text: &str) -> String {
    let shown = text.chars().take(300);
    shown.map(|character| if character.is_control() { ' ' } else { character }).collect()
}
