//! The page on which a person agrees, and the token route.

use std::fmt::Write;

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::Shared;
use crate::record::now;
use crate::world::{Ask, TokenAsk, encoded};

/// `GET /login/oauth/authorize`: a page with a button for each person, who is then logged in; or
/// straight back, if somebody agrees at once.
pub(crate) async fn page(State(shared): State<Shared>, Query(ask): Query<Ask>) -> Response {
    let mut world = shared.world();
    if let Err(why) = world.back(&ask) {
        return (StatusCode::NOT_FOUND, Html(format!("<p>{why}</p>"))).into_response();
    }
    if let Some(person) = world.agrees {
        return away(world.agree(&ask, person, now()));
    }
    let mut page = String::from("<!doctype html><title>GitHub (stand-in)</title><main>");
    for person in world.people() {
        let _ = write!(
            page,
            "<form method=post><button name=agree value={}>Authorize as {}</button>{}</form>",
            person.id,
            person.login,
            hidden(&ask)
        );
    }
    let _ =
        write!(page, "<form method=post><button name=deny>Cancel</button>{}</form>", hidden(&ask));
    Html(page).into_response()
}

fn hidden(ask: &Ask) -> String {
    let fields = [
        ("client_id", Some(&ask.client_id)),
        ("redirect_uri", ask.redirect_uri.as_ref()),
        ("scope", Some(&ask.scope)),
        ("state", ask.state.as_ref()),
        ("code_challenge", ask.code_challenge.as_ref()),
        ("code_challenge_method", ask.code_challenge_method.as_ref()),
    ];
    let mut html = String::new();
    for (name, value) in fields {
        if let Some(value) = value {
            let value = value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
            let _ = write!(html, "<input type=hidden name={name} value=\"{value}\">");
        }
    }
    html
}

/// What the page's buttons send.
#[derive(Deserialize)]
pub(crate) struct Decision {
    agree: Option<u64>,
    #[serde(flatten)]
    ask: Ask,
}

/// `POST /login/oauth/authorize`: what the person decided.
pub(crate) async fn decide(
    State(shared): State<Shared>,
    Form(decision): Form<Decision>,
) -> Response {
    let mut world = shared.world();
    away(match decision.agree {
        Some(person) => world.agree(&decision.ask, person, now()),
        None => world.deny(&decision.ask),
    })
}

fn away(to: Result<String, &'static str>) -> Response {
    match to {
        Ok(to) => {
            // GitHub answers 302.
            let mut response = Redirect::to(&to).into_response();
            *response.status_mut() = StatusCode::FOUND;
            response
        }
        Err(why) => (StatusCode::NOT_FOUND, Html(format!("<p>{why}</p>"))).into_response(),
    }
}

/// `POST /login/oauth/access_token`: status 200 whatever comes of it, and a form unless JSON is
/// asked for.
pub(crate) async fn token(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(ask): Form<TokenAsk>,
) -> Response {
    let answer = match shared.world().grant(&ask, now()) {
        Ok(granted) => serde_json::to_value(granted),
        Err(refusal) => serde_json::to_value(refusal),
    };
    let answer = answer.unwrap_or_default();
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        return axum::Json(answer).into_response();
    }
    let pairs = answer.as_object().into_iter().flatten().map(|(name, value)| {
        let value = match value {
            Value::String(text) => encoded(text),
            other => other.to_string(),
        };
        format!("{name}={value}")
    });
    let form = pairs.collect::<Vec<_>>().join("&");
    ([(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")], form)
        .into_response()
}
