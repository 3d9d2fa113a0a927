//! What is known of repositories that another service keeps: accounts, repositories, tokens.
//!
//! Every row is a note of something that is elsewhere; whoever acts on one is prepared for it to be
//! otherwise there.

use async_trait::async_trait;
use progy_api::git::GitAccess;
use progy_core::{CourseId, Timestamp};

use crate::ports::Result;
use crate::ports::database::UserId;

/// A person's account at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAccount {
    /// Whose.
    pub user: UserId,
    /// The service, and where it is.
    pub host: String,
    /// What the service calls it; never changes there.
    pub remote_id: i64,
    /// Its name, which may.
    pub login: String,
}

/// A person's repository of a course at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRepo {
    /// Whose.
    pub user: UserId,
    /// Of which course.
    pub course: CourseId,
    /// The service, and where it is.
    pub host: String,
    /// What the service calls it; never changes there.
    pub remote_id: i64,
    /// Whose it is there.
    pub owner: String,
    /// Its name there.
    pub name: String,
    /// When a device wanted it last.
    pub asked_at: Timestamp,
}

/// A token that a service made for us.
#[derive(Clone, PartialEq, Eq)]
pub struct HostToken {
    /// Its name there, which no other has.
    pub name: String,
    /// The service, and where it is.
    pub host: String,
    /// For whom.
    pub user: UserId,
    /// The account there that it belongs to.
    pub login: String,
    /// For which course.
    pub course: CourseId,
    /// For what.
    pub access: GitAccess,
    /// The token, sealed; absent while it is being made.
    pub secret: Option<Vec<u8>>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it is to be deleted there.
    pub ends_at: Timestamp,
}

impl std::fmt::Debug for HostToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostToken").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Keeps those notes.
#[async_trait]
pub trait HostRecords: Send + Sync {
    /// A person's account.
    async fn host_account(&self, host: &str, user: &UserId) -> Result<Option<HostAccount>>;

    /// Notes an account, in place of what was noted before.
    async fn put_host_account(&self, account: &HostAccount) -> Result<()>;

    /// Up to `limit` accounts of a service by their persons' ids, after `after`.
    async fn host_accounts(
        &self,
        host: &str,
        after: &UserId,
        limit: u32,
    ) -> Result<Vec<HostAccount>>;

    /// A person's repository of a course.
    async fn host_repo(
        &self,
        host: &str,
        user: &UserId,
        course: &CourseId,
    ) -> Result<Option<HostRepo>>;

    /// Notes a repository, in place of what was noted before.
    async fn put_host_repo(&self, repo: &HostRepo) -> Result<()>;

    /// Forgets a repository.
    async fn forget_host_repo(&self, host: &str, user: &UserId, course: &CourseId) -> Result<()>;

    /// Those who have the repository that the service calls `remote_id`.
    async fn host_repos_called(&self, host: &str, remote_id: i64) -> Result<Vec<HostRepo>>;

    /// Up to `limit` repositories of a service that a device wanted at `since` or later, by person
    /// and course, after `after`.
    async fn host_repos(
        &self,
        host: &str,
        since: Timestamp,
        after: Option<(UserId, CourseId)>,
        limit: u32,
    ) -> Result<Vec<HostRepo>>;

    /// Notes a token before it is made; its secret is not written.
    async fn begin_host_token(&self, token: &HostToken) -> Result<()>;

    /// Notes the secret of a token that was begun. False if the token is not noted any more. Fails
    /// as [`Sealing`](super::Sealing) says if it is sealed under a retired key.
    async fn finish_host_token(&self, name: &str, secret: &[u8]) -> Result<bool>;

    /// The newest token with a secret that was made at `since` or later.
    async fn host_token(
        &self,
        host: &str,
        user: &UserId,
        course: &CourseId,
        access: GitAccess,
        since: Timestamp,
    ) -> Result<Option<HostToken>>;

    /// Whether a token of this name is noted.
    async fn knows_host_token(&self, name: &str) -> Result<bool>;

    /// Up to `limit` tokens of a service that have ended by `now`, oldest first.
    async fn ended_host_tokens(
        &self,
        host: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<HostToken>>;

    /// Forgets a token.
    async fn forget_host_token(&self, name: &str) -> Result<()>;

    /// The tokens for a repository are given out no more, and end now.
    async fn end_host_tokens(
        &self,
        host: &str,
        user: &UserId,
        course: &CourseId,
        now: Timestamp,
    ) -> Result<()>;
}
