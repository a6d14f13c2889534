//! V1's replies. Frozen: clients decode these with exact types.

#![allow(clippy::struct_field_names, reason = "the contract names the fields")]

use crate::app::Revealed as RevealedSecret;
use crate::links::Links;
use crate::secret::{Caller, Receipt as DomainReceipt, State};
use crate::web::Site;
use serde::Serialize;

/// Whether the service is well.
#[derive(Serialize)]
pub struct Status {
    status: &'static str,
    locale: &'static str,
}

impl Status {
    /// It answers, so it is.
    pub const NOMINAL: Self = Self { status: "nominal", locale: "en" };
}

/// The receipt object.
#[derive(Serialize)]
pub struct Receipt<'a> {
    custid: &'a str,
    metadata_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<&'a str>,
    ttl: i64,
    metadata_ttl: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_ttl: Option<i64>,
    metadata_url: String,
    state: &'static str,
    created: i64,
    updated: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<i64>,
    recipient: &'a [String],
    passphrase_required: bool,
    share_domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_identifier: Option<&'a str>,
    has_passphrase: bool,
    recipients: &'a [String],
    receipt_ttl: i64,
    receipt_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
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
pub struct Revealed<'a> {
    value: &'a str,
    secret_key: &'a str,
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
pub struct Burned<'a> {
    state: Receipt<'a>,
    secret_shortkey: &'a str,
}

impl<'a> Burned<'a> {
    /// A burned secret in v1's words.
    pub fn new(receipt: &'a DomainReceipt, site: &'a Site, caller: &'a Caller) -> Self {
        Self { state: Receipt::new(receipt, site, caller), secret_shortkey: receipt.secret.short() }
    }
}
