//! Where the learner stands.

use axum::Json;
use axum::extract::State;
use progy_api::progress::ProgressDocument;
use progy_core::{CourseId, RevisionId};
use serde::Deserialize;

use crate::http::extract::{Names, Query};
use crate::http::failure::Failure;
use crate::http::login::Caller;
use crate::routes::AppState;

/// What a device already has, and whether it wants to be told of files.
#[derive(Deserialize)]
pub(crate) struct Since {
    base: Option<RevisionId>,
    #[serde(default)]
    files: Listing,
}

/// Which files of a snapshot are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Listing {
    /// Those that differ from the template.
    #[default]
    All,
    /// None: the root says it all.
    None,
}

/// Progress, head, strategy, and what the head differs in from the template.
#[utoipa::path(get, path = "/api/progress/{course}", tag = "workspaces",
    params(
        ("course" = String, Path, description = "Course id, percent-encoded"),
        ("base" = Option<String>, Query, description = "The revision that the device has"),
        ("files" = Option<String>, Query, description = "`none`: no files of a snapshot")),
    responses(
        (status = 200, description = "Where the learner stands", body = ProgressDocument),
        (status = 404, description = "`no_progress`: never started")))]
pub(crate) async fn progress(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
    Query(since): Query<Since>,
) -> Result<Json<ProgressDocument>, Failure> {
    let Since { base, files } = since;
    let listed = files == Listing::All;
    let standing = state.services.progress_listed(&caller, &course, base.as_ref(), listed).await?;
    Ok(Json(standing))
}
