//! What goes out: JSON, compressed when that pays, and files; watched for standing still.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use progy_api::delta;
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, RequestBuilder, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep, sleep_until};

use super::{ApiError, HttpApi};

/// A JSON body longer than this is compressed.
const COMPRESS_FROM: usize = 4 << 10;
/// A body is sent in pieces of this size, so that its progress can be seen.
const PIECE: usize = 64 << 10;
/// How long a file waits after the head of its request. A server that refuses it (wrong token, wrong
/// role, too large) knows by then, and its words are not lost in a connection that it closes in the
/// middle of an upload. `Expect: 100-continue` (RFC 9110, section 10.1.1) would be the way to ask,
/// but hyper does not wait for the answer.
pub(super) const HEAD_START: Duration = Duration::from_millis(300);

/// How far an upload has come.
#[derive(Debug)]
pub(super) struct Meter(Mutex<State>);

#[derive(Debug)]
struct State {
    moved: Instant,
    failed: Option<io::Error>,
}

impl Meter {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { moved: Instant::now(), failed: None })))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moved(&self) {
        self.state().moved = Instant::now();
    }

    fn failed(&self, error: io::Error) -> io::Error {
        let kind = error.kind();
        self.state().failed = Some(error);
        kind.into()
    }
}

impl HttpApi {
    /// Asks for a JSON document.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, ApiError> {
        let request = self.request(Method::GET, url)?.header(ACCEPT, JSON);
        let response = self.send(request, None, self.timeouts.silence).await?;
        self.json(response).await
    }

    /// Sends a JSON document and asks for one.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        url: Url,
        document: &impl Serialize,
    ) -> Result<T, ApiError> {
        let response = self.post_for(url, document, JSON).await?;
        self.json(response).await
    }

    /// Sends a JSON document and asks for an answer of the media type `accept`.
    pub(super) async fn post_for(
        &self,
        url: Url,
        document: &impl Serialize,
        accept: HeaderValue,
    ) -> Result<Response, ApiError> {
        let body = serde_json::to_vec(document).map_err(io::Error::other)?;
        let mut request =
            self.request(Method::POST, url)?.header(ACCEPT, accept).header(CONTENT_TYPE, JSON);
        let body = if body.len() > COMPRESS_FROM {
            request = request.header(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
            delta::compress(&body, None, 3)?
        } else {
            body
        };
        let (request, meter) = if body.len() > PIECE {
            let meter = Meter::new();
            let length = body.len() as u64;
            (with_stream(request, pieces(body.into(), Arc::clone(&meter)), length), Some(meter))
        } else {
            (request.body(body), None)
        };
        self.send(request, meter.as_deref(), self.timeouts.silence).await
    }

    /// Sends bytes as they are.
    pub(super) async fn put_bytes(&self, url: Url, bytes: Bytes) -> Result<Response, ApiError> {
        let meter = Meter::new();
        let length = bytes.len() as u64;
        let request = self
            .request(Method::PUT, url)?
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        let request = with_stream(request, pieces(bytes, Arc::clone(&meter)), length);
        self.send(request, Some(&meter), self.timeouts.publish).await
    }

    /// Sends a file as it is.
    pub(super) async fn put_file(&self, url: Url, path: &Path) -> Result<Response, ApiError> {
        let file = File::open(path).await?;
        let length = file.metadata().await?.len();
        let meter = Meter::new();
        let request = self
            .request(Method::PUT, url)?
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
        let request =
            with_stream(request, file_pieces(file, Arc::clone(&meter), HEAD_START), length);
        self.send(request, Some(&meter), self.timeouts.publish).await
    }

    /// Sends a request, and waits for the beginning of its answer: at most `patience` after the
    /// last piece of the upload has gone.
    ///
    /// Fails with what the server says if it refuses.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
        meter: Option<&Meter>,
        patience: Duration,
    ) -> Result<Response, ApiError> {
        let response = self.answered(request, meter, patience).await?;
        self.accept(response).await
    }

    /// As [`Self::send`], but a refusal is an answer too.
    pub(super) async fn answered(
        &self,
        request: RequestBuilder,
        meter: Option<&Meter>,
        patience: Duration,
    ) -> Result<Response, ApiError> {
        let start = Instant::now();
        let mut sending = std::pin::pin!(request.send());
        let response = loop {
            let moved = meter.map_or(start, |meter| meter.state().moved);
            let deadline = moved + patience;
            tokio::select! {
                result = &mut sending => break result,
                () = sleep_until(deadline) => {
                    if meter.map_or(start, |meter| meter.state().moved) == moved {
                        return Err(self.silent(patience));
                    }
                }
            }
        };
        if let Some(error) = meter.and_then(|meter| meter.state().failed.take()) {
            return Err(ApiError::Disk(error));
        }
        response.map_err(|error| self.unreachable(&error))
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) fn with_stream(
    request: RequestBuilder,
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    length: u64,
) -> RequestBuilder {
    request.header(CONTENT_LENGTH, length).body(Body::wrap_stream(pieces))
}

fn pieces(mut rest: Bytes, meter: Arc<Meter>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::iter(std::iter::from_fn(move || {
        meter.moved();
        let piece = rest.split_to(rest.len().min(PIECE));
        (!piece.is_empty()).then_some(Ok(piece))
    }))
}

/// A file in pieces, the first of them after a while.
pub(super) fn file_pieces(
    file: File,
    meter: Arc<Meter>,
    after: Duration,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(Some((file, meter, after)), |state| async {
        let (mut file, meter, wait) = state?;
        if !wait.is_zero() {
            sleep(wait).await;
        }
        meter.moved();
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some((Ok(piece.into()), Some((file, meter, Duration::ZERO))))
            }
            Err(error) => Some((Err(meter.failed(error)), None)),
        }
    })
}
