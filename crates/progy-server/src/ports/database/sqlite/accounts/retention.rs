//! What is forgotten once nobody needs it any more.

use async_trait::async_trait;
use progy_core::Timestamp;
use rusqlite::params;

use crate::ports::Result;
use crate::ports::database::accounts::{Forgotten, Retention};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;

/// Rows of one table that are deleted in one transaction.
const AT_ONCE: i64 = 2_000;
/// What has an end, with what is kept of it all the same. An invitation that was used says who came
/// by it.
const WITH_AN_END: [(&str, &str); 5] = [
    ("session", "TRUE"),
    ("device_code", "TRUE"),
    ("verification", "TRUE"),
    ("git_token", "TRUE"),
    ("invite", "used_at IS NULL"),
];

impl Store {
    fn forget(&self, expired: Timestamp, audit: Timestamp) -> Result<Forgotten> {
        let mut forgotten = Forgotten::default();
        for (table, which) in WITH_AN_END {
            let rows = self
                .connection
                .prepare_cached(&format!(
                    "DELETE FROM {table} WHERE id IN (SELECT id FROM {table}
                        WHERE expires_at < ?1 AND {which} LIMIT ?2)"
                ))?
                .execute(params![expired.0, AT_ONCE])?;
            forgotten.expired += rows as u64;
        }
        let rows = self
            .connection
            .prepare_cached(
                "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 LIMIT ?2)",
            )?
            .execute(params![audit.0, AT_ONCE])?;
        forgotten.audit = rows as u64;
        Ok(forgotten)
    }
}

#[async_trait]
impl Retention for Sqlite {
    async fn forget(&self, expired: Timestamp, audit: Timestamp) -> Result<Forgotten> {
        self.write(move |store| store.forget(expired, audit)).await
    }
}
