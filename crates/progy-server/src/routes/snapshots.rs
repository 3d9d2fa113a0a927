//! Projects of any size: blobs come and go, and a tree of them becomes a revision.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt};
use progy_api::limits;
use progy_api::snapshot::{BlobsRequest, CommitRequest, HaveAnswer, HaveRequest, PackAnswer};
use progy_api::sync::SyncAnswer;
use progy_core::{ContentHash, CourseId, Strategy};
use progy_snapshot::pack::PackId;

use crate::error::ServiceError;
use crate::http::body::BodyError;
use crate::http::extract::{Json, Names};
use crate::http::failure::Failure;
use crate::http::login::Caller;
use crate::http::{blocking, metrics};
use crate::openapi::Binary;
use crate::ports::objects::ByteStream;
use crate::routes::AppState;
use crate::services::snapshots::upload::Upload;

/// Body of `have` and `blobs`, in bytes: [`limits::BLOBS`] names in base64.
pub(crate) const NAMES: u64 = limits::BLOBS as u64 * 32 * 4 / 3 + (4 << 10);
/// Body of `commit`, in bytes: a message and what progress there is.
pub(crate) const COMMIT: u64 = 4 << 20;

/// Which of some blobs are there.
#[utoipa::path(post, path = "/api/snapshots/{course}/have", tag = "snapshots",
    params(("course" = String, Path, description = "Course id, percent-encoded")),
    request_body(content = HaveRequest, description = "At most 4096 names"),
    responses(
        (status = 200, description = "One bit for each", body = HaveAnswer),
        (status = 404, description = "`no_course`"),
        (status = 413, description = "`too_large`: too many at once"),
        (status = 415, description = "`unsupported_media_type`")))]
pub(crate) async fn have(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
    body: Json<HaveRequest>,
) -> Result<Answer<HaveAnswer>, Failure> {
    let services = state.services;
    let answer = async move { services.have(&caller, &course, &body.value).await };
    Ok(Answer(blocking(answer).await??))
}

/// Sends a pack.
///
/// The same pack again is no error. What it brings is kept for a day, and for as long as a revision
/// needs it.
#[utoipa::path(put, path = "/api/snapshots/{course}/packs/{pack}", tag = "snapshots",
    params(
        ("course" = String, Path, description = "Course id, percent-encoded"),
        ("pack" = String, Path, description = "BLAKE3 of the body, 64 hexadecimal digits")),
    request_body(content = Binary, content_type = "application/octet-stream",
        description = "The pack, at most 24 MiB"),
    responses(
        (status = 200, description = "Its blobs are there", body = PackAnswer),
        (status = 404, description = "`no_course`"),
        (status = 413, description = "`too_large`"),
        (status = 422, description = "`wrong_hash`: it is no pack, another one, or a blob in it is \
            not what it is called"),
        (status = 507, description = "`quota_exceeded`")))]
pub(crate) async fn put_pack(
    State(state): State<AppState>,
    caller: Caller,
    Names((course, pack)): Names<(CourseId, ContentHash)>,
    body: Body,
) -> Result<Answer<PackAnswer>, Failure> {
    let name: [u8; 32] = pack
        .as_bytes()
        .try_into()
        .map_err(|_| Failure::bad_request("a pack is named by 64 hexadecimal digits"))?;
    let cut_off = Arc::new(Mutex::new(None));
    let body = watched(body, Arc::clone(&cut_off));
    let user = caller.into_user();
    let services = state.services;
    let received = services.receive_pack(&user, &course, PackId::from_bytes(name), body).await;
    // What the sender did wrong is not ours.
    if let Some(error) = cut_off.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(Failure::from(error));
    }
    let arrived = match received? {
        Upload::Known(answer) => return Ok(Answer(answer)),
        Upload::Arrived(arrived) => arrived,
    };
    // Some megabytes each: only a few are checked at once.
    let _slot = state.large_bodies.slot().await;
    Ok(Answer(blocking(async move { services.take_pack(arrived).await }).await??))
}

/// The bytes of a body; what keeps them from coming is put aside.
fn watched(body: Body, cut_off: Arc<Mutex<Option<BodyError>>>) -> ByteStream {
    let put_aside = move |error| {
        let error = BodyError::from_axum(error);
        let text = error.to_string();
        *cut_off.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        std::io::Error::other(text)
    };
    body.into_data_stream().map_err(put_aside).boxed()
}

/// Some blobs, as a pack.
///
/// As many as fit into 16 MiB, in the order asked for; others may come along. One that is not in an
/// answer without any of those before it is not there.
#[utoipa::path(post, path = "/api/snapshots/{course}/blobs", tag = "snapshots",
    params(("course" = String, Path, description = "Course id, percent-encoded")),
    request_body(content = BlobsRequest, description = "At most 4096 names"),
    responses(
        (status = 200, description = "A pack", body = Binary,
            content_type = "application/octet-stream"),
        (status = 404, description = "`no_course`"),
        (status = 413, description = "`too_large`: too many at once"),
        (status = 415, description = "`unsupported_media_type`")))]
pub(crate) async fn blobs(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
    body: Json<BlobsRequest>,
) -> Result<Response, Failure> {
    let services = state.services;
    let answer = async move { services.blobs(&caller, &course, &body.value).await };
    let pack = blocking(answer).await??;
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    Ok((kind, Body::from_stream(pack)).into_response())
}

/// Publishes a tree whose blobs are there.
///
/// The same request again has the same answer. The body may be compressed with `zstd`.
#[utoipa::path(post, path = "/api/snapshots/{course}/commit", tag = "snapshots",
    params(("course" = String, Path, description = "Course id, percent-encoded")),
    request_body = CommitRequest,
    responses(
        (status = 200, description = "The new revision", body = SyncAnswer),
        (status = 404, description = "`no_course`"),
        (status = 409, description = "`head_moved` with the head in `moved`, `save_reused`, \
            `other_strategy`, or `unknown_blobs` with some of their names in `names`"),
        (status = 413, description = "`too_large`"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 422, description = "`invalid_change`: it is no tree that a workspace can have"),
        (status = 507, description = "`quota_exceeded`")))]
pub(crate) async fn commit(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
    body: Json<CommitRequest>,
) -> Result<Answer<SyncAnswer>, Failure> {
    let Json { value: request, slot } = body;
    let services = state.services;
    let answer = async move {
        let answer = services.commit_snapshot(&caller, &course, &request).await;
        drop(slot);
        answer
    };
    let answer = blocking(answer).await?;
    match &answer {
        Ok(_) => metrics::saved(Strategy::Snapshot),
        Err(ServiceError::HeadMoved(_)) => metrics::conflicted(Strategy::Snapshot),
        Err(_) => {}
    }
    Ok(Answer(answer?))
}
