//! The end of a run: faults stop, everyone is online, and everyone syncs until all is quiet.

use super::{Station, World};
use crate::rng::Rng;
use crate::script::Command;
use crate::trace::locked;

/// How often every device syncs at most.
const ROUNDS: usize = 6;
/// In nanoseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000_000_000;

impl World {
    pub(super) fn settle(&mut self) {
        self.shared.trace.say(|| "--- faults stop".to_owned());
        let rng = &mut Rng::of(self.setup.seed, 9);
        for n in 0..self.stations.len() {
            self.finish(n, rng);
            self.stations[n].online.set(true);
            locked(&self.stations[n].machine).denied = None;
        }
        while self.network.borrow().adrift() > 0 {
            let n = rng.below(self.network.borrow().adrift());
            self.network.borrow_mut().wash_ashore(&mut self.server, n);
        }
        for round in 0..ROUNDS {
            self.shared.trace.say(|| format!("--- round {round}"));
            for n in 0..self.stations.len() {
                self.shared.pass(5_000_000_000);
                self.begin(n, Command::Sync, rng.draw(), Vec::new());
                self.finish(n, rng);
                if !self.shared.wrongs().is_empty() {
                    return;
                }
            }
            if self.is_quiet() {
                return;
            }
        }
        self.shared.wrong("the devices do not come to rest");
    }

    /// Days and months pass in which servers look after the snapshots; what nobody needs has to go.
    /// Then a new device brings the workspace to it.
    pub(super) fn tidy(&mut self) {
        self.shared.trace.say(|| "--- time passes".to_owned());
        let rng = &mut Rng::of(self.setup.seed, 10);
        for days in [0, 100] {
            self.shared.pass(days * DAY);
            if let Some(upkeep) = self.server.upkeep() {
                upkeep.come_to_rest(rng);
            }
        }
        let n = self.stations.len();
        match Station::new('n', &self.setup, &self.shared, rng) {
            Ok(station) => self.stations.push(station),
            Err(error) => return self.shared.wrong(error),
        }
        self.begin(n, Command::Sync, rng.draw(), Vec::new());
        self.finish(n, rng);
    }

    /// Whether every device is at the head and has nothing to say.
    fn is_quiet(&self) -> bool {
        let Ok(head) = self.server.head() else { return false };
        let head = head.map(|(head, _)| head);
        let progress = self.server.progress();
        (0..self.stations.len()).all(|n| {
            self.state(n).ok().flatten().is_some_and(|state| {
                state.base.revision == head
                    && state.queue.is_empty()
                    && state.unapplied.is_empty()
                    && state.progress == progress
            })
        })
    }
}
