//! The client's own trait, over any way to the server: what a request and an answer look like.

use std::io::{Read, Write};

use async_trait::async_trait;
use progy_api::git::{Credentials, GitHostKind, Repo};
use progy_api::history::{
    ContentsAnswer, ContentsRequest, RevisionDocument, RevisionPage, StrategyAnswer,
    StrategyRequest,
};
use progy_api::problem::{Problem, code};
use progy_api::progress::ProgressDocument;
use progy_api::registry::CourseDocument;
use progy_api::snapshot::{BlobsRequest, CommitRequest, HaveAnswer, HaveRequest, PackAnswer};
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_client::api::{Api, ApiError, GitApi, PackSink, PushBody, RepoAccess, SnapshotApi};
use progy_core::git::wire::Service;
use progy_core::{ContentHash, CourseId, RevisionId};
use semver::Version;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::server::{Answer, Request};

/// A way to the server.
#[async_trait(?Send)]
pub(crate) trait Way {
    /// Brings a request there, and its answer back.
    async fn bring(&self, request: Request) -> Answer;

    /// The device finds out that it has no good answer.
    fn give_up(&self, _why: &str) {}

    /// The server says no.
    fn refused(&self, _code: &str) {}
}

/// The server at the end of a way.
#[derive(Debug)]
pub(crate) struct Client<W>(pub(crate) W);

impl<W: Way> Client<W> {
    async fn body(&self, request: Request) -> Result<Vec<u8>, ApiError> {
        match self.0.bring(request).await {
            Answer::Good(body) => Ok(body),
            Answer::Refused(problem) => Err(self.refusal(&problem)),
            Answer::Nothing => Err(self.unreachable("no answer")),
        }
    }

    fn unreachable(&self, why: &str) -> ApiError {
        self.0.give_up(why);
        ApiError::Unreachable(why.to_owned())
    }

    /// As the client reads a problem that came by HTTP.
    fn refusal(&self, body: &[u8]) -> ApiError {
        let Ok(mut problem) = serde_json::from_slice::<Problem>(body) else {
            return self.unreachable("no problem document");
        };
        self.0.refused(&problem.code);
        match (problem.status, problem.moved.take()) {
            (401, _) => ApiError::Unauthorized,
            (408 | 429 | 502..=504, _) => self.unreachable(&problem.code),
            (409, Some(moved)) => ApiError::HeadMoved(Box::new(moved)),
            (_, moved) => ApiError::Problem(Box::new(Problem { moved, ..problem })),
        }
    }

    async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, ApiError> {
        let body = self.body(request).await?;
        serde_json::from_slice(&body).map_err(|_| self.unreachable("the answer is cut off"))
    }
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
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
impl<W: Way> Api for Client<W> {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncAnswer, ApiError> {
        self.json(Request::Sync(bytes(request))).await
    }

    async fn progress(
        &self,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<ProgressDocument>, ApiError> {
        let request = Request::Progress { course: course.clone(), base: base.cloned() };
        unless(&[code::NO_PROGRESS, code::NO_COURSE], self.json(request).await)
    }

    async fn contents(
        &self,
        course: &CourseId,
        request: &ContentsRequest,
    ) -> Result<ContentsAnswer, ApiError> {
        self.json(Request::Contents { course: course.clone(), body: bytes(request) }).await
    }

    async fn revisions(
        &self,
        course: &CourseId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<RevisionPage, ApiError> {
        let request = Request::Revisions { course: course.clone(), before: before.cloned(), limit };
        self.json(request).await
    }

    async fn revision(
        &self,
        course: &CourseId,
        revision: &RevisionId,
    ) -> Result<Option<RevisionDocument>, ApiError> {
        let request = Request::Revision { course: course.clone(), revision: revision.clone() };
        unless(&[code::NO_REVISION, code::NO_PROGRESS], self.json(request).await)
    }

    async fn change_strategy(
        &self,
        course: &CourseId,
        request: &StrategyRequest,
    ) -> Result<StrategyAnswer, ApiError> {
        self.json(Request::Strategy { course: course.clone(), body: bytes(request) }).await
    }

    async fn course(&self, course: &CourseId) -> Result<Option<CourseDocument>, ApiError> {
        unless(&[code::NO_COURSE], self.json(Request::Course(course.clone())).await)
    }

    async fn package(
        &self,
        course: &CourseId,
        version: &Version,
        out: &mut dyn Write,
    ) -> Result<(), ApiError> {
        let body = self.body(Request::Package(course.clone(), version.clone())).await?;
        for piece in body.chunks(600) {
            out.write_all(piece)?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl<W: Way> SnapshotApi for Client<W> {
    async fn have(&self, course: &CourseId, request: &HaveRequest) -> Result<HaveAnswer, ApiError> {
        self.json(Request::Have { course: course.clone(), body: bytes(request) }).await
    }

    async fn put_pack(
        &self,
        course: &CourseId,
        pack: &ContentHash,
        body: Vec<u8>,
    ) -> Result<PackAnswer, ApiError> {
        self.json(Request::PutPack { course: course.clone(), pack: *pack, body }).await
    }

    async fn blobs(&self, course: &CourseId, request: &BlobsRequest) -> Result<Vec<u8>, ApiError> {
        self.body(Request::Blobs { course: course.clone(), body: bytes(request) }).await
    }

    async fn commit(
        &self,
        course: &CourseId,
        request: &CommitRequest,
    ) -> Result<SyncAnswer, ApiError> {
        self.json(Request::Commit { course: course.clone(), body: bytes(request) }).await
    }
}

#[async_trait(?Send)]
impl<W: Way> GitApi for Client<W> {
    fn is_at(&self, _: &str) -> bool {
        true
    }

    async fn ensure_repo(&self, course: &CourseId) -> Result<Repo, ApiError> {
        self.json(Request::EnsureRepo(course.clone())).await
    }

    async fn git_credentials(&self, _: &CourseId, _: GitHostKind) -> Result<Credentials, ApiError> {
        Err(self.unreachable("the embedded host takes the server's own login"))
    }

    async fn advertise(&self, _: &RepoAccess, service: Service) -> Result<Vec<u8>, ApiError> {
        self.body(Request::Advertise(service)).await
    }

    async fn upload_pack(
        &self,
        _: &RepoAccess,
        request: Vec<u8>,
        sink: &mut PackSink<'_>,
    ) -> Result<(), ApiError> {
        let body = self.body(Request::UploadPack(request)).await?;
        for piece in body.chunks(600) {
            sink(piece)?;
        }
        Ok(())
    }

    async fn receive_pack(&self, _: &RepoAccess, body: PushBody) -> Result<Vec<u8>, ApiError> {
        let PushBody { mut head, mut pack, .. } = body;
        pack.read_to_end(&mut head)?;
        self.body(Request::ReceivePack(head)).await
    }
}
