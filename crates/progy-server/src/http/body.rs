//! What stands between a handler and the bytes on the wire: limits, patience and counting.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use metrics::Counter;
use tokio::time::{Sleep, sleep, timeout};

/// How long the rest of a refused body is still read, so that its sender gets to see the answer.
const LINGER: Duration = Duration::from_secs(5);
/// How long the next piece of it is waited for.
const LINGER_IDLE: Duration = Duration::from_secs(1);

/// Why a body could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// More bytes than the route takes.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// What the route takes.
        limit: u64,
    },
    /// Nothing came for too long.
    #[error("the body stopped arriving")]
    Stalled,
    /// The connection ended in the middle.
    #[error("the body is cut off")]
    CutOff(#[source] axum::Error),
}

impl BodyError {
    /// Finds the cause under axum's wrapping.
    pub(crate) fn from_axum(error: axum::Error) -> Self {
        match error.into_inner().downcast::<Self>() {
            Ok(known) => *known,
            Err(other) => Self::CutOff(axum::Error::new(other)),
        }
    }
}

/// A body that ends with an error after `limit` bytes, or when nothing arrives for `patience`.
pub(crate) struct Limited {
    inner: Body,
    limit: u64,
    left: u64,
    patience: Duration,
    /// Runs while a frame is being waited for, and only then.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Limited {
    /// Wraps `inner`.
    pub(crate) fn new(inner: Body, limit: u64, patience: Duration) -> Self {
        Self { inner, limit, left: limit, patience, waiting: None }
    }

    fn check(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        let size = frame.data_ref().map_or(0, |data| data.len() as u64);
        self.left = self.left.checked_sub(size).ok_or(BodyError::TooLarge { limit: self.limit })?;
        Ok(frame)
    }
}

impl HttpBody for Limited {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.waiting = None;
            return Poll::Ready(frame.map(|frame| {
                frame.map_err(BodyError::CutOff).and_then(|frame| this.check(frame))
            }));
        }
        let patience = this.patience;
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Some(Err(BodyError::Stalled)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A body whose bytes are counted as they pass.
pub(crate) struct Counted {
    inner: Option<Body>,
    bytes: Counter,
    linger: bool,
}

impl Counted {
    /// A response's body.
    pub(crate) fn response(inner: Body, bytes: Counter) -> Body {
        Body::new(Self { inner: Some(inner), bytes, linger: false })
    }

    /// A request's body.
    ///
    /// If it is dropped unread, because the request was refused, the rest is still taken from the
    /// wire for a while. Closing at once would reset the connection, and the sender, busy sending,
    /// would never read why (RFC 9112, section 9.6).
    pub(crate) fn request(inner: Body, bytes: Counter) -> Body {
        if inner.is_end_stream() {
            return inner;
        }
        Body::new(Self { inner: Some(inner), bytes, linger: true })
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(inner) = self.inner.as_mut() else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(inner).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                let size = frame.data_ref().map_or(0, Bytes::len);
                self.bytes.increment(size as u64);
            }
            Some(Err(_)) | None => self.inner = None,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(mut rest) = self.inner.take().filter(|rest| self.linger && !rest.is_end_stream())
        else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let read =
                async { while let Ok(Some(Ok(_))) = timeout(LINGER_IDLE, rest.frame()).await {} };
            let _ = timeout(LINGER, read).await;
        });
    }
}
