//! Accounts, in the words of Better Auth's client: the same requests, answers and codes.
//!
//! Errors are problem documents that also say `message`, where that client looks; those of the
//! device routes are OAuth's, `{error, error_description}`.

pub(crate) mod device;
pub(crate) mod session;
pub(crate) mod sign;
pub(crate) mod social;

use axum::http::{HeaderMap, HeaderValue, header};

/// Body of an account route, in bytes.
pub(crate) const BODY: u64 = 16 << 10;

/// Answers about sessions are for who asked, once.
fn no_store() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ])
}
