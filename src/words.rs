//! Everything the program says to people, in every language: one file a language in `static/locales`,
//! with the same keys in each.

use crate::secret::Locale;
use rust_embed::Embed;
use std::collections::BTreeMap;
use std::sync::OnceLock;

#[derive(Embed)]
#[folder = "static/locales/"]
struct Files;

type Words = BTreeMap<String, String>;

/// Read when a language is first spoken.
static LANGUAGES: [OnceLock<Words>; Locale::ALL.len()] = [const { OnceLock::new() }; Locale::ALL.len()];

fn words(locale: Locale) -> &'static Words {
    LANGUAGES[locale as usize].get_or_init(|| {
        let file = Files::get(&format!("{}.json", locale.tag()));
        let words = file.and_then(|file| serde_json::from_slice(&file.data).ok());
        debug_assert!(words.is_some(), "no words in {}", locale.tag());
        words.unwrap_or_default()
    })
}

/// What this key stands for. It may hold places, `{name}`, that [`pieces`] finds.
pub fn say(locale: Locale, key: &str) -> &'static str {
    let found = words(locale).get(key);
    debug_assert!(found.is_some(), "{} has no words for {key}", locale.tag());
    found.map_or("", String::as_str)
}

/// A part of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// To be said as it stands.
    Text(&'t str),
    /// The name of what belongs here.
    Place(&'t str),
}

/// A sentence, cut at its places.
pub fn pieces(sentence: &str) -> impl Iterator<Item = Piece<'_>> {
    sentence.split('{').enumerate().flat_map(|(index, part)| match part.split_once('}') {
        Some((place, rest)) if index > 0 => [Piece::Place(place), Piece::Text(rest)],
        _ => [Piece::Text(part), Piece::Text("")],
    })
}

/// A sentence with its places filled.
pub fn say_with(locale: Locale, key: &str, values: &[(&str, &str)]) -> String {
    let filled = pieces(say(locale, key)).map(|piece| match piece {
        Piece::Text(text) => text,
        Piece::Place(place) => values.iter().find(|(name, _)| *name == place).map_or("", |(_, value)| value),
    });
    filled.collect()
}

/// So many of something, such as `unit.day`, whose forms are parted by `|` in the order of the
/// language's plural categories.
pub fn count(locale: Locale, key: &str, number: i64) -> String {
    let forms: Vec<&str> = say(locale, key).split('|').collect();
    let form = forms.get(plural(locale, number)).or(forms.last()).copied().unwrap_or_default();
    form.replace("{n}", &number.to_string())
}

/// The place of a number's form among the cardinal plural forms of whole numbers (Unicode CLDR,
/// "Language Plural Rules").
fn plural(locale: Locale, number: i64) -> usize {
    let (ones, tens) = (number % 10, number % 100);
    match locale {
        Locale::Japanese | Locale::Chinese | Locale::Korean => 0,
        Locale::French | Locale::Portuguese | Locale::Hindi => usize::from(number > 1),
        Locale::Polish if number == 1 => 0,
        Locale::Russian | Locale::Ukrainian if ones == 1 && tens != 11 => 0,
        Locale::Polish | Locale::Russian | Locale::Ukrainian => {
            if (2..=4).contains(&ones) && !(12..=14).contains(&tens) { 1 } else { 2 }
        }
        Locale::Arabic => match number {
            0..=2 => usize::try_from(number).unwrap_or_default(),
            _ if (3..=10).contains(&tens) => 3,
            _ if tens >= 11 => 4,
            _ => 5,
        },
        _ => usize::from(number != 1),
    }
}

/// Units of time and their seconds.
const UNITS: [(i64, &str); 4] =
    [(86_400, "unit.day"), (3_600, "unit.hour"), (60, "unit.minute"), (1, "unit.second")];

/// A lifetime in the largest unit that divides it: `7 days`.
pub fn lifetime(locale: Locale, seconds: i64) -> String {
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds % size == 0).unwrap_or(UNITS[3]);
    count(locale, unit, seconds / size)
}

/// A stretch of time in its two largest units: `6 days and 3 hours`. Rounded down; less than a minute
/// is told in seconds.
pub fn span(locale: Locale, seconds: i64) -> String {
    let seconds = seconds.max(0);
    let first = UNITS.iter().position(|(size, _)| seconds >= *size).unwrap_or(UNITS.len() - 1);
    let (size, unit) = UNITS[first];
    let whole = count(locale, unit, seconds / size);
    match UNITS.get(first + 1) {
        // Seconds beside minutes would only look precise.
        Some((small, unit)) if *small > 1 && seconds % size >= *small => {
            let rest = count(locale, unit, seconds % size / small);
            say_with(locale, "span.two", &[("first", &whole), ("second", &rest)])
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn places(sentence: &str) -> BTreeSet<&str> {
        let place = |piece| if let Piece::Place(place) = piece { Some(place) } else { None };
        pieces(sentence).filter_map(place).collect()
    }

    #[test]
    fn every_language_says_everything() {
        let english = words(Locale::English);
        assert_eq!(Files::iter().count(), Locale::ALL.len(), "a file for each language and no other");
        for (locale, tag) in Locale::ALL {
            let spoken = words(locale);
            assert_eq!(spoken.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "{tag}");
            for (key, sentence) in spoken {
                assert!(!sentence.is_empty() && sentence.trim() == sentence, "{tag} {key}");
                assert!(!sentence.contains(['<', '>', '\n']), "{tag} {key}");
                assert_eq!(places(sentence), places(&english[key]), "{tag} {key}");
            }
        }
    }

    #[test]
    fn languages_differ() {
        let english = words(Locale::English);
        for (locale, tag) in &Locale::ALL[1..] {
            let same = words(*locale).iter().filter(|(key, sentence)| english[*key] == **sentence).count();
            assert!(same < english.len() / 20, "{tag} shares {same} sentences with English");
        }
    }

    #[test]
    fn numbers_take_the_form_their_language_gives_them() {
        for (locale, forms) in [
            (Locale::English, "1 day, 2 days, 5 days, 21 days, 0 days"),
            (Locale::Russian, "1 день, 2 дня, 5 дней, 21 день, 0 дней"),
            (Locale::Polish, "1 dzień, 2 dni, 5 dni, 21 dni, 0 dni"),
            (Locale::French, "1 jour, 2 jours, 5 jours, 21 jours, 0 jour"),
        ] {
            let told = [1, 2, 5, 21, 0].map(|number| count(locale, "unit.day", number));
            let told = told.map(|text| text.replace(['\u{a0}', '\u{202f}'], " "));
            assert_eq!(told.join(", "), forms);
        }
        let arabic = [0, 1, 2, 3, 11, 100, 103].map(|number| plural(Locale::Arabic, number));
        assert_eq!(arabic, [0, 1, 2, 3, 4, 5, 3]);
        for (locale, tag) in Locale::ALL {
            for key in ["unit.day", "unit.hour", "unit.minute", "unit.second"] {
                let most = (0..200).map(|number| plural(locale, number)).max();
                assert_eq!(say(locale, key).split('|').count(), most.unwrap_or_default() + 1, "{tag} {key}");
            }
        }
    }

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        let told = |seconds| span(Locale::English, seconds);
        assert_eq!(told(604_800), "7 days");
        assert_eq!(told(604_799), "6 days and 23 hours");
        assert_eq!(told(90_000), "1 day and 1 hour");
        assert_eq!(told(86_700), "1 day");
        assert_eq!(told(5_400), "1 hour and 30 minutes");
        assert_eq!(told(119), "1 minute");
        assert_eq!(told(59), "59 seconds");
        assert_eq!(told(1), "1 second");
        assert_eq!(told(-5), "0 seconds");
        assert_eq!(lifetime(Locale::English, 5_400), "90 minutes");
    }
}
