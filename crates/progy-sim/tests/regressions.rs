//! Runs that once went wrong. The files are named after what happens in them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use progy_sim::{Script, run};

#[test]
fn what_was_mended_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the scripts are missing");
    for file in files {
        let script = Script::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let outcome = run(&script, None, false);
        assert!(outcome.wrong.is_empty(), "{}: {:?}", file.display(), outcome.wrong);
    }
}
