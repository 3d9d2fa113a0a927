//! Every route of the server, on one page. [`crate::openapi`] describes those of the API; a test
//! compares both. Pages for people stand below.

pub(crate) mod auth;
pub(crate) mod courses;
pub(crate) mod events;
pub(crate) mod git;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod progress;
pub(crate) mod smart_http;
pub(crate) mod snapshots;
pub(crate) mod sync;
pub(crate) mod table;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use progy_api::limits;
use progy_api::problem::code;
use tokio_util::sync::CancellationToken;

use crate::config::Timeouts;
use crate::http::cors;
use crate::http::failure::{self, Failure};
use crate::http::limits::{Allowance, LargeBodies};
use crate::http::metrics::Metrics;
use crate::http::observe;
use crate::http::site::{self, Site};
use crate::openapi;
use crate::pages;
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
    let git = Allowance::body(git::BODY);
    let hook = Allowance::body(git::HOOK);
    let wishes = Allowance::upload(smart_http::WISHES);
    let push = Allowance::upload(smart_http::PUSH);
    let blobs = Allowance::body(snapshots::NAMES);
    let pack_of_blobs = Allowance::upload(limits::PACK);
    let commit = Allowance::upload(snapshots::COMMIT);
    let api = Routes::new(timeouts)
        .get("/healthz", health::alive)
        .get("/readyz", health::ready)
        .get("/metrics", health::metrics)
        .get("/api/openapi.json", openapi::document)
        .get("/api/auth/get-session", auth::session::get)
        .get("/api/auth/list-sessions", auth::session::list)
        .post("/api/auth/revoke-session", account, auth::session::revoke)
        .post("/api/auth/revoke-sessions", account, auth::session::revoke_all)
        .post("/api/auth/revoke-other-sessions", account, auth::session::revoke_others)
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
        .post("/api/workspaces/{course}/strategy", git, history::change_strategy)
        .post("/api/workspaces/{course}/contents", wants, history::contents)
        .get("/api/workspaces/{course}/events", events::events)
        .post("/api/snapshots/{course}/have", blobs, snapshots::have)
        .put("/api/snapshots/{course}/packs/{pack}", pack_of_blobs, snapshots::put_pack)
        .post("/api/snapshots/{course}/blobs", blobs, snapshots::blobs)
        .post("/api/snapshots/{course}/commit", commit, snapshots::commit)
        .post("/api/git/ensure-repo", git, git::ensure)
        .post("/api/git/credentials", git, git::credentials)
        .get("/api/git/credentials", git::github)
        .post("/api/git/pushed", git, git::pushed)
        .post("/api/git/hooks/{host}", hook, git::hook)
        .get("/git/{user}/{repository}/info/refs", smart_http::advertise)
        .post("/git/{user}/{repository}/git-upload-pack", wishes, smart_http::upload_pack)
        .post("/git/{user}/{repository}/git-receive-pack", push, smart_http::receive_pack);
    api.page("/", pages::home::show)
        .page("/assets/{name}", pages::assets::show)
        .form("/language", pages::language::choose)
        .page("/sign-in", pages::sign_in::show)
        .form("/sign-in", pages::sign_in::submit)
        .form("/sign-in/github", pages::github::sign_in)
        .page("/sign-up", pages::sign_up::show)
        .form("/sign-up", pages::sign_up::submit)
        .form("/sign-out", pages::sign_out::submit)
        .page("/device", pages::device::show)
        .form("/device", pages::device::decide)
        .page("/device/approved", pages::device::approved)
        .page("/device/denied", pages::device::denied)
        .page("/account", pages::account::show)
        .form("/account/name", pages::account::profile::rename)
        .form("/account/password", pages::account::password::change)
        .form("/account/sessions/end", pages::account::sessions::end)
        .form("/account/sessions/end-all", pages::account::sessions::end_all)
        .form("/account/tokens", pages::account::tokens::create)
        .form("/account/tokens/revoke", pages::account::tokens::revoke)
        .form("/account/github/link", pages::github::link)
        .form("/account/github/unlink", pages::github::unlink)
        .page("/admin/people", pages::people::show)
        .form("/admin/people", pages::people::change)
}

/// The path of every form of the pages: for tests that no form may be missing from.
pub fn forms() -> Vec<&'static str> {
    for_people(&Method::POST)
}

/// The path of every page: for tests that no page may be missing from.
pub fn shown() -> Vec<&'static str> {
    for_people(&Method::GET)
}

fn for_people(method: &Method) -> Vec<&'static str> {
    let routes = all(Timeouts::default());
    let of_method = routes.pages().iter().filter(|(of, _)| of == method);
    of_method.map(|(_, path)| *path).collect()
}

/// The routes with what every request meets on its way to them.
pub(crate) fn router(state: AppState, timeouts: Timeouts) -> Router {
    let site = Arc::clone(&state.site);
    all(timeouts)
        .into_router()
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "no such route"))
        .layer(from_fn(observe::catch_panic))
        .layer(from_fn(pages::failure::dress))
        .layer(from_fn(failure::render))
        .layer(from_fn_with_state(Arc::clone(&site), pages::headers::put_on))
        .layer(from_fn_with_state(Arc::clone(&site), site::strict_transport))
        .layer(from_fn_with_state(site, cors::share))
        .layer(from_fn(observe::observe))
        .with_state(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_the_api_do_not_mix() {
        let routes = all(Timeouts::default());
        assert!(routes.pages().iter().all(|(_, path)| !path.starts_with("/api/")));
        assert!(routes.pages().len() > 20);
    }
}
