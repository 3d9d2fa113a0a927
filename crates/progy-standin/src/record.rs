//! What was said, by whom, and what was answered.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use crate::Shared;

/// Bodies beyond this are cut in records.
const LONGEST: usize = 1 << 20;
/// The longest request body that is taken.
const LONGEST_REQUEST: usize = 1 << 20;

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path, as it was asked for.
    pub path: String,
    /// The query, empty if there is none.
    pub query: String,
    /// By lower-case names.
    pub headers: BTreeMap<String, String>,
    /// What was sent.
    pub body: String,
    /// The status of the answer.
    pub status: u16,
    /// Of the answer, by lower-case names.
    pub answer_headers: BTreeMap<String, String>,
    /// What was answered.
    pub answer: String,
    /// Whether the stand-in behaved as the real one does.
    pub described: bool,
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Middleware: keeps what is said.
pub(crate) async fn record(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let described = shared.world().mood.is_described();
    let keep_it = |exchange: Exchange| {
        // GitHub describes no answer that is lost.
        let described = described && exchange.status != 502;
        shared.exchanges().push(Exchange { described, ..exchange });
    };
    keep(request, next, keep_it).await
}

/// Passes a request on and gives it, with its answer, to `keep_it`.
pub(crate) async fn keep(
    request: Request,
    next: Next,
    keep_it: impl FnOnce(Exchange) + Send,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_REQUEST).await.unwrap_or_default();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    let (answered, answer) = response.into_parts();
    let answer = to_bytes(answer, usize::MAX).await.unwrap_or_default();
    keep_it(Exchange {
        method: asked.method.to_string(),
        path: asked.uri.path().to_owned(),
        query: asked.uri.query().unwrap_or_default().to_owned(),
        headers: texts(&asked.headers),
        body: text(&body),
        status: answered.status.as_u16(),
        answer_headers: texts(&answered.headers),
        answer: text(&answer),
        described: true,
    });
    Response::from_parts(answered, Body::from(answer))
}

fn texts(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..LONGEST).unwrap_or(body)).into_owned()
}

/// Writes one JSON document a line into a new file of `folder`.
pub(crate) fn write(folder: &Path, port: u16, exchanges: &[Exchange]) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    fs::create_dir_all(folder)?;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{}-{port}-{number}.jsonl", std::process::id());
    let mut file = fs::File::create(folder.join(name))?;
    for exchange in exchanges {
        serde_json::to_writer(&mut file, exchange)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}
