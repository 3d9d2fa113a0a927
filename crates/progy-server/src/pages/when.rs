//! Times as pages show them.

use progy_core::Timestamp;
use progy_core::progress::rfc3339;

use super::texts::Texts;

const MINUTE: i64 = 60 * 1_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time, for people and for `<time datetime>`.
pub(super) struct When {
    /// RFC 3339.
    pub(super) exact: String,
    /// For people.
    pub(super) text: String,
}

impl When {
    /// How long before `now` something was.
    pub(super) fn ago(texts: &Texts, at: Timestamp, now: Timestamp) -> Self {
        let past = now.0.saturating_sub(at.0);
        let text = match past {
            ..MINUTE => texts.say("ago-moments"),
            MINUTE..HOUR => texts.with("ago-minutes", "count", &(past / MINUTE)),
            HOUR..DAY => texts.with("ago-hours", "count", &(past / HOUR)),
            _ => texts.with("ago-days", "count", &(past / DAY)),
        };
        Self { exact: rfc3339(at), text }
    }

    /// The day of something, in UTC.
    pub(super) fn day(at: Timestamp) -> Self {
        let exact = rfc3339(at);
        let text = exact.get(..10).unwrap_or(&exact).to_owned();
        Self { exact, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::language::Language;

    #[test]
    fn the_unit_fits_the_distance() {
        let texts = Texts::of(Language::English);
        let now = Timestamp(1_800_000_000_000);
        let ago = |millis: i64| When::ago(texts, Timestamp(now.0 - millis), now).text;
        assert_eq!(ago(-5 * MINUTE), "just now");
        assert_eq!(ago(59_999), "just now");
        assert_eq!(ago(MINUTE), "1 minute ago");
        assert_eq!(ago(HOUR - 1), "59 minutes ago");
        assert_eq!(ago(5 * HOUR), "5 hours ago");
        assert_eq!(ago(DAY), "yesterday");
        assert_eq!(ago(9 * DAY), "9 days ago");
        assert_eq!(When::day(now).text, "2027-01-15");
    }
}
