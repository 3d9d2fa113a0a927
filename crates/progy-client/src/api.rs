//! The server as the client sees it: one method a route.

pub mod http;

use async_trait::async_trait;
use futures_util::stream::LocalBoxStream;
use progy_api::account::User;
use progy_api::git::{Credentials, GitHostKind, Repo};
use progy_api::history::{
    ContentsAnswer, ContentsRequest, HeadEvent, RevisionDocument, RevisionPage, StrategyAnswer,
    StrategyRequest,
};
use progy_api::problem::{HeadMoved, Problem};
use progy_api::progress::ProgressDocument;
use progy_api::registry::{CourseDocument, CourseList, CourseVersion};
use progy_api::snapshot::{BlobsRequest, CommitRequest, HaveAnswer, HaveRequest, PackAnswer};
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_core::git::wire::Service;
use progy_core::{ContentHash, CourseId, RevisionId};
use semver::Version;

/// Why a request had no good answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No connection, no answer, or an answer that is none: the request may or may not have been
    /// carried out.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// 401: log in again.
    #[error("not logged in")]
    Unauthorized,
    /// Nothing was asked: the keyring does not give out what lets this device in.
    #[error("the system's keyring does not give out the login: {0}")]
    Keyring(String),
    /// 409 `head_moved`.
    #[error("another device has published")]
    HeadMoved(Box<HeadMoved>),
    /// Any other problem that the server names.
    #[error("{}", .0.detail.as_deref().unwrap_or(&.0.title))]
    Problem(Box<Problem>),
    /// The download could not be written.
    #[error("the download could not be written: {0}")]
    Disk(#[from] std::io::Error),
}

impl ApiError {
    /// Whether the problem has the given [`progy_api::problem::code`].
    pub fn is(&self, code: &str) -> bool {
        matches!(self, Self::Problem(problem) if problem.code == code)
    }
}

/// The routes of the server that a workspace needs.
///
/// Every method may fail with [`ApiError::Unreachable`] after the server has acted; each is safe to
/// repeat.
#[async_trait(?Send)]
pub trait Api {
    /// `POST /api/sync`.
    async fn sync(&self, request: &SyncRequest) -> Result<SyncAnswer, ApiError>;

    /// `GET /api/progress/{course}?base=REV`; `None` if the learner never started the course.
    async fn progress(
        &self,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<ProgressDocument>, ApiError>;

    /// `POST /api/workspaces/{course}/contents`.
    async fn contents(
        &self,
        course: &CourseId,
        request: &ContentsRequest,
    ) -> Result<ContentsAnswer, ApiError>;

    /// `GET /api/workspaces/{course}/revisions`, newest first.
    async fn revisions(
        &self,
        course: &CourseId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<RevisionPage, ApiError>;

    /// `GET /api/workspaces/{course}/revisions/{rev}`; `None` if the server does not know it.
    async fn revision(
        &self,
        course: &CourseId,
        revision: &RevisionId,
    ) -> Result<Option<RevisionDocument>, ApiError>;

    /// `POST /api/workspaces/{course}/strategy`.
    async fn change_strategy(
        &self,
        course: &CourseId,
        request: &StrategyRequest,
    ) -> Result<StrategyAnswer, ApiError>;

    /// `GET /api/courses/{id}`; `None` if there is no such course.
    async fn course(&self, course: &CourseId) -> Result<Option<CourseDocument>, ApiError>;

    /// `GET /api/courses/{id}/versions/{version}`: the package, its hash checked by the caller.
    /// Writes it in pieces to `out`.
    async fn package(
        &self,
        course: &CourseId,
        version: &Version,
        out: &mut dyn std::io::Write,
    ) -> Result<(), ApiError>;
}

/// A Git repository on some host, and how to come in.
#[derive(Debug, Clone)]
pub struct RepoAccess {
    /// Its address, without a secret.
    pub url: String,
    /// Who asks; `None` is the login of the server itself, which keeps the repository.
    pub login: Option<Credentials>,
}

/// Takes an answer in pieces.
pub type PackSink<'a> = dyn FnMut(&[u8]) -> std::io::Result<()> + 'a;

/// What is sent with a push: a few lines, then a pack.
pub struct PushBody {
    /// What comes before the pack.
    pub head: Vec<u8>,
    /// The pack.
    pub pack: std::fs::File,
    /// Its length in bytes.
    pub length: u64,
}

/// Repositories of the strategy `git`: routes of the server, and Git's smart HTTP on whatever host.
#[async_trait(?Send)]
pub trait GitApi {
    /// Whether this server itself is at that address.
    fn is_at(&self, url: &str) -> bool;

    /// `POST /api/git/ensure-repo`.
    async fn ensure_repo(&self, course: &CourseId) -> Result<Repo, ApiError>;

    /// `POST /api/git/credentials`, or for GitHub `GET` of the same.
    async fn git_credentials(
        &self,
        course: &CourseId,
        host: GitHostKind,
    ) -> Result<Credentials, ApiError>;

    /// `POST /api/git/pushed`: tells the server of a push to another host, so that the learner's other
    /// devices hear of it at once.
    async fn pushed(&self, course: &CourseId) -> Result<(), ApiError> {
        let _ = course;
        Ok(())
    }

    /// `GET …/info/refs?service=…`.
    async fn advertise(&self, repo: &RepoAccess, service: Service) -> Result<Vec<u8>, ApiError>;

    /// `POST …/git-upload-pack`. Gives the answer in pieces to `sink`.
    async fn upload_pack(
        &self,
        repo: &RepoAccess,
        request: Vec<u8>,
        sink: &mut PackSink<'_>,
    ) -> Result<(), ApiError>;

    /// `POST …/git-receive-pack`.
    async fn receive_pack(&self, repo: &RepoAccess, body: PushBody) -> Result<Vec<u8>, ApiError>;
}

/// Blobs, packs and trees of the strategy `snapshot`: `/api/snapshots/{course}/…`.
#[async_trait(?Send)]
pub trait SnapshotApi {
    /// `POST …/have`.
    async fn have(&self, course: &CourseId, request: &HaveRequest) -> Result<HaveAnswer, ApiError>;

    /// `PUT …/packs/{pack}`.
    async fn put_pack(
        &self,
        course: &CourseId,
        pack: &ContentHash,
        bytes: Vec<u8>,
    ) -> Result<PackAnswer, ApiError>;

    /// `POST …/blobs`: a pack.
    async fn blobs(&self, course: &CourseId, request: &BlobsRequest) -> Result<Vec<u8>, ApiError>;

    /// `POST …/commit`.
    async fn commit(
        &self,
        course: &CourseId,
        request: &CommitRequest,
    ) -> Result<SyncAnswer, ApiError>;
}

/// Routes that only commands use, beside the engine.
#[async_trait(?Send)]
pub trait AccountApi {
    /// `GET /api/auth/get-session`.
    async fn whoami(&self) -> Result<User, ApiError>;

    /// `GET /api/courses`.
    async fn courses(&self) -> Result<CourseList, ApiError>;

    /// `PUT /api/courses/{id}/versions/{version}`: publishes the package at `file`.
    async fn publish(
        &self,
        course: &CourseId,
        version: &Version,
        file: &std::path::Path,
    ) -> Result<(CourseVersion, bool), ApiError>;

    /// `GET /api/workspaces/{course}/events`: one item for each new head, until the connection ends.
    async fn events(
        &self,
        course: &CourseId,
    ) -> Result<LocalBoxStream<'static, Result<HeadEvent, ApiError>>, ApiError>;
}
