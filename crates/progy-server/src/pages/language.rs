//! Which language a page is in: what was chosen on the switch, or else what the browser asks for.

use axum::http::{HeaderMap, header};
use serde::Deserialize;

use super::form::Posted;
use super::{Answer, next};
use crate::http::cookie;

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// Portuguese as it is spoken in Brazil.
    Portuguese,
}

impl Language {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::Portuguese];

    /// As HTML and the cookie write it (BCP 47).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }

    /// What the language calls itself.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Portuguese => "Português",
        }
    }

    /// The language that `tag` means, or one that is near it.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        let is = |language: Self| {
            let own = language.tag().split('-').next().unwrap_or_default();
            own.eq_ignore_ascii_case(primary)
        };
        Self::ALL.into_iter().find(|language| is(*language))
    }

    /// The language for who sends these headers.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let chosen = cookie::language(headers).and_then(Self::of_tag);
        chosen.or_else(|| Self::accepted(headers)).unwrap_or_default()
    }

    /// The best of `Accept-Language` (RFC 9110, section 12.5.4); the first among equals.
    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        let mut best: Option<(Self, f32)> = None;
        for range in text.split(',').take(20) {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameters.trim().strip_prefix("q=");
            let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
            if let Some(language) = Self::of_tag(tag.trim())
                && weight > best.map_or(0.0, |(_, before)| before)
            {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// What the switch sends.
#[derive(Deserialize)]
pub(crate) struct Choice {
    language: String,
    next: Option<String>,
}

/// `POST /language`: the choice sticks to the browser, for a year.
pub(crate) async fn choose(Posted { viewer, form }: Posted<Choice>) -> Answer {
    let mut response = viewer.go(next::own(form.next.as_deref()).unwrap_or("/"));
    if let Some(language) = Language::of_tag(&form.language) {
        cookie::set_language(response.headers_mut(), language.tag(), viewer.secure());
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(accept: &'static str, cookie: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
        headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
        Language::of(&headers)
    }

    #[test]
    fn the_browser_asks_and_the_switch_decides() {
        use Language::{English, Portuguese};
        for (accept, expected) in [
            ("", English),
            ("pt-BR,pt;q=0.9,en;q=0.8", Portuguese),
            ("pt", Portuguese),
            ("PT-pt", Portuguese),
            ("de, en;q=0.5, pt;q=0.7", Portuguese),
            ("en, pt", English),
            ("pt;q=0, en;q=0.1", English),
            ("pt;q=x", English),
            ("de, *", English),
            ("ptolemaic", English),
        ] {
            assert_eq!(of(accept, "a=b"), expected, "{accept}");
        }
        assert_eq!(of("en", "progy.language=pt-BR"), Portuguese);
        assert_eq!(of("pt", "progy.language=en"), English);
        assert_eq!(of("pt", "progy.language=<script>"), Portuguese);
        assert_eq!(Language::of(&HeaderMap::new()), English);
    }
}
