//! One encrypted token, as a database row holds it.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::VaultError;
use super::keyring::{KeyId, NONCE, TAG};

/// How every sealed text of this form begins; another form would begin in another way.
const PREFIX: &str = "sealed1";
/// The longest text that is taken for a sealed one, in bytes; tokens have some hundred.
const LONGEST: usize = 16 << 10;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Speaks for the learner.
    Access,
    /// Gets the next access token.
    Refresh,
    /// Says who somebody is (`OpenID`).
    Id,
}

/// The place that a token is encrypted for. It is authenticated with the token, so that a row moved
/// to another learner, provider or column does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// The learner's id.
    pub user: &'a str,
    /// Who issued the token: `github`, `forgejo`.
    pub provider: &'a str,
    /// The learner's id at the provider.
    pub account: &'a str,
    /// What the token is.
    pub kind: TokenKind,
}

impl Binding<'_> {
    /// The associated data: each part with its length before it, so that no two bindings agree.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let kind = match self.kind {
            TokenKind::Access => "access",
            TokenKind::Refresh => "refresh",
            TokenKind::Id => "id",
        };
        let mut bytes = Vec::new();
        for part in [PREFIX, self.user, self.provider, self.account, kind] {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

/// An encrypted token: `sealed1.KEY.TEXT`, where TEXT is the nonce, the ciphertext and the tag in
/// base64url. The key's id stands in the open, so that a database can say which keys it needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    pub(super) fn new(key: KeyId, nonce: &[u8], ciphertext: &[u8]) -> Self {
        let body = URL_SAFE_NO_PAD.encode([nonce, ciphertext].concat());
        Self(format!("{PREFIX}.{key}.{body}"))
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that opens it.
    pub fn key(&self) -> Result<KeyId, VaultError> {
        self.parts().map(|(key, _)| key)
    }

    /// What every text sealed under `key` begins with.
    pub fn prefix_of(key: KeyId) -> String {
        format!("{PREFIX}.{key}.")
    }

    /// The key, and the nonce with the ciphertext after it.
    pub(super) fn parts(&self) -> Result<(KeyId, Vec<u8>), VaultError> {
        let mut parts = self.0.splitn(3, '.');
        let (Some(PREFIX), Some(key), Some(body)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(VaultError::Damaged);
        };
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| VaultError::Damaged)?;
        if body.len() < NONCE + TAG {
            return Err(VaultError::Damaged);
        }
        Ok((key.parse()?, body))
    }
}

impl FromStr for Sealed {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        if text.len() > LONGEST {
            return Err(VaultError::Damaged);
        }
        let sealed = Self(text.to_owned());
        sealed.parts()?;
        Ok(sealed)
    }
}

/// Ciphertext has no place in a log either.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}
