//! What one device knows of one lesson, and what the devices together say.

use serde::{Deserialize, Serialize};

use super::check;
use super::{Day, Records};
use crate::{DeviceId, Timestamp};

/// One run of an exercise, or one answered quiz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Whether it was right.
    pub passed: bool,
    /// The experience points that a pass earns, at most 10,000; more is taken for that.
    pub xp: u32,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// The day that the learner's calendar showed.
    pub day: Day,
}

/// What one device did in one lesson. Only that device changes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// How many resets of the lesson came before. What was passed or failed in an older epoch than
    /// the lesson's newest no longer counts.
    pub epoch: u32,
    /// How often this device tried, in all epochs.
    pub attempts: u64,
    /// The first pass of this epoch.
    pub passed_at: Option<Timestamp>,
    /// The last failure of this epoch.
    pub failed_at: Option<Timestamp>,
    /// The most experience points that a pass of this epoch earned.
    pub xp: u32,
}

impl Record {
    /// The least record that holds both. The product of two semilattices: `attempts`, by maximum;
    /// and lexicographically the epoch, then its results, each by its own extreme.
    pub(super) fn join(&mut self, other: &Self) {
        let attempts = self.attempts.max(other.attempts);
        if other.epoch > self.epoch {
            *self = *other;
        } else if other.epoch == self.epoch {
            self.passed_at = extreme(self.passed_at, other.passed_at, Ord::min);
            self.failed_at = extreme(self.failed_at, other.failed_at, Ord::max);
            self.xp = self.xp.max(other.xp);
        }
        self.attempts = attempts;
    }

    /// Whether joining `other` would change nothing.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let mut joined = *self;
        joined.join(other);
        joined == *self
    }

    fn begin_epoch(&mut self, epoch: u32) {
        *self = Self { epoch, attempts: self.attempts, ..Self::default() };
    }
}

fn extreme<T>(a: Option<T>, b: Option<T>, of: fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(of(a, b)),
        (one, other) => one.or(other),
    }
}

/// The records of the lesson's newest epoch: the only ones that say how it stands.
pub(super) fn current(records: &Records) -> impl Iterator<Item = &Record> + Clone {
    let epoch = epoch(records);
    records.values().filter(move |record| record.epoch == epoch)
}

pub(super) fn has_passed(records: &Records) -> bool {
    current(records).any(|record| record.passed_at.is_some())
}

fn epoch(records: &Records) -> u32 {
    records.values().map(|record| record.epoch).max().unwrap_or_default()
}

pub(super) fn attempt(records: &mut Records, device: &DeviceId, attempt: Attempt) {
    let epoch = epoch(records);
    let record = records.entry(device.clone()).or_default();
    if record.epoch < epoch {
        record.begin_epoch(epoch);
    }
    let at = Some(check::plausible(attempt.at));
    record.attempts = record.attempts.saturating_add(1);
    if attempt.passed {
        record.passed_at = extreme(record.passed_at, at, Ord::min);
        record.xp = record.xp.max(attempt.xp.min(check::MAX_XP));
    } else {
        record.failed_at = extreme(record.failed_at, at, Ord::max);
    }
}

/// Begins a new epoch, unless the newest has no results that a reset could take back.
pub(super) fn reset(records: &mut Records, device: &DeviceId) {
    let has_results = |record: &Record| record.passed_at.is_some() || record.failed_at.is_some();
    if current(records).any(has_results) {
        let epoch = epoch(records).saturating_add(1).min(check::MAX_EPOCH);
        records.entry(device.clone()).or_default().begin_epoch(epoch);
    }
}
