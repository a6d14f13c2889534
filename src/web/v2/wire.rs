//! V2's replies. The published documents give most flags, times and lifetimes as text
//! or null, and clients decode them so; one strict client wants native types under `metadata`.

#![allow(clippy::struct_field_names, reason = "the contract names the fields")]

use crate::app::Revealed;
use crate::links::{Links, burn_path, receipt_path, share_path};
use crate::secret::{Caller, Delivery, Kind, Locale, Plaintext, Receipt, Secret, SecretId, State};
use crate::time::{Timestamp, Ttl};
use serde::{Serialize, Serializer};

/// A flag that holds is `"true"`, one that does not is null, never `"false"`: a test for truth is
/// right in any language.
#[derive(Clone, Copy)]
pub struct Flag(bool);

fn flag(holds: bool) -> Flag {
    Flag(holds)
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.then_some("true").serialize(serializer)
    }
}

/// A moment as text of whole Unix seconds, null if it has not come.
pub struct Time(Option<Timestamp>);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.map(|at| at.to_string()).serialize(serializer)
    }
}

/// What the published documents name and this server never fills.
#[derive(Serialize)]
pub struct Null;

/// What every reply is wrapped in.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Envelope<'a, R, D> {
    /// Always true.
    success: bool,
    /// The calling account's e-mail address. Absent for anonymous callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    user_id: Option<&'a str>,
    /// Always empty.
    shrimp: &'static str,
    /// What was asked for.
    record: R,
    /// What belongs to it.
    details: D,
}

impl<'a, R, D> Envelope<'a, R, D> {
    fn new(record: R, details: D, caller: &'a Caller) -> Self {
        Self { success: true, user_id: user_id(caller), shrimp: "", record, details }
    }
}

/// The calling account's address.
fn user_id(caller: &Caller) -> Option<&str> {
    caller.account.as_ref().map(|account| account.address.as_str())
}

/// The secret object.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SecretObject<'a> {
    /// The secret's identifier.
    identifier: &'a str,
    /// Repeats `identifier`.
    key: &'a str,
    /// Its first eight characters.
    shortid: &'a str,
    /// `new`, or `revealed` in the reply that reveals.
    state: &'static str,
    /// When it was made: text of Unix seconds.
    created: String,
    /// Repeats `created`.
    updated: String,
    /// Always null.
    verification: Null,
    /// Whether a passphrase is needed.
    has_passphrase: Flag,
    /// Whether somebody has looked at it.
    is_previewed: Flag,
    /// Whether this reply reveals it.
    is_revealed: Flag,
    /// Repeats `is_previewed`.
    is_viewed: Flag,
    /// Repeats `is_revealed`.
    is_received: Flag,
    /// Seconds to live as granted: text.
    secret_ttl: String,
    /// Repeats `secret_ttl`.
    lifespan: String,
    /// The secret itself. Only in the one reply that reveals, and in the one that generates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
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
            verification: Null,
            has_passphrase: flag(has_passphrase),
            is_previewed: flag(false),
            is_revealed: flag(false),
            is_viewed: flag(false),
            is_received: flag(false),
            secret_ttl: ttl.clone(),
            lifespan: ttl,
            secret_value: None,
        }
    }
}

/// The receipt object.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ReceiptObject<'a> {
    /// The receipt's identifier. Whoever has it may look and burn: do not share it.
    identifier: &'a str,
    /// Repeats `identifier`.
    key: &'a str,
    /// Its first eight characters.
    shortid: &'a str,
    /// What became of the secret.
    state: &'static str,
    /// When it was made, in Unix seconds.
    created: i64,
    /// When the state changed last, in Unix seconds.
    updated: i64,
    /// The owner's e-mail address, for its owner alone.
    custid: Option<&'a str>,
    /// Repeats `custid`.
    owner_id: Option<&'a str>,
    /// When the mail with the link was accepted.
    shared: Time,
    /// When somebody first looked at the secret.
    previewed: Time,
    /// Repeats `previewed`.
    viewed: Time,
    /// When the secret was read.
    revealed: Time,
    /// Repeats `revealed`.
    received: Time,
    /// When the secret was burned.
    burned: Time,
    /// The secret's seconds to live, as granted.
    secret_ttl: String,
    /// The receipt's, twice as many.
    receipt_ttl: String,
    /// Repeats `receipt_ttl`.
    lifespan: String,
    /// The first eight characters of the secret's identifier.
    secret_shortid: &'a str,
    /// The secret's identifier, null once it is gone.
    secret_identifier: Option<&'a str>,
    /// Whom the link was mailed to, obscured.
    recipients: &'a [String],
    /// The domain of the links, null for the default one.
    share_domain: Option<&'a str>,
    /// Whether a passphrase was set.
    has_passphrase: bool,
    /// Whether somebody has looked at the secret.
    is_previewed: Flag,
    /// Repeats `is_previewed`.
    is_viewed: Flag,
    /// Whether the secret was read.
    is_revealed: Flag,
    /// Repeats `is_revealed`.
    is_received: Flag,
    /// Whether the secret was burned.
    is_burned: Flag,
    /// Whether the secret is gone, for whatever cause.
    is_destroyed: Flag,
    /// Whether it ran out unread.
    is_expired: Flag,
    /// Whether it was destroyed by wrong passphrases, or lost by a restore.
    is_orphaned: Flag,
    /// The owner's note.
    memo: Option<&'a str>,
    /// How the secret was made.
    kind: &'static str,
    /// Whether there are recipients.
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
            shared: Time(facts.shared),
            previewed: Time(receipt.looks.first),
            viewed: Time(receipt.looks.first),
            revealed: Time(facts.revealed),
            received: Time(facts.revealed),
            burned: Time(facts.burned),
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
    /// Repeats `receipt_ttl`.
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Concealed<'a> {
    /// Its receipt.
    receipt: ReceiptObject<'a>,
    /// The receipt once more, in numbers and booleans.
    metadata: NativeReceipt<'a>,
    /// The secret; with its value if it was generated.
    secret: SecretObject<'a>,
    /// The domain of the links, null for the default one.
    share_domain: Option<&'a str>,
}

/// What is told besides of a secret that was made just now.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ConcealedDetails<'a> {
    /// How the secret was made.
    kind: &'static str,
    /// Whom the link is mailed to, obscured.
    recipient: &'a [String],
    /// Repeats `recipient`.
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShowDetails {
    /// Whether the secret was revealed.
    #[serde(rename = "continue")]
    continued: Flag,
    /// Whether the caller made the secret.
    is_owner: Flag,
    /// Repeats `continue`.
    show_secret: Flag,
    /// Whether a passphrase was asked for, and was right.
    correct_passphrase: Flag,
    /// How many lines a field for the text should have: text.
    display_lines: String,
    /// Whether the text has no line break.
    one_liner: Flag,
}

/// The show reply.
pub fn shown<'a>(secret: &'a Secret, caller: &'a Caller) -> Envelope<'a, SecretObject<'a>, ShowDetails> {
    let details = ShowDetails {
        continued: flag(false),
        is_owner: flag(secret.is_owner),
        show_secret: flag(false),
        correct_passphrase: flag(false),
        display_lines: "4".into(),
        one_liner: flag(false),
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct StatusDetails {
    /// Seconds that are left to the secret.
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct UnknownSecret {
    /// Always `unknown`, whatever became of it.
    state: &'static str,
}

/// The state of a secret that is not there.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Unknown<'a> {
    /// Always true.
    success: bool,
    /// The calling account's e-mail address. Absent for anonymous callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    user_id: Option<&'a str>,
    /// Always empty.
    shrimp: &'static str,
    /// Says no more than that.
    record: UnknownSecret,
}

/// The state of a secret that is not there.
pub fn unknown_secret(caller: &Caller) -> Unknown<'_> {
    let record = UnknownSecret { state: "unknown" };
    Unknown { success: true, user_id: user_id(caller), shrimp: "", record }
}

/// Many secrets' states.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Statuses<'a> {
    /// Always true.
    success: bool,
    /// The calling account's e-mail address. Absent for anonymous callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    user_id: Option<&'a str>,
    /// Always empty.
    shrimp: &'static str,
    /// Those that are there, in the order asked.
    records: Vec<SecretObject<'a>>,
    /// How many that are.
    count: usize,
}

/// Many secrets' states; those that are not there are left out.
pub fn statuses<'a>(secrets: &'a [Secret], caller: &'a Caller) -> Statuses<'a> {
    let records: Vec<_> = secrets.iter().map(SecretObject::new).collect();
    Statuses { success: true, user_id: user_id(caller), shrimp: "", count: records.len(), records }
}

/// The receipt object with what a page about it needs.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ReceiptRecord<'a> {
    #[serde(flatten)]
    receipt: ReceiptObject<'a>,
    /// `new`, null once the secret is gone.
    secret_state: Option<&'static str>,
    /// The granted lifetime in words.
    natural_expiration: String,
    /// When the secret runs out, in Unix seconds.
    expiration: i64,
    /// The granted lifetime in seconds: text.
    expiration_in_seconds: String,
    /// The path of the secret's page, null once it is gone.
    share_path: Option<String>,
    /// The path of the page that burns.
    burn_path: String,
    /// The path of the receipt's page.
    receipt_path: String,
    /// Repeats `receipt_path`.
    metadata_path: String,
    /// The link to share, null once the secret is gone.
    share_url: Option<String>,
    /// The receipt's page.
    receipt_url: String,
    /// Repeats `receipt_url`.
    metadata_url: String,
    /// The page that burns.
    burn_url: String,
}

/// What is told besides of a receipt.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ReceiptDetails {
    /// Always `record`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always `4`.
    display_lines: &'static str,
    /// Seconds that are left to the secret, null once it is gone.
    secret_realttl: Option<i64>,
    /// How often somebody looked at the secret: text.
    view_count: String,
    /// When somebody first did.
    first_access: Time,
    /// When somebody last did.
    last_access: Time,
    /// Always null: a receipt never shows the secret.
    secret_value: Null,
    /// How many wrong passphrases were tried: text.
    failed_attempts: String,
    /// `pending`, `sent` or `failed`, where mail was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    mail: Option<&'static str>,
    /// Always holds.
    no_cache: Flag,
    /// Whether a passphrase was set.
    has_passphrase: Flag,
    /// Whether the secret is still there.
    can_decrypt: Flag,
    /// Repeats `can_decrypt`.
    show_secret: Flag,
    /// Repeats `can_decrypt`.
    show_secret_link: Flag,
    /// Repeats `can_decrypt`.
    show_receipt_link: Flag,
    /// Always holds.
    show_receipt: Flag,
    /// Whether there are recipients.
    show_recipients: Flag,
    /// Whether the secret was destroyed by wrong passphrases, or lost by a restore.
    is_orphaned: Flag,
    /// Whether it ran out unread.
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
        first_access: Time(receipt.looks.first),
        last_access: Time(receipt.looks.last),
        secret_value: Null,
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Recent<'a> {
    /// Always true.
    success: bool,
    /// The account's e-mail address.
    custid: Option<&'a str>,
    /// Repeats `custid`.
    user_id: Option<&'a str>,
    /// Always empty.
    shrimp: &'static str,
    /// How many records there are.
    count: usize,
    /// The account's receipts of the last 30 days, newest first.
    records: Vec<ReceiptObject<'a>>,
    /// The same list in two halves.
    details: RecentDetails<'a>,
}

/// The same list in two halves, each under two names.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct RecentDetails<'a> {
    /// Always `list`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always null.
    scope: Null,
    /// Always null.
    scope_label: Null,
    /// Where the list begins, in Unix seconds.
    since: i64,
    /// The server's time: text of Unix seconds.
    now: String,
    /// Whether there are records.
    has_items: Flag,
    /// Those whose secret is gone.
    received: Vec<ReceiptObject<'a>>,
    /// The others.
    notreceived: Vec<ReceiptObject<'a>>,
    /// Repeats `received`.
    revealed_receipts: Vec<ReceiptObject<'a>>,
    /// Repeats `notreceived`.
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
            scope: Null,
            scope_label: Null,
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Status {
    /// Always true.
    success: bool,
    /// Always `nominal`: a server that is not well does not answer.
    status: &'static str,
    /// The caller's own, by what it asked for.
    locale: &'static str,
}

impl Status {
    /// It answers, so it is.
    pub const NOMINAL: Self = Self { success: true, status: "nominal", locale: "en" };
}

/// The program's version.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Version {
    /// Always true.
    success: bool,
    /// Major, minor and patch.
    version: [u32; 3],
    /// The caller's own, by what it asked for.
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Locales {
    /// Always true.
    success: bool,
    /// The languages, by their tags (BCP 47).
    locales: Vec<&'static str>,
    /// The language of callers who name none.
    default_locale: &'static str,
    /// The caller's own, by what it asked for.
    locale: &'static str,
}

impl Locales {
    /// All of them, and the caller's own.
    pub fn all(caller: &Caller) -> Self {
        let locales = Locale::ALL.map(|(_, tag)| tag).into();
        Self { success: true, locales, default_locale: Locale::default().tag(), locale: caller.locale.tag() }
    }
}
