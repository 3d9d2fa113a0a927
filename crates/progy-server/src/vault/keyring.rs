//! The keys, and the encryption itself: AES-256-GCM (NIST SP 800-38D) of `ring`.
//!
//! Nonces are random, of 96 bits. That is safe for 2^32 tokens under one key (section 8.3 there);
//! ten thousand learners whose tokens are renewed three times a day need centuries for as many, and
//! each rotation begins anew.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::VaultError;
use super::sealed::{Binding, Sealed};
use crate::ports::Entropy;
use crate::secret::Secret;

/// Size of a key in bytes.
const KEY: usize = 32;
/// Size of a nonce in bytes.
pub(super) const NONCE: usize = 12;
/// Size of an authentication tag in bytes.
pub(super) const TAG: usize = 16;

/// The name of a key, which says nothing of it: 16 hexadecimal digits, derived from the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u64);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for KeyId {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        let id = u64::from_str_radix(text, 16).map_err(|_| VaultError::Damaged)?;
        // One spelling: otherwise a row could hide from the question which keys are needed.
        let id = Self(id);
        if id.to_string() == text { Ok(id) } else { Err(VaultError::Damaged) }
    }
}

/// One key.
pub struct Key {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY]>,
    cipher: LessSafeKey,
}

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: [u8; KEY]) -> Result<Self, VaultError> {
        let bytes = Zeroizing::new(bytes);
        let named = blake3::derive_key("progy 2026-11 vault key id", bytes.as_slice());
        let id = named.first_chunk().copied().unwrap_or_default();
        let cipher = UnboundKey::new(&AES_256_GCM, bytes.as_slice())
            .map_err(|_| VaultError::Keys("the cipher refuses a key".to_owned()))?;
        Ok(Self { id: KeyId(u64::from_be_bytes(id)), bytes, cipher: LessSafeKey::new(cipher) })
    }

    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; KEY]);
        entropy.fill(bytes.as_mut_slice())?;
        Self::new(*bytes)
    }

    /// Reads [`Self::encode`]'s form. The error shows nothing of the text.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let wrong = || {
            VaultError::Keys(format!(
                "a key is not {KEY} bytes in base64url; make one with `openssl rand -base64 {KEY} \
                 | tr '+/' '-_' | tr -d '='`"
            ))
        };
        let bytes = URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('='));
        let bytes = Zeroizing::new(bytes.map_err(|_| wrong())?);
        Self::new(<[u8; KEY]>::try_from(bytes.as_slice()).map_err(|_| wrong())?)
    }

    /// The key as text: base64url.
    pub fn encode(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.bytes.as_slice()))
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// Keys that can be read with, of which the first is the one for writing.
#[derive(Debug)]
pub struct Keyring {
    writing: Arc<Key>,
    reading: Vec<Arc<Key>>,
}

impl Keyring {
    /// Of `keys`, the first of which is for writing. None at all, or one twice, is an error.
    pub fn new(keys: Vec<Key>) -> Result<Self, VaultError> {
        Self::of(keys.into_iter().map(Arc::new))
    }

    fn of(mut keys: impl Iterator<Item = Arc<Key>>) -> Result<Self, VaultError> {
        let writing = keys.next();
        let writing = writing.ok_or_else(|| VaultError::Keys("there is no key".to_owned()))?;
        let ring = Self { writing, reading: keys.collect() };
        let mut ids: Vec<KeyId> = ring.ids().collect();
        ids.sort_unstable();
        if let Some([twice, _]) = ids.array_windows().find(|[a, b]| a == b) {
            return Err(VaultError::Keys(format!("the key {twice} is there twice")));
        }
        Ok(ring)
    }

    /// The key for writing.
    pub fn writing(&self) -> &Key {
        &self.writing
    }

    /// All keys' names, that of the key for writing first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys().map(Key::id)
    }

    /// All keys, the one for writing first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.shared().map(Arc::as_ref)
    }

    fn shared(&self) -> impl Iterator<Item = &Arc<Key>> {
        std::iter::once(&self.writing).chain(&self.reading)
    }

    /// As this one, with `key` first and for writing.
    pub(super) fn with_first(&self, key: Key) -> Result<Self, VaultError> {
        Self::of(std::iter::once(Arc::new(key)).chain(self.shared().cloned()))
    }

    /// As this one, with the second key first and the first one last.
    pub(super) fn with_next_first(&self) -> Result<Self, VaultError> {
        Self::of(self.reading.iter().chain([&self.writing]).cloned())
    }

    /// As this one, without those of `ids` that are not for writing.
    pub(super) fn without(mut self, ids: &[KeyId]) -> Self {
        self.reading.retain(|key| !ids.contains(&key.id()));
        self
    }

    /// Encrypts. A nonce must never be used twice: take random ones.
    pub fn seal(
        &self,
        binding: &Binding<'_>,
        secret: &Secret,
        nonce: [u8; NONCE],
    ) -> Result<Sealed, VaultError> {
        let mut text = secret.expose().as_bytes().to_vec();
        let sealing = self.writing.cipher.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(binding.bytes()),
            &mut text,
        );
        sealing.map_err(|_| VaultError::Keys("the cipher refuses a token".to_owned()))?;
        Ok(Sealed::new(self.writing.id(), &nonce, &text))
    }

    /// Decrypts what was encrypted for this binding under one of the keys.
    pub fn open(&self, binding: &Binding<'_>, sealed: &Sealed) -> Result<Secret, VaultError> {
        let (id, mut body) = sealed.parts()?;
        let key = self.keys().find(|key| key.id() == id).ok_or(VaultError::UnknownKey(id))?;
        let (nonce, ciphertext) = body.split_at_mut_checked(NONCE).ok_or(VaultError::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Damaged)?;
        let plain = key
            .cipher
            .open_in_place(nonce, Aad::from(binding.bytes()), ciphertext)
            .map_err(|_| VaultError::Damaged)?;
        let secret = std::str::from_utf8(plain).map(Secret::new);
        // The buffer held the token for a moment.
        let secret = secret.map_err(|_| VaultError::Damaged);
        drop(Zeroizing::new(body));
        secret
    }
}
