//! What mails say. They carry a link or times, never a secret.

use crate::links::Links;
use crate::secret::{EmailAddress, Locale, Outcome, Receipt};
use crate::time::Timestamp;
use crate::words;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A mail, ready to be sent.
#[derive(Serialize, Deserialize)]
pub struct Message {
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl Message {
    /// The mail that brings a link.
    pub fn with_link(to: &EmailAddress, receipt: &Receipt, links: &Links, locale: Locale) -> Self {
        let say = |key| words::say(locale, key);
        let link = links.share(receipt.share_domain.as_deref(), &receipt.secret);
        let lasts =
            words::say_with(locale, "mail.lasts", &[("time", &moment(locale, receipt.secret_expires()))]);
        let passphrase = say(if receipt.has_passphrase { "mail.passphrase" } else { "mail.no-passphrase" });
        let asks = say("mail.asks");
        Self {
            to: to.as_str().to_owned(),
            subject: say("mail.subject").into(),
            text: format!("{asks}\n\n{link}\n\n{lasts}\n{passphrase}\n"),
            html: html(
                locale.tag(),
                locale.direction(),
                &[
                    &escape(asks),
                    &format!("<a href=\"{0}\">{0}</a>", escape(&link)),
                    &escape(&lasts),
                    &escape(passphrase),
                ],
            ),
        }
    }

    /// The notice to an owner. It gives times, and nothing that names the secret.
    pub fn notice(to: &EmailAddress, outcome: Outcome, created: Timestamp, now: Timestamp) -> Self {
        let what = match outcome {
            Outcome::Revealed => "was read",
            Outcome::Burned => "was burned",
            Outcome::Locked => "was destroyed by wrong passphrases",
        };
        let text = format!("A secret that you made on {} {what} on {}.", utc(created), utc(now));
        Self {
            to: to.as_str().to_owned(),
            subject: format!("A secret of yours {what}"),
            html: html("en", "ltr", &[&escape(&text)]),
            text: text + "\n",
        }
    }

    /// The mail with which an operator tries the mail server.
    pub fn test(to: &EmailAddress) -> Self {
        let text = "Mail from this Tellonce server arrives here.";
        Self {
            to: to.as_str().to_owned(),
            subject: "A test by Tellonce".into(),
            html: html("en", "ltr", &[&escape(text)]),
            text: format!("{text}\n"),
        }
    }

    /// The bytes to be sealed.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).expect("four texts are always JSON"))
    }

    /// From what [`Message::encode`] made.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

fn html(language: &str, direction: &str, paragraphs: &[&str]) -> String {
    let paragraphs: String = paragraphs.iter().map(|text| ["<p>", text, "</p>\n"].concat()).collect();
    format!(
        "<!doctype html>\n<html lang=\"{language}\" dir=\"{direction}\">\n<body>\n{paragraphs}</body>\n</html>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A moment in a sentence of this language. Isolated (U+2068, U+2069) where the language runs the
/// other way, which would turn its parts around.
fn moment(locale: Locale, at: Timestamp) -> String {
    let utc = utc(at);
    if locale.direction() == "rtl" { format!("\u{2068}{utc}\u{2069}") } else { utc }
}

/// `2027-01-15 08:00 UTC`.
fn utc(at: Timestamp) -> String {
    let (year, month, day, hour, minute) = at.civil();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}
