//! Values that are to come back once.

use async_trait::async_trait;
use progy_core::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::time;
use crate::ports::Result;
use crate::ports::database::accounts::{Verification, Verifications};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;

fn verification(row: &Row<'_>) -> Result<Verification> {
    Ok(Verification {
        id: row.get("id")?,
        identifier: row.get("identifier")?,
        value: row.get("value")?,
        expires_at: time(row, "expires_at")?,
        created_at: time(row, "created_at")?,
    })
}

impl Store {
    fn keep_verification(&self, new: &Verification) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM verification WHERE expires_at <= ?")?
            .execute([new.created_at.0])?;
        self.connection
            .prepare_cached(
                "INSERT INTO verification (id, identifier, value, expires_at, created_at,
                    updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            )?
            .execute(params![
                new.id,
                new.identifier,
                new.value,
                new.expires_at.0,
                new.created_at.0
            ])?;
        Ok(())
    }

    fn take_verification(&self, identifier: &str, now: Timestamp) -> Result<Option<Verification>> {
        let newest = self
            .connection
            .prepare_cached(
                "SELECT * FROM verification WHERE identifier = ?
                 ORDER BY created_at DESC, id DESC LIMIT 1",
            )?
            .query_row([identifier], |row| Ok(verification(row)))
            .optional()?
            .transpose()?;
        self.connection
            .prepare_cached("DELETE FROM verification WHERE identifier = ?")?
            .execute([identifier])?;
        Ok(newest.filter(|found| found.expires_at > now))
    }
}

#[async_trait]
impl Verifications for Sqlite {
    async fn keep_verification(&self, verification: &Verification) -> Result<()> {
        let verification = verification.clone();
        self.write(move |store| store.keep_verification(&verification)).await
    }

    async fn take_verification(
        &self,
        identifier: &str,
        now: Timestamp,
    ) -> Result<Option<Verification>> {
        let identifier = identifier.to_owned();
        self.write(move |store| store.take_verification(&identifier, now)).await
    }
}
