//! The requests to GitHub.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, Url, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use zeroize::Zeroizing;

use super::answer::{Answer, GitHubError};
use super::authorize::{self, Authorization};
use super::{AppKind, Email, GitHub, Grant, Profile, Result};
use crate::ports::{Clock, SystemClock};
use crate::secret::Secret;

/// GitHub refuses requests without one.
const AGENT: &str = concat!("progy/", env!("CARGO_PKG_VERSION"));
/// The version of the API that [`super::answer`] reads.
const API_VERSION: &str = "2022-11-28";
const X_API_VERSION: HeaderName = HeaderName::from_static("x-github-api-version");
/// What the API answers with; the OAuth routes want plain `application/json`.
const API_JSON: &str = "application/vnd.github+json";
/// The longest answer that is read, in bytes. A user with a hundred addresses has some 10 KiB.
const MAX_BODY: usize = 1 << 20;
/// For a connection to be there.
const CONNECT: Duration = Duration::from_secs(5);
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
    client: OnceLock<Client>,
}

impl HttpGitHub {
    /// Connects when it is first asked for something.
    pub fn new(settings: Settings) -> Self {
        Self { settings, clock: Arc::new(SystemClock), client: OnceLock::new() }
    }

    fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = connect(&self.settings).map_err(|error| unreachable(&error))?;
        Ok(self.client.get_or_init(|| client))
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
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let headers = response.headers();
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: number(headers, RETRY_AFTER.as_str()),
            remaining: number(headers, "x-ratelimit-remaining"),
            reset: number(headers, "x-ratelimit-reset"),
            scopes: text(headers, "x-oauth-scopes").map(str::to_owned),
            body: bounded(response).await?,
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

/// An address below `base`. Every part becomes one segment, whatever it holds.
fn below(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

fn connect(settings: &Settings) -> reqwest::Result<Client> {
    let mut builder = Client::builder()
        .user_agent(AGENT)
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .referer(false)
        // A redirection would carry a token or our secret to wherever it points.
        .redirect(redirect::Policy::none());
    let encrypted = [&settings.base, &settings.api].iter().any(|url| url.scheme() == "https");
    if encrypted {
        // Fails if it was installed before, which is as good.
        let _ = ring::default_provider().install_default();
    } else if let Some(config) = no_tls() {
        // Unencrypted addresses are on this machine (the configuration sees to it): no proxy, and
        // no need to read the system's certificates.
        builder = builder.no_proxy().tls_backend_preconfigured(config);
    }
    builder.build()
}

/// A configuration that trusts nobody.
fn no_tls() -> Option<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    Some(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

async fn bounded(mut response: Response) -> Result<Zeroizing<Vec<u8>>> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + piece.len() > MAX_BODY {
            return Err(GitHubError::Garbage("an answer of more than 1 MiB"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    text(headers, name)?.trim().parse().ok()
}

/// The innermost reason. It names no address, which might hold a secret.
fn unreachable(error: &reqwest::Error) -> GitHubError {
    if error.is_timeout() {
        return GitHubError::Unreachable("it takes too long to answer".to_owned());
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    // Without a cause the error is reqwest's own, whose text may name the address.
    let own = std::ptr::addr_eq(cause, std::ptr::from_ref(error));
    let reason = if own { "the request could not be made".to_owned() } else { cause.to_string() };
    GitHubError::Unreachable(reason)
}
