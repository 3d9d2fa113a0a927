//! Where people are logged in.

use async_trait::async_trait;
use progy_api::account::User;
use progy_core::Timestamp;

use crate::ports::Result;
use crate::ports::database::{Digest, UserId};

/// Names one session; says nothing of its token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub String);

/// One login of a browser or a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// The hash of its token.
    pub token: Digest,
    /// Whose it is.
    pub user: UserId,
    /// From then on it counts no more.
    pub expires_at: Timestamp,
    /// By the server's clock.
    pub created_at: Timestamp,
    /// When it was prolonged last.
    pub updated_at: Timestamp,
    /// When it was used last, roughly.
    pub last_seen_at: Timestamp,
    /// Where it was used from last.
    pub ip_address: Option<String>,
    /// With what it was used last.
    pub user_agent: Option<String>,
    /// The name of the device, if it was logged in by a code.
    pub device_name: Option<String>,
    /// Whether use prolongs it.
    pub remembered: bool,
    /// When its token was last replaced by another.
    pub rotated_at: Option<Timestamp>,
}

/// A use of a session that is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub ip_address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// When the session ends from now on, if this prolongs it.
    pub expires_at: Option<Timestamp>,
}

/// Keeps sessions. One that has ended is gone.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Adds a session; forgets those that have expired by its time of creation.
    async fn create_session(&self, session: &SessionRecord) -> Result<()>;

    /// The session of a token with its person, if it has not expired. A token that was replaced
    /// after `rotated_since` counts as well.
    async fn session_by_token(
        &self,
        token: &Digest,
        now: Timestamp,
        rotated_since: Timestamp,
    ) -> Result<Option<(SessionRecord, User)>>;

    /// All sessions of a person that have not expired, the last used first.
    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<SessionRecord>>;

    /// Writes a use down. Nothing happens if the session has ended.
    async fn session_seen(&self, session: &SessionId, seen: &Seen) -> Result<()>;

    /// Replaces a session's token `from` by `to`. False if it has another by now, or has ended.
    async fn rotate_session(
        &self,
        session: &SessionId,
        from: &Digest,
        to: &Digest,
        now: Timestamp,
    ) -> Result<bool>;

    /// Ends a session. False if the person has none of this id.
    async fn end_session(&self, user: &UserId, session: &SessionId) -> Result<bool>;

    /// Ends all sessions of a person but `except`; how many.
    async fn end_sessions(&self, user: &UserId, except: Option<&SessionId>) -> Result<u64>;
}
