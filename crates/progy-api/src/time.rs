//! Times as RFC 3339 writes them, `2026-11-23T08:05:00.000Z`: for `#[serde(with = "crate::time")]`.

use progy_core::Timestamp;
use progy_core::progress::{from_rfc3339, rfc3339};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes a time.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// Reads a time.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    from_rfc3339(&text).ok_or_else(|| D::Error::custom("expected a time of RFC 3339 in UTC"))
}

/// The same for a time that may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, Error, Serializer, Timestamp, from_rfc3339, rfc3339};

    /// Writes a time, or nothing.
    #[allow(clippy::ref_option, reason = "the signature is serde's")]
    pub fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.serialize_str(&rfc3339(*at)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a time, or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let read = |text: String| {
            from_rfc3339(&text).ok_or_else(|| D::Error::custom("expected a time of RFC 3339"))
        };
        text.map(read).transpose()
    }
}
