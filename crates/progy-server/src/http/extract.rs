//! What handlers ask for: the names in the path, the query, the body.

use axum::extract::{FromRequest, FromRequestParts, Path, Query as AxumQuery, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::http::failure::Failure;
use crate::http::json;
use crate::http::limits::{Allowance, Slot};
use crate::routes::AppState;

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
