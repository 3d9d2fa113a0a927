//! Devices that wait to be let in.

use async_trait::async_trait;
use progy_core::Timestamp;
use rusqlite::{OptionalExtension, Row, ToSql, params};

use super::{digest, millis, optional_time, time};
use crate::ports::database::accounts::{DeviceCode, DeviceCodes, DeviceStatus, SessionRecord};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;
use crate::ports::database::{Digest, UserId};
use crate::ports::{PortError, Result};

/// How long an expired code is still told apart from one that never was: a day, in milliseconds.
const REMEMBERED: i64 = 24 * 60 * 60 * 1000;

fn device_code(row: &Row<'_>) -> Result<DeviceCode> {
    let status = match row.get_ref("status")?.as_str().map_err(rusqlite::Error::from)? {
        "pending" => DeviceStatus::Pending,
        "approved" => DeviceStatus::Approved,
        "denied" => DeviceStatus::Denied,
        other => return Err(PortError::Damaged(format!("{other:?} is no status of a code"))),
    };
    Ok(DeviceCode {
        id: row.get("id")?,
        device_code: digest(row, "device_code")?,
        user_code: row.get("user_code")?,
        user: row.get::<_, Option<String>>("user_id")?.map(UserId),
        expires_at: time(row, "expires_at")?,
        status,
        last_polled_at: optional_time(row, "last_polled_at")?,
        polling_interval: row.get("polling_interval")?,
        client_id: row.get("client_id")?,
        scope: row.get("scope")?,
        device_name: row.get("device_name")?,
        ip_address: row.get("ip_address")?,
        user_agent: row.get("user_agent")?,
        created_at: time(row, "created_at")?,
    })
}

impl Store {
    fn create_device_code(&self, new: &DeviceCode) -> Result<bool> {
        self.connection
            .prepare_cached("DELETE FROM device_code WHERE expires_at <= ?")?
            .execute([new.created_at.0.saturating_sub(REMEMBERED)])?;
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO device_code (id, device_code, user_code, user_id, expires_at,
                    status, last_polled_at, polling_interval, client_id, scope, device_name,
                    ip_address, user_agent, created_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                new.id,
                new.device_code,
                new.user_code,
                new.user.as_ref().map(|user| &user.0),
                new.expires_at.0,
                new.status.as_str(),
                millis(new.last_polled_at),
                new.polling_interval,
                new.client_id,
                new.scope,
                new.device_name,
                new.ip_address,
                new.user_agent,
                new.created_at.0,
            ])?;
        Ok(added == 1)
    }

    fn device_code_where(&self, column: &str, value: &dyn ToSql) -> Result<Option<DeviceCode>> {
        self.connection
            .prepare_cached(&format!("SELECT * FROM device_code WHERE {column} = ?"))?
            .query_row([value], |row| Ok(device_code(row)))
            .optional()?
            .transpose()
    }

    fn claim_device_code(&self, id: &str, user: &UserId) -> Result<Option<DeviceCode>> {
        self.connection
            .prepare_cached(
                "UPDATE device_code SET user_id = ?2
                 WHERE id = ?1 AND user_id IS NULL AND status = 'pending'",
            )?
            .execute([id, &user.0])?;
        self.device_code_where("id", &id)
    }

    fn decide_device_code(&self, id: &str, user: &UserId, status: DeviceStatus) -> Result<bool> {
        let decided = self
            .connection
            .prepare_cached(
                "UPDATE device_code SET status = ?3
                 WHERE id = ?1 AND user_id = ?2 AND status = 'pending'",
            )?
            .execute([id, &user.0, status.as_str()])?;
        Ok(decided == 1)
    }

    fn device_code_polled(&self, id: &str, now: Timestamp) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE device_code SET last_polled_at = ? WHERE id = ?")?
            .execute(params![now.0, id])?;
        Ok(())
    }

    fn redeem_device_code(&self, id: &str, session: &SessionRecord) -> Result<bool> {
        let redeemed = self
            .connection
            .prepare_cached(
                "DELETE FROM device_code WHERE id = ? AND user_id = ? AND status = 'approved'",
            )?
            .execute([id, &session.user.0])?;
        if redeemed == 1 {
            self.create_session(session)?;
        }
        Ok(redeemed == 1)
    }

    fn forget_device_code(&self, id: &str) -> Result<()> {
        self.connection.prepare_cached("DELETE FROM device_code WHERE id = ?")?.execute([id])?;
        Ok(())
    }
}

#[async_trait]
impl DeviceCodes for Sqlite {
    async fn create_device_code(&self, code: &DeviceCode) -> Result<bool> {
        let code = code.clone();
        self.write(move |store| store.create_device_code(&code)).await
    }

    async fn device_code(&self, device_code: &Digest) -> Result<Option<DeviceCode>> {
        let device_code = *device_code;
        self.read(move |store| store.device_code_where("device_code", &device_code)).await
    }

    async fn device_code_by_user_code(&self, user_code: &str) -> Result<Option<DeviceCode>> {
        let user_code = user_code.to_owned();
        self.read(move |store| store.device_code_where("user_code", &user_code)).await
    }

    async fn claim_device_code(&self, id: &str, user: &UserId) -> Result<Option<DeviceCode>> {
        let (id, user) = (id.to_owned(), user.clone());
        self.write(move |store| store.claim_device_code(&id, &user)).await
    }

    async fn decide_device_code(
        &self,
        id: &str,
        user: &UserId,
        status: DeviceStatus,
    ) -> Result<bool> {
        let (id, user) = (id.to_owned(), user.clone());
        self.write(move |store| store.decide_device_code(&id, &user, status)).await
    }

    async fn device_code_polled(&self, id: &str, now: Timestamp) -> Result<()> {
        let id = id.to_owned();
        self.write(move |store| store.device_code_polled(&id, now)).await
    }

    async fn redeem_device_code(&self, id: &str, session: &SessionRecord) -> Result<bool> {
        let (id, session) = (id.to_owned(), session.clone());
        self.write(move |store| store.redeem_device_code(&id, &session)).await
    }

    async fn forget_device_code(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.write(move |store| store.forget_device_code(&id)).await
    }
}
