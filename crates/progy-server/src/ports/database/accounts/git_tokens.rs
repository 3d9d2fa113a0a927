//! What opens one Git repository for a while.

use async_trait::async_trait;
use progy_api::account::User;
use progy_api::git::GitAccess;
use progy_core::{CourseId, Timestamp};

use crate::ports::Result;
use crate::ports::database::{Digest, UserId};

/// A token for one repository of the embedded host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitToken {
    /// The hash of the token; the token itself is never kept.
    pub hash: Digest,
    /// Whose repository.
    pub user: UserId,
    /// Of which course.
    pub course: CourseId,
    /// For what.
    pub access: GitAccess,
    /// From then on it counts no more.
    pub expires_at: Timestamp,
}

/// Keeps tokens for repositories.
#[async_trait]
pub trait GitTokens: Send + Sync {
    /// Keeps a token.
    async fn create_git_token(&self, token: &GitToken) -> Result<()>;

    /// The token of a hash with its person, if it has not expired.
    async fn git_token(&self, hash: &Digest, now: Timestamp) -> Result<Option<(GitToken, User)>>;
}
