//! GitHub, or a GitHub Enterprise server, on the other side of the internet.
//!
//! - [`scopes`]: what a token may do;
//! - [`authorize`]: where a browser is sent to (RFC 6749, with PKCE of RFC 7636);
//! - [`answer`]: what GitHub's answers mean, decided without I/O;
//! - [`http`]: the requests themselves.

pub mod answer;
pub mod authorize;
pub mod http;
pub mod scopes;

use std::time::Duration;

use async_trait::async_trait;

use crate::secret::Secret;
pub use answer::GitHubError;
pub use authorize::Authorization;
pub use scopes::Scopes;

/// A result of GitHub's.
pub type Result<T, E = GitHubError> = std::result::Result<T, E>;

/// Which kind of application Progy is registered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppKind {
    /// An OAuth app: tokens last until they are revoked, and have scopes.
    #[default]
    OAuth,
    /// A GitHub App: tokens last for hours and are refreshed; what they may do is set where the app
    /// is registered and installed, so that they have no scopes.
    App,
}

/// A token that GitHub gave for a code, or for a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Speaks for the learner.
    pub access: Secret,
    /// What it may do, which may be less than was asked for; empty for a GitHub App.
    pub scopes: Scopes,
    /// How long it lasts from now on; forever without.
    pub expires_in: Option<Duration>,
    /// Gets the next grant, once.
    pub refresh: Option<Secret>,
    /// How long the refresh token lasts from now on.
    pub refresh_expires_in: Option<Duration>,
}

/// Who a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Never changes, and is never given to another person.
    pub id: u64,
    /// The login name. It may change, and then be another person's.
    pub login: String,
    /// What the person is called, if they say so.
    pub name: Option<String>,
    /// Where their picture is.
    pub avatar_url: Option<String>,
    /// What the token may do, as far as GitHub says so: it does for tokens of OAuth apps.
    pub scopes: Option<Scopes>,
}

/// One of a person's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The address.
    pub address: String,
    /// Whether GitHub has seen that the person reads what is sent there.
    pub verified: bool,
    /// Whether it is the one that the person is written to.
    pub primary: bool,
}

/// The address that may be trusted: the primary one, if it is verified.
pub fn trusted_email(emails: &[Email]) -> Option<&str> {
    let primary = emails.iter().find(|email| email.primary && email.verified)?;
    Some(&primary.address)
}

/// What the server asks of GitHub.
///
/// No method follows redirections, waits without end or takes an answer without bound; no error
/// holds a token, a code or the client's secret.
#[async_trait]
pub trait GitHub: Send + Sync {
    /// Which kind of application Progy is here.
    fn kind(&self) -> AppKind;

    /// The address that a browser is sent to, so that the learner agrees.
    fn authorize_url(&self, authorization: &Authorization<'_>) -> String;

    /// A grant for the code that the browser brought back. `verifier` is the one whose challenge
    /// was in the address, and `redirect_uri` the same as there.
    async fn exchange(&self, code: &Secret, verifier: &Secret, redirect_uri: &str)
    -> Result<Grant>;

    /// The next grant. The refresh token, and the access token that came with it, are of no use
    /// from then on.
    async fn refresh(&self, refresh_token: &Secret) -> Result<Grant>;

    /// Who the token speaks for; [`GitHubError::Unauthorized`] if it was revoked or has expired.
    async fn profile(&self, token: &Secret) -> Result<Profile>;

    /// The person's addresses. Needs the scope `user:email`, or the like permission of an app.
    async fn emails(&self, token: &Secret) -> Result<Vec<Email>>;

    /// Makes a token worthless. One that is so already is no error.
    async fn revoke(&self, token: &Secret) -> Result<()>;
}
