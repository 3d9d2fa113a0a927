//! The HTTP client against servers that behave, and servers that do not.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails fails the test")]

#[path = "http/server.rs"]
mod server;
#[path = "http/transfers.rs"]
mod transfers;

use progy_api::account::Role;
use progy_api::delta::Base64;
use progy_api::history::{ContentsRequest, Want};
use progy_api::problem::code;
use progy_api::snapshot::{BlobsRequest, HaveRequest};
use progy_client::api::http::{HttpApi, HttpError, Poll};
use progy_client::api::{AccountApi, Api, ApiError, SnapshotApi};
use progy_core::{ContentHash, CourseId, RevisionId};
use semver::Version;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use server::{HASTE, Server, Step, TOKEN, answer, api, hasty, is_unreachable, with_servers};

fn course() -> CourseId {
    CourseId::new("@ana/sql").unwrap()
}

fn revision() -> RevisionId {
    RevisionId::new("0123456789abcdef").unwrap()
}

fn wants(count: u32) -> ContentsRequest {
    let want = |n: u32| Want { hash: ContentHash::blake3(&n.to_le_bytes()), have: None };
    ContentsRequest { version: Version::new(1, 0, 0), wants: (0..count).map(want).collect() }
}

#[tokio::test]
async fn what_every_request_carries() {
    with_servers(async {
        let server = Server::json(200, &json!({"courses": []})).await;
        assert_eq!(server.api().courses().await.unwrap().courses, []);
        let request = server.request();
        assert_eq!(request.line(), "GET /api/courses HTTP/1.1");
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(request.header("progy-protocol"), Some("1"));
        assert_eq!(
            request.header("user-agent"),
            Some(concat!("progy/", env!("CARGO_PKG_VERSION")))
        );

        let stranger = HttpApi::new(&server.url, None).unwrap();
        stranger.courses().await.unwrap();
        assert_eq!(server.requests.borrow()[1].header("authorization"), None);
    })
    .await;
}

#[tokio::test]
async fn routes() {
    with_servers(async {
        let server = Server::problem(404, code::NO_COURSE, json!({})).await;
        let api = HttpApi::new(&format!("{}/base/", server.url), None).unwrap();
        let (course, rev, version) =
            (course(), revision(), Version::parse("1.0.0-rc.1+b").unwrap());
        let _ = api.progress(&course, None).await;
        let _ = api.progress(&course, Some(&rev)).await;
        let _ = api.contents(&course, &wants(1)).await;
        let _ = api.revisions(&course, Some(&rev), 20).await;
        let _ = api.revision(&course, &rev).await;
        let _ = api.course(&course).await;
        let _ = api.package(&course, &version, &mut Vec::new()).await;
        let _ = api.whoami().await;
        let _ = api.events(&course).await;
        let (names, hash) = (Base64(vec![7; 32]), ContentHash::blake3(b"a pack"));
        let have = HaveRequest { version: version.clone(), names: names.clone() };
        let _ = api.have(&course, &have).await;
        let _ = api.blobs(&course, &BlobsRequest { version, names, deep: true, known: None }).await;
        let _ = api.put_pack(&course, &hash, b"a pack".to_vec()).await;
        let pack = format!("PUT /base/api/snapshots/@ana%2Fsql/packs/{hash}");
        let lines: Vec<String> =
            server.requests.borrow().iter().map(|request| request.line().to_owned()).collect();
        let expected = [
            "GET /base/api/progress/@ana%2Fsql?files=none",
            "GET /base/api/progress/@ana%2Fsql?files=none&base=0123456789abcdef",
            "POST /base/api/workspaces/@ana%2Fsql/contents",
            "GET /base/api/workspaces/@ana%2Fsql/revisions?limit=20&before=0123456789abcdef",
            "GET /base/api/workspaces/@ana%2Fsql/revisions/0123456789abcdef?files=none",
            "GET /base/api/courses/@ana%2Fsql",
            "GET /base/api/courses/@ana%2Fsql/versions/1.0.0-rc.1+b",
            "GET /base/api/auth/get-session",
            "GET /base/api/workspaces/@ana%2Fsql/events",
            "POST /base/api/snapshots/@ana%2Fsql/have",
            "POST /base/api/snapshots/@ana%2Fsql/blobs",
            pack.as_str(),
        ];
        assert_eq!(lines, expected.map(|line| format!("{line} HTTP/1.1")));
    })
    .await;
}

#[tokio::test]
async fn who_is_asking() {
    with_servers(async {
        let at = "2026-11-23T08:05:00.000Z";
        let user = json!({"id": "1", "username": "ana", "name": "Ana", "role": "author",
            "createdAt": at, "updatedAt": at, "more": 1});
        let server = Server::json(200, &json!({"user": user, "session": {}})).await;
        assert_eq!(server.api().whoami().await.unwrap().role, Role::Author);
        let server = Server::json(200, &Value::Null).await;
        assert!(matches!(server.api().whoami().await, Err(ApiError::Unauthorized)));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    with_servers(async {
        let course = course();
        let missing = |code| Server::problem(404, code, json!({}));
        let api = missing(code::NO_PROGRESS).await.api();
        assert_eq!(api.progress(&course, None).await.unwrap(), None);
        let api = missing(code::NO_REVISION).await.api();
        assert_eq!(api.revision(&course, &revision()).await.unwrap(), None);
        let api = missing(code::NO_COURSE).await.api();
        assert_eq!(api.course(&course).await.unwrap(), None);
        assert!(api.courses().await.unwrap_err().is(code::NO_COURSE));
        let api = missing(code::NOT_FOUND).await.api();
        assert!(api.course(&course).await.unwrap_err().is(code::NOT_FOUND), "a wrong route");
    })
    .await;
}

#[tokio::test]
async fn refusals() {
    with_servers(async {
        let refused = |status, code, extra| async move {
            Server::problem(status, code, extra)
                .await
                .api()
                .contents(&course(), &wants(1))
                .await
                .unwrap_err()
        };
        let error = refused(401, code::UNAUTHORIZED, json!({})).await;
        assert!(matches!(error, ApiError::Unauthorized));
        let moved = json!({"moved": {"head": null, "parent_known": false, "parent": null}});
        let ApiError::HeadMoved(moved) = refused(409, code::HEAD_MOVED, moved).await else {
            panic!()
        };
        assert!(!moved.parent_known);
        let error = refused(409, code::SAVE_REUSED, json!({})).await;
        assert!(error.is(code::SAVE_REUSED) && error.to_string() == "Some detail");
        let error = refused(507, code::QUOTA_EXCEEDED, json!({"detail": null})).await;
        assert!(error.is(code::QUOTA_EXCEEDED) && error.to_string() == "Some title");
        assert!(refused(500, code::INTERNAL, json!({})).await.is(code::INTERNAL));
        for status in [408, 429, 502, 503, 504] {
            let why =
                is_unreachable(Err::<(), _>(refused(status, code::UNAVAILABLE, json!({})).await));
            assert!(why.contains("Some detail"));
        }
    })
    .await;
}

#[tokio::test]
async fn words_of_a_server_are_harmless() {
    with_servers(async {
        let detail = format!("a\u{1b}[2J\r\nb {TOKEN} {}", "x".repeat(100_000));
        let server = Server::problem(403, code::FORBIDDEN, json!({"detail": detail})).await;
        let error = server.api().courses().await.unwrap_err().to_string();
        assert!(error.starts_with("a [2J  b … xxx"), "{error}");
        assert!(error.len() < 2000);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_answer_of_progy_counts_as_none() {
    with_servers(async {
        let page = b"<html>Welcome to the hotel</html>";
        let list = json!({"courses": []}).to_string();
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
        let endless = format!("{head}transfer-encoding: chunked\r\n\r\nffffffffffffffff0\r\nx");
        for bytes in [
            answer(200, "text/html", page),
            answer(404, "text/html", page),
            answer(403, "text/html", page),
            answer(500, "text/plain", b""),
            answer(200, "application/json", b""),
            answer(200, "application/json", b"{\"courses\": 7}"),
            answer(200, "application/json", "[".repeat(100_000).as_bytes()),
            answer(200, "application/json", b"\xff\xfe"),
            // Cut off: with a length, in chunks, and without either.
            format!("{head}content-length: 100\r\n\r\n{list}").into(),
            format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n{{\"cou").into(),
            format!("{head}\r\n{}", &list[..9]).into(),
            endless.into(),
            b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
            b"SSH-2.0-OpenSSH_9\r\n".to_vec(),
            b"\0\0\0\0\0\0\0\0\r\n\r\n".to_vec(),
            Vec::new(),
        ] {
            let server = Server::raw(bytes).await;
            is_unreachable(server.api().courses().await);
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_there() {
    with_servers(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let why = is_unreachable(api(&url).courses().await);
        assert!(why.starts_with(&url) && why.contains("refused"), "{why}");
        is_unreachable(hasty("http://no-such-host.invalid").courses().await);
        is_unreachable(hasty("https://127.0.0.1:1").courses().await);
    })
    .await;
}

#[tokio::test]
async fn silence_has_an_end_and_slowness_none() {
    with_servers(async {
        let list = answer(200, "application/json", json!({"courses": []}).to_string().as_bytes());
        let end = list.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let (head, body) = list.split_at(end);
        // A good answer, but too late.
        let late = Step::Wait(20 * HASTE);
        for begun in [0, end] {
            let (now, then) = list.split_at(begun);
            let steps = [Step::Send(now.to_vec()), late.clone(), Step::Send(then.to_vec())];
            let server = Server::steps(steps.to_vec()).await;
            is_unreachable(hasty(&server.url).courses().await);
        }
        // Longer together than any single wait may be.
        let mut slow = vec![Step::Send(head.to_vec())];
        for piece in body.chunks(2) {
            slow.extend([Step::Wait(HASTE / 4), Step::Send(piece.to_vec())]);
        }
        assert!(slow.len() > 2 * 4);
        let server = Server::steps(slow).await;
        hasty(&server.url).courses().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn large_bodies_are_compressed() {
    with_servers(async {
        let server = Server::json(200, &json!({"contents": []})).await;
        for count in [1, 100, 50_000] {
            let request = wants(count);
            server.api().contents(&course(), &request).await.unwrap();
            let received = server.requests.borrow_mut().pop().unwrap();
            let plain = serde_json::to_vec(&request).unwrap().len();
            let expected = (plain > 4096).then_some("zstd");
            assert_eq!(received.header("content-encoding"), expected, "{plain} bytes");
            assert_eq!(received.header("content-type"), Some("application/json"));
            assert_eq!(received.json(), serde_json::to_value(&request).unwrap());
        }
    })
    .await;
}

#[tokio::test]
async fn redirections_are_not_followed() {
    with_servers(async {
        let other = Server::json(200, &json!({"courses": []})).await;
        let target = format!("{}/api/courses", other.url);
        for status in [301, 302, 303, 307, 308] {
            let head = format!(
                "HTTP/1.1 {status} X\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let why = is_unreachable(Server::raw(head).await.api().courses().await);
            assert!(why.contains(&other.url), "{why}");
        }
        assert!(other.requests.borrow().is_empty());
    })
    .await;
}

#[test]
fn secrets_are_not_shown() {
    let api = api("http://127.0.0.1:1");
    assert!(!format!("{api:?}").contains(TOKEN));
    let error = HttpApi::new("http://x", Some(format!("{TOKEN}\n"))).unwrap_err();
    assert!(matches!(error, HttpError::Token));
    assert!(!format!("{error} {error:?}").contains(TOKEN));
    assert!(matches!(HttpApi::new("x", None), Err(HttpError::Address(_))));
}

#[tokio::test]
async fn a_device_polls_for_its_token() {
    with_servers(async {
        let poll = async |status: u16, body: Value| {
            let server = Server::json(status, &body).await;
            let poll = server.api().device_token("secret").await;
            assert_eq!(server.request().line(), "POST /api/auth/device/token HTTP/1.1");
            assert_eq!(server.request().json()["device_code"], "secret");
            poll
        };
        let refused = |error: &str| json!({"error": error, "error_description": "…"});
        for (error, expected) in [
            ("authorization_pending", Poll::Pending),
            ("slow_down", Poll::SlowDown),
            ("access_denied", Poll::Denied),
            ("expired_token", Poll::Expired),
            ("invalid_grant", Poll::Expired),
        ] {
            assert_eq!(poll(400, refused(error)).await.unwrap(), expected);
        }
        let granted =
            json!({"access_token": "t", "token_type": "Bearer", "expires_in": 9, "scope": ""});
        assert_eq!(poll(200, granted).await.unwrap(), Poll::Granted("t".to_owned()));
        for (status, body) in [(400, refused("odd")), (400, Value::Null), (200, Value::Null)] {
            is_unreachable(poll(status, body).await);
        }
        is_unreachable(poll(503, json!({"title": "x"})).await);
    })
    .await;
}
