//! Git's smart HTTP as a client of another host: which commit `main` names, and what leads to it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use progy_core::git::ObjectId;
use progy_core::git::wire::{self, Advertised, Service};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, Url};

use super::GitHostError;
use crate::ports::web::{self, Patience, Trouble, Web, bounded, number};
use crate::secret::Secret;

/// The longest list of references, in bytes.
const MAX_LIST: usize = 4 << 20;
/// For the next piece of an answer.
const SILENCE: Duration = Duration::from_secs(15);
/// How long to leave a host alone that had too many requests and does not say for how long.
const PAUSE: Duration = Duration::from_mins(1);

/// What lets us in.
#[derive(Debug, Clone)]
pub(super) struct Login {
    /// The user name of Basic authentication.
    pub(super) user: String,
    /// The password.
    pub(super) token: Secret,
}

/// Why a host did not say what it has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SmartError {
    /// The login counts no more.
    #[error("the host of the repositories refuses our login")]
    Unauthorized,
    /// There is no such repository, for this login.
    #[error("the host has no such repository")]
    NotFound,
    /// It had too many requests.
    #[error("the host is busy")]
    RateLimited(Duration),
    /// It does not answer, or not as a Git host.
    #[error("{0}")]
    Unreachable(String),
}

impl From<Trouble> for SmartError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable(why) => Self::Unreachable(why),
            Trouble::TooLong => Self::Unreachable("it has too many references".to_owned()),
        }
    }
}

impl From<SmartError> for GitHostError {
    fn from(error: SmartError) -> Self {
        match error {
            SmartError::RateLimited(pause) => Self::RateLimited(pause),
            error => Self::Unavailable(error.to_string()),
        }
    }
}

/// Speaks to the repositories of one host.
pub(super) struct Smart(Web);

impl Smart {
    /// For the host at `root`.
    pub(super) fn new(root: &Url) -> Self {
        Self(Web::new([root], Patience::Silence(SILENCE)))
    }

    /// What the repository at `url` has.
    pub(super) async fn advertised(
        &self,
        url: &str,
        login: &Login,
    ) -> Result<Advertised, SmartError> {
        let service = Service::UploadPack;
        let address = format!("{url}/info/refs?service={}", service.as_str());
        let request = self.0.client()?.get(address);
        let answer = send(request, login).await?;
        let list = bounded(answer, MAX_LIST).await?;
        Advertised::parse(service, &list).map_err(|error| garbled(&error))
    }

    /// What leads to `want` and not to `have`: an answer that holds a pack.
    pub(super) async fn fetch(
        &self,
        url: &str,
        login: &Login,
        advertised: &Advertised,
        want: ObjectId,
        have: &[ObjectId],
    ) -> Result<Response, SmartError> {
        let body = wire::fetch_request(advertised, want, have).map_err(|error| garbled(&error))?;
        let request = self
            .0
            .client()?
            .post(format!("{url}/git-upload-pack"))
            .header(CONTENT_TYPE, "application/x-git-upload-pack-request")
            .header(ACCEPT, "application/x-git-upload-pack-result")
            .body(body);
        send(request, login).await
    }
}

async fn send(request: RequestBuilder, login: &Login) -> Result<Response, SmartError> {
    let pair = format!("{}:{}", login.user, login.token.expose());
    let mut header = HeaderValue::from_str(&format!("Basic {}", BASE64.encode(pair)))
        .map_err(|_| SmartError::Unauthorized)?;
    header.set_sensitive(true);
    let answer = request.header(AUTHORIZATION, header).send().await;
    let answer = answer.map_err(|error| web::unreachable(&error))?;
    let pause = number(answer.headers(), RETRY_AFTER.as_str()).map(Duration::from_secs);
    match (answer.status().as_u16(), pause) {
        (200, _) => Ok(answer),
        (403, Some(pause)) => Err(SmartError::RateLimited(pause)),
        (429, pause) => Err(SmartError::RateLimited(pause.unwrap_or(PAUSE))),
        (401 | 403, _) => Err(SmartError::Unauthorized),
        // Renamed: where it is now the host's other API says.
        (301 | 302 | 307 | 308 | 404 | 410, _) => Err(SmartError::NotFound),
        (status, _) => Err(SmartError::Unreachable(format!("HTTP {status}"))),
    }
}

/// What the other side said that is not Git's protocol.
pub(super) fn garbled(error: &dyn std::fmt::Display) -> SmartError {
    SmartError::Unreachable(format!("its answer is not Git's: {error}"))
}
