//! When it is time to save.

use std::time::{Duration, Instant};

use progy_core::Strategy;

/// The longest rest after a save.
const LONGEST_REST: Duration = Duration::from_mins(10);

/// Decides when to save: when the files have been quiet for a while, and now and then while they
/// are not. Knows the time only from its callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debounce {
    quiet: Duration,
    longest: Duration,
    /// How many times as long as a save took there is none after it.
    rest: u32,
    unsaved: Option<Unsaved>,
    rested: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Unsaved {
    first: Instant,
    last: Instant,
}

impl Default for Debounce {
    /// After 2 s of quiet, and every 2 min.
    fn default() -> Self {
        Self::new(Duration::from_secs(2), Duration::from_mins(2))
    }
}

impl Debounce {
    /// Saves after `quiet` without a change, and at the latest `longest` after the first change
    /// that is not saved.
    pub fn new(quiet: Duration, longest: Duration) -> Self {
        Self { quiet, longest, rest: 0, unsaved: None, rested: None }
    }

    /// The rhythm of a strategy.
    ///
    /// A save of a snapshot looks at a project of any size and may send gigabytes, while its learner
    /// builds and runs it: after 10 s of quiet, every 5 min, and so rarely that at most a tenth of the
    /// time goes into saves, but for those that take more than a minute. What cannot wait is saved at
    /// once by other ways: a lesson that is completed, the end of a session, `progy save`.
    pub fn of(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Snapshot => {
                let often = Self::new(Duration::from_secs(10), Duration::from_mins(5));
                Self { rest: 9, ..often }
            }
            Strategy::Patch | Strategy::Git | Strategy::Container => Self::default(),
        }
    }

    /// Something has changed.
    pub fn changed(&mut self, now: Instant) {
        match &mut self.unsaved {
            Some(unsaved) => unsaved.last = unsaved.last.max(now),
            None => self.unsaved = Some(Unsaved { first: now, last: now }),
        }
    }

    /// A save ended, after so much time.
    pub fn saved(&mut self, now: Instant, took: Duration) {
        self.rested = Some(now + took.saturating_mul(self.rest).min(LONGEST_REST));
    }

    /// When to save if nothing else changes until then; `None` if nothing has changed.
    pub fn deadline(&self) -> Option<Instant> {
        let unsaved = self.unsaved.as_ref()?;
        let due = (unsaved.last + self.quiet).min(unsaved.first + self.longest);
        Some(self.rested.map_or(due, |rested| rested.max(due)))
    }

    /// Whether to save now. If so, what has changed counts as saved: to be called before the files
    /// are read, so that a change during the save counts as a new one.
    pub fn take_due(&mut self, now: Instant) -> bool {
        let due = self.deadline().is_some_and(|deadline| deadline <= now);
        due && self.take()
    }

    /// Whether anything has changed since the last save, which counts as saved from now on: for a
    /// save that does not wait.
    pub fn take(&mut self) -> bool {
        self.unsaved.take().is_some()
    }
}
