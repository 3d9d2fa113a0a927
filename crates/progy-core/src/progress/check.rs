//! Limits for a progress that somebody else wrote.

use super::{Day, Progress, Records};
use crate::{LessonId, Timestamp};

/// The most experience points that one lesson can earn.
pub(super) const MAX_XP: u32 = 10_000;
/// The most resets of one lesson.
pub(super) const MAX_EPOCH: u32 = 1_000_000;
const MAX_LESSONS: usize = 20_000;
const MAX_DEVICES: usize = 64;
const MAX_DAYS: usize = 20_000;
/// 2000-01-01T00:00:00Z and the millisecond before 2200-01-01T00:00:00Z.
const FIRST: Timestamp = Timestamp(946_684_800_000);
const LAST: Timestamp = Timestamp(7_258_118_399_999);

/// A progress is larger, or says more, than any learner's could.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgressError {
    /// More than 20,000 lessons and quizzes.
    #[error("the progress holds {0} lessons and quizzes; at most {MAX_LESSONS} are allowed")]
    Lessons(usize),
    /// More than 64 devices in one lesson.
    #[error("the progress in {lesson} holds {devices} devices; at most {MAX_DEVICES} are allowed")]
    Devices {
        /// The lesson.
        lesson: LessonId,
        /// How many.
        devices: usize,
    },
    /// More than 20,000 days.
    #[error("the progress holds {0} days; at most {MAX_DAYS} are allowed")]
    Days(usize),
    /// A day outside the years 2000 to 2199.
    #[error("the progress holds the day {0}; expected one in the years 2000 to 2199")]
    Day(Day),
    /// A time outside the years 2000 to 2199.
    #[error("the progress in {0} holds a time outside the years 2000 to 2199")]
    Time(LessonId),
    /// More than 10,000 experience points for one lesson.
    #[error("the progress in {lesson} holds {xp} experience points; at most {MAX_XP} are allowed")]
    Xp {
        /// The lesson.
        lesson: LessonId,
        /// How many.
        xp: u32,
    },
    /// More than a million resets of one lesson.
    #[error("the progress in {lesson} holds {epoch} resets; at most {MAX_EPOCH} are allowed")]
    Epoch {
        /// The lesson.
        lesson: LessonId,
        /// How many.
        epoch: u32,
    },
}

impl Progress {
    /// Whether this is within the limits of a progress that somebody else wrote. What is recorded
    /// through this module is; a [join](Self::join) has to be checked again, as the sum of two may
    /// be too much.
    pub fn check(&self) -> Result<(), ProgressError> {
        let lessons = self.lessons.len() + self.quizzes.len();
        if lessons > MAX_LESSONS {
            return Err(ProgressError::Lessons(lessons));
        }
        if self.days.len() > MAX_DAYS {
            return Err(ProgressError::Days(self.days.len()));
        }
        if let Some(day) = self.days.iter().find(|day| !is_plausible(**day)) {
            return Err(ProgressError::Day(*day));
        }
        self.lessons
            .iter()
            .chain(&self.quizzes)
            .try_for_each(|(lesson, records)| check_records(lesson, records))
    }
}

fn check_records(lesson: &LessonId, records: &Records) -> Result<(), ProgressError> {
    let lesson = || lesson.clone();
    if records.len() > MAX_DEVICES {
        return Err(ProgressError::Devices { lesson: lesson(), devices: records.len() });
    }
    for record in records.values() {
        if record.xp > MAX_XP {
            return Err(ProgressError::Xp { lesson: lesson(), xp: record.xp });
        }
        if record.epoch > MAX_EPOCH {
            return Err(ProgressError::Epoch { lesson: lesson(), epoch: record.epoch });
        }
        if record.passed_at.iter().chain(&record.failed_at).any(|at| plausible(*at) != *at) {
            return Err(ProgressError::Time(lesson()));
        }
    }
    Ok(())
}

/// Whether a day can have been seen by a learner.
pub(super) fn is_plausible(day: Day) -> bool {
    (Day::of(FIRST)..=Day::of(LAST)).contains(&day)
}

/// The nearest time that a learner can have seen.
pub(super) fn plausible(at: Timestamp) -> Timestamp {
    at.clamp(FIRST, LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_where_they_are_said_to_be() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert!(is_plausible(day("2000-01-01")) && is_plausible(day("2199-12-31")));
        assert!(!is_plausible(day("1999-12-31")) && !is_plausible(day("2200-01-01")));
        assert_eq!(plausible(Timestamp(i64::MIN)), FIRST);
        assert_eq!(plausible(Timestamp(i64::MAX)), LAST);
    }
}
