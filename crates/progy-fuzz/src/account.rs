//! What strangers send to the account routes.

use progy_api::account::Scopes;
use progy_api::account::credential::{SignInRequest, SignUpRequest};
use progy_api::account::device::{CodeRequest, DeviceDecision, TokenRequest};
use progy_api::account::session::RevokeRequest;
use progy_core::progress::{from_rfc3339, rfc3339};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{parts, same_as_json, text_parts};

/// A body, as JSON or as a form; then scopes and a time, as text.
pub fn account_requests(data: &[u8]) {
    let [body, _, _] = parts::<3>(data);
    same::<CodeRequest>(body);
    same::<TokenRequest>(body);
    same::<DeviceDecision>(body);
    same::<RevokeRequest>(body);
    // These hold passwords, and do not show what they are.
    let _ = serde_json::from_slice::<SignUpRequest>(body);
    let _ = serde_urlencoded::from_bytes::<SignUpRequest>(body);
    let _ = serde_json::from_slice::<SignInRequest>(body);
    let _ = serde_urlencoded::from_bytes::<SignInRequest>(body);

    let Some([_, scopes, time]) = text_parts::<3>(data) else { return };
    if let Ok(scopes) = scopes.trim_end().parse::<Scopes>() {
        assert_eq!(scopes.to_string().parse(), Ok(scopes));
    }
    if let Some(at) = from_rfc3339(time.trim_end()) {
        assert_eq!(from_rfc3339(&rfc3339(at)), Some(at));
    }
}

/// What is read from JSON or from a form is the same after it was written in both.
fn same<T>(body: &[u8])
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let json = serde_json::from_slice::<T>(body).ok();
    let form = serde_urlencoded::from_bytes::<T>(body).ok();
    for value in json.into_iter().chain(form) {
        same_as_json(&value);
        let text = serde_urlencoded::to_string(&value).expect("a value that was read is written");
        let again: T = serde_urlencoded::from_str(&text).expect("what was written is read");
        assert_eq!(value, again, "as a form");
    }
}
