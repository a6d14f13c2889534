//! Identifiers: 31 characters that are the key to what they name.

use std::fmt;

/// Characters in an identifier.
pub const ID_LENGTH: usize = 31;
/// Rows that an identifier can tell apart by number: 36⁶, as many as six characters can. A file that makes
/// more begins again at zero.
pub const NUMBERS: i64 = 36i64.pow(6);
/// Characters of an identifier that may be shown to tell one from another.
pub const SHORT_LENGTH: usize = 8;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name([u8; ID_LENGTH]);

        impl $name {
            /// Takes exactly 31 characters of `[a-z0-9]`; anything else cannot name anything.
            pub fn parse(text: &str) -> Option<Self> {
                let bytes: [u8; ID_LENGTH] = text.as_bytes().try_into().ok()?;
                bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9')).then_some(Self(bytes))
            }

            /// The whole identifier. It opens what it names: never log it.
            pub fn as_str(&self) -> &str {
                str::from_utf8(&self.0).expect("an identifier is ASCII")
            }

            /// The first eight characters, which open nothing.
            pub fn short(&self) -> &str {
                &self.as_str()[..SHORT_LENGTH]
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

identifier! {
    /// Names a secret. Whoever holds it may reveal the secret.
    SecretId
}
identifier! {
    /// Names a receipt. Whoever holds it may see what became of the secret, and burn it.
    ReceiptId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_31_lower_case_letters_and_digits() {
        let good = "abcdefghijklmnopqrstuvwxyz01234";
        assert_eq!(SecretId::parse(good).expect("an identifier").as_str(), good);
        for bad in
            ["", &good[1..], &format!("{good}5"), &good.to_uppercase(), "abcdefghijklmnopqrstuvwxyz0123é"]
        {
            assert!(SecretId::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_identifier_does_not_show_itself_in_debug_output() {
        let id = ReceiptId::parse("abcdefghijklmnopqrstuvwxyz01234").expect("an identifier");
        assert_eq!(format!("{id:?}"), "ReceiptId(…)");
    }
}
