//! What handlers ask for: the person, the names in the path, the query, the body.

use std::ops::Deref;

use axum::extract::{FromRequest, FromRequestParts, Path, Query as AxumQuery, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use progy_api::account::User;
use serde::de::DeserializeOwned;

use crate::http::failure::Failure;
use crate::http::json;
use crate::http::limits::{Allowance, Slot};
use crate::routes::AppState;

/// The person behind the request's token.
///
/// A handler that takes it answers 401 to everybody without a valid token.
pub(crate) struct Caller(pub(crate) User);

impl Deref for Caller {
    type Target = User;
    fn deref(&self) -> &User {
        &self.0
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let token = bearer(&parts.headers)
            .ok_or_else(|| Failure::unauthorized("log in, and send the token as `Bearer`"))?;
        let user = state.services.authenticate(token).await?;
        tracing::Span::current().record("user", &user.username);
        Ok(Self(user))
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The names in the path, percent-decoded and checked.
pub(crate) struct Names<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Names<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(rejection) => Err(Failure::bad_request(rejection.body_text())),
        }
    }
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Failure> {
        match AxumQuery::try_from_uri(&parts.uri) {
            Ok(AxumQuery(query)) => Ok(Self(query)),
            Err(rejection) => Err(Failure::bad_request(rejection.body_text())),
        }
    }
}

/// A JSON body, plain or compressed with Zstandard.
pub(crate) struct Json<T> {
    /// What it says.
    pub(crate) value: T,
    /// Keep it as long as `value`: large bodies share the memory.
    pub(crate) slot: Slot,
}

impl<T: DeserializeOwned + Send + 'static> FromRequest<AppState> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        let encoding = json::Encoding::of(request.headers())?;
        let limit = request.extensions().get::<Allowance>().map_or(0, |allowed| allowed.body);
        let (value, slot) =
            json::read(request.into_body(), encoding, limit, &state.large_bodies).await?;
        Ok(Self { value, slot })
    }
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
}
