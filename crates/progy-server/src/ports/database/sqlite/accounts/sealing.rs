//! The tokens of links, and the keys that they are encrypted under.

use async_trait::async_trait;
use progy_core::Timestamp;
use rusqlite::params;

use super::links::link;
use super::millis;
use crate::ports::Result;
use crate::ports::database::accounts::{Link, LinkId, Replacing, Sealing};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;
use crate::vault::{KeyId, Sealed};

/// What a token under this key begins with, as a column holds it.
fn prefix(key: KeyId) -> Vec<u8> {
    Sealed::prefix_of(key).into_bytes()
}

impl Store {
    fn links_not_under(&self, key: KeyId, after: Option<&LinkId>, limit: u32) -> Result<Vec<Link>> {
        self.connection
            .prepare_cached(
                "SELECT * FROM account
                 WHERE id > ?1 AND (substr(access_token, 1, length(?2)) <> ?2
                    OR substr(refresh_token, 1, length(?2)) <> ?2
                    OR substr(id_token, 1, length(?2)) <> ?2)
                 ORDER BY id LIMIT ?3",
            )?
            .query_map(params![after.map_or("", |id| id.0.as_str()), prefix(key), limit], |row| {
                Ok(link(row))
            })?
            .map(|row| row?)
            .collect()
    }

    fn replace_tokens(&self, before: &Link, after: &Link, why: Replacing) -> Result<bool> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE account SET access_token = ?6, refresh_token = ?7, id_token = ?8,
                    access_token_expires_at = ?9, refresh_token_expires_at = ?10, scope = ?11,
                    updated_at = ?12,
                    refreshing_until = CASE WHEN ?13 THEN NULL ELSE refreshing_until END
                 WHERE id = ?1 AND user_id = ?2
                    AND access_token IS ?3 AND refresh_token IS ?4 AND id_token IS ?5",
            )?
            .execute(params![
                before.id.0,
                before.user.0,
                before.access_token,
                before.refresh_token,
                before.id_token,
                after.access_token,
                after.refresh_token,
                after.id_token,
                millis(after.access_token_expires_at),
                millis(after.refresh_token_expires_at),
                after.scope,
                after.updated_at.0,
                why == Replacing::Renewed,
            ])?;
        Ok(changed == 1)
    }

    fn begin_refresh(&self, link: &Link, now: Timestamp, until: Timestamp) -> Result<bool> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE account SET refreshing_until = ?4 WHERE id = ?1 AND refresh_token = ?2
                    AND (refreshing_until IS NULL OR refreshing_until <= ?3)",
            )?
            .execute(params![link.id.0, link.refresh_token, now.0, until.0])?;
        Ok(changed == 1)
    }

    fn end_refresh(&self, link: &Link) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE account SET refreshing_until = NULL WHERE id = ?")?
            .execute([&link.id.0])?;
        Ok(())
    }

    fn retire_key(&self, key: KeyId, now: Timestamp) -> Result<bool> {
        let needed: bool = self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM account WHERE ?1 IN (
                    substr(access_token, 1, length(?1)), substr(refresh_token, 1, length(?1)),
                    substr(id_token, 1, length(?1))))",
            )?
            .query_row([prefix(key)], |row| row.get(0))?;
        if !needed {
            // Tokens for repositories are made anew within the hour: those under this key are given
            // out no more, and are deleted at their end.
            self.connection
                .prepare_cached(
                    "UPDATE host_token SET secret = NULL
                     WHERE substr(secret, 1, length(?1)) = ?1",
                )?
                .execute([prefix(key)])?;
            self.connection
                .prepare_cached(
                    "INSERT INTO vault_key (id, retired_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                )?
                .execute(params![key.to_string(), now.0])?;
        }
        Ok(!needed)
    }
}

#[async_trait]
impl Sealing for Sqlite {
    async fn links_not_under(
        &self,
        key: KeyId,
        after: Option<&LinkId>,
        limit: u32,
    ) -> Result<Vec<Link>> {
        let after = after.cloned();
        self.read(move |store| store.links_not_under(key, after.as_ref(), limit)).await
    }

    async fn replace_tokens(&self, before: &Link, after: &Link, why: Replacing) -> Result<bool> {
        let (before, after) = (before.clone(), after.clone());
        self.write(move |store| store.replace_tokens(&before, &after, why)).await
    }

    async fn begin_refresh(&self, link: &Link, now: Timestamp, until: Timestamp) -> Result<bool> {
        let link = link.clone();
        self.write(move |store| store.begin_refresh(&link, now, until)).await
    }

    async fn end_refresh(&self, link: &Link) -> Result<()> {
        let link = link.clone();
        self.write(move |store| store.end_refresh(&link)).await
    }

    async fn retire_key(&self, key: KeyId, now: Timestamp) -> Result<bool> {
        self.write(move |store| store.retire_key(key, now)).await
    }
}
