//! V1's replies. Frozen: clients decode these with exact types.

#![allow(clippy::struct_field_names, reason = "the contract names the fields")]

use crate::app::Revealed as RevealedSecret;
use crate::links::Links;
use crate::secret::{Caller, Receipt as DomainReceipt, State};
use crate::web::Site;
use serde::Serialize;

/// Whether the service is well.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Status {
    /// Always `nominal`: a server that is not well does not answer.
    status: &'static str,
    /// The language of messages.
    locale: &'static str,
}

impl Status {
    /// It answers, so it is.
    pub const NOMINAL: Self = Self { status: "nominal", locale: "en" };
}

/// The receipt object.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Receipt<'a> {
    /// The owner's e-mail address for its owner, `anon` for everyone else.
    custid: &'a str,
    /// The receipt's identifier. Whoever has it may look and burn: do not share it.
    metadata_key: &'a str,
    /// The secret's identifier, to share. Absent once the secret is gone, and in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    secret_key: Option<&'a str>,
    /// Seconds to live, as granted.
    ttl: i64,
    /// Seconds that are left to the receipt.
    metadata_ttl: i64,
    /// Seconds that are left to the secret. Absent once it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    secret_ttl: Option<i64>,
    /// The page of the receipt.
    metadata_url: String,
    /// What became of the secret.
    state: &'static str,
    /// When it was made, in Unix seconds.
    created: i64,
    /// When the state changed last, in Unix seconds.
    updated: i64,
    /// When the secret was read, in Unix seconds. Only in state `received`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    received: Option<i64>,
    /// Whom the link was mailed to, obscured.
    recipient: &'a [String],
    /// Whether a passphrase was set, also once the secret is gone.
    passphrase_required: bool,
    /// The domain of the links, empty for the default one.
    share_domain: &'a str,
    /// The generated value. Only in the reply that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    value: Option<&'a str>,
    /// Repeats `metadata_key`.
    identifier: &'a str,
    /// Repeats `secret_key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    secret_identifier: Option<&'a str>,
    /// Repeats `passphrase_required`.
    has_passphrase: bool,
    /// Repeats `recipient`.
    recipients: &'a [String],
    /// Repeats `metadata_ttl`.
    receipt_ttl: i64,
    /// Repeats `metadata_url`.
    receipt_url: String,
    /// Repeats `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    secret_value: Option<&'a str>,
}

impl<'a> Receipt<'a> {
    /// A receipt in v1's words.
    pub fn new(receipt: &'a DomainReceipt, site: &'a Site, caller: &'a Caller) -> Self {
        let links = &site.links;
        let share_domain = receipt.share_domain.as_deref();
        let url = links.receipt(share_domain, &receipt.id);
        let secret_key = receipt.is_live().then(|| receipt.secret.as_str());
        Self {
            custid: receipt.address_for(caller).unwrap_or("anon"),
            metadata_key: receipt.id.as_str(),
            secret_key,
            ttl: receipt.ttl.seconds(),
            metadata_ttl: receipt.seconds_left(),
            secret_ttl: receipt.secret_seconds_left(),
            metadata_url: url.clone(),
            state: state(receipt.state),
            created: receipt.created.unix(),
            updated: receipt.updated().unix(),
            received: match receipt.state {
                State::Revealed(at) => Some(at.unix()),
                _ => None,
            },
            recipient: &receipt.recipients,
            passphrase_required: receipt.has_passphrase,
            share_domain: share_domain.unwrap_or_default(),
            value: None,
            identifier: receipt.id.as_str(),
            secret_identifier: secret_key,
            has_passphrase: receipt.has_passphrase,
            recipients: &receipt.recipients,
            receipt_ttl: receipt.seconds_left(),
            receipt_url: url,
            secret_value: None,
        }
    }

    /// A line of an owner's list, which never holds a link.
    #[must_use]
    pub fn in_list(self) -> Self {
        Self { secret_key: None, secret_identifier: None, ..self }
    }

    /// With the value that was generated just now.
    #[must_use]
    pub fn with_value(self, value: &'a str) -> Self {
        Self { value: Some(value), secret_value: Some(value), ..self }
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::New | State::Shared(_) => "new",
        State::Revealed(_) => "received",
        State::Burned(_) => "burned",
        State::Expired(_) => "expired",
        State::Orphaned(_) => "orphaned",
    }
}

/// A secret that was revealed.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Revealed<'a> {
    /// The secret itself, in this one reply.
    value: &'a str,
    /// The identifier that was asked for.
    secret_key: &'a str,
    /// What the secret's link begins with.
    share_domain: String,
}

impl<'a> Revealed<'a> {
    /// A revealed secret in v1's words.
    pub fn new(revealed: &'a RevealedSecret, links: &Links) -> Self {
        let secret = &revealed.secret;
        Self {
            value: revealed.content.expose(),
            secret_key: secret.id.as_str(),
            share_domain: links.base(secret.share_domain.as_deref()),
        }
    }
}

/// A secret that was burned.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Burned<'a> {
    /// The receipt, in state `burned`.
    state: Receipt<'a>,
    /// The first eight characters of the secret's identifier.
    secret_shortkey: &'a str,
}

impl<'a> Burned<'a> {
    /// A burned secret in v1's words.
    pub fn new(receipt: &'a DomainReceipt, site: &'a Site, caller: &'a Caller) -> Self {
        Self { state: Receipt::new(receipt, site, caller), secret_shortkey: receipt.secret.short() }
    }
}
