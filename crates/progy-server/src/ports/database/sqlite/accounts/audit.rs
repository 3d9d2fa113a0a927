//! What happened to accounts.

use async_trait::async_trait;
use rusqlite::{Row, params};

use super::time;
use crate::ports::Result;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{Audit, AuditEntry};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;

fn entry(row: &Row<'_>) -> Result<AuditEntry> {
    Ok(AuditEntry {
        at: time(row, "at")?,
        event: row.get("event")?,
        user: row.get::<_, Option<String>>("user_id")?.map(UserId),
        ip_address: row.get("ip_address")?,
        subject: row.get("subject")?,
        detail: row.get("detail")?,
    })
}

impl Store {
    fn record(&self, new: &AuditEntry) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO audit (at, event, user_id, ip_address, subject, detail)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                new.at.0,
                new.event,
                new.user.as_ref().map(|user| &user.0),
                new.ip_address,
                new.subject,
                new.detail,
            ])?;
        Ok(())
    }

    fn audit(&self, user: Option<&UserId>, limit: u32) -> Result<Vec<AuditEntry>> {
        let chosen = if user.is_some() { "user_id = ?1" } else { "?1 IS NULL" };
        self.connection
            .prepare_cached(&format!(
                "SELECT * FROM audit WHERE {chosen} ORDER BY id DESC LIMIT ?2"
            ))?
            .query_map(params![user.map(|user| &user.0), limit], |row| Ok(entry(row)))?
            .map(|row| row?)
            .collect()
    }
}

#[async_trait]
impl Audit for Sqlite {
    async fn record(&self, entry: &AuditEntry) -> Result<()> {
        let entry = entry.clone();
        self.write(move |store| store.record(&entry)).await
    }

    async fn audit(&self, user: Option<&UserId>, limit: u32) -> Result<Vec<AuditEntry>> {
        let user = user.cloned();
        self.read(move |store| store.audit(user.as_ref(), limit)).await
    }
}
