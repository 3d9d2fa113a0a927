//! What people change about themselves.

use super::audit::Note;
use super::limits::Attempt;
use super::{Login, Peer, Refusal, Services, names, passwords};
use crate::Result;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEvent, Link, LinkId, UserEdit};

/// A new password, as its person types it. `Debug` shows nothing of it.
pub struct PasswordChange {
    /// The one that is in force; nothing, if there is none yet.
    pub current: String,
    /// The one that shall be.
    pub new: String,
    /// Whether the person's other sessions end.
    pub ends_others: bool,
}

impl Services {
    /// Changes the name that the person is greeted with.
    pub async fn rename(&self, login: &Login, name: &str) -> Result<()> {
        let name = names::display(name)?;
        let user = UserId(login.user.id.clone());
        self.accounts.edit_user(&user, &UserEdit::Name(name), self.clock.now()).await?;
        Ok(())
    }

    /// Whether the person can sign in with a password.
    pub async fn has_password(&self, login: &Login) -> Result<bool> {
        let link = self.accounts.link_to(Link::CREDENTIAL, &login.user.id).await?;
        Ok(link.is_some_and(|link| link.password.is_some()))
    }

    /// Changes the person's password, or gives them their first one. A wrong one that should be in
    /// force is [`Refusal::InvalidPassword`].
    ///
    /// Hashes passwords, as [`Services::sign_in`] does.
    pub async fn change_password(
        &self,
        login: &Login,
        typed: &PasswordChange,
        peer: &Peer,
    ) -> Result<()> {
        passwords::check(&typed.new)?;
        if typed.current.chars().count() > passwords::LONGEST {
            return Err(Refusal::PasswordTooLong.into());
        }
        let user = &login.user.id;
        self.limit_address(Attempt::SignIn, peer).await?;
        self.limit_password_of(user).await?;
        let link = self.accounts.link_to(Link::CREDENTIAL, user).await?;
        let kept = link.as_ref().and_then(|link| link.password.as_deref());
        if kept.is_some() && !passwords::verify(&typed.current, kept) {
            self.note(Note::of(AuditEvent::SignInRefused).user(user).from(peer)).await?;
            return Err(Refusal::InvalidPassword.into());
        }
        let now = self.clock.now();
        let password = Some(self.hash_password(&typed.new)?);
        let changed = if let Some(link) = link {
            self.accounts.update_link(&Link { password, updated_at: now, ..link }).await?
        } else {
            let (id, owner) = (LinkId(self.new_id()?), UserId(user.clone()));
            let link = Link::new(id, owner, Link::CREDENTIAL, user, now);
            self.accounts.link(&Link { password, ..link }).await?
        };
        if !changed {
            return Err(Refusal::AccountNotFound.into());
        }
        self.note(Note::of(AuditEvent::PasswordChanged).user(user).from(peer)).await?;
        if typed.ends_others {
            self.end_sessions(login, login.session().map(|session| &session.id), peer).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
