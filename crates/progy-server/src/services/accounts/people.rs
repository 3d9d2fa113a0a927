//! What an administrator does with people.

use progy_api::account::{Role, User};
use progy_core::Timestamp;

use super::audit::Note;
use super::secrets::{Kind, digest};
use super::{Login, Peer, Refusal, Services, names, passwords};
use crate::ports::database::UserId;
use crate::ports::database::accounts::{
    AuditEvent, Invite, Link, LinkId, NewUser, UserChange, UserEdit,
};
use crate::{Result, Secret, ServiceError};

/// How long an invitation is good, in milliseconds, if nothing else is said: 7 days.
pub const INVITE_LIFETIME: i64 = 7 * 24 * 60 * 60 * 1_000;

/// People that are listed at once.
pub const PEOPLE: u32 = 100;

/// Somebody who administers the server, signed in: no token does that.
fn check_admin(login: &Login) -> Result<()> {
    let is_admin = login.session().is_some() && login.user.role == Role::Admin;
    if is_admin { Ok(()) } else { Err(ServiceError::NotFound) }
}

impl Services {
    /// Adds a person. `name` is one that can be a course's scope: lower-case letters, digits, `-`,
    /// `_`, `.`; a name that is taken is [`ServiceError::UserExists`].
    pub async fn add_user(&self, name: &str, email: Option<&str>, role: Role) -> Result<User> {
        self.add_user_with_password(name, email, role, None).await
    }

    /// As [`Services::add_user`]. With a password, which needs an address, the person can sign in on
    /// the web.
    pub async fn add_user_with_password(
        &self,
        name: &str,
        email: Option<&str>,
        role: Role,
        password: Option<&str>,
    ) -> Result<User> {
        if !names::is_username(name) {
            return Err(ServiceError::BadRequest(format!(
                "{name:?} is no user name: expected 1 to 64 lower-case letters, digits, `-`, `_` \
                 and `.`, beginning with a letter or digit"
            )));
        }
        let checked = email.map(names::email).transpose();
        let checked = checked.map_err(|_| {
            ServiceError::BadRequest(format!("{:?} is no e-mail address", email.unwrap_or("")))
        })?;
        let now = self.clock.now();
        let id = self.new_id()?;
        let link = password.map(|password| self.credential(&id, password)).transpose()?;
        if link.is_some() && checked.is_none() {
            let said = "a password needs an address to sign in with".to_owned();
            return Err(ServiceError::BadRequest(said));
        }
        let user = User {
            id,
            username: name.to_owned(),
            name: name.to_owned(),
            email: checked,
            email_verified: false,
            image: None,
            role,
            created_at: now,
            updated_at: now,
        };
        let new = NewUser { user, link, invite: None };
        match self.accounts.create_user(&new).await? {
            UserChange::Done => {
                let note = Note::of(AuditEvent::UserCreated).user(&new.user.id);
                self.note(note.detail("by an administrator")).await?;
                Ok(new.user)
            }
            UserChange::EmailTaken => Err(ServiceError::BadRequest(format!(
                "another user has the address {:?}",
                new.user.email.unwrap_or_default()
            ))),
            _ => Err(ServiceError::UserExists(name.to_owned())),
        }
    }

    fn credential(&self, user: &str, password: &str) -> Result<Link> {
        passwords::check(password)?;
        let link = LinkId(self.new_id()?);
        let owner = UserId(user.to_owned());
        Ok(Link {
            password: Some(self.hash_password(password)?),
            ..Link::new(link, owner, Link::CREDENTIAL, user, self.clock.now())
        })
    }

    /// An invitation that lets one person register, with this address if one is named, until
    /// `lifetime` milliseconds from now. This is the only time that anyone sees its code.
    pub async fn invite(&self, role: Role, email: Option<&str>, lifetime: i64) -> Result<Secret> {
        let email = email.map(names::email).transpose()?;
        let now = self.clock.now();
        let code = self.new_secret(Kind::Invite)?;
        let invite = Invite {
            id: self.new_id()?,
            code: digest(code.expose()),
            role,
            email,
            created_at: now,
            expires_at: Timestamp(now.0.saturating_add(lifetime)),
        };
        self.accounts.create_invite(&invite).await?;
        self.note(Note::of(AuditEvent::InviteCreated).subject(&invite.id)).await?;
        Ok(code)
    }

    /// Up to [`PEOPLE`] people by user name, from the one that comes after `after` on. For an admin's
    /// session; to everybody else there is nothing here.
    pub async fn people(&self, login: &Login, after: &str) -> Result<Vec<User>> {
        check_admin(login)?;
        Ok(self.accounts.users_after(after, PEOPLE).await?)
    }

    /// Changes what somebody else may do. For an admin's session, as [`Services::people`]; nobody
    /// changes their own role, so that the last admin stays one.
    pub async fn set_role(
        &self,
        login: &Login,
        username: &str,
        role: Role,
        peer: &Peer,
    ) -> Result<()> {
        check_admin(login)?;
        let user = self.named(username).await?;
        if user.id == login.user.id {
            return Err(Refusal::OwnRole.into());
        }
        if user.role == role {
            return Ok(());
        }
        let id = UserId(user.id);
        if !self.accounts.edit_user(&id, &UserEdit::Role(role), self.clock.now()).await? {
            return Err(ServiceError::NoUser(user.username));
        }
        let note = Note::of(AuditEvent::RoleChanged).user(&id.0).from(peer);
        self.note(note.subject(&login.user.id).detail(format!("{role:?}").to_lowercase())).await
    }

    /// The person of this user name, for an administrator.
    pub(crate) async fn named(&self, name: &str) -> Result<User> {
        let user = self.accounts.user_by_name(name).await?;
        user.ok_or_else(|| ServiceError::NoUser(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
