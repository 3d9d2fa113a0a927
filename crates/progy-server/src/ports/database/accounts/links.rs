//! Ways to prove who one is: Better Auth's table `account`.

use async_trait::async_trait;
use progy_core::Timestamp;

use crate::ports::Result;
use crate::ports::database::UserId;

/// Names one link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub String);

/// A person as a provider knows them.
///
/// `Debug` shows neither the password's hash nor the tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// Whose it is.
    pub user: UserId,
    /// [`Link::CREDENTIAL`], [`Link::GITHUB`].
    pub provider: String,
    /// What the provider calls the person; the user's id for [`Link::CREDENTIAL`].
    pub account: String,
    /// Of [`Link::CREDENTIAL`]: the argon2id hash in PHC format.
    pub password: Option<String>,
    /// The provider's access token, sealed.
    pub access_token: Option<Vec<u8>>,
    /// The provider's refresh token, sealed.
    pub refresh_token: Option<Vec<u8>>,
    /// The provider's `OpenID` token, sealed.
    pub id_token: Option<Vec<u8>>,
    /// When the access token ends, if it does.
    pub access_token_expires_at: Option<Timestamp>,
    /// When the refresh token ends, if it does.
    pub refresh_token_expires_at: Option<Timestamp>,
    /// The scopes that the provider granted, as it writes them.
    pub scope: Option<String>,
    /// By the server's clock.
    pub created_at: Timestamp,
    /// By the server's clock.
    pub updated_at: Timestamp,
}

impl Link {
    /// A password of ours.
    pub const CREDENTIAL: &str = "credential";
    /// GitHub.
    pub const GITHUB: &str = "github";

    /// A link without secrets.
    pub fn new(id: LinkId, user: UserId, provider: &str, account: &str, now: Timestamp) -> Self {
        Self {
            id,
            user,
            provider: provider.to_owned(),
            account: account.to_owned(),
            password: None,
            access_token: None,
            refresh_token: None,
            id_token: None,
            access_token_expires_at: None,
            refresh_token_expires_at: None,
            scope: None,
            created_at: now,
            updated_at: now,
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("id", &self.id)
            .field("user", &self.user)
            .field("provider", &self.provider)
            .field("account", &self.account)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Keeps links. A provider's account belongs to one person at most.
#[async_trait]
pub trait Links: Send + Sync {
    /// Adds a link. False, and nothing happens, if somebody has the provider's account already.
    async fn link(&self, link: &Link) -> Result<bool>;

    /// Changes secrets, expiries, scope and the time of change of a link to what `link` says, if the
    /// link is still that person's. False if it is not.
    async fn update_link(&self, link: &Link) -> Result<bool>;

    /// The link to a provider's account.
    async fn link_to(&self, provider: &str, account: &str) -> Result<Option<Link>>;

    /// All links of a person, oldest first.
    async fn links_of(&self, user: &UserId) -> Result<Vec<Link>>;

    /// Removes a link with all its secrets; what another service had verified of the person goes with
    /// its link. False if the person has no such link, or no other.
    async fn unlink(&self, user: &UserId, link: &LinkId) -> Result<bool>;
}
