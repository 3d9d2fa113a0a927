//! `/account`: who one is here, where one is signed in, and every way to end that.

pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod sessions;
pub(crate) mod tokens;

use askama::Template;
use axum::extract::State;
use progy_api::account::{Role, User};
use serde::Deserialize;

use super::field::Field;
use super::frame::{Frame, Wrong};
use super::texts::Message;
use super::viewer::Viewer;
use super::when::When;
use super::{Answer, next, refusals};
use crate::Result;
use crate::http::extract::Query;
use crate::routes::AppState;
use crate::services::accounts::Login;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Frame,
    user: User,
    role: String,
    since: When,
    /// A token that was made just now.
    new_token: Option<String>,
    name_fields: Vec<Field>,
    sessions: Vec<sessions::Row>,
    tokens: Vec<tokens::Row>,
    token_fields: Vec<Field>,
    token_scopes: Vec<tokens::Choice>,
    github: GitHub,
    password_fields: Vec<Field>,
    has_password: bool,
}

/// Where GitHub stands with the person.
enum GitHub {
    /// This server knows no GitHub, and nothing is linked.
    Absent,
    /// It can be linked.
    Offered,
    /// It is, since then.
    Linked(When),
}

/// What the page shows besides what there is.
#[derive(Default)]
pub(super) struct Shown {
    done: Option<Message>,
    wrong: Option<Wrong>,
    new_token: Option<String>,
}

impl Shown {
    /// What was wrong with a form.
    pub(super) fn wrong(wrong: Wrong) -> Self {
        Self { wrong: Some(wrong), ..Self::default() }
    }

    /// A token that was made just now.
    pub(super) fn new_token(token: String) -> Self {
        Self { new_token: Some(token), ..Self::default() }
    }
}

/// What the address says.
#[derive(Deserialize)]
pub(crate) struct Asked {
    done: Option<String>,
    /// What went wrong at GitHub.
    error: Option<String>,
}

/// `GET /account`.
pub(crate) async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    let message = asked.error.as_deref().map(refusals::social);
    let wrong = message.map(|message| Wrong { field: "", message });
    let done = asked.done.as_deref().and_then(done);
    shown(&state, &viewer, login, Shown { done, wrong, new_token: None }).await
}

/// What the address says was done: one of these, and no text of anybody's.
fn done(key: &str) -> Option<Message> {
    Some(match key {
        "name" => said!("done-name"),
        "password" => said!("done-password"),
        "session" => said!("done-session"),
        "token" => said!("done-token"),
        "github-linked" => said!("done-github-linked"),
        "github-unlinked" => said!("done-github-unlinked"),
        _ => return None,
    })
}

/// The page.
pub(super) async fn shown(
    state: &AppState,
    viewer: &Viewer,
    login: &Login,
    shown: Shown,
) -> Answer {
    let texts = viewer.texts();
    let services = &state.services;
    let has_password = services.has_password(login).await?;
    let user = login.user.clone();
    let mut name_fields = vec![profile::field(texts).holding(&user.name)];
    let mut password_fields = password::fields(texts, has_password);
    let mut page = viewer.frame("title-account").done(shown.done);
    next::ACCOUNT.clone_into(&mut page.here);
    let is_name = shown.wrong.as_ref().is_some_and(|wrong| wrong.field == "name");
    let fields = if is_name { &mut name_fields } else { &mut password_fields };
    let page = page.wrong(shown.wrong.as_ref(), fields);
    let status = page.status();
    let page = AccountPage {
        page,
        role: texts.say(role_key(user.role)),
        since: When::day(user.created_at),
        new_token: shown.new_token,
        name_fields,
        sessions: sessions::rows(state, viewer, login).await?,
        tokens: tokens::rows(state, login).await?,
        token_fields: tokens::fields(texts),
        token_scopes: tokens::choices(texts, user.role),
        github: github(state, login).await?,
        password_fields,
        has_password,
        user,
    };
    viewer.page(status, &page)
}

async fn github(state: &AppState, login: &Login) -> Result<GitHub> {
    let links = state.services.linked_accounts(login).await?;
    let link = links.iter().find(|link| link.provider_id == "github");
    Ok(match link {
        Some(link) => GitHub::Linked(When::day(link.created_at)),
        None if state.services.has_github() => GitHub::Offered,
        None => GitHub::Absent,
    })
}

/// What a role is called.
pub(super) fn role_key(role: Role) -> &'static str {
    match role {
        Role::Learner => "role-learner",
        Role::Author => "role-author",
        Role::Admin => "role-admin",
    }
}
