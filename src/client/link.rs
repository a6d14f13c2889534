//! Links and bare identifiers, as people paste them.

use crate::config::{BaseUrl, base_url};
use std::fmt;

/// An identifier of any server of this API; ours have 31 characters, others more. It opens what it
/// names: never show it but to whoever asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier(String);

impl Identifier {
    /// The most characters that any server is expected to use.
    const MAX_LENGTH: usize = 256;

    /// Takes letters, digits, `-` and `_`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_part);
        fits.then(|| Self(text.to_owned()))
    }

    /// The whole identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifier(…)")
    }
}

/// What a link or an identifier leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To a secret.
    ToSecret,
    /// To a receipt.
    ToReceipt,
    /// An identifier alone does not say.
    Somewhere,
}

/// A link, or an identifier alone.
#[derive(Debug)]
pub struct Link {
    /// The server that the link names; none for an identifier.
    pub server: Option<BaseUrl>,
    /// What it leads to.
    pub leads: Leads,
    /// Its identifier.
    pub id: Identifier,
}

impl Link {
    /// Takes `BASE/secret/ID`, `BASE/receipt/ID`, `BASE/private/ID`, the latter two also with
    /// `/burn`, and `ID`.
    ///
    /// # Errors
    /// What would be right. The text itself is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        const PATHS: [(&str, Leads); 3] =
            [("/secret/", Leads::ToSecret), ("/receipt/", Leads::ToReceipt), ("/private/", Leads::ToReceipt)];
        let wrong = || "this is neither a link like https://HOST/secret/ID nor an identifier".to_owned();
        let text = text.trim();
        let text = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        if let Some(id) = Identifier::parse(text) {
            return Ok(Self { server: None, leads: Leads::Somewhere, id });
        }
        let text = text.strip_suffix("/burn").unwrap_or(text);
        let parts = PATHS.into_iter().find_map(|(path, leads)| Some((text.split_once(path)?, leads)));
        let ((base, id), leads) = parts.ok_or_else(wrong)?;
        let server = base_url(base).map_err(|rule| format!("what comes before the link's path {rule}"))?;
        Ok(Self { server: Some(server), leads, id: Identifier::parse(id).ok_or_else(wrong)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz01234";

    #[test]
    fn a_link_names_its_server_and_what_it_leads_to() {
        for (text, leads) in [
            (format!("https://secrets.example/secret/{ID}"), Leads::ToSecret),
            (format!("HTTPS://Secrets.Example:443/secret/{ID}/"), Leads::ToSecret),
            (format!(" https://secrets.example/receipt/{ID}\n"), Leads::ToReceipt),
            (format!("https://secrets.example/private/{ID}?lang=fr#top"), Leads::ToReceipt),
            (format!("https://secrets.example/receipt/{ID}/burn"), Leads::ToReceipt),
        ] {
            let link = Link::parse(&text).expect(&text);
            assert_eq!(link.server.expect("a server").as_str(), "https://secrets.example", "{text}");
            assert_eq!((link.leads, link.id.as_str()), (leads, ID), "{text}");
        }
    }

    #[test]
    fn an_identifier_alone_names_no_server() {
        let longer = format!("{ID}{ID}-_X");
        for text in [ID, &longer] {
            let link = Link::parse(text).expect("an identifier");
            assert!(link.server.is_none() && link.leads == Leads::Somewhere);
            assert_eq!(link.id.as_str(), text);
        }
    }

    #[test]
    fn what_is_no_link_is_refused_without_being_repeated() {
        for text in [
            "",
            "https://secrets.example",
            "https://secrets.example/secret/",
            "secrets.example/secret/canary",
            "ftp://secrets.example/secret/canary",
            "https://user@secrets.example/secret/canary",
            "https://secrets.example/secret/can/ary",
            "https://secrets.example/secret/../canary",
            "can ary",
        ] {
            let message = Link::parse(text).expect_err(text);
            assert!(!message.contains("canary"), "{message}");
        }
    }
}
