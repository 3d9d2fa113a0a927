//! What happened to accounts, for those who run the server.

use async_trait::async_trait;
use progy_core::Timestamp;

use crate::ports::Result;
use crate::ports::database::UserId;

/// Kinds of what is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditEvent {
    /// A person was added, by themselves or by an administrator.
    UserCreated,
    /// A login succeeded.
    SignedIn,
    /// A login was refused.
    SignInRefused,
    /// A session was ended by its person.
    SignedOut,
    /// A session was ended from another.
    SessionRevoked,
    /// A device was let in by its person.
    DeviceApproved,
    /// A device was turned away by its person.
    DeviceDenied,
    /// A device got its session.
    DeviceSignedIn,
    /// A personal access token was made.
    TokenCreated,
    /// A personal access token was used for the first time on a day.
    TokenUsed,
    /// A personal access token was revoked.
    TokenRevoked,
    /// An invitation was made.
    InviteCreated,
    /// A provider's account was linked.
    AccountLinked,
    /// A provider's account was unlinked, and its tokens erased.
    AccountUnlinked,
    /// A person's role was changed.
    RoleChanged,
    /// A person changed their password, or got their first one.
    PasswordChanged,
}

impl AuditEvent {
    /// As the table writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserCreated => "user_created",
            Self::SignedIn => "signed_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignedOut => "signed_out",
            Self::SessionRevoked => "session_revoked",
            Self::DeviceApproved => "device_approved",
            Self::DeviceDenied => "device_denied",
            Self::DeviceSignedIn => "device_signed_in",
            Self::TokenCreated => "token_created",
            Self::TokenUsed => "token_used",
            Self::TokenRevoked => "token_revoked",
            Self::InviteCreated => "invite_created",
            Self::AccountLinked => "account_linked",
            Self::AccountUnlinked => "account_unlinked",
            Self::RoleChanged => "role_changed",
            Self::PasswordChanged => "password_changed",
        }
    }
}

/// One line of the log. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// By the server's clock.
    pub at: Timestamp,
    /// What happened, as [`AuditEvent::as_str`] writes it.
    pub event: String,
    /// To whose account; absent if it is nobody's.
    pub user: Option<UserId>,
    /// Where the request came from; absent for what an administrator did on the machine.
    pub ip_address: Option<String>,
    /// The id of the session, token, invitation or link that it is about.
    pub subject: Option<String>,
    /// Anything else that helps, in a few words.
    pub detail: Option<String>,
}

/// Keeps the log: only ever adds to it.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds a line.
    async fn record(&self, entry: &AuditEntry) -> Result<()>;

    /// The newest lines of a person's account, of everybody's without one; newest first.
    async fn audit(&self, user: Option<&UserId>, limit: u32) -> Result<Vec<AuditEntry>>;
}
