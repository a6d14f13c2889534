//! The other side: speaks the public API, version 2, to any server of it. One method for each thing a
//! person can do.
//!
//! Without an account the routes under `/guest` are used, as the API's documents have it. Receipts go
//! by their older name, `private`, which every server knows.

mod http;
mod link;
mod problem;
mod reply;
pub mod words;

pub use http::Note;
#[cfg(feature = "acme")]
pub(crate) use http::roots;
pub use link::{Identifier, Leads, Link};
pub use problem::{Problem, fit_to_show};
pub use reply::Reply;

use crate::config::BaseUrl;
use crate::hex;
use crate::random::fill;
use crate::secret::{ApiToken, EmailAddress, Passphrase, Plaintext};
use crate::time::{Timestamp, Ttl};
use base64ct::{Base64, Encoding};
use http::Transport;
use serde::Serialize;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};
use ureq::http::Method;
use zeroize::Zeroizing;

/// Who asks: an account of one server.
#[derive(Debug)]
pub struct Account {
    /// The account's user name.
    pub user: EmailAddress,
    /// Proves it.
    pub token: ApiToken,
}

/// A client of one server.
pub struct Client {
    transport: Transport,
    has_account: bool,
    server: BaseUrl,
}

/// What is wished for a new secret.
#[derive(Default)]
pub struct Wishes {
    /// How long it shall live; none: as the server likes.
    pub ttl: Option<Ttl>,
    /// What is needed to read it, besides the link.
    pub passphrase: Option<Passphrase>,
    /// Whom the server shall mail the link to.
    pub recipients: Vec<String>,
}

/// What a generated value is made of, by the names the API gives sets of characters.
#[derive(Serialize)]
#[allow(missing_docs, reason = "the names are the sets")]
pub struct Sets {
    pub uppercase: bool,
    pub lowercase: bool,
    pub numbers: bool,
    pub symbols: bool,
    pub exclude_ambiguous: bool,
}

/// A new secret.
pub struct Made {
    /// The recipient's link.
    pub link: String,
    /// The creator's link.
    pub receipt: String,
    /// The receipt's identifier.
    pub receipt_id: Identifier,
    /// The lifetime it was granted.
    pub ttl: Option<Ttl>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Whether a passphrase is needed.
    pub has_passphrase: bool,
    /// The value, where the server made it.
    pub value: Option<Plaintext>,
}

#[derive(Serialize)]
struct Outer<'a> {
    secret: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    kind: &'static str,
    /// The documents call for it, empty for the default.
    share_domain: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passphrase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<Recipients<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    character_sets: Option<&'a Sets>,
}

/// One address as text, as documented; several as a list.
#[derive(Serialize)]
#[serde(untagged)]
enum Recipients<'a> {
    One(&'a str),
    Several(&'a [String]),
}

impl<'a> Recipients<'a> {
    fn of(addresses: &'a [String]) -> Option<Self> {
        match addresses {
            [] => None,
            [one] => Some(Self::One(one)),
            several => Some(Self::Several(several)),
        }
    }
}

impl<'a> Inner<'a> {
    fn new(kind: &'static str, wishes: &'a Wishes) -> Self {
        Self {
            kind,
            share_domain: "",
            secret: None,
            passphrase: wishes.passphrase.as_ref().map(Passphrase::as_text),
            ttl: wishes.ttl.map(Ttl::seconds),
            recipient: Recipients::of(&wishes.recipients),
            length: None,
            character_sets: None,
        }
    }
}

#[derive(Serialize)]
struct Opening<'a> {
    #[serde(rename = "continue")]
    go_on: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    passphrase: Option<&'a str>,
}

#[derive(Serialize)]
struct Memo<'a> {
    memo: &'a str,
}

/// Pauses between tries for the same reply, together well within the minute that it is kept.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
/// After that long no try can get the reply to the first one.
const KEPT: Duration = Duration::from_secs(60);

/// 128 random bits.
fn fresh_key() -> Zeroizing<String> {
    let mut bits = Zeroizing::new([0; 16]);
    fill(&mut *bits);
    hex::encode(&*bits)
}

/// Asks until an answer comes, a few times.
fn again<T>(ask: impl Fn() -> Result<T, Problem>) -> Result<T, Problem> {
    let began = Instant::now();
    let mut pauses = PAUSES.into_iter();
    loop {
        let answer = ask();
        match (&answer, pauses.next()) {
            (Err(problem), Some(pause)) if problem.may_pass() && began.elapsed() + pause < KEPT => {
                sleep(pause);
            }
            _ => return answer,
        }
    }
}

/// No body.
const NOTHING: Option<&()> = None;

impl Client {
    /// A client of this server, anonymous or with an account that the server knows.
    ///
    /// # Errors
    /// A sentence about certificates that cannot be used.
    pub fn new(
        server: BaseUrl,
        account: Option<&Account>,
        ca_file: Option<&Path>,
        note: Note,
    ) -> Result<Self, String> {
        let credentials = account.map(|account| {
            let pair = Zeroizing::new(format!("{}:{}", account.user.as_str(), account.token.expose()));
            let encoded = Zeroizing::new(Base64::encode_string(pair.as_bytes()));
            Zeroizing::new(format!("Basic {}", *encoded))
        });
        let transport = Transport::new(server.clone(), credentials, ca_file, note)?;
        Ok(Self { transport, has_account: account.is_some(), server })
    }

    /// Stores a secret.
    ///
    /// # Errors
    /// Nothing was stored, unless the connection broke while the server answered.
    pub fn conceal(&self, plaintext: &Plaintext, wishes: &Wishes) -> Result<Made, Problem> {
        let secret = Inner { secret: Some(plaintext.expose()), ..Inner::new("conceal", wishes) };
        self.make("/secret/conceal", secret)
    }

    /// Has the server make a value and store it.
    ///
    /// # Errors
    /// As [`Client::conceal`].
    pub fn generate(
        &self,
        length: Option<u16>,
        sets: Option<&Sets>,
        wishes: &Wishes,
    ) -> Result<Made, Problem> {
        self.make(
            "/secret/generate",
            Inner { length, character_sets: sets, ..Inner::new("generate", wishes) },
        )
    }

    fn make(&self, route: &str, secret: Inner<'_>) -> Result<Made, Problem> {
        let mut reply =
            self.transport.send(&Method::POST, &self.route(route), "", Some(&Outer { secret }))?;
        let id = |pointer: &str| reply.text(pointer).and_then(Identifier::parse);
        let ids = (id("/record/secret/identifier"), id("/record/receipt/identifier"));
        let (Some(secret_id), Some(receipt_id)) = ids else {
            return Err(self.odd());
        };
        let ttl =
            reply.number("/record/receipt/secret_ttl").or_else(|| reply.number("/record/secret/secret_ttl"));
        let ttl = ttl.map(Ttl::from_seconds);
        let created = reply.number("/record/receipt/created").map(Timestamp::from_unix);
        let base = match reply.text("/record/share_domain") {
            Some(domain) => format!("{}://{}", self.server.scheme(), fit_to_show(domain)),
            None => self.server.as_str().to_owned(),
        };
        Ok(Made {
            link: format!("{base}/secret/{}", secret_id.as_str()),
            receipt: self.receipt_link(&receipt_id),
            receipt_id,
            ttl,
            expires: created.zip(ttl).map(|(created, ttl)| created.plus(ttl)),
            has_passphrase: reply.flag("/record/receipt/has_passphrase"),
            value: reply.secret("/record/secret/secret_value").and_then(Plaintext::new),
        })
    }

    /// The page of a receipt.
    pub fn receipt_link(&self, id: &Identifier) -> String {
        format!("{}/receipt/{}", self.server.as_str(), id.as_str())
    }

    /// Looks at a secret without reading it. The look is counted on its receipt.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if it is gone.
    pub fn show(&self, id: &Identifier) -> Result<Reply, Problem> {
        self.transport.send(&Method::GET, &self.route("/secret/{id}"), id.as_str(), NOTHING)
    }

    /// Reads a secret, which ends it. Where the connection breaks, it asks again under the same fresh key: a
    /// server that knows such keys gives the same reply again for a minute.
    ///
    /// # Errors
    /// [`Problem::WrongPassphrase`] and [`Problem::NotFound`] consume nothing. Where the connection
    /// broke every time while the server answered, the secret may be gone.
    pub fn reveal(&self, id: &Identifier, passphrase: Option<&Passphrase>) -> Result<Plaintext, Problem> {
        let body = Opening { go_on: true, passphrase: passphrase.map(Passphrase::as_text) };
        let route = self.route("/secret/{id}/reveal");
        let key = fresh_key();
        let ask =
            || self.transport.send_known_by(Some(&key), &Method::POST, &route, id.as_str(), Some(&body));
        let mut reply = again(ask)?;
        reply.secret("/record/secret_value").and_then(Plaintext::new).ok_or_else(|| self.odd())
    }

    /// The creator's record of a secret.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if there is none.
    pub fn receipt(&self, id: &Identifier) -> Result<Reply, Problem> {
        self.transport.send(&Method::GET, &self.receipt_route(""), id.as_str(), NOTHING)
    }

    /// Destroys a secret.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if it is gone already, [`Problem::WrongPassphrase`] if that is wrong.
    pub fn burn(&self, id: &Identifier, passphrase: Option<&Passphrase>) -> Result<Reply, Problem> {
        let body = Opening { go_on: true, passphrase: passphrase.map(Passphrase::as_text) };
        self.transport.send(&Method::POST, &self.receipt_route("/burn"), id.as_str(), Some(&body))
    }

    /// Notes a text on a receipt of this account.
    ///
    /// # Errors
    /// If the receipt is not this account's, or the text is too long.
    pub fn set_memo(&self, id: &Identifier, memo: &str) -> Result<(), Problem> {
        let sent =
            self.transport.send(&Method::PATCH, "/api/v2/private/{id}", id.as_str(), Some(&Memo { memo }));
        sent.map(drop)
    }

    /// This account's receipts, newest first.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`] without an account.
    pub fn recent(&self) -> Result<Vec<Reply>, Problem> {
        let reply = self.transport.send(&Method::GET, "/api/v2/private/recent", "", NOTHING);
        reply.map(|mut reply| reply.list("/records"))
    }

    /// Whether the server knows this account. Version 2 has no such question; version 1 has.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`] if it does not.
    pub fn check_account(&self) -> Result<(), Problem> {
        self.transport.send(&Method::GET, "/api/v1/authcheck", "", NOTHING).map(drop)
    }

    fn route(&self, route: &str) -> String {
        format!("/api/v2{}{route}", if self.has_account { "" } else { "/guest" })
    }

    fn receipt_route(&self, end: &str) -> String {
        let name = if self.has_account { "private" } else { "guest/receipt" };
        format!("/api/v2/{name}/{{id}}{end}")
    }

    fn odd(&self) -> Problem {
        Problem::Unreachable(format!("{} answers, but not as a server of this API", self.server.as_str()))
    }
}
