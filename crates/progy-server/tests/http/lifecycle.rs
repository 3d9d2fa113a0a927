//! How a server begins and ends.

use std::time::Duration;

use http_body_util::BodyExt;
use progy_api::account::Role;
use progy_server::{Config, ServerError, serve, serve_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::Request;
use crate::server::{Server, save};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_server_is_healthy_and_keeps_its_data_to_itself() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz"] {
        let health: serde_json::Value = server.get(path).send().await.json();
        assert_eq!(health["status"], "ok");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&server.config.data).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let server = Server::start().await;
    let token = server.learner().await;
    let saved = server.save(&token, b"hello\n", None).await;
    let folder = server.stop().over().await;

    let server = Server::start_with(|config| config.data = folder.path().join("data")).await;
    let again = server.sync(&token, &save(b"hello\n", None)).await;
    assert_eq!(again.json::<progy_api::sync::SyncAnswer>().revision, saved.revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_finished_before_the_server_ends() {
    let server = Server::start().await;
    let token = server.learner().await;
    let address = server.address;
    let body = serde_json::to_vec(&save(b"hello\n", None)).unwrap();
    let head = format!(
        "POST /api/sync HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (begin, end) = body.split_at(body.len() / 2);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(begin).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;

    let stopped = server.stop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(address).await.is_err(), "no new connections");
    assert!(!stopped.is_over());
    stream.write_all(end).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"));
    stopped.over().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        listen: "127.0.0.1:0".to_owned(),
        data: folder.path().join("data"),
        ..Config::default()
    };
    let (listening, address) = tokio::sync::oneshot::channel();
    let server = tokio::spawn(serve(config, move |address| listening.send(address).unwrap()));
    let address = address.await.unwrap();
    let healthy = Request::new(address, hyper::Method::GET, "/healthz").send().await;
    assert_eq!(healthy.status, 200);
    // The server of this test is the only one in this process that listens to signals.
    let own = std::process::id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &own]).status().unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(10), server).await;
    ended.expect("it stops").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_finishes_does_not_keep_the_server() {
    let server = Server::start_with(|config| {
        config.timeouts.shutdown = Duration::from_millis(300);
    })
    .await;
    let token = server.token("ana", Role::Learner).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/sync HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let stopped = server.stop();
    stopped.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_closed_at_the_end() {
    let server = Server::start().await;
    let answer = Request::new(server.address, hyper::Method::GET, "/healthz").open().await;
    let _read = answer.into_body().collect().await.unwrap();
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    idle.read_u8().await.unwrap();
    let stopped = server.stop();
    stopped.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_an_error_and_leaves_no_data() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        listen: server.address.to_string(),
        data: folder.path().join("data"),
        ..Config::default()
    };
    let second = serve_until(config.clone(), |_| {}, std::future::pending()).await;
    assert!(matches!(second, Err(ServerError::Listen { .. })), "{second:?}");
    assert!(!config.data.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::write(&data, "a file").unwrap();
    let config = Config { listen: "127.0.0.1:0".to_owned(), data, ..Config::default() };
    let refused = serve_until(config, |_| {}, std::future::pending()).await.unwrap_err();
    assert!(refused.to_string().contains("data"), "{refused}");
}
