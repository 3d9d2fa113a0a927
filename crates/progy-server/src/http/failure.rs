//! Every error leaves the server as an RFC 9457 problem document.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use progy_api::problem::{Problem, code};

use crate::error::ServiceError;
use crate::http::request_id::RequestId;

/// Git asks for a password only when it is told that one would help, and knows no tokens.
const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"Progy\", charset=\"UTF-8\"");

/// The media type of a problem document.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What Better Auth's client reads instead of `Retry-After`.
const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// 405: the route exists, but not with this method.
pub(crate) const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
/// 415: the body has a media type or an encoding that the route does not take.
pub(crate) const UNSUPPORTED_MEDIA_TYPE: &str = "unsupported_media_type";
/// 416: the range lies outside the package.
pub(crate) const RANGE_NOT_SATISFIABLE: &str = "range_not_satisfiable";

/// A problem on its way out: what handlers and extractors return as their error.
///
/// As a response it has no body yet: [`render`] writes it, with the id of the request.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    problem: Box<Problem>,
    /// In seconds.
    retry_after: Option<u64>,
}

/// An error whose body is what its protocol asks for; [`render`] leaves it alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foreign;

impl Failure {
    /// A failure of this status and code; `detail` is one sentence about this occurrence.
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into());
        Self { problem: Box::new(Problem { detail, ..blank(status, code) }), retry_after: None }
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        &self.problem.code
    }

    /// When to try again, in seconds.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// 400: the request could not be read.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::BAD_REQUEST, detail)
    }

    /// 408: the request took too long.
    pub(crate) fn timeout(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, code::TIMEOUT, detail)
    }

    /// 413: the body is larger than `limit` bytes.
    pub(crate) fn too_large(limit: u64) -> Self {
        let detail = format!("the body may have at most {limit} bytes here");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code::TOO_LARGE, detail)
    }

    /// 415: the route takes no body like this.
    pub(crate) fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_MEDIA_TYPE, detail)
    }

    /// 500: our fault. What happened goes to the log, not to the caller.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "request failed");
        let detail = "the server could not do this; its log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL, detail)
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Internal(source) => tracing::error!(error = %source, "request failed"),
            ServiceError::Unavailable(Some(source)) => {
                tracing::warn!(error = %source, "a port does not answer");
            }
            _ => {}
        }
        let retry_after = match &error {
            ServiceError::RateLimited { seconds } => Some(*seconds),
            _ => None,
        };
        Self { problem: Box::new(error.problem()), retry_after }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware: writes the body of every failed response.
///
/// What axum refuses by itself (an unknown method, for instance) becomes a problem here as well,
/// so that no error leaves in another form.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let for_better_auth = request.uri().path().starts_with("/api/auth/");
    let for_git = request.uri().path().starts_with("/git/");
    let mut response = next.run(request).await;
    let status = response.status();
    let (problem, retry_after) = match response.extensions_mut().remove::<Failure>() {
        Some(Failure { problem, retry_after }) => (*problem, retry_after),
        None if is_foreign_error(&response) => (blank(status, code_of(status)), None),
        None => return response,
    };
    let message = problem.detail.clone().filter(|_| for_better_auth);
    let problem = Problem { request_id: id.map(|id| id.to_string()), message, ..problem };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        let way = if for_git { BASIC } else { HeaderValue::from_static("Bearer") };
        parts.headers.insert(header::WWW_AUTHENTICATE, way);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    if let Some(seconds) = retry_after {
        parts.headers.insert(header::RETRY_AFTER, seconds.into());
        parts.headers.insert(X_RETRY_AFTER, seconds.into());
    }
    Response::from_parts(parts, Body::from(serde_json::to_vec(&problem).unwrap_or_default()))
}

fn is_foreign_error(response: &Response) -> bool {
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    (status.is_client_error() || status.is_server_error())
        && response.extensions().get::<Foreign>().is_none()
        && content_type.is_none_or(|kind| kind.as_bytes() != PROBLEM_JSON.as_bytes())
}

fn blank(status: StatusCode, code: &str) -> Problem {
    Problem {
        kind: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: status.as_u16(),
        code: code.to_owned(),
        ..Problem::default()
    }
}

fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => code::UNAUTHORIZED,
        StatusCode::FORBIDDEN => code::FORBIDDEN,
        StatusCode::NOT_FOUND => code::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => METHOD_NOT_ALLOWED,
        StatusCode::REQUEST_TIMEOUT => code::TIMEOUT,
        StatusCode::PAYLOAD_TOO_LARGE => code::TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => UNSUPPORTED_MEDIA_TYPE,
        StatusCode::SERVICE_UNAVAILABLE => code::UNAVAILABLE,
        status if status.is_server_error() => code::INTERNAL,
        _ => code::BAD_REQUEST,
    }
}
