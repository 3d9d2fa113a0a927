//! Personal access tokens.

use axum::extract::State;
use progy_api::account::{Role, Scope, Scopes};
use serde::Deserialize;

use super::Shown;
use crate::Result;
use crate::pages::field::Field;
use crate::pages::form::Posted;
use crate::pages::frame::Wrong;
use crate::pages::texts::Texts;
use crate::pages::when::When;
use crate::pages::{Answer, next};
use crate::routes::AppState;
use crate::services::accounts::Login;
use crate::services::accounts::tokens::{LONGEST_NAME, TokenWish};

const DAY: i64 = 24 * 60 * 60 * 1_000;
/// What is kept of an id to name a token by: enough to be the only one.
const SHORT_ID: usize = 8;

/// A token that is in force.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) scopes: String,
    pub(super) used: Option<When>,
    pub(super) expires: Option<When>,
}

/// A scope that may be chosen.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) text: String,
}

/// What somebody wants.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    label: String,
    scope_sync: Option<String>,
    scope_publish: Option<String>,
    scope_admin: Option<String>,
    /// In days, or `never`.
    expires: String,
}

/// Which one.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    token: String,
}

impl Wanted {
    fn scopes(&self) -> Scopes {
        let chosen = [
            (Scope::Sync, &self.scope_sync),
            (Scope::Publish, &self.scope_publish),
            (Scope::Admin, &self.scope_admin),
        ];
        chosen.into_iter().filter(|(_, chosen)| chosen.is_some()).map(|(scope, _)| scope).collect()
    }

    /// What is asked for; `None` for what the form does not offer.
    fn wish(&self) -> Option<TokenWish> {
        let lifetime = match self.expires.as_str() {
            "never" => None,
            days => Some(days.parse::<u16>().ok().filter(|days| *days > 0)?),
        };
        let name = Some(self.label.trim().to_owned()).filter(|name| !name.is_empty());
        let lifetime = lifetime.map(|days| i64::from(days) * DAY);
        Some(TokenWish { name, scopes: self.scopes(), lifetime })
    }
}

pub(super) fn fields(texts: &Texts) -> Vec<Field> {
    let label = Field::text(texts, "label", "label-token", "off");
    vec![label.hint(texts.say("hint-token"))]
}

/// The scopes that are of any use to somebody of this role.
pub(super) fn choices(texts: &Texts, role: Role) -> Vec<Choice> {
    let all = [
        ("scope_sync", "scope-sync", Role::Learner),
        ("scope_publish", "scope-publish", Role::Author),
        ("scope_admin", "scope-admin", Role::Admin),
    ];
    let fitting = all.into_iter().filter(|(_, _, least)| *least <= role);
    fitting.map(|(name, key, _)| Choice { name, text: texts.say(key) }).collect()
}

/// All that are in force, the newest first.
pub(super) async fn rows(state: &AppState, login: &Login) -> Result<Vec<Row>> {
    let now = state.services.clock.now();
    let tokens = state.services.tokens(&login.user.username).await?;
    let in_force = tokens.into_iter().filter(|token| {
        token.revoked_at.is_none() && token.expires_at.is_none_or(|expires_at| expires_at > now)
    });
    let row = |token: crate::ports::database::accounts::Token| Row {
        name: token.name.unwrap_or_else(|| token.id.0.chars().take(SHORT_ID).collect()),
        id: token.id.0,
        scopes: token.scopes.to_string(),
        used: token.last_used_at.map(When::day),
        expires: token.expires_at.map(When::day),
    };
    Ok(in_force.map(row).collect())
}

/// `POST /account/tokens`: a new one, which the page shows this once.
pub(crate) async fn create(
    State(state): State<AppState>,
    Posted { viewer, form: wanted }: Posted<Wanted>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    let message = match wanted.wish() {
        _ if wanted.label.chars().count() > LONGEST_NAME => {
            said!("wrong-label", count = LONGEST_NAME)
        }
        Some(wish) if !wish.scopes.is_empty() => {
            let token = state.services.create_token_for(&login.user.username, &wish).await?;
            let token = Shown::new_token(token.into_string());
            return super::shown(&state, &viewer, login, token).await;
        }
        _ => said!("wrong-scopes"),
    };
    let wrong = Shown::wrong(Wrong { field: "", message });
    super::shown(&state, &viewer, login, wrong).await
}

/// `POST /account/tokens/revoke`.
pub(crate) async fn revoke(
    State(state): State<AppState>,
    Posted { viewer, form: chosen }: Posted<Chosen>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first(next::ACCOUNT)) };
    state.services.revoke_token(&login.user.username, &chosen.token).await?;
    Ok(viewer.go("/account?done=token"))
}
