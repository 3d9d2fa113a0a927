//! People.

use async_trait::async_trait;
use progy_api::account::{Role, User};
use progy_core::Timestamp;

use super::Link;
use crate::ports::Result;
use crate::ports::database::{Digest, UserId};

/// Somebody to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The person.
    pub user: User,
    /// How they will prove who they are, if it is known already.
    pub link: Option<Link>,
    /// The invite that lets them in; it is used up with this.
    pub invite: Option<Digest>,
}

/// One thing about a person that changes. Everything else stays as it is at that moment, whoever
/// changed it since it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserEdit {
    /// The name to greet with.
    Name(String),
    /// What they may do.
    Role(Role),
    /// This is their address, and they read what is sent to it.
    EmailVerified(String),
}

/// What adding a person came to. All but `Done` change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserChange {
    /// It is done.
    Done,
    /// Another person has this user name.
    UsernameTaken,
    /// Another person has this address.
    EmailTaken,
    /// The link belongs to another person.
    LinkTaken,
    /// The invite is unknown, used, expired, or for another address.
    InviteSpent,
}

/// Keeps people.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds a person with the link, and uses the invite, all or nothing. Checked in the order of
    /// [`UserChange`], but the invite first.
    async fn create_user(&self, new: &NewUser) -> Result<UserChange>;

    /// Changes one thing about a person, and the time of the last change. False if there is no such
    /// person, or the address is not theirs.
    async fn edit_user(&self, user: &UserId, edit: &UserEdit, now: Timestamp) -> Result<bool>;

    /// The person of this id.
    async fn user(&self, id: &UserId) -> Result<Option<User>>;

    /// The person of this user name.
    async fn user_by_name(&self, username: &str) -> Result<Option<User>>;

    /// The person of this address, which is in lower case.
    async fn user_by_email(&self, email: &str) -> Result<Option<User>>;

    /// Up to `limit` people by user name, from the one that comes after `after` on.
    async fn users_after(&self, after: &str, limit: u32) -> Result<Vec<User>>;
}
