//! Reading JSON bodies without letting one of them take the server's memory or threads.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::http::body::BodyError;
use crate::http::failure::Failure;
use crate::http::limits::{LARGE, LargeBodies, Slot};

/// The window that a compressed body may ask for: 8 MiB, which RFC 9659 makes the most for HTTP.
const WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Not at all.
    Identity,
    /// `Content-Encoding: zstd` (RFC 8878).
    Zstd,
}

impl Encoding {
    /// What the headers announce; refuses what is no JSON, or compressed in another way.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let kind = text(header::CONTENT_TYPE).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Failure::unsupported("send the body as `application/json`"));
        }
        match text(header::CONTENT_ENCODING) {
            None => Ok(Self::Identity),
            Some(name) if name.eq_ignore_ascii_case("identity") => Ok(Self::Identity),
            Some(name) if name.eq_ignore_ascii_case("zstd") => Ok(Self::Zstd),
            Some(_) => Err(Failure::unsupported("send the body plain or compressed with `zstd`")),
        }
    }
}

/// Reads and parses a body of at most `limit` bytes, before and after decompression.
///
/// Beyond [`LARGE`] it needs a slot, and is worked on where it delays nobody.
pub(crate) async fn read<T: DeserializeOwned + Send + 'static>(
    body: Body,
    encoding: Encoding,
    limit: u64,
    large_bodies: &LargeBodies,
) -> Result<(T, Slot), Failure> {
    let (raw, slot) = collect(body, large_bodies).await?;
    let small_limit = limit.min(LARGE as u64);
    if slot.is_none() {
        match decode(&raw, encoding, small_limit) {
            Ok(plain) => return Ok((parse(&plain)?, Slot::default())),
            Err(DecodeError::TooLarge) if small_limit < limit => {}
            Err(error) => return Err(error.into_failure(small_limit)),
        }
    }
    let slot = match slot {
        Some(slot) => slot,
        None => large_bodies.slot().await,
    };
    let parsed = tokio::task::spawn_blocking(move || {
        let plain = decode(&raw, encoding, limit).map_err(|error| error.into_failure(limit))?;
        parse(&plain)
    });
    Ok((parsed.await.map_err(|error| Failure::internal(&error))??, slot))
}

/// All bytes of the body; with a slot, if they are many.
async fn collect(
    mut body: Body,
    large_bodies: &LargeBodies,
) -> Result<(Vec<u8>, Option<Slot>), Failure> {
    let mut bytes = Vec::new();
    let mut slot = None;
    while let Some(frame) = body.frame().await {
        let data = frame.map_err(|e| Failure::from(BodyError::from_axum(e)))?.into_data();
        let data: Bytes = data.unwrap_or_default();
        if slot.is_none() && bytes.len().saturating_add(data.len()) > LARGE {
            slot = Some(large_bodies.slot().await);
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, slot))
}

enum DecodeError {
    TooLarge,
    Damaged,
}

impl DecodeError {
    fn into_failure(self, limit: u64) -> Failure {
        match self {
            Self::TooLarge => Failure::too_large(limit),
            Self::Damaged => Failure::bad_request("the compressed body is damaged"),
        }
    }
}

fn decode(
    raw: &[u8],
    encoding: Encoding,
    limit: u64,
) -> Result<std::borrow::Cow<'_, [u8]>, DecodeError> {
    if encoding == Encoding::Identity {
        return Ok(raw.into());
    }
    let mut decoder =
        zstd::stream::read::Decoder::with_buffer(raw).map_err(|_| DecodeError::Damaged)?;
    decoder.window_log_max(WINDOW_LOG).map_err(|_| DecodeError::Damaged)?;
    let mut plain = Vec::new();
    let read = decoder.take(limit.saturating_add(1)).read_to_end(&mut plain);
    if read.map_err(|_| DecodeError::Damaged)? as u64 > limit {
        return Err(DecodeError::TooLarge);
    }
    Ok(plain.into())
}

fn parse<T: DeserializeOwned>(plain: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(plain).map_err(|error| {
        let error = without_values(&error);
        Failure::bad_request(format!("the body is not what is expected: {error}"))
    })
}

/// What is wrong with a body, without what is in it: a password or a token that is in the wrong
/// place must not come back, and go from there into somebody's log. Names of fields stay.
pub(crate) fn without_values(error: &impl ToString) -> String {
    let said = error.to_string();
    let names_a_value = ["invalid type", "invalid value", "unknown variant", "invalid length"];
    if !names_a_value.iter().any(|words| said.starts_with(words)) {
        return said;
    }
    let place = said.rsplit_once(" at line ").map(|(_, place)| place);
    // The end of a value can look like a place, but not with words of its own in it.
    let is_place = |c: char| c.is_ascii_digit() || " column".contains(c);
    match place.filter(|place| place.chars().all(is_place)) {
        Some(place) => format!("a value is not of the type that is expected at line {place}"),
        None => "a value is not of the type that is expected".to_owned(),
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { limit } => Self::too_large(limit),
            BodyError::Stalled => Self::timeout("the body stopped arriving"),
            BodyError::CutOff(_) => Self::bad_request("the body is cut off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, StatusCode};
    use axum::response::IntoResponse;

    use super::*;

    async fn read_text(
        body: Vec<u8>,
        encoding: Encoding,
        limit: u64,
    ) -> Result<String, StatusCode> {
        read(Body::from(body), encoding, limit, &LargeBodies::new())
            .await
            .map(|(value, _)| value)
            .map_err(|failure| failure.into_response().status())
    }

    fn json_of(size: usize) -> Vec<u8> {
        format!("\"{}\"", "x".repeat(size - 2)).into_bytes()
    }

    #[tokio::test]
    async fn small_and_large_bodies_plain_and_compressed() {
        for size in [10, LARGE, LARGE + 1, 3 << 20] {
            let plain = json_of(size);
            let packed = zstd::encode_all(plain.as_slice(), 3).unwrap();
            let limit = 3 << 20;
            assert_eq!(read_text(plain, Encoding::Identity, limit).await.unwrap().len(), size - 2);
            assert_eq!(read_text(packed, Encoding::Zstd, limit).await.unwrap().len(), size - 2);
        }
    }

    #[tokio::test]
    async fn a_bomb_is_refused_at_the_limit() {
        for limit in [100, 2 << 20] {
            let bomb = zstd::encode_all(json_of(50 << 20).as_slice(), 3).unwrap();
            let refused = read_text(bomb, Encoding::Zstd, limit).await;
            assert_eq!(refused, Err(StatusCode::PAYLOAD_TOO_LARGE));
        }
    }

    #[tokio::test]
    async fn what_is_no_json_is_refused() {
        for bad in [&b"{"[..], b"", b"\"\xff\"", b"1 2"] {
            let refused = read_text(bad.to_vec(), Encoding::Identity, 100).await;
            assert_eq!(refused, Err(StatusCode::BAD_REQUEST));
        }
        let damaged = read_text(b"no frame".to_vec(), Encoding::Zstd, 100).await;
        assert_eq!(damaged, Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn the_headers_must_announce_json() {
        let of = |kind: &'static str, encoding: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            Encoding::of(&headers).ok()
        };
        assert_eq!(of("application/json; charset=utf-8", "ZSTD"), Some(Encoding::Zstd));
        assert_eq!(of("application/json", "identity"), Some(Encoding::Identity));
        assert_eq!(of("text/plain", "identity"), None);
        assert_eq!(of("application/json", "gzip"), None);
    }
}
