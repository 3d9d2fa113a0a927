//! The tokens of links, and the keys that they are encrypted under.

use async_trait::async_trait;
use progy_core::Timestamp;

use super::{Link, LinkId};
use crate::ports::Result;
use crate::vault::KeyId;

/// Why tokens are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacing {
    /// They are the same ones, encrypted under another key.
    Resealed,
    /// They are new ones. Whoever was getting them is done.
    Renewed,
}

/// Keeps sealed tokens readable.
///
/// Of all methods that write tokens, here and in [`Links`](super::Links) and
/// [`Users`](super::Users), none writes one that is sealed under a retired key: they fail with
/// [`PortError::KeyRetired`](crate::ports::PortError::KeyRetired) and change nothing.
#[async_trait]
pub trait Sealing: Send + Sync {
    /// Up to `limit` links that hold a token sealed under another key than `key`, by id, after
    /// `after`.
    async fn links_not_under(
        &self,
        key: KeyId,
        after: Option<&LinkId>,
        limit: u32,
    ) -> Result<Vec<Link>>;

    /// Changes tokens, expiries, scope and the time of change of a link to what `after` says, if
    /// its tokens are still those of `before`. False if they are not, or there is no such link.
    async fn replace_tokens(&self, before: &Link, after: &Link, why: Replacing) -> Result<bool>;

    /// The right to get new tokens with the refresh token of `link`, for one caller until `until`.
    /// False if somebody else has it as of `now`, or the refresh token is another by now.
    async fn begin_refresh(&self, link: &Link, now: Timestamp, until: Timestamp) -> Result<bool>;

    /// Gives back the right that [`Self::begin_refresh`] gave.
    async fn end_refresh(&self, link: &Link) -> Result<()>;

    /// Notes that `key` is retired, if no token is sealed under it. False if one is.
    async fn retire_key(&self, key: KeyId, now: Timestamp) -> Result<bool>;
}
