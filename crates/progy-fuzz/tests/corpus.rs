//! Every target on every file of its corpus, and on mutations of them that are the same in each run.
//!
//! A failure names the target, the file and the mutation, and where the input was put; that file
//! belongs into the corpus once the bug is mended.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::unnecessary_debug_formatting, reason = "a path that is no text is shown as such")]

mod mutate;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mutate::Mutator;
use progy_fuzz::TARGETS;

/// The longest mutated input, in bytes; seeds may be longer.
const LONGEST: usize = 32 << 10;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Runs `target` on its corpus and on `mutations` variations of each file.
fn run(target: &str, mutations: usize) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let folder = corpus().join(target);
    let names = names_in(&folder);
    let seeds: Vec<Vec<u8>> =
        names.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect();
    assert!(!seeds.is_empty(), "{target} has no corpus");
    for (seed, name) in seeds.iter().zip(&names) {
        try_one(*run, seed, &format!("{target}/{name}"));
        if seed.len() > LONGEST {
            continue;
        }
        let mut mutator = Mutator::new(&format!("{target}/{name}"), &seeds, LONGEST);
        for n in 0..mutations {
            try_one(*run, &mutator.vary(seed), &format!("{target}/{name}, mutation {n}"));
        }
    }
}

fn try_one(run: fn(&[u8]), input: &[u8], what: &str) {
    if catch_unwind(AssertUnwindSafe(|| run(input))).is_err() {
        let at = std::env::temp_dir().join(format!("progy-fuzz-{}", what.replace(['/', ' '], "-")));
        fs::write(&at, input).unwrap();
        panic!("{what}: a promise is broken; the input is {}", at.display());
    }
}

/// One test for each target, so that they run side by side; with how many mutations of each file.
macro_rules! targets {
    ($($name:ident: $mutations:expr),* $(,)?) => {
        $(#[test]
        fn $name() {
            run(stringify!($name), $mutations);
        })*

        #[test]
        fn every_target_is_run_here_and_by_the_fuzzer() {
            let all: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
            let here = [$(stringify!($name)),*].map(str::to_owned);
            assert_eq!(BTreeSet::from(here), all);
            assert_eq!(names_in(&corpus()), all);
            let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
            let files = all.iter().map(|name| format!("{name}.rs")).collect();
            assert_eq!(names_in(&fuzz.join("fuzz_targets")), files);
            let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
            for name in all {
                assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            }
        }
    };
}

targets! {
    account_requests: 3000,
    course_globs: 80,
    course_manifest: 2000,
    delta: 300,
    device_index: 2000,
    device_journal: 2000,
    device_state: 2000,
    event_stream: 3000,
    git_commit: 1000,
    git_folder: 15,
    git_pack: 60,
    git_tree: 40,
    git_wire: 1000,
    github_answers: 2000,
    ignore_files: 60,
    module_info: 2000,
    names: 200,
    outline: 2000,
    package: 400,
    pkt_lines: 2000,
    progress_records: 2000,
    progy_toml: 500,
    runner_report: 2000,
    rustlings_import: 300,
    server_address: 3000,
    server_answers: 1000,
    settings: 200,
    snapshot_frames: 1000,
    snapshot_list: 2000,
    snapshot_node: 3000,
    snapshot_pack: 2000,
    sync_request: 2000,
    text_merge: 1000,
    trash_list: 2000,
    tree_json: 3000,
    tree_postcard: 3000,
    vscode_tasks: 3000,
}
