//! From a listening socket to answered requests, and to a stop that loses none.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Limits, Timeouts};
use crate::http::metrics::Present;
use crate::http::site::Remote;
use crate::http::stall::StallGuard;

/// Bytes of a request's line and headers that are read at most: 64 KiB.
const HEAD_BYTES: usize = 64 << 10;
/// Headers of a request.
const HEADERS: usize = 64;
/// Pause when the system has no file descriptor left for a new connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// Accepts connections, encrypted by `tls` if it is given, and serves them with `router` until
/// `stopping` is cancelled.
///
/// Then it stops accepting, lets the requests in flight finish, and closes what is still open
/// after the time that `timeouts` gives for it.
pub(crate) async fn run(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    timeouts: &Timeouts,
    tls: Option<TlsAcceptor>,
    stopping: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(timeouts.idle)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS);

    while let Some(((stream, remote), place)) = next(&listener, &places, &stopping).await {
        let conversation = Conversation {
            http: http.clone(),
            router: router.clone(),
            remote: Remote(remote.ip()),
            patience: timeouts.stalled_write,
            stopping: stopping.clone(),
            cut: cut.clone(),
        };
        let (tls, patience) = (tls.clone(), timeouts.idle);
        connections.spawn(async move {
            let _place = place;
            let _present = Present::connection();
            match tls {
                None => conversation.hold(stream).await,
                Some(tls) => {
                    let encrypted = encrypted(&tls, stream, patience);
                    let stopping = conversation.stopping.clone();
                    if let Some(Some(stream)) = stopping.run_until_cancelled(encrypted).await {
                        conversation.hold(stream).await;
                    }
                }
            }
        });
    }
    drop(listener);
    connections.close();
    let open = connections.len();
    tracing::info!(open, "stopping: no new connections, requests in flight finish");
    if tokio::time::timeout(timeouts.shutdown, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "stopping: closing what is still open");
        cut.cancel();
        connections.wait().await;
    }
}

/// Agrees on keys with whoever is there, who gets `patience` for it.
async fn encrypted(
    tls: &TlsAcceptor,
    stream: TcpStream,
    patience: Duration,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    match tokio::time::timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no TLS");
            None
        }
        Err(_) => None,
    }
}

/// What one connection needs.
struct Conversation {
    http: http1::Builder,
    router: Router,
    remote: Remote,
    /// For a peer to take the next piece of an answer.
    patience: Duration,
    stopping: CancellationToken,
    cut: CancellationToken,
}

impl Conversation {
    /// Answers what comes until either side ends it.
    async fn hold(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let Self { http, router, remote, patience, stopping, cut } = self;
        let routes = TowerToHyperService::new(router);
        let service = service_fn(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(remote);
            routes.call(request)
        });
        let stream = StallGuard::new(stream, patience);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = cut.cancelled() => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended");
        }
    }
}

/// The next connection and its place among those that may be open, or nothing once we stop.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stopping: &CancellationToken,
) -> Option<((TcpStream, SocketAddr), tokio::sync::OwnedSemaphorePermit)> {
    let connection = async {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        Some((accept(listener).await, place))
    };
    stopping.run_until_cancelled(connection).await.flatten()
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                // Answers are short; waiting to fill a packet only delays them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY");
                }
                return (stream, remote);
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            }
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}
