//! Every route of the server, on one page. [`crate::openapi`] describes them; a test compares both.

pub(crate) mod auth;
pub(crate) mod courses;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod progress;
pub(crate) mod sync;
pub(crate) mod table;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use progy_api::limits;
use progy_api::problem::code;
use tokio_util::sync::CancellationToken;

use crate::config::Timeouts;
use crate::http::failure::{self, Failure};
use crate::http::limits::{Allowance, LargeBodies};
use crate::http::metrics::Metrics;
use crate::http::observe;
use crate::http::site::{self, Site};
use crate::openapi;
use crate::services::Services;
use auth::sign::Hashing;
use table::Routes;

/// Body of `POST …/contents`: [`limits::CONTENTS_COUNT`] hashes with their references, in bytes.
const CONTENTS_BODY: u64 = 1 << 20;

/// What the handlers work with.
#[derive(Clone)]
pub(crate) struct AppState {
    /// What the server decides.
    pub(crate) services: Arc<Services>,
    /// Cancelled when the server stops.
    pub(crate) stopping: CancellationToken,
    /// Shares the memory for large bodies.
    pub(crate) large_bodies: LargeBodies,
    /// The numbers.
    pub(crate) metrics: Metrics,
    /// The folder for packages that are on their way in.
    pub(crate) uploads: Arc<Path>,
    /// What the server is to those who come.
    pub(crate) site: Arc<Site>,
    /// Shares processors and memory among those who sign in.
    pub(crate) hashing: Hashing,
}

/// The routes.
pub(crate) fn all(timeouts: Timeouts) -> Routes {
    let package = Allowance::upload(limits::PACKAGE);
    let save = Allowance::upload(limits::SYNC_BODY as u64);
    let wants = Allowance::body(CONTENTS_BODY);
    let account = Allowance::body(auth::BODY);
    Routes::new(timeouts)
        .get("/healthz", health::alive)
        .get("/readyz", health::ready)
        .get("/metrics", health::metrics)
        .get("/api/openapi.json", openapi::document)
        .get("/api/auth/get-session", auth::session::get)
        .get("/api/auth/list-sessions", auth::session::list)
        .post("/api/auth/revoke-session", account, auth::session::revoke)
        .post("/api/auth/sign-out", account, auth::session::sign_out)
        .post("/api/auth/sign-up/email", account, auth::sign::up)
        .post("/api/auth/sign-in/email", account, auth::sign::sign_in)
        .post("/api/auth/sign-in/social", account, auth::social::sign_in)
        .post("/api/auth/link-social", account, auth::social::link)
        .get("/api/auth/callback/github", auth::social::callback)
        .get("/api/auth/error", auth::social::error)
        .get("/api/auth/list-accounts", auth::social::list)
        .post("/api/auth/unlink-account", account, auth::social::unlink)
        .post("/api/auth/device/code", account, auth::device::code)
        .post("/api/auth/device/token", account, auth::device::token)
        .get("/api/auth/device", auth::device::verify)
        .post("/api/auth/device/approve", account, auth::device::approve)
        .post("/api/auth/device/deny", account, auth::device::deny)
        .get("/api/courses", courses::list)
        .get("/api/courses/{id}", courses::describe)
        .get("/api/courses/{id}/versions/{version}", courses::download)
        .put("/api/courses/{id}/versions/{version}", package, courses::publish)
        .get("/api/progress/{course}", progress::progress)
        .post("/api/sync", save, sync::sync)
        .get("/api/workspaces/{course}/revisions", history::revisions)
        .get("/api/workspaces/{course}/revisions/{rev}", history::revision)
        .get("/api/workspaces/{course}/revisions/{rev}/archive.tar.gz", history::archive)
        .post("/api/workspaces/{course}/contents", wants, history::contents)
        .get("/api/workspaces/{course}/events", events::events)
}

/// The routes with what every request meets on its way to them.
pub(crate) fn router(state: AppState, timeouts: Timeouts) -> Router {
    all(timeouts)
        .into_router()
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "no such route"))
        .layer(from_fn(observe::catch_panic))
        .layer(from_fn(failure::render))
        .layer(from_fn_with_state(Arc::clone(&state.site), site::strict_transport))
        .layer(from_fn(observe::observe))
        .with_state(state)
}
