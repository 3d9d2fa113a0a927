//! To GitHub and back: signing in, linking, unlinking. The way back is
//! [`crate::routes::auth::social::callback`].

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::form::{Empty, Posted};
use super::viewer::Viewer;
use super::{Answer, account, next, refusals};
use crate::http::cookie;
use crate::http::failure::Failure;
use crate::routes::AppState;
use crate::services::accounts::Login;
use crate::services::github::start::Wish;

const GITHUB: &str = "github";

/// What the buttons send.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    next: Option<String>,
    invite: Option<String>,
}

/// `POST /sign-in/github`.
pub(crate) async fn sign_in(
    State(state): State<AppState>,
    Posted { viewer, form: wanted }: Posted<Wanted>,
) -> Answer {
    let next = next::own(wanted.next.as_deref());
    let wish = Wish {
        callback: next.unwrap_or(next::ACCOUNT).to_owned(),
        error: Some(next::with("/sign-in", next)),
        invite: wanted.invite.filter(|invite| !invite.is_empty()),
        open: viewer.may_register,
        ..Wish::default()
    };
    away(&state, &viewer, wish, None).await
}

/// `POST /account/github/link`.
pub(crate) async fn link(
    State(state): State<AppState>,
    Posted { viewer, form: Empty {} }: Posted<Empty>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    let wish = Wish {
        callback: "/account?done=github-linked".to_owned(),
        error: Some(next::ACCOUNT.to_owned()),
        ..Wish::default()
    };
    away(&state, &viewer, wish, Some(login)).await
}

/// `POST /account/github/unlink`.
pub(crate) async fn unlink(
    State(state): State<AppState>,
    Posted { viewer, form: Empty {} }: Posted<Empty>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    let done = state.services.unlink_account(login, None, Some(GITHUB), &viewer.peer).await;
    match done {
        Ok(()) => Ok(viewer.go("/account?done=github-unlinked")),
        Err(error) => {
            let wrong = refusals::wrong(error)?;
            account::shown(&state, &viewer, login, account::Shown::wrong(wrong)).await
        }
    }
}

async fn away(
    state: &AppState,
    viewer: &Viewer,
    wish: Wish,
    link: Option<&Login>,
) -> Result<Response, Failure> {
    let started = state.services.start_github(wish, link, &viewer.peer).await?;
    let mut response = viewer.go(&started.url);
    cookie::set_ticket(response.headers_mut(), started.ticket.expose(), viewer.secure());
    Ok(response)
}
