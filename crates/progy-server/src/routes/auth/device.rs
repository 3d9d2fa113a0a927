//! Logging a device in by a code (RFC 8628).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, request};
use axum::response::{IntoResponse, Response};
use progy_api::account::device::{
    CodeAnswer, CodeRequest, DeviceDecision, DeviceError, DeviceRequest, Success, TokenAnswer,
    TokenRequest, error,
};
use serde::Deserialize;

use super::no_store;
use crate::error::ServiceError;
use crate::http::extract::Query;
use crate::http::failure::{Failure, Foreign};
use crate::http::form::JsonOrForm;
use crate::http::login::Visitor;
use crate::routes::AppState;
use crate::services::accounts::Refusal;
use crate::services::accounts::device::{Decision, DeviceFailure};

/// An error of OAuth's, or any other.
pub(crate) enum Refused {
    /// `{error, error_description}`.
    OAuth(StatusCode, DeviceError),
    /// A problem document.
    Other(Failure),
}

impl Refused {
    fn invalid(description: impl Into<String>) -> Self {
        let error = error::INVALID_REQUEST.to_owned();
        let body = DeviceError { error, error_description: description.into() };
        Self::OAuth(StatusCode::BAD_REQUEST, body)
    }
}

impl From<DeviceFailure> for Refused {
    fn from(failure: DeviceFailure) -> Self {
        match failure {
            DeviceFailure::Answer { status, error, description } => Self::OAuth(
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                DeviceError { error: error.to_owned(), error_description: description.to_owned() },
            ),
            DeviceFailure::Service(error) => Self::Other(error.into()),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthorized => {
                let error = error::UNAUTHORIZED.to_owned();
                let error_description = "Authentication required".to_owned();
                Self::OAuth(StatusCode::UNAUTHORIZED, DeviceError { error, error_description })
            }
            other => Self::Other(ServiceError::from(other).into()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::OAuth(status, body) => {
                let mut response = (status, no_store(), Json(body)).into_response();
                response.extensions_mut().insert(Foreign);
                response
            }
            Self::Other(failure) => failure.into_response(),
        }
    }
}

/// Two codes for a device that wants in: one to poll with, one to show.
#[utoipa::path(post, path = "/api/auth/device/code", tag = "accounts", security(()),
    request_body(content((CodeRequest = "application/json"),
        (CodeRequest = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The codes", body = CodeAnswer),
        (status = 400, description = "`invalid_request`", body = DeviceError),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn code(
    State(state): State<AppState>,
    parts: request::Parts,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<CodeRequest>,
) -> Result<(HeaderMap, Json<CodeAnswer>), Refused> {
    let body = body.map_err(Refused::invalid)?;
    let base = state.site.base(&parts.headers, &parts.extensions);
    let codes = state.services.device_code(&body, &base, &visitor.peer).await?;
    Ok((no_store(), Json(codes)))
}

/// A device's session, once its person has approved.
#[utoipa::path(post, path = "/api/auth/device/token", tag = "accounts", security(()),
    request_body(content((TokenRequest = "application/json"),
        (TokenRequest = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The session", body = TokenAnswer),
        (status = 400, description = "`authorization_pending`, `slow_down`, `access_denied`, \
            `expired_token`, `invalid_grant`, `invalid_request`", body = DeviceError)))]
pub(crate) async fn token(
    State(state): State<AppState>,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<TokenRequest>,
) -> Result<(HeaderMap, Json<TokenAnswer>), Refused> {
    let body = body.map_err(Refused::invalid)?;
    let token = state.services.device_token(&body, &visitor.peer).await?;
    Ok((no_store(), Json(token)))
}

/// Query of `GET /api/auth/device`.
#[derive(Deserialize)]
pub(crate) struct Shown {
    user_code: Option<String>,
}

/// What a code is for. Somebody who is signed in claims it by asking, and may then decide.
#[utoipa::path(get, path = "/api/auth/device", tag = "accounts", security((), ("bearer" = [])),
    params(("user_code" = String, Query, description = "The code that the device shows")),
    responses(
        (status = 200, description = "Where it stands", body = DeviceRequest),
        (status = 400, description = "`invalid_request`, `expired_token`", body = DeviceError),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn verify(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query<Shown>,
) -> Result<(HeaderMap, Json<DeviceRequest>), Refused> {
    let user_code = query.user_code.ok_or_else(|| Refused::invalid("user_code is required"))?;
    // A personal access token sees what a stranger sees.
    let login = visitor.member().ok();
    let request = state.services.device_request(&user_code, login, &visitor.peer).await?;
    Ok((no_store(), Json(request)))
}

/// Lets a device in.
#[utoipa::path(post, path = "/api/auth/device/approve", tag = "accounts",
    request_body(content((DeviceDecision = "application/json"),
        (DeviceDecision = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "It is in", body = Success),
        (status = 400, description = "`invalid_request`, `expired_token`", body = DeviceError),
        (status = 401, description = "`unauthorized`", body = DeviceError),
        (status = 403, description = "`access_denied`", body = DeviceError),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn approve(
    State(state): State<AppState>,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<DeviceDecision>,
) -> Result<Json<Success>, Refused> {
    decide(&state, &visitor, body, Decision::Approve).await
}

/// Turns a device away.
#[utoipa::path(post, path = "/api/auth/device/deny", tag = "accounts",
    request_body(content((DeviceDecision = "application/json"),
        (DeviceDecision = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "It is not in", body = Success),
        (status = 400, description = "`invalid_request`, `expired_token`", body = DeviceError),
        (status = 401, description = "`unauthorized`", body = DeviceError),
        (status = 403, description = "`access_denied`", body = DeviceError),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn deny(
    State(state): State<AppState>,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<DeviceDecision>,
) -> Result<Json<Success>, Refused> {
    decide(&state, &visitor, body, Decision::Deny).await
}

async fn decide(
    state: &AppState,
    visitor: &Visitor,
    body: Result<DeviceDecision, String>,
    decision: Decision,
) -> Result<Json<Success>, Refused> {
    let login = visitor.member()?;
    let user_code = body.map_err(Refused::invalid)?.user_code;
    let (code, peer) = (user_code.as_deref(), &visitor.peer);
    state.services.decide_device(code, login, decision, peer).await?;
    Ok(Json(Success { success: true }))
}
