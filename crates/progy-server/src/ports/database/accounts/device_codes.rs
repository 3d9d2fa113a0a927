//! Devices that wait to be let in (RFC 8628).

use async_trait::async_trait;
use progy_core::Timestamp;

use super::SessionRecord;
use crate::ports::Result;
use crate::ports::database::{Digest, UserId};

/// Where a code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceStatus {
    /// Nobody has decided.
    Pending,
    /// The device may have a session.
    Approved,
    /// It may not.
    Denied,
}

impl DeviceStatus {
    /// As the table and the routes write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }
}

/// A device that asked to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// Its id.
    pub id: String,
    /// The hash of what the device polls with.
    pub device_code: Digest,
    /// What the person types: no separators, upper case.
    pub user_code: String,
    /// Who has claimed it: nobody else can decide.
    pub user: Option<UserId>,
    /// From then on it counts no more.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub status: DeviceStatus,
    /// When the device last asked, not too soon.
    pub last_polled_at: Option<Timestamp>,
    /// In milliseconds.
    pub polling_interval: i64,
    /// The program that asked.
    pub client_id: String,
    /// What it asked for.
    pub scope: Option<String>,
    /// The device's name for itself: a claim.
    pub device_name: Option<String>,
    /// Where it asked from.
    pub ip_address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// By the server's clock.
    pub created_at: Timestamp,
}

/// Keeps codes. What decides between them is in the services; a method here only does its step if
/// the code is still as the decision saw it.
#[async_trait]
pub trait DeviceCodes: Send + Sync {
    /// Adds a code; forgets those that expired a day before. False, and nothing is added, if one of
    /// the two codes is in use.
    async fn create_device_code(&self, code: &DeviceCode) -> Result<bool>;

    /// The code that a device polls with, expired or not.
    async fn device_code(&self, device_code: &Digest) -> Result<Option<DeviceCode>>;

    /// The code that a person typed, expired or not.
    async fn device_code_by_user_code(&self, user_code: &str) -> Result<Option<DeviceCode>>;

    /// Makes `user` the one who decides, if nobody is yet and nothing is decided. Gives the code as
    /// it is after that; `None` if it is gone.
    async fn claim_device_code(&self, id: &str, user: &UserId) -> Result<Option<DeviceCode>>;

    /// Decides. False if `user` has not claimed it, or it is decided, or gone.
    async fn decide_device_code(
        &self,
        id: &str,
        user: &UserId,
        status: DeviceStatus,
    ) -> Result<bool>;

    /// Writes down that the device asked.
    async fn device_code_polled(&self, id: &str, now: Timestamp) -> Result<()>;

    /// Exchanges a code that its person has approved for a session of theirs, once. False if it is
    /// not approved by that person, or gone.
    async fn redeem_device_code(&self, id: &str, session: &SessionRecord) -> Result<bool>;

    /// Forgets a code.
    async fn forget_device_code(&self, id: &str) -> Result<()>;
}
