//! What comes back. The other end may be a server, a proxy, a hotel's login page, or a liar: sizes
//! are bounded, and what is not Progy's answer counts as none.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use progy_api::limits;
use progy_api::problem::Problem;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{ApiError, HttpApi};

/// The longest JSON answer, in bytes.
const MAX_JSON: usize = 64 << 20;
/// The longest problem document, in bytes.
pub(super) const MAX_PROBLEM: usize = 256 << 10;
/// How much of a server's words is shown, in characters.
const MAX_SHOWN: usize = 1000;

impl HttpApi {
    /// The response if it is a success, else what the server says.
    pub(super) async fn accept(&self, response: Response) -> Result<Response, ApiError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(ApiError::Unauthorized);
        }
        if status.is_redirection() {
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let target = location.and_then(|location| self.server.origin_of(location));
            return Err(self.garbage(&match target {
                Some(origin) => format!("it points to {origin}; if that is it, use that address"),
                None => format!("HTTP {status}"),
            }));
        }
        let body = self.body(response, MAX_PROBLEM).await?;
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Err(self.refusal(status, problem)),
            Err(_) => Err(self.garbage(&format!("HTTP {status}"))),
        }
    }

    fn refusal(&self, status: StatusCode, mut problem: Problem) -> ApiError {
        problem.title = self.shown(&problem.title);
        problem.detail = problem.detail.map(|detail| self.shown(&detail));
        match status {
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                let why = problem.detail.unwrap_or(problem.title);
                ApiError::Unreachable(format!("{}: {why}", self.server))
            }
            StatusCode::CONFLICT if problem.moved.is_some() => match problem.moved.take() {
                Some(moved) => ApiError::HeadMoved(Box::new(moved)),
                None => ApiError::Problem(Box::new(problem)),
            },
            _ => ApiError::Problem(Box::new(problem)),
        }
    }

    /// The document that a successful response holds.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        response: Response,
    ) -> Result<T, ApiError> {
        let body = self.body(response, MAX_JSON).await?;
        serde_json::from_slice(&body).map_err(|_| self.garbage("its answer is cut off or no JSON"))
    }

    /// Writes what a successful response holds to `out`.
    pub(super) async fn download(
        &self,
        mut response: Response,
        out: &mut dyn Write,
    ) -> Result<(), ApiError> {
        if has_type(&response, "text/html") {
            return Err(self.garbage("it sent a web page"));
        }
        let mut left = limits::PACKAGE;
        while let Some(piece) = self.piece(&mut response).await? {
            left = left
                .checked_sub(piece.len() as u64)
                .ok_or_else(|| self.garbage("the package is larger than a package may be"))?;
            out.write_all(&piece)?;
        }
        Ok(())
    }

    /// All bytes of a response, if they are not too many.
    pub(super) async fn body(
        &self,
        mut response: Response,
        limit: usize,
    ) -> Result<Vec<u8>, ApiError> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece(&mut response).await? {
            if body.len() + piece.len() > limit {
                return Err(self.garbage(&format!("its answer is larger than {limit} bytes")));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    pub(super) async fn piece(
        &self,
        response: &mut Response,
    ) -> Result<Option<bytes::Bytes>, ApiError> {
        match timeout(self.timeouts.silence, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(self.unreachable(&error)),
            Err(_) => Err(self.silent(self.timeouts.silence)),
        }
    }

    /// There was no connection, or it broke.
    pub(super) fn unreachable(&self, error: &reqwest::Error) -> ApiError {
        ApiError::Unreachable(format!("{}: {}", self.server, root_cause(error)))
    }

    /// Nothing came for that long.
    pub(super) fn silent(&self, patience: Duration) -> ApiError {
        ApiError::Unreachable(format!("{}: no answer for {patience:?}", self.server))
    }

    /// Something came that Progy's server does not say.
    pub(super) fn garbage(&self, what: &str) -> ApiError {
        ApiError::Unreachable(format!("{} does not answer as a Progy server: {what}", self.server))
    }

    /// Words of the server as they may be shown: without control characters, which a terminal would
    /// obey, not endless, and without the token, whoever put it there.
    fn shown(&self, text: &str) -> String {
        let clean: String =
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SHOWN).collect();
        match &self.token {
            Some(token) if !token.text.is_empty() => clean.replace(&token.text, "…"),
            _ => clean,
        }
    }
}

/// Whether the response says that it is of that media type.
pub(super) fn has_type(response: &Response, expected: &str) -> bool {
    let said = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = said.and_then(|said| said.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(expected)
}

/// The innermost reason, which is the one that a person can do something about. It names no URL.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it takes too long to connect".to_owned();
    }
    let mut cause: &(dyn Error + 'static) = error;
    loop {
        if let Some(said) = cause.downcast_ref().and_then(about_tls) {
            return said.to_owned();
        }
        // What an I/O error carries is not what it names as its source: that is one further.
        let carried = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match carried.map(|carried| carried as &(dyn Error + 'static)).or_else(|| cause.source()) {
            Some(next) => cause = next,
            None => return cause.to_string(),
        }
    }
}

/// What a person can do about a connection that is not safe.
fn about_tls(error: &rustls::Error) -> Option<&'static str> {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    match error {
        rustls::Error::InvalidCertificate(reason) => Some(match reason {
            UnknownIssuer => {
                "its certificate is from an authority that this machine does not know; if you know \
                 it, set SSL_CERT_FILE to the file with that authority's certificate"
            }
            Expired | ExpiredContext { .. } => {
                "its certificate has expired; tell who runs the server, or set this machine's clock"
            }
            NotValidYet | NotValidYetContext { .. } => {
                "its certificate is not valid yet; set this machine's clock"
            }
            NotValidForName | NotValidForNameContext { .. } => {
                "its certificate is for another name; check the address of the server"
            }
            _ => "its certificate cannot be trusted",
        }),
        rustls::Error::InvalidMessage(_) => {
            Some("it does not speak TLS; does its address begin with http:// instead?")
        }
        _ => None,
    }
}
