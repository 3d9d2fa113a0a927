//! Forgejo tells of pushes.

use progy_api::git::GitHostKind;

use super::answer::ApiError;
use super::decide::about_hooks;
use super::{Forgejo, names};
use crate::ports::git_host::{RepoName, Result, told};
use crate::secret::Secret;

/// What the secret of webhooks is derived for, from the administrator's token: so every server that
/// knows the one knows the other.
const PURPOSE: &str = "progy 2026 the secret of webhooks at forgejo";

impl Forgejo {
    pub(super) fn hook_secret(&self) -> Secret {
        told::secret(PURPOSE, &self.settings.token)
    }

    /// Has Forgejo tell us of pushes, if it can reach us. Without, it is asked.
    pub(super) async fn settle_hook(&self, owner: &str, repo: &RepoName) -> Result<()> {
        let Some(site) = &self.settings.told_at else { return Ok(()) };
        let secret = self.hook_secret();
        let address = told::address(site, GitHostKind::Forgejo, &secret);
        let Some(told::Address { url, below }) = address else { return Ok(()) };
        let name = names::repository(&repo.course);
        let settle = async || -> Result<(), ApiError> {
            let hooks = self.api.hooks(owner, &name).await?;
            let (there, stale) = about_hooks(&hooks, url.as_str(), &below);
            if !there {
                self.api.create_hook(owner, &name, url.as_str(), &secret).await?;
            }
            for id in stale {
                self.api.delete_hook(owner, &name, id).await?;
            }
            Ok(())
        };
        match settle().await {
            Err(error @ (ApiError::NotFound | ApiError::Refused(_) | ApiError::Forbidden(_))) => {
                tracing::warn!(%error, owner, name, "pushes are asked for, not told");
                Ok(())
            }
            done => Ok(done?),
        }
    }
}
