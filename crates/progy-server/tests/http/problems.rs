//! Whatever goes wrong is a problem document with a stable code.

use hyper::Method;
use progy_api::account::Role;

use crate::client::raw;
use crate::server::{Server, save};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_route_is_a_problem() {
    let server = Server::start().await;
    for path in ["/index.html", "/api", "/api/nothing", "/api/courses/", "/healthz/x", "//"] {
        server.get(path).send().await.problem(404, "not_found");
    }
    for method in [Method::POST, Method::DELETE, Method::OPTIONS, Method::PATCH, Method::TRACE] {
        let answer = server.request(method, "/api/courses").send().await;
        answer.problem(405, "method_not_allowed");
        assert!(answer.header("allow").contains("GET"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_none_are_a_problem() {
    let server = Server::start().await;
    let token = server.token("ana", Role::Learner).await;
    for path in [
        "/api/courses/NOPE",
        "/api/courses/..%2F..%2Fetc",
        "/api/courses/%zz",
        "/api/courses/%ff%fe",
        "/api/courses/a%00b",
        "/api/courses/a%2Fb",
        "/api/courses/intro/versions/one",
        "/api/progress/intro?base=xyz",
        "/api/workspaces/intro/revisions?limit=many",
        "/api/workspaces/intro/revisions?limit=-1",
        "/api/workspaces/intro/revisions/..",
    ] {
        let answer = server.get(path).token(&token).send().await;
        assert!(answer.problem(400, "bad_request").detail.is_some(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_in_the_path_are_a_problem() {
    let server = Server::start().await;
    let answer =
        raw(server.address, b"GET /api/\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await;
    assert!(answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    let answer = raw(server.address, b"what is this\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_cannot_be_read_are_a_problem() {
    let server = Server::start().await;
    let token = server.token("ana", Role::Learner).await;
    let ask = |kind: &str, body: &[u8]| {
        server.post("/api/sync").token(&token).header("content-type", kind).body(body.to_vec())
    };
    for bad in [&b""[..], b"{", b"[]", b"{}", b"null", b"\xff\xfe", b"{\"course\":\"..\"}"] {
        ask("application/json", bad).send().await.problem(400, "bad_request");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        ask(kind, b"{}").send().await.problem(415, "unsupported_media_type");
    }
    let deep = "[".repeat(100_000);
    ask("application/json", deep.as_bytes()).send().await.problem(400, "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_of_a_newer_client_are_no_problem() {
    let server = Server::start().await;
    let token = server.learner().await;
    let mut request = serde_json::to_value(save(b"hello\n", None)).unwrap();
    request["from_the_future"] = true.into();
    assert_eq!(server.post("/api/sync").token(&token).json(&request).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_started_is_a_problem_of_its_own() {
    let server = Server::start().await;
    let token = server.learner().await;
    let ask = |path: &'static str| server.get(path).token(&token).send();
    ask("/api/progress/intro").await.problem(404, "no_progress");
    ask("/api/workspaces/intro/revisions").await.problem(404, "no_progress");
    let mut unknown = save(b"hello\n", None);
    unknown.version = semver::Version::new(9, 0, 0);
    server.sync(&token, &unknown).await.problem(404, "no_course");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_request_id_is_kept_if_it_is_one() {
    let server = Server::start().await;
    let ask = |id: &str| server.get("/nothing").header("x-request-id", id).send();
    let problem = ask("trace-7").await.problem(404, "not_found");
    assert_eq!(problem.request_id.as_deref(), Some("trace-7"));
    let problem = ask("<script>").await.problem(404, "not_found");
    assert_eq!(problem.request_id.unwrap().len(), 16);
}
