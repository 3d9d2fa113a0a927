//! The server, with what is sent to it counted.

use std::cell::Cell;
use std::io::{self, Write};

use async_trait::async_trait;
use progy_api::git::{Credentials, GitHostKind, Repo};
use progy_api::history::{
    ContentsAnswer, ContentsRequest, RevisionDocument, RevisionPage, StrategyAnswer,
    StrategyRequest,
};
use progy_api::progress::ProgressDocument;
use progy_api::registry::CourseDocument;
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_client::api::http::HttpApi;
use progy_client::api::{Api, ApiError, GitApi, PackSink, PushBody, RepoAccess};
use progy_core::git::wire::Service;
use progy_core::{CourseId, RevisionId};
use semver::Version;

/// One learner's connection.
pub(crate) struct Metered {
    http: HttpApi,
    body: Cell<u64>,
}

impl Metered {
    /// Counts what goes through `http`.
    pub(crate) fn new(http: HttpApi) -> Self {
        Self { http, body: Cell::new(0) }
    }

    /// Bytes of the body of the last `POST /api/sync`, before HTTP compresses it, or of the last push.
    pub(crate) fn body(&self) -> u64 {
        self.body.get()
    }
}

#[async_trait(?Send)]
impl Api for Metered {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncAnswer, ApiError> {
        let mut length = Length(0);
        serde_json::to_writer(&mut length, request).map_err(io::Error::other)?;
        self.body.set(length.0);
        self.http.sync(request).await
    }

    async fn progress(
        &self,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<ProgressDocument>, ApiError> {
        self.http.progress(course, base).await
    }

    async fn contents(
        &self,
        course: &CourseId,
        request: &ContentsRequest,
    ) -> Result<ContentsAnswer, ApiError> {
        self.http.contents(course, request).await
    }

    async fn revisions(
        &self,
        course: &CourseId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<RevisionPage, ApiError> {
        self.http.revisions(course, before, limit).await
    }

    async fn revision(
        &self,
        course: &CourseId,
        revision: &RevisionId,
    ) -> Result<Option<RevisionDocument>, ApiError> {
        self.http.revision(course, revision).await
    }

    async fn change_strategy(
        &self,
        course: &CourseId,
        request: &StrategyRequest,
    ) -> Result<StrategyAnswer, ApiError> {
        self.http.change_strategy(course, request).await
    }

    async fn course(&self, course: &CourseId) -> Result<Option<CourseDocument>, ApiError> {
        self.http.course(course).await
    }

    async fn package(
        &self,
        course: &CourseId,
        version: &Version,
        out: &mut dyn Write,
    ) -> Result<(), ApiError> {
        self.http.package(course, version, out).await
    }
}

#[async_trait(?Send)]
impl GitApi for Metered {
    fn is_at(&self, url: &str) -> bool {
        self.http.is_at(url)
    }

    async fn ensure_repo(&self, course: &CourseId) -> Result<Repo, ApiError> {
        self.http.ensure_repo(course).await
    }

    async fn git_credentials(
        &self,
        course: &CourseId,
        host: GitHostKind,
    ) -> Result<Credentials, ApiError> {
        self.http.git_credentials(course, host).await
    }

    async fn advertise(&self, repo: &RepoAccess, service: Service) -> Result<Vec<u8>, ApiError> {
        self.http.advertise(repo, service).await
    }

    async fn upload_pack(
        &self,
        repo: &RepoAccess,
        request: Vec<u8>,
        sink: &mut PackSink<'_>,
    ) -> Result<(), ApiError> {
        self.http.upload_pack(repo, request, sink).await
    }

    async fn receive_pack(&self, repo: &RepoAccess, body: PushBody) -> Result<Vec<u8>, ApiError> {
        self.body.set(body.head.len() as u64 + body.length);
        self.http.receive_pack(repo, body).await
    }
}

/// Counts bytes and keeps none.
struct Length(u64);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
