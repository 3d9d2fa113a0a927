//! Personal access tokens.

use progy_api::account::{Scopes, Session};
use progy_core::Timestamp;

use super::audit::Note;
use super::secrets::{Kind, digest};
use super::{Login, Peer, Services, Via};
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEvent, NewToken, Token, TokenId};
use crate::{Result, Secret, ServiceError};

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// The longest name of a token, in characters.
pub const LONGEST_NAME: usize = 100;

/// A token that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenWish {
    /// What its owner calls it.
    pub name: Option<String>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// How long, in milliseconds; for ever without.
    pub lifetime: Option<i64>,
}

impl Default for TokenWish {
    /// Everything that its owner may do, for ever.
    fn default() -> Self {
        Self { name: None, scopes: Scopes::all(), lifetime: None }
    }
}

/// Whether a use of a token on the day of `now` is the first that is written down.
fn is_first_of_the_day(token: &Token, now: Timestamp) -> bool {
    let day = |at: Timestamp| at.0.div_euclid(DAY);
    token.last_used_at.is_none_or(|last| day(last) != day(now))
}

/// As the routes show it: a token looks like a session that they cannot end.
pub(crate) fn shown(token: &Token) -> Session {
    Session {
        id: token.id.0.clone(),
        token: token.id.0.clone(),
        user_id: token.user.0.clone(),
        expires_at: token.expires_at,
        created_at: token.created_at,
        updated_at: token.last_used_at.unwrap_or(token.created_at),
        ip_address: None,
        user_agent: None,
        device_name: token.name.clone(),
    }
}

impl Services {
    /// A new token of the user named `user_name`, for everything and for ever. This is the only time
    /// that anyone sees it.
    pub async fn create_token(&self, user_name: &str) -> Result<String> {
        let token = self.create_token_for(user_name, &TokenWish::default()).await?;
        Ok(token.into_string())
    }

    /// As [`Services::create_token`], for what is wished.
    pub async fn create_token_for(&self, user_name: &str, wish: &TokenWish) -> Result<Secret> {
        let user = self.named(user_name).await?;
        let too_long = |name: &String| name.chars().count() > LONGEST_NAME;
        if wish.name.as_ref().is_some_and(too_long) {
            let said = format!("the name of a token has at most {LONGEST_NAME} characters");
            return Err(ServiceError::BadRequest(said));
        }
        if wish.scopes.is_empty() {
            return Err(ServiceError::BadRequest("a token needs a scope".to_owned()));
        }
        let now = self.clock.now();
        let secret = self.new_secret(Kind::Token)?;
        let token = Token {
            id: TokenId(self.new_id()?),
            user: UserId(user.id),
            name: wish.name.clone(),
            scopes: wish.scopes.clone(),
            created_at: now,
            expires_at: wish.lifetime.map(|lifetime| Timestamp(now.0.saturating_add(lifetime))),
            last_used_at: None,
            revoked_at: None,
        };
        let new = NewToken { hash: digest(secret.expose()), token };
        self.accounts.create_token(&new).await?;
        let note = Note::of(AuditEvent::TokenCreated).user(&new.token.user.0);
        self.note(note.subject(&new.token.id.0).detail(wish.scopes.to_string())).await?;
        Ok(secret)
    }

    /// All tokens of the user named `user_name`, the newest first.
    pub async fn tokens(&self, user_name: &str) -> Result<Vec<Token>> {
        let user = self.named(user_name).await?;
        Ok(self.accounts.tokens_of(&UserId(user.id)).await?)
    }

    /// Revokes a token of the user named `user_name`, named by how its id begins.
    /// [`ServiceError::NoToken`] if no token that is in force begins so, or several do.
    pub async fn revoke_token(&self, user_name: &str, id: &str) -> Result<()> {
        let user = UserId(self.named(user_name).await?.id);
        let tokens = self.accounts.tokens_of(&user).await?;
        let mut fitting =
            tokens.iter().filter(|token| token.revoked_at.is_none() && token.id.0.starts_with(id));
        let (Some(token), None) = (fitting.next(), fitting.next()) else {
            return Err(ServiceError::NoToken(id.to_owned()));
        };
        if !self.accounts.revoke_token(&user, &token.id, self.clock.now()).await? {
            return Err(ServiceError::NoToken(id.to_owned()));
        }
        self.note(Note::of(AuditEvent::TokenRevoked).user(&user.0).subject(&token.id.0)).await
    }

    pub(super) async fn token_login(&self, secret: &str, peer: &Peer) -> Result<Option<Login>> {
        let now = self.clock.now();
        let Some((token, user)) = self.accounts.token(&digest(secret), now).await? else {
            return Ok(None);
        };
        if is_first_of_the_day(&token, now) {
            self.accounts.token_used(&token.id, now).await?;
            let note = Note::of(AuditEvent::TokenUsed).user(&user.id).from(peer);
            self.note(note.subject(&token.id.0)).await?;
        }
        Ok(Some(Login { user, via: Via::Token(token) }))
    }
}

#[cfg(test)]
mod tests;
