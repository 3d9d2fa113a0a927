//! Ways to prove who one is.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

use super::{millis, optional_time, time, user_id};
use crate::ports::Result;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{Link, LinkId, Links};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;

pub(super) fn link(row: &Row<'_>) -> Result<Link> {
    Ok(Link {
        id: LinkId(row.get("id")?),
        user: user_id(row, "user_id")?,
        provider: row.get("provider_id")?,
        account: row.get("account_id")?,
        password: row.get("password")?,
        access_token: row.get("access_token")?,
        refresh_token: row.get("refresh_token")?,
        id_token: row.get("id_token")?,
        access_token_expires_at: optional_time(row, "access_token_expires_at")?,
        refresh_token_expires_at: optional_time(row, "refresh_token_expires_at")?,
        scope: row.get("scope")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

impl Store {
    pub(super) fn link(&self, link: &Link) -> Result<bool> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO account (id, user_id, provider_id, account_id, password,
                    access_token, refresh_token, id_token, access_token_expires_at,
                    refresh_token_expires_at, scope, created_at, updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (provider_id, account_id) DO NOTHING",
            )?
            .execute(params![
                link.id.0,
                link.user.0,
                link.provider,
                link.account,
                link.password,
                link.access_token,
                link.refresh_token,
                link.id_token,
                millis(link.access_token_expires_at),
                millis(link.refresh_token_expires_at),
                link.scope,
                link.created_at.0,
                link.updated_at.0,
            ])?;
        Ok(added == 1)
    }

    fn update_link(&self, link: &Link) -> Result<bool> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE account SET password = ?3, access_token = ?4, refresh_token = ?5,
                    id_token = ?6, access_token_expires_at = ?7, refresh_token_expires_at = ?8,
                    scope = ?9, updated_at = ?10
                 WHERE id = ?1 AND user_id = ?2",
            )?
            .execute(params![
                link.id.0,
                link.user.0,
                link.password,
                link.access_token,
                link.refresh_token,
                link.id_token,
                millis(link.access_token_expires_at),
                millis(link.refresh_token_expires_at),
                link.scope,
                link.updated_at.0,
            ])?;
        Ok(changed == 1)
    }

    pub(super) fn link_to(&self, provider: &str, account: &str) -> Result<Option<Link>> {
        self.connection
            .prepare_cached("SELECT * FROM account WHERE provider_id = ? AND account_id = ?")?
            .query_row([provider, account], |row| Ok(link(row)))
            .optional()?
            .transpose()
    }

    fn links_of(&self, user: &UserId) -> Result<Vec<Link>> {
        self.connection
            .prepare_cached("SELECT * FROM account WHERE user_id = ? ORDER BY created_at, id")?
            .query_map([&user.0], |row| Ok(link(row)))?
            .map(|row| row?)
            .collect()
    }

    fn unlink(&self, user: &UserId, id: &LinkId) -> Result<bool> {
        let removed: Option<String> = self
            .connection
            .prepare_cached(
                "DELETE FROM account WHERE user_id = ?1 AND id = ?2
                    AND (SELECT count(*) FROM account WHERE user_id = ?1) > 1
                 RETURNING provider_id",
            )?
            .query_row([&user.0, &id.0], |row| row.get(0))
            .optional()?;
        if removed.as_deref().is_some_and(|provider| provider != Link::CREDENTIAL) {
            self.connection
                .prepare_cached("UPDATE user SET email_verified = 0 WHERE id = ?")?
                .execute([&user.0])?;
        }
        Ok(removed.is_some())
    }
}

#[async_trait]
impl Links for Sqlite {
    async fn link(&self, link: &Link) -> Result<bool> {
        let link = link.clone();
        self.write(move |store| store.link(&link)).await
    }

    async fn update_link(&self, link: &Link) -> Result<bool> {
        let link = link.clone();
        self.write(move |store| store.update_link(&link)).await
    }

    async fn link_to(&self, provider: &str, account: &str) -> Result<Option<Link>> {
        let (provider, account) = (provider.to_owned(), account.to_owned());
        self.read(move |store| store.link_to(&provider, &account)).await
    }

    async fn links_of(&self, user: &UserId) -> Result<Vec<Link>> {
        let user = user.clone();
        self.read(move |store| store.links_of(&user)).await
    }

    async fn unlink(&self, user: &UserId, link: &LinkId) -> Result<bool> {
        let (user, link) = (user.clone(), link.clone());
        self.write(move |store| store.unlink(&user, &link)).await
    }
}
