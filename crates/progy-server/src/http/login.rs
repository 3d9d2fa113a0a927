//! Who sends a request: a token in `Authorization`, or a browser's cookie.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use progy_api::account::{Scope, User};
use progy_api::problem::code;

use crate::error::ServiceError;
use crate::http::cookie;
use crate::http::failure::Failure;
use crate::routes::AppState;
use crate::services::accounts::{Login, Peer, Refusal};

/// What proves who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// `Authorization: Bearer` (RFC 6750, section 2.1).
    Bearer,
    /// The cookie of a session.
    Cookie,
}

/// Whoever it is, perhaps nobody: for routes that answer everybody.
pub(crate) struct Visitor {
    /// Who it is, if it is somebody.
    pub(crate) login: Option<Login>,
    /// What came, whether or not it is good, and how.
    pub(crate) secret: Option<(String, Carried)>,
    /// Where from.
    pub(crate) peer: Peer,
    /// Whether over HTTPS: cookies are for HTTPS alone then.
    pub(crate) secure: bool,
}

impl Visitor {
    /// Whether the session is in a cookie.
    pub(crate) fn is_browser(&self) -> bool {
        matches!(self.secret, Some((_, Carried::Cookie)))
    }

    /// Somebody with a session: no personal access token decides about sessions and devices, or one
    /// with few rights could make itself one with all.
    pub(crate) fn member(&self) -> Result<&Login, Refusal> {
        let login = self.login.as_ref().ok_or(Refusal::Unauthorized)?;
        if login.session().is_some() { Ok(login) } else { Err(Refusal::NeedsSession) }
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let peer = state.site.peer(parts);
        let secure = state.site.is_secure(&parts.headers, &parts.extensions);
        let secret = carried(&parts.headers, secure).map(|(secret, how)| (secret.to_owned(), how));
        let changes = !matches!(parts.method, Method::GET | Method::HEAD);
        // A page of another site can make a browser send cookies, and nothing else.
        if changes && !matches!(secret, Some((_, Carried::Bearer))) {
            state.site.check_origin(&parts.headers).map_err(ServiceError::from)?;
        }
        let login = match &secret {
            None => None,
            Some((secret, _)) => match state.services.authenticate(secret, &peer).await {
                Err(ServiceError::Unauthorized) => None,
                login => Some(login?),
            },
        };
        if let Some(login) = &login {
            tracing::Span::current().record("user", &login.user.username);
        }
        Ok(Self { login, secret, peer, secure })
    }
}

/// What a route is for: which scopes of a token let it in, any one of them.
pub(crate) trait Purpose: Send + Sync {
    /// The scopes.
    const SCOPES: &'static [Scope];
}

/// Workspaces and progress.
pub(crate) struct Learning;
/// Reading what courses there are.
pub(crate) struct Browsing;
/// Publishing courses.
pub(crate) struct Publishing;

impl Purpose for Learning {
    const SCOPES: &'static [Scope] = &[Scope::Sync];
}

impl Purpose for Browsing {
    const SCOPES: &'static [Scope] = &[Scope::Sync, Scope::Publish];
}

impl Purpose for Publishing {
    const SCOPES: &'static [Scope] = &[Scope::Publish];
}

/// The person behind the request.
///
/// A handler that takes it answers 401 to everybody who is nobody, and 403 to a token that is not
/// meant for the [`Purpose`].
pub(crate) struct Caller<P = Learning> {
    user: User,
    purpose: PhantomData<P>,
}

impl<P> Deref for Caller<P> {
    type Target = User;
    fn deref(&self) -> &User {
        &self.user
    }
}

impl<P> Caller<P> {
    /// The person.
    pub(crate) fn into_user(self) -> User {
        self.user
    }
}

impl<P: Purpose> FromRequestParts<AppState> for Caller<P> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let login = Visitor::from_request_parts(parts, state).await?.login;
        let login = login.ok_or(ServiceError::Unauthorized)?;
        let scopes = login.scopes();
        if !P::SCOPES.iter().any(|scope| scopes.allow(*scope)) {
            let needed: Vec<&str> = P::SCOPES.iter().map(|scope| scope.as_str()).collect();
            let detail = format!("this needs a token with the scope {}", needed.join(" or "));
            return Err(Failure::new(StatusCode::FORBIDDEN, code::INSUFFICIENT_SCOPE, detail));
        }
        Ok(Self { user: login.user, purpose: PhantomData })
    }
}

/// What the request carries. A token counts before a cookie: it was put there on purpose.
fn carried(headers: &HeaderMap, secure: bool) -> Option<(&str, Carried)> {
    if headers.contains_key(header::AUTHORIZATION) {
        return bearer(headers).map(|token| (token, Carried::Bearer));
    }
    cookie::carried(headers, secure).map(|token| (token, Carried::Cookie))
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_bearer_tokens_count() {
        let token = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            bearer(&HeaderMap::from_iter([(header::AUTHORIZATION, value)])).map(str::to_owned)
        };
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer  abc ").as_deref(), Some("abc"));
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(token(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_counts_before_a_cookie() {
        let cookie = HeaderValue::from_static("better-auth.session_token=c");
        let mut headers = HeaderMap::from_iter([(header::COOKIE, cookie)]);
        assert_eq!(carried(&headers, false), Some(("c", Carried::Cookie)));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer t"));
        assert_eq!(carried(&headers, false), Some(("t", Carried::Bearer)));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic t"));
        assert_eq!(carried(&headers, false), None);
    }
}
