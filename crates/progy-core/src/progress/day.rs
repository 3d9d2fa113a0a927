//! Days of the calendar.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Timestamp;

const DAY_MILLIS: i64 = 86_400_000;
/// 0000-01-01 and 9999-12-31, the first and the last day that four digits of a year can write.
const FIRST: i32 = -719_528;
const LAST: i32 = 2_932_896;

/// A day of the Gregorian calendar in the years 0 to 9999, written `2026-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

/// The text is no day of the form `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day; expected one such as \"2026-11-23\"")]
pub struct DayError(String);

impl Day {
    /// The day so many days after 1970-01-01, or the nearest in the years 0 to 9999.
    pub fn from_days_since_epoch(days: i32) -> Self {
        Self(days.clamp(FIRST, LAST))
    }

    /// The day that it was in UTC. A learner's own calendar may show another.
    pub fn of(at: Timestamp) -> Self {
        let days = at.millis().div_euclid(DAY_MILLIS);
        Self(i32::try_from(days.clamp(FIRST.into(), LAST.into())).unwrap_or_default())
    }

    /// How many days after 1970-01-01.
    pub fn days_since_epoch(self) -> i32 {
        self.0
    }

    /// The day so many days later, or earlier if `days` is negative.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self::from_days_since_epoch(self.0.saturating_add(days))
    }

    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
    /// Years begin in March, so that the leap day is the last of one; 400 of them are an era.
    fn from_civil(year: i32, month: i32, day: i32) -> Option<Self> {
        let from_march = if month <= 2 { year - 1 } else { year };
        let era = from_march.div_euclid(400);
        let year_of_era = from_march.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let found = Self(era * 146_097 + day_of_era - 719_468);
        // A month or a day that does not exist comes back as another.
        (found.civil() == (year, month, day)).then_some(found)
    }

    /// Year, month and day. Source: as above, `civil_from_days`.
    fn civil(self) -> (i32, i32, i32) {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month, day)
    }
}

/// A time as RFC 3339 writes it, in UTC, with milliseconds: `2026-11-23T08:05:00.000Z`.
pub fn rfc3339(at: Timestamp) -> String {
    let millis = at.millis().rem_euclid(DAY_MILLIS);
    let seconds = millis / 1000;
    format!(
        "{}T{:02}:{:02}:{:02}.{:03}Z",
        Day::of(at),
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        millis % 1000
    )
}

/// The time that [`rfc3339`] wrote, or that another wrote in UTC with or without a fraction of the
/// second; of the fraction, milliseconds count.
pub fn from_rfc3339(text: &str) -> Option<Timestamp> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let day: Day = day.parse().ok()?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let number = |digits: &str, most: i64| {
        let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = if all_digits { digits.parse().ok()? } else { return None };
        (number <= most).then_some(number)
    };
    let [hour, minute, second] = *time.split(':').collect::<Vec<_>>().as_slice() else {
        return None;
    };
    if [hour, minute, second].iter().any(|part| part.len() != 2)
        || !(1..=9).contains(&fraction.len())
    {
        return None;
    }
    // A leap second is the second before it.
    let second = number(second, 60)?.min(59);
    let seconds = (number(hour, 23)? * 60 + number(minute, 59)?) * 60 + second;
    let nanos = number(&format!("{fraction:0<9}"), 999_999_999)?;
    let days = i64::from(day.days_since_epoch());
    Some(Timestamp(days * DAY_MILLIS + seconds * 1000 + nanos / 1_000_000))
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok())?
        };
        let day = || {
            let form = text.len() == 10 && text.get(4..5)? == "-" && text.get(7..8)? == "-";
            form.then(|| Self::from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?))?
        };
        day().ok_or_else(|| DayError(text.chars().take(40).collect()))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_known() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (10_957, "2000-01-01"),
            (11_016, "2000-02-29"),
            (20_780, "2026-11-23"),
            (84_005, "2199-12-31"),
            (FIRST, "0000-01-01"),
            (LAST, "9999-12-31"),
        ] {
            assert_eq!(Day::from_days_since_epoch(days).to_string(), text);
            assert_eq!(text.parse::<Day>().unwrap().days_since_epoch(), days);
        }
    }

    #[test]
    fn every_day_comes_after_the_one_before() {
        let (mut year, mut month, mut day) = (0, 1, 1);
        for days in FIRST..=LAST {
            assert_eq!(Day(days).civil(), (year, month, day));
            assert_eq!(Day::from_civil(year, month, day), Some(Day(days)));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn what_is_no_day() {
        for text in [
            "",
            "2026-11-31",
            "2026-02-29",
            "1900-02-29",
            "2026-00-01",
            "2026-13-01",
            "2026-01-00",
            "2026-1-1",
            "+026-01-01",
            "-026-01-01",
            "2026/01/01",
            "2026-01-01 ",
            "20260-1-01",
            "2026-01-01T00:00:00Z",
            "२०२६-०१-०१",
            "aaaa-bb-cc",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn arithmetic_stays_in_the_calendar() {
        let last: Day = "9999-12-31".parse().unwrap();
        assert_eq!(last.plus(1), last);
        assert_eq!(last.plus(i32::MIN).to_string(), "0000-01-01");
        assert_eq!("2024-02-28".parse::<Day>().unwrap().plus(2).to_string(), "2024-03-01");
        assert_eq!(Day::from_days_since_epoch(i32::MIN).to_string(), "0000-01-01");
    }

    #[test]
    fn times() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_795_421_101_234, "2026-11-23T08:05:01.234Z"),
        ] {
            assert_eq!(rfc3339(Timestamp(millis)), text);
            assert_eq!(from_rfc3339(text), Some(Timestamp(millis)));
        }
        assert!(rfc3339(Timestamp(i64::MAX)).starts_with("9999-12-31T"));
        assert!(rfc3339(Timestamp(i64::MIN)).starts_with("0000-01-01T"));
    }
    #[test]
    fn times_of_others_are_read() {
        let at = Timestamp(1_795_420_800_500);
        for text in ["2026-11-23T08:00:00.5Z", "2026-11-23T08:00:00.500499999Z"] {
            assert_eq!(from_rfc3339(text), Some(at), "{text}");
        }
        for bad in [
            "",
            "2026-11-23",
            "2026-11-23T08:00:00",
            "2026-11-23T08:00:00+01:00",
            "2026-11-23T24:00:00Z",
            "2026-11-23T08:60:00Z",
            "2026-11-23T8:00:00Z",
            "2026-11-23T08:00:00.Z",
            "2026-11-23T08:00:00.+1Z",
            "2026-11-31T08:00:00Z",
        ] {
            assert_eq!(from_rfc3339(bad), None, "{bad}");
        }
    }
}
