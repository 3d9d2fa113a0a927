//! Git's smart HTTP (gitprotocol-http): what `git clone`, `fetch` and `push` speak.
//!
//! The dumb protocol, by which a client reads a repository's files, is not there.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, future, stream};
use progy_api::git::GitAccess;
use progy_core::{CourseId, Strategy};
use serde::Deserialize;

use crate::error::ServiceError;
use crate::http::basic::GitCaller;
use crate::http::body::BodyError;
use crate::http::extract::{Names, Query};
use crate::http::failure::Failure;
use crate::http::gzip::{self, Encoding};
use crate::http::metrics;
use crate::openapi::Binary;
use crate::ports::git_host::RepoName;
use crate::ports::git_host::embedded::serve::{
    Broken, Input, Output, Service, Stage, Topic, Version,
};
use crate::routes::AppState;

/// The largest request of a clone or a fetch, in bytes, also once it is unpacked: some ten thousand
/// commits that a device has.
pub(crate) const WISHES: u64 = 4 << 20;
/// The largest request of a push. What is over the configured size of a pack is read and thrown away
/// up to here, because `git` reads why only when it has sent everything.
pub(crate) const PUSH: u64 = 2 << 30;

/// What is asked about.
#[derive(Deserialize)]
pub(crate) struct Asked {
    service: Option<String>,
}

/// What there is to fetch, or what a push begins with.
#[utoipa::path(get, path = "/git/{user}/{repository}/info/refs", tag = "git",
    params(
        ("user" = String, Path, description = "The learner's user name"),
        ("repository" = String, Path, description = "Course id, percent-encoded, and `.git`"),
        ("service" = Option<String>, Query,
            description = "`git-upload-pack` or `git-receive-pack`"),
        ("Git-Protocol" = Option<String>, Header, description = "`version=2`, for instance")),
    responses(
        (status = 200, description = "The references", content(
            (Binary = "application/x-git-upload-pack-advertisement"),
            (Binary = "application/x-git-receive-pack-advertisement"))),
        (status = 403, description = "`forbidden`: the token is for reading only; or the service is unknown"),
        (status = 404, description = "`not_found`: no such repository, for this login"),
        (status = 409, description = "`other_strategy`: the workspace is not carried by `git`"),
        (status = 503, description = "`git_unavailable` or `unavailable`"),
        (status = 507, description = "`quota_exceeded`")))]
pub(crate) async fn advertise(
    State(state): State<AppState>,
    caller: GitCaller,
    Names((user, repository)): Names<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let service = match asked.service.as_deref() {
        Some("git-upload-pack") => Service::UploadPack,
        Some("git-receive-pack") => Service::ReceivePack,
        _ => {
            let why = "only smart HTTP is spoken here: ask for git-upload-pack or git-receive-pack";
            return Err(ServiceError::Forbidden(why.to_owned()).into());
        }
    };
    let call = Call { state, service, stage: Stage::Advertise, version: version(&headers) };
    let output = call.make(&caller, &user, &repository, Body::empty(), Encoding::Plain).await?;
    // Version 2 has this line for whoever cannot read the rest; it is not Git's program that adds it.
    let line = format!("# service={}\n", service.as_str());
    let line = format!("{:04x}{line}0000", line.len() + 4);
    let first = stream::once(future::ready(Ok(line.into())));
    let kind = format!("application/x-{}-advertisement", service.as_str());
    Ok(answer(&kind, Body::from_stream(first.chain(pieces(output)))))
}

/// A pack for the device.
#[utoipa::path(post, path = "/git/{user}/{repository}/git-upload-pack", tag = "git",
    params(
        ("user" = String, Path, description = "The learner's user name"),
        ("repository" = String, Path, description = "Course id, percent-encoded, and `.git`"),
        ("Git-Protocol" = Option<String>, Header, description = "`version=2`, for instance")),
    request_body(content = Binary, content_type = "application/x-git-upload-pack-request",
        description = "What is wanted and what is there, perhaps packed with gzip"),
    responses(
        (status = 200, description = "What is missing", body = Binary,
            content_type = "application/x-git-upload-pack-result"),
        (status = 404, description = "`not_found`: no such repository, for this login"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 503, description = "`git_unavailable` or `unavailable`")))]
pub(crate) async fn upload_pack(
    State(state): State<AppState>,
    caller: GitCaller,
    Names((user, repository)): Names<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    exchange(state, Service::UploadPack, &caller, (&user, &repository), &headers, body).await
}

/// A pack from the device.
///
/// `main` moves forward only, and is not deleted. What is pushed is checked, and noted before the
/// answer ends.
#[utoipa::path(post, path = "/git/{user}/{repository}/git-receive-pack", tag = "git",
    params(
        ("user" = String, Path, description = "The learner's user name"),
        ("repository" = String, Path, description = "Course id, percent-encoded, and `.git`")),
    request_body(content = Binary, content_type = "application/x-git-receive-pack-request",
        description = "What shall change, and a pack, perhaps packed with gzip"),
    responses(
        (status = 200, description = "What has changed", body = Binary,
            content_type = "application/x-git-receive-pack-result"),
        (status = 403, description = "`forbidden`: the token is for reading only"),
        (status = 404, description = "`not_found`: no such repository, for this login"),
        (status = 409, description = "`other_strategy`: the workspace is not carried by `git`"),
        (status = 415, description = "`unsupported_media_type`"),
        (status = 503, description = "`git_unavailable` or `unavailable`"),
        (status = 507, description = "`quota_exceeded`")))]
pub(crate) async fn receive_pack(
    State(state): State<AppState>,
    caller: GitCaller,
    Names((user, repository)): Names<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    exchange(state, Service::ReceivePack, &caller, (&user, &repository), &headers, body).await
}

async fn exchange(
    state: AppState,
    service: Service,
    caller: &GitCaller,
    (user, repository): (&str, &str),
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let wanted = format!("application/x-{}-request", service.as_str());
    if kind != Some(&wanted) {
        return Err(Failure::unsupported(format!("this route takes {wanted}")));
    }
    let encoding = Encoding::of(headers)?;
    let call = Call { state, service, stage: Stage::Exchange, version: version(headers) };
    let output = call.make(caller, user, repository, body, encoding).await?;
    let kind = format!("application/x-{}-result", service.as_str());
    Ok(answer(&kind, Body::from_stream(pieces(output))))
}

/// One request, once it is known what it is about.
struct Call {
    state: AppState,
    service: Service,
    stage: Stage,
    version: Version,
}

/// What `git` has said first, and the rest.
struct Begun {
    first: Option<axum::body::Bytes>,
    rest: Output<BodyError>,
}

impl Call {
    /// Begins the conversation, and waits for its first words: until then it can still be refused.
    async fn make(
        self,
        caller: &GitCaller,
        user: &str,
        repository: &str,
        body: Body,
        encoding: Encoding,
    ) -> Result<Begun, Failure> {
        let Self { state, service, stage, version } = self;
        let course = repository.strip_suffix(".git").and_then(|name| CourseId::new(name).ok());
        let course = course.ok_or(ServiceError::NotFound)?;
        let access = match service {
            Service::UploadPack => GitAccess::Read,
            Service::ReceivePack => GitAccess::Write,
        };
        let repo = caller.enter(user, &course, access)?;
        let host = state.services.embedded_git()?;
        let pushes = service == Service::ReceivePack;
        if pushes && !host.has(&repo).map_err(ServiceError::from)? {
            return Err(ServiceError::NotFound.into());
        }
        let most = if pushes { state.services.check_push(&repo).await? } else { u64::MAX };
        let limit = if pushes { PUSH } else { WISHES };
        if pushes && stage == Stage::Exchange {
            state.services.claim_push(&repo).await?;
        }
        let input: Input<BodyError> = gzip::unpacked(body, encoding, limit);
        let after = if pushes && stage == Stage::Exchange {
            noting(&state, repo.clone())
        } else {
            future::ready(true).boxed()
        };
        let topic = Topic { service, stage, version, most };
        let output = host.converse(&repo, topic, input, after).await.map_err(ServiceError::from)?;
        let mut rest = output.ok_or(ServiceError::NotFound)?;
        match rest.next().await {
            None => Ok(Begun { first: None, rest }),
            Some(Ok(first)) => Ok(Begun { first: Some(first), rest }),
            Some(Err(Broken::Input(error))) => Err(error.into()),
            Some(Err(Broken::Refused)) => {
                Err(Failure::bad_request("git could make nothing of this request"))
            }
            Some(Err(Broken::InVain)) => Err(Failure::from(ServiceError::Unavailable(None))),
            Some(Err(Broken::TimedOut)) => Err(Failure::timeout("git took too long")),
        }
    }
}

/// What a push leaves to be done. Tells whether the push counts.
fn noting(state: &AppState, repo: RepoName) -> BoxFuture<'static, bool> {
    let services = state.services.clone();
    async move {
        match services.take_note(&repo).await {
            Ok(true) => metrics::saved(Strategy::Git),
            Ok(false) => {}
            // Another device has changed the strategy since the push began.
            Err(ServiceError::OtherStrategy(_)) => return false,
            // The next reader takes note.
            Err(error) => tracing::warn!(%error, "a push is not noted yet"),
        }
        true
    }
    .boxed()
}

fn pieces(
    output: Begun,
) -> impl futures_util::Stream<Item = std::io::Result<axum::body::Bytes>> + Send {
    let Begun { first, rest } = output;
    let rest = rest.into_stream().map_err(|broken| {
        std::io::Error::other(match broken {
            Broken::Input(error) => error.to_string(),
            Broken::Refused => "git has failed".to_owned(),
            Broken::TimedOut => "git took too long".to_owned(),
            Broken::InVain => "the workspace has changed its strategy".to_owned(),
        })
    });
    stream::iter(first.map(Ok)).chain(rest)
}

fn answer(kind: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache, max-age=0, must-revalidate"),
    ];
    (headers, body).into_response()
}

fn version(headers: &HeaderMap) -> Version {
    let asked = headers.get("git-protocol").and_then(|value| value.to_str().ok());
    Version::of(asked.unwrap_or_default())
}
