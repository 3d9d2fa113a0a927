//! One Git repository on this machine, as Progy uses it.
//!
//! - [`repository`]: opening and making one;
//! - [`settings`]: its own configuration;
//! - [`references`]: the branch, and where the host has it;
//! - [`standing`]: what a learner may have done by hand that a save must not run over;
//! - [`objects`]: contents, folders and commits go in and come out, singly or as packs;
//! - [`sent`]: what a host lacks, as a pack;
//! - [`history`]: commits in their order;
//! - [`trees`]: the files of a commit;
//! - [`index`]: what stock Git takes for the files' last known state.
//!
//! Underneath is libgit2. It reads and writes the folder `.git` and never the files beside it:
//! those are the engine's. Every change here is complete or not there at all, so that a kill at any
//! moment leaves a repository that stock Git takes, and a lock that it leaves is known for ours and
//! taken away by whoever comes next (`own`).

pub mod history;
pub mod index;
pub mod objects;
pub mod references;
pub mod repository;
pub mod sent;
pub mod settings;
pub mod standing;
pub mod trees;

mod own;
mod pack;

pub use history::Line;
pub use index::Stat;
pub use repository::Repository;
pub use settings::Settings;
pub use standing::Obstacle;

use progy_core::git::{ObjectId, UnfitPath};

/// Names from a repository are shown up to this length, in characters.
const SHOWN: usize = 200;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the repository could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody is in the middle of something: nothing was changed.
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
    /// A commit holds what cannot be a file of a workspace.
    #[error("{0} cannot be kept in sync: {1}")]
    Unfit(String, &'static str),
    /// A path cannot be kept in Git.
    #[error(transparent)]
    UnfitPath(#[from] UnfitPath),
    /// An object is missing or damaged.
    #[error("the Git repository is damaged: object {0}: {1}")]
    Object(ObjectId, String),
    /// A reference is not where it was: somebody moved it meanwhile.
    #[error("the branch was moved by another program")]
    Moved,
    /// A pack that was fetched is damaged.
    #[error("the download was damaged: {0}")]
    Pack(String),
    /// Anything else.
    #[error("the Git repository cannot be used: {0}")]
    Other(String),
}

impl From<git2::Error> for Error {
    fn from(error: git2::Error) -> Self {
        match error.code() {
            git2::ErrorCode::Modified => Self::Moved,
            _ => Self::Other(error.message().to_owned()),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

fn oid(id: &ObjectId) -> Result<git2::Oid> {
    Ok(git2::Oid::from_bytes(id.as_bytes())?)
}

fn id(oid: git2::Oid) -> ObjectId {
    let mut raw = [0; 20];
    for (to, from) in raw.iter_mut().zip(oid.as_bytes()) {
        *to = *from;
    }
    ObjectId::from_bytes(raw)
}

/// A name from a repository, fit for a terminal: Git asks less of names than that.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}
