//! Tokens of other services (GitHub's, Forgejo's), encrypted at rest.
//!
//! - [`sealed`]: one encrypted token, as a database row holds it;
//! - [`keyring`]: the keys, and the encryption itself (AES-256-GCM);
//! - `file`: the file that a server makes for its keys;
//! - [`Vault`]: the keyring of a running server, which follows a rotation.
//!
//! # Rotation
//!
//! `progy admin keys rotate` may run beside servers that know only the old key, and may be killed at
//! any point:
//!
//! 1. A new key is put first into the file. From here on both keys can be read.
//! 2. Every row is encrypted anew; a row that changed meanwhile is left to its writer's next turn.
//! 3. In one transaction the database is asked whether any row still needs the old key; if none
//!    does, the key is noted as *retired*. The database refuses rows under a retired key, so that a
//!    server which has not noticed yet cannot write one after the question was answered: it reads
//!    the file again, and encrypts under the new key.
//! 4. Retired keys leave the file.
//!
//! A kill before the third step leaves two readable keys, one after it a key that nothing needs; the
//! next rotation goes on from either.

pub mod file;
pub mod keyring;
pub mod sealed;

use std::sync::{Arc, PoisonError, RwLock};

use crate::ports::{Entropy, PortError};
use crate::secret::Secret;
use file::KeyFile;
pub use keyring::{Key, KeyId, Keyring};
pub use sealed::{Binding, Sealed, TokenKind};

/// Why the vault did not do what was asked. No variant holds anything of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Encrypted under a key that is not among ours: it was removed too early, or the file of keys
    /// is that of another server.
    #[error("a token is encrypted under the key {0}, which is not among this server's keys")]
    UnknownKey(KeyId),
    /// Not what was encrypted, or not for this account: the row was changed, or swapped.
    #[error("an encrypted token is damaged, or belongs to another account")]
    Damaged,
    /// The keys cannot be used.
    #[error("the vault's keys cannot be used: {0}")]
    Keys(String),
    /// There was no chance to be had.
    #[error(transparent)]
    Entropy(#[from] PortError),
}

/// Where the keys come from.
enum Source {
    /// The configuration: they stay as they are until the server starts again.
    Configured,
    /// A file, which a rotation changes.
    File(KeyFile),
}

/// Encrypts and decrypts tokens for as long as the server runs.
pub struct Vault {
    source: Source,
    keyring: RwLock<Arc<Keyring>>,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    /// Over keys that do not change.
    pub fn configured(keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        Self { source: Source::Configured, keyring: RwLock::new(Arc::new(keyring)), entropy }
    }

    /// Over a file of keys, which is made (with one new key) if it does not exist.
    pub fn in_file(file: KeyFile, entropy: Arc<dyn Entropy>) -> Result<Self, VaultError> {
        let keyring = file.load_or_make(entropy.as_ref())?;
        let keyring = RwLock::new(Arc::new(keyring));
        Ok(Self { source: Source::File(file), keyring, entropy })
    }

    /// Encrypts `secret` for one place, under the key that is for writing.
    pub fn seal(&self, binding: &Binding<'_>, secret: &Secret) -> Result<Sealed, VaultError> {
        let mut nonce = [0; keyring::NONCE];
        self.entropy.fill(&mut nonce)?;
        self.keys().seal(binding, secret, nonce)
    }

    /// Decrypts what was encrypted for this very place.
    ///
    /// A key that is not known may be a newer one: then the file is read again.
    pub fn open(&self, binding: &Binding<'_>, sealed: &Sealed) -> Result<Secret, VaultError> {
        match self.keys().open(binding, sealed) {
            Err(VaultError::UnknownKey(_)) => {
                self.reload()?;
                self.keys().open(binding, sealed)
            }
            done => done,
        }
    }

    /// Reads the keys again, if they are in a file.
    pub fn reload(&self) -> Result<(), VaultError> {
        if let Source::File(file) = &self.source {
            let keyring = Arc::new(file.load()?);
            *self.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring;
        }
        Ok(())
    }

    /// Takes another key for writing, after the database has refused the one that is: that which the
    /// file has first by now, or the next one of the configuration, whose order is not up to date
    /// here.
    pub fn replace_retired_key(&self) -> Result<(), VaultError> {
        if matches!(self.source, Source::File(_)) {
            return self.reload();
        }
        let keyring = Arc::new(self.keys().with_next_first()?);
        *self.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring;
        Ok(())
    }

    /// The key that new tokens are encrypted under.
    pub fn writing_key(&self) -> KeyId {
        self.keys().writing().id()
    }

    /// The keys that are only read with.
    pub fn reading_keys(&self) -> Vec<KeyId> {
        self.keys().ids().skip(1).collect()
    }

    /// Puts a new key first, durably, if the keys are in a file; configured keys stay. Gives the
    /// key for writing.
    pub fn add_key(&self) -> Result<KeyId, VaultError> {
        if let Source::File(file) = &self.source {
            file.add(Key::generate(self.entropy.as_ref())?)?;
        }
        self.reload()?;
        Ok(self.writing_key())
    }

    /// Removes keys that nothing needs from the file; gives those that the configuration still
    /// names, which its owner may remove.
    pub fn remove_keys(&self, retired: &[KeyId]) -> Result<Vec<KeyId>, VaultError> {
        let Source::File(file) = &self.source else { return Ok(retired.to_vec()) };
        file.remove(retired)?;
        self.reload()?;
        Ok(Vec::new())
    }

    fn keys(&self) -> Arc<Keyring> {
        self.keyring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests;
