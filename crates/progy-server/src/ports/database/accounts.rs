//! People, and how they prove who they are: one idea a trait.
//!
//! Names and meanings are those of Better Auth's tables; [`links`] is its table `account`. Every
//! secret comes in as its [`Digest`](super::Digest): what logs somebody in is not in the database.

pub mod audit;
pub mod device_codes;
pub mod git_tokens;
pub mod hosts;
pub mod invites;
pub mod links;
pub mod retention;
pub mod sealing;
pub mod sessions;
pub mod tokens;
pub mod users;
pub mod verifications;

pub use audit::{Audit, AuditEntry, AuditEvent};
pub use device_codes::{DeviceCode, DeviceCodes, DeviceStatus};
pub use git_tokens::{GitToken, GitTokens};
pub use hosts::{HostAccount, HostRecords, HostRepo, HostToken};
pub use invites::{Invite, Invites};
pub use links::{Link, LinkId, Links};
pub use retention::{Forgotten, Retention};
pub use sealing::{Replacing, Sealing};
pub use sessions::{Seen, SessionId, SessionRecord, Sessions};
pub use tokens::{NewToken, Token, TokenId, Tokens};
pub use users::{NewUser, UserChange, UserEdit, Users};
pub use verifications::{Verification, Verifications};

/// All that is known of people. The laws of [`Database`](super::Database) hold: every method is one
/// transaction, and what has returned is durable.
pub trait Accounts:
    Users
    + Links
    + Sealing
    + Verifications
    + Sessions
    + DeviceCodes
    + Tokens
    + GitTokens
    + HostRecords
    + Invites
    + Audit
    + Retention
{
}

impl<T> Accounts for T where
    T: Users
        + Links
        + Sealing
        + Verifications
        + Sessions
        + DeviceCodes
        + Tokens
        + GitTokens
        + HostRecords
        + Invites
        + Audit
        + Retention
        + ?Sized
{
}
