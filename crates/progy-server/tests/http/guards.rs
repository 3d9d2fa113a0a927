//! Who is believed about where a request comes from, and how often it may come.

use hyper::Method;
use progy_api::account::session::Session;
use progy_server::config::Registration;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::server::Server;

impl Server {
    /// Behind a proxy on this machine, which writes `X-Forwarded-For`.
    async fn behind_a_proxy() -> Self {
        Self::start_with(|config| {
            config.url = Some("https://progy.example.org".to_owned());
            config.accounts.registration = Registration::Open;
            config.proxy.trusted = vec!["127.0.0.1".to_owned().try_into().unwrap()];
        })
        .await
    }

    /// Asks for a device's code, with this in `X-Forwarded-For`.
    fn code_for(&self, forwarded: &str) -> Request {
        let ask = json!({ "client_id": "progy-cli" });
        let request = self.request(Method::POST, "/api/auth/device/code");
        request.header("x-forwarded-for", forwarded).json(&ask)
    }
}

#[track_caller]
fn too_often(answer: &Answer) {
    answer.problem(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_proxy_of_ours_cannot_claim_another_address() {
    let server = Server::start().await;
    for n in 0..30 {
        assert_eq!(server.code_for(&format!("198.51.100.{n}")).send().await.status, 200);
    }
    too_often(&server.code_for("198.51.100.99").send().await);
    let other = server.code_for("198.51.100.98").header("forwarded", "for=198.51.100.97");
    too_often(&other.send().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_each_client_has_limits_of_its_own_whatever_it_claims() {
    let server = Server::behind_a_proxy().await;
    for n in 0..30 {
        // The client writes the first, the proxy the second.
        let forwarded = format!("198.51.100.{n}, 203.0.113.7");
        assert_eq!(server.code_for(&forwarded).send().await.status, 200);
    }
    too_often(&server.code_for("198.51.100.99, 203.0.113.7").send().await);
    // The header that our proxy does not write is not believed.
    let other = server.code_for("203.0.113.7").header("forwarded", "for=198.51.100.97");
    too_often(&other.send().await);
    assert_eq!(server.code_for("203.0.113.8").send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_address_is_written_down() {
    let server = Server::behind_a_proxy().await;
    let body = json!({ "name": "Ana", "email": "ana@example.org", "password": "correct horse" });
    let answer = server
        .post("/api/auth/sign-up/email")
        .header("x-forwarded-for", "10.1.1.1, 203.0.113.7")
        .json(&body)
        .send()
        .await;
    let token = answer.json::<Value>()["token"].as_str().unwrap().to_owned();
    let list = server.get("/api/auth/list-sessions").token(&token).send().await;
    let sessions: Vec<Session> = list.json();
    assert_eq!(sessions[0].ip_address.as_deref(), Some("203.0.113.7"));
    let database = Connection::open(server.config.data.join("progy.db")).unwrap();
    let seen: Vec<String> = database
        .prepare("SELECT DISTINCT ip_address FROM audit")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(seen, ["203.0.113.7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_over_https_is_told_to_stay_there() {
    const HSTS: &str = "strict-transport-security";
    let server = Server::behind_a_proxy().await;
    let at = |host: &str, path: &str| {
        let request = hyper::Request::builder().uri(path).header("host", host);
        Request::of(server.address, request).send()
    };
    for path in ["/healthz", "/nothing", "/api/courses"] {
        assert_eq!(at("progy.example.org", path).await.header(HSTS), "max-age=31536000");
    }
    assert_eq!(at("localhost:7764", "/healthz").await.header(HSTS), "", "others live there too");
    let plain = Server::start().await;
    let request = hyper::Request::builder().uri("/healthz").header("host", "progy.example.org");
    assert_eq!(Request::of(plain.address, request).send().await.header(HSTS), "");
}
