//! Blobs, packs and trees.

use async_trait::async_trait;
use progy_api::snapshot::{BlobsRequest, CommitRequest, HaveAnswer, HaveRequest, PackAnswer};
use progy_api::sync::SyncAnswer;
use progy_core::{ContentHash, CourseId};
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::{ApiError, HttpApi};
use crate::api::SnapshotApi;

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// No answer with blobs is larger, in bytes.
const LIMIT: usize = 48 << 20;

impl HttpApi {
    fn snapshots(&self, course: &CourseId, rest: &[&str]) -> Url {
        self.server.route(&["api", "snapshots", course.as_str()], rest)
    }
}

#[async_trait(?Send)]
impl SnapshotApi for HttpApi {
    async fn have(&self, course: &CourseId, request: &HaveRequest) -> Result<HaveAnswer, ApiError> {
        self.post(self.snapshots(course, &["have"]), request).await
    }

    async fn put_pack(
        &self,
        course: &CourseId,
        pack: &ContentHash,
        bytes: Vec<u8>,
    ) -> Result<PackAnswer, ApiError> {
        let url = self.snapshots(course, &["packs", &pack.to_string()]);
        let response = self.put_bytes(url, bytes.into()).await?;
        self.json(response).await
    }

    async fn blobs(&self, course: &CourseId, request: &BlobsRequest) -> Result<Vec<u8>, ApiError> {
        let url = self.snapshots(course, &["blobs"]);
        let response = self.post_for(url, request, OCTETS).await?;
        self.body(response, LIMIT).await
    }

    async fn commit(
        &self,
        course: &CourseId,
        request: &CommitRequest,
    ) -> Result<SyncAnswer, ApiError> {
        self.post(self.snapshots(course, &["commit"]), request).await
    }
}
