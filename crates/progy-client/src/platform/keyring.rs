//! Where the system keeps passwords: Keychain, Credential Manager, Secret Service.
//!
//! The first two come with their systems. On Linux the Secret Service is a program of the desktop,
//! which a server, a container and a plain terminal do not have.

#[cfg(any(target_os = "macos", windows))]
mod native;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;

use std::fmt;
use std::sync::Arc;

use crate::config::Variables;

/// Keeps secrets for the person who is logged in to the system.
///
/// A question may take seconds. On Linux none waits for a person: what would have to be unlocked by
/// hand is [`KeyringError::Locked`]. macOS asks by itself, and that takes as long as the person does.
pub trait Keyring: fmt::Debug + Send + Sync {
    /// Keeps `secret` under `name`, in place of what is kept there.
    fn keep(&self, name: &str, secret: &str) -> Result<(), KeyringError>;

    /// What is kept under `name`; `None` if nothing is.
    fn find(&self, name: &str) -> Result<Option<String>, KeyringError>;

    /// Keeps nothing under `name` any more.
    fn forget(&self, name: &str) -> Result<(), KeyringError>;
}

/// Why a keyring does not do what it is asked for. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// There is none, or none that answers.
    #[error("{0}")]
    Absent(String),
    /// Its person has to unlock it first.
    #[error("it is locked")]
    Locked,
}

/// The keyring of the system, if there may be one: asks nobody yet.
pub fn of_system(variables: &Variables) -> Option<Arc<dyn Keyring>> {
    #[cfg(any(target_os = "macos", windows))]
    {
        let _ = variables;
        Some(Arc::new(native::Native))
    }
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        let bus = variables.get("DBUS_SESSION_BUS_ADDRESS")?;
        Some(Arc::new(secret_service::SecretService::at(bus)))
    }
    #[cfg(not(any(unix, windows)))]
    {
        let _ = variables;
        None
    }
}
