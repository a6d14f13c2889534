//! The errors of the program: one enum for a caller's request, one for an operator's start.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What went wrong behind the scenes. It reaches the log, never a caller.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why a request was not fulfilled. What `Display` prints is always safe to show to the caller.
#[derive(Debug)]
pub enum Error {
    /// Unknown, expired, revealed, burned or locked: a caller cannot tell which.
    NotFound,
    /// The passphrase is wrong or missing. Nothing was consumed.
    WrongPassphrase,
    /// A parameter breaks a rule.
    Invalid {
        /// The parameter, by the name the API gives it.
        field: &'static str,
        /// The rule, as a sentence.
        rule: String,
    },
    /// The request cannot be understood at all.
    BadRequest(&'static str),
    /// The body is longer than this server takes.
    TooLarge,
    /// The body is encoded in a way this server does not take.
    UnsupportedMedia,
    /// Credentials are wrong, or missing where they are needed.
    Unauthorized {
        /// Whether the reply may ask for credentials.
        challenge: bool,
    },
    /// This caller may not do this here.
    Forbidden(String),
    /// No such route.
    NoSuchRoute,
    /// The route exists, but not for this method.
    MethodNotAllowed {
        /// The methods it does take, as the `Allow` header lists them.
        allow: String,
    },
    /// Too many attempts.
    LimitExceeded {
        /// When to come back.
        retry_after: Duration,
    },
    /// Busy, or unable to open what is stored. Nothing was consumed.
    Unavailable(Cause),
    /// No room on the disk to store anything new. Nothing was consumed.
    StorageFull(Cause),
    /// No room within the operator's quota. Nothing was stored.
    QuotaFull(Cause),
    /// A mistake of ours.
    Internal(Cause),
}

impl Error {
    /// A parameter that breaks a rule.
    pub fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid { field, rule: rule.into() }
    }

    /// What went wrong behind the scenes, for the log.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unavailable(cause)
            | Self::StorageFull(cause)
            | Self::QuotaFull(cause)
            | Self::Internal(cause) => Some(cause),
            _ => None,
        }
    }

    /// When the caller may come back, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::LimitExceeded { retry_after } => Some(*retry_after),
            Self::Unavailable(_) => Some(Duration::from_secs(2)),
            Self::StorageFull(_) | Self::QuotaFull(_) => Some(Duration::from_secs(60)),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "Unknown secret",
            Self::WrongPassphrase => "Incorrect passphrase",
            Self::Invalid { rule, .. } => rule,
            Self::BadRequest(reason) => reason,
            Self::TooLarge => "The request is too large",
            Self::UnsupportedMedia => "A compressed body is not supported",
            Self::Unauthorized { .. } => "Not authorized",
            Self::Forbidden(reason) => reason,
            Self::NoSuchRoute => "Not Found",
            Self::MethodNotAllowed { .. } => "Method Not Allowed",
            Self::LimitExceeded { .. } => "Too many attempts. Try again later",
            Self::Unavailable(_) => "Not available right now. Try again in a moment",
            Self::StorageFull(_) | Self::QuotaFull(_) => {
                "The server has no room for a new secret. Try again later"
            }
            Self::Internal(_) => "Something went wrong on the server",
        })
    }
}

impl StdError for Error {}

/// Why the program does not start, or a command does not run: what, which option, what to do.
#[derive(Debug)]
pub struct StartError {
    /// The exit code, after `sysexits.h`.
    pub exit_code: u8,
    message: String,
}

impl StartError {
    /// A command line that makes no sense (64, `EX_USAGE`).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit_code: 64, message: message.into() }
    }

    /// Something the operator must mend first: options, key, permissions (78, `EX_CONFIG`).
    pub fn configuration(message: impl Into<String>) -> Self {
        Self { exit_code: 78, message: message.into() }
    }

    /// The disk or the database does not do what it should (74, `EX_IOERR`).
    pub fn storage(message: impl Into<String>) -> Self {
        Self { exit_code: 74, message: message.into() }
    }

    /// Another process is in the way, or a server asks to come back later (75, `EX_TEMPFAIL`).
    pub fn busy(message: impl Into<String>) -> Self {
        Self { exit_code: 75, message: message.into() }
    }

    /// A plain no: there is no such secret, its passphrase is another, or whoever was asked said no
    /// (1).
    pub fn no(message: impl Into<String>) -> Self {
        Self { exit_code: 1, message: message.into() }
    }

    /// What came in cannot be taken as it is (65, `EX_DATAERR`).
    pub fn data(message: impl Into<String>) -> Self {
        Self { exit_code: 65, message: message.into() }
    }

    /// The server cannot be reached, or does not speak this API (69, `EX_UNAVAILABLE`).
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self { exit_code: 69, message: message.into() }
    }

    /// A file that cannot be made (73, `EX_CANTCREAT`).
    pub fn cannot_create(message: impl Into<String>) -> Self {
        Self { exit_code: 73, message: message.into() }
    }

    /// Something this account, or nobody, may not do (77, `EX_NOPERM`).
    pub fn not_permitted(message: impl Into<String>) -> Self {
        Self { exit_code: 77, message: message.into() }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for StartError {}
