//! A name for each request, in its answer and in every line of the log about it.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries it, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request: the caller's if it is well-formed, otherwise 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// What the caller sent, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok());
        match sent {
            Some(text) if is_well_formed(text) => Self(text.into()),
            _ => Self::random(),
        }
    }

    fn random() -> Self {
        let mut bytes = [0; 8];
        // An id only helps to find a line; a server without randomness has greater worries.
        if getrandom::fill(&mut bytes).is_err() {
            return Self("0".into());
        }
        Self(format!("{:016x}", u64::from_be_bytes(bytes)).into())
    }

    /// As the value of a header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is safe to repeat in a header, in JSON and in a log line.
fn is_well_formed(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &'static str) -> RequestId {
        let headers = HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_static(value))]);
        RequestId::of(&headers)
    }

    #[test]
    fn a_well_formed_id_is_kept_and_others_are_replaced() {
        assert_eq!(with("trace-1.2_x").to_string(), "trace-1.2_x");
        for bad in ["", "a b", "a\"b", "{x}"] {
            assert_eq!(with(bad).to_string().len(), 16, "{bad}");
        }
        assert_ne!(RequestId::of(&HeaderMap::new()), RequestId::of(&HeaderMap::new()));
    }
}
