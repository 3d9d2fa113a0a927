//! Pages of other origins: those that are trusted may use the API with a browser's session.
//!
//! By the Fetch Standard's CORS protocol. An origin is trusted by its exact name in the configuration;
//! everybody else's pages get the answers of a server that knows nothing of the protocol, so that no
//! browser gives them to read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::site::Site;

/// What such a page may send.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
/// What it may read besides what every page may: the token of a new session for who keeps no cookies
/// (Better Auth's plugin `bearer`), and what helps with refusals.
const READABLE: HeaderValue =
    HeaderValue::from_static("set-auth-token, retry-after, x-retry-after, x-request-id");
/// How long a browser remembers what it was told, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Middleware: tells browsers whether a page of another origin may have the answer.
pub(crate) async fn share(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN).cloned();
    let trusted = origin.filter(|origin| origin.to_str().is_ok_and(|text| site.shares_with(text)));
    let asks_first = request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match &trusted {
        Some(_) if asks_first => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            response
        }
        _ => next.run(request).await,
    };
    // A cache must not give one origin what another was told, nobody included.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = trusted {
        allow(response.headers_mut(), origin);
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
}
