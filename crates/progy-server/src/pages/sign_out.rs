//! Signing out of this browser.

use axum::extract::State;

use super::Answer;
use super::form::{Empty, Posted};
use crate::routes::AppState;

/// `POST /sign-out`.
pub(crate) async fn submit(
    State(state): State<AppState>,
    Posted { viewer, form: Empty {} }: Posted<Empty>,
) -> Answer {
    if let Some(secret) = viewer.secret() {
        state.services.sign_out(secret, &viewer.peer).await?;
    }
    Ok(viewer.leave("/sign-in?done=signed-out"))
}
