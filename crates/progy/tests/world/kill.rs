//! Ends a command at any of the calls by which it changes something in a folder `.git`.
//!
//! `kill.c` is preloaded into the real program, counts those calls and ends it at one of them: before
//! the call, or, where bytes are written, in the middle of them. The calls that are looked at are all
//! made by one thread, so that their order is the same each time.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use super::{Device, Run};

/// With this in the environment every call is tried, not only some of each act.
const ALL: &str = "PROGY_KILL_ALL";
/// Without it, which calls those are: each run tries others, unless this says which.
const OFFSET: &str = "PROGY_KILL_OFFSET";

/// What became of a command.
pub(crate) enum Fate {
    /// It was ended at this call.
    Killed(String),
    /// It came to its end with so many calls.
    Lived(Run, usize),
}

/// Runs a command that is killed at its call number `at`, from 1; with `None` it lives.
pub(crate) fn killed_at(device: &Device, args: &[&str], at: Option<usize>) -> Fate {
    let log = device.home.join("kill.log");
    let _ = fs::remove_file(&log);
    let mut command = device.command(args);
    command.env("LD_PRELOAD", library()).env("PROGY_KILL_LOG", &log);
    command.env("PROGY_KILL_AT", at.unwrap_or(0).to_string());
    let run = Run::of(command, args);
    let calls = fs::read_to_string(&log).unwrap_or_default();
    match run.output.status.signal() {
        Some(9) => Fate::Killed(calls.lines().last().unwrap().to_owned()),
        _ => Fate::Lived(run, calls.lines().count()),
    }
}

/// Which of an act's calls are tried: all of them, or about `most`.
pub(crate) fn chosen(calls: usize, most: usize) -> impl Iterator<Item = usize> {
    let step = if std::env::var_os(ALL).is_some() { 1 } else { (calls / most).max(1) };
    let given = std::env::var(OFFSET).ok().and_then(|offset| offset.parse().ok());
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let offset = given.unwrap_or_else(|| usize::try_from(now() % 1000).unwrap());
    println!("{calls} calls; {OFFSET}={offset}, every {step}.");
    (1 + offset % step..=calls).step_by(step)
}

fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world/kill.c");
        let library = tempfile::tempdir().unwrap().keep().join("kill.so");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        library
    })
}
