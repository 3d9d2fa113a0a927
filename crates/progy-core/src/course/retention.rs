//! `sync.retention` of `course.json`.

use serde_json::Value;

use super::fields::{Fields, FormatError};

/// Ten years, in days: more than any course takes.
const MAX_DAYS: u32 = 3660;

/// For how long snapshots of the work on a course are kept, in days. What is `None` is left to the
/// server, and so is whether those that complete a lesson stay for ever.
///
/// None reaches less far than one before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retention {
    /// Up to this age, all; at least a day.
    pub all: Option<u32>,
    /// Up to this age, the last of each hour.
    pub hourly: Option<u32>,
    /// Up to this age, the last of each day.
    pub daily: Option<u32>,
    /// A field that this version of Progy does not know, shortened.
    pub unknown: Option<String>,
}

impl Retention {
    /// Reads `sync.retention`.
    pub(super) fn read(sync: &mut Fields) -> Result<Self, FormatError> {
        let mut fields = sync.object("retention")?;
        let all = fields.count("keep_all_days", MAX_DAYS)?;
        if all == Some(0) {
            let expected = format!("a whole number from 1 to {MAX_DAYS}");
            return Err(fields.wrong("keep_all_days", &expected, &Value::from(0)));
        }
        let hourly = fields.count("keep_hourly_days", MAX_DAYS)?;
        let daily = fields.count("keep_daily_days", MAX_DAYS)?;
        let named =
            [("keep_all_days", all), ("keep_hourly_days", hourly), ("keep_daily_days", daily)];
        let mut reached: Option<(&str, u32)> = None;
        for (field, days) in named {
            let Some(days) = days else { continue };
            if let Some((before, most)) = reached.filter(|(_, most)| days < *most) {
                let expected = format!("at least {most} days, as `{before}` says");
                return Err(fields.wrong(field, &expected, &Value::from(days)));
            }
            reached = Some((field, days));
        }
        let shortened = |field: String| field.chars().take(80).collect();
        let unknown = fields.rest().into_iter().next().map(|(field, _)| shortened(field));
        Ok(Self { all, hourly, daily, unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Manifest;

    fn read(retention: &str) -> Result<Retention, FormatError> {
        let text = format!(r#"{{"name": "x", "sync": {{"retention": {retention}}}}}"#);
        Ok(Manifest::parse(text.as_bytes())?.sync.retention)
    }

    #[test]
    fn what_is_not_said_is_left_to_the_server() {
        for nothing in ["null", "{}", r#"{"keep_all_days": null}"#] {
            assert_eq!(read(nothing), Ok(Retention::default()), "{nothing}");
        }
        let some = read(r#"{"keep_hourly_days": 0, "keep_daily_days": 3660}"#).unwrap();
        assert_eq!(some, Retention { hourly: Some(0), daily: Some(3660), ..Retention::default() });
        let all = r#"{"keep_daily_days": 365, "keep_all_days": 14, "keep_hourly_days": 14}"#;
        let all = read(all).unwrap();
        assert_eq!((all.all, all.hourly, all.daily), (Some(14), Some(14), Some(365)));
        assert_eq!(all.unknown, None);
    }

    #[test]
    fn anything_else_is_named() {
        for (text, expected) in [
            ("7", "`sync.retention`: expected an object, found 7"),
            (
                r#"{"keep_all_days": 0}"#,
                "`sync.retention.keep_all_days`: expected a whole number from 1 to 3660, found 0",
            ),
            (
                r#"{"keep_daily_days": 3661}"#,
                "`sync.retention.keep_daily_days`: expected a whole number from 0 to 3660, found 3661",
            ),
            (
                r#"{"keep_all_days": 2, "keep_daily_days": 1}"#,
                "`sync.retention.keep_daily_days`: expected at least 2 days, as `keep_all_days` says, \
                 found 1",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text}");
        }
        for wrong in ["-1", "1.5", "1e9", "\"7\"", "true", "[1]", "{}", "18446744073709551617"] {
            let error = read(&format!(r#"{{"keep_hourly_days": {wrong}}}"#)).unwrap_err();
            assert_eq!(error.field(), Some("sync.retention.keep_hourly_days"), "{wrong}");
        }
    }

    #[test]
    fn a_field_that_nobody_knows_is_told_to_the_author_alone() {
        let newer = read(r#"{"keep_weekly_days": 700}"#).unwrap();
        assert_eq!(newer.unknown.as_deref(), Some("keep_weekly_days"));
        let long = read(&format!(r#"{{"{}": 1}}"#, "é".repeat(10_000))).unwrap();
        assert_eq!(long.unknown, Some("é".repeat(80)));
    }
}
