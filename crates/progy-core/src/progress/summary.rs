//! What is derived from the records: what a learner sees.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Day, Progress, Records, record, rfc3339};
use crate::LessonId;

/// The learner's progress in the form, and with the names, that Progy's users know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Over all lessons.
    pub stats: Stats,
    /// The exercises that were tried, and not reset since.
    pub exercises: BTreeMap<LessonId, LessonSummary>,
    /// The quizzes that were tried.
    pub quizzes: BTreeMap<LessonId, LessonSummary>,
}

/// The statistics of one course.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// The experience points of all passed exercises and quizzes, each counted once.
    pub total_xp: u64,
    /// How many days in a row the learner was active, up to today or yesterday.
    pub current_streak: u32,
    /// The most days in a row.
    pub longest_streak: u32,
    /// The last day on which the learner tried something.
    pub last_active_date: Option<Day>,
    /// How many exercises are passed.
    pub total_exercises: u64,
}

/// How one exercise or quiz stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LessonSummary {
    /// Whether it is passed.
    pub status: Status,
    /// Experience points; none before it is passed.
    pub xp_earned: u32,
    /// When it was first passed, as RFC 3339 writes it, in UTC.
    pub completed_at: Option<String>,
    /// How often it was tried, on all devices, also before a reset.
    pub attempts: u64,
}

/// Whether an exercise or a quiz is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// On some device, and not reset since.
    Pass,
    /// Tried, but not passed.
    Fail,
}

impl Progress {
    /// What the learner sees on the day `today`. Days after tomorrow are left out of the streaks:
    /// the clock that recorded them was wrong. Tomorrow counts, as it is here already for a device
    /// further east.
    pub fn summary(&self, today: Day) -> Summary {
        let exercises = lessons(&self.lessons);
        let quizzes = lessons(&self.quizzes);
        let passed = |lesson: &&LessonSummary| lesson.status == Status::Pass;
        let xp = exercises.values().chain(quizzes.values()).map(|it| u64::from(it.xp_earned)).sum();
        let stats = Stats {
            total_xp: xp,
            total_exercises: exercises.values().filter(passed).count() as u64,
            ..streaks(&self.days, today)
        };
        Summary { stats, exercises, quizzes }
    }
}

fn lessons(all: &BTreeMap<LessonId, Records>) -> BTreeMap<LessonId, LessonSummary> {
    all.iter()
        .filter_map(|(lesson, records)| Some((lesson.clone(), LessonSummary::of(records)?)))
        .collect()
}

impl LessonSummary {
    /// `None` if the lesson was not tried since its last reset.
    fn of(records: &Records) -> Option<Self> {
        let passes = record::current(records).filter_map(|it| Some((it.passed_at?, it.xp)));
        let completed_at = passes.clone().map(|(at, _)| at).min();
        let status = match completed_at {
            Some(_) => Status::Pass,
            None if record::current(records).any(|it| it.failed_at.is_some()) => Status::Fail,
            None => return None,
        };
        Some(Self {
            status,
            xp_earned: passes.map(|(_, xp)| xp).max().unwrap_or_default(),
            completed_at: completed_at.map(rfc3339),
            attempts: records.values().fold(0, |sum, it| sum.saturating_add(it.attempts)),
        })
    }
}

/// The part of the statistics that depends on the days alone.
fn streaks(days: &BTreeSet<Day>, today: Day) -> Stats {
    let mut stats = Stats::default();
    let mut run = 0;
    for &day in days.range(..=today.plus(1)) {
        let goes_on = stats.last_active_date.is_some_and(|before| before.plus(1) == day);
        run = if goes_on { run + 1 } else { 1 };
        stats.longest_streak = stats.longest_streak.max(run);
        stats.last_active_date = Some(day);
    }
    if stats.last_active_date.is_some_and(|last| last >= today.plus(-1)) {
        stats.current_streak = run;
    }
    stats
}
