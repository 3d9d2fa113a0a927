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

/// What a device already has.
#[derive(Deserialize)]
pub(crate) struct Since {
    base: Option<RevisionId>,
}

/// Progress, head, strategy, and what the head differs in from the template.
#[utoipa::path(get, path = "/api/progress/{course}", tag = "workspaces",
    params(
        ("course" = String, Path, description = "Course id, percent-encoded"),
        ("base" = Option<String>, Query, description = "The revision that the device has")),
    responses(
        (status = 200, description = "Where the learner stands", body = ProgressDocument),
        (status = 404, description = "`no_progress`: never started")))]
pub(crate) async fn progress(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
    Query(since): Query<Since>,
) -> Result<Json<ProgressDocument>, Failure> {
    Ok(Json(state.services.progress(&caller, &course, since.base.as_ref()).await?))
}
