//! Who is asking.

use axum::Json;
use progy_api::account::SessionAnswer;

use crate::http::extract::Caller;

/// The person behind the token.
#[utoipa::path(get, path = "/api/auth/get-session", tag = "accounts",
    responses((status = 200, description = "The person", body = SessionAnswer)))]
pub(crate) async fn session(Caller(user): Caller) -> Json<SessionAnswer> {
    Json(SessionAnswer { session: None, user })
}
