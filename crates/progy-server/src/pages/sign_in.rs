//! `/sign-in`: with an address or a user name and a password, or with GitHub.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::field::Field;
use super::form::Posted;
use super::frame::{Frame, Wrong};
use super::viewer::Viewer;
use super::{Answer, next, refusals};
use crate::http::extract::Query;
use crate::routes::AppState;
use crate::services::accounts::Refusal;
use crate::services::accounts::sign_in::{Claim, Credentials};
use crate::{Result, ServiceError};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    page: Frame,
    fields: Vec<Field>,
    /// Where to go afterwards; empty if it was not said.
    next: String,
    register: String,
    has_github: bool,
    /// Whether a device waits for it.
    for_device: bool,
    remember: bool,
}

/// What the address says.
#[derive(Deserialize)]
pub(crate) struct Asked {
    next: Option<String>,
    /// What went wrong at GitHub.
    error: Option<String>,
    done: Option<String>,
}

/// What somebody typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    login: String,
    password: String,
    remember: Option<String>,
    next: Option<String>,
}

/// `GET /sign-in`.
pub(crate) async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Answer {
    let next = next::own(asked.next.as_deref());
    if viewer.login().is_some() {
        return Ok(viewer.go(next.unwrap_or(next::ACCOUNT)));
    }
    let message = asked.error.as_deref().map(refusals::social);
    let wrong = message.map(|message| Wrong { field: "", message });
    let done = (asked.done.as_deref() == Some("signed-out")).then(|| said!("done-signed-out"));
    let page = viewer.frame("sign-in").done(done);
    shown(&state, &viewer, page, ("", true, next), wrong.as_ref())
}

/// `POST /sign-in`.
pub(crate) async fn submit(
    State(state): State<AppState>,
    Posted { viewer, form: typed }: Posted<Typed>,
) -> Answer {
    let next = next::own(typed.next.as_deref());
    let remember = typed.remember.is_some();
    let credentials = Credentials {
        claim: Claim::EmailOrUsername(typed.login.clone()),
        password: typed.password,
        remember,
        replaces: viewer.secret().map(str::to_owned),
    };
    let (services, peer) = (Arc::clone(&state.services), viewer.peer.clone());
    let work = async move { services.sign_in(&credentials, &peer).await };
    match in_few_words(state.hashing.run(work).await?) {
        Ok(signed_in) => Ok(viewer.enter(&signed_in.session, next.unwrap_or(next::ACCOUNT))),
        Err(error) => {
            let wrong = refusals::wrong(error)?;
            let typed = (typed.login.as_str(), remember, next);
            shown(&state, &viewer, viewer.frame("sign-in"), typed, Some(&wrong))
        }
    }
}

/// What could not be a name or a password is a wrong one: there is no more to say of it here.
fn in_few_words<T>(result: Result<T>) -> Result<T> {
    result.map_err(|error| match error {
        ServiceError::Refused(
            Refusal::InvalidEmail | Refusal::InvalidUsername | Refusal::PasswordTooLong,
        ) => Refusal::InvalidEmailOrPassword.into(),
        error => error,
    })
}

fn shown(
    state: &AppState,
    viewer: &Viewer,
    page: Frame,
    (login, remember, next): (&str, bool, Option<&str>),
    wrong: Option<&Wrong>,
) -> Answer {
    let texts = viewer.texts();
    let mut fields = vec![
        Field::text(texts, "login", "label-login", "username").holding(login),
        Field::password(texts, "password", "label-password", "current-password"),
    ];
    let page = page.wrong(wrong, &mut fields);
    let status = page.status();
    let page = SignInPage {
        page,
        fields,
        next: next.unwrap_or_default().to_owned(),
        register: next::with("/sign-up", next),
        has_github: state.services.has_github(),
        for_device: next.is_some_and(|next| next.starts_with("/device")),
        remember,
    };
    viewer.page(status, &page)
}
