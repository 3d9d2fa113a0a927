//! Ends a command at any of the calls by which it changes something in a folder, or fills the disk there.
//!
//! `kill.c` is preloaded into the real program, counts those calls and ends it at one of them: before
//! the call, or, where bytes are written or sent, in the middle of them. Nearly all calls that are
//! looked at are made by one thread, so that their order is the same each time.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use super::{Device, Random, Run};

/// With this in the environment every call is tried, not only some of each act.
const ALL: &str = "PROGY_KILL_ALL";
/// Without it, which calls those are: each run tries others, unless this says which.
const OFFSET: &str = "PROGY_KILL_OFFSET";

/// Which calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Those on what is in a folder `.git`.
    Repository,
    /// Those on what is in the workspace, and what is sent to the server.
    Workspace,
}

/// What happens at the call of that number, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The program ends.
    Kill(usize),
    /// The disk is full from then on.
    FullDisk(usize),
}

/// What became of a command.
pub(crate) enum Fate {
    /// It was ended at this call.
    Killed(String),
    /// It came to its end with so many calls.
    Lived(Run, usize),
}

/// Runs a command to which a fault happens.
pub(crate) fn with_fault(device: &Device, args: &[&str], counted: Counted, fault: Fault) -> Fate {
    let log = device.home.join("kill.log");
    let _ = fs::remove_file(&log);
    let mut command = device.command(args);
    command.env("LD_PRELOAD", library()).env("PROGY_KILL_LOG", &log);
    match counted {
        Counted::Repository => command.env("PROGY_KILL_IN", "/.git"),
        Counted::Workspace => {
            let folder = device.workspace.canonicalize().unwrap();
            command.env("PROGY_KILL_IN", folder).env("PROGY_KILL_SENT", "yes")
        }
    };
    match fault {
        Fault::None => {}
        Fault::Kill(at) => drop(command.env("PROGY_KILL_AT", at.to_string())),
        Fault::FullDisk(from) => drop(command.env("PROGY_FULL_FROM", from.to_string())),
    }
    let run = Run::of(command, args);
    let calls = fs::read_to_string(&log).unwrap_or_default();
    match run.output.status.signal() {
        Some(9) => Fate::Killed(calls.lines().last().unwrap().to_owned()),
        _ => Fate::Lived(run, calls.lines().count()),
    }
}

/// How many calls a command makes that comes to its end.
pub(crate) fn calls_of(device: &Device, args: &[&str], counted: Counted) -> usize {
    let Fate::Lived(run, calls) = with_fault(device, args, counted, Fault::None) else {
        panic!("nobody was to kill it")
    };
    run.ok();
    assert!(calls > 0, "{args:?} made no call that was seen");
    calls
}

/// Which of an act's calls are tried: all of them, or about `most`.
pub(crate) fn chosen(calls: usize, most: usize) -> impl Iterator<Item = usize> {
    let step = if is_all() { 1 } else { (calls / most).max(1) };
    let given = std::env::var(OFFSET).ok().and_then(|offset| offset.parse().ok());
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let offset = given.unwrap_or_else(|| usize::try_from(now() % 1000).unwrap());
    println!("{calls} calls; {OFFSET}={offset}, every {step}.");
    (1 + offset % step..=calls).step_by(step)
}

/// Which of an act's calls are tried: all of them, or one at random of each of `most` equal parts, the
/// same in every run.
pub(crate) fn spread(calls: usize, most: usize, seed: u64) -> Vec<usize> {
    let most = if is_all() { calls } else { most.min(calls) };
    let mut random = Random(seed);
    let in_part = |part: usize| {
        let (first, next) = (calls * part / most, calls * (part + 1) / most);
        1 + first + usize::try_from(random.below((next - first) as u64)).unwrap()
    };
    (0..most).map(in_part).collect()
}

fn is_all() -> bool {
    std::env::var_os(ALL).is_some()
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
