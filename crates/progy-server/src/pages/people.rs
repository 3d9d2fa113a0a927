//! `/admin/people`: who is here, and what they may do.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use progy_api::account::{Role, User};
use serde::Deserialize;

use super::form::Posted;
use super::frame::{Frame, Wrong};
use super::texts::{Message, Texts};
use super::viewer::Viewer;
use super::{Answer, account, refusals};
use crate::ServiceError;
use crate::http::extract::Query;
use crate::http::failure::Failure;
use crate::routes::AppState;
use crate::services::accounts::Login;
use crate::services::accounts::people::PEOPLE;

const PATH: &str = "/admin/people";
const ROLES: [(Role, &str); 3] =
    [(Role::Learner, "learner"), (Role::Author, "author"), (Role::Admin, "admin")];

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Frame,
    rows: Vec<Row>,
    /// Where the next part begins.
    more: Option<String>,
}

struct Row {
    user: User,
    is_self: bool,
    roles: Vec<Choice>,
}

struct Choice {
    value: &'static str,
    text: String,
    is_chosen: bool,
}

/// What the address says.
#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
    done: Option<String>,
}

/// What an admin chose.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    username: String,
    role: String,
}

/// `GET /admin/people`.
pub(crate) async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(PATH)) };
    let done = (asked.done.as_deref() == Some("role")).then(|| said!("done-role"));
    shown(&state, &viewer, login, &asked.after.unwrap_or_default(), done, None).await
}

/// `POST /admin/people`.
pub(crate) async fn change(
    State(state): State<AppState>,
    Posted { viewer, form: chosen }: Posted<Chosen>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(PATH)) };
    let Some((role, _)) = ROLES.into_iter().find(|(_, name)| *name == chosen.role) else {
        return Err(Failure::bad_request("the role is `learner`, `author` or `admin`"));
    };
    match state.services.set_role(login, &chosen.username, role, &viewer.peer).await {
        Ok(()) => Ok(viewer.go("/admin/people?done=role")),
        Err(ServiceError::NoUser(_)) => {
            let wrong = Wrong { field: "", message: said!("wrong-no-person") };
            shown(&state, &viewer, login, "", None, Some(wrong)).await
        }
        Err(error) => {
            let wrong = refusals::wrong(error)?;
            shown(&state, &viewer, login, "", None, Some(wrong)).await
        }
    }
}

async fn shown(
    state: &AppState,
    viewer: &Viewer,
    login: &Login,
    after: &str,
    done: Option<Message>,
    wrong: Option<Wrong>,
) -> Answer {
    let people = state.services.people(login, after).await?;
    let is_full = u32::try_from(people.len()).is_ok_and(|count| count == PEOPLE);
    let more = people.last().filter(|_| is_full).map(|user| user.username.clone());
    let row = |user: User| Row {
        is_self: user.id == login.user.id,
        roles: choices(viewer.texts(), user.role),
        user,
    };
    let page = viewer.frame("title-people").done(done).wrong(wrong.as_ref(), &mut []);
    let status = page.status();
    let page = PeoplePage { page, rows: people.into_iter().map(row).collect(), more };
    viewer.page(if status.is_success() { StatusCode::OK } else { status }, &page)
}

fn choices(texts: &Texts, own: Role) -> Vec<Choice> {
    let choice = |(role, value)| Choice {
        value,
        text: texts.say(account::role_key(role)),
        is_chosen: role == own,
    };
    ROLES.into_iter().map(choice).collect()
}
