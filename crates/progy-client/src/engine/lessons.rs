//! Lessons are tried: the learner's progress grows.

use progy_core::LessonId;
use progy_core::progress::Attempt;

use super::Engine;
use crate::Result;
use crate::remote::Remote;

/// Whether a lesson was passed for the first time, as far as this device knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is passed now and was not before.
    Completed,
    /// It was passed before, and was passed again.
    Again,
    /// It was tried, and not passed.
    Tried,
}

impl Engine<'_> {
    /// Records that the learner ran a lesson's exercise: it is on the medium when this returns, and
    /// goes out with the next save.
    ///
    /// `xp` is what a pass earns; the time is the device's.
    pub fn record_attempt(&mut self, lesson: &LessonId, passed: bool, xp: u32) -> Result<Step> {
        let before = self.state.progress.has_passed(lesson);
        let attempt = Attempt { passed, xp, at: self.env.now(), day: self.env.today() };
        self.state.progress.record_attempt(lesson, &self.device.id, attempt);
        self.state.store(self.disk)?;
        Ok(match (passed, before) {
            (true, false) => Step::Completed,
            (true, true) => Step::Again,
            (false, _) => Step::Tried,
        })
    }

    /// Sends progress that the server does not have, if nothing else waits: one small request. May
    /// be dropped at any time; what was not sent goes out with the next save.
    pub async fn share_progress(&mut self, remote: &dyn Remote) -> Result<()> {
        if self.state.queue.is_empty() && !self.unsent_progress().is_empty() {
            self.publish_progress(remote).await?;
        }
        Ok(())
    }
}
