//! What browsers are told about every answer.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use std::sync::Arc;

use crate::http::site::Site;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Nothing of what a browser could be asked for is needed.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
    browsing-topics=()";

/// The `Content-Security-Policy` of all pages: no scripts at all, our stylesheet, our images, forms
/// to us.
///
/// A form that leads to GitHub is sent to us and redirected; browsers hold the redirect to
/// `form-action` too, so that GitHub has to be in it.
pub(crate) fn policy(github: Option<&str>) -> String {
    let github = github.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{github}; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Middleware: puts the headers on.
pub(crate) async fn put_on(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_page = kind.is_some_and(|kind| kind.starts_with(b"text/html"));
    if is_page || !is_api {
        if let Ok(policy) = HeaderValue::from_str(site.page_policy()) {
            headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
        }
        // Not `no-referrer`: with that, browsers say `Origin: null` when they send a form.
        set(headers, header::REFERRER_POLICY, "same-origin");
        set(headers, PERMISSIONS_POLICY, PERMISSIONS);
        set(headers, OPENER_POLICY, "same-origin");
        set(headers, header::X_FRAME_OPTIONS, "DENY");
        set(headers, header::CACHE_CONTROL, "no-store");
    }
    response
}

/// Sets a header that is not there.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_to_us_and_to_github_if_it_is_there() {
        assert!(policy(None).contains("form-action 'self';"));
        let github = policy(Some("https://github.com"));
        assert!(github.contains("form-action 'self' https://github.com;"), "{github}");
        assert!(!github.contains("unsafe") && !github.contains("script-src"));
    }
}
