//! The language of messages.

use super::Variables;

/// A language that messages exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// `en`.
    #[default]
    English,
    /// `pt-BR`.
    Portuguese,
}

impl Language {
    /// The nearest to a tag or locale, for instance `pt_BR.UTF-8`: Portuguese of any country, else
    /// English.
    pub fn of(text: &str) -> Self {
        let language = text.split(['-', '_', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("pt") { Self::Portuguese } else { Self::English }
    }

    /// That of the system, in the order that POSIX gives ("Environment Variables", section 8.2).
    pub fn of_system(variables: &Variables) -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| variables.get(name));
        set.map_or_else(Self::default, Self::of)
    }

    /// The tag of RFC 5646.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales() {
        for text in ["pt", "pt_BR.UTF-8", "pt-PT", "PT_br@euro"] {
            assert_eq!(Language::of(text), Language::Portuguese, "{text}");
        }
        for text in ["en", "C", "POSIX", "ptx", "de_DE.UTF-8", "", "-"] {
            assert_eq!(Language::of(text), Language::English, "{text}");
        }
    }

    #[test]
    fn the_first_that_is_set_counts() {
        let system =
            |variables: &[(&str, &str)]| Language::of_system(&variables.iter().copied().collect());
        let portuguese = ("LANG", "pt_BR.UTF-8");
        assert_eq!(system(&[portuguese]), Language::Portuguese);
        assert_eq!(system(&[portuguese, ("LC_ALL", "")]), Language::Portuguese);
        assert_eq!(system(&[portuguese, ("LC_MESSAGES", "en_US")]), Language::English);
        assert_eq!(system(&[("LC_ALL", "pt"), ("LC_MESSAGES", "en")]), Language::Portuguese);
        assert_eq!(system(&[]), Language::English);
    }
}
