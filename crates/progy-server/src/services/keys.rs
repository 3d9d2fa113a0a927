//! The vault's keys are rotated. What is safe about it is told in [`crate::vault`].

use super::Services;
use crate::ports::PortError;
use crate::ports::database::accounts::{Link, LinkId, Replacing};
use crate::vault::{Binding, KeyId, Sealed, TokenKind, Vault, VaultError};
use crate::{Result, ServiceError};

/// How many links are encrypted anew between two looks at the database.
const PAGE: u32 = 100;
/// How often all links are gone through, for servers that go on writing under the old key.
const ROUNDS: usize = 10;

/// What a rotation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key that tokens are encrypted under from now on.
    pub writing: KeyId,
    /// How many links were encrypted anew.
    pub links: u64,
    /// Keys that nothing needs, but which the configuration still names.
    pub to_remove: Vec<KeyId>,
    /// Keys that something still needs: links that could not be opened.
    pub kept: Vec<KeyId>,
}

impl Services {
    /// Makes a new key (unless keys are configured), encrypts all tokens under it, and removes the
    /// keys that nothing needs any more. Other processes may go on; it may be killed at any point
    /// and be called again.
    pub async fn rotate_keys(&self, vault: &Vault) -> Result<Rotation> {
        let writing = vault.add_key()?;
        let mut links = 0;
        let mut retired = Vec::new();
        let mut kept = Vec::new();
        for _ in 0..ROUNDS {
            links += self.reseal_all(vault, writing).await?;
            kept.clear();
            for key in vault.reading_keys() {
                if self.accounts.retire_key(key, self.clock.now()).await? {
                    retired.push(key);
                } else {
                    kept.push(key);
                }
            }
            if kept.is_empty() {
                break;
            }
        }
        retired.sort_unstable();
        retired.dedup();
        let to_remove = vault.remove_keys(&retired)?;
        Ok(Rotation { writing, links, to_remove, kept })
    }

    /// Goes through all links once; how many were encrypted anew.
    async fn reseal_all(&self, vault: &Vault, writing: KeyId) -> Result<u64> {
        let mut done = 0;
        let mut after: Option<LinkId> = None;
        loop {
            let page = self.accounts.links_not_under(writing, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(done) };
            after = Some(last.id.clone());
            for link in &page {
                match reseal(vault, link) {
                    // One whose tokens changed meanwhile is left to the next round.
                    Ok(anew) => {
                        let why = Replacing::Resealed;
                        done += u64::from(self.accounts.replace_tokens(link, &anew, why).await?);
                    }
                    Err(error @ (VaultError::UnknownKey(_) | VaultError::Damaged)) => {
                        tracing::error!(link = link.id.0, %error, "left as it is");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
}

/// The link with its tokens encrypted under the key for writing.
fn reseal(vault: &Vault, link: &Link) -> Result<Link, VaultError> {
    let anew = |kind, column: &Option<Vec<u8>>| {
        let secret = open(vault, link, kind, column.as_deref())?;
        secret.map(|secret| seal(vault, link, kind, &secret)).transpose()
    };
    Ok(Link {
        access_token: anew(TokenKind::Access, &link.access_token)?,
        refresh_token: anew(TokenKind::Refresh, &link.refresh_token)?,
        id_token: anew(TokenKind::Id, &link.id_token)?,
        ..link.clone()
    })
}

/// Encrypts a token for its column of `link`.
pub(crate) fn seal(
    vault: &Vault,
    link: &Link,
    kind: TokenKind,
    secret: &crate::Secret,
) -> Result<Vec<u8>, VaultError> {
    Ok(vault.seal(&binding(link, kind), secret)?.as_str().as_bytes().to_vec())
}

/// Decrypts what a column of `link` holds.
pub(crate) fn open(
    vault: &Vault,
    link: &Link,
    kind: TokenKind,
    column: Option<&[u8]>,
) -> Result<Option<crate::Secret>, VaultError> {
    let Some(column) = column else { return Ok(None) };
    let text = std::str::from_utf8(column).map_err(|_| VaultError::Damaged)?;
    vault.open(&binding(link, kind), &text.parse::<Sealed>()?).map(Some)
}

fn binding(link: &Link, kind: TokenKind) -> Binding<'_> {
    Binding { user: &link.user.0, provider: &link.provider, account: &link.account, kind }
}

impl From<VaultError> for ServiceError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Entropy(error @ PortError::Unavailable(_)) => error.into(),
            error => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests;
