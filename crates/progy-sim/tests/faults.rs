//! The simulation repeats itself, and finds faults that were put in on purpose.

use progy_core::Strategy;
use progy_sim::{Sabotage, Script, run};

/// Within so many seeds every fault is found; `docs/simulation.md` names the first of each.
const SEEDS: u64 = 600;
/// The same for those that are looked for with a repository, which takes longer.
const SEEDS_OF_GIT: u64 = 400;

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..40 {
        let script = Script::from_seed(seed);
        let (first, second) = (run(&script, None, true), run(&script, None, true));
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.wrong, second.wrong, "seed {seed}");
    }
}

#[test]
fn without_a_fault_nothing_is_wrong() {
    for seed in 0..200 {
        let outcome = run(&Script::from_seed(seed), None, false);
        assert!(outcome.wrong.is_empty(), "seed {seed}: {:?}", outcome.wrong);
    }
}

#[test]
fn the_same_seed_is_the_same_run_with_repositories() {
    let git = |seed| Script::from_seed(seed).carried_by(Strategy::Git);
    let changing = |seed| Script::from_seed(seed).changing();
    for script in (0..10).map(git).chain((0..10).map(changing)) {
        let (first, second) = (run(&script, None, true), run(&script, None, true));
        assert_eq!(first.trace, second.trace, "{script}");
        assert!(first.wrong.is_empty(), "{:?}\n{script}", first.wrong);
    }
}

/// What goes wrong on a device is found whichever way the work is carried.
#[test]
fn faults_of_a_device_are_found_with_git() {
    for fault in [
        Sabotage::BlindReplace,
        Sabotage::DroppedCopies,
        Sabotage::HiddenRacyMtime,
        Sabotage::NoFlush,
        Sabotage::ReplacedProgress,
        Sabotage::TornRename,
    ] {
        let script = |seed| Script::from_seed(seed).carried_by(Strategy::Git);
        let found = (0..SEEDS_OF_GIT)
            .find(|seed| !run(&script(*seed), Some(fault), false).wrong.is_empty());
        assert!(found.is_some(), "{fault} was not found in {SEEDS_OF_GIT} seeds");
    }
}

#[test]
fn every_fault_is_found() {
    for fault in Sabotage::ALL {
        let script = |seed| Script::from_seed(seed).carried_by(fault.strategy());
        let found =
            (0..SEEDS).find(|seed| !run(&script(*seed), Some(fault), false).wrong.is_empty());
        assert!(found.is_some(), "{fault} was not found in {SEEDS} seeds");
    }
}
