//! Who may do what with which repository of the embedded host.

use progy_api::account::{Scope, User};
use progy_api::git::GitAccess;
use progy_core::CourseId;

use super::repo_name;
use crate::ports::git_host::RepoName;
use crate::services::Services;
use crate::services::accounts::Peer;
use crate::{Result, ServiceError};

/// Somebody who speaks Git's protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitLogin {
    user: User,
    /// What a token for one repository opens; a login of the API opens all of its person's.
    only: Option<(CourseId, GitAccess)>,
}

/// What somebody showed.
#[derive(Debug, Clone, Copy)]
pub enum GitSecret<'a> {
    /// A token of [`Services::git_credentials`], as the password of Basic authentication.
    Password(&'a str),
    /// A token of the API.
    Bearer(&'a str),
}

impl Services {
    /// Who `secret` belongs to, or [`ServiceError::Unauthorized`].
    pub async fn git_login(&self, secret: GitSecret<'_>, peer: &Peer) -> Result<GitLogin> {
        match secret {
            GitSecret::Password(token) => {
                let opens = self.embedded_git()?.opens(token).await?;
                let (token, user) = opens.ok_or(ServiceError::Unauthorized)?;
                Ok(GitLogin { user, only: Some((token.course, token.access)) })
            }
            GitSecret::Bearer(token) => {
                let login = self.authenticate(token, peer).await?;
                if !login.scopes().allow(Scope::Sync) {
                    return Err(ServiceError::Forbidden(
                        "this needs a token with the scope sync".to_owned(),
                    ));
                }
                Ok(GitLogin { user: login.user, only: None })
            }
        }
    }
}

impl GitLogin {
    /// The person's name in addresses.
    pub fn username(&self) -> &str {
        &self.user.username
    }

    /// The repository `course` of the learner `username`, for `access`.
    ///
    /// What is another's, what is not there and what the token is not for are all
    /// [`ServiceError::NotFound`]. Only who may read it learns that they may not write.
    pub fn enter(&self, username: &str, course: &CourseId, access: GitAccess) -> Result<RepoName> {
        if self.user.username != username {
            return Err(ServiceError::NotFound);
        }
        match &self.only {
            Some((only, _)) if only != course => return Err(ServiceError::NotFound),
            Some((_, GitAccess::Read)) if access == GitAccess::Write => {
                return Err(ServiceError::Forbidden("this token is for reading only".to_owned()));
            }
            _ => {}
        }
        Ok(repo_name(&self.user, course))
    }
}
