//! What the actions of a script do.

use std::path::Path;
use std::{fs, io};

use std::sync::Arc;

use progy_client::layout;

use super::World;
use crate::check;
use crate::learner;
use crate::machine::Denied;
use crate::rng::Rng;
use crate::script::{Act, Action, Command, Mishap};
use crate::trace::locked;

/// More steps than any command takes.
const ENOUGH: usize = 5_000;

impl World {
    pub(super) fn act(&mut self, action: &Action) {
        let shared = Arc::clone(&self.shared);
        shared.trace.say(|| format!("--- {:?}", action.act));
        let rng = &mut Rng::new(action.seed);
        shared.pass(i64::from(rng.between(1_000_000, 4_000_000_000)));
        match &action.act {
            Act::Edit { on } => {
                for _ in 0..=rng.below(3) {
                    let seed = rng.draw();
                    learner::edit(&mut locked(&self.stations[self.at(*on)].machine), seed);
                }
            }
            Act::Run { on, command, mishaps } => {
                let n = self.at(*on);
                if self.setup.relay {
                    return self.hand_over(n, *command, mishaps, rng);
                }
                self.finish(n, rng);
                self.begin(n, *command, rng.draw(), mishaps.clone());
            }
            Act::Network { on, up } => self.stations[self.at(*on)].online.set(*up),
            Act::Clock { on, off } => {
                let skew = i64::from(*off) * 3_600_000_000_000;
                locked(&self.stations[self.at(*on)].machine).skew = skew;
            }
            Act::Deny { on } => self.deny(self.at(*on), rng),
            Act::Allow { on } => locked(&self.stations[self.at(*on)].machine).denied = None,
            Act::Forget { on } => {
                let n = self.at(*on);
                self.finish(n, rng);
                self.forget(n);
            }
            Act::Copy { from, to, whole } => {
                let (from, to) = (self.at(*from), self.at(*to));
                self.finish(from, rng);
                self.finish(to, rng);
                if from != to {
                    self.copy(from, to, *whole);
                }
            }
            Act::NewVersion => self.server.publish_next(),
            Act::Backup => self.server.back_up(),
            Act::RestoreBackup => {
                check::nothing_lost(self);
                if self.server.restore_backup(rng) {
                    self.network.borrow_mut().lose_answers();
                    self.forgive();
                }
            }
            Act::Restart => self.server.restart(),
            Act::Later { hours } => shared.pass(i64::from(*hours) * 3_600_000_000_000),
            Act::Upkeep { on, dies } => {
                if let Some(upkeep) = self.server.upkeep() {
                    upkeep.begin(*on, *dies, rng.draw());
                }
            }
        }
        for _ in 0..action.steps {
            if !self.step(rng) {
                break;
            }
        }
    }

    fn at(&self, on: u8) -> usize {
        usize::from(on) % self.stations.len()
    }

    /// Lets all go on until device `n` is at rest.
    pub(super) fn finish(&mut self, n: usize, rng: &mut Rng) {
        for _ in 0..ENOUGH {
            if self.stations[n].running.is_none() {
                return;
            }
            if !self.step(rng) {
                break;
            }
        }
        self.shared.wrong(format!("{}: a command does not come to its end", self.name(n)));
    }

    /// Runs a command to its end, and again until it ends well. Nobody else works meanwhile.
    fn hand_over(&mut self, n: usize, command: Command, mishaps: &[Mishap], rng: &mut Rng) {
        let before = self.server.head().unwrap_or_default();
        self.begin(n, command, rng.draw(), mishaps.to_vec());
        self.finish(n, rng);
        // What the learner wrote meanwhile, or what went wrong, takes another command.
        for _ in 0..5 {
            let is_whole = mishaps.is_empty() && command == Command::Save;
            if self.stations[n].ended_well && (is_whole || command == Command::Sync) {
                break;
            }
            let again = if command == Command::Sync { Command::Sync } else { Command::Save };
            self.begin(n, again, rng.draw(), Vec::new());
            self.finish(n, rng);
            if self.stations[n].ended_well {
                break;
            }
        }
        if self.shared.wrongs().is_empty() {
            check::handed_over(self, n, command, before.map(|(head, _)| head));
        }
    }

    fn deny(&mut self, n: usize, rng: &mut Rng) {
        let mut machine = locked(&self.stations[n].machine);
        let files = learner::files(&machine);
        let Some((path, _)) = rng.pick(&files) else { return };
        let folder = path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let denied = match (rng.below(3), folder) {
            (0, Some(folder)) => Denied::Closed(folder),
            (1, Some(folder)) => Denied::ReadOnly(folder),
            _ => Denied::Unreadable(path.clone()),
        };
        let name = machine.name;
        self.shared.trace.say(|| format!("{name} {denied:?}"));
        machine.denied = Some(denied);
    }

    /// `.progy` is deleted, and with it whatever was only there.
    fn forget(&mut self, n: usize) {
        check::nothing_lost(self);
        let mut machine = locked(&self.stations[n].machine);
        let now = machine.file_time();
        // It may not be there yet.
        let _ = machine.volume.remove(layout::FOLDER, now);
        machine.volume.flush_names();
        drop(machine);
        self.stations[n].begun = false;
        self.forgive();
    }

    /// A workspace, or its `.progy` alone, takes the place of another device's.
    fn copy(&mut self, from: usize, to: usize, whole: bool) {
        check::nothing_lost(self);
        let source = locked(&self.stations[from].machine).volume.clone();
        let mut machine = locked(&self.stations[to].machine);
        let now = machine.file_time();
        machine.volume.take_over(&source, if whole { "" } else { layout::FOLDER }, now);
        drop(machine);
        if whole
            && let (Some(from), Some(to)) = (&self.stations[from].git, &self.stations[to].git)
            && let Err(error) = copy_folder(from.path(), to.path())
        {
            self.shared.wrong(format!("a repository cannot be copied: {error}"));
        }
        self.stations[to].begun = self.stations[from].begun;
        // The files of one with the memory of another: what was not there yet looks deleted.
        self.let_all_go();
        self.forgive();
    }

    /// Something was destroyed on purpose: what is left is what has to be found again.
    fn forgive(&self) {
        let (left, kept) = (check::reachable(self), check::kept(self));
        let mut progress = self.server.progress();
        for n in 0..self.stations.len() {
            if let Ok(Some(state)) = self.state(n) {
                progress.join(&state.progress);
            }
        }
        let mut ledger = locked(&self.shared.ledger);
        let in_files: std::collections::BTreeSet<_> =
            self.stations.iter().flat_map(|s| learner::tokens(&locked(&s.machine))).collect();
        let elsewhere = left.difference(&in_files).copied().collect();
        ledger.forgive_all_but(&left);
        ledger.not_recorded_but(&kept);
        ledger.may_be_gone(&elsewhere);
        ledger.progress = progress;
        ledger.disasters += 1;
        ledger.acknowledged.retain(|id| {
            progy_core::RevisionId::new(id).is_ok_and(|id| self.server.revision(&id).is_some())
        });
    }
}

/// Makes `to` a copy of `from`.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    for item in fs::read_dir(to)? {
        let item = item?;
        if item.file_type()?.is_dir() {
            fs::remove_dir_all(item.path())?;
        } else {
            fs::remove_file(item.path())?;
        }
    }
    for item in fs::read_dir(from)? {
        let item = item?;
        let there = to.join(item.file_name());
        if item.file_type()?.is_dir() {
            fs::create_dir(&there)?;
            copy_folder(&item.path(), &there)?;
        } else {
            fs::copy(item.path(), there)?;
        }
    }
    Ok(())
}
