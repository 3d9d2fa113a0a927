//! Users and tokens.

use progy_api::account::{Role, User};
use progy_core::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::store::Store;
use crate::ports::database::{Digest, NewToken};
use crate::ports::{PortError, Result};

impl Store {
    pub(super) fn create_user(&self, user: &User, now: Timestamp) -> Result<bool> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO user (id, name, email, role, created_at) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (name) DO NOTHING",
            )?
            .execute(params![user.id, user.name, user.email, role_name(user.role), now.0])?;
        Ok(added == 1)
    }

    pub(super) fn user_by_name(&self, name: &str) -> Result<Option<User>> {
        self.connection
            .prepare_cached("SELECT id, name, email, role FROM user WHERE name = ?")?
            .query_row([name], |row| Ok(user(row)))
            .optional()?
            .transpose()
    }

    pub(super) fn user_by_token(&self, token: &Digest, now: Timestamp) -> Result<Option<User>> {
        self.connection
            .prepare_cached(
                "SELECT u.id, u.name, u.email, u.role FROM token t JOIN user u ON u.id = t.user
                 WHERE t.hash = ?1 AND t.revoked_at IS NULL
                 AND (t.expires_at IS NULL OR t.expires_at > ?2)",
            )?
            .query_row(params![token, now.0], |row| Ok(user(row)))
            .optional()?
            .transpose()
    }

    pub(super) fn create_token(&self, token: &NewToken) -> Result<()> {
        self.connection
            .prepare_cached("INSERT INTO token (hash, user, created_at) VALUES (?, ?, ?)")?
            .execute(params![token.hash, token.user.0, token.created_at.0])?;
        Ok(())
    }

    pub(super) fn revoke_token(&self, token: &Digest, now: Timestamp) -> Result<bool> {
        let revoked = self
            .connection
            .prepare_cached(
                "UPDATE token SET revoked_at = ?2 WHERE hash = ?1 AND revoked_at IS NULL",
            )?
            .execute(params![token, now.0])?;
        Ok(revoked == 1)
    }
}

fn user(row: &Row<'_>) -> Result<User> {
    let role = match row.get_ref("role")?.as_str().map_err(rusqlite::Error::from)? {
        "learner" => Role::Learner,
        "author" => Role::Author,
        "admin" => Role::Admin,
        other => return Err(PortError::Damaged(format!("{other:?} is no role"))),
    };
    Ok(User { id: row.get("id")?, name: row.get("name")?, email: row.get("email")?, role })
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Learner => "learner",
        Role::Author => "author",
        Role::Admin => "admin",
    }
}
