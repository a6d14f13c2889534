//! From when until when a certificate is valid, read off its DER form (RFC 5280, section 4.1).

use crate::time::Timestamp;

/// The two ends of a certificate's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Its first second.
    pub from: Timestamp,
    /// Its last.
    pub until: Timestamp,
}

impl Validity {
    /// That of this certificate; none if it is none.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        const VERSION: u8 = 0xa0;
        let (_, certificate, _) = element(certificate)?;
        let (_, mut rest, _) = element(certificate)?;
        if let (VERSION, _, after) = element(rest)? {
            rest = after;
        }
        // Serial number, algorithm and issuer.
        for _ in 0..3 {
            rest = element(rest)?.2;
        }
        let (_, validity, _) = element(rest)?;
        let (tag, from, rest) = element(validity)?;
        let from = moment(tag, from)?;
        let (tag, until, _) = element(rest)?;
        Some(Self { from, until: moment(tag, until)? })
    }

    /// Its length in seconds.
    pub fn seconds(self) -> i64 {
        self.until.since(self.from)
    }
}

/// The tag and the content of the first element, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(at, _)| at.len() <= 3)?;
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// `UTCTime` (two digits of the year, 1950 to 2049) or `GeneralizedTime`, both in UTC and to the second.
fn moment(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let digits = text.strip_suffix('Z')?;
    let (year, rest) = match tag {
        0x17 if digits.len() == 12 => {
            let year: i64 = digits[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &digits[2..])
        }
        0x18 if digits.len() == 14 => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let part = |at: usize| rest[at..at + 2].parse::<i64>().ok();
    let days = days(year, part(0)?, part(2)?);
    Some(Timestamp::from_unix(((days * 24 + part(4)?) * 60 + part(6)?) * 60 + part(8)?))
}

/// Days since 1970-01-01, after Howard Hinnant's `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn certificate(from: (i32, u8, u8), until: (i32, u8, u8)) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["secrets.example".into()]).expect("a name");
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn both_ends_are_read_in_either_form() {
        let found = Validity::of(&certificate((2027, 1, 15), (2024, 2, 29))).expect("a validity");
        assert_eq!(found.from.civil(), (2027, 1, 15, 0, 0));
        assert_eq!(found.until.civil(), (2024, 2, 29, 0, 0));
        let long = Validity::of(&certificate((1970, 1, 1), (2345, 12, 31))).expect("a validity");
        assert_eq!((long.from.unix(), long.until.civil()), (0, (2345, 12, 31, 0, 0)));
    }

    proptest! {
        #[test]
        fn damaged_certificates_are_refused_or_read_but_never_fatal(at in 0_usize..400, byte: u8, cut in 0_usize..400) {
            let mut der = certificate((2027, 1, 15), (2028, 1, 15));
            let at = at % der.len();
            der[at] = byte;
            let _ = Validity::of(&der);
            prop_assert_eq!(Validity::of(&der[..cut.min(100)]), None);
        }
    }
}
