//! A token of GitHub's that is good for something, for those who talk to GitHub for a learner.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use progy_api::account::User;
use progy_core::Timestamp;

use super::super::Services;
use super::super::keys::open;
use super::GitHubAccess;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{Link, Replacing};
use crate::ports::github::{AppKind, GitHubError, Scopes};
use crate::ports::{Accounts, Clock};
use crate::secret::Secret;
use crate::vault::{TokenKind, VaultError};
use crate::{Result, ServiceError};

/// A token that would end sooner than this, in milliseconds, is refreshed first: long enough for a
/// push that begins now.
const SOON: i64 = 5 * 60 * 1_000;
/// How long one caller may take to get new tokens, in milliseconds; longer than a request to GitHub.
const REFRESH: i64 = 30 * 1_000;
/// How often something that others changed meanwhile is looked at again.
const TRIES: usize = 4;

/// A token, checked a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubToken {
    /// The token.
    pub secret: Secret,
    /// The learner's login name at GitHub.
    pub login: String,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenTrouble {
    /// This server has no GitHub.
    #[error("this server is not set up for GitHub; ask who runs it")]
    NotConfigured,
    /// The learner has not linked GitHub.
    #[error("GitHub is not linked; link it on the account page")]
    NotLinked,
    /// The learner has revoked the token at GitHub, or it has ended for good.
    #[error("GitHub does not accept the token any more; link GitHub again on the account page")]
    Revoked,
    /// The learner did not allow enough.
    #[error("GitHub was not allowed enough ({0} is missing); link it again and allow that")]
    MissingScopes(Scopes),
    /// GitHub had too many requests.
    #[error("GitHub is busy; try again in {} seconds", .0.as_secs())]
    RateLimited(Duration),
    /// GitHub cannot be reached, or does not answer as GitHub.
    #[error("GitHub cannot be reached; try again later")]
    Unreachable,
    /// Another server is just getting a new token.
    #[error("a new token is on its way; try again in a moment")]
    Busy,
    /// It is not GitHub's fault.
    #[error(transparent)]
    Failed(#[from] ServiceError),
}

impl From<GitHubError> for TokenTrouble {
    fn from(error: GitHubError) -> Self {
        match error {
            GitHubError::Unauthorized => Self::Revoked,
            GitHubError::RateLimited(pause) => Self::RateLimited(pause),
            error => {
                tracing::warn!(%error, "GitHub gives no answer about a token");
                Self::Unreachable
            }
        }
    }
}

/// Where learners' tokens of GitHub are.
#[derive(Clone)]
pub struct GitHubTokens {
    access: Arc<GitHubAccess>,
    accounts: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
}

impl Services {
    /// Learners' tokens, if this server has GitHub.
    pub fn github_tokens(&self) -> Option<GitHubTokens> {
        let access = self.github.clone()?;
        let (accounts, clock) = (self.accounts.clone(), self.clock.clone());
        Some(GitHubTokens { access, accounts, clock })
    }

    /// See [`GitHubTokens::token`].
    pub async fn github_token(
        &self,
        user: &User,
        needed: &Scopes,
    ) -> Result<GitHubToken, TokenTrouble> {
        let tokens = self.github_tokens().ok_or(TokenTrouble::NotConfigured)?;
        tokens.token(&UserId(user.id.clone()), needed).await
    }
}

impl GitHubTokens {
    /// A token of the learner's with which GitHub allows what `needed` names, as it was when GitHub
    /// was asked a moment ago. Refreshes a GitHub App's if it is about to end.
    pub async fn token(&self, user: &UserId, needed: &Scopes) -> Result<GitHubToken, TokenTrouble> {
        let access = self.access.as_ref();
        let mut link = self.github_link(user).await?;
        if ends_soon(&link, self.clock.now()) {
            link = self.refreshed(access, link).await?;
        }
        let mut token = access_token(access, &link)?;
        let profile = match access.github.profile(&token).await {
            Err(GitHubError::Unauthorized) if link.refresh_token.is_some() => {
                link = self.refreshed(access, link).await?;
                token = access_token(access, &link)?;
                access.github.profile(&token).await
            }
            answer => answer,
        };
        let profile = match profile {
            Err(GitHubError::Unauthorized) => {
                self.erase(&link).await?;
                return Err(TokenTrouble::Revoked);
            }
            answer => answer?,
        };
        if access.github.kind() == AppKind::OAuth {
            let kept = || Scopes::parse(link.scope.as_deref().unwrap_or_default());
            let missing = profile.scopes.unwrap_or_else(kept).missing(needed);
            if !missing.is_empty() {
                return Err(TokenTrouble::MissingScopes(missing));
            }
        }
        let expires_at = link.access_token_expires_at;
        Ok(GitHubToken { secret: token, login: profile.login, expires_at })
    }

    async fn github_link(&self, user: &UserId) -> Result<Link, TokenTrouble> {
        let links = self.accounts.links_of(user).await.map_err(ServiceError::from)?;
        let link = links.into_iter().find(|link| link.provider == Link::GITHUB);
        link.ok_or(TokenTrouble::NotLinked)
    }

    /// The link with new tokens, whoever gets them.
    ///
    /// A refresh token is good once, and using it ends the access token that came with it. So one
    /// caller of all servers may use it: of this process by a lock, of others by a lease in the
    /// database. A server that dies between GitHub's answer and our commit loses the tokens; then
    /// the learner has to link again.
    async fn refreshed(&self, access: &GitHubAccess, seen: Link) -> Result<Link, TokenTrouble> {
        let _lock = access.refreshing(&seen.id).await;
        let mut link = self.same_link(&seen).await?;
        for _ in 0..TRIES {
            if link.access_token != seen.access_token && !ends_soon(&link, self.clock.now()) {
                return Ok(link);
            }
            let Some(used) = refresh_token(access, &link)? else {
                self.erase(&link).await?;
                return Err(TokenTrouble::Revoked);
            };
            let now = self.clock.now();
            let until = Timestamp(now.0.saturating_add(REFRESH));
            let begun = self.accounts.begin_refresh(&link, now, until).await;
            if begun.map_err(ServiceError::from)? {
                return self.refresh(access, link, &used).await;
            }
            let again = self.same_link(&seen).await?;
            if again == link {
                return Err(TokenTrouble::Busy);
            }
            link = again;
        }
        Err(TokenTrouble::Busy)
    }

    /// Gets new tokens with the refresh token `used` of `link`, by the right of a lease.
    async fn refresh(
        &self,
        access: &GitHubAccess,
        mut link: Link,
        used: &Secret,
    ) -> Result<Link, TokenTrouble> {
        let grant = match access.github.refresh(used).await {
            Ok(grant) => grant,
            Err(error) => {
                self.accounts.end_refresh(&link).await.map_err(ServiceError::from)?;
                if matches!(&error, GitHubError::Refused { code, .. } if code == "bad_refresh_token")
                {
                    self.erase(&link).await?;
                    return Err(TokenTrouble::Revoked);
                }
                return Err(error.into());
            }
        };
        for _ in 0..TRIES {
            let write = || {
                async {
                    let renewed = access.granted(&link, &grant, self.clock.now())?;
                    let written = self.accounts.replace_tokens(&link, &renewed, Replacing::Renewed);
                    Ok(written.await?.then_some(renewed))
                }
                .boxed()
            };
            if let Some(renewed) = access.writing(write).await? {
                return Ok(renewed);
            }
            // Encrypted anew meanwhile, by a rotation; or linked again, and then those tokens are
            // as good.
            link = self.same_link(&link).await?;
            if refresh_token(access, &link)?.as_ref() != Some(used) {
                return Ok(link);
            }
        }
        Err(TokenTrouble::Busy)
    }

    /// The link as it is now, if it is still there.
    async fn same_link(&self, link: &Link) -> Result<Link, TokenTrouble> {
        let now = self.github_link(&link.user).await?;
        if now.id == link.id { Ok(now) } else { Err(TokenTrouble::NotLinked) }
    }

    /// Forgets tokens that are of no use, if they are still those of `link`. The link stays: the
    /// person can still sign in with it.
    async fn erase(&self, link: &Link) -> Result<()> {
        let without = Link {
            access_token: None,
            refresh_token: None,
            access_token_expires_at: None,
            refresh_token_expires_at: None,
            scope: None,
            updated_at: self.clock.now(),
            ..link.clone()
        };
        self.accounts.replace_tokens(link, &without, Replacing::Renewed).await?;
        Ok(())
    }
}

fn ends_soon(link: &Link, now: Timestamp) -> bool {
    link.access_token_expires_at.is_some_and(|at| at.0 <= now.0.saturating_add(SOON))
}

fn access_token(access: &GitHubAccess, link: &Link) -> Result<Secret, TokenTrouble> {
    let token =
        readable(open(&access.vault, link, TokenKind::Access, link.access_token.as_deref()))?;
    token.ok_or(TokenTrouble::Revoked)
}

fn refresh_token(access: &GitHubAccess, link: &Link) -> Result<Option<Secret>, TokenTrouble> {
    readable(open(&access.vault, link, TokenKind::Refresh, link.refresh_token.as_deref()))
}

/// What cannot be decrypted is lost: the learner has to link again, and the log says why.
fn readable(
    opened: std::result::Result<Option<Secret>, VaultError>,
) -> Result<Option<Secret>, TokenTrouble> {
    match opened {
        Err(error @ (VaultError::UnknownKey(_) | VaultError::Damaged)) => {
            tracing::error!(%error, "a token of GitHub is lost");
            Err(TokenTrouble::Revoked)
        }
        opened => Ok(opened.map_err(ServiceError::from)?),
    }
}

#[cfg(test)]
mod tests;
