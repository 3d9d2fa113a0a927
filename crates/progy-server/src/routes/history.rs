//! Revisions and the contents of their files.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use progy_api::history::{
    ContentsAnswer, ContentsRequest, RevisionDocument, RevisionPage, StrategyAnswer,
    StrategyRequest,
};
use progy_api::limits;
use progy_core::{CourseId, RevisionId};
use serde::Deserialize;

use crate::http::blocking;
use crate::http::extract::{Json, Names, Query};
use crate::http::failure::Failure;
use crate::http::login::Caller;
use crate::openapi::Binary;
use crate::routes::AppState;
use crate::routes::progress::Listing;

/// Which part of the history.
#[derive(Deserialize)]
pub(crate) struct Page {
    before: Option<RevisionId>,
    limit: Option<u32>,
}

/// Whether files are to be listed.
#[derive(Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    files: Listing,
}

/// The history, newest first.
#[utoipa::path(get, path = "/api/workspaces/{course}/revisions", tag = "workspaces",
    params(
        ("course" = String, Path, description = "Course id, percent-encoded"),
        ("before" = Option<String>, Query, description = "Only revisions older than this one"),
        ("limit" = Option<u32>, Query, description = "How many, at most 100")),
    responses(
        (status = 200, description = "A page of the history", body = RevisionPage),
        (status = 404, description = "`no_progress` or `no_revision`")))]
pub(crate) async fn revisions(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
    Query(page): Query<Page>,
) -> Result<Answer<RevisionPage>, Failure> {
    let limit = page.limit.unwrap_or(limits::PAGE);
    Ok(Answer(state.services.revisions(&caller, &course, page.before.as_ref(), limit).await?))
}

/// One revision, and what it differs in from the template.
#[utoipa::path(get, path = "/api/workspaces/{course}/revisions/{rev}", tag = "workspaces",
    params(
        ("course" = String, Path, description = "Course id, percent-encoded"),
        ("rev" = String, Path, description = "Revision id"),
        ("files" = Option<String>, Query, description = "`none`: no files of a snapshot")),
    responses(
        (status = 200, description = "The revision", body = RevisionDocument),
        (status = 404, description = "`no_progress` or `no_revision`")))]
pub(crate) async fn revision(
    State(state): State<AppState>,
    caller: Caller,
    Names((course, revision)): Names<(CourseId, RevisionId)>,
    Query(wish): Query<Wish>,
) -> Result<Answer<RevisionDocument>, Failure> {
    let listed = wish.files == Listing::All;
    Ok(Answer(state.services.revision_listed(&caller, &course, &revision, listed).await?))
}

/// Has the workspace carried by another strategy.
///
/// To `git`: from then on saves come to its repository alone, which is to get the history first.
/// Elsewhere a save leads: see `from` in the bodies of `POST /api/sync` and of
/// `POST /api/snapshots/{course}/commit`. Before the first save any strategy can be chosen.
#[utoipa::path(post, path = "/api/workspaces/{course}/strategy", tag = "workspaces",
    params(("course" = String, Path, description = "Course id, percent-encoded")),
    request_body = StrategyRequest,
    responses(
        (status = 200, description = "It is carried so", body = StrategyAnswer),
        (status = 404, description = "`no_course`"),
        (status = 409, description = "`head_moved` with the head in `moved`, or `other_strategy`: \
            that way leads only by a save"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 503, description = "`git_unavailable` or `unavailable`")))]
pub(crate) async fn change_strategy(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
    body: Json<StrategyRequest>,
) -> Result<Answer<StrategyAnswer>, Failure> {
    Ok(Answer(state.services.change_strategy(&caller, &course, &body.value).await?))
}

/// Contents of files of this workspace, compressed against what the device has.
#[utoipa::path(post, path = "/api/workspaces/{course}/contents", tag = "workspaces",
    params(("course" = String, Path, description = "Course id, percent-encoded")),
    request_body(content = ContentsRequest, description = "What is wanted, at most 1 MiB"),
    responses(
        (status = 200, description = "What the workspace has of it", body = ContentsAnswer),
        (status = 404, description = "`no_progress` or `no_course`"),
        (status = 413, description = "`too_large`: too much at once"),
        (status = 415, description = "`unsupported_media_type`")))]
pub(crate) async fn contents(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
    body: Json<ContentsRequest>,
) -> Result<Answer<ContentsAnswer>, Failure> {
    let services = state.services;
    let answer = async move { services.contents(&caller, &course, &body.value).await };
    Ok(Answer(blocking(answer).await??))
}

/// All files of a revision as a `.tar.gz`.
#[utoipa::path(get, path = "/api/workspaces/{course}/revisions/{rev}/archive.tar.gz",
    tag = "workspaces",
    params(
        ("course" = String, Path, description = "Course id, percent-encoded"),
        ("rev" = String, Path, description = "Revision id")),
    responses(
        (status = 200, description = "The files", body = Binary, content_type = "application/gzip"),
        (status = 404, description = "`no_progress` or `no_revision`")))]
pub(crate) async fn archive(
    State(state): State<AppState>,
    caller: Caller,
    Names((course, revision)): Names<(CourseId, RevisionId)>,
) -> Result<Response, Failure> {
    let files = state.services.archive(&caller, &course, &revision).await?;
    let short = revision.as_str().get(..8).unwrap_or_default();
    let name = format!("attachment; filename=\"{}-{short}.tar.gz\"", course.slug());
    let about = [
        (header::CONTENT_TYPE, "application/gzip".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((about, Body::from_stream(files)).into_response())
}
