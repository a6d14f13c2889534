//! V2's replies. The published documents give most flags, times and lifetimes as text
//! or null, and clients decode them so; one strict client wants native types under `metadata`.

#![allow(clippy::struct_field_names, reason = "the contract names the fields")]

use crate::app::Revealed;
use crate::links::{Links, burn_path, receipt_path, share_path};
use crate::secret::{Caller, Delivery, Kind, Locale, Plaintext, Receipt, Secret, SecretId, State};
use crate::time::{Timestamp, Ttl};
use serde::Serialize;

/// A flag that holds is `"true"`, one that does not is null, never `"false"`: a test for truth is
/// right in any language.
type Flag = Option<&'static str>;

fn flag(holds: bool) -> Flag {
    holds.then_some("true")
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// What every reply is wrapped in.
#[derive(Serialize)]
pub struct Envelope<'a, R, D> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    shrimp: &'static str,
    record: R,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<D>,
}

impl<'a, R, D> Envelope<'a, R, D> {
    fn new(record: R, details: D, caller: &'a Caller) -> Self {
        Self { success: true, user_id: user_id(caller), shrimp: "", record, details: Some(details) }
    }
}

/// The calling account's address.
fn user_id(caller: &Caller) -> Option<&str> {
    caller.account.as_ref().map(|account| account.address.as_str())
}

/// The secret object.
#[derive(Serialize)]
pub struct SecretObject<'a> {
    identifier: &'a str,
    key: &'a str,
    shortid: &'a str,
    state: &'static str,
    created: String,
    updated: String,
    verification: Option<()>,
    has_passphrase: Flag,
    is_previewed: Flag,
    is_revealed: Flag,
    is_viewed: Flag,
    is_received: Flag,
    secret_ttl: String,
    lifespan: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_value: Option<&'a str>,
}

impl<'a> SecretObject<'a> {
    fn new(secret: &'a Secret) -> Self {
        let is_previewed = flag(secret.first_look.is_some());
        let unseen = Self::unseen(&secret.id, secret.created, secret.ttl, secret.has_passphrase);
        Self { is_previewed, is_viewed: is_previewed, ..unseen }
    }

    /// The secret of a receipt that was made just now.
    fn of_receipt(receipt: &'a Receipt, value: Option<&'a Plaintext>) -> Self {
        let unseen = Self::unseen(&receipt.secret, receipt.created, receipt.ttl, receipt.has_passphrase);
        Self { secret_value: value.map(Plaintext::expose), ..unseen }
    }

    /// A secret that is there and that nobody has looked at.
    fn unseen(id: &'a SecretId, created: Timestamp, ttl: Ttl, has_passphrase: bool) -> Self {
        let (created, ttl) = (created.to_string(), ttl.seconds().to_string());
        Self {
            identifier: id.as_str(),
            key: id.as_str(),
            shortid: id.short(),
            state: "new",
            created: created.clone(),
            updated: created,
            verification: None,
            has_passphrase: flag(has_passphrase),
            is_previewed: None,
            is_revealed: None,
            is_viewed: None,
            is_received: None,
            secret_ttl: ttl.clone(),
            lifespan: ttl,
            secret_value: None,
        }
    }
}

/// The receipt object.
#[derive(Serialize)]
pub struct ReceiptObject<'a> {
    identifier: &'a str,
    key: &'a str,
    shortid: &'a str,
    state: &'static str,
    created: i64,
    updated: i64,
    custid: Option<&'a str>,
    owner_id: Option<&'a str>,
    shared: Option<String>,
    previewed: Option<String>,
    viewed: Option<String>,
    revealed: Option<String>,
    received: Option<String>,
    burned: Option<String>,
    secret_ttl: String,
    receipt_ttl: String,
    lifespan: String,
    secret_shortid: &'a str,
    secret_identifier: Option<&'a str>,
    recipients: &'a [String],
    share_domain: Option<&'a str>,
    has_passphrase: bool,
    is_previewed: Flag,
    is_viewed: Flag,
    is_revealed: Flag,
    is_received: Flag,
    is_burned: Flag,
    is_destroyed: Flag,
    is_expired: Flag,
    is_orphaned: Flag,
    memo: Option<&'a str>,
    kind: &'static str,
    show_recipients: Flag,
}

impl<'a> ReceiptObject<'a> {
    fn new(receipt: &'a Receipt, caller: &'a Caller) -> Self {
        let facts = Facts::of(receipt);
        Self {
            identifier: receipt.id.as_str(),
            key: receipt.id.as_str(),
            shortid: receipt.id.short(),
            state: facts.state,
            created: receipt.created.unix(),
            updated: receipt.updated().unix(),
            custid: receipt.address_for(caller),
            owner_id: receipt.address_for(caller),
            shared: time(facts.shared),
            previewed: time(receipt.looks.first),
            viewed: time(receipt.looks.first),
            revealed: time(facts.revealed),
            received: time(facts.revealed),
            burned: time(facts.burned),
            secret_ttl: receipt.ttl.seconds().to_string(),
            receipt_ttl: receipt.ttl.doubled().seconds().to_string(),
            lifespan: receipt.ttl.doubled().seconds().to_string(),
            secret_shortid: receipt.secret.short(),
            secret_identifier: receipt.is_live().then(|| receipt.secret.as_str()),
            recipients: &receipt.recipients,
            share_domain: receipt.share_domain.as_deref(),
            has_passphrase: receipt.has_passphrase,
            is_previewed: flag(receipt.looks.count > 0),
            is_viewed: flag(receipt.looks.count > 0),
            is_revealed: flag(facts.revealed.is_some()),
            is_received: flag(facts.revealed.is_some()),
            is_burned: flag(facts.burned.is_some()),
            is_destroyed: flag(!receipt.is_live()),
            is_expired: flag(facts.is_expired),
            is_orphaned: flag(facts.is_orphaned),
            memo: receipt.memo.as_deref(),
            kind: facts.kind,
            show_recipients: flag(!receipt.recipients.is_empty()),
        }
    }
}

/// The receipt object in numbers and booleans.
#[derive(Serialize)]
pub struct NativeReceipt<'a> {
    identifier: &'a str,
    key: &'a str,
    shortid: &'a str,
    state: &'static str,
    created: i64,
    updated: i64,
    custid: Option<&'a str>,
    owner_id: Option<&'a str>,
    shared: Option<i64>,
    previewed: Option<i64>,
    viewed: Option<i64>,
    revealed: Option<i64>,
    received: Option<i64>,
    burned: Option<i64>,
    secret_ttl: i64,
    receipt_ttl: i64,
    metadata_ttl: i64,
    lifespan: i64,
    secret_shortid: &'a str,
    secret_identifier: Option<&'a str>,
    recipients: &'a [String],
    share_domain: Option<&'a str>,
    has_passphrase: bool,
    is_previewed: bool,
    is_viewed: bool,
    is_revealed: bool,
    is_received: bool,
    is_burned: bool,
    is_destroyed: bool,
    is_expired: bool,
    is_orphaned: bool,
    memo: Option<&'a str>,
    kind: &'static str,
    show_recipients: bool,
}

impl<'a> NativeReceipt<'a> {
    fn new(receipt: &'a Receipt, caller: &'a Caller) -> Self {
        let facts = Facts::of(receipt);
        let receipt_ttl = receipt.ttl.doubled().seconds();
        let (previewed, revealed) =
            (receipt.looks.first.map(Timestamp::unix), facts.revealed.map(Timestamp::unix));
        Self {
            identifier: receipt.id.as_str(),
            key: receipt.id.as_str(),
            shortid: receipt.id.short(),
            state: facts.state,
            created: receipt.created.unix(),
            updated: receipt.updated().unix(),
            custid: receipt.address_for(caller),
            owner_id: receipt.address_for(caller),
            shared: facts.shared.map(Timestamp::unix),
            previewed,
            viewed: previewed,
            revealed,
            received: revealed,
            burned: facts.burned.map(Timestamp::unix),
            secret_ttl: receipt.ttl.seconds(),
            receipt_ttl,
            metadata_ttl: receipt_ttl,
            lifespan: receipt_ttl,
            secret_shortid: receipt.secret.short(),
            secret_identifier: receipt.is_live().then(|| receipt.secret.as_str()),
            recipients: &receipt.recipients,
            share_domain: receipt.share_domain.as_deref(),
            has_passphrase: receipt.has_passphrase,
            is_previewed: receipt.looks.count > 0,
            is_viewed: receipt.looks.count > 0,
            is_revealed: revealed.is_some(),
            is_received: revealed.is_some(),
            is_burned: facts.burned.is_some(),
            is_destroyed: !receipt.is_live(),
            is_expired: facts.is_expired,
            is_orphaned: facts.is_orphaned,
            memo: receipt.memo.as_deref(),
            kind: facts.kind,
            show_recipients: !receipt.recipients.is_empty(),
        }
    }
}

/// What both forms of a receipt say about its state.
struct Facts {
    state: &'static str,
    kind: &'static str,
    shared: Option<Timestamp>,
    revealed: Option<Timestamp>,
    burned: Option<Timestamp>,
    is_expired: bool,
    is_orphaned: bool,
}

impl Facts {
    fn of(receipt: &Receipt) -> Self {
        let kind = match receipt.kind {
            Kind::Conceal => "conceal",
            Kind::Generate => "generate",
        };
        let shared = match receipt.delivery {
            Some(Delivery::Sent(at)) => Some(at),
            _ => None,
        };
        let plain = Self {
            state: "new",
            kind,
            shared,
            revealed: None,
            burned: None,
            is_expired: false,
            is_orphaned: false,
        };
        match receipt.state {
            State::New => plain,
            State::Shared(_) => Self { state: "shared", ..plain },
            State::Revealed(at) => Self { state: "revealed", revealed: Some(at), ..plain },
            State::Burned(at) => Self { state: "burned", burned: Some(at), ..plain },
            State::Expired(_) => Self { state: "expired", is_expired: true, ..plain },
            State::Orphaned(_) => Self { state: "orphaned", is_orphaned: true, ..plain },
        }
    }
}

/// A secret that was made just now.
#[derive(Serialize)]
pub struct Concealed<'a> {
    receipt: ReceiptObject<'a>,
    metadata: NativeReceipt<'a>,
    secret: SecretObject<'a>,
    share_domain: Option<&'a str>,
}

/// What is told besides of a secret that was made just now.
#[derive(Serialize)]
pub struct ConcealedDetails<'a> {
    kind: &'static str,
    recipient: &'a [String],
    recipient_safe: &'a [String],
}

/// The conceal reply; with the value, if it was generated here.
pub fn concealed<'a>(
    receipt: &'a Receipt,
    value: Option<&'a Plaintext>,
    caller: &'a Caller,
) -> Envelope<'a, Concealed<'a>, ConcealedDetails<'a>> {
    let record = Concealed {
        receipt: ReceiptObject::new(receipt, caller),
        metadata: NativeReceipt::new(receipt, caller),
        secret: SecretObject::of_receipt(receipt, value),
        share_domain: receipt.share_domain.as_deref(),
    };
    let kind = record.receipt.kind;
    Envelope::new(
        record,
        ConcealedDetails { kind, recipient: &receipt.recipients, recipient_safe: &receipt.recipients },
        caller,
    )
}

/// How a secret may be shown.
#[derive(Serialize)]
pub struct ShowDetails {
    #[serde(rename = "continue")]
    continued: Flag,
    is_owner: Flag,
    show_secret: Flag,
    correct_passphrase: Flag,
    display_lines: String,
    one_liner: Flag,
}

/// The show reply.
pub fn shown<'a>(secret: &'a Secret, caller: &'a Caller) -> Envelope<'a, SecretObject<'a>, ShowDetails> {
    let details = ShowDetails {
        continued: None,
        is_owner: flag(secret.is_owner),
        show_secret: None,
        correct_passphrase: None,
        display_lines: "4".into(),
        one_liner: None,
    };
    Envelope::new(SecretObject::new(secret), details, caller)
}

/// The reply that reveals.
pub fn revealed<'a>(
    revealed: &'a Revealed,
    caller: &'a Caller,
) -> Envelope<'a, SecretObject<'a>, ShowDetails> {
    let value = revealed.content.expose();
    let record = SecretObject {
        state: "revealed",
        is_revealed: flag(true),
        is_received: flag(true),
        secret_value: Some(value),
        ..SecretObject::new(&revealed.secret)
    };
    let details = ShowDetails {
        continued: flag(true),
        is_owner: flag(revealed.secret.is_owner),
        show_secret: flag(true),
        correct_passphrase: flag(revealed.secret.has_passphrase),
        display_lines: display_lines(value).to_string(),
        one_liner: flag(!value.contains('\n')),
    };
    Envelope::new(record, details, caller)
}

/// How many lines a field for this text should have.
fn display_lines(text: &str) -> usize {
    let newlines = text.bytes().filter(|byte| *byte == b'\n').count();
    ((80 + text.chars().count()) / 80 + newlines + 3).min(30)
}

/// How long a secret lasts yet.
#[derive(Serialize)]
pub struct StatusDetails {
    current_expiration: i64,
}

/// One secret's state.
pub fn secret_status<'a>(
    secret: &'a Secret,
    caller: &'a Caller,
) -> Envelope<'a, SecretObject<'a>, StatusDetails> {
    let details = StatusDetails { current_expiration: secret.seconds_left };
    Envelope::new(SecretObject::new(secret), details, caller)
}

/// What is told of a secret that is not there.
#[derive(Serialize)]
pub struct UnknownSecret {
    state: &'static str,
}

/// The state of a secret that is not there.
pub fn unknown_secret(caller: &Caller) -> Envelope<'_, UnknownSecret, ()> {
    let record = UnknownSecret { state: "unknown" };
    Envelope { success: true, user_id: user_id(caller), shrimp: "", record, details: None }
}

/// Many secrets' states.
#[derive(Serialize)]
pub struct Statuses<'a> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    shrimp: &'static str,
    records: Vec<SecretObject<'a>>,
    count: usize,
}

/// Many secrets' states; those that are not there are left out.
pub fn statuses<'a>(secrets: &'a [Secret], caller: &'a Caller) -> Statuses<'a> {
    let records: Vec<_> = secrets.iter().map(SecretObject::new).collect();
    Statuses { success: true, user_id: user_id(caller), shrimp: "", count: records.len(), records }
}

/// The receipt object with what a page about it needs.
#[derive(Serialize)]
pub struct ReceiptRecord<'a> {
    #[serde(flatten)]
    receipt: ReceiptObject<'a>,
    secret_state: Option<&'static str>,
    natural_expiration: String,
    expiration: i64,
    expiration_in_seconds: String,
    share_path: Option<String>,
    burn_path: String,
    receipt_path: String,
    metadata_path: String,
    share_url: Option<String>,
    receipt_url: String,
    metadata_url: String,
    burn_url: String,
}

/// What is told besides of a receipt.
#[derive(Serialize)]
pub struct ReceiptDetails {
    #[serde(rename = "type")]
    kind: &'static str,
    display_lines: &'static str,
    secret_realttl: Option<i64>,
    view_count: String,
    first_access: Option<String>,
    last_access: Option<String>,
    secret_value: Option<()>,
    failed_attempts: String,
    /// `pending`, `sent` or `failed`, where mail was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<&'static str>,
    no_cache: Flag,
    has_passphrase: Flag,
    can_decrypt: Flag,
    show_secret: Flag,
    show_secret_link: Flag,
    show_receipt_link: Flag,
    show_receipt: Flag,
    show_recipients: Flag,
    is_orphaned: Flag,
    is_expired: Flag,
}

/// The receipt reply.
pub fn receipt<'a>(
    receipt: &'a Receipt,
    links: &Links,
    caller: &'a Caller,
) -> Envelope<'a, ReceiptRecord<'a>, ReceiptDetails> {
    let object = ReceiptObject::new(receipt, caller);
    let (live, domain) = (receipt.is_live(), receipt.share_domain.as_deref());
    let details = ReceiptDetails {
        kind: "record",
        display_lines: "4",
        secret_realttl: receipt.secret_seconds_left(),
        view_count: receipt.looks.count.to_string(),
        first_access: time(receipt.looks.first),
        last_access: time(receipt.looks.last),
        secret_value: None,
        failed_attempts: receipt.failed_attempts.to_string(),
        mail: receipt.delivery.map(|delivery| match delivery {
            Delivery::Pending => "pending",
            Delivery::Sent(_) => "sent",
            Delivery::Failed => "failed",
        }),
        no_cache: flag(true),
        has_passphrase: flag(receipt.has_passphrase),
        can_decrypt: flag(live),
        show_secret: flag(live),
        show_secret_link: flag(live),
        show_receipt_link: flag(live),
        show_receipt: flag(true),
        show_recipients: object.show_recipients,
        is_orphaned: object.is_orphaned,
        is_expired: object.is_expired,
    };
    let record = ReceiptRecord {
        receipt: object,
        secret_state: live.then_some("new"),
        natural_expiration: receipt.ttl.to_string(),
        expiration: receipt.secret_expires().unix(),
        expiration_in_seconds: receipt.ttl.seconds().to_string(),
        share_path: live.then(|| share_path(&receipt.secret)),
        burn_path: burn_path(&receipt.id),
        receipt_path: receipt_path(&receipt.id),
        metadata_path: receipt_path(&receipt.id),
        share_url: live.then(|| links.share(domain, &receipt.secret)),
        receipt_url: links.receipt(domain, &receipt.id),
        metadata_url: links.receipt(domain, &receipt.id),
        burn_url: links.burn(domain, &receipt.id),
    };
    Envelope::new(record, details, caller)
}

/// An owner's list.
#[derive(Serialize)]
pub struct Recent<'a> {
    success: bool,
    custid: Option<&'a str>,
    user_id: Option<&'a str>,
    shrimp: &'static str,
    count: usize,
    records: Vec<ReceiptObject<'a>>,
    details: RecentDetails<'a>,
}

/// The same list in two halves, each under two names.
#[derive(Serialize)]
pub struct RecentDetails<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    scope: Option<()>,
    scope_label: Option<()>,
    since: i64,
    now: String,
    has_items: Flag,
    received: Vec<ReceiptObject<'a>>,
    notreceived: Vec<ReceiptObject<'a>>,
    revealed_receipts: Vec<ReceiptObject<'a>>,
    pending_receipts: Vec<ReceiptObject<'a>>,
}

/// The list of what an account has made between these moments.
pub fn recent<'a>(
    receipts: &'a [Receipt],
    (since, now): (Timestamp, Timestamp),
    caller: &'a Caller,
) -> Recent<'a> {
    let half = |live: bool| {
        let half = receipts.iter().filter(|receipt| receipt.is_live() == live);
        half.map(|receipt| ReceiptObject::new(receipt, caller)).collect::<Vec<_>>()
    };
    Recent {
        success: true,
        custid: user_id(caller),
        user_id: user_id(caller),
        shrimp: "",
        count: receipts.len(),
        records: receipts.iter().map(|receipt| ReceiptObject::new(receipt, caller)).collect(),
        details: RecentDetails {
            kind: "list",
            scope: None,
            scope_label: None,
            since: since.unix(),
            now: now.to_string(),
            has_items: flag(!receipts.is_empty()),
            received: half(false),
            notreceived: half(true),
            revealed_receipts: half(false),
            pending_receipts: half(true),
        },
    }
}

/// Whether the service is well.
#[derive(Serialize)]
pub struct Status {
    success: bool,
    status: &'static str,
    locale: &'static str,
}

impl Status {
    /// It answers, so it is.
    pub const NOMINAL: Self = Self { success: true, status: "nominal", locale: "en" };
}

/// The program's version.
#[derive(Serialize)]
pub struct Version {
    success: bool,
    version: [u32; 3],
    locale: &'static str,
}

impl Version {
    /// Of this build.
    pub fn this() -> Self {
        let mut parts = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap_or(0));
        let version = std::array::from_fn(|_| parts.next().unwrap_or(0));
        Self { success: true, version, locale: "en" }
    }
}

/// The languages the server speaks.
#[derive(Serialize)]
pub struct Locales {
    success: bool,
    locales: Vec<&'static str>,
    default_locale: &'static str,
    locale: &'static str,
}

impl Locales {
    /// All of them, and the caller's own.
    pub fn all(caller: &Caller) -> Self {
        let locales = Locale::ALL.map(|(_, tag)| tag).into();
        Self { success: true, locales, default_locale: Locale::default().tag(), locale: caller.locale.tag() }
    }
}
