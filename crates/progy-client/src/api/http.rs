//! The server, over HTTP.
//!
//! - [`address`](ServerUrl): where it is;
//! - `connect`: the connection, and TLS only for those who need it;
//! - `upload`: what goes out;
//! - `answer`: what comes back, none of it believed;
//! - `events`: what comes back over hours;
//! - `git`: Git's own protocol, to whatever host;
//! - `snapshot`: blobs, packs and trees;
//! - `login`: how a device gets its token;
//! - `token`: what proves who is asking;
//! - `probe`: whether anyone is there.

mod address;
mod answer;
mod connect;
mod events;
mod git;
mod login;
mod probe;
mod snapshot;
mod token;
mod upload;

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::LocalBoxStream;
use progy_api::account::User;
use progy_api::history::{
    ContentsAnswer, ContentsRequest, HeadEvent, RevisionDocument, RevisionPage, StrategyAnswer,
    StrategyRequest,
};
use progy_api::problem::code;
use progy_api::progress::ProgressDocument;
use progy_api::registry::{CourseDocument, CourseList, CourseVersion};
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_core::{CourseId, RevisionId};
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use semver::Version;
use serde::Deserialize;

pub use address::{AddressError, ServerUrl};
pub use events::heads;
pub use login::Poll;
pub use probe::Probe;
pub use token::AskForToken;
use token::LateToken;

use super::{AccountApi, Api, ApiError};

/// How long to wait for what. Every limit is about silence: a transfer that moves may take as long
/// as it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection: 5 s.
    pub connect: Duration,
    /// For the next piece of an upload, an answer or a download: 30 s.
    pub silence: Duration,
    /// For the answer to a published course, which the server checks first: 5 min.
    pub publish: Duration,
    /// For the next event or sign of life of a stream of events: 60 s.
    pub events: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(30),
            publish: Duration::from_mins(5),
            events: Duration::from_mins(1),
        }
    }
}

/// The routes of a server.
///
/// Making one costs nothing: the connection is prepared with the first request. Redirections are
/// not followed, so that the token never goes anywhere but to the server that it belongs to.
pub struct HttpApi {
    server: ServerUrl,
    token: LateToken,
    timeouts: Timeouts,
    client: OnceLock<reqwest::Client>,
    /// For hosts other than the server.
    foreign: OnceLock<reqwest::Client>,
}

/// Why there is no way to speak to a server.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The token cannot be sent.
    #[error("the token holds characters that no token has; log in again")]
    Token,
}

impl HttpApi {
    /// The server at `server` for whoever `token` belongs to. Does not connect.
    pub fn new(server: &str, token: Option<String>) -> Result<Self, HttpError> {
        Ok(Self::of(ServerUrl::parse(server)?, LateToken::given(token)?))
    }

    /// The server at `server` for whoever the token belongs to that `ask` gives: it is asked once,
    /// with the first request. Does not connect.
    pub fn with_late_token(server: ServerUrl, ask: AskForToken) -> Self {
        Self::of(server, LateToken::asked_for(ask))
    }

    fn of(server: ServerUrl, token: LateToken) -> Self {
        let (client, foreign) = (OnceLock::new(), OnceLock::new());
        Self { server, token, timeouts: Timeouts::default(), client, foreign }
    }

    /// With other limits.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, client: OnceLock::new(), foreign: OnceLock::new(), ..self }
    }

    /// Where the server is.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    fn workspace(&self, course: &CourseId, rest: &[&str]) -> Url {
        self.server.route(&["api", "workspaces", course.as_str()], rest)
    }
}

/// Without the token.
impl fmt::Debug for HttpApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpApi").field("server", &self.server).finish_non_exhaustive()
    }
}

/// `None` if the server says that there is no such thing.
fn unless<T>(missing: &[&str], result: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if missing.iter().any(|code| error.is(code)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[async_trait(?Send)]
impl Api for HttpApi {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncAnswer, ApiError> {
        self.post(self.server.route(&["api", "sync"], &[]), request).await
    }

    async fn progress(
        &self,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<ProgressDocument>, ApiError> {
        let mut url = self.server.route(&["api", "progress", course.as_str()], &[]);
        // Snapshots are read as trees.
        url.query_pairs_mut().append_pair("files", "none");
        if let Some(base) = base {
            url.query_pairs_mut().append_pair("base", base.as_str());
        }
        unless(&[code::NO_PROGRESS, code::NO_COURSE], self.get(url).await)
    }

    async fn contents(
        &self,
        course: &CourseId,
        request: &ContentsRequest,
    ) -> Result<ContentsAnswer, ApiError> {
        self.post(self.workspace(course, &["contents"]), request).await
    }

    async fn revisions(
        &self,
        course: &CourseId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<RevisionPage, ApiError> {
        let mut url = self.workspace(course, &["revisions"]);
        url.query_pairs_mut().append_pair("limit", &limit.to_string());
        if let Some(before) = before {
            url.query_pairs_mut().append_pair("before", before.as_str());
        }
        self.get(url).await
    }

    async fn revision(
        &self,
        course: &CourseId,
        revision: &RevisionId,
    ) -> Result<Option<RevisionDocument>, ApiError> {
        let mut url = self.workspace(course, &["revisions", revision.as_str()]);
        url.query_pairs_mut().append_pair("files", "none");
        unless(&[code::NO_REVISION, code::NO_PROGRESS], self.get(url).await)
    }

    async fn change_strategy(
        &self,
        course: &CourseId,
        request: &StrategyRequest,
    ) -> Result<StrategyAnswer, ApiError> {
        self.post(self.workspace(course, &["strategy"]), request).await
    }

    async fn course(&self, course: &CourseId) -> Result<Option<CourseDocument>, ApiError> {
        let url = self.server.route(&["api", "courses", course.as_str()], &[]);
        unless(&[code::NO_COURSE], self.get(url).await)
    }

    async fn package(
        &self,
        course: &CourseId,
        version: &Version,
        out: &mut dyn Write,
    ) -> Result<(), ApiError> {
        let request = self.request(Method::GET, self.server.package(course, version))?;
        let response = self.send(request, None, self.timeouts.silence).await?;
        self.download(response, out).await
    }
}

/// All that is needed of the answer of `get-session`.
#[derive(Deserialize)]
struct Owner {
    user: User,
}

#[async_trait(?Send)]
impl AccountApi for HttpApi {
    async fn whoami(&self) -> Result<User, ApiError> {
        let url = self.server.route(&["api", "auth", "get-session"], &[]);
        // Better Auth answers `null` where there is no session.
        let owner: Option<Owner> = self.get(url).await?;
        owner.map(|owner| owner.user).ok_or(ApiError::Unauthorized)
    }

    async fn courses(&self) -> Result<CourseList, ApiError> {
        self.get(self.server.route(&["api", "courses"], &[])).await
    }

    async fn publish(
        &self,
        course: &CourseId,
        version: &Version,
        file: &Path,
    ) -> Result<(CourseVersion, bool), ApiError> {
        let response = self.put_file(self.server.package(course, version), file).await?;
        let is_new = response.status() == StatusCode::CREATED;
        Ok((self.json(response).await?, is_new))
    }

    async fn events(
        &self,
        course: &CourseId,
    ) -> Result<LocalBoxStream<'static, Result<HeadEvent, ApiError>>, ApiError> {
        let request = self
            .request(Method::GET, self.workspace(course, &["events"]))?
            .header(ACCEPT, HeaderValue::from_static(events::CONTENT_TYPE));
        let response = self.send(request, None, self.timeouts.silence).await?;
        events::stream(response, self.timeouts.events)
    }
}
