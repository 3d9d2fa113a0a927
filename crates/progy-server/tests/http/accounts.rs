//! Signing up, in and out over HTTP, as Better Auth's client does it.

use hyper::header::{AUTHORIZATION, SET_COOKIE};
use progy_api::account::{Role, Scopes};
use progy_server::admin;
use progy_server::config::Registration;
use progy_server::services::accounts::tokens::TokenWish;
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::server::{Server, package};

const COOKIE: &str = "better-auth.session_token";

/// What the browser keeps of an answer.
fn cookie(answer: &Answer) -> Option<String> {
    let set = answer.headers.get(SET_COOKIE)?.to_str().unwrap();
    Some(set.split(';').next().unwrap().to_owned())
}

impl Server {
    /// As a page of the server sends it.
    pub(crate) fn as_page(&self, path: &str, body: &Value) -> Request {
        self.post(path).header("origin", &format!("http://{}", self.address)).json(body)
    }

    pub(crate) async fn sign_up(&self, name: &str) -> Answer {
        let email = format!("{name}@example.org");
        let body = json!({ "name": name, "email": email, "password": "correct horse" });
        self.as_page("/api/auth/sign-up/email", &body).send().await
    }

    async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.as_page("/api/auth/sign-in/email", &body).send().await
    }

    /// Who a cookie belongs to.
    async fn who(&self, cookie: &str) -> Value {
        self.get("/api/auth/get-session").header("cookie", cookie).send().await.json()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_registers_signs_in_and_out() {
    let server = Server::start().await;
    let answer = server.sign_up("Ana").await;
    let body: Value = answer.json();
    let token = body["token"].as_str().unwrap();
    assert_eq!(body["user"]["username"], "ana");
    assert_eq!(body["user"]["email"], "ana@example.org");
    assert_eq!(
        (&body["user"]["emailVerified"], &body["user"]["image"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(answer.header("set-auth-token"), token);
    let set = answer.header("set-cookie");
    let expected = format!("{COOKIE}={token}; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(set, expected);

    let registered = cookie(&answer).unwrap();
    let who = server.who(&registered).await;
    assert_eq!(who["user"], body["user"]);
    assert_eq!(who["session"]["userId"], body["user"]["id"]);
    assert!(who["session"]["expiresAt"].as_str().unwrap().ends_with('Z'));
    assert_ne!(who["session"]["token"], token, "a script cannot read what logs in");

    let again = server.sign_in("ANA@example.org", "correct horse").await;
    assert_eq!(again.json::<Value>()["redirect"], false);
    let signed_in = cookie(&again).unwrap();
    assert_ne!(signed_in, registered);

    let out = || server.as_page("/api/auth/sign-out", &json!({}));
    let done = out().header("cookie", &signed_in).send().await;
    assert_eq!(done.json::<Value>(), json!({ "success": true }));
    assert!(done.header("set-cookie").starts_with(&format!("{COOKIE}=; Max-Age=0;")));
    assert_eq!(server.who(&signed_in).await, Value::Null);
    assert_ne!(server.who(&registered).await, Value::Null);
    let nobody = out().header("cookie", &signed_in).send().await;
    assert_eq!(nobody.json::<Value>(), json!({ "success": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_replaces_what_the_browser_carried() {
    let server = Server::start().await;
    let first = cookie(&server.sign_up("ana").await).unwrap();
    let body =
        json!({ "email": "ana@example.org", "password": "correct horse", "rememberMe": false });
    let again = server.as_page("/api/auth/sign-in/email", &body).header("cookie", &first);
    let again = again.send().await;
    assert!(!again.header("set-cookie").contains("Max-Age"), "until the browser is closed");
    assert_eq!(server.who(&first).await, Value::Null);
    let again = cookie(&again).unwrap();
    assert_ne!(server.who(&again).await, Value::Null);
    let bia = json!({ "name": "bia", "email": "bia@example.org", "password": "correct horse" });
    let bia = server.as_page("/api/auth/sign-up/email", &bia).header("cookie", &again).send().await;
    assert_eq!(server.who(&again).await, Value::Null, "by registering as well");
    assert_eq!(server.who(&cookie(&bia).unwrap()).await["user"]["username"], "bia");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_better_auth_says_in_a_problem_document() {
    let server = Server::start().await;
    server.sign_up("ana").await;
    let wrong = server.sign_in("ana@example.org", "wrong horse").await;
    let unknown = server.sign_in("nobody@example.org", "wrong horse").await;
    for answer in [&wrong, &unknown] {
        let problem = answer.problem(401, "INVALID_EMAIL_OR_PASSWORD");
        assert_eq!(problem.message.as_deref(), Some("Invalid email or password"));
        assert!(answer.headers.get(SET_COOKIE).is_none());
    }
    let taken = server.sign_up("ana").await;
    taken.problem(422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL");
    let path = "/api/auth/sign-up/email";
    for body in [&b"{"[..], b"[]", b"{\"email\":\"a@b.c\"}", b"\xff"] {
        let bad = server.post(path).header("content-type", "application/json").body(body.to_vec());
        bad.send().await.problem(400, "VALIDATION_ERROR");
    }
    server.post(path).body("name=x").send().await.problem(400, "VALIDATION_ERROR");
    let long = vec![b' '; 20_000];
    let long = server.post(path).header("content-type", "application/json").body(long);
    long.send().await.problem(413, "too_large");
    let form = "email=ana%40example.org&password=correct+horse";
    let form = server
        .post("/api/auth/sign-in/email")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    assert_eq!(form.send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_cannot_be_guessed_at() {
    let server = Server::start().await;
    server.sign_up("ana").await;
    let mut refused = 0;
    let limited = loop {
        let answer = server.sign_in("ana@example.org", "wrong horse").await;
        if answer.status == 429 {
            break answer;
        }
        refused += 1;
    };
    assert_eq!(refused, 10);
    limited.problem(429, "rate_limited");
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(limited.header("x-retry-after"), limited.header("retry-after"));
    // Also with the right password, and from nowhere else.
    server.sign_in("ana@example.org", "correct horse").await.problem(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_used_by_our_pages_only() {
    let server = Server::start().await;
    let ana = cookie(&server.sign_up("ana").await).unwrap();
    let out = || server.post("/api/auth/sign-out").header("cookie", &ana).json(&json!({}));
    out().send().await.problem(403, "MISSING_OR_NULL_ORIGIN");
    out().header("origin", "null").send().await.problem(403, "MISSING_OR_NULL_ORIGIN");
    out().header("origin", "https://evil.test").send().await.problem(403, "INVALID_ORIGIN");
    let sync = server.post("/api/sync").header("cookie", &ana).header("origin", "http://evil.test");
    sync.json(&json!({})).send().await.problem(403, "INVALID_ORIGIN");
    // Nor can another site sign a browser into its own account.
    let body = json!({ "email": "ana@example.org", "password": "correct horse" });
    let foreign = server.post("/api/auth/sign-in/email").header("origin", "https://evil.test");
    foreign.json(&body).send().await.problem(403, "INVALID_ORIGIN");
    assert_ne!(server.who(&ana).await, Value::Null);
    // A page of ours may use all of the API with it.
    let courses = server.get("/api/courses").header("cookie", &ana).send().await;
    assert_eq!(courses.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_https_the_cookie_is_for_https() {
    let server = Server::start_with(|config| {
        config.url = Some("https://progy.example.org".into());
        config.accounts.registration = Registration::Open;
    })
    .await;
    let body = json!({ "name": "Ana", "email": "ana@example.org", "password": "correct horse" });
    let sign_up = |origin: &str| server.post("/api/auth/sign-up/email").header("origin", origin);
    let own = format!("http://{}", server.address);
    sign_up(&own).json(&body).send().await.problem(403, "INVALID_ORIGIN");
    let answer = sign_up("https://progy.example.org").json(&body).send().await;
    let set = answer.header("set-cookie");
    assert!(
        set.starts_with("__Secure-better-auth.session_token=") && set.ends_with("; Secure"),
        "{set}"
    );
    let code: Value =
        server.post("/api/auth/device/code").json(&json!({ "client_id": "x" })).send().await.json();
    assert_eq!(code["verification_uri"], "https://progy.example.org/device");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_through_a_proxy_needs_an_invitation() {
    let server = Server::start().await;
    let body = |invite: Option<&str>| {
        json!({ "name": "Ana", "email": "ana@example.org", "password": "correct horse",
            "invite": invite })
    };
    let sign_up = |invite: Option<&str>| {
        let request = server.as_page("/api/auth/sign-up/email", &body(invite));
        request.header("x-forwarded-for", "192.0.2.1").send()
    };
    let closed = sign_up(None).await;
    closed.problem(400, "EMAIL_PASSWORD_SIGN_UP_DISABLED");
    sign_up(Some("progyi_guess")).await.problem(400, "INVALID_INVITE");
    let invite = progy_server::admin::invite(&server.config, Role::Author, None, None).await;
    let invite = invite.unwrap();
    let answer: Value = sign_up(Some(&invite)).await.json();
    assert_eq!(answer["user"]["role"], "author");
    sign_up(Some(&invite)).await.problem(400, "INVALID_INVITE");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_their_person() {
    let server = Server::start().await;
    let ana = cookie(&server.sign_up("ana").await).unwrap();
    let other = cookie(&server.sign_in("ana@example.org", "correct horse").await).unwrap();
    let bia = cookie(&server.sign_up("bia").await).unwrap();
    let list = async |cookie: &str| -> Vec<Value> {
        let request = server.get("/api/auth/list-sessions").header("cookie", cookie);
        request.send().await.json()
    };
    let revoke = async |cookie: &str, token: &Value| {
        let body = json!({ "token": token });
        let request = server.as_page("/api/auth/revoke-session", &body);
        request.header("cookie", cookie).send().await
    };
    let own = server.who(&ana).await["session"].clone();
    let sessions = list(&ana).await;
    assert_eq!(sessions.len(), 2);
    assert!(sessions.contains(&own));
    assert_eq!(own["ipAddress"], "127.0.0.1");
    let second = sessions.iter().find(|session| **session != own).unwrap();

    // Bia learns nothing and ends nothing.
    let passed_over = revoke(&bia, &second["token"]).await;
    assert_eq!(passed_over.json::<Value>(), json!({ "status": true }));
    assert_eq!(list(&ana).await.len(), 2);
    revoke(&ana, &second["token"]).await.json::<Value>();
    assert_eq!(server.who(&other).await, Value::Null);
    let last = revoke(&ana, &own["token"]).await;
    assert!(last.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(server.who(&ana).await, Value::Null);
    server
        .get("/api/auth/list-sessions")
        .header("cookie", &ana)
        .send()
        .await
        .problem(401, "UNAUTHORIZED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_what_its_scopes_say() {
    let server = Server::start().await;
    server.token("ana", Role::Author).await;
    let token = async |scopes: &str| {
        let wish = TokenWish { scopes: scopes.parse::<Scopes>().unwrap(), ..TokenWish::default() };
        progy_server::admin::create_token_for(&server.config, "ana", &wish).await.unwrap()
    };
    let (sync, publish) = (token("sync").await, token("publish").await);
    let packed = package("@ana/sql", "1.0.0");
    let refused = server.publish(&sync, "@ana/sql", packed.clone()).await;
    refused.problem(403, "insufficient_scope");
    assert_eq!(server.publish(&publish, "@ana/sql", packed).await.status, 201);
    let progress = |token: &str| server.get("/api/progress/@ana%2Fsql").token(token).send();
    progress(&sync).await.problem(404, "no_progress");
    progress(&publish).await.problem(403, "insufficient_scope");
    for token in [&sync, &publish] {
        assert_eq!(server.get("/api/courses").token(token).send().await.status, 200);
        let who: Value = server.get("/api/auth/get-session").token(token).send().await.json();
        assert_eq!(who["user"]["username"], "ana");
        // No token makes itself a session, nor looks at those that there are.
        let list = server.get("/api/auth/list-sessions").token(token).send().await;
        list.problem(403, "INSUFFICIENT_SCOPE");
        let approve = server.post("/api/auth/device/approve").token(token);
        approve
            .json(&json!({ "userCode": "BCDFGHJK" }))
            .send()
            .await
            .problem(403, "INSUFFICIENT_SCOPE");
    }
    // Signing out with a token leaves it alone: other devices may use it.
    assert_eq!(server.post("/api/auth/sign-out").token(&sync).send().await.status, 200);
    assert_eq!(server.get("/api/courses").token(&sync).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_no_bearer_hides_the_cookie() {
    let server = Server::start().await;
    let ana = cookie(&server.sign_up("ana").await).unwrap();
    let request = server.get("/api/courses").header("cookie", &ana);
    let answer = request.header(AUTHORIZATION.as_str(), "Basic cm9vdDpyb290").send().await;
    answer.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sessions_end_or_all_others() {
    let server = Server::start().await;
    let first = cookie(&server.sign_up("ana").await).unwrap();
    let second = cookie(&server.sign_in("ana@example.org", "correct horse").await).unwrap();
    let token: Value = server.sign_in("ana@example.org", "correct horse").await.json();
    let token = token["token"].as_str().unwrap();
    let bia = cookie(&server.sign_up("bia").await).unwrap();
    let pat = admin::create_token(&server.config, "ana").await.unwrap();
    let end = |which: &str| server.as_page(&format!("/api/auth/{which}"), &json!({}));
    let done = json!({ "status": true });

    for which in ["revoke-sessions", "revoke-other-sessions"] {
        server.post(&format!("/api/auth/{which}")).send().await.problem(401, "UNAUTHORIZED");
        end(which).token(&pat).send().await.problem(403, "INSUFFICIENT_SCOPE");
        let elsewhere = server.post(&format!("/api/auth/{which}")).header("cookie", &first);
        elsewhere.header("origin", "https://evil.test").send().await.problem(403, "INVALID_ORIGIN");
    }
    let others = end("revoke-other-sessions").header("cookie", &second).send().await;
    assert_eq!(others.json::<Value>(), done);
    assert!(others.headers.get(SET_COOKIE).is_none());
    assert_eq!(server.who(&first).await, Value::Null);
    assert_ne!(server.who(&second).await, Value::Null);
    let gone = server.get("/api/auth/list-sessions").token(token).send().await;
    gone.problem(401, "UNAUTHORIZED");

    let all = end("revoke-sessions").header("cookie", &second).send().await;
    assert_eq!(all.json::<Value>(), done);
    assert!(all.header("set-cookie").starts_with(&format!("{COOKIE}=; Max-Age=0;")));
    assert_eq!(server.who(&second).await, Value::Null);
    assert_ne!(server.who(&bia).await, Value::Null, "another's stay");
    assert_eq!(server.get("/api/courses").token(&pat).send().await.status, 200, "tokens stay");
}
