//! Invitations to register.

use async_trait::async_trait;
use progy_api::account::User;
use progy_core::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::users::{role, role_name};
use super::{digest, time};
use crate::ports::Result;
use crate::ports::database::Digest;
use crate::ports::database::accounts::{Invite, Invites};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;

fn invite(row: &Row<'_>) -> Result<Invite> {
    Ok(Invite {
        id: row.get("id")?,
        code: digest(row, "code")?,
        role: role(row, "role")?,
        email: row.get("email")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

impl Store {
    fn create_invite(&self, new: &Invite) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO invite (id, code, role, email, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                new.id,
                new.code,
                role_name(new.role),
                new.email,
                new.created_at.0,
                new.expires_at.0,
            ])?;
        Ok(())
    }

    pub(super) fn invite(&self, code: &Digest, now: Timestamp) -> Result<Option<Invite>> {
        self.connection
            .prepare_cached(
                "SELECT * FROM invite WHERE code = ? AND used_at IS NULL AND expires_at > ?",
            )?
            .query_row(params![code, now.0], |row| Ok(invite(row)))
            .optional()?
            .transpose()
    }

    pub(super) fn use_invite(&self, code: &Digest, by: &User) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE invite SET used_at = ?2, used_by = ?3 WHERE code = ?1")?
            .execute(params![code, by.created_at.0, by.id])?;
        Ok(())
    }
}

#[async_trait]
impl Invites for Sqlite {
    async fn create_invite(&self, invite: &Invite) -> Result<()> {
        let invite = invite.clone();
        self.write(move |store| store.create_invite(&invite)).await
    }

    async fn invite(&self, code: &Digest, now: Timestamp) -> Result<Option<Invite>> {
        let code = *code;
        self.read(move |store| store.invite(&code, now)).await
    }
}
