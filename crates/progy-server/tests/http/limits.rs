//! Too much, and too slow.

use std::time::{Duration, Instant};

use progy_api::account::Role;
use progy_api::limits::SYNC_BODY;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::raw;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_limits() {
    let server = Server::start().await;
    let token = server.token("ana", Role::Author).await;
    let sync = || server.post("/api/sync").token(&token).header("content-type", "application/json");
    sync().body(vec![b' '; SYNC_BODY + 1]).send().await.problem(413, "too_large");
    sync().body(vec![b' '; SYNC_BODY]).send().await.problem(400, "bad_request");
    let bomb = zstd::encode_all(vec![b' '; SYNC_BODY + 1].as_slice(), 3).unwrap();
    sync().header("content-encoding", "zstd").body(bomb).send().await.problem(413, "too_large");
    let wants = server.post("/api/workspaces/intro/contents").token(&token);
    let wants = wants.header("content-type", "application/json").body(vec![b' '; 2 << 20]);
    wants.send().await.problem(413, "too_large");
    let package = server.put("/api/courses/@ana%2Fbig/versions/1.0.0").token(&token);
    let package = package.body(vec![0; (100 << 20) + 1]);
    package.send().await.problem(413, "too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_length_has_limits_too() {
    let server = Server::start().await;
    let token = server.token("ana", Role::Author).await;
    let head = format!(
        "POST /api/workspaces/intro/contents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 65536, " ".repeat(65536));
    for _ in 0..32 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_a_refused_body_gets_to_read_why() {
    let server = Server::start().await;
    // Far more than the socket's buffers hold: the answer comes while the body is being sent.
    let body = vec![0; 50 << 20];
    let package = server.put("/api/courses/intro/versions/1.0.0").body(body.clone());
    package.send().await.problem(401, "unauthorized");
    server.post("/nothing").body(body).send().await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_headers_and_idle_connections_are_cut_off() {
    let server = Server::start_with(|config| {
        config.timeouts.idle = Duration::from_millis(300);
    })
    .await;
    let started = Instant::now();
    for half in ["", "GET /healthz HTTP/1.1\r\nhost:"] {
        assert_eq!(raw(server.address, half.as_bytes()).await, "");
    }
    let whole = raw(server.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(whole.starts_with("HTTP/1.1 200"), "{whole}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_arriving_is_given_up() {
    let server = Server::start_with(|config| {
        config.timeouts.stalled_body = Duration::from_millis(300);
    })
    .await;
    let token = server.token("ana", Role::Author).await;
    for target in ["POST /api/sync", "PUT /api/courses/@ana%2Fx/versions/1.0.0"] {
        let head = format!(
            "{target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{"
        );
        let answer = raw(server.address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("\"timeout\""), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_is_given_up() {
    let server = Server::start_with(|config| {
        config.timeouts.request = Duration::from_millis(500);
    })
    .await;
    let token = server.token("ana", Role::Author).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/sync HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    tokio::spawn(async move {
        while writer.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = vec![0; 12];
    let read = reader.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_over_the_limit_wait_for_their_turn() {
    let server = Server::start_with(|config| config.limits.connections = 1).await;
    let first = TcpStream::connect(server.address).await.unwrap();
    // Long enough for the server to accept it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut waiting = Box::pin(server.get("/healthz").send());
    let early = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err());
    drop(first);
    assert_eq!(waiting.await.status, 200);
}
