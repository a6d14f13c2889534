//! What a page says about an error, in the reader's language.

use super::super::error::{Logged, field, kind};
use super::frame::Frame;
use crate::error::{Error, Rule};
use crate::words;

/// An error, as a page tells it. Without a message there is none.
#[derive(Default)]
pub struct Problem {
    /// The parameter at fault, where there is one.
    pub field: Option<&'static str>,
    /// What is wrong, or what to do now.
    pub message: String,
    /// What to tell the operator, where the fault is the server's.
    pub error_id: Option<String>,
}

impl Problem {
    /// In the words of this frame's language.
    pub fn new(frame: &Frame, error: &Error, logged: &Logged) -> Self {
        let is_ours = kind(error).0.is_server_error();
        Self {
            field: field(error),
            message: message(frame, error),
            error_id: is_ours.then(|| logged.error_id.clone()),
        }
    }

    /// What it says at this field.
    pub fn at(&self, field: &str) -> Option<&str> {
        (self.field == Some(field)).then_some(&self.message)
    }

    /// Whether it is at this field, as an attribute says it.
    pub fn is_at(&self, field: &str) -> &'static str {
        if self.at(field).is_some() { "true" } else { "false" }
    }
}

fn message(frame: &Frame, error: &Error) -> String {
    let key = match error {
        Error::WrongPassphrase { tries_left } => return wrong_passphrase(frame, *tries_left),
        Error::Invalid(rule) => return broken(frame, *rule),
        Error::LimitExceeded { retry_after } => {
            let seconds = i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX);
            let span = words::span(frame.locale, seconds);
            return words::say_with(frame.locale, "error.too-often", &[("span", &span)]);
        }
        Error::NotFound | Error::NoSuchRoute | Error::MethodNotAllowed { .. } => "error.unknown",
        Error::BadRequest(_) | Error::UnsupportedMedia => "error.malformed",
        Error::TooLarge => "error.too-large",
        Error::Unauthorized { .. } => "error.unauthorized",
        Error::Forbidden(_) => "error.forbidden",
        Error::Unavailable(_) | Error::InProgress => "error.busy",
        Error::StorageFull(_) | Error::QuotaFull(_) => "error.full",
        Error::Internal(_) => "error.internal",
    };
    frame.say(key).to_owned()
}

/// Nothing was used up, and so many tries are left.
fn wrong_passphrase(frame: &Frame, tries_left: Option<u32>) -> String {
    let left = tries_left
        .map(|left| words::say_with(frame.locale, "secret.tries-left", &[("n", &left.to_string())]));
    let again = match tries_left {
        Some(0) => "",
        _ => frame.say("secret.try-again"),
    };
    let sentences = [frame.say("error.wrong-passphrase"), again, left.as_deref().unwrap_or_default()];
    sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
}

fn broken(frame: &Frame, rule: Rule) -> String {
    let (key, values) = match rule {
        Rule::NothingToShare => ("rule.nothing", vec![]),
        Rule::SecretTooLong(most) => ("rule.too-long", vec![("n", most.to_string())]),
        Rule::PassphraseRequired => ("rule.passphrase-required", vec![]),
        Rule::PassphraseTooShort(least) => ("rule.passphrase-short", vec![("n", least.to_string())]),
        Rule::PassphraseTooLong(most) => ("rule.passphrase-long", vec![("n", most.to_string())]),
        Rule::Length(least, most) => {
            ("rule.length", vec![("least", least.to_string()), ("most", most.to_string())])
        }
        Rule::NoCharacterSet => ("rule.no-set", vec![]),
        Rule::NotANumber(_) => ("rule.not-a-number", vec![]),
        Rule::RecipientWithoutAccount => ("rule.recipient-account", vec![]),
        Rule::NoMail => ("rule.recipient-no-mail", vec![]),
        Rule::TooManyRecipients(most) => ("rule.recipient-many", vec![("n", most.to_string())]),
        Rule::NotAnAddress => ("rule.recipient-address", vec![]),
        Rule::UnknownDomain => ("rule.domain", vec![]),
        Rule::MemoTooLong(most) => ("rule.memo", vec![("n", most.to_string())]),
        Rule::NotALifetime
        | Rule::NotUtf8(_)
        | Rule::TooManyIdentifiers(_)
        | Rule::AccountExists
        | Rule::NotAnIdempotencyKey => ("rule.other", vec![]),
    };
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    words::say_with(frame.locale, key, &values)
}
