//! For those who watch the server.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;

use crate::error::ServiceError;
use crate::http::failure::Failure;
use crate::routes::AppState;

/// Answer of `GET /healthz` and `GET /readyz`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    /// Of `GET /readyz`: why the strategy `git` cannot be used, if it cannot. The rest works.
    #[serde(skip_serializing_if = "Option::is_none")]
    git: Option<String>,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "server", security(()),
    responses((status = 200, description = "It does", body = Health)))]
pub(crate) async fn alive() -> Json<Health> {
    Json(Health { status: "ok", git: None })
}

/// Whether the server can work: its database and its store answer.
#[utoipa::path(get, path = "/readyz", tag = "server", security(()),
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "`unavailable`: a port does not answer, or it is stopping")))]
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Json<Health>, Failure> {
    if state.stopping.is_cancelled() {
        return Err(ServiceError::Unavailable(None).into());
    }
    state.services.ready().await?;
    Ok(Json(Health { status: "ok", git: state.services.git_trouble().await }))
}

/// Numbers for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "server", security(()),
    responses((status = 200, description = "Text of format 0.0.4", body = String)))]
pub(crate) async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics.render())
}
