//! A small HTTP client that shows everything, also what a good client would hide.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use progy_api::problem::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request being put together.
pub(crate) struct Request {
    address: SocketAddr,
    builder: hyper::http::request::Builder,
    body: Bytes,
}

impl Request {
    /// A request without a token and a body.
    pub(crate) fn new(address: SocketAddr, method: Method, path: &str) -> Self {
        let builder =
            hyper::Request::builder().method(method).uri(path).header(HOST, address.to_string());
        Self::of(address, builder)
    }

    /// A request that says everything by itself, also for whom it takes the server.
    pub(crate) fn of(address: SocketAddr, builder: hyper::http::request::Builder) -> Self {
        Self { address, builder, body: Bytes::new() }
    }

    /// Adds a header.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    /// Says who asks.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// Sends these bytes.
    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sends this as JSON.
    pub(crate) fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).unwrap();
        self.header(CONTENT_TYPE.as_str(), "application/json").body(body)
    }

    /// The answer, once its headers are there.
    pub(crate) async fn open(self) -> hyper::Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = self.builder.body(Full::new(self.body)).unwrap();
        sender.send_request(request).await.unwrap()
    }

    /// The whole answer.
    pub(crate) async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A header's text; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The document of a good answer.
    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The problem of a bad answer, which must have this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Problem {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{problem:?}");
        assert_eq!(problem.kind, "about:blank");
        assert_eq!(problem.request_id.as_deref(), Some(self.header("x-request-id")));
        problem
    }
}

/// What the server answers to these very bytes, until it closes the connection.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("it closes").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
