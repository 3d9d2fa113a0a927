//! The name to be greeted with.

use axum::extract::State;
use serde::Deserialize;

use super::Shown;
use crate::pages::field::Field;
use crate::pages::form::Posted;
use crate::pages::texts::Texts;
use crate::pages::{Answer, next, refusals};
use crate::routes::AppState;

/// What somebody typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    name: String,
}

pub(super) fn field(texts: &Texts) -> Field {
    Field::text(texts, "name", "label-name", "name")
}

/// `POST /account/name`.
pub(crate) async fn rename(
    State(state): State<AppState>,
    Posted { viewer, form: typed }: Posted<Typed>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    match state.services.rename(login, &typed.name).await {
        Ok(()) => Ok(viewer.go("/account?done=name")),
        Err(error) => {
            let wrong = Shown::wrong(refusals::wrong(error)?);
            super::shown(&state, &viewer, login, wrong).await
        }
    }
}
