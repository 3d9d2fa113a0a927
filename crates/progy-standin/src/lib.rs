//! Stand-ins for [Forgejo](forgejo) and for GitHub.
//!
//! Of GitHub: the OAuth and REST routes that Progy uses, with the habits of the real one (errors with
//! status 200, fewer scopes than asked for, 401 for what was revoked, rate limits, tokens of GitHub
//! Apps that expire), and moods in which it misbehaves as no GitHub should.
//!
//! Tests hold a [`Standin`] in their own process; the program `progy-standin` is for tests from
//! outside, which steer it over [`control`]'s routes. Everything that is said to it, and that it
//! answers, is recorded: `scripts/check-github-api` compares the records with GitHub's own `OpenAPI`
//! description.
//!
//! - [`world`]: who is there, and what was granted. Decides, without I/O;
//! - `oauth`: the pages and the token route;
//! - `api`: the REST routes; `documents`: what they answer with;
//! - [`mood`]: how it misbehaves;
//! - [`record`]: what was said.

pub mod control;
pub mod forgejo;
pub mod mood;
pub mod record;
pub mod world;

mod api;
mod deliver;
mod documents;
mod git;
mod oauth;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use mood::Mood;
pub use record::Exchange;
pub use world::{App, Email, Kind, Person, World};

/// The variable that names a folder to write all exchanges to.
pub const RECORD: &str = "PROGY_STANDIN_RECORD";

/// What the routes share.
#[derive(Clone, Default)]
struct Shared {
    world: Arc<Mutex<World>>,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running stand-in, on an address of this machine. It ends when this is dropped, and then writes
/// its records if [`RECORD`] says so.
pub struct Standin {
    address: SocketAddr,
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Standin {
    /// On a free port, knowing `app`.
    pub async fn start(app: App) -> io::Result<Self> {
        Self::listen("127.0.0.1:0", app).await
    }

    /// On `address`, knowing `app`.
    pub async fn listen(address: &str, app: App) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Shared::default();
        *shared.world() = World::new(app, &format!("http://{address}"));
        shared.world().files = Some(git::Repositories::new()?);
        let router = router(shared.clone());
        let serving = tokio::spawn(async move {
            // Ends only with an error of the listener, and then the tests say enough.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, shared, serving })
    }

    /// What stands for `https://github.com`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What stands for `https://api.github.com`.
    pub fn api_url(&self) -> String {
        format!("http://{}/api/v3", self.address)
    }

    /// Who is there, to be looked at and changed.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// All that was said so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.exchanges().clone()
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.serving.abort();
        if let Some(folder) = std::env::var_os(RECORD).map(PathBuf::from)
            && let Err(error) = record::write(&folder, self.address.port(), &self.exchanges())
        {
            eprintln!("cannot write what was said to {}: {error}", folder.display());
        }
    }
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
    let Some(asked) = git::Asked::of(uri.path(), query) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mood = shared.world().mood.clone();
    if let Mood::Busy { status, seconds } = mood {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::TOO_MANY_REQUESTS);
        return (status, [(header::RETRY_AFTER, seconds.to_string())]).into_response();
    }
    let found = match git::basic(&headers) {
        None => Err(Box::new(git::who_is_it("GitHub"))),
        Some((_, token)) => api::enter(&shared.world(), &token, &asked, query),
    };
    let (id, path) = match found {
        Ok(found) => found,
        Err(refused) => return *refused,
    };
    let response = git::serve(path, &asked, &method, query, &headers, body).await;
    if asked.rest == "git-receive-pack" {
        let deliveries = shared.world().pushed(id);
        for delivery in deliveries {
            tokio::spawn(delivery.send(deliver::Signs::GitHub));
        }
    }
    response
}

fn router(shared: Shared) -> Router {
    let oauth = Router::new()
        .route("/login/oauth/authorize", get(oauth::page).post(oauth::decide))
        .route("/login/oauth/access_token", post(oauth::token));
    let api = Router::new()
        .route("/user", get(api::user))
        .route("/user/emails", get(api::emails))
        .route("/user/repos", post(api::create_repository))
        .route("/repos/{owner}/{name}", get(api::repository))
        .route("/repositories/{id}", get(api::repository_called))
        .route("/repos/{owner}/{name}/hooks", get(api::hooks).post(api::create_hook))
        .route("/repos/{owner}/{name}/hooks/{id}", delete(api::delete_hook))
        .route("/applications/{client_id}/token", delete(api::delete_token))
        .fallback(api::nothing)
        .layer(from_fn_with_state(shared.clone(), mood::lose));
    oauth
        .nest("/api/v3", api)
        .layer(from_fn_with_state(shared.clone(), mood::act))
        .layer(from_fn_with_state(shared.clone(), record::record))
        .merge(control::routes())
        .fallback(smart_http)
        .layer(axum::extract::DefaultBodyLimit::max(1 << 30))
        .with_state(shared)
}
