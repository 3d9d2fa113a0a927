//! What went wrong, as a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::form::FORM_EXPIRED;
use super::frame::Frame;
use super::language::Language;
use super::texts::{Message, Texts};
use super::viewer::rendered;
use crate::http::failure::{Failure, Foreign};
use crate::http::site::Site;

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    page: Frame,
    what: String,
    next: String,
}

/// Middleware: turns failures into pages, for browsers that asked for a page.
pub(crate) async fn dress(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let asked = wants_page(&request);
    let secure = site.is_secure(request.headers(), request.extensions());
    let language = Language::of(request.headers(), secure);
    let response = next.run(request).await;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !asked || !failed || response.extensions().get::<Foreign>().is_some() {
        return response;
    }
    let failure = response.extensions().get::<Failure>();
    let texts = Texts::of(language);
    let seconds = failure.and_then(Failure::retry_after);
    let code = failure.map(Failure::code).unwrap_or_default();
    let (title, what) = explained(status, code, seconds);
    let page = shown(texts, status, title, &what);
    let mut page = page.unwrap_or_else(IntoResponse::into_response);
    if let Some(seconds) = seconds {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    page
}

/// A page that says what went wrong, and what to do.
fn shown(
    texts: &'static Texts,
    status: StatusCode,
    title: &'static str,
    what: &Message,
) -> Result<Response, Failure> {
    let page = Frame::new(texts, title);
    let (what, next) = (texts.message(what), texts.say("begin-again"));
    rendered(status, &FailurePage { page, what, next })
}

/// The page of a way back from GitHub that failed for `code`.
pub(crate) fn social(headers: &HeaderMap, secure: bool, code: &str) -> Result<Response, Failure> {
    let texts = Texts::of(Language::of(headers, secure));
    shown(texts, StatusCode::OK, "title-github-failed", &super::refusals::social(code))
}

/// Browsers ask for pages, and programs for nothing in particular.
fn wants_page(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !request.uri().path().starts_with("/api/") && accept.is_some_and(|a| a.contains("text/html"))
}

fn explained(status: StatusCode, code: &str, seconds: Option<u64>) -> (&'static str, Message) {
    match status {
        _ if code == FORM_EXPIRED => ("title-expired", said!("failure-expired")),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            ("title-not-found", said!("failure-not-found"))
        }
        StatusCode::TOO_MANY_REQUESTS => {
            ("title-too-often", said!("failure-too-often", count = seconds.unwrap_or(60)))
        }
        StatusCode::FORBIDDEN => ("title-forbidden", said!("failure-forbidden")),
        StatusCode::SERVICE_UNAVAILABLE => ("title-unavailable", said!("failure-unavailable")),
        status if status.is_server_error() => ("title-internal", said!("failure-internal")),
        _ => ("title-bad", said!("failure-bad")),
    }
}
