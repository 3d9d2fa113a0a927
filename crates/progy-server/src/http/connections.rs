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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
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

/// Accepts connections and serves them with `router` until `stopping` is cancelled.
///
/// Then it stops accepting, lets the requests in flight finish, and closes what is still open
/// after the time that `timeouts` gives for it.
pub(crate) async fn run(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    timeouts: &Timeouts,
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
        let stream = StallGuard::new(stream, timeouts.stalled_write);
        let routes = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(Remote(remote.ip()));
            routes.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let (stopping, cut) = (stopping.clone(), cut.clone());
        connections.spawn(async move {
            let _place = place;
            let _present = Present::connection();
            let mut connection = pin!(connection);
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
