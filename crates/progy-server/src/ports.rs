//! Where the server meets the outside: each port is a trait that states its laws, with adapters that
//! all pass the same contract suite.
//!
//! - [`database`]: people and their logins, courses, workspaces, revisions and the contents of small
//!   files;
//! - [`objects`]: course packages and other large immutable things;
//! - [`git_host`]: learners' Git repositories;
//! - [`github`]: GitHub, which learners log in with;
//! - [`rate_limits`]: how often something may be tried;
//! - `web`: how other services are asked;
//! - [`clock`], [`entropy`]: time and chance, which nothing else in the services may ask for.

pub mod clock;
pub mod database;
pub mod entropy;
pub mod git_host;
pub mod github;
pub mod objects;
pub mod rate_limits;
pub(crate) mod web;

pub use clock::{Clock, SystemClock};
pub use database::{Accounts, Database};
pub use entropy::{Entropy, SystemEntropy};
pub use git_host::GitHost;
pub use github::GitHub;
pub use objects::ObjectStore;
pub use rate_limits::RateLimits;

/// Why a port did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It does not answer, is busy, or is full: the same request may succeed later.
    #[error("not available: {0}")]
    Unavailable(String),
    /// What it holds cannot be read.
    #[error("damaged: {0}")]
    Damaged(String),
    /// What was to be written is sealed under a key that is retired: read the keys again, seal it
    /// under the one for writing, and try again.
    #[error("a token is sealed under a key that is retired")]
    KeyRetired,
    /// Anything else.
    #[error("failed: {0}")]
    Failed(String),
}

/// A port's result.
pub type Result<T, E = PortError> = std::result::Result<T, E>;
