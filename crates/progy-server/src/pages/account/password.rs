//! A new password, or the first one.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;

use super::Shown;
use crate::pages::field::Field;
use crate::pages::form::Posted;
use crate::pages::texts::Texts;
use crate::pages::{Answer, next, refusals};
use crate::routes::AppState;
use crate::services::accounts::profile::PasswordChange;

/// What somebody typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    current: Option<String>,
    password: String,
    others: Option<String>,
}

pub(super) fn fields(texts: &Texts, has_password: bool) -> Vec<Field> {
    let current = Field::password(texts, "current", "label-current", "current-password");
    let new = Field::password(texts, "password", "label-new-password", "new-password")
        .hint(texts.message(&refusals::too_short()));
    if has_password { vec![current, new] } else { vec![new] }
}

/// `POST /account/password`.
pub(crate) async fn change(
    State(state): State<AppState>,
    Posted { viewer, form: typed }: Posted<Typed>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    let change = PasswordChange {
        current: typed.current.unwrap_or_default(),
        new: typed.password,
        ends_others: typed.others.is_some(),
    };
    let (services, peer) = (Arc::clone(&state.services), viewer.peer.clone());
    let whose = login.clone();
    let work = async move { services.change_password(&whose, &change, &peer).await };
    match state.hashing.run(work).await? {
        Ok(()) => Ok(viewer.go("/account?done=password")),
        Err(error) => {
            let wrong = Shown::wrong(refusals::wrong(error)?);
            super::shown(&state, &viewer, login, wrong).await
        }
    }
}
