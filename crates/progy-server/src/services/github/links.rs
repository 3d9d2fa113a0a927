//! Which accounts are linked, and unlinking.

use progy_api::account::social::LinkedAccount;

use super::super::Services;
use super::super::accounts::audit::Note;
use super::super::accounts::{Login, Peer, Refusal};
use super::super::keys::open;
use crate::Result;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEvent, Link};
use crate::ports::github::Scopes;
use crate::vault::TokenKind;

/// As the routes show it: without any secret.
fn shown(link: Link) -> LinkedAccount {
    let scopes = Scopes::parse(link.scope.as_deref().unwrap_or_default());
    LinkedAccount {
        id: link.id.0,
        provider_id: link.provider,
        account_id: link.account,
        user_id: link.user.0,
        scopes: scopes.iter().map(str::to_owned).collect(),
        created_at: link.created_at,
        updated_at: link.updated_at,
    }
}

impl Services {
    /// The ways in that the person has, oldest first.
    pub async fn linked_accounts(&self, login: &Login) -> Result<Vec<LinkedAccount>> {
        let links = self.accounts.links_of(&UserId(login.user.id.clone())).await?;
        Ok(links.into_iter().map(shown).collect())
    }

    /// Removes one of the ways in, named by its id or by its provider, with its tokens; not the last
    /// one. GitHub is told that the token is of no use any more, if it can be reached.
    pub async fn unlink_account(
        &self,
        login: &Login,
        id: Option<&str>,
        provider: Option<&str>,
        peer: &Peer,
    ) -> Result<()> {
        let user = UserId(login.user.id.clone());
        let links = self.accounts.links_of(&user).await?;
        if links.len() < 2 {
            return Err(Refusal::LastAccount.into());
        }
        let named = |link: &&Link| match (id, provider) {
            (Some(id), _) => link.id.0 == id,
            (None, Some(provider)) => link.provider == provider,
            (None, None) => false,
        };
        let link = links.iter().find(named).ok_or(Refusal::AccountNotFound)?;
        if !self.accounts.unlink(&user, &link.id).await? {
            return Err(Refusal::AccountNotFound.into());
        }
        let note = Note::of(AuditEvent::AccountUnlinked).user(&user.0).from(peer);
        self.note(note.subject(&link.id.0).detail(link.provider.clone())).await?;
        if link.provider == Link::GITHUB {
            self.give_back(link).await;
        }
        Ok(())
    }

    /// Makes the token worthless. It is erased here already: this is for copies of old backups.
    async fn give_back(&self, link: &Link) {
        let Ok(access) = self.github() else { return };
        let column = link.access_token.as_deref();
        match open(&access.vault, link, TokenKind::Access, column) {
            Ok(Some(token)) => {
                if let Err(error) = access.github.revoke(&token).await {
                    tracing::warn!(%error, "a token was erased here but not revoked at GitHub");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a token was erased that could not be read"),
        }
    }
}
