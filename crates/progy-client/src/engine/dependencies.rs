//! What does not travel: how it comes back.

use std::collections::BTreeSet;

use progy_core::dependencies::{ToRun, to_run};
use progy_core::{Change, RelPath, Strategy};

use super::Engine;
use crate::Result;

impl Engine<'_> {
    /// What the learner can run to get back what does not travel, once `received` has come. Only
    /// snapshots carry whole projects: with other strategies there is nothing.
    pub fn commands_to_run(&mut self, received: &[Change]) -> Result<Vec<ToRun>> {
        if self.state.strategy != Strategy::Snapshot {
            return Ok(Vec::new());
        }
        let tip = self.tip()?;
        let come: BTreeSet<&RelPath> = received
            .iter()
            .filter(|change| change.after.is_some())
            .map(|change| &change.path)
            .collect();
        // Where nobody can look, nothing is said to be missing.
        let is_there = |path: &str| !matches!(self.disk.meta(path), Ok(None));
        let files = tip.iter().map(|(path, _)| path);
        Ok(to_run(files, is_there, |path| come.contains(path)))
    }
}
