//! Repositories and what opens them, by the API. Git itself speaks to [`super::smart_http`].

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, header};
use axum::response::IntoResponse;
use progy_api::git::{Credentials, CredentialsRequest, EnsureRepoRequest, GitHubCredentials, Repo};

use crate::http::extract::Json;
use crate::http::failure::Failure;
use crate::http::login::Caller;
use crate::routes::AppState;

/// The largest body of these routes, in bytes.
pub(crate) const BODY: u64 = 4 << 10;

/// Nobody on the way keeps a secret.
const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// Sees to it that the learner has a repository for a course.
///
/// It is private, empty at first, and made once, however often this is asked.
#[utoipa::path(post, path = "/api/git/ensure-repo", tag = "git",
    request_body = EnsureRepoRequest,
    responses(
        (status = 200, description = "The repository is there", body = Repo),
        (status = 403, description = "`forbidden`: the learner has to allow something first"),
        (status = 404, description = "`no_course`"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 429, description = "`rate_limited`: the host has too much to do"),
        (status = 503, description = "`git_unavailable` or `unavailable`")))]
pub(crate) async fn ensure(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    extensions: Extensions,
    body: Json<EnsureRepoRequest>,
) -> Result<Answer<Repo>, Failure> {
    let site = state.site.base(&headers, &extensions);
    Ok(Answer(state.services.ensure_repo(&caller, &body.value.course, &site).await?))
}

/// Opens the learner's repository of a course for `git`, for at most an hour.
///
/// For hosts that this server has the keys of; for GitHub see `GET`.
#[utoipa::path(post, path = "/api/git/credentials", tag = "git",
    request_body = CredentialsRequest,
    responses(
        (status = 200, description = "User name and password", body = Credentials),
        (status = 404, description = "`no_course`"),
        (status = 409, description = "`other_host`: the repositories are at GitHub"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 429, description = "`rate_limited`: the host has too much to do"),
        (status = 503, description = "`git_unavailable` or `unavailable`")))]
pub(crate) async fn credentials(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    extensions: Extensions,
    body: Json<CredentialsRequest>,
) -> Result<impl IntoResponse, Failure> {
    let site = state.site.base(&headers, &extensions);
    let credentials: Credentials =
        state.services.git_credentials(&caller, &body.value, &site).await?;
    Ok((NO_STORE, Answer(credentials)))
}

/// The learner's own token of GitHub, if the repositories are kept there.
#[utoipa::path(get, path = "/api/git/credentials", tag = "git",
    responses(
        (status = 200, description = "User name and password", body = GitHubCredentials),
        (status = 403, description = "`forbidden`: GitHub has to be linked (again)"),
        (status = 409, description = "`other_host`: the repositories are not at GitHub"),
        (status = 429, description = "`rate_limited`: GitHub has too much to do"),
        (status = 503, description = "`git_unavailable` or `unavailable`")))]
pub(crate) async fn github(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<impl IntoResponse, Failure> {
    let credentials: GitHubCredentials = state.services.github_credentials(&caller).await?;
    Ok((NO_STORE, Answer(credentials)))
}
