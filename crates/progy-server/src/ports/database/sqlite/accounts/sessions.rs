//! Where people are logged in.

use async_trait::async_trait;
use progy_api::account::User;
use progy_core::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::users::{USER, user};
use super::{digest, millis, optional_time, time, user_id};
use crate::ports::Result;
use crate::ports::database::accounts::{Seen, SessionId, SessionRecord, Sessions};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;
use crate::ports::database::{Digest, UserId};

fn session(row: &Row<'_>) -> Result<SessionRecord> {
    Ok(SessionRecord {
        id: SessionId(row.get("id")?),
        token: digest(row, "token")?,
        user: user_id(row, "user_id")?,
        expires_at: time(row, "expires_at")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        last_seen_at: time(row, "last_seen_at")?,
        ip_address: row.get("ip_address")?,
        user_agent: row.get("user_agent")?,
        device_name: row.get("device_name")?,
        remembered: row.get("remembered")?,
        rotated_at: optional_time(row, "rotated_at")?,
    })
}

impl Store {
    pub(super) fn create_session(&self, new: &SessionRecord) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM session WHERE expires_at <= ?")?
            .execute([new.created_at.0])?;
        self.connection
            .prepare_cached(
                "INSERT INTO session (id, token, user_id, expires_at, created_at, updated_at,
                    last_seen_at, ip_address, user_agent, device_name, remembered, rotated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                new.id.0,
                new.token,
                new.user.0,
                new.expires_at.0,
                new.created_at.0,
                new.updated_at.0,
                new.last_seen_at.0,
                new.ip_address,
                new.user_agent,
                new.device_name,
                new.remembered,
                millis(new.rotated_at),
            ])?;
        Ok(())
    }

    fn session_by_token(
        &self,
        token: &Digest,
        now: Timestamp,
        rotated_since: Timestamp,
    ) -> Result<Option<(SessionRecord, User)>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT s.*, {USER} FROM session s JOIN user u ON u.id = s.user_id
                 WHERE (s.token = ?1 OR s.previous_token = ?1 AND s.rotated_at > ?3)
                    AND s.expires_at > ?2"
            ))?
            .query_row(params![token, now.0, rotated_since.0], |row| {
                let both = || Ok((session(row)?, user(row)?));
                Ok(both())
            })
            .optional()?
            .transpose()
    }

    fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<SessionRecord>> {
        self.connection
            .prepare_cached(
                "SELECT * FROM session WHERE user_id = ? AND expires_at > ?
                 ORDER BY last_seen_at DESC, id",
            )?
            .query_map(params![user.0, now.0], |row| Ok(session(row)))?
            .map(|row| row?)
            .collect()
    }

    fn session_seen(&self, id: &SessionId, seen: &Seen) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE session SET last_seen_at = ?2, ip_address = ?3, user_agent = ?4,
                    expires_at = coalesce(?5, expires_at),
                    updated_at = iif(?5 IS NULL, updated_at, ?2)
                 WHERE id = ?1",
            )?
            .execute(params![
                id.0,
                seen.at.0,
                seen.ip_address,
                seen.user_agent,
                millis(seen.expires_at)
            ])?;
        Ok(())
    }

    fn rotate_session(
        &self,
        id: &SessionId,
        from: &Digest,
        to: &Digest,
        now: Timestamp,
    ) -> Result<bool> {
        let rotated = self
            .connection
            .prepare_cached(
                "UPDATE session SET previous_token = token, token = ?3, rotated_at = ?4
                 WHERE id = ?1 AND token = ?2",
            )?
            .execute(params![id.0, from, to, now.0])?;
        Ok(rotated == 1)
    }

    fn end_session(&self, user: &UserId, id: &SessionId) -> Result<bool> {
        let ended = self
            .connection
            .prepare_cached("DELETE FROM session WHERE user_id = ? AND id = ?")?
            .execute([&user.0, &id.0])?;
        Ok(ended == 1)
    }

    fn end_sessions(&self, user: &UserId, except: Option<&SessionId>) -> Result<u64> {
        let ended = self
            .connection
            .prepare_cached("DELETE FROM session WHERE user_id = ? AND id IS NOT ?")?
            .execute(params![user.0, except.map(|id| &id.0)])?;
        Ok(ended as u64)
    }
}

#[async_trait]
impl Sessions for Sqlite {
    async fn create_session(&self, session: &SessionRecord) -> Result<()> {
        let session = session.clone();
        self.write(move |store| store.create_session(&session)).await
    }

    async fn session_by_token(
        &self,
        token: &Digest,
        now: Timestamp,
        rotated_since: Timestamp,
    ) -> Result<Option<(SessionRecord, User)>> {
        let token = *token;
        self.read(move |store| store.session_by_token(&token, now, rotated_since)).await
    }

    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<SessionRecord>> {
        let user = user.clone();
        self.read(move |store| store.sessions_of(&user, now)).await
    }

    async fn session_seen(&self, session: &SessionId, seen: &Seen) -> Result<()> {
        let (session, seen) = (session.clone(), seen.clone());
        self.write(move |store| store.session_seen(&session, &seen)).await
    }

    async fn rotate_session(
        &self,
        session: &SessionId,
        from: &Digest,
        to: &Digest,
        now: Timestamp,
    ) -> Result<bool> {
        let (session, from, to) = (session.clone(), *from, *to);
        self.write(move |store| store.rotate_session(&session, &from, &to, now)).await
    }

    async fn end_session(&self, user: &UserId, session: &SessionId) -> Result<bool> {
        let (user, session) = (user.clone(), session.clone());
        self.write(move |store| store.end_session(&user, &session)).await
    }

    async fn end_sessions(&self, user: &UserId, except: Option<&SessionId>) -> Result<u64> {
        let (user, except) = (user.clone(), except.cloned());
        self.write(move |store| store.end_sessions(&user, except.as_ref())).await
    }
}
