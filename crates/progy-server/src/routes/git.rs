//! Repositories and what opens them, by the API. Git itself speaks to [`super::smart_http`].

use axum::Json as Answer;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use progy_api::git::{Credentials, CredentialsRequest, EnsureRepoRequest, GitHubCredentials, Repo};

use crate::http::extract::{Json, Names};
use crate::http::failure::Failure;
use crate::http::login::Caller;
use crate::ports::git_host::Heard;
use crate::routes::AppState;

/// The largest body of these routes, in bytes.
pub(crate) const BODY: u64 = 4 << 10;

/// The largest body of a webhook, in bytes: a push of many commits is told with each of them.
pub(crate) const HOOK: u64 = 1 << 20;
/// What proves who tells of a push; the second one of versions of Gitea that have no other.
const SIGNATURES: [&str; 2] = ["x-hub-signature-256", "x-gitea-signature"];

/// Nobody on the way keeps a secret.
const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// Sees to it that the learner has a repository for a course.
///
/// It is private, empty at first, and made once, however often this is asked.
#[utoipa::path(post, path = "/api/git/ensure-repo", tag = "git",
    request_body = EnsureRepoRequest,
    responses(
        (status = 200, description = "The repository is there", body = Repo),
        (status = 403, description = "`forbidden`, or `link_needed`: GitHub has to be linked (again)"),
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
        (status = 403, description = "`link_needed`: GitHub has to be linked (again)"),
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

/// A device has pushed: takes note of it at once, so that the learner's other devices hear of it.
///
/// Needed for hosts other than the server itself, and then only to be fast.
#[utoipa::path(post, path = "/api/git/pushed", tag = "git",
    request_body = EnsureRepoRequest,
    responses(
        (status = 204, description = "The record of the workspace is as the repository"),
        (status = 403, description = "`link_needed`: GitHub has to be linked (again)"),
        (status = 404, description = "`no_course`"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 429, description = "`rate_limited`: the host has too much to do"),
        (status = 503, description = "`git_unavailable` or `unavailable`")))]
pub(crate) async fn pushed(
    State(state): State<AppState>,
    caller: Caller,
    body: Json<EnsureRepoRequest>,
) -> Result<StatusCode, Failure> {
    state.services.pushed(&caller, &body.value.course).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A host of repositories tells of a push: a webhook, which the server sets up by itself.
///
/// Who it is shows the signature (HMAC-SHA256 of the body) in `X-Hub-Signature-256`, as GitHub,
/// Forgejo and Gitea send it. Notes are taken after the answer.
#[utoipa::path(post, path = "/api/git/hooks/{host}", tag = "git", security(()),
    params(("host" = String, Path, description = "`forgejo` or `github`")),
    request_body(content = Object, description = "At most 1 MiB"),
    responses(
        (status = 202, description = "It was heard"),
        (status = 404, description = "`not_found`: not signed by the host of the repositories"),
        (status = 413, description = "`too_large`"),
        (status = 503, description = "`unavailable`")))]
pub(crate) async fn hook(
    State(state): State<AppState>,
    Names(host): Names<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let signature = SIGNATURES.iter().find_map(|name| headers.get(*name)?.to_str().ok());
    let heard = Heard { signature: signature.unwrap_or_default(), body: &body };
    let repos = state.services.told_of_push(&host, &heard).await?;
    let services = state.services;
    // The host does not wait for long.
    tokio::spawn(async move {
        for repo in repos {
            if let Err(error) = services.take_note(&repo).await {
                tracing::warn!(%error, "a push that was told of cannot be taken note of");
            }
        }
    });
    Ok(StatusCode::ACCEPTED)
}
