//! Values that are to come back once.

use async_trait::async_trait;
use progy_core::Timestamp;

use crate::ports::Result;

/// Something that was given out and must come back, once and in time: the state of an OAuth login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Its id.
    pub id: String,
    /// What comes back, or a hash of it.
    pub identifier: String,
    /// What it stood for.
    pub value: String,
    /// From then on it counts no more.
    pub expires_at: Timestamp,
    /// By the server's clock.
    pub created_at: Timestamp,
}

/// Keeps such values.
#[async_trait]
pub trait Verifications: Send + Sync {
    /// Keeps one; forgets those that have expired by its time of creation.
    async fn keep_verification(&self, verification: &Verification) -> Result<()>;

    /// Takes the newest of this identifier, and with it all others of it: a second call gets none.
    /// `None` if there is none, or it has expired.
    async fn take_verification(
        &self,
        identifier: &str,
        now: Timestamp,
    ) -> Result<Option<Verification>>;
}
