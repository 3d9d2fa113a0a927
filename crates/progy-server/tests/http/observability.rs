//! What those see who run the server.

use crate::log;
use crate::server::{Server, save};

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_requests_and_no_secrets() {
    let server = Server::start().await;
    let token = server.learner().await;
    server.sync(&token, &save(b"a secret of the learner\n", None)).await;
    let path = format!("/api/progress/intro?token={token}");
    server.get(&path).token(&token).header("x-request-id", "trace-1").send().await;
    server.get("/api/courses").token("progy_wrong").send().await.problem(401, "unauthorized");
    server.stop().over().await;

    let text = log::text();
    for secret in [token.as_str(), "progy_wrong", "a secret", "token="] {
        assert!(!text.contains(secret), "{secret}");
    }
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let answered: Vec<_> = lines
        .filter(|line| line["message"] == "answered" && line["span"]["id"] == "trace-1")
        .collect();
    assert_eq!(answered.len(), 1, "{text}");
    let line = &answered[0];
    assert_eq!((&line["level"], &line["status"]), (&"INFO".into(), &200.into()));
    assert_eq!(line["span"]["path"], "/api/progress/intro");
    assert_eq!((&line["span"]["method"], &line["span"]["user"]), (&"GET".into(), &"ana".into()));
}

/// The sum of all series that have all of these in their names.
fn value(metrics: &str, parts: &[&str]) -> f64 {
    let series = metrics.lines().filter_map(|line| line.rsplit_once(' '));
    series
        .filter(|(name, _)| !name.starts_with('#') && parts.iter().all(|part| name.contains(part)))
        .map(|(_, value)| value.parse::<f64>().unwrap())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_count_requests_saves_and_conflicts() {
    let server = Server::start().await;
    let token = server.learner().await;
    let before = server.get("/metrics").send().await.text().to_owned();
    let first = server.save(&token, b"one\n", None).await;
    server.save(&token, b"two\n", first.head.as_ref()).await;
    server.sync(&token, &save(b"three\n", first.head.as_ref())).await.problem(409, "head_moved");
    for path in ["/api/courses/one", "/api/courses/two", "/nothing/one", "/nothing/two"] {
        server.get(path).token(&token).send().await;
    }
    let answer = server.get("/metrics").send().await;
    assert!(answer.header("content-type").starts_with("text/plain"));
    let after = answer.text();

    // Other tests of this process count as well.
    let grown = |parts: &[&str]| value(after, parts) - value(&before, parts);
    assert!(grown(&["progy_saves_total", "strategy=\"patch\""]) >= 2.0, "{after}");
    assert!(grown(&["progy_conflicts_total", "strategy=\"patch\""]) >= 1.0);
    let sync = ["progy_http_requests_total", "route=\"/api/sync\"", "method=\"POST\""];
    assert!(grown(&[&sync[..], &["status=\"200\""]].concat()) >= 2.0);
    assert!(grown(&[&sync[..], &["status=\"409\""]].concat()) >= 1.0);
    assert!(grown(&["progy_http_requests_total", "route=\"unmatched\"", "status=\"404\""]) >= 2.0);
    assert!(grown(&["progy_http_received_bytes_total", "route=\"/api/sync\""]) > 100.0);
    assert!(grown(&["progy_http_sent_bytes_total", "route=\"/api/sync\""]) > 100.0);
    assert!(grown(&["progy_http_request_seconds_bucket", "/api/sync", "+Inf"]) >= 1.0);
    assert!(!after.contains("/nothing") && !after.contains("courses/one"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served() {
    let server = Server::start().await;
    let answer = server.get("/api/openapi.json").send().await;
    assert_eq!(answer.header("content-type"), "application/json");
    let document: serde_json::Value = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    assert!(document["paths"]["/api/sync"]["post"]["responses"]["409"].is_object());
}
