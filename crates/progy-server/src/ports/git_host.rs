//! Who keeps the learners' Git repositories: [`GitHost`].
//!
//! - [`embedded`]: bare repositories in the data folder, served over HTTP by the server itself;
//! - [`forgejo`]: a Forgejo or Gitea beside the server;
//! - [`github`]: GitHub, in learners' own accounts;
//! - `told`: what hosts tell by themselves;
//! - `smart`, [`mirror`]: how the server reads what another host keeps; [`names`]: what it is called
//!   there;
//! - [`objects`], [`difference`]: what the server reads of a repository, whoever keeps it;
//! - [`naming`]: a template in Git's own terms.

pub mod difference;
pub mod embedded;
pub mod forgejo;
pub mod github;
pub mod mirror;
pub mod names;
pub mod naming;
pub mod objects;
mod smart;
mod told;

#[cfg(test)]
mod contract;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use progy_api::git::{GitAccess, GitHostKind};
use progy_core::git::ObjectId;
use progy_core::{ContentHash, CourseId, Timestamp, Tree};
use semver::Version;

use super::PortError;
use super::database::{Accounts, UserId};
use crate::secret::Secret;
pub use objects::Objects;

/// What a host answers.
pub type Result<T, E = GitHostError> = std::result::Result<T, E>;

/// Why a host did not do what was asked. The texts go to the learner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHostError {
    /// It does not answer, or the server's machine lacks what it needs.
    #[error("{0}")]
    Unavailable(String),
    /// The learner has to do something first, which the text says.
    #[error("{0}")]
    Refused(String),
    /// The learner has to sign in at the host, or to allow more there, which the text says.
    #[error("{0}")]
    LinkNeeded(String),
    /// It had too many requests.
    #[error("the host of the repositories is busy; try again in {} seconds", .0.as_secs())]
    RateLimited(Duration),
    /// Anything else.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Names a repository: one learner's, of one course.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepoName {
    /// The learner; never changes.
    pub user: UserId,
    /// The learner's name in addresses; never changes either.
    pub username: String,
    /// The course.
    pub course: CourseId,
}

/// A repository that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ensured {
    /// Where to clone from and push to, without a secret.
    pub repo_url: String,
    /// A page for people.
    pub html_url: String,
    /// Whether it was not there before.
    pub created: bool,
}

/// What opens a repository, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The user name of Basic authentication.
    pub user: String,
    /// The password.
    pub token: Secret,
    /// What it opens.
    pub repo_url: String,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

/// What a host says by itself: a webhook's request.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// What proves who says it, as the header has it.
    pub signature: &'a str,
    /// What was said.
    pub body: &'a [u8],
}

/// The files of a course version, which the repositories of its learners may share.
#[async_trait]
pub trait Template: Send + Sync {
    /// The course.
    fn course(&self) -> &CourseId;

    /// The version.
    fn version(&self) -> &Version;

    /// Names the package: two templates with the same are the same.
    fn package(&self) -> &ContentHash;

    /// The files; their contents are named as Progy names them.
    fn tree(&self) -> &Tree;

    /// The `part`th piece of a file's bytes, counted from 0; `None` after the last one.
    async fn part(&self, content: &ContentHash, part: usize) -> Result<Option<Vec<u8>>, PortError>;
}

/// Keeps private repositories whose one branch that counts is `main`.
///
/// Every method may be called again after a crash, and by several servers at once.
#[async_trait]
pub trait GitHost: Send + Sync {
    /// Which host it is.
    fn kind(&self) -> GitHostKind;

    /// Whether it can work.
    async fn ping(&self) -> Result<()>;

    /// Sees to it that the repository is there, private, with `HEAD` on `main`. If it is, nothing
    /// changes. `site` is this server's address as who asks sees it, without a slash at its end.
    async fn ensure(&self, repo: &RepoName, site: &str) -> Result<Ensured>;

    /// Lets a repository that is there use the objects of a template, and says so to who pushes, if
    /// the host can do that.
    async fn share(&self, repo: &RepoName, template: Arc<dyn Template>) -> Result<()> {
        let _ = (repo, template);
        Ok(())
    }

    /// What opens this repository, and no other if the host can limit it, for at most an hour if the
    /// host can limit that.
    async fn pass(&self, repo: &RepoName, access: GitAccess, site: &str) -> Result<Pass>;

    /// The commit that `main` names; `None` without one, and without the repository.
    async fn head(&self, repo: &RepoName) -> Result<Option<ObjectId>>;

    /// Opens the repository for reading; `None` if there is none.
    async fn open(&self, repo: &RepoName) -> Result<Option<Box<dyn Objects>>>;

    /// What the repository takes on the host's disk without what it shares, in bytes; 0 if that is
    /// not this server's.
    async fn stored(&self, repo: &RepoName) -> Result<u64>;

    /// Does what has to be done from time to time, if there is something; tells whether the
    /// repository may take less room now. Nothing that a push under way counts on is lost.
    async fn keep_up(&self, repo: &RepoName) -> Result<bool> {
        let _ = repo;
        Ok(false)
    }

    /// Does what has to be done from time to time for all repositories together.
    async fn tidy(&self) -> Result<()> {
        Ok(())
    }

    /// Whose repositories were pushed to, as the host says; `None` if it is not the host who says so.
    async fn hear(&self, heard: &Heard<'_>) -> Result<Option<Vec<(UserId, CourseId)>>> {
        let _ = heard;
        Ok(None)
    }

    /// The repositories that a device wanted at `since` or later, if the host has to be asked whether
    /// somebody pushed to them.
    async fn wanted_since(&self, since: Timestamp) -> Result<Vec<(UserId, CourseId)>> {
        let _ = since;
        Ok(Vec::new())
    }

    /// Deletes the repository; no error if there is none.
    async fn delete(&self, repo: &RepoName) -> Result<()>;
}

/// All repositories of a host that a device wanted at `since` or later.
async fn wanted_since(
    records: &dyn Accounts,
    host: &str,
    since: Timestamp,
    at_once: u32,
) -> Result<Vec<(UserId, CourseId)>> {
    let mut all = Vec::new();
    loop {
        let some = records.host_repos(host, since, all.last().cloned(), at_once).await?;
        if some.is_empty() {
            return Ok(all);
        }
        all.extend(some.into_iter().map(|repo| (repo.user, repo.course)));
    }
}
