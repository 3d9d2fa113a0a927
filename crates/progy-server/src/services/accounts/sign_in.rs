//! Signing in with an address and a password.

use super::audit::Note;
use super::limits::Attempt;
use super::sessions::SignedIn;
use super::{Peer, Refusal, Services, names, passwords};
use crate::Result;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEvent, Link};

/// What somebody types to sign in. `Debug` shows nothing of it.
pub struct Credentials {
    /// As it was typed.
    pub email: String,
    /// As it was typed.
    pub password: String,
    /// Whether use prolongs the session.
    pub remember: bool,
    /// What the browser carried before; that session ends, so that nobody goes on with it.
    pub replaces: Option<String>,
}

impl Services {
    /// Lets somebody in, or [`Refusal::InvalidEmailOrPassword`], whatever of the two it is.
    ///
    /// Hashes a password, and blocks while it does: a caller with a runtime runs this where blocking
    /// is allowed. Whether the address is known changes neither the answer nor the work.
    pub async fn sign_in(&self, typed: &Credentials, peer: &Peer) -> Result<SignedIn> {
        let email = names::email(&typed.email)?;
        if typed.password.chars().count() > passwords::LONGEST {
            return Err(Refusal::PasswordTooLong.into());
        }
        self.limit_address(Attempt::SignIn, peer).await?;
        self.limit(Attempt::SignInTo, &email).await?;

        let user = self.accounts.user_by_email(&email).await?;
        let id = user.as_ref().map(|user| user.id.clone()).unwrap_or_default();
        let link = self.accounts.link_to(Link::CREDENTIAL, &id).await?;
        let kept = link.as_ref().and_then(|link| link.password.as_deref());
        let known = passwords::verify(&typed.password, kept);
        let Some(user) = user.filter(|_| known) else {
            let note = Note::of(AuditEvent::SignInRefused).from(peer);
            self.note(if id.is_empty() { note } else { note.user(&id) }).await?;
            return Err(Refusal::InvalidEmailOrPassword.into());
        };

        if let Some(before) = &typed.replaces {
            self.sign_out(before, peer).await?;
        }
        let session = self.new_session(&UserId(user.id.clone()), peer, typed.remember)?;
        self.accounts.create_session(&session.record).await?;
        let note = Note::of(AuditEvent::SignedIn).user(&user.id).from(peer);
        self.note(note.subject(&session.record.id.0)).await?;
        Ok(SignedIn { user, session })
    }
}

#[cfg(test)]
mod tests;
