//! The tokens that stand in for passwords, one for each server.
//!
//! A token is in the system's keyring, or else in `credentials.toml`. The file says which, so that no
//! keyring is asked about what it does not have.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ConfigError, CredentialStore, Home};
use crate::api::http::ServerUrl;
use crate::platform::keyring::{Keyring, KeyringError};

const FILE: &str = "credentials.toml";

#[derive(Default, Serialize, Deserialize)]
struct Credentials {
    #[serde(default)]
    servers: BTreeMap<String, Place>,
}

/// Where a token is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Place {
    Here {
        token: String,
    },
    /// Under this name.
    Keyring {
        keyring: String,
    },
}

/// What lets this device in.
#[derive(Clone)]
pub enum Login {
    /// A token.
    Token(String),
    /// One that the keyring has to be asked for.
    Kept(KeptLogin),
}

/// A token in the keyring, which has not been asked for it yet.
#[derive(Clone)]
pub struct KeptLogin {
    name: String,
    keyring: Option<Arc<dyn Keyring>>,
}

impl Login {
    /// The token; `None` if the keyring has lost it.
    pub fn token(self) -> Result<Option<String>, KeyringError> {
        match self {
            Self::Token(token) => Ok(Some(token)),
            Self::Kept(kept) => kept.token(),
        }
    }
}

impl KeptLogin {
    /// Asks the keyring for the token; `None` if it has lost it.
    pub fn token(&self) -> Result<Option<String>, KeyringError> {
        let absent = || KeyringError::Absent("there is none here".to_owned());
        self.keyring.as_ref().ok_or_else(absent)?.find(&self.name)
    }
}

impl Home {
    /// What lets this device in at `server`: `PROGY_TOKEN`, else the last login. Asks no keyring.
    pub fn login(&self, server: &ServerUrl) -> Result<Option<Login>, ConfigError> {
        if let Some(token) = self.variables.get("PROGY_TOKEN").map(str::trim)
            && !token.is_empty()
        {
            return Ok(Some(Login::Token(token.to_owned())));
        }
        self.saved_login(server)
    }

    /// The last login, whatever `PROGY_TOKEN` says. Asks no keyring.
    pub fn saved_login(&self, server: &ServerUrl) -> Result<Option<Login>, ConfigError> {
        let place = self.credentials()?.servers.remove(server.as_str());
        Ok(place.map(|place| match place {
            Place::Here { token } => Login::Token(token),
            Place::Keyring { keyring: name } => {
                Login::Kept(KeptLogin { name, keyring: self.keyring.clone() })
            }
        }))
    }

    /// The token for `server`: `PROGY_TOKEN`, else that of the last login.
    pub fn token(&self, server: &ServerUrl) -> Result<Option<String>, ConfigError> {
        Ok(self.login(server)?.map(Login::token).transpose()?.flatten())
    }

    /// Remembers a login: in the keyring, and in the file if there is none that takes it.
    pub fn save_token(&self, server: &ServerUrl, token: &str) -> Result<(), ConfigError> {
        let _lock = self.lock()?;
        let mut credentials = self.credentials()?;
        let token = token.trim();
        let name = self.name_in_keyring(server);
        let place = match self.keyring_to_use()?.map(|keyring| keyring.keep(&name, token)) {
            Some(Ok(())) => Place::Keyring { keyring: name },
            _ => Place::Here { token: token.to_owned() },
        };
        let now = place.clone();
        let before = credentials.servers.insert(server.as_str().to_owned(), place);
        self.write_credentials(&credentials)?;
        self.take_back(before.filter(|before| *before != now));
        Ok(())
    }

    /// Forgets a login; false if there was none.
    pub fn forget_token(&self, server: &ServerUrl) -> Result<bool, ConfigError> {
        let _lock = self.lock()?;
        let mut credentials = self.credentials()?;
        let known = credentials.servers.remove(server.as_str());
        let was_known = known.is_some();
        if was_known {
            self.write_credentials(&credentials)?;
        }
        self.take_back(known);
        Ok(was_known)
    }

    fn keyring_to_use(&self) -> Result<Option<&Arc<dyn Keyring>>, ConfigError> {
        let wanted = self.credential_store()? == CredentialStore::Keyring;
        Ok(self.keyring.as_ref().filter(|_| wanted))
    }

    /// Takes out of the keyring what nothing points to any more. One that refuses keeps a token
    /// whose session ends by itself.
    fn take_back(&self, place: Option<Place>) {
        if let (Some(Place::Keyring { keyring: name }), Some(keyring)) = (place, &self.keyring) {
            let _ = keyring.forget(&name);
        }
    }

    /// One for each server and folder of settings: each is a device of its own.
    fn name_in_keyring(&self, server: &ServerUrl) -> String {
        format!("{server} ({})", self.dir.display())
    }

    fn credentials(&self) -> Result<Credentials, ConfigError> {
        let Some(text) = self.read(FILE)? else { return Ok(Credentials::default()) };
        toml::from_str(&text).map_err(|error| {
            // The parser's own message quotes the line, and with it a token.
            let start = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
            self.damaged(FILE, format!("line {line} is not what progy wrote"))
        })
    }

    fn write_credentials(&self, credentials: &Credentials) -> Result<(), ConfigError> {
        match toml::to_string(credentials) {
            Ok(text) => self.write(FILE, &text),
            Err(error) => Err(self.damaged(FILE, error.to_string())),
        }
    }
}

/// Without the token.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token(…)"),
            Self::Kept(kept) => kept.fmt(f),
        }
    }
}

/// Where it is kept.
impl fmt::Debug for KeptLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeptLogin").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests;
