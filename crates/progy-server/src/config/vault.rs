//! `[vault]`: the keys that tokens of other services are encrypted with.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::ConfigError;
use crate::ports::SystemEntropy;
use crate::secret::Secret;
use crate::vault::file::{KeyFile, parse_keys};
use crate::vault::{self, VaultError};

/// The variable that replaces `keys`: keys with commas between them.
pub const KEYS: &str = "PROGY_VAULT_KEYS";

/// Keys of the configuration, for several servers over one database. Without any, the server makes
/// a file in its data folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vault {
    /// 32 bytes in base64url each; the first encrypts, all decrypt.
    pub keys: Vec<Secret>,
}

impl Vault {
    /// Whether the keys can be used; `variable` is what [`KEYS`] says.
    pub fn check(&self, variable: Option<&Secret>) -> Result<(), ConfigError> {
        self.configured(variable)
            .map(drop)
            .map_err(|error| ConfigError::Wrong(format!("`vault.keys` (or {KEYS}): {error}")))
    }

    /// The vault over the configured keys, or else over the file in `data`, which is made if it
    /// does not exist; the folder exists.
    pub fn open(&self, variable: Option<&Secret>, data: &Path) -> Result<vault::Vault, VaultError> {
        match self.configured(variable)? {
            Some(keys) => Ok(vault::Vault::configured(keys, Arc::new(SystemEntropy))),
            None => vault::Vault::in_file(KeyFile::in_folder(data), Arc::new(SystemEntropy)),
        }
    }

    fn configured(&self, variable: Option<&Secret>) -> Result<Option<vault::Keyring>, VaultError> {
        if let Some(keys) = variable {
            let keys = keys.expose().split(',').map(str::trim).filter(|key| !key.is_empty());
            return parse_keys(keys).map(Some);
        }
        if self.keys.is_empty() {
            return Ok(None);
        }
        parse_keys(self.keys.iter().map(Secret::expose)).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_the_variable_the_file_or_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let key = |byte: u8| vault::Key::new([byte; 32]).unwrap();
        let first = |vault: &Vault, variable: Option<&Secret>| {
            vault.open(variable, folder.path()).unwrap().writing_key()
        };
        let configured = Vault { keys: vec![key(1).encode(), key(2).encode()] };
        assert_eq!(first(&configured, None), key(1).id());
        let both = format!("{}, {}", key(3).encode().expose(), key(1).encode().expose());
        assert_eq!(first(&configured, Some(&Secret::new(both))), key(3).id());
        assert!(!folder.path().join("vault.keys").exists());
        let made = first(&Vault::default(), None);
        assert_eq!(first(&Vault::default(), None), made);
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = Vault { keys: vec![Secret::new("hunter2")] };
        let error = wrong.check(None).unwrap_err().to_string();
        assert!(error.contains("openssl rand") && !error.contains("hunter2"), "{error}");
        assert!(Vault::default().check(Some(&Secret::new(" , "))).is_err());
        assert!(Vault::default().check(None).is_ok());
    }
}
