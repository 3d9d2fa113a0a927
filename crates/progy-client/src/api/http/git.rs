//! Git's smart HTTP, to our own server or to another host.

use std::io::Read;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt;
use futures_util::stream;
use progy_api::git::{
    Credentials, CredentialsRequest, EnsureRepoRequest, GitAccess, GitHostKind, GitHubCredentials,
    Repo,
};
use progy_api::problem::{Problem, code};
use progy_core::git::wire::Service;
use progy_core::{CourseId, Timestamp};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use super::HttpApi;
use super::upload::{HEAD_START, Meter, file_pieces, with_stream};
use crate::api::{ApiError, GitApi, PackSink, PushBody, RepoAccess};

/// The longest list of references, and the longest report, in bytes.
const MAX_LIST: usize = 4 << 20;
/// The largest pack that is fetched, in bytes.
const MAX_PACK: u64 = 2 << 30;
/// A pack up to this size goes out in one piece.
const SMALL: u64 = 1 << 20;

impl HttpApi {
    fn git_request(
        &self,
        method: Method,
        repo: &RepoAccess,
        rest: &str,
    ) -> Result<RequestBuilder, ApiError> {
        let url = Url::parse(&format!("{}{rest}", repo.url))
            .map_err(|_| self.garbage("the repository's address is none"))?;
        match &repo.login {
            // Our own login goes nowhere but to the server that it belongs to.
            None if self.server.is_origin_of(&url) => self.request(method, url),
            None => Err(self.garbage("it names a repository elsewhere, without a login for it")),
            Some(Credentials { git_user, git_token, .. }) => {
                let basic = BASE64.encode(format!("{git_user}:{git_token}"));
                let header = HeaderValue::from_str(&format!("Basic {basic}"));
                let mut header = header.map_err(|_| self.garbage("the login for Git is none"))?;
                header.set_sensitive(true);
                Ok(self.foreign(method, url)?.header(AUTHORIZATION, header))
            }
        }
    }

    /// As [`HttpApi::accept`]; a repository that is not there, or no longer, is problem 404, and a
    /// login that another host does not take, or not for this, is problem 401 or 403.
    async fn accept_git(
        &self,
        repo: &RepoAccess,
        response: Response,
    ) -> Result<Response, ApiError> {
        let problem = |status, code: &str, title: &str| {
            let (title, code) = (title.to_owned(), code.to_owned());
            Err(ApiError::Problem(Box::new(Problem { title, status, code, ..Problem::default() })))
        };
        match response.status() {
            StatusCode::NOT_FOUND => problem(404, code::NOT_FOUND, "There is no such repository"),
            status if status.is_redirection() => {
                problem(404, code::NOT_FOUND, "The repository is elsewhere by now")
            }
            StatusCode::UNAUTHORIZED if repo.login.is_some() => {
                problem(401, code::FORBIDDEN, "The Git host does not accept the login")
            }
            StatusCode::FORBIDDEN if repo.login.is_some() => {
                problem(403, code::FORBIDDEN, "The Git host does not allow it")
            }
            _ => self.accept(response).await,
        }
    }

    async fn git(
        &self,
        repo: &RepoAccess,
        request: RequestBuilder,
        meter: Option<&Meter>,
    ) -> Result<Response, ApiError> {
        // What the host does between the last byte and its answer grows with the push.
        let patience = self.timeouts.publish;
        let response = self.answered(request, meter, patience).await?;
        self.accept_git(repo, response).await
    }
}

fn types(service: Service) -> (HeaderValue, HeaderValue) {
    let name = service.as_str();
    let value = |what| {
        let text = format!("application/x-{name}-{what}");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("application/x-git"))
    };
    (value("request"), value("result"))
}

#[async_trait(?Send)]
impl GitApi for HttpApi {
    fn is_at(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.server.is_origin_of(&url))
    }

    async fn ensure_repo(&self, course: &CourseId) -> Result<Repo, ApiError> {
        let url = self.server.route(&["api", "git", "ensure-repo"], &[]);
        self.post(url, &EnsureRepoRequest { course: course.clone() }).await
    }

    async fn git_credentials(
        &self,
        course: &CourseId,
        host: GitHostKind,
    ) -> Result<Credentials, ApiError> {
        let url = self.server.route(&["api", "git", "credentials"], &[]);
        if host != GitHostKind::GitHub {
            let request = CredentialsRequest { course: course.clone(), access: GitAccess::Write };
            return self.post(url, &request).await;
        }
        let GitHubCredentials { user, token } = self.get(url).await?;
        let (repo_url, expires_at) = (String::new(), Timestamp(i64::MAX));
        Ok(Credentials { git_user: user, git_token: token, repo_url, expires_at })
    }

    async fn pushed(&self, course: &CourseId) -> Result<(), ApiError> {
        let url = self.server.route(&["api", "git", "pushed"], &[]);
        let body = serde_json::to_vec(&EnsureRepoRequest { course: course.clone() });
        let body = body.map_err(std::io::Error::other)?;
        let request = self.request(Method::POST, url)?.header(CONTENT_TYPE, "application/json");
        self.send(request.body(body), None, self.timeouts.silence).await.map(drop)
    }

    async fn advertise(&self, repo: &RepoAccess, service: Service) -> Result<Vec<u8>, ApiError> {
        let rest = format!("/info/refs?service={}", service.as_str());
        let request = self.git_request(Method::GET, repo, &rest)?;
        let response = self.answered(request, None, self.timeouts.silence).await?;
        let response = self.accept_git(repo, response).await?;
        self.body(response, MAX_LIST).await
    }

    async fn upload_pack(
        &self,
        repo: &RepoAccess,
        request: Vec<u8>,
        sink: &mut PackSink<'_>,
    ) -> Result<(), ApiError> {
        let (asks, answers) = types(Service::UploadPack);
        let request = self
            .git_request(Method::POST, repo, "/git-upload-pack")?
            .header(CONTENT_TYPE, asks)
            .header(ACCEPT, answers)
            .body(request);
        let mut response = self.git(repo, request, None).await?;
        let mut left = MAX_PACK;
        while let Some(piece) = self.piece(&mut response).await? {
            left = left
                .checked_sub(piece.len() as u64)
                .ok_or_else(|| self.garbage("the repository is larger than one may be"))?;
            sink(&piece)?;
        }
        Ok(())
    }

    async fn receive_pack(&self, repo: &RepoAccess, body: PushBody) -> Result<Vec<u8>, ApiError> {
        let (asks, answers) = types(Service::ReceivePack);
        let request = self
            .git_request(Method::POST, repo, "/git-receive-pack")?
            .header(CONTENT_TYPE, asks)
            .header(ACCEPT, answers);
        let PushBody { mut head, mut pack, length } = body;
        let response = if length <= SMALL {
            pack.read_to_end(&mut head)?;
            self.git(repo, request.body(head), None).await?
        } else {
            let length = length + head.len() as u64;
            let meter = Meter::new();
            // Our own server has just said that it takes a push, by the same login; and it hears one
            // that Git refuses to its end.
            let after = if repo.login.is_none() { Duration::ZERO } else { HEAD_START };
            let pack = file_pieces(tokio::fs::File::from_std(pack), meter.clone(), after);
            let pieces = stream::iter([Ok(head.into())]).chain(pack);
            self.git(repo, with_stream(request, pieces, length), Some(&meter)).await?
        };
        self.body(response, MAX_LIST).await
    }
}
