//! macOS and Windows: the keyring that is a part of the system.

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
#[cfg(windows)]
use windows_native_keyring_store::Store;

use super::{Keyring, KeyringError};

/// What Progy's entries belong to.
const SERVICE: &str = "progy";

/// Keychain, or Credential Manager.
#[derive(Debug)]
pub(super) struct Native;

impl Keyring for Native {
    fn keep(&self, name: &str, secret: &str) -> Result<(), KeyringError> {
        Ok(entry(name)?.set_password(secret)?)
    }

    fn find(&self, name: &str) -> Result<Option<String>, KeyringError> {
        match entry(name)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn forget(&self, name: &str) -> Result<(), KeyringError> {
        match entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn entry(name: &str) -> Result<Entry, KeyringError> {
    Ok(Store::new()?.build(SERVICE, name, None)?)
}

impl From<Error> for KeyringError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoStorageAccess(_) => Self::Locked,
            // It may hold what was read.
            Error::BadDataFormat(..) => Self::Absent("the entry is damaged".to_owned()),
            error => Self::Absent(error.to_string()),
        }
    }
}
