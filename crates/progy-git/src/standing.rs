//! What a learner may have done by hand that a save must not run over.

use std::fs;
use std::io::Read;

use git2::{Index, RepositoryState};
use progy_core::git::BRANCH;

use crate::own::INDEX;
use crate::{Repository, Result, shown};

/// An attributes file is not read past this size, in bytes.
const ATTRIBUTES: u64 = 1 << 20;

/// Why nothing can be saved right now. Each is the learner's to settle; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Another branch is checked out.
    #[error("the branch {0} is checked out, and progy saves main")]
    OtherBranch(String),
    /// No branch is checked out.
    #[error("no branch is checked out (detached HEAD)")]
    Detached,
    /// A merge, a rebase or the like was begun and not ended; its name in Git's words.
    #[error("a {0} was begun with git and not ended")]
    Unfinished(&'static str),
    /// A lock of Git's is there, by this name: another program works here, or was killed.
    #[error("another git command is working here, or was killed ({0})")]
    Locked(String),
    /// Files are left unmerged.
    #[error("git has left files unmerged")]
    Unmerged,
    /// Git would write other line endings than it saves.
    #[error("git changes line endings here (core.autocrlf)")]
    LineEndings,
    /// Contents pass through a program on their way into Git, as with LFS.
    #[error("files pass through a filter of git ({0})")]
    Filter(String),
    /// The branch has nothing in common with what was published.
    #[error("the branch main has no history in common with what was saved")]
    Unrelated,
    /// A part of the history was never fetched.
    #[error("the repository is shallow, and what was saved lies outside of it")]
    Shallow,
}

impl Repository {
    /// Looks for something that must not be run over.
    pub fn check(&self) -> Result<()> {
        self.own.check()?;
        let unfinished = match self.git.state() {
            RepositoryState::Clean => None,
            RepositoryState::Merge => Some("merge"),
            RepositoryState::Revert | RepositoryState::RevertSequence => Some("revert"),
            RepositoryState::CherryPick | RepositoryState::CherryPickSequence => {
                Some("cherry-pick")
            }
            RepositoryState::Bisect => Some("bisect"),
            RepositoryState::Rebase
            | RepositoryState::RebaseInteractive
            | RepositoryState::RebaseMerge => Some("rebase"),
            RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => Some("am"),
        };
        if let Some(what) = unfinished {
            return Err(Obstacle::Unfinished(what).into());
        }
        let head = self.git.find_reference("HEAD")?;
        match head.symbolic_target_bytes() {
            Some(branch) if branch == BRANCH.as_bytes() => {}
            Some(branch) => {
                let branch = String::from_utf8_lossy(branch).into_owned();
                let short = branch.strip_prefix("refs/heads/").unwrap_or(&branch).to_owned();
                return Err(Obstacle::OtherBranch(shown(&short)).into());
            }
            None => return Err(Obstacle::Detached.into()),
        }
        let config = self.git.config()?.snapshot()?;
        let changes_lines = config.get_string("core.autocrlf").is_ok_and(|value| {
            value.eq_ignore_ascii_case("input")
                || git2::Config::parse_bool(value.as_str()).unwrap_or(false)
        });
        if changes_lines {
            return Err(Obstacle::LineEndings.into());
        }
        // A stash that does not apply cleanly leaves no other trace.
        if Index::open(&self.git.path().join(INDEX))?.has_conflicts() {
            return Err(Obstacle::Unmerged.into());
        }
        self.check_attributes()
    }

    fn check_attributes(&self) -> Result<()> {
        let workdir = self.git.workdir().map(|root| root.join(".gitattributes"));
        let info = self.git.commondir().join("info/attributes");
        for path in workdir.into_iter().chain([info]) {
            let Ok(file) = fs::File::open(&path) else { continue };
            let mut text = Vec::new();
            if file.take(ATTRIBUTES).read_to_end(&mut text).is_err() {
                continue;
            }
            let text = String::from_utf8_lossy(&text);
            let words = text.lines().filter(|line| !line.trim_start().starts_with('#'));
            let mut words = words.flat_map(str::split_whitespace);
            if let Some(filter) = words.find(|word| word.starts_with("filter=")) {
                return Err(Obstacle::Filter(shown(filter)).into());
            }
        }
        Ok(())
    }

    /// Whether a part of the history was never fetched.
    pub fn is_shallow(&self) -> bool {
        self.git.is_shallow()
    }
}
