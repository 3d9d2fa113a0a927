//! What logs somebody in: 256 bits of chance, kept by the server as a hash only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Services;
use crate::Result;
use crate::ports::database::Digest;
use crate::secret::Secret;

/// The longest text that is looked up as a secret, in bytes.
const LONGEST: usize = 512;

/// What a secret is for. It can be seen from how it begins, by people and by secret scanners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A personal access token.
    Token,
    /// The token of a session.
    Session,
    /// What a device polls with.
    DeviceCode,
    /// An invitation to register.
    Invite,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Token, Self::Session, Self::DeviceCode, Self::Invite];

    /// How secrets of this kind begin. No prefix begins with another.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Token => "progy_",
            Self::Session => "progys_",
            Self::DeviceCode => "progyd_",
            Self::Invite => "progyi_",
        }
    }

    /// What `text` seems to be.
    pub fn of(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        Self::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))
    }
}

/// What is kept of a secret. It has 256 bits of chance: a fast hash without salt is enough, and lets
/// it be looked up.
pub fn digest(secret: &str) -> Digest {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

impl Services {
    /// A secret that nobody had before.
    pub(crate) fn new_secret(&self, kind: Kind) -> Result<Secret> {
        let mut chance = [0; 32];
        self.entropy.fill(&mut chance)?;
        Ok(Secret::new(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(chance))))
    }

    /// An id that nobody had before: 128 bits of chance in hexadecimal digits.
    pub(crate) fn new_id(&self) -> Result<String> {
        let mut id = [0; 16];
        self.entropy.fill(&mut id)?;
        Ok(format!("{:032x}", u128::from_be_bytes(id)))
    }
}
