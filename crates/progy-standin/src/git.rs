//! Bare repositories, and Git's smart HTTP by the program `git http-backend`.

use std::io;
use std::path::PathBuf;
use std::process::{Command as Plain, Stdio};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Repositories in a folder that goes with this, by their numbers.
#[derive(Debug)]
pub(crate) struct Repositories {
    folder: TempDir,
}

/// What of Git's protocol is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Whose.
    pub(crate) owner: String,
    /// Which.
    pub(crate) name: String,
    /// `info/refs`, `git-upload-pack`, `git-receive-pack`.
    pub(crate) rest: String,
    /// Whether it is about a push.
    pub(crate) push: bool,
}

impl Asked {
    /// Reads the path `/owner/name.git/…`.
    pub(crate) fn of(path: &str, query: &str) -> Option<Self> {
        let mut parts = path.trim_start_matches('/').splitn(3, '/');
        let (owner, name, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let known = ["info/refs", "git-upload-pack", "git-receive-pack"];
        known.contains(&rest).then(|| Self {
            owner: owner.to_owned(),
            name: name.strip_suffix(".git").unwrap_or(name).to_owned(),
            rest: rest.to_owned(),
            push: rest == "git-receive-pack" || query.contains("service=git-receive-pack"),
        })
    }
}

/// The user name and the password of Basic authentication.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, rest) = value.split_once(' ')?;
    let decoded = STANDARD.decode(rest.trim()).ok().filter(|_| kind.eq_ignore_ascii_case("basic"));
    let pair = String::from_utf8(decoded?).ok()?;
    pair.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// What makes a client ask for a password.
pub(crate) fn who_is_it(realm: &str) -> Response {
    let header = [(header::WWW_AUTHENTICATE, format!("Basic realm=\"{realm}\""))];
    (StatusCode::UNAUTHORIZED, header, "Authentication required\n").into_response()
}

impl Repositories {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// Where a repository is.
    pub(crate) fn path(&self, id: u64) -> PathBuf {
        self.folder.path().join(format!("{id}.git"))
    }

    /// Makes an empty one.
    pub(crate) fn create(&self, id: u64) {
        let path = self.path(id);
        let mut command = Plain::new("git");
        command.args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(path);
        clean(&mut command);
        assert!(command.status().is_ok_and(|status| status.success()), "git init");
    }

    /// Refuses force pushes, and that `main` is deleted, from now on.
    pub(crate) fn protect(&self, id: u64) {
        for (key, value) in
            [("receive.denyNonFastForwards", "true"), ("receive.denyDeleteCurrent", "refuse")]
        {
            let mut command = Plain::new("git");
            command.arg("-C").arg(self.path(id)).args(["config", key, value]);
            clean(&mut command);
            assert!(command.status().is_ok_and(|status| status.success()), "git config");
        }
    }

    /// Removes one.
    pub(crate) fn remove(&self, id: u64) {
        let _ = std::fs::remove_dir_all(self.path(id));
    }

    /// The commit that `main` names.
    pub(crate) fn main(&self, id: u64) -> Option<String> {
        let mut command = Plain::new("git");
        command.arg("-C").arg(self.path(id)).args(["rev-parse", "-q", "--verify", "main"]);
        clean(&mut command);
        let output = command.output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    }
}

fn clean(command: &mut Plain) {
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.stderr(Stdio::null());
}

/// Lets `git http-backend` answer (RFC 3875) for somebody who may do what is asked.
pub(crate) async fn serve(
    repository: PathBuf,
    asked: &Asked,
    method: &Method,
    query: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_PROJECT_ROOT", &repository)
        .env("PATH_INFO", format!("/{}", asked.rest))
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method.as_str())
        .env("REMOTE_USER", "somebody")
        .env("CONTENT_TYPE", header(header::CONTENT_TYPE))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header(header::CONTENT_ENCODING))
        .env("GIT_PROTOCOL", header(HeaderName::from_static("git-protocol")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return broken() };
    let stdin = child.stdin.take();
    let feed = async move {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(&body).await;
        }
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    let Ok(output) = output else { return broken() };
    answer(&output.stdout).unwrap_or_else(broken)
}

fn answer(output: &[u8]) -> Option<Response> {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (output.get(..end)?, output.get(end + 4..)?);
    let mut response = Response::new(Body::from(body.to_vec()));
    for line in std::str::from_utf8(head).ok()?.split("\r\n") {
        let (name, value) = line.split_once(": ")?;
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next()?.parse().ok()?;
            *response.status_mut() = StatusCode::from_u16(code).ok()?;
        } else {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            response.headers_mut().insert(name, HeaderValue::from_str(value).ok()?);
        }
    }
    Some(response)
}

fn broken() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
