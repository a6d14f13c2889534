//! Languages.

/// A language that the server writes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Locale {
    #[default]
    English,
    German,
    French,
    Spanish,
    Italian,
    Portuguese,
    Dutch,
    Polish,
    Ukrainian,
    Russian,
    Turkish,
    Japanese,
    Chinese,
    Korean,
    Arabic,
    Hindi,
}

impl Locale {
    /// Every language with its tag (BCP 47).
    pub const ALL: [(Self, &str); 16] = [
        (Self::English, "en"),
        (Self::German, "de"),
        (Self::French, "fr"),
        (Self::Spanish, "es"),
        (Self::Italian, "it"),
        (Self::Portuguese, "pt-BR"),
        (Self::Dutch, "nl"),
        (Self::Polish, "pl"),
        (Self::Ukrainian, "uk"),
        (Self::Russian, "ru"),
        (Self::Turkish, "tr"),
        (Self::Japanese, "ja"),
        (Self::Chinese, "zh-CN"),
        (Self::Korean, "ko"),
        (Self::Arabic, "ar"),
        (Self::Hindi, "hi"),
    ];

    /// Its tag.
    pub fn tag(self) -> &'static str {
        Self::ALL.into_iter().find(|(locale, _)| *locale == self).map_or("en", |(_, tag)| tag)
    }

    /// The language with this tag.
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == tag).map(|(locale, _)| locale)
    }

    /// What its speakers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
            Self::Italian => "Italiano",
            Self::Portuguese => "Português (Brasil)",
            Self::Dutch => "Nederlands",
            Self::Polish => "Polski",
            Self::Ukrainian => "Українська",
            Self::Russian => "Русский",
            Self::Turkish => "Türkçe",
            Self::Japanese => "日本語",
            Self::Chinese => "简体中文",
            Self::Korean => "한국어",
            Self::Arabic => "العربية",
            Self::Hindi => "हिन्दी",
        }
    }

    /// Which way it is written: `ltr` or `rtl`.
    pub fn direction(self) -> &'static str {
        if self == Self::Arabic { "rtl" } else { "ltr" }
    }

    /// The language that a caller likes best of those there are, by `Accept-Language` (RFC 9110,
    /// section 12.5.4); English if there is none.
    pub fn preferred(accept_language: &str) -> Self {
        let wishes = accept_language.split(',').take(32).filter_map(|wish| {
            let (range, weight) = wish.split_once(";q=").unwrap_or((wish, "1"));
            let weight: f32 = weight.trim().parse().ok().filter(|weight| *weight > 0.0)?;
            Some((Self::of_range(range.trim())?, weight))
        });
        // The first of those with the greatest weight.
        let best = wishes.reduce(|best, wish| if wish.1 > best.1 { wish } else { best });
        best.map(|(locale, _)| locale).unwrap_or_default()
    }

    /// By the language alone: `de-AT` is German.
    fn of_range(range: &str) -> Option<Self> {
        let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let wanted = language(range);
        Self::ALL.into_iter().find(|(_, tag)| language(tag) == wanted).map(|(locale, _)| locale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_is_chosen() {
        for (header, tag) in [
            ("", "en"),
            ("de-AT,de;q=0.9,en;q=0.5", "de"),
            ("xx, fr;q=0.4, nl;q=0.8", "nl"),
            ("pt", "pt-BR"),
            ("zh-TW", "zh-CN"),
            ("*", "en"),
            ("de;q=0, ja;q=0.1", "ja"),
            ("de;q=nonsense", "en"),
        ] {
            assert_eq!(Locale::preferred(header).tag(), tag, "{header}");
        }
    }
}
