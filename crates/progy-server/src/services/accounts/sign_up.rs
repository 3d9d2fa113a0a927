//! Registering oneself.

use progy_api::account::{Role, User};

use super::audit::Note;
use super::limits::Attempt;
use super::secrets::digest;
use super::sessions::SignedIn;
use super::{Peer, Refusal, Services, names, passwords};
use crate::Result;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEvent, Link, LinkId, NewUser, UserChange};

/// User names that are tried for somebody who did not choose one.
const TRIES: usize = 8;

/// What somebody types to register. `Debug` shows nothing of it.
pub struct Registration {
    /// To greet with.
    pub name: String,
    /// As it was typed.
    pub email: String,
    /// As it was typed.
    pub password: String,
    /// The user name, if one was chosen.
    pub username: Option<String>,
    /// Address of a picture.
    pub image: Option<String>,
    /// The code of an invitation.
    pub invite: Option<String>,
    /// Whether use prolongs the session.
    pub remember: bool,
}

impl Services {
    /// Adds a person and lets them in.
    ///
    /// `open` says whether anybody may register here; otherwise an invitation is needed. That an
    /// address or a user name is taken cannot be hidden from who wants it, only made slow to find
    /// out. Hashes a password, as [`Services::sign_in`] does.
    pub async fn sign_up(&self, typed: &Registration, open: bool, peer: &Peer) -> Result<SignedIn> {
        self.limit_address(Attempt::SignUp, peer).await?;
        let email = names::email(&typed.email)?;
        let name = names::display(&typed.name)?;
        passwords::check(&typed.password)?;
        let image = typed.image.as_deref().map(picture).transpose()?;
        if let Some(username) = &typed.username
            && !names::is_username(username)
        {
            return Err(Refusal::InvalidUsername.into());
        }
        let role = self.admit(typed.invite.as_deref(), open).await?;
        let password = self.hash_password(&typed.password)?;

        let now = self.clock.now();
        let id = self.new_id()?;
        let link_id = LinkId(self.new_id()?);
        let link = Link {
            password: Some(password),
            ..Link::new(link_id, UserId(id.clone()), Link::CREDENTIAL, &id, now)
        };
        let user = User {
            id,
            username: String::new(),
            name,
            email: Some(email),
            email_verified: false,
            image,
            role,
            created_at: now,
            updated_at: now,
        };
        let invite = typed.invite.as_deref().map(digest);
        let new = NewUser { user, link: Some(link), invite };
        let user = self.add_under_a_name(new, typed.username.as_deref()).await?;
        let note = Note::of(AuditEvent::UserCreated).user(&user.id).from(peer);
        self.note(note.detail("registered")).await?;

        let session = self.new_session(&UserId(user.id.clone()), peer, typed.remember)?;
        self.accounts.create_session(&session.record).await?;
        let note = Note::of(AuditEvent::SignedIn).user(&user.id).from(peer);
        self.note(note.subject(&session.record.id.0)).await?;
        Ok(SignedIn { user, session })
    }

    /// The role of somebody who comes with this invitation, or without one.
    async fn admit(&self, invite: Option<&str>, open: bool) -> Result<Role> {
        match invite {
            Some(code) => {
                let invite = self.accounts.invite(&digest(code), self.clock.now()).await?;
                Ok(invite.ok_or(Refusal::InvalidInvite)?.role)
            }
            None if open => Ok(Role::Learner),
            None => Err(Refusal::SignUpClosed.into()),
        }
    }

    /// Adds a person under the name that was chosen, or else one like their own that is free.
    pub(crate) async fn add_under_a_name(
        &self,
        mut new: NewUser,
        chosen: Option<&str>,
    ) -> Result<User> {
        let Some(chosen) = chosen else {
            let like = names::username_like(&new.user.name);
            return self.add_under_a_name_like(new, &like).await;
        };
        chosen.clone_into(&mut new.user.username);
        if self.try_to_add(&new).await? {
            return Ok(new.user);
        }
        Err(Refusal::UsernameTaken.into())
    }

    /// Adds a person under the name `like`, or one that begins with it and is free.
    pub(crate) async fn add_under_a_name_like(&self, mut new: NewUser, like: &str) -> Result<User> {
        for attempt in 0..TRIES {
            like.clone_into(&mut new.user.username);
            if attempt > 0 {
                let id = self.new_id()?;
                let end: String = id.chars().take(4).collect();
                new.user.username = format!("{like}-{end}");
            }
            if self.try_to_add(&new).await? {
                return Ok(new.user);
            }
        }
        Err(Refusal::UsernameTaken.into())
    }

    /// Adds a person. False if the user name is taken.
    async fn try_to_add(&self, new: &NewUser) -> Result<bool> {
        match self.accounts.create_user(new).await? {
            UserChange::Done => Ok(true),
            UserChange::UsernameTaken => Ok(false),
            UserChange::EmailTaken | UserChange::LinkTaken => Err(Refusal::EmailTaken.into()),
            UserChange::InviteSpent => Err(Refusal::InvalidInvite.into()),
        }
    }
}

/// A picture is an address that a page can show without running anything.
fn picture(text: &str) -> Result<String, Refusal> {
    let sound = text.len() <= 2_000
        && (text.starts_with("https://") || text.starts_with("http://"))
        && !text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '"');
    if sound {
        return Ok(text.to_owned());
    }
    Err(Refusal::Invalid("the image has to be an http(s) address".to_owned()))
}

#[cfg(test)]
mod tests;
