//! Every request has an id, a line in the log and a place in the numbers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;
use tracing::field::Empty;

use crate::http::body::Counted;
use crate::http::failure::Failure;
use crate::http::metrics::{self, Present};
use crate::http::request_id::{RequestId, X_REQUEST_ID};

/// The route label of requests that no route takes.
const UNMATCHED: &str = "unmatched";

/// Middleware: logs and counts each request.
///
/// The log has the path, never the query, the headers or the body: those may hold secrets.
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let _in_flight = Present::request();
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    if let Some(token) = request.headers_mut().get_mut(header::AUTHORIZATION) {
        token.set_sensitive(true);
    }
    let method = method_label(request.method());
    let route: Arc<str> = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| Arc::from(UNMATCHED), |matched| Arc::from(matched.as_str()));
    let span = tracing::info_span!(
        "request",
        %id,
        method,
        path = shortened(request.uri().path()),
        user = Empty,
    );
    let request = request.map(|body| Counted::request(body, metrics::received(&route)));

    let mut response = next.run(request).instrument(span.clone()).await;

    let time = started.elapsed();
    let status = response.status().as_u16();
    metrics::answered(method, &route, status, time);
    span.in_scope(|| {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status, ms, "answered");
    });
    if let Some(value) = id.header() {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response.map(|body| Counted::response(body, metrics::sent(&route)))
}

/// Middleware: a panic costs its request a 500, not its connection.
pub(crate) async fn catch_panic(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        // The panic hook has already written where it happened.
        Err(_) => Failure::internal(&"a panic").into_response(),
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn shortened(path: &str) -> &str {
    path.char_indices().nth(200).map_or(path, |(end, _)| path.get(..end).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;
    use progy_api::problem::{Problem, code};

    use super::*;
    use crate::http::failure;

    #[tokio::test]
    async fn a_panic_is_a_problem_of_ours_and_tells_nothing() {
        let panics = async || -> &'static str { panic!("a secret") };
        let router = Router::new()
            .route("/", get(panics))
            .layer(from_fn(catch_panic))
            .layer(from_fn(failure::render))
            .layer(from_fn(observe));
        let request = Request::new(Body::empty());
        let answer = TowerToHyperService::new(router).call(request).await.unwrap();
        assert_eq!(answer.status(), 500);
        let body = to_bytes(answer.into_body(), 1 << 16).await.unwrap();
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem.code, code::INTERNAL);
        assert!(!problem.detail.unwrap().contains("secret"));
    }
}
