//! `/sign-up`: registering, by oneself where that is open, or with an invitation.

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
use crate::services::accounts::sign_up::Registration;

#[derive(Template)]
#[template(path = "sign_up.html")]
struct SignUpPage {
    page: Frame,
    fields: Vec<Field>,
    /// Where to go afterwards; empty if it was not said.
    next: String,
    sign_in: String,
    has_github: bool,
    /// Whether to say that nobody registers without an invitation.
    is_closed: bool,
}

/// What the address says. Never an invitation itself: addresses are remembered, sent on and logged.
#[derive(Deserialize)]
pub(crate) struct Asked {
    next: Option<String>,
    /// That somebody has an invitation, whatever it says.
    invited: Option<String>,
}

/// What somebody typed.
#[derive(Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    invite: Option<String>,
    next: Option<String>,
}

impl Typed {
    fn invite(&self) -> Option<&str> {
        self.invite.as_deref().map(str::trim).filter(|invite| !invite.is_empty())
    }
}

/// `GET /sign-up`.
pub(crate) async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Answer {
    let next = next::own(asked.next.as_deref());
    if viewer.login().is_some() {
        return Ok(viewer.go(next.unwrap_or(next::ACCOUNT)));
    }
    let invite = asked.invited.map(|_| String::new());
    let typed = Typed { invite, next: asked.next, ..Typed::default() };
    shown(&state, &viewer, &typed, None)
}

/// `POST /sign-up`.
pub(crate) async fn submit(
    State(state): State<AppState>,
    Posted { viewer, form: typed }: Posted<Typed>,
) -> Answer {
    let username = typed.username.trim().to_lowercase();
    let registration = Registration {
        name: typed.name.clone(),
        email: typed.email.clone(),
        password: typed.password.clone(),
        username: (!username.is_empty()).then_some(username),
        image: None,
        invite: typed.invite().map(str::to_owned),
        remember: true,
    };
    let (services, peer) = (Arc::clone(&state.services), viewer.peer.clone());
    let open = viewer.may_register;
    let work = async move { services.sign_up(&registration, open, &peer).await };
    match state.hashing.run(work).await? {
        Ok(signed_in) => {
            if let Some(before) = viewer.secret() {
                state.services.sign_out(before, &viewer.peer).await?;
            }
            let next = next::own(typed.next.as_deref()).unwrap_or(next::ACCOUNT);
            Ok(viewer.enter(&signed_in.session, next))
        }
        Err(error) => {
            let wrong = refusals::wrong(error)?;
            shown(&state, &viewer, &typed, Some(&wrong))
        }
    }
}

fn shown(state: &AppState, viewer: &Viewer, typed: &Typed, wrong: Option<&Wrong>) -> Answer {
    let texts = viewer.texts();
    let next = next::own(typed.next.as_deref());
    let is_closed = !viewer.may_register;
    let mut fields = vec![
        Field::text(texts, "name", "label-name", "name").holding(&typed.name),
        Field::email(texts, "email", "label-email").holding(&typed.email),
        Field::text(texts, "username", "label-username", "username")
            .holding(&typed.username)
            .hint(texts.say("hint-username"))
            .optional(),
        Field::password(texts, "password", "label-password", "new-password")
            .hint(texts.message(&refusals::too_short())),
    ];
    if is_closed || typed.invite.is_some() {
        let field = Field::text(texts, "invite", "label-invite", "off");
        let field = field.holding(typed.invite().unwrap_or_default());
        fields.insert(0, field.hint(texts.say("hint-invite")));
    }
    let page = viewer.frame("sign-up").wrong(wrong, &mut fields);
    let status = page.status();
    let page = SignUpPage {
        page,
        fields,
        next: next.unwrap_or_default().to_owned(),
        is_closed: is_closed && typed.invite.is_none(),
        sign_in: next::with("/sign-in", next),
        has_github: state.services.has_github(),
    };
    viewer.page(status, &page)
}
