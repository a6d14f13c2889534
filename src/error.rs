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
    WrongPassphrase {
        /// How many more this caller may try for now; `None` where nothing bounds it.
        tries_left: Option<u32>,
    },
    /// A parameter breaks a rule.
    Invalid(Rule),
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
    /// The same caller's earlier request for the same secret is not answered yet.
    InProgress,
    /// No room on the disk to store anything new. Nothing was consumed.
    StorageFull(Cause),
    /// No room within the operator's quota. Nothing was stored.
    QuotaFull(Cause),
    /// A mistake of ours.
    Internal(Cause),
}

impl Error {
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
            Self::InProgress => Some(Duration::from_secs(1)),
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
            Self::WrongPassphrase { .. } => "Incorrect passphrase",
            Self::Invalid(rule) => return rule.fmt(f),
            Self::BadRequest(reason) => reason,
            Self::TooLarge => "The request is too large",
            Self::UnsupportedMedia => "A compressed body is not supported",
            Self::Unauthorized { .. } => "Not authorized",
            Self::Forbidden(reason) => reason,
            Self::NoSuchRoute => "Not Found",
            Self::MethodNotAllowed { .. } => "Method Not Allowed",
            Self::LimitExceeded { .. } => "Too many attempts. Try again later",
            Self::Unavailable(_) | Self::InProgress => "Not available right now. Try again in a moment",
            Self::StorageFull(_) | Self::QuotaFull(_) => {
                "The server has no room for a new secret. Try again later"
            }
            Self::Internal(_) => "Something went wrong on the server",
        })
    }
}

impl StdError for Error {}

impl From<Rule> for Error {
    fn from(rule: Rule) -> Self {
        Self::Invalid(rule)
    }
}

/// A rule that a parameter broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A secret holds something.
    NothingToShare,
    /// A secret has at most so many bytes.
    SecretTooLong(usize),
    /// The operator wants a passphrase with every secret.
    PassphraseRequired,
    /// A passphrase has at least so many characters.
    PassphraseTooShort(usize),
    /// A passphrase has at most so many bytes.
    PassphraseTooLong(usize),
    /// A generated value has so many characters, from the first number to the second.
    Length(i64, i64),
    /// A generated value is made of something.
    NoCharacterSet,
    /// This parameter is a whole number.
    NotANumber(&'static str),
    /// A lifetime is a number and a unit.
    NotALifetime,
    /// This text is UTF-8.
    NotUtf8(&'static str),
    /// Only accounts have mail sent.
    RecipientWithoutAccount,
    /// No mail server is set up.
    NoMail,
    /// A link is mailed to at most so many addresses.
    TooManyRecipients(usize),
    /// A recipient is an e-mail address.
    NotAnAddress,
    /// Links are made for listed domains only.
    UnknownDomain,
    /// A memo has at most so many characters.
    MemoTooLong(usize),
    /// One call asks about at most so many secrets.
    TooManyIdentifiers(usize),
    /// An address has one account at most.
    AccountExists,
    /// What a reader is known by has its length and no spaces.
    NotAnIdempotencyKey,
}

impl Rule {
    /// The parameter that it is about, by the name the API gives it.
    pub fn field(self) -> &'static str {
        match self {
            Self::NothingToShare | Self::SecretTooLong(_) => "secret",
            Self::PassphraseRequired | Self::PassphraseTooShort(_) | Self::PassphraseTooLong(_) => {
                "passphrase"
            }
            Self::Length(..) => "length",
            Self::NoCharacterSet => "character_sets",
            Self::NotANumber(field) | Self::NotUtf8(field) => field,
            Self::NotALifetime => "ttl",
            Self::RecipientWithoutAccount
            | Self::NoMail
            | Self::TooManyRecipients(_)
            | Self::NotAnAddress => "recipient",
            Self::UnknownDomain => "share_domain",
            Self::MemoTooLong(_) => "memo",
            Self::TooManyIdentifiers(_) => "identifiers",
            Self::AccountExists => "account",
            Self::NotAnIdempotencyKey => "Idempotency-Key",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingToShare => write!(f, "You did not provide anything to share"),
            Self::SecretTooLong(most) => write!(f, "The secret is longer than {most} bytes"),
            Self::PassphraseRequired => write!(f, "This server requires a passphrase"),
            Self::PassphraseTooShort(least) => {
                write!(f, "The passphrase must have at least {least} characters")
            }
            Self::PassphraseTooLong(most) => write!(f, "The passphrase is longer than {most} bytes"),
            Self::Length(least, most) => write!(f, "The length must be {least} to {most}"),
            Self::NoCharacterSet => write!(f, "Choose at least one set of characters"),
            Self::NotANumber(field) => write!(f, "The {field} must be a whole number"),
            Self::NotALifetime => write!(f, "The ttl must be like 30m, 4h or 7d"),
            Self::NotUtf8(field) => {
                write!(f, "The {field} is not valid UTF-8: wrap other bytes, such as in base64")
            }
            Self::RecipientWithoutAccount => {
                write!(f, "Only an account may have the link mailed to someone")
            }
            Self::NoMail => write!(f, "This server sends no mail"),
            Self::TooManyRecipients(1) => write!(f, "The link can be mailed to at most 1 address"),
            Self::TooManyRecipients(most) => write!(f, "The link can be mailed to at most {most} addresses"),
            Self::NotAnAddress => write!(f, "This is not an e-mail address"),
            Self::UnknownDomain => write!(f, "This server makes no links for that domain"),
            Self::MemoTooLong(most) => write!(f, "The memo is longer than {most} characters"),
            Self::TooManyIdentifiers(most) => write!(f, "Ask for at most {most} secrets at once"),
            Self::AccountExists => write!(f, "there is an account with this address already"),
            Self::NotAnIdempotencyKey => {
                write!(f, "The Idempotency-Key must have 22 to 128 visible characters")
            }
        }
    }
}

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
