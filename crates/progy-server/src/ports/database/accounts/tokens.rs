//! Personal access tokens.

use async_trait::async_trait;
use progy_api::account::{Scopes, User};
use progy_core::Timestamp;

use crate::ports::Result;
use crate::ports::database::{Digest, UserId};

/// Names one token; says nothing of its secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub String);

/// A token to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The hash of the token; the token itself is never kept.
    pub hash: Digest,
    /// What is known of it.
    pub token: Token,
}

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: Option<String>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// By the server's clock.
    pub created_at: Timestamp,
    /// From then on it counts no more.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the day.
    pub last_used_at: Option<Timestamp>,
    /// Since when it counts no more.
    pub revoked_at: Option<Timestamp>,
}

/// Keeps tokens. One that was revoked stays, to be seen in lists.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps a token's hash.
    async fn create_token(&self, token: &NewToken) -> Result<()>;

    /// A token that, as of `now`, is neither revoked nor expired, with its person.
    async fn token(&self, hash: &Digest, now: Timestamp) -> Result<Option<(Token, User)>>;

    /// All tokens of a person, the newest first.
    async fn tokens_of(&self, user: &UserId) -> Result<Vec<Token>>;

    /// Revokes a token. False if the person has none of this id, or it was revoked before.
    async fn revoke_token(&self, user: &UserId, token: &TokenId, now: Timestamp) -> Result<bool>;

    /// Writes down that a token was used.
    async fn token_used(&self, token: &TokenId, now: Timestamp) -> Result<()>;
}
