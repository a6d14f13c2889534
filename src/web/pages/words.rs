//! Times, spans and counts in words.

use super::template::{Html, fill, text};
use crate::time::Timestamp;

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment, for people and for programs, in UTC.
pub fn time(at: Timestamp) -> Html {
    fill("part-time.html", &[("machine", text(&machine(at))), ("words", text(&words(at)))])
}

/// `15 January 2027, 08:00 UTC`.
fn words(at: Timestamp) -> String {
    let (year, month, day) = date(at);
    let minute = at.unix().rem_euclid(DAY) / 60;
    let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"");
    format!("{day} {name} {year}, {:02}:{:02} UTC", minute / 60, minute % 60)
}

/// `2027-01-15T08:00:00Z`.
fn machine(at: Timestamp) -> String {
    let (year, month, day) = date(at);
    let second = at.unix().rem_euclid(DAY);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

/// Year, month and day in the Gregorian calendar, counted in eras of 400 years that begin in March, so
/// that a leap day is the last day of its year. After Howard Hinnant's `civil_from_days`.
fn date(at: Timestamp) -> (i64, i64, i64) {
    // Days since 1 March of the year 0.
    let days = at.unix().div_euclid(DAY) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March, in a rhythm of 153 days for five.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let is_after_december = month >= 10;
    let year = 400 * era + year_of_era + i64::from(is_after_december);
    (year, if is_after_december { month - 9 } else { month + 3 }, day)
}

/// A stretch of time in its two largest units: `6 days and 3 hours`. Rounded down; less than a minute
/// is told in seconds.
pub fn span(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let seconds = seconds.max(0);
    let first = UNITS.iter().position(|(size, _)| seconds >= *size).unwrap_or(UNITS.len() - 1);
    let (size, unit) = UNITS[first];
    let whole = count(seconds / size, unit);
    match UNITS.get(first + 1) {
        // Seconds beside minutes would only look precise.
        Some((small, unit)) if *small > 1 && seconds % size >= *small => {
            format!("{whole} and {}", count(seconds % size / small, unit))
        }
        _ => whole,
    }
}

/// `1 day`, `2 days`.
pub fn count(number: impl Into<i64>, unit: &str) -> String {
    let number = number.into();
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_utc() {
        let told = |seconds| (machine(Timestamp::from_unix(seconds)), words(Timestamp::from_unix(seconds)));
        let pair = |machine: &str, words: &str| (machine.to_owned(), words.to_owned());
        assert_eq!(told(0), pair("1970-01-01T00:00:00Z", "1 January 1970, 00:00 UTC"));
        assert_eq!(told(-1), pair("1969-12-31T23:59:59Z", "31 December 1969, 23:59 UTC"));
        assert_eq!(told(951_782_400), pair("2000-02-29T00:00:00Z", "29 February 2000, 00:00 UTC"));
        assert_eq!(told(1_800_000_000), pair("2027-01-15T08:00:00Z", "15 January 2027, 08:00 UTC"));
        assert_eq!(told(4_107_542_399), pair("2100-02-28T23:59:59Z", "28 February 2100, 23:59 UTC"));
        assert_eq!(told(4_107_542_400), pair("2100-03-01T00:00:00Z", "1 March 2100, 00:00 UTC"));
    }

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        assert_eq!(span(604_800), "7 days");
        assert_eq!(span(604_799), "6 days and 23 hours");
        assert_eq!(span(90_000), "1 day and 1 hour");
        assert_eq!(span(86_700), "1 day");
        assert_eq!(span(5_400), "1 hour and 30 minutes");
        assert_eq!(span(119), "1 minute");
        assert_eq!(span(59), "59 seconds");
        assert_eq!(span(1), "1 second");
        assert_eq!(span(-5), "0 seconds");
    }
}
