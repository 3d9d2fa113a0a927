//! The requests to GitHub.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Url};
use serde::Serialize;

use super::answer::{Answer, GitHubError};
use super::authorize::{self, Authorization};
use super::{AppKind, Email, GitHub, Grant, Profile, Result};
use crate::ports::web::{self, Patience, Trouble, Web, below, bounded, number, text};
use crate::ports::{Clock, SystemClock};
use crate::secret::Secret;

/// The version of the API that [`super::answer`] reads.
pub(crate) const API_VERSION: &str = "2022-11-28";
pub(crate) const X_API_VERSION: HeaderName = HeaderName::from_static("x-github-api-version");
/// What the API answers with; the OAuth routes want plain `application/json`.
pub(crate) const API_JSON: &str = "application/vnd.github+json";
/// For a whole answer.
const ANSWER: Duration = Duration::from_secs(15);

/// How GitHub knows us, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// As GitHub shows it where the application is registered.
    pub client_id: String,
    /// The other half.
    pub client_secret: Secret,
    /// Which kind of application it is.
    pub kind: AppKind,
    /// Where browsers go: `https://github.com`.
    pub base: Url,
    /// Where the API is: `https://api.github.com`, or `https://HOST/api/v3`.
    pub api: Url,
}

/// [`GitHub`] over HTTPS.
pub struct HttpGitHub {
    settings: Settings,
    clock: Arc<dyn Clock>,
    web: Web,
}

impl HttpGitHub {
    /// Connects when it is first asked for something.
    pub fn new(settings: Settings) -> Self {
        let web = Web::new([&settings.base, &settings.api], Patience::Whole(ANSWER));
        Self { settings, clock: Arc::new(SystemClock), web }
    }

    fn client(&self) -> Result<&Client> {
        Ok(self.web.client()?)
    }

    /// A request of the API, for the learner whose token it is.
    fn api(&self, path: &[&str], token: &Secret) -> Result<RequestBuilder> {
        let request = self.client()?.get(below(&self.settings.api, path));
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map_err(|_| GitHubError::Unauthorized)?;
        bearer.set_sensitive(true);
        Ok(request
            .header(ACCEPT, API_JSON)
            .header(X_API_VERSION, API_VERSION)
            .header(AUTHORIZATION, bearer))
    }

    /// `POST /login/oauth/access_token`.
    async fn token(&self, form: &impl Serialize) -> Result<Grant> {
        let url = below(&self.settings.base, &["login", "oauth", "access_token"]);
        let request = self.client()?.post(url).header(ACCEPT, "application/json").form(form);
        self.send(request).await?.grant(self.clock.now())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        let response = request.send().await.map_err(|error| web::unreachable(&error))?;
        let headers = response.headers();
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: number(headers, RETRY_AFTER.as_str()),
            remaining: number(headers, "x-ratelimit-remaining"),
            reset: number(headers, "x-ratelimit-reset"),
            scopes: text(headers, "x-oauth-scopes").map(str::to_owned),
            body: bounded(response, web::MAX_BODY).await?,
        })
    }
}

/// What the OAuth route takes for a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
#[derive(Serialize)]
struct CodeForm<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    code: &'a str,
    redirect_uri: &'a str,
    code_verifier: &'a str,
}

/// What it takes for a refresh token (RFC 6749, section 6).
#[derive(Serialize)]
struct RefreshForm<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    grant_type: &'a str,
    refresh_token: &'a str,
}

#[derive(Serialize)]
struct RevokeBody<'a> {
    access_token: &'a str,
}

#[async_trait]
impl GitHub for HttpGitHub {
    fn kind(&self) -> AppKind {
        self.settings.kind
    }

    fn authorize_url(&self, authorization: &Authorization<'_>) -> String {
        let Settings { client_id, kind, base, .. } = &self.settings;
        authorize::url(base, client_id, *kind, authorization).into()
    }

    async fn exchange(
        &self,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Grant> {
        self.token(&CodeForm {
            client_id: &self.settings.client_id,
            client_secret: self.settings.client_secret.expose(),
            code: code.expose(),
            redirect_uri,
            code_verifier: verifier.expose(),
        })
        .await
    }

    async fn refresh(&self, refresh_token: &Secret) -> Result<Grant> {
        self.token(&RefreshForm {
            client_id: &self.settings.client_id,
            client_secret: self.settings.client_secret.expose(),
            grant_type: "refresh_token",
            refresh_token: refresh_token.expose(),
        })
        .await
    }

    async fn profile(&self, token: &Secret) -> Result<Profile> {
        let request = self.api(&["user"], token)?;
        self.send(request).await?.profile(self.clock.now())
    }

    async fn emails(&self, token: &Secret) -> Result<Vec<Email>> {
        // A page has at most a hundred; the primary address comes first.
        let request = self.api(&["user", "emails"], token)?.query(&[("per_page", "100")]);
        self.send(request).await?.emails(self.clock.now())
    }

    async fn revoke(&self, token: &Secret) -> Result<()> {
        let Settings { client_id, client_secret, api, .. } = &self.settings;
        let url = below(api, &["applications", client_id, "token"]);
        let request = self
            .client()?
            .delete(url)
            .header(ACCEPT, API_JSON)
            .header(X_API_VERSION, API_VERSION)
            .basic_auth(client_id, Some(client_secret.expose()))
            .json(&RevokeBody { access_token: token.expose() });
        match self.send(request).await?.accept(self.clock.now()) {
            // 404 and 422: it is none, or none any more.
            Ok(()) | Err(GitHubError::NotFound | GitHubError::Invalid(_)) => Ok(()),
            // Here it is not the token that GitHub does not know.
            Err(GitHubError::Unauthorized) => Err(GitHubError::Refused {
                code: "incorrect_client_credentials".to_owned(),
                description: "the client id or secret is wrong".to_owned(),
            }),
            Err(error) => Err(error),
        }
    }
}

impl From<Trouble> for GitHubError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable(why) => Self::Unreachable(why),
            Trouble::TooLong => Self::Garbage("an answer of more than 1 MiB"),
        }
    }
}
