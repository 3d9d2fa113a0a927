//! Short bodies that may be JSON or a form, as OAuth and HTML write them.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::http::body::BodyError;
use crate::http::failure::Failure;
use crate::http::json::without_values;
use crate::routes::AppState;

/// A body, or why it cannot be read.
///
/// The routes that take it have errors of their own, so that reading it does not fail by itself; but
/// a body that is too long or does not arrive is nobody's protocol.
pub(crate) struct JsonOrForm<T>(pub(crate) Result<T, String>);

impl<T: DeserializeOwned + 'static> FromRequest<AppState> for JsonOrForm<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Failure> {
        let kind = Kind::of(request.headers());
        let bytes = collect(request.into_body()).await?;
        Ok(Self(match kind {
            Kind::Json => serde_json::from_slice(&bytes).map_err(|error| without_values(&error)),
            Kind::Form => serde_urlencoded::from_bytes(&bytes).map_err(|e| without_values(&e)),
            Kind::Other => {
                Err("expected `application/json` or `application/x-www-form-urlencoded`".to_owned())
            }
        }))
    }
}

enum Kind {
    Json,
    Form,
    Other,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            _ => Self::Other,
        }
    }
}

async fn collect(body: Body) -> Result<Bytes, Failure> {
    let collected = body.collect().await;
    Ok(collected.map_err(|error| Failure::from(BodyError::from_axum(error)))?.to_bytes())
}

#[cfg(test)]
mod tests {
    use progy_api::account::device::CodeRequest;

    fn form(text: &str) -> Result<CodeRequest, String> {
        serde_urlencoded::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_wrong_is_said_without_what_was_sent() {
        let json = |text: &str| {
            let error = serde_json::from_str::<CodeRequest>(text).unwrap_err();
            super::without_values(&error)
        };
        for text in
            ["\"hunter2\"", "{\"client_id\":[\"hunter2\"]}", "[\"a\",\"b\",{\"hunter2\":1}]"]
        {
            let said = json(text);
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(json("{").starts_with("EOF"));
        assert!(json("{\"client_id\":\"a\",\"client_id\":\"b\"}").contains("client_id"));
    }

    #[test]
    fn a_field_may_not_be_repeated() {
        let request = form("client_id=cli&scope=sync%20publish&other=1").unwrap();
        assert_eq!(request.scope.as_deref(), Some("sync publish"));
        assert!(form("client_id=a&client_id=b").unwrap_err().contains("client_id"));
        assert_eq!(form(""), Ok(CodeRequest::default()));
    }
}
