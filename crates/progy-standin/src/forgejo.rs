//! A stand-in for Forgejo and Gitea: the routes of `/api/v1` that Progy uses, and real repositories
//! behind real smart HTTP. `scripts/check-forgejo-api` compares what is said to it, and what it
//! answers, with Forgejo's own description.
//!
//! - [`world`]: who and what is there. Decides, without I/O but for the repositories themselves;
//! - `api`: the routes.

pub mod world;

mod api;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::deliver::Signs;
use crate::git::{self, Asked};
use crate::record::{self, Exchange};
pub use world::{Age, World};

/// The variable that names a folder to write all exchanges to.
pub const RECORD: &str = "PROGY_STANDIN_RECORD_FORGEJO";

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running stand-in, on an address of this machine. It ends when this is dropped.
pub struct Forgejo {
    address: SocketAddr,
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Forgejo {
    /// On a free port.
    pub async fn start(age: Age) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let world = World::new(age, &format!("http://{address}"))?;
        let shared = Shared { world: Arc::new(Mutex::new(world)), exchanges: Arc::default() };
        let router = Router::new()
            .nest("/api/v1", Router::new().fallback(api::answer))
            .layer(from_fn_with_state(shared.clone(), keep))
            .fallback(smart_http)
            .layer(axum::extract::DefaultBodyLimit::max(1 << 30))
            .with_state(shared.clone());
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, shared, serving })
    }

    /// Where it is.
    pub fn root_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Who and what is there, to be looked at and changed.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// All that was said so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Forgejo {
    fn drop(&mut self) {
        self.serving.abort();
        if let Some(folder) = std::env::var_os(RECORD).map(PathBuf::from)
            && let Err(error) = record::write(&folder, self.address.port(), &self.exchanges())
        {
            eprintln!("cannot write what was said to {}: {error}", folder.display());
        }
    }
}

/// Keeps what is said to the API.
async fn keep(
    State(shared): State<Shared>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    record::keep(request, next, |exchange| {
        // Forgejo describes no answer that is lost.
        let described = exchange.status != 502;
        let exchange = Exchange { described, ..exchange };
        shared.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    })
    .await
}

/// `/owner/name.git/…`.
async fn smart_http(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let Some(asked) = Asked::of(uri.path(), query) else {
        return (StatusCode::NOT_FOUND, "Not found.\n").into_response();
    };
    let Some((_, password)) = git::basic(&headers) else { return git::who_is_it("Gitea") };
    let found = shared.world().enter(&password, &asked.owner, &asked.name, asked.push);
    let (id, path) = match found {
        Ok(found) => found,
        Err(401) => return git::who_is_it("Gitea"),
        Err(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
            return (status, "Not found.\n").into_response();
        }
    };
    let response = git::serve(path, &asked, &method, query, &headers, body).await;
    if asked.rest == "git-receive-pack" {
        let deliveries = shared.world().pushed(id);
        for delivery in deliveries {
            tokio::spawn(delivery.send(Signs::Forgejo));
        }
    }
    response
}
