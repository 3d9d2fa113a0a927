//! Packages and events: what takes longer than one answer.

use std::cell::Cell;
use std::time::Duration;

use futures_util::StreamExt;
use progy_api::problem::code;
use progy_client::api::{AccountApi, Api, ApiError};
use semver::Version;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::course;
use super::server::{HASTE, Server, Step, answer, api, hasty, is_unreachable, with_servers};

#[tokio::test]
async fn packages_are_written_in_pieces() {
    with_servers(async {
        let (course, version) = (course(), Version::new(1, 0, 0));
        let package: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        let server = Server::raw(answer(200, "application/zip", &package)).await;
        let mut out = Vec::new();
        server.api().package(&course, &version, &mut out).await.unwrap();
        assert!(out == package);

        let mut cut = answer(200, "application/zip", &package);
        cut.truncate(500_000);
        is_unreachable(
            Server::raw(cut).await.api().package(&course, &version, &mut Vec::new()).await,
        );
        let page = Server::raw(answer(200, "text/html; charset=utf-8", b"<html>")).await;
        is_unreachable(page.api().package(&course, &version, &mut Vec::new()).await);

        let mut full = std::io::Cursor::new([0_u8; 100]);
        let error = server.api().package(&course, &version, &mut full).await.unwrap_err();
        assert!(matches!(error, ApiError::Disk(_)), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn publishing_a_course() {
    with_servers(async {
        let at = tempfile::tempdir().unwrap();
        let file = at.path().join("course.progy");
        let package = vec![7; 1_000_000];
        std::fs::write(&file, &package).unwrap();
        let version = Version::new(1, 0, 0);
        let document =
            json!({"version": "1.0.0", "size": 1, "hash": "00", "files": 1, "published_at": 0});
        for (status, is_new) in [(201, true), (200, false)] {
            let server = Server::json(status, &document).await;
            let (published, new) = server.api().publish(&course(), &version, &file).await.unwrap();
            assert_eq!((published.version, new), (version.clone(), is_new));
            let request = server.request();
            assert_eq!(request.line(), "PUT /api/courses/@ana%2Fsql/versions/1.0.0 HTTP/1.1");
            assert_eq!(request.header("content-encoding"), None);
            assert!(request.body == package);
        }
        let missing =
            api("http://127.0.0.1:1").publish(&course(), &version, &at.path().join("x")).await;
        assert!(matches!(missing, Err(ApiError::Disk(_))));
    })
    .await;
}

#[tokio::test]
async fn a_refusal_of_an_upload_is_heard() {
    with_servers(async {
        let at = tempfile::tempdir().unwrap();
        let file = at.path().join("course.progy");
        std::fs::write(&file, vec![7; 30_000_000]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let body =
            json!({"type": "about:blank", "title": "T", "status": 403, "code": code::FORBIDDEN});
        let refusal = answer(403, "application/problem+json", body.to_string().as_bytes());
        // Answers as soon as it knows who is asking, and closes without having read the file.
        let server = async {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut head = vec![0; 4096];
                assert!(socket.read(&mut head).await.unwrap() > 0);
                socket.write_all(&refusal).await.unwrap();
            }
        };
        let (api, course, version) = (api(&url), course(), Version::new(1, 0, 0));
        let client = async {
            for _ in 0..50 {
                let error = api.publish(&course, &version, &file).await.unwrap_err();
                assert!(error.is(code::FORBIDDEN), "{error}");
            }
        };
        tokio::select! { () = client => {}, () = server => {} }
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_stands_still_is_given_up() {
    with_servers(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let at = tempfile::tempdir().unwrap();
        let file = at.path().join("course.progy");
        std::fs::write(&file, vec![7; 30_000_000]).unwrap();
        let (api, course, version) = (hasty(&url), course(), Version::new(1, 0, 0));
        // Reads slowly for longer than any wait may be, then not at all.
        let rounds = Cell::new(0);
        let server = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 1 << 20];
            while rounds.get() < 8 {
                tokio::time::sleep(HASTE / 4).await;
                socket.read_exact(&mut buffer).await.unwrap();
                rounds.set(rounds.get() + 1);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            result = api.publish(&course, &version, &file) => drop(is_unreachable(result)),
            () = server => {}
        }
        assert_eq!(rounds.get(), 8);
    })
    .await;
}

fn event_stream() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_vec()
}

fn head_event(message: &str) -> Vec<u8> {
    let head = json!({"id": "0123456789abcdef", "parent": null, "save": "0".repeat(32),
        "device": "desk", "message": message, "lesson": null, "saved_at": 0, "version": "1.0.0",
        "files_changed": 1, "bytes": 2});
    let data = json!({"course": "@ana/sql", "head": head});
    format!("event: head\ndata: {data}\n\n").into_bytes()
}

#[tokio::test]
async fn events_come_until_the_connection_ends() {
    with_servers(async {
        let alive = || [Step::Wait(HASTE / 2), Step::Send(b": alive\n\n".to_vec())];
        let mut steps = vec![Step::Send(event_stream()), Step::Send(head_event("one"))];
        // Signs of life keep it open for longer than silence may last.
        steps.extend([alive(), alive(), alive()].concat());
        let two = head_event("two");
        let (begin, end) = two.split_at(20);
        steps.push(Step::Send(b"event: other\ndata: {}\n\n".to_vec()));
        steps.extend([Step::Send(begin.to_vec()), Step::Wait(Duration::from_millis(50))]);
        steps.push(Step::Send(end.to_vec()));
        let server = Server::steps(steps).await;
        let events = hasty(&server.url).events(&course()).await.unwrap();
        let messages: Vec<String> = events.map(|event| event.unwrap().head.message).collect().await;
        assert_eq!(messages, ["one", "two"]);
        assert_eq!(server.request().header("accept"), Some("text/event-stream"));
    })
    .await;
}

#[tokio::test]
async fn a_silent_or_mad_stream_of_events_ends_with_an_error() {
    with_servers(async {
        let silent =
            vec![Step::Send(event_stream()), Step::Send(head_event("one")), Step::Wait(20 * HASTE)];
        let mad = vec![
            Step::Send(event_stream()),
            Step::Send(head_event("one")),
            Step::Send(b"event: head\ndata: {\"course\"\n\n".to_vec()),
        ];
        let endless = vec![
            Step::Send(event_stream()),
            Step::Send(head_event("one")),
            Step::Send(vec![b'x'; 1 << 20]),
        ];
        for steps in [silent, mad, endless] {
            let server = Server::steps(steps).await;
            let api = hasty(&server.url);
            let events: Vec<_> = api.events(&course()).await.unwrap().collect().await;
            let [Ok(_), Err(ApiError::Unreachable(_))] = &events[..] else { panic!("{events:?}") };
        }
        let page = Server::raw(answer(200, "text/html", b"<html>")).await;
        is_unreachable(page.api().events(&course()).await.map(drop));
        let refused = Server::problem(401, code::UNAUTHORIZED, json!({})).await;
        assert!(matches!(
            refused.api().events(&course()).await.map(drop),
            Err(ApiError::Unauthorized)
        ));
    })
    .await;
}
