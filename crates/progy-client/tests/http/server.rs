//! A server that says what a test wants it to say.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use progy_client::api::ApiError;
use progy_client::api::http::{HttpApi, Timeouts};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const TOKEN: &str = "very-secret-token";

/// What a server sends, in order.
#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        let zstd = self.header("content-encoding") == Some("zstd");
        let body = if zstd { unpack(&self.body) } else { self.body.clone() };
        serde_json::from_slice(&body).unwrap()
    }
}

fn unpack(frame: &[u8]) -> Vec<u8> {
    zstd::decode_all(frame).unwrap()
}

/// A server that gives one answer to everything, and closes the connection after it.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) requests: Rc<RefCell<Vec<Request>>>,
}

impl Server {
    pub(crate) async fn steps(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&requests);
        tokio::task::spawn_local(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let Some(request) = read_request(&mut socket).await else { continue };
                seen.borrow_mut().push(request);
                for step in &steps {
                    match step {
                        Step::Send(bytes) => drop(socket.write_all(bytes).await),
                        Step::Wait(time) => tokio::time::sleep(*time).await,
                    }
                }
                let _ = socket.shutdown().await;
            }
        });
        Self { url, requests }
    }

    pub(crate) async fn raw(answer: impl Into<Vec<u8>>) -> Self {
        Self::steps(vec![Step::Send(answer.into())]).await
    }

    pub(crate) async fn json(status: u16, body: &Value) -> Self {
        Self::raw(answer(status, "application/json", body.to_string().as_bytes())).await
    }

    pub(crate) async fn problem(status: u16, code: &str, extra: Value) -> Self {
        let mut body = json!({"type": "about:blank", "title": "Some title", "status": status,
            "code": code, "detail": "Some detail"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        Self::raw(answer(status, "application/problem+json", body.to_string().as_bytes())).await
    }

    pub(crate) fn api(&self) -> HttpApi {
        api(&self.url)
    }

    pub(crate) fn request(&self) -> Request {
        self.requests.borrow().first().cloned().expect("one request")
    }
}

pub(crate) fn api(url: &str) -> HttpApi {
    HttpApi::new(url, Some(TOKEN.to_owned())).unwrap()
}

/// How long a hasty client waits.
pub(crate) const HASTE: Duration = Duration::from_secs(1);

pub(crate) fn hasty(url: &str) -> HttpApi {
    api(url).with_timeouts(Timeouts {
        connect: HASTE,
        silence: HASTE,
        publish: HASTE,
        events: HASTE,
    })
}

pub(crate) fn answer(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(crate) async fn read_request(socket: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let body = bytes.split_off(end);
    let head = String::from_utf8(bytes).unwrap();
    let mut request = Request { head, body };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    assert_eq!(request.header("transfer-encoding"), None, "sizes are known before");
    while request.body.len() < length {
        if socket.read_buf(&mut request.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(request)
}

/// Runs a test with servers on the same thread.
pub(crate) async fn with_servers<F: Future>(test: F) -> F::Output {
    tokio::task::LocalSet::new().run_until(test).await
}

#[track_caller]
pub(crate) fn is_unreachable<T: std::fmt::Debug>(result: Result<T, ApiError>) -> String {
    match result {
        Err(ApiError::Unreachable(why)) => {
            assert!(!why.contains(TOKEN), "{why}");
            why
        }
        other => panic!("not unreachable: {other:?}"),
    }
}
