//! Tokens that open a repository.
//!
//! A token has no end of its own. It is given out for half an hour after it was made and is deleted
//! half an hour later, so that who got it last has time for a push; from then on there is a new one.
//! The note of a token is written before it is made: whatever happens then, it is deleted at its end.

use progy_api::git::GitAccess;
use progy_core::Timestamp;

use super::answer::{ApiError, Result};
use super::api::Wish;
use super::{Forgejo, decide, names};
use crate::ports::PortError;
use crate::ports::database::accounts::{HostRepo, HostToken};
use crate::ports::git_host::RepoName;
use crate::secret::Secret;
use crate::vault::{Binding, Sealed, TokenKind, VaultError};

/// How long a token is given out, in milliseconds.
const GIVEN_OUT: i64 = 30 * 60 * 1_000;
/// How long it lives: less than an hour, by what other clocks may differ.
const LIFE: i64 = 59 * 60 * 1_000;
/// How old a token is that has our kind of name and is not on record before it is taken for one that
/// nobody needs: longer than one of another server's may take to be noted.
const STRAY: i64 = 2 * 60 * 60 * 1_000;
/// Tokens that are deleted in one go.
const AT_ONCE: u32 = 20;
/// How often a new one is made in place of one that the other side does not know.
const TRIES: u32 = 2;

/// A token that opens a repository.
pub(super) struct Opened {
    /// The token.
    pub(super) secret: Secret,
    /// When it ends.
    pub(super) ends_at: Timestamp,
}

/// What keeps a token from being kept or read.
enum Trouble {
    Vault(VaultError),
    Port(PortError),
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl From<PortError> for Trouble {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl From<Trouble> for ApiError {
    fn from(trouble: Trouble) -> Self {
        let why = match trouble {
            Trouble::Vault(error) => error.to_string(),
            Trouble::Port(error) => error.to_string(),
        };
        Self::Unreachable(format!("it is our own fault: {why}"))
    }
}

fn binding(token: &HostToken) -> Binding<'_> {
    let HostToken { user, name, .. } = token;
    Binding { user: &user.0, provider: "forgejo", account: name, kind: TokenKind::Access }
}

impl Forgejo {
    /// A token for a repository: the one that is given out at this time, or a new one.
    pub(super) async fn token(&self, repo: &HostRepo, access: GitAccess) -> Result<Opened> {
        let since = Timestamp(self.now().0.saturating_sub(GIVEN_OUT));
        let HostRepo { user, course, .. } = repo;
        let records = &self.means.records;
        let found = records.host_token(&self.host, user, course, access, since).await;
        match found.map_err(Trouble::from)?.as_ref().map(|token| (token, self.unsealed(token))) {
            Some((token, Ok(secret))) => Ok(Opened { secret, ends_at: token.ends_at }),
            Some((token, Err(error))) => {
                tracing::error!(name = token.name, %error, "a token cannot be read; a new one is made");
                self.make_token(repo, access).await
            }
            None => self.make_token(repo, access).await,
        }
    }

    /// The same, which Forgejo took for one that opens the repository a moment ago.
    pub(super) async fn checked_token(&self, repo: &HostRepo, access: GitAccess) -> Result<Opened> {
        for _ in 0..TRIES {
            let token = self.token(repo, access).await?;
            match self.api.repository_by(&token.secret, &repo.owner, &repo.name).await {
                Ok(_) => return Ok(token),
                // Somebody deleted it there, or the repository that it was limited to.
                Err(ApiError::Unauthorized | ApiError::Forbidden(_)) => {}
                Err(ApiError::NotFound | ApiError::Moved) => {
                    self.api
                        .repository(&repo.owner, &repo.name)
                        .await?
                        .ok_or(ApiError::NotFound)?;
                }
                Err(error) => return Err(error),
            }
            let now = self.now();
            let ended = &self.means.records;
            ended
                .end_host_tokens(&self.host, &repo.user, &repo.course, now)
                .await
                .map_err(Trouble::from)?;
        }
        Err(ApiError::Unauthorized)
    }

    async fn make_token(&self, repo: &HostRepo, access: GitAccess) -> Result<Opened> {
        let mut chance = [0; 8];
        self.means.entropy.fill(&mut chance).map_err(Trouble::from)?;
        let made_at = self.now();
        let token = HostToken {
            name: decide::token_name(made_at.0.div_euclid(1_000), u64::from_le_bytes(chance)),
            host: self.host.clone(),
            user: repo.user.clone(),
            login: repo.owner.clone(),
            course: repo.course.clone(),
            access,
            secret: None,
            made_at,
            ends_at: Timestamp(made_at.0.saturating_add(LIFE)),
        };
        self.means.records.begin_host_token(&token).await.map_err(Trouble::from)?;
        let scope = match access {
            GitAccess::Read => "read:repository",
            GitAccess::Write => "write:repository",
        };
        let wish = Wish { name: &token.name, scope, repository: (&repo.owner, &repo.name) };
        let spare = self.password().map_err(Trouble::from)?;
        let secret = match self.api.create_token(&repo.owner, wish, &spare).await {
            // None can be limited to a repository that is not there.
            Err(ApiError::Refused(why)) => {
                let there = self.api.repository(&repo.owner, &repo.name).await?;
                return Err(there.map_or(ApiError::NotFound, |_| ApiError::Refused(why)));
            }
            made => made?,
        };
        self.keep(&token, &secret).await?;
        Ok(Opened { secret, ends_at: token.ends_at })
    }

    /// Notes a token's secret, sealed; under another key if the one for writing was retired meanwhile.
    async fn keep(&self, token: &HostToken, secret: &Secret) -> Result<(), Trouble> {
        let vault = &self.means.vault;
        let sealed = vault.seal(&binding(token), secret)?;
        let records = &self.means.records;
        let kept = records.finish_host_token(&token.name, sealed.as_str().as_bytes()).await;
        if let Err(PortError::KeyRetired) = kept {
            vault.replace_retired_key()?;
            let sealed = vault.seal(&binding(token), secret)?;
            records.finish_host_token(&token.name, sealed.as_str().as_bytes()).await?;
            return Ok(());
        }
        kept?;
        Ok(())
    }

    fn unsealed(&self, token: &HostToken) -> Result<Secret, VaultError> {
        let text = token.secret.as_deref().and_then(|secret| std::str::from_utf8(secret).ok());
        let sealed: Sealed = text.ok_or(VaultError::Damaged)?.parse()?;
        self.means.vault.open(&binding(token), &sealed)
    }

    /// No token that was given out for a repository is given out again.
    pub(super) async fn end_tokens(&self, repo: &RepoName) -> Result<(), PortError> {
        let now = self.now();
        self.means.records.end_host_tokens(&self.host, &repo.user, &repo.course, now).await
    }

    /// Deletes tokens at their end. What cannot be done is done another time.
    pub(super) async fn delete_ended(&self) {
        let ended = self.means.records.ended_host_tokens(&self.host, self.now(), AT_ONCE).await;
        let deleted = match ended {
            Ok(ended) => self.delete_all(&ended).await,
            Err(error) => Err(Trouble::from(error).into()),
        };
        if let Err(error) = deleted {
            tracing::warn!(%error, "tokens that have ended are not deleted yet");
        }
    }

    async fn delete_all(&self, ended: &[HostToken]) -> Result<()> {
        for token in ended {
            let spare = self.password().map_err(Trouble::from)?;
            self.api.delete_token(&token.login, &token.name, &spare).await?;
            self.means.records.forget_host_token(&token.name).await.map_err(Trouble::from)?;
        }
        Ok(())
    }

    /// Deletes tokens that look like ours and are not on record: the record is that of an older
    /// backup.
    pub(super) async fn delete_strays(&self, repo: &RepoName) -> Result<()> {
        let login = names::account(&repo.user);
        let spare = self.password().map_err(Trouble::from)?;
        for token in self.api.tokens(&login, &spare).await? {
            let Some(made_at) = decide::made_at(&token.name) else { continue };
            let age = self.now().0.saturating_sub(made_at.saturating_mul(1_000));
            let known = self.means.records.knows_host_token(&token.name).await;
            if age > STRAY && !known.map_err(Trouble::from)? {
                tracing::warn!(login, name = token.name, "a token that nobody knows is deleted");
                self.api.delete_token(&login, &token.name, &spare).await?;
            }
        }
        Ok(())
    }
}
