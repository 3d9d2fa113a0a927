//! A computer: its disk, its clock, and what goes wrong with the process that runs on it.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use progy_core::Timestamp;

use crate::disk::volume::Volume;
use crate::learner;
use crate::ledger::Ledger;
use crate::rng::Rng;
use crate::script::Mishap;
use crate::trace::{Trace, locked};

/// A run begins at 2026-01-05T09:00:00Z, in nanoseconds since 1970.
const BEGIN: i64 = 1_767_603_600_000_000_000;
/// For how many calls a disk stays full.
const FULL: u32 = 40;

/// What all parts of a run share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The true time, in nanoseconds since 1970.
    time: AtomicI64,
    pub(crate) trace: Trace,
    pub(crate) ledger: Mutex<Ledger>,
    /// What must never happen and did.
    wrong: Mutex<Vec<String>>,
}

impl Shared {
    pub(crate) fn new(traced: bool) -> Self {
        Self {
            time: AtomicI64::new(BEGIN),
            trace: Trace::new(traced),
            ledger: Mutex::default(),
            wrong: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.time.load(Ordering::Relaxed)
    }

    pub(crate) fn pass(&self, nanoseconds: i64) {
        self.time.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Notes that something must not happen and did.
    pub(crate) fn wrong(&self, what: impl Into<String>) {
        let what = what.into();
        self.trace.say(|| format!("WRONG {what}"));
        locked(&self.wrong).push(what);
    }

    pub(crate) fn wrongs(&self) -> Vec<String> {
        locked(&self.wrong).clone()
    }
}

/// What the file system does not let Progy do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// A file cannot be read.
    Unreadable(String),
    /// A folder cannot be entered.
    Closed(String),
    /// No name in a folder can be changed.
    ReadOnly(String),
}

/// What a call of the disk wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// To know what a name stands for, or the names in a folder.
    Look,
    /// To read a content.
    Read,
    /// To put a file of Progy's own into a place.
    WriteOwn,
    /// To move, remove or mark something of the learner's, or Progy's own.
    Change,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done.
    Done,
    /// Some of it is done, if it is one that can be: then it fails.
    Torn(ErrorKind),
}

/// What a process meets.
#[derive(Debug)]
pub(crate) struct Fortune {
    pub(crate) rng: Rng,
    mishaps: Vec<Mishap>,
    calls: u32,
    requests: u32,
    full_until: u32,
    pub(crate) dead: bool,
    /// Some call of the disk failed that should not have.
    pub(crate) disk_failed: bool,
    /// Some request had no good answer.
    pub(crate) net_failed: bool,
    /// The learner changed files meanwhile.
    pub(crate) edited: bool,
    /// Revisions expired meanwhile, or what was sent was swept.
    pub(crate) swept: bool,
}

impl Fortune {
    pub(crate) fn new(seed: u64, mishaps: Vec<Mishap>) -> Self {
        Self {
            rng: Rng::of(seed, 1),
            mishaps,
            calls: 0,
            requests: 0,
            full_until: 0,
            dead: false,
            disk_failed: false,
            net_failed: false,
            edited: false,
            swept: false,
        }
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// The mishaps of the next request. Counts it.
    pub(crate) fn next_request(&mut self) -> Vec<Mishap> {
        let n = self.requests;
        self.requests += 1;
        let of_it = |mishap: &&Mishap| match mishap {
            Mishap::KillAtRequest(at)
            | Mishap::LoseRequest(at)
            | Mishap::LoseAnswer(at)
            | Mishap::Late(at)
            | Mishap::Twice(at)
            | Mishap::CrashBefore(at, _)
            | Mishap::CrashAfter(at, _)
            | Mishap::Busy(at)
            | Mishap::Cut(at) => *at == n,
            _ => false,
        };
        self.mishaps.iter().filter(of_it).copied().collect()
    }
}

/// A computer.
#[derive(Debug)]
pub(crate) struct Machine {
    /// `a`, `b`, …
    pub(crate) name: char,
    pub(crate) volume: Volume,
    /// How far the clock is off, in nanoseconds.
    pub(crate) skew: i64,
    /// How finely files know the time, in nanoseconds.
    pub(crate) tick: i64,
    pub(crate) denied: Option<Denied>,
    /// Of the process that runs; none between processes.
    pub(crate) fortune: Option<Fortune>,
    /// The learner does nothing here that makes other files travel.
    pub(crate) calm: bool,
    pub(crate) shared: Arc<Shared>,
}

impl Machine {
    pub(crate) fn new(name: char, tick_millis: i64, calm: bool, shared: Arc<Shared>) -> Self {
        Self {
            name,
            volume: Volume::new(),
            skew: 0,
            tick: tick_millis * 1_000_000,
            denied: None,
            fortune: None,
            calm,
            shared,
        }
    }

    /// What the clock shows.
    pub(crate) fn clock(&self) -> Timestamp {
        Timestamp((self.shared.now() + self.skew).div_euclid(1_000_000))
    }

    /// The time that a file gets which is written now.
    pub(crate) fn file_time(&self) -> i64 {
        let now = self.shared.now() + self.skew;
        now - now.rem_euclid(self.tick)
    }

    /// A call of the disk begins. Whatever may happen between any two calls happens here.
    pub(crate) fn enter(&mut self, op: &str, path: &str, want: Want) -> io::Result<Fate> {
        self.check_path(op, path, want);
        let Some(mut fortune) = self.fortune.take() else {
            return self.may(path, want).map(|()| Fate::Done);
        };
        let fate = self.meet(&mut fortune, op, path, want);
        self.fortune = Some(fortune);
        fate
    }

    fn meet(
        &mut self,
        fortune: &mut Fortune,
        op: &str,
        path: &str,
        want: Want,
    ) -> io::Result<Fate> {
        if fortune.dead {
            return Err(io::Error::other("the process is gone"));
        }
        self.shared.pass(i64::from(fortune.rng.between(20_000, 200_000)));
        let call = fortune.calls;
        fortune.calls += 1;
        let name = self.name;
        self.shared.trace.say(|| format!("{name} {call:3} {op} {path}"));
        let mut failing = None;
        for n in 0..fortune.mishaps.len() {
            match fortune.mishaps[n] {
                Mishap::Edit(at) if at == call => {
                    fortune.edited = true;
                    let seed = fortune.rng.draw();
                    learner::edit(self, seed);
                }
                Mishap::Kill(at) if at == call => fortune.dead = true,
                Mishap::PowerLoss(at) if at == call => {
                    fortune.dead = true;
                    fortune.disk_failed = true;
                }
                Mishap::DiskFull(at) if at == call => fortune.full_until = call + FULL,
                Mishap::IoError(at) if at == call => failing = Some(ErrorKind::Other),
                _ => {}
            }
        }
        if fortune.dead {
            self.shared.trace.say(|| format!("{name} is killed"));
            return Ok(Fate::Torn(ErrorKind::Other));
        }
        if want == Want::WriteOwn && call < fortune.full_until {
            failing = Some(ErrorKind::StorageFull);
        }
        if let Some(kind) = failing {
            fortune.disk_failed = true;
            self.shared.trace.say(|| format!("{name}     fails: {kind}"));
            return Ok(Fate::Torn(kind));
        }
        let allowed = self.may(path, want);
        fortune.disk_failed |= allowed.is_err();
        allowed.map(|()| Fate::Done)
    }

    /// If the process was killed by a power loss, what was not flushed may be gone.
    pub(crate) fn settle_power(&mut self) {
        let Some(fortune) = &mut self.fortune else { return };
        let lost = fortune
            .mishaps
            .iter()
            .any(|mishap| matches!(mishap, Mishap::PowerLoss(at) if *at < fortune.calls));
        if fortune.dead && lost {
            let name = self.name;
            self.shared.trace.say(|| format!("{name} loses power"));
            self.volume.lose_power(&mut fortune.rng);
        }
    }

    fn may(&self, path: &str, want: Want) -> io::Result<()> {
        let is_below =
            |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let denied = match &self.denied {
            None => false,
            Some(Denied::Unreadable(file)) => want == Want::Read && path == file,
            Some(Denied::Closed(folder)) => {
                is_below(folder) || (path == folder && want == Want::Read)
            }
            Some(Denied::ReadOnly(folder)) => {
                want == Want::Change
                    && path.rsplit_once('/').is_some_and(|(above, _)| above == folder)
            }
        };
        if denied { Err(ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }

    /// Whether a name may be moved away from `path`, where another call looks at where it goes.
    pub(crate) fn may_change(&self, path: &str) -> io::Result<()> {
        if self.fortune.as_ref().is_some_and(|fortune| fortune.dead) {
            return Ok(());
        }
        self.may(path, Want::Change)
    }

    /// A batch of the trash is thrown away. If it is as old as it must be for that, by this
    /// machine's clock, what is only there need not be found again.
    pub(crate) fn note_purge(&self, path: &str) {
        const MONTH: i64 = 30 * 24 * 60 * 60 * 1000;
        let Some(batch) = path.strip_prefix(".progy/trash/") else { return };
        let at = batch.split('-').next().and_then(|millis| millis.parse::<i64>().ok());
        if at.is_some_and(|at| self.clock().millis() - at > MONTH) {
            let gone = self.volume.below(path).into_iter();
            let gone = gone.flat_map(|(_, ino)| learner::tokens_of(self, ino)).collect();
            locked(&self.shared.ledger).purged(&gone);
        }
    }

    /// No call leads out of the workspace, and none but the exchanging ones touches the learner's
    /// files.
    fn check_path(&self, op: &str, path: &str, want: Want) {
        let leads_out = path.starts_with('/')
            || (!path.is_empty() && path.split('/').any(|part| matches!(part, "" | "." | "..")));
        let is_own = path.starts_with(".progy/") || path == "progy.toml";
        if leads_out || (want == Want::WriteOwn && !is_own) {
            self.shared.wrong(format!("{} calls {op} on {path:?}", self.name));
        }
    }
}
