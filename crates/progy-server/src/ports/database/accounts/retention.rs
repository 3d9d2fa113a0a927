//! What is forgotten once nobody needs it any more.

use async_trait::async_trait;
use progy_core::Timestamp;

use crate::ports::Result;

/// Rows that were forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Sessions, codes, invitations and values that were given out: expired.
    pub expired: u64,
    /// Lines of the log.
    pub audit: u64,
}

/// Forgets.
#[async_trait]
pub trait Retention: Send + Sync {
    /// Forgets sessions, device codes, tokens for repositories, values that are to come back and
    /// unused invitations that expired before `expired`, and lines of the log from before `audit`. At most some thousand of
    /// each, so that nobody waits for long: if there was much, there may be more.
    async fn forget(&self, expired: Timestamp, audit: Timestamp) -> Result<Forgotten>;
}
