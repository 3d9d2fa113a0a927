//! Personal access tokens.

use async_trait::async_trait;
use progy_api::account::User;
use progy_core::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::users::{USER, user};
use super::{millis, optional_time, time, user_id};
use crate::ports::Result;
use crate::ports::database::accounts::{NewToken, Token, TokenId, Tokens};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::{Store, optional_text};
use crate::ports::database::{Digest, UserId};

fn token(row: &Row<'_>) -> Result<Token> {
    Ok(Token {
        id: TokenId(row.get("id")?),
        user: user_id(row, "user")?,
        name: row.get("name")?,
        scopes: optional_text(row, "scopes")?.unwrap_or_default(),
        created_at: time(row, "created_at")?,
        expires_at: optional_time(row, "expires_at")?,
        last_used_at: optional_time(row, "last_used_at")?,
        revoked_at: optional_time(row, "revoked_at")?,
    })
}

impl Store {
    fn create_token(&self, new: &NewToken) -> Result<()> {
        let NewToken { hash, token } = new;
        self.connection
            .prepare_cached(
                "INSERT INTO token (hash, id, user, name, scopes, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                hash,
                token.id.0,
                token.user.0,
                token.name,
                token.scopes.to_string(),
                token.created_at.0,
                millis(token.expires_at),
            ])?;
        Ok(())
    }

    fn token(&self, hash: &Digest, now: Timestamp) -> Result<Option<(Token, User)>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT t.*, {USER} FROM token t JOIN user u ON u.id = t.user
                 WHERE t.hash = ?1 AND t.revoked_at IS NULL
                 AND (t.expires_at IS NULL OR t.expires_at > ?2)"
            ))?
            .query_row(params![hash, now.0], |row| {
                let both = || Ok((token(row)?, user(row)?));
                Ok(both())
            })
            .optional()?
            .transpose()
    }

    fn tokens_of(&self, user: &UserId) -> Result<Vec<Token>> {
        self.connection
            .prepare_cached("SELECT * FROM token WHERE user = ? ORDER BY created_at DESC, id")?
            .query_map([&user.0], |row| Ok(token(row)))?
            .map(|row| row?)
            .collect()
    }

    fn revoke_token(&self, user: &UserId, id: &TokenId, now: Timestamp) -> Result<bool> {
        let revoked = self
            .connection
            .prepare_cached(
                "UPDATE token SET revoked_at = ?3
                 WHERE user = ?1 AND id = ?2 AND revoked_at IS NULL",
            )?
            .execute(params![user.0, id.0, now.0])?;
        Ok(revoked == 1)
    }

    fn token_used(&self, id: &TokenId, now: Timestamp) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE token SET last_used_at = ? WHERE id = ?")?
            .execute(params![now.0, id.0])?;
        Ok(())
    }
}

#[async_trait]
impl Tokens for Sqlite {
    async fn create_token(&self, token: &NewToken) -> Result<()> {
        let token = token.clone();
        self.write(move |store| store.create_token(&token)).await
    }

    async fn token(&self, hash: &Digest, now: Timestamp) -> Result<Option<(Token, User)>> {
        let hash = *hash;
        self.read(move |store| store.token(&hash, now)).await
    }

    async fn tokens_of(&self, user: &UserId) -> Result<Vec<Token>> {
        let user = user.clone();
        self.read(move |store| store.tokens_of(&user)).await
    }

    async fn revoke_token(&self, user: &UserId, token: &TokenId, now: Timestamp) -> Result<bool> {
        let (user, token) = (user.clone(), token.clone());
        self.write(move |store| store.revoke_token(&user, &token, now)).await
    }

    async fn token_used(&self, token: &TokenId, now: Timestamp) -> Result<()> {
        let token = token.clone();
        self.write(move |store| store.token_used(&token, now)).await
    }
}
