//! One thing goes wrong at every call of the disk in turn, while a device saves and while it brings
//! in what another one saved. Random seeds find the rare mixtures; this leaves out no moment.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use progy_sim::script::{Act, Action, Command, Mishap, Setup};
use progy_sim::{Sabotage, Script, run};

/// More calls than the command makes that is disturbed.
const CALLS: u32 = 300;
/// No command asks as often.
const REQUESTS: u32 = 40;
/// Each stands for other edits.
const SEEDS: u64 = 3;

/// Two devices edit the same course; `command` of the second is disturbed.
fn script(seed: u64, command: Command, mishap: Mishap) -> Script {
    let run = |on, command| Act::Run { on, command, mishaps: Vec::new() };
    let acts = [
        run(0, Command::Sync),
        Act::Edit { on: 0 },
        Act::Edit { on: 0 },
        run(0, Command::Save),
        run(1, Command::Sync),
        Act::Edit { on: 0 },
        Act::Edit { on: 1 },
        run(0, Command::Save),
        Act::Run { on: 1, command, mishaps: vec![mishap] },
    ];
    let numbered = (seed * 100..).zip(acts);
    let actions = numbered.map(|(seed, act)| Action { seed, steps: 200, act }).collect();
    let setup = Setup {
        seed,
        devices: 2,
        tick: 10,
        names_files: false,
        relay: false,
        git: false,
        snapshot: false,
        changes: command == Command::Change,
        upkeep: false,
    };
    Script { setup, actions }
}

fn disturb(command: Command, mishap: impl Fn(u32) -> Mishap + Sync) {
    let wrong = sweep(command, CALLS, mishap, None);
    assert!(wrong.is_empty(), "{command:?}: {wrong:#?}");
}

/// What goes wrong.
fn sweep(
    command: Command,
    calls: u32,
    mishap: impl Fn(u32) -> Mishap + Sync,
    fault: Option<Sabotage>,
) -> Vec<String> {
    let next = AtomicU32::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                loop {
                    let call = next.fetch_add(1, Ordering::Relaxed);
                    if call >= calls {
                        return;
                    }
                    for seed in 0..SEEDS {
                        let outcome = run(&script(seed, command, mishap(call)), fault, false);
                        if let Some(what) = outcome.wrong.first() {
                            let what = format!("seed {seed}, call {call}: {what}");
                            wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
                        }
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn the_learner_edits_at_every_call_of_a_sync() {
    disturb(Command::Sync, Mishap::Edit);
}

#[test]
fn a_kill_at_every_call_of_a_change_of_strategy() {
    disturb(Command::Change, Mishap::Kill);
}

#[test]
fn the_power_goes_at_every_call_of_a_change_of_strategy() {
    disturb(Command::Change, Mishap::PowerLoss);
}

#[test]
fn every_request_of_a_change_of_strategy_is_lost_once() {
    let wrong = sweep(Command::Change, REQUESTS, Mishap::LoseAnswer, None);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_learner_edits_at_every_call_of_a_save() {
    disturb(Command::Save, Mishap::Edit);
}

#[test]
fn a_kill_at_every_call_of_a_sync() {
    disturb(Command::Sync, Mishap::Kill);
}

#[test]
fn the_power_goes_at_every_call_of_a_sync() {
    disturb(Command::Sync, Mishap::PowerLoss);
}

#[test]
fn the_power_goes_at_every_call_of_a_save() {
    disturb(Command::Save, Mishap::PowerLoss);
}

#[test]
fn every_call_of_a_sync_fails_once() {
    disturb(Command::Sync, Mishap::IoError);
}

#[test]
fn the_disk_is_full_from_every_call_of_a_sync() {
    disturb(Command::Sync, Mishap::DiskFull);
}

#[test]
fn the_sweep_finds_what_is_put_in() {
    for (fault, mishap) in [
        (Sabotage::BlindReplace, Mishap::Edit as fn(u32) -> Mishap),
        (Sabotage::NoFlush, Mishap::PowerLoss),
    ] {
        assert!(
            !sweep(Command::Sync, CALLS, mishap, Some(fault)).is_empty(),
            "{fault} was not found"
        );
    }
}
