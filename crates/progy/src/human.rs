//! Times and sizes as people say them.

use progy_core::Timestamp;

use crate::context::Context;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago `then` was: "2 hours ago"; past a month, the date.
pub(crate) fn ago(context: &Context, then: Timestamp) -> String {
    ago_at(context, then, jiff::Timestamp::now().as_millisecond())
}

fn ago_at(context: &Context, then: Timestamp, now: i64) -> String {
    // A device whose clock is ahead has saved "just now", too.
    let passed = now.saturating_sub(then.millis()).max(0);
    match passed {
        ..MINUTE => text!(context, "ago-moments"),
        MINUTE..HOUR => text!(context, "ago-minutes", count = passed / MINUTE),
        HOUR..DAY => text!(context, "ago-hours", count = passed / HOUR),
        _ if passed < 30 * DAY => text!(context, "ago-days", count = passed / DAY),
        _ => date(then),
    }
}

/// The day, as ISO 8601 writes it, in the device's time zone.
pub(crate) fn date(at: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::system();
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(at) => at.to_zoned(zone).date().to_string(),
        Err(_) => at.millis().to_string(),
    }
}

/// `bytes` as people say it: "1.5 MiB".
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "B";
    for next in UNITS {
        if tenths < 10 * 1024 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    let (whole, tenth) = (tenths / 10, tenths % 10);
    if whole >= 10 || tenth == 0 {
        format!("{whole} {unit}")
    } else {
        format!("{whole}.{tenth} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use progy_client::config::Language;

    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (1 << 20, "1 MiB"),
            ((1 << 20) + 200_000, "1.1 MiB"),
            (u64::MAX, "16383 PiB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn times() {
        let now = 1_700_000_000_000;
        let cases = [
            (0, "just now", "agora mesmo"),
            (-DAY, "just now", "agora mesmo"),
            (MINUTE, "1 minute ago", "há 1 minuto"),
            (2 * HOUR + 5 * MINUTE, "2 hours ago", "há 2 horas"),
            (29 * DAY, "29 days ago", "há 29 dias"),
        ];
        let (en, pt) = (Context::test(Language::English), Context::test(Language::Portuguese));
        for (passed, english, portuguese) in cases {
            let then = Timestamp(now - passed);
            assert_eq!(ago_at(&en, then, now), english);
            assert_eq!(ago_at(&pt, then, now), portuguese);
        }
        assert!(ago_at(&en, Timestamp(now - 400 * DAY), now).starts_with("2022-10-"));
    }
}
