//! How a test from outside steers the stand-in. The real GitHub has nothing like it.
//!
//! | route | |
//! | --- | --- |
//! | `PUT /_standin/people` | a [`Person`], who is then there |
//! | `PUT /_standin/agrees` | the id of the person who agrees at once, or `null` |
//! | `PUT /_standin/mood` | a [`Mood`] |
//! | `PUT /_standin/redirect-uri` | the callback that is registered |
//! | `POST /_standin/revoke` | the id of the person who takes everything back |
//! | `GET /_standin/exchanges` | all that was said |

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};

use crate::{Exchange, Mood, Person, Shared};

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_standin/people", put(people))
        .route("/_standin/agrees", put(agrees))
        .route("/_standin/mood", put(mood))
        .route("/_standin/redirect-uri", put(redirect_uri))
        .route("/_standin/revoke", post(revoke))
        .route("/_standin/exchanges", get(exchanges))
}

async fn people(State(shared): State<Shared>, Json(person): Json<Person>) -> StatusCode {
    shared.world().put(person);
    StatusCode::NO_CONTENT
}

async fn agrees(State(shared): State<Shared>, Json(person): Json<Option<u64>>) -> StatusCode {
    shared.world().agrees = person;
    StatusCode::NO_CONTENT
}

async fn mood(State(shared): State<Shared>, Json(mood): Json<Mood>) -> StatusCode {
    shared.world().mood = mood;
    StatusCode::NO_CONTENT
}

async fn redirect_uri(State(shared): State<Shared>, Json(uri): Json<Option<String>>) -> StatusCode {
    shared.world().app_mut().redirect_uri = uri;
    StatusCode::NO_CONTENT
}

async fn revoke(State(shared): State<Shared>, Json(person): Json<u64>) -> StatusCode {
    shared.world().revoke_all(person);
    StatusCode::NO_CONTENT
}

async fn exchanges(State(shared): State<Shared>) -> Json<Vec<Exchange>> {
    Json(shared.exchanges().clone())
}
