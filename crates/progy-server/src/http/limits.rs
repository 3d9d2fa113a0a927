//! What a request may take: bytes, time, and a share of the memory for large bodies.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Timeouts;
use crate::http::body::Limited;
use crate::http::failure::Failure;

/// A body over this size, in bytes, is large: it waits for a [`Slot`].
pub(crate) const LARGE: usize = 1 << 20;
/// How many large bodies are in memory at once. One is at most 20 MiB, and about twice that again
/// once it is decoded.
const SLOTS: usize = 4;
/// Bytes a second that an upload must keep up, on average: 32 KiB.
const SLOWEST_UPLOAD: u64 = 32 << 10;

/// What one route allows a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Size of the body in bytes, as sent and once decompressed.
    pub(crate) body: u64,
    /// Whether the time grows with the size of the body.
    pub(crate) upload: bool,
}

impl Allowance {
    /// For routes that take no body, or ignore it.
    pub(crate) const NO_BODY: Self = Self { body: 0, upload: false };

    /// For routes that take a short body.
    pub(crate) const fn body(bytes: u64) -> Self {
        Self { body: bytes, upload: false }
    }

    /// For routes that take a long body.
    pub(crate) const fn upload(bytes: u64) -> Self {
        Self { body: bytes, upload: true }
    }

    /// How long a request may take until its answer begins; `announced` is the size of its body,
    /// if it says so.
    fn time(self, timeouts: &Timeouts, announced: Option<u64>) -> Duration {
        if !self.upload {
            return timeouts.request;
        }
        let sending = Duration::from_secs(announced.unwrap_or(self.body) / SLOWEST_UPLOAD);
        timeouts.request.saturating_add(sending).min(timeouts.upload)
    }
}

/// Middleware of one route: holds its requests to the [`Allowance`].
pub(crate) async fn hold(
    State((allowance, timeouts)): State<(Allowance, Timeouts)>,
    mut request: Request,
    next: Next,
) -> Response {
    let hint = request.body().size_hint();
    if allowance.body > 0 && hint.lower() > allowance.body {
        return Failure::too_large(allowance.body).into_response();
    }
    request.extensions_mut().insert(allowance);
    let time = allowance.time(&timeouts, hint.exact());
    let request =
        request.map(|body| Body::new(Limited::new(body, allowance.body, timeouts.stalled_body)));
    let answered = tokio::time::timeout(time, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        let seconds = time.as_secs_f64();
        Failure::timeout(format!("the request took longer than {seconds} seconds")).into_response()
    })
}

/// Shares the memory for large bodies.
#[derive(Debug, Clone)]
pub(crate) struct LargeBodies(Arc<Semaphore>);

/// The right to hold one large body; given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Slot(Option<OwnedSemaphorePermit>);

impl Slot {
    /// Whether the body is a large one.
    pub(crate) fn is_large(&self) -> bool {
        self.0.is_some()
    }
}

impl LargeBodies {
    /// All slots free.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(SLOTS)))
    }

    /// Waits for a free slot, in order of arrival.
    pub(crate) async fn slot(&self) -> Slot {
        Slot(Arc::clone(&self.0).acquire_owned().await.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_gets_time_for_its_size() {
        let timeouts = Timeouts::default();
        let upload = Allowance::upload(100 << 20);
        assert_eq!(Allowance::body(100).time(&timeouts, Some(100)), timeouts.request);
        assert_eq!(upload.time(&timeouts, Some(0)), timeouts.request);
        let a_mebibyte = upload.time(&timeouts, Some(1 << 20));
        assert_eq!(a_mebibyte, timeouts.request + Duration::from_secs(32));
        assert_eq!(upload.time(&timeouts, None), timeouts.upload);
    }
}
