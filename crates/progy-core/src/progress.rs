//! What the learner achieved, mergeable.
//!
//! A [`Progress`] is a join-semilattice: what two devices know is merged by [`Progress::join`],
//! which is commutative, associative and idempotent, so that it does not matter in which order, or
//! how often, devices hear of each other. It holds one [`Record`] for each lesson and device, and
//! each device writes only its own. Experience points and streaks are derived, by
//! [`Progress::summary`], and never merged as numbers.
//!
//! Source: Shapiro et al., "Conflict-free Replicated Data Types" (2011), state-based objects.

mod check;
mod day;
mod record;
mod summary;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use check::ProgressError;
pub use day::{Day, DayError, from_rfc3339, rfc3339};
pub use record::{Attempt, Record};
pub use summary::{LessonSummary, Stats, Status, Summary};

use crate::{DeviceId, LessonId};

/// The records of one lesson, or of one quiz.
type Records = BTreeMap<DeviceId, Record>;

/// What the learner achieved in one course. Fields that a newer version adds are skipped on
/// reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The exercises, by lesson.
    lessons: BTreeMap<LessonId, Records>,
    /// The quizzes, by the lesson that they belong to.
    quizzes: BTreeMap<LessonId, Records>,
    /// The days on which the learner tried something.
    days: BTreeSet<Day>,
}

impl Progress {
    /// Takes in what `other` knows. A passed lesson stays passed, unless `other` knows of a later
    /// reset.
    pub fn join(&mut self, other: &Self) {
        join_lessons(&mut self.lessons, &other.lessons);
        join_lessons(&mut self.quizzes, &other.quizzes);
        self.days.extend(&other.days);
    }

    /// Records that the learner ran a lesson's exercise on `device`.
    pub fn record_attempt(&mut self, lesson: &LessonId, device: &DeviceId, attempt: Attempt) {
        record::attempt(self.lessons.entry(lesson.clone()).or_default(), device, attempt);
        self.record_day(attempt.day);
    }

    /// Records that the learner answered a lesson's quiz on `device`.
    pub fn record_quiz(&mut self, lesson: &LessonId, device: &DeviceId, attempt: Attempt) {
        record::attempt(self.quizzes.entry(lesson.clone()).or_default(), device, attempt);
        self.record_day(attempt.day);
    }

    /// Takes back that the exercise was passed or failed, by any device. The attempts stay counted,
    /// and the lesson's quiz keeps its result.
    pub fn reset(&mut self, lesson: &LessonId, device: &DeviceId) {
        if let Some(records) = self.lessons.get_mut(lesson) {
            record::reset(records, device);
        }
    }

    /// Whether the exercise was passed and not reset since.
    pub fn has_passed(&self, lesson: &LessonId) -> bool {
        self.lessons.get(lesson).is_some_and(record::has_passed)
    }

    /// How many exercises [have been passed](Self::has_passed).
    pub fn passed_count(&self) -> usize {
        self.lessons.values().filter(|records| record::has_passed(records)).count()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.lessons.is_empty() && self.quizzes.is_empty() && self.days.is_empty()
    }

    /// What has to be sent to one who knows `other`: the records and days of `self` that would
    /// change it, and no more. Joined to `other`, it gives what `self` would.
    ///
    /// Source: Enes et al., "Efficient Synchronization of State-based CRDTs" (2019), optimal
    /// deltas; ours are made of whole records.
    #[must_use]
    pub fn missing_from(&self, other: &Self) -> Self {
        Self {
            lessons: missing_lessons(&self.lessons, &other.lessons),
            quizzes: missing_lessons(&self.quizzes, &other.quizzes),
            days: self.days.difference(&other.days).copied().collect(),
        }
    }

    /// Whether joining `other` would change nothing.
    pub fn covers(&self, other: &Self) -> bool {
        other.missing_from(self).is_empty()
    }

    /// Names this progress: equal for equal ones, different for different ones. 64 hexadecimal
    /// digits, the BLAKE3 hash of its JSON, which is canonical because every map is sorted.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        // Neither the hasher nor a map with text for keys can fail.
        serde_json::to_writer(&mut hasher, self).ok();
        hasher.finalize().to_hex().to_string()
    }

    /// A clock that is far off says nothing about streaks, and must not make a progress that the
    /// server refuses.
    fn record_day(&mut self, day: Day) {
        if check::is_plausible(day) {
            self.days.insert(day);
        }
    }
}

fn join_lessons(ours: &mut BTreeMap<LessonId, Records>, theirs: &BTreeMap<LessonId, Records>) {
    for (lesson, theirs) in theirs {
        let ours = ours.entry(lesson.clone()).or_default();
        for (device, record) in theirs {
            match ours.entry(device.clone()) {
                Entry::Vacant(entry) => drop(entry.insert(*record)),
                Entry::Occupied(mut entry) => entry.get_mut().join(record),
            }
        }
    }
}

fn missing_lessons(
    ours: &BTreeMap<LessonId, Records>,
    theirs: &BTreeMap<LessonId, Records>,
) -> BTreeMap<LessonId, Records> {
    let mut missing = BTreeMap::new();
    for (lesson, ours) in ours {
        let Some(theirs) = theirs.get(lesson) else {
            missing.insert(lesson.clone(), ours.clone());
            continue;
        };
        let news: Records = ours
            .iter()
            .filter(|(device, record)| theirs.get(device).is_none_or(|known| !known.covers(record)))
            .map(|(device, record)| (device.clone(), *record))
            .collect();
        if !news.is_empty() {
            missing.insert(lesson.clone(), news);
        }
    }
    missing
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
