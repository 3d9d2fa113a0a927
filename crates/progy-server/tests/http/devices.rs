//! Logging a device in over HTTP (RFC 8628).

use hyper::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::server::Server;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl Server {
    async fn code(&self) -> Value {
        let body = json!({ "client_id": "progy-cli", "scope": "sync", "device_name": "laptop" });
        let answer = self.post("/api/auth/device/code").json(&body).send().await;
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.json()
    }

    async fn poll(&self, code: &Value) -> Answer {
        let body = json!({ "grant_type": GRANT, "client_id": "progy-cli",
            "device_code": code["device_code"] });
        self.post("/api/auth/device/token").json(&body).send().await
    }

    fn device(&self, method: Method, rest: &str) -> Request {
        self.request(method, &format!("/api/auth/device{rest}"))
    }

    /// A session's token of a new person.
    async fn person(&self, name: &str) -> String {
        self.sign_up(name).await.json::<Value>()["token"].as_str().unwrap().to_owned()
    }
}

/// An error in OAuth's form, and in no other.
#[track_caller]
fn oauth(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["error", "error_description"]);
    assert!(!body["error_description"].as_str().unwrap().is_empty());
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_gets_a_session_once_its_person_approves() {
    let server = Server::start().await;
    let ana = server.person("ana").await;
    let code = server.code().await;
    assert_eq!((&code["interval"], &code["expires_in"]), (&json!(5), &json!(900)));
    let user_code = code["user_code"].as_str().unwrap();
    let uri = format!("http://{}/device", server.address);
    assert_eq!(code["verification_uri"], uri);
    assert_eq!(code["verification_uri_complete"], format!("{uri}?user_code={user_code}"));
    assert_eq!(oauth(&server.poll(&code).await, 400), "authorization_pending");
    assert_eq!(oauth(&server.poll(&code).await, 400), "slow_down");

    let query = format!("?user_code={user_code}");
    let stranger: Value = server.device(Method::GET, &query).send().await.json();
    assert_eq!(stranger, json!({ "user_code": user_code, "status": "pending" }));
    let decision = json!({ "userCode": user_code });
    let approve = || server.device(Method::POST, "/approve").json(&decision);
    assert_eq!(oauth(&approve().send().await, 401), "unauthorized");
    assert_eq!(oauth(&approve().token(&ana).send().await, 400), "invalid_request");
    let claimed: Value = server.device(Method::GET, &query).token(&ana).send().await.json();
    assert_eq!((&claimed["client_id"], &claimed["scope"]), (&json!("progy-cli"), &json!("sync")));
    assert_eq!(
        (&claimed["device_name"], &claimed["ip_address"]),
        (&json!("laptop"), &json!("127.0.0.1"))
    );
    let bia = server.person("bia").await;
    assert_eq!(oauth(&approve().token(&bia).send().await, 403), "access_denied");
    let done = approve().token(&ana).send().await;
    assert_eq!(done.json::<Value>(), json!({ "success": true }));
    assert_eq!(oauth(&approve().token(&ana).send().await, 400), "invalid_request");

    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let token: Value = server.poll(&code).await.json();
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(604_800)));
    let token = token["access_token"].as_str().unwrap();
    let who: Value = server.get("/api/auth/get-session").token(token).send().await.json();
    assert_eq!(
        (&who["user"]["username"], &who["session"]["deviceName"]),
        (&json!("ana"), &json!("laptop"))
    );
    assert_eq!(oauth(&server.poll(&code).await, 400), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_device_hears_it() {
    let server = Server::start().await;
    let ana = server.person("ana").await;
    let code = server.code().await;
    let user_code = code["user_code"].as_str().unwrap();
    let query = format!("?user_code={user_code}");
    server.device(Method::GET, &query).token(&ana).send().await.json::<Value>();
    let deny = server.device(Method::POST, "/deny").token(&ana);
    let denied = deny.json(&json!({ "userCode": user_code })).send().await;
    assert_eq!(denied.json::<Value>(), json!({ "success": true }));
    let seen: Value = server.device(Method::GET, &query).send().await.json();
    assert_eq!(seen["status"], "denied");
    assert_eq!(oauth(&server.poll(&code).await, 400), "access_denied");
    assert_eq!(oauth(&server.device(Method::GET, &query).send().await, 400), "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_are_taken_as_the_rfc_asks() {
    let server = Server::start().await;
    let form = |rest: &str, body: &str| {
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        let body = body.to_owned();
        server.device(Method::POST, rest).header("content-type", kind).body(body).send()
    };
    let code: Value = form("/code", "client_id=progy-cli&scope=sync+publish").await.json();
    let secret = code["device_code"].as_str().unwrap();
    let whole = format!("grant_type={GRANT}&client_id=progy-cli&device_code={secret}");
    assert_eq!(oauth(&form("/token", &whole).await, 400), "authorization_pending");
    let twice = format!("{whole}&client_id=another");
    for bad in ["", "client_id=", "client_id=a&client_id=b", "%ff=%"] {
        assert_eq!(oauth(&form("/code", bad).await, 400), "invalid_request", "{bad}");
    }
    for bad in ["", "client_id=progy-cli", &twice] {
        assert_eq!(oauth(&form("/token", bad).await, 400), "invalid_request", "{bad}");
    }
    let other = whole.replace("client_id=progy-cli", "client_id=another");
    assert_eq!(oauth(&form("/token", &other).await, 400), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_an_invalid_request() {
    let server = Server::start().await;
    let ana = server.person("ana").await;
    for rest in ["/code", "/token", "/approve", "/deny"] {
        for body in ["", "{", "[1]", "7", "{\"client_id\":7,\"userCode\":7}"] {
            let request = server.device(Method::POST, rest).token(&ana);
            let request = request.header("content-type", "application/json").body(body.to_owned());
            assert_eq!(oauth(&request.send().await, 400), "invalid_request", "{rest} {body}");
        }
        let text = server.device(Method::POST, rest).token(&ana).body("client_id=x").send().await;
        assert_eq!(oauth(&text, 400), "invalid_request");
    }
    assert_eq!(oauth(&server.device(Method::GET, "").send().await, 400), "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn user_codes_cannot_be_guessed_at() {
    let server = Server::start().await;
    let guess = || server.device(Method::GET, "?user_code=BCDFGHJK").send();
    for _ in 0..60 {
        assert_eq!(oauth(&guess().await, 400), "invalid_request");
    }
    guess().await.problem(429, "rate_limited");
}
