//! Who is asking, and how they come to be somebody.
//!
//! - [`people`], [`sign_up`], [`names`]: how somebody is added;
//! - [`sign_in`], [`passwords`]: how they prove who they are;
//! - [`sessions`], [`tokens`]: what they carry afterwards;
//! - [`profile`]: what they change about themselves;
//! - [`device`]: how a device gets in by a code;
//! - [`limits`], [`audit`], [`retention`]: how often, what is written down of it, and for how long;
//! - [`refusal`], [`secrets`]: what they share.

pub mod audit;
pub mod device;
pub mod limits;
pub mod names;
pub mod passwords;
pub mod people;
pub mod profile;
pub mod refusal;
pub mod retention;
pub mod secrets;
pub mod sessions;
pub mod sign_in;
pub mod sign_up;
pub mod tokens;

use std::net::IpAddr;

use progy_api::account::{Scopes, Session, User};

use super::Services;
use crate::ports::database::accounts::{SessionRecord, Token};
use crate::{Result, ServiceError};
use secrets::Kind;

pub use refusal::Refusal;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    /// The address; absent for what is done on the server's machine.
    pub address: Option<IpAddr>,
    /// What the program says of itself, shortened.
    pub user_agent: Option<String>,
}

impl Peer {
    /// The address as it is written down.
    pub fn address_text(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }
}

/// A person who has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The person.
    pub user: User,
    /// How.
    pub via: Via,
}

/// What proved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A session of a browser or a device.
    Session(SessionRecord),
    /// A personal access token.
    Token(Token),
}

impl Login {
    /// What this login may be used for.
    pub fn scopes(&self) -> Scopes {
        match &self.via {
            Via::Session(_) => Scopes::all(),
            Via::Token(token) => token.scopes.clone(),
        }
    }

    /// The session, if it is one.
    pub fn session(&self) -> Option<&SessionRecord> {
        match &self.via {
            Via::Session(session) => Some(session),
            Via::Token(_) => None,
        }
    }

    /// As the routes show it. A token is shown as a session that nobody can end there.
    pub fn shown(&self) -> Session {
        match &self.via {
            Via::Session(session) => sessions::shown(session),
            Via::Token(token) => tokens::shown(token),
        }
    }
}

impl Services {
    /// Who `secret` belongs to, or [`ServiceError::Unauthorized`]. Writes the use down, if the last
    /// one that was is long enough ago.
    pub async fn authenticate(&self, secret: &str, peer: &Peer) -> Result<Login> {
        let login = match Kind::of(secret) {
            Some(Kind::Session) => self.session_login(secret, peer).await?,
            Some(Kind::Token) => self.token_login(secret, peer).await?,
            Some(Kind::DeviceCode | Kind::Invite) | None => None,
        };
        login.ok_or(ServiceError::Unauthorized)
    }
}

#[cfg(test)]
mod tests;
