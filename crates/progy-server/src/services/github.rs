//! Signing in with GitHub, and the tokens that come of it.
//!
//! - [`start`]: a browser is sent there; [`state`]: what is remembered meanwhile;
//! - [`finish`]: it comes back; [`decide`]: who that is here, without I/O;
//! - [`links`]: which accounts are linked, and unlinking;
//! - [`token`]: a token that is good for something, for those who talk to GitHub.

pub mod decide;
pub mod finish;
pub mod links;
pub mod start;
pub mod state;
pub mod token;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use progy_core::Timestamp;
use tokio::sync::{Mutex, MutexGuard};

use super::Services;
use super::accounts::Refusal;
use super::keys::seal;
use crate::ports::PortError;
use crate::ports::database::accounts::{Link, LinkId};
use crate::ports::github::{GitHub, Grant, Scopes};
use crate::vault::{TokenKind, Vault, VaultError};
use crate::{Result, ServiceError};

/// How many links can get new tokens at once in this process.
const LOCKS: usize = 64;

/// GitHub, and what is needed to use it.
pub struct GitHubAccess {
    github: Arc<dyn GitHub>,
    vault: Arc<Vault>,
    scopes: Scopes,
    redirect_uri: String,
    /// One of them is held while a link's tokens are refreshed, so that others of this process wait.
    refreshing: [Mutex<()>; LOCKS],
}

impl GitHubAccess {
    /// Access by `github`, which is asked for `scopes` and comes back to `redirect_uri`; tokens are
    /// kept in `vault`.
    pub fn new(
        github: Arc<dyn GitHub>,
        vault: Arc<Vault>,
        scopes: Scopes,
        redirect_uri: String,
    ) -> Self {
        let refreshing = std::array::from_fn(|_| Mutex::new(()));
        Self { github, vault, scopes, redirect_uri, refreshing }
    }

    /// `link` with what GitHub granted, sealed.
    fn granted(&self, link: &Link, grant: &Grant, now: Timestamp) -> Result<Link, VaultError> {
        let after = |span: Option<std::time::Duration>| {
            let millis = span.map(|span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
            millis.map(|millis| Timestamp(now.0.saturating_add(millis)))
        };
        let refresh = grant.refresh.as_ref();
        let refresh = refresh.map(|token| seal(&self.vault, link, TokenKind::Refresh, token));
        Ok(Link {
            access_token: Some(seal(&self.vault, link, TokenKind::Access, &grant.access)?),
            refresh_token: refresh.transpose()?,
            access_token_expires_at: after(grant.expires_in),
            refresh_token_expires_at: after(grant.refresh_expires_in),
            scope: Some(grant.scopes.to_column()).filter(|scope| !scope.is_empty()),
            updated_at: now,
            ..link.clone()
        })
    }

    async fn refreshing(&self, link: &LinkId) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(link);
        let [first, ..] = &self.refreshing;
        let at = usize::try_from(hash % LOCKS as u64).unwrap_or(0);
        self.refreshing.get(at).unwrap_or(first).lock().await
    }

    /// Runs a write of sealed tokens; once more if the key that it used was retired meanwhile.
    async fn writing<'a, T>(
        &self,
        write: impl Fn() -> BoxFuture<'a, Result<T>> + Send,
    ) -> Result<T> {
        match write().await {
            Err(ServiceError::Unavailable(Some(PortError::KeyRetired))) => {
                self.vault.replace_retired_key()?;
                write().await
            }
            done => done,
        }
    }
}

impl Services {
    /// These services, with GitHub.
    #[must_use]
    pub fn with_github(self, access: GitHubAccess) -> Self {
        Self { github: Some(Arc::new(access)), ..self }
    }

    fn github(&self) -> Result<&GitHubAccess> {
        self.github.as_deref().ok_or_else(|| Refusal::ProviderNotFound.into())
    }
}
