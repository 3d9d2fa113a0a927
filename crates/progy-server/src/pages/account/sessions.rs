//! Where the person is signed in: devices and browsers.

use axum::extract::State;
use serde::Deserialize;

use crate::Result;
use crate::pages::form::{Empty, Posted};
use crate::pages::viewer::Viewer;
use crate::pages::when::When;
use crate::pages::{Answer, agent, next};
use crate::routes::AppState;
use crate::services::accounts::Login;

/// A device or a browser.
pub(super) struct Row {
    pub(super) id: String,
    /// What it is called.
    pub(super) name: String,
    /// Whether it was let in by a code.
    pub(super) is_device: bool,
    /// Whether it is the one that asks.
    pub(super) is_this: bool,
    /// Where it was last.
    pub(super) address: Option<String>,
    /// When it was used last.
    pub(super) used: When,
}

/// Which one.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    session: String,
}

/// All of them, the last used first.
pub(super) async fn rows(state: &AppState, viewer: &Viewer, login: &Login) -> Result<Vec<Row>> {
    let texts = viewer.texts();
    let now = state.services.clock.now();
    let own = login.session().map(|session| session.id.0.as_str());
    let sessions = state.services.sessions(login).await?;
    let row = |session: progy_api::account::Session| Row {
        is_this: own == Some(session.id.as_str()),
        is_device: session.device_name.is_some(),
        name: session
            .device_name
            .or_else(|| session.user_agent.as_deref().map(agent::described))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| texts.say("device-nameless")),
        id: session.token,
        address: session.ip_address,
        used: When::ago(texts, session.updated_at, now),
    };
    Ok(sessions.into_iter().map(row).collect())
}

/// `POST /account/sessions/end`: one of them.
pub(crate) async fn end(
    State(state): State<AppState>,
    Posted { viewer, form: chosen }: Posted<Chosen>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    let was_own = state.services.revoke_session(login, &chosen.session, &viewer.peer).await?;
    if was_own {
        return Ok(viewer.leave("/sign-in?done=signed-out"));
    }
    Ok(viewer.go("/account?done=session"))
}

/// `POST /account/sessions/end-all`: all of them, this one as well.
pub(crate) async fn end_all(
    State(state): State<AppState>,
    Posted { viewer, form: Empty {} }: Posted<Empty>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    state.services.sign_out_everywhere(login, &viewer.peer).await?;
    Ok(viewer.leave("/sign-in?done=signed-out"))
}
