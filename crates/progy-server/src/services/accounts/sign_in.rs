//! Signing in with an address and a password.

use super::audit::Note;
use super::limits::Attempt;
use super::sessions::SignedIn;
use super::{Peer, Refusal, Services, names, passwords};
use crate::Result;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEvent, Link};

/// Who somebody says they are, as it was typed.
pub enum Claim {
    /// An address, and nothing else will do.
    Email(String),
    /// An address, or a user name: those have no `@`.
    EmailOrUsername(String),
}

/// [`Claim`], in the form in which it is compared.
enum Claimed {
    Email(String),
    Username(String),
}

impl Claim {
    fn normal(&self) -> Result<Claimed, Refusal> {
        match self {
            Self::EmailOrUsername(text) if !text.contains('@') => {
                let name = text.trim().to_lowercase();
                let sound = names::is_username(&name);
                if sound { Ok(Claimed::Username(name)) } else { Err(Refusal::InvalidUsername) }
            }
            Self::Email(text) | Self::EmailOrUsername(text) => {
                names::email(text).map(Claimed::Email)
            }
        }
    }
}

impl Claimed {
    fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Username(text) => text,
        }
    }
}

/// What somebody types to sign in. `Debug` shows nothing of it.
pub struct Credentials {
    /// Who they say they are.
    pub claim: Claim,
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
    /// is allowed. Whether the address is known changes neither the answer nor the work. Tries are
    /// counted by the account, however it is named; what nobody is called, by what was typed.
    pub async fn sign_in(&self, typed: &Credentials, peer: &Peer) -> Result<SignedIn> {
        let claimed = typed.claim.normal()?;
        if typed.password.chars().count() > passwords::LONGEST {
            return Err(Refusal::PasswordTooLong.into());
        }
        self.limit_address(Attempt::SignIn, peer).await?;
        let user = match &claimed {
            Claimed::Email(email) => self.accounts.user_by_email(email).await?,
            Claimed::Username(name) => self.accounts.user_by_name(name).await?,
        };
        match &user {
            Some(user) => self.limit_password_of(&user.id).await?,
            None => self.limit(Attempt::SignInTo, claimed.as_str()).await?,
        }

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
