//! Forgejo tells of pushes.

use reqwest::Url;
use ring::hmac;
use serde::Deserialize;

use super::answer::ApiError;
use super::decide::about_hooks;
use super::{Forgejo, names};
use crate::ports::git_host::{Heard, RepoName, Result};
use crate::secret::Secret;

/// What the secret of webhooks is derived for, from the administrator's token: so every server that
/// knows the one knows the other.
const PURPOSE: &str = "progy 2026 the secret of webhooks at forgejo";
/// The route that is told.
const ROUTE: &str = "/api/git/hooks/";

#[derive(Deserialize)]
struct Push {
    repository: Pushed,
}

#[derive(Deserialize)]
struct Pushed {
    id: i64,
}

/// What a webhook tells.
pub(super) enum Told {
    /// The repository of this id was pushed to.
    PushTo(i64),
    /// Something else.
    Other,
}

impl Forgejo {
    fn hook_secret(&self) -> Secret {
        let key = blake3::derive_key(PURPOSE, self.settings.token.expose().as_bytes());
        Secret::new(blake3::Hash::from_bytes(key).to_hex().as_str())
    }

    /// Has Forgejo tell us of pushes, if it can reach us. Without, it is asked.
    pub(super) async fn settle_hook(&self, owner: &str, repo: &RepoName) -> Result<()> {
        let Some(site) = &self.settings.told_at else { return Ok(()) };
        let Ok(mut url) = Url::parse(&format!("{site}{ROUTE}forgejo")) else { return Ok(()) };
        let secret = self.hook_secret();
        // Secrets cannot be read back: a mark of it tells whether it is still the one.
        let mark = blake3::hash(secret.expose().as_bytes()).to_hex();
        url.query_pairs_mut().append_pair("key", &mark[..8]);
        let name = names::repository(&repo.course);
        let settle = async || -> Result<(), ApiError> {
            let hooks = self.api.hooks(owner, &name).await?;
            let (there, stale) = about_hooks(&hooks, url.as_str(), &format!("{site}{ROUTE}"));
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

    /// What Forgejo tells; `None` if it is not Forgejo who says so.
    pub(super) fn told(&self, heard: &Heard<'_>) -> Option<Told> {
        let signature = heard.signature.strip_prefix("sha256=").unwrap_or(heard.signature);
        let signature = unhex(signature)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.hook_secret().expose().as_bytes());
        hmac::verify(&key, heard.body, &signature).ok()?;
        let push = serde_json::from_slice::<Push>(heard.body).ok();
        Some(push.map_or(Told::Other, |push| Told::PushTo(push.repository.id)))
    }
}

/// What hexadecimal digits stand for.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks(2).map(|pair| Some(pair.first()? * 16 + pair.get(1)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::unhex;

    #[test]
    fn digits_in_pairs_are_bytes() {
        assert_eq!(unhex("00fFa1"), Some(vec![0, 255, 161]));
        assert_eq!(unhex(""), Some(vec![]));
        for odd in ["0", "0g", "é0"] {
            assert_eq!(unhex(odd), None, "{odd}");
        }
    }
}
