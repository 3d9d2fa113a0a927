//! What opens one Git repository for a while.

use async_trait::async_trait;
use progy_api::account::User;
use progy_api::git::GitAccess;
use progy_core::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::users::{USER, user};
use super::{digest, time, user_id};
use crate::ports::database::Digest;
use crate::ports::database::accounts::{GitToken, GitTokens};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::{Store, text};
use crate::ports::{PortError, Result};

fn git_token(row: &Row<'_>) -> Result<GitToken> {
    let access: String = row.get("access")?;
    let access = [GitAccess::Read, GitAccess::Write].into_iter().find(|a| a.as_str() == access);
    Ok(GitToken {
        hash: digest(row, "id")?,
        user: user_id(row, "user")?,
        course: text(row, "course")?,
        access: access.ok_or_else(|| PortError::Damaged("a token has no access".to_owned()))?,
        expires_at: time(row, "expires_at")?,
    })
}

impl Store {
    fn create_git_token(&self, new: &GitToken) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO git_token (id, user, course, access, expires_at)
                 VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![
                new.hash,
                new.user.0,
                new.course.as_str(),
                new.access.as_str(),
                new.expires_at.0,
            ])?;
        Ok(())
    }

    fn git_token(&self, hash: &Digest, now: Timestamp) -> Result<Option<(GitToken, User)>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT t.*, {USER} FROM git_token t JOIN user u ON u.id = t.user
                 WHERE t.id = ?1 AND t.expires_at > ?2"
            ))?
            .query_row(params![hash, now.0], |row| {
                let both = || Ok((git_token(row)?, user(row)?));
                Ok(both())
            })
            .optional()?
            .transpose()
    }
}

#[async_trait]
impl GitTokens for Sqlite {
    async fn create_git_token(&self, token: &GitToken) -> Result<()> {
        let token = token.clone();
        self.write(move |store| store.create_git_token(&token)).await
    }

    async fn git_token(&self, hash: &Digest, now: Timestamp) -> Result<Option<(GitToken, User)>> {
        let hash = *hash;
        self.read(move |store| store.git_token(&hash, now)).await
    }
}
