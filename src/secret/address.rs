//! E-mail addresses.

use std::fmt;

/// An address that mail can be sent to: `local@domain`, ASCII, without quoting (RFC 5321 and 5322
/// allow more; what they add is hardly used and much abused).
#[derive(Clone)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The longest address, RFC 5321 section 4.5.3.1.3.
    const MAX_BYTES: usize = 254;

    /// Takes a local part of at most 64 letters, digits and ``!#$%&'*+-/=?^_`{|}~`` with single dots
    /// between them, and a domain of at least two labels.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.rsplit_once('@')?;
        let fits = text.len() <= Self::MAX_BYTES && local.len() <= 64;
        let is_address = fits && local.split('.').all(is_atom) && is_domain(domain);
        is_address.then(|| Self(text.to_owned()))
    }

    /// The whole address. Never show it to anyone but its owner, and never log it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the same address; case does not matter.
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }

    /// What others may see of it: `fr*****@e*****.com`.
    pub fn obscured(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let shown = if local.len() < 3 { 1 } else { 2 };
        let last = domain.rsplit('.').next().unwrap_or_default();
        let beginning = |text: &str, count| text.chars().take(count).collect::<String>();
        format!("{}*****@{}*****.{last}", beginning(local, shown), beginning(domain, 1))
    }
}

fn is_atom(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_ascii_with_a_domain_of_two_labels() {
        for good in ["a@b.co", "first.last+tag@sub.example.com", "o'neil@x-y.example"] {
            assert!(EmailAddress::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "@",
            "a@",
            "@b.co",
            "a@localhost",
            "a b@c.de",
            "a@b.c\r\nBcc: d@e.fr",
            ".a@b.co",
            "a..b@c.de",
            "é@b.co",
            "a@b..co",
            "a@-b.co",
            "a@[127.0.0.1]",
            "\"a\"@b.co",
            "a@b.co,c@d.ef",
            "a@b@c.de",
            "<a@b.co>",
        ] {
            assert!(EmailAddress::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn others_see_only_the_edges_of_an_address() {
        let shown = |text| EmailAddress::parse(text).expect("an address").obscured();
        assert_eq!(shown("friend@example.com"), "fr*****@e*****.com");
        assert_eq!(shown("ab@mail.example.org"), "a*****@m*****.org");
    }
}
