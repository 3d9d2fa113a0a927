//! What a process hears of time and chance.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use progy_client::env::Env;
use progy_core::Timestamp;
use progy_core::progress::Day;

use crate::machine::Machine;
use crate::rng::Rng;
use crate::trace::locked;

/// The clock of a machine, which may be off, and numbers that a seed decides.
#[derive(Debug)]
pub(crate) struct SimEnv {
    machine: Arc<Mutex<Machine>>,
    rng: RefCell<Rng>,
}

impl SimEnv {
    pub(crate) fn new(machine: Arc<Mutex<Machine>>, seed: u64) -> Self {
        Self { machine, rng: RefCell::new(Rng::of(seed, 2)) }
    }
}

impl Env for SimEnv {
    fn now(&self) -> Timestamp {
        locked(&self.machine).clock()
    }

    fn today(&self) -> Day {
        Day::of(self.now())
    }

    fn random(&self) -> [u8; 16] {
        self.rng.borrow_mut().bytes()
    }
}
