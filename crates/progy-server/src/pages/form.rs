//! What a form sends.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::viewer::Viewer;
use crate::http::failure::Failure;
use crate::http::form::JsonOrForm;
use crate::routes::AppState;

/// 403: the form does not carry the token of this browser.
pub(super) const FORM_EXPIRED: &str = "form_expired";

/// A form that was on a page of ours, and who sent it.
///
/// Without the token of [`super::csrf`] nothing of it is looked at.
pub(crate) struct Posted<T> {
    pub(super) viewer: Viewer,
    pub(super) form: T,
}

/// A form without anything but its token.
#[derive(Deserialize)]
pub(crate) struct Empty {}

#[derive(Deserialize)]
struct Guarded<T> {
    csrf: Option<String>,
    #[serde(flatten)]
    form: T,
}

impl<T: DeserializeOwned + 'static> FromRequest<AppState> for Posted<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let viewer = Viewer::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let JsonOrForm(guard) = JsonOrForm::<Guarded<T>>::from_request(request, state).await?;
        let Guarded { csrf, form } = guard.map_err(Failure::bad_request)?;
        if !csrf.is_some_and(|token| viewer.admits(&token)) {
            let detail =
                "the form is too old, or the browser keeps no cookies; load its page again";
            return Err(Failure::new(StatusCode::FORBIDDEN, FORM_EXPIRED, detail));
        }
        Ok(Self { viewer, form })
    }
}
