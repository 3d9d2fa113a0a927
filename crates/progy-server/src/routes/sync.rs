//! A save is published.

use axum::Json as Answer;
use axum::extract::State;
use progy_api::sync::{SyncAnswer, SyncRequest};

use crate::error::ServiceError;
use crate::http::extract::Json;
use crate::http::failure::Failure;
use crate::http::login::Caller;
use crate::http::{blocking, metrics};
use crate::routes::AppState;

/// Publishes a save, or progress, or both.
///
/// The same request again has the same answer. The body may be compressed with `zstd`.
#[utoipa::path(post, path = "/api/sync", tag = "workspaces",
    request_body(content = SyncRequest, description = "At most 20 MiB, also once decompressed"),
    responses(
        (status = 200, description = "The new revision", body = SyncAnswer),
        (status = 404, description = "`no_course`"),
        (status = 409, description =
            "`head_moved` with the head in `moved`, `save_reused`, or `other_strategy`"),
        (status = 413, description = "`too_large`"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 422, description = "`file_too_large`, `workspace_too_large`, `wrong_hash`, \
            `unknown_reference` or `invalid_change`, with the file in `path`"),
        (status = 507, description = "`quota_exceeded`")))]
pub(crate) async fn sync(
    State(state): State<AppState>,
    caller: Caller,
    body: Json<SyncRequest>,
) -> Result<Answer<SyncAnswer>, Failure> {
    let Json { value: request, slot } = body;
    let strategy = request.strategy;
    let services = state.services;
    let answer = async move { services.sync(&caller, request).await };
    let answer = if slot.is_large() { blocking(answer).await? } else { answer.await };
    match &answer {
        Ok(answer) if answer.revision.is_some() => metrics::saved(strategy),
        Err(ServiceError::HeadMoved(_)) => metrics::conflicted(strategy),
        _ => {}
    }
    Ok(Answer(answer?))
}
