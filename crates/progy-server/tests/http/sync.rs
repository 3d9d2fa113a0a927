//! Saves over HTTP.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use progy_api::account::Role;
use progy_api::history::HeadEvent;
use progy_api::progress::ProgressDocument;
use progy_api::sync::SyncAnswer;

use crate::server::{EXERCISE, Server, save};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_save_again_is_the_same_revision() {
    let server = Server::start().await;
    let token = server.learner().await;
    let request = save(b"hello\n", None);
    let first: SyncAnswer = server.sync(&token, &request).await.json();
    let again: SyncAnswer = server.sync(&token, &request).await.json();
    assert_eq!(first.revision, again.revision);
    assert_eq!(first.head, again.head);

    let path = "/api/progress/intro";
    let standing: ProgressDocument = server.get(path).token(&token).send().await.json();
    assert_eq!(standing.head, first.revision);
    assert_eq!(standing.files[0].path.as_str(), EXERCISE);
    assert!(standing.base_known);
    let unknown =
        server.get("/api/progress/intro?base=0123456789abcdef").token(&token).send().await;
    assert!(!unknown.json::<ProgressDocument>().base_known);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_beside_the_head_is_told_where_the_head_is() {
    let server = Server::start().await;
    let token = server.learner().await;
    let first = server.save(&token, b"one\n", None).await;
    let second = server.save(&token, b"two\n", first.head.as_ref()).await;

    let late = server.sync(&token, &save(b"three\n", first.head.as_ref())).await;
    let moved = late.problem(409, "head_moved").moved.unwrap();
    assert_eq!(moved.head, second.revision);
    assert!(moved.parent_known);
    assert_eq!(moved.parent, first.head);

    let mut reused = save(b"two\n", first.head.as_ref());
    reused.save.as_mut().unwrap().message = "something else".to_owned();
    server.sync(&token, &reused).await.problem(409, "save_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_be_compressed() {
    let server = Server::start().await;
    let token = server.learner().await;
    let plain = serde_json::to_vec(&save(b"hello\n", None)).unwrap();
    let packed = zstd::encode_all(plain.as_slice(), 3).unwrap();
    let ask = || server.post("/api/sync").token(&token).header("content-type", "application/json");
    let answer = ask().header("content-encoding", "zstd").body(packed).send().await;
    assert!(answer.json::<SyncAnswer>().revision.is_some());
    ask()
        .header("content-encoding", "gzip")
        .body(plain.clone())
        .send()
        .await
        .problem(415, "unsupported_media_type");
    ask().header("content-encoding", "zstd").body(plain).send().await.problem(400, "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn learners_do_not_meet() {
    let server = Server::start().await;
    let ana = server.learner().await;
    let saved = server.save(&ana, b"mine\n", None).await;
    let bob = server.token("bob", Role::Learner).await;
    let rev = saved.head.unwrap();
    for path in ["/api/progress/intro".to_owned(), format!("/api/workspaces/intro/revisions/{rev}")]
    {
        let (theirs, nobodys) = (
            server.get(&path).token(&bob).send().await,
            server.get(&path.replace(rev.as_str(), "0123456789abcdef")).token(&bob).send().await,
        );
        assert_eq!(theirs.status, 404);
        assert_eq!(theirs.problem(404, &nobodys.problem(404, "no_progress").code).moved, None);
    }
}

/// Reads a stream of server-sent events.
struct Events(Incoming, String);

impl Events {
    async fn open(server: &Server, token: &str, course: &str) -> Self {
        let path = format!("/api/workspaces/{course}/events");
        let answer = server.get(&path).token(token).open().await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self(answer.into_body(), String::new())
    }

    /// The next event, or nothing at the end of the stream.
    async fn next(&mut self) -> Option<(String, HeadEvent)> {
        loop {
            if let Some(end) = self.1.find("\n\n") {
                let event: String = self.1.drain(..end + 2).collect();
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name).map(str::trim))
                };
                let Some(data) = field("data:") else { continue };
                assert_eq!(field("event:"), Some("head"));
                return Some((field("id:")?.to_owned(), serde_json::from_str(data).unwrap()));
            }
            let frame = tokio::time::timeout(Duration::from_secs(10), self.0.frame());
            let frame = frame.await.expect("an event")?.unwrap();
            self.1.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_of_the_head_and_then_of_each_new_one() {
    let server = Server::start().await;
    let token = server.learner().await;
    let mut early = Events::open(&server, &token, "intro").await;
    let first = server.save(&token, b"one\n", None).await;
    let (id, event) = early.next().await.unwrap();
    assert_eq!(Some(event.head), first.revision);
    assert_eq!(id, first.head.as_ref().unwrap().as_str());

    let mut late = Events::open(&server, &token, "intro").await;
    assert_eq!(Some(late.next().await.unwrap().1.head), first.revision);
    let second = server.save(&token, b"two\n", first.head.as_ref()).await;
    for events in [&mut early, &mut late] {
        assert_eq!(Some(events.next().await.unwrap().1.head), second.revision);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_end_when_the_server_stops() {
    let server = Server::start().await;
    let token = server.learner().await;
    let mut events = Events::open(&server, &token, "intro").await;
    let stopped = server.stop();
    assert!(events.next().await.is_none());
    stopped.over().await;
}
