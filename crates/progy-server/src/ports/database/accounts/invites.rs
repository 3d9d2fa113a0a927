//! Invitations to register.

use async_trait::async_trait;
use progy_api::account::Role;
use progy_core::Timestamp;

use crate::ports::Result;
use crate::ports::database::Digest;

/// Lets one person register, whatever the registration policy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Its id.
    pub id: String,
    /// The hash of its code.
    pub code: Digest,
    /// What the person will be.
    pub role: Role,
    /// The only address that may use it, if it names one; in lower case.
    pub email: Option<String>,
    /// By the server's clock.
    pub created_at: Timestamp,
    /// From then on it counts no more.
    pub expires_at: Timestamp,
}

/// Keeps invitations. [`Users::create_user`](super::Users::create_user) uses them up.
#[async_trait]
pub trait Invites: Send + Sync {
    /// Keeps an invitation.
    async fn create_invite(&self, invite: &Invite) -> Result<()>;

    /// The invitation of a code, if it is neither used nor expired.
    async fn invite(&self, code: &Digest, now: Timestamp) -> Result<Option<Invite>>;
}
