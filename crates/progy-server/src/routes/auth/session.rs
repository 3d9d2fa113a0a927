//! Sessions: which one asks, which there are, and their end.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use progy_api::account::device::Success;
use progy_api::account::session::{RevokeRequest, Session, SessionAnswer, Status};

use super::no_store;
use crate::error::ServiceError;
use crate::http::cookie;
use crate::http::failure::Failure;
use crate::http::form::JsonOrForm;
use crate::http::login::Visitor;
use crate::routes::AppState;
use crate::services::accounts::Refusal;
use crate::services::accounts::sessions::LIFETIME;

/// The session that asks, with its person; `null` if there is none.
///
/// A browser's cookie is replaced by another once a day.
#[utoipa::path(get, path = "/api/auth/get-session", tag = "accounts", security((), ("bearer" = [])),
    responses((status = 200, description = "The session, or `null`", body = Option<SessionAnswer>)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    visitor: Visitor,
) -> Result<(HeaderMap, Json<Option<SessionAnswer>>), Failure> {
    let mut headers = no_store();
    let secure = visitor.secure;
    let is_browser = visitor.is_browser();
    let Some(login) = visitor.login else {
        if is_browser {
            cookie::clear(&mut headers, secure);
        }
        return Ok((headers, Json(None)));
    };
    if is_browser && let Some(secret) = state.services.rotate(&login).await? {
        let remembered = login.session().is_some_and(|session| session.remembered);
        let seconds = remembered.then_some(LIFETIME / 1_000);
        cookie::set_secret(&mut headers, secret.expose(), seconds, secure);
    }
    let answer = SessionAnswer { session: login.shown(), user: login.user };
    Ok((headers, Json(Some(answer))))
}

/// All sessions of the person, the last used first.
#[utoipa::path(get, path = "/api/auth/list-sessions", tag = "accounts",
    responses(
        (status = 200, description = "The sessions", body = Vec<Session>),
        (status = 403, description = "`INSUFFICIENT_SCOPE`: a personal access token asks")))]
pub(crate) async fn list(
    State(state): State<AppState>,
    visitor: Visitor,
) -> Result<(HeaderMap, Json<Vec<Session>>), Failure> {
    let login = visitor.member().map_err(ServiceError::from)?;
    Ok((no_store(), Json(state.services.sessions(login).await?)))
}

/// Ends one of the person's sessions.
#[utoipa::path(post, path = "/api/auth/revoke-session", tag = "accounts",
    request_body = RevokeRequest,
    responses(
        (status = 200, description = "It has ended, or there is no such session", body = Status),
        (status = 403, description = "`INSUFFICIENT_SCOPE`, `INVALID_ORIGIN`")))]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<RevokeRequest>,
) -> Result<(HeaderMap, Json<Status>), Failure> {
    let login = visitor.member().map_err(ServiceError::from)?;
    let token = body.map_err(|why| ServiceError::from(Refusal::Invalid(why)))?.token;
    let was_own = state.services.revoke_session(login, &token, &visitor.peer).await?;
    let mut headers = no_store();
    if was_own && visitor.is_browser() {
        cookie::clear(&mut headers, visitor.secure);
    }
    Ok((headers, Json(Status { status: true })))
}

/// Ends all of the person's sessions, the one that asks as well.
#[utoipa::path(post, path = "/api/auth/revoke-sessions", tag = "accounts",
    responses(
        (status = 200, description = "They have ended", body = Status),
        (status = 403, description = "`INSUFFICIENT_SCOPE`, `INVALID_ORIGIN`")))]
pub(crate) async fn revoke_all(
    State(state): State<AppState>,
    visitor: Visitor,
) -> Result<(HeaderMap, Json<Status>), Failure> {
    let login = visitor.member().map_err(ServiceError::from)?;
    state.services.sign_out_everywhere(login, &visitor.peer).await?;
    let mut headers = no_store();
    cookie::clear(&mut headers, visitor.secure);
    Ok((headers, Json(Status { status: true })))
}

/// Ends all of the person's sessions but the one that asks.
#[utoipa::path(post, path = "/api/auth/revoke-other-sessions", tag = "accounts",
    responses(
        (status = 200, description = "They have ended", body = Status),
        (status = 403, description = "`INSUFFICIENT_SCOPE`, `INVALID_ORIGIN`")))]
pub(crate) async fn revoke_others(
    State(state): State<AppState>,
    visitor: Visitor,
) -> Result<(HeaderMap, Json<Status>), Failure> {
    let login = visitor.member().map_err(ServiceError::from)?;
    state.services.sign_out_elsewhere(login, &visitor.peer).await?;
    Ok((no_store(), Json(Status { status: true })))
}

/// Ends the session that asks, if there is one.
#[utoipa::path(post, path = "/api/auth/sign-out", tag = "accounts", security((), ("bearer" = [])),
    responses(
        (status = 200, description = "Nobody is signed in any more", body = Success),
        (status = 403, description = "`INVALID_ORIGIN`")))]
pub(crate) async fn sign_out(
    State(state): State<AppState>,
    visitor: Visitor,
) -> Result<(HeaderMap, Json<Success>), Failure> {
    if let Some((secret, _)) = &visitor.secret {
        state.services.sign_out(secret, &visitor.peer).await?;
    }
    let mut headers = no_store();
    cookie::clear(&mut headers, visitor.secure);
    Ok((headers, Json(Success { success: true })))
}
