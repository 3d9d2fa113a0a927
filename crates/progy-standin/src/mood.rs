//! How the stand-in behaves: as GitHub does, as GitHub does on a bad day, or as nothing should.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::Shared;
use crate::api::{common, refuse};
use crate::record::now;

/// A huge body has this many mebibytes.
const HUGE: usize = 64;

/// What it answers from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// What it should.
    #[default]
    Good,
    /// 403, and nothing remains for so many seconds.
    Spent(u64),
    /// 403 or 429 (`status`), to be asked again after so many seconds.
    Busy {
        /// The status.
        status: u16,
        /// `Retry-After`.
        seconds: u64,
    },
    /// 502 with a page.
    Down,
    /// 200 with a page: a portal of a hotel, for instance.
    Page,
    /// 200 with a body without end, nearly.
    Huge,
    /// 200 with JSON of another form.
    Odd,
    /// 302 to itself.
    Loop,
    /// 302 to another server, which would like to have the token.
    Elsewhere(String),
    /// Nothing at all.
    Silent,
}

impl Mood {
    /// Whether the answer is one that GitHub's description of its API knows.
    pub fn is_described(&self) -> bool {
        matches!(self, Self::Good | Self::Spent(_) | Self::Busy { status: 403, .. })
    }
}

/// Middleware: answers in place of the routes, unless the mood is good.
pub(crate) async fn act(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let is_page = request.uri().path().ends_with("/authorize");
    let path = request.uri().path().to_owned();
    let mood = shared.world().mood.clone();
    match mood {
        _ if is_page => next.run(request).await,
        Mood::Good => next.run(request).await,
        Mood::Spent(seconds) => {
            let mut refused = refuse(StatusCode::FORBIDDEN, "API rate limit exceeded for user.");
            refused.headers_mut().insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
            refused.headers_mut().insert("x-ratelimit-reset", HeaderValue::from(now() + seconds));
            refused
        }
        Mood::Busy { status, seconds } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::TOO_MANY_REQUESTS);
            let message = "You have exceeded a secondary rate limit. Please wait a few minutes \
                before you try again.";
            let mut refused = refuse(status, message);
            refused.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            refused
        }
        Mood::Down => (StatusCode::BAD_GATEWAY, Html("<h1>Unicorn!</h1>")).into_response(),
        Mood::Page => Html("<!doctype html><title>Log in to the hotel</title>").into_response(),
        Mood::Huge => huge(),
        Mood::Odd => {
            (common(), axum::Json(serde_json::json!([{"what": "is this"}]))).into_response()
        }
        Mood::Loop => (StatusCode::FOUND, [(header::LOCATION, path)]).into_response(),
        Mood::Elsewhere(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        Mood::Silent => std::future::pending().await,
    }
}

fn huge() -> Response {
    let piece = Bytes::from(vec![b' '; 1 << 20]);
    let pieces: Vec<u8> = piece.repeat(HUGE);
    ([(header::CONTENT_TYPE, "application/json")], Body::from(pieces)).into_response()
}

/// Middleware: carries a request out, and loses its answer if that is what is wanted.
pub(crate) async fn lose(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let mut world = shared.world();
    let lost = world.lose_answer_after.take();
    if lost == Some(0) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    world.lose_answer_after = lost.map(|left| left - 1);
    response
}
