//! Bodies that Git packs with gzip, unpacked piece by piece.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use flate2::write::GzDecoder;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};

use crate::http::body::BodyError;
use crate::http::failure::Failure;

/// How much is unpacked at once, in bytes: deflate makes at most some thousand of each.
const STEP: usize = 512;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Not at all.
    Plain,
    /// With gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// What `Content-Encoding` says.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        match headers.get(header::CONTENT_ENCODING).map(header::HeaderValue::as_bytes) {
            None | Some(b"identity") => Ok(Self::Plain),
            Some(b"gzip" | b"x-gzip") => Ok(Self::Gzip),
            Some(_) => Err(Failure::unsupported("the body may be packed with gzip")),
        }
    }
}

/// What is in a body, at most `limit` bytes of it.
pub(crate) fn unpacked(
    body: Body,
    encoding: Encoding,
    limit: u64,
) -> BoxStream<'static, Result<Bytes, BodyError>> {
    let pieces = body.into_data_stream().map(|piece| piece.map_err(BodyError::from_axum));
    match encoding {
        Encoding::Plain => pieces.boxed(),
        Encoding::Gzip => unpack(pieces.boxed(), limit).boxed(),
    }
}

struct Unpacking {
    packed: BoxStream<'static, Result<Bytes, BodyError>>,
    /// What has come and is still packed.
    waiting: Bytes,
    decoder: Option<GzDecoder<Vec<u8>>>,
    left: u64,
    limit: u64,
}

fn unpack(
    packed: BoxStream<'static, Result<Bytes, BodyError>>,
    limit: u64,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    let decoder = Some(GzDecoder::new(Vec::new()));
    let state = Unpacking { packed, waiting: Bytes::new(), decoder, left: limit, limit };
    stream::try_unfold(state, async |mut state| {
        loop {
            let Some(piece) = state.step().await? else { return Ok(None) };
            if !piece.is_empty() {
                return Ok(Some((piece, state)));
            }
        }
    })
}

impl Unpacking {
    /// Unpacks a little; `None` at the end.
    async fn step(&mut self) -> Result<Option<Bytes>, BodyError> {
        let Some(decoder) = &mut self.decoder else { return Ok(None) };
        if self.waiting.is_empty() {
            let Some(more) = self.packed.next().await.transpose()? else {
                let rest = self.decoder.take().map(GzDecoder::finish);
                let rest = rest.transpose().map_err(|error| spoilt(&error))?;
                return self.count(rest.unwrap_or_default());
            };
            self.waiting = more;
        }
        let step = self.waiting.split_to(self.waiting.len().min(STEP));
        // It fails, and does not stop, where something follows the end.
        decoder.write_all(&step).map_err(|error| spoilt(&error))?;
        let ready = std::mem::take(decoder.get_mut());
        self.count(ready)
    }

    fn count(&mut self, ready: Vec<u8>) -> Result<Option<Bytes>, BodyError> {
        let left = self.left.checked_sub(ready.len() as u64);
        self.left = left.ok_or(BodyError::TooLarge { limit: self.limit })?;
        Ok(Some(ready.into()))
    }
}

fn spoilt(error: &io::Error) -> BodyError {
    BodyError::CutOff(axum::Error::new(io::Error::new(error.kind(), error.to_string())))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures_util::TryStreamExt;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn all(packed: Vec<u8>, limit: u64) -> Result<Vec<u8>, BodyError> {
        let pieces = unpacked(Body::from(packed), Encoding::Gzip, limit);
        let pieces = pieces.inspect_ok(|piece| assert!(piece.len() <= 1 << 20));
        Ok(pieces.try_collect::<Vec<_>>().await?.concat())
    }

    #[tokio::test]
    async fn what_was_packed_comes_back() {
        let text = b"0032want 7c3b4e30babb320226da3ab759d34ed1716516dd\n".repeat(500);
        assert_eq!(all(packed(&text), 1 << 20).await.unwrap(), text);
        assert_eq!(all(packed(b""), 0).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn a_bomb_ends_at_the_limit() {
        let bomb = packed(&vec![0; 64 << 20]);
        assert!(bomb.len() < 100_000);
        let refused = all(bomb, 2 << 20).await.unwrap_err();
        assert!(matches!(refused, BodyError::TooLarge { limit } if limit == 2 << 20));
    }

    #[tokio::test]
    async fn what_is_cut_or_followed_is_refused() {
        let whole = packed(b"0000");
        for cut in 0..whole.len() {
            assert!(all(whole[..cut].to_vec(), 100).await.is_err(), "{cut}");
        }
        assert!(all([&whole[..], b"x"].concat(), 100).await.is_err());
    }
}
