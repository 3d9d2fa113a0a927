//! What a kill within one of Progy's acts on `.git` leaves there.
//!
//! The repository lies outside the simulated disk, so that no kill comes within an act. What it would
//! leave is put there afterwards: a lock of ours that nobody holds, and files half-written in
//! `.git/progy/`. The real kills are in `crates/progy/tests/kills.rs`.

use std::path::Path;
use std::{fs, io};

/// The locks that Progy takes.
const LOCKS: [&str; 4] = ["index", "config", "refs/heads/main", "refs/remotes/origin/main"];

/// Leaves what a kill leaves, another thing for each `number`.
pub(crate) fn leave(root: &Path, number: u32) -> io::Result<()> {
    let git = root.join(".git");
    let own = git.join("progy");
    if !own.join("mine").is_file() {
        return Ok(());
    }
    fs::write(own.join("bytes"), "half")?;
    fs::create_dir_all(own.join("pack"))?;
    fs::write(own.join("pack/pack_git2_0"), "PACK")?;
    let name = usize::try_from(number).ok().and_then(|number| LOCKS.get(number % 5));
    let Some(lock) = name.map(|name| git.join(format!("{name}.lock"))) else { return Ok(()) };
    match lock.parent() {
        Some(folder) if folder.is_dir() && !lock.exists() => fs::hard_link(own.join("mine"), lock),
        _ => Ok(()),
    }
}

/// The first lock that is there.
pub(crate) fn left(root: &Path) -> Option<&'static str> {
    let is_there = |name: &&str| root.join(".git").join(format!("{name}.lock")).exists();
    LOCKS.into_iter().find(is_there)
}
