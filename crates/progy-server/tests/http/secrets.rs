//! No secret is logged or shown to whom it was not given.
//!
//! Everything that has to do with accounts happens once, also what goes wrong, while all is logged
//! that can be; then every secret that was in it is looked for.

use std::fs;
use std::path::Path;

use hyper::Method;
use progy_api::account::Role;
use progy_server::admin;
use progy_server::config::Registration;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::git::command::Git;
use crate::log;
use crate::social::World;

const PASSWORD: &str = "a horse that nobody else has 5d1c";
const WRONG: &str = "a horse that is wrong 9e70";

/// What was seen on the way.
#[derive(Default)]
struct Seen {
    secrets: Vec<(&'static str, String)>,
    /// Bodies of errors, and addresses that browsers are sent to.
    shown: Vec<String>,
}

impl Seen {
    fn secret(&mut self, what: &'static str, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() >= 8, "{what}: {secret:?}");
        self.secrets.push((what, secret));
    }

    /// An answer, whose body is for who asked if it is good.
    fn answer(&mut self, answer: Answer) -> Answer {
        if !answer.status.is_success() {
            self.shown.push(answer.text().to_owned());
        }
        self.shown.push(answer.header("location").to_owned());
        answer
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned()
}

/// Registers, signs in and fails to; gives the token of a session.
async fn with_a_password(world: &World, seen: &mut Seen) -> String {
    let server = &world.server;
    let invite = admin::invite(&server.config, Role::Author, None, None).await.unwrap();
    let registration = json!({ "name": "Ana", "email": "ana@example.org", "password": PASSWORD,
        "invite": invite });
    let answer = seen.answer(server.as_page("/api/auth/sign-up/email", &registration).send().await);
    let first = text(&answer.json(), "token");
    let wrong = json!({ "email": "ana@example.org", "password": WRONG });
    let right = json!({ "email": "ana@example.org", "password": PASSWORD });
    for (path, body) in [
        ("/api/auth/sign-up/email", &registration),
        ("/api/auth/sign-in/email", &wrong),
        // As people and programs get it wrong.
        ("/api/auth/sign-in/email", &json!(PASSWORD)),
        (
            "/api/auth/sign-in/email",
            &json!({ "email": "ana@example.org", "rememberMe": PASSWORD,
            "password": PASSWORD }),
        ),
        ("/api/auth/sign-in/email", &json!({ "password": PASSWORD })),
        ("/api/auth/sign-in/email", &json!({ "email": PASSWORD, "password": PASSWORD })),
        ("/api/auth/revoke-session", &json!({ "token": [first] })),
        ("/api/auth/revoke-session", &json!([{ "token": first }])),
        ("/api/auth/device/token", &json!({ "device_code": [invite] })),
        ("/api/sync", &json!(first)),
    ] {
        let answer = seen.answer(server.post(path).token(&first).json(body).send().await);
        assert!(answer.status.is_client_error(), "{path} {body}: {}", answer.text());
    }
    let form = server.post("/api/auth/sign-in/email");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(format!("email=ana%40example.org&password={WRONG}&rememberMe={WRONG}"));
    assert_eq!(seen.answer(form.send().await).status, 400);
    let answer = seen.answer(server.as_page("/api/auth/sign-in/email", &right).send().await);
    let session = text(&answer.json(), "token");
    seen.secret("a password", PASSWORD);
    seen.secret("a wrong password", WRONG);
    seen.secret("an invitation", invite);
    seen.secret("a session", first);
    seen.secret("another session", session.as_str());
    session
}

/// Lets a device in; gives its token.
async fn by_a_code(world: &World, session: &str, seen: &mut Seen) -> String {
    let server = &world.server;
    let ask = json!({ "client_id": "progy-cli", "device_name": "laptop" });
    let code: Value = server.post("/api/auth/device/code").json(&ask).send().await.json();
    let (device_code, user_code) = (text(&code, "device_code"), text(&code, "user_code"));
    let poll = json!({ "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "progy-cli", "device_code": device_code });
    let again = || server.post("/api/auth/device/token").json(&poll).send();
    assert_eq!(seen.answer(again().await).status, 400);
    let path = format!("/api/auth/device?user_code={user_code}");
    server.get(&path).token(session).send().await.json::<Value>();
    let decision = json!({ "userCode": user_code });
    let approve = server.post("/api/auth/device/approve").token(session).json(&decision);
    assert_eq!(seen.answer(approve.send().await).status, 200);
    let again = server.post("/api/auth/device/approve").token(session).json(&decision);
    assert_eq!(seen.answer(again.send().await).status, 400);
    // Too soon after the last poll that counted.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let token = text(
        &server.post("/api/auth/device/token").json(&poll).send().await.json(),
        "access_token",
    );
    seen.secret("a device code", device_code);
    seen.secret("a user code", user_code);
    seen.secret("a device's session", token.as_str());
    token
}

/// Signs in with GitHub, and fails to.
async fn with_github(world: &World, seen: &mut Seen) {
    let mut browser = world.browser();
    let body = json!({ "provider": "github", "callbackURL": "/home", "errorCallbackURL": "/oops" });
    let address = browser.leave("/api/auth/sign-in/social", &body).await;
    let ticket = browser.cookies.values().next().unwrap().clone();
    let back = browser.agree(&address).await;
    let query = back.split_once('?').unwrap().1;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    for (name, value) in pairs {
        seen.secret(if name == "code" { "a code of GitHub's" } else { "a state" }, value);
    }
    let answer = seen.answer(browser.get(&back).await);
    assert_eq!(answer.header("location"), "/home");
    seen.secret("a ticket", ticket);
    for cookie in browser.cookies.values() {
        seen.secret("a cookie", cookie.as_str());
    }
    assert_eq!(seen.answer(browser.get(&back).await).status, 302);
    for (token, _) in world.github.world().tokens() {
        seen.secret("a token of GitHub's", token);
    }
    let secret = world.github.world().app().client_secret.clone();
    seen.secret("the client's secret", secret);
}

/// Opens a repository by password and by login.
async fn with_git(world: &World, session: &str, seen: &mut Seen) {
    let server = &world.server;
    let root = server.token("root", Role::Admin).await;
    let published = server.publish(&root, "intro", crate::server::package("intro", "1.0.0")).await;
    assert_eq!(published.status, 201);
    let repo = crate::git::ensure(server, session).await;
    let password = crate::git::credentials(server, session, "write").await.git_token;
    let work = Git::with_password(&password).clone_of(&repo.repo_url).await;
    work.commit("a.txt", b"a\n", "first").await;
    work.ok(&["push", "-q", "origin", "main"]).await;
    Git::with_token(session).clone_of(&repo.repo_url).await;
    seen.shown.push(repo.repo_url.clone());
    seen.shown.push(std::fs::read_to_string(work.file(".git/config")).unwrap());
    let wrong = Git::with_password(&format!("{password}x"));
    let said = wrong.fails(work.path(), &["ls-remote", &repo.repo_url]).await;
    seen.shown.push(said);
    seen.secret("a password of a repository", password);
    seen.secret("another's token", root);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_where_it_does_not_belong() {
    let world = World::with(Registration::Open).await;
    let config = &world.server.config;
    let mut seen = Seen::default();
    let session = with_a_password(&world, &mut seen).await;
    let device = by_a_code(&world, &session, &mut seen).await;
    with_github(&world, &mut seen).await;
    with_git(&world, &session, &mut seen).await;
    let pat = admin::create_token(config, "ana").await.unwrap();
    for (method, path) in [
        (Method::GET, "/api/progress/none"),
        (Method::GET, "/api/auth/list-sessions"),
        (Method::DELETE, "/api/courses"),
        (Method::GET, "/nothing"),
        (Method::POST, "/api/auth/sign-out"),
    ] {
        for token in [&pat, &device, &session] {
            let path = format!("{path}?token={token}");
            let request = world.server.request(method.clone(), &path).token(token);
            seen.answer(request.header("cookie", &format!("x={token}")).send().await);
        }
    }
    seen.secret("a personal access token", pat);
    for key in fs::read_to_string(config.data.join("vault.keys")).unwrap().split_whitespace() {
        // Other words are its names and comments.
        if key.len() >= 43 {
            seen.secret("a key of the vault", key);
        }
    }
    let metrics = world.server.get("/metrics").send().await.text().to_owned();
    let (log, shown) = (log::text(), seen.shown.join("\n"));
    for (what, secret) in &seen.secrets {
        assert!(!log.contains(secret), "{what} is in the log");
        assert!(!metrics.contains(secret), "{what} is in the metrics");
        assert!(!shown.contains(secret), "{what} is in an error or an address: {shown}");
        let user_code_waits = *what == "a user code";
        let found = in_data(&config.data, secret);
        let own = *what == "a key of the vault";
        assert!(found.is_none() || own || user_code_waits, "{what} is in {found:?}");
    }
    assert!(seen.secrets.len() >= 15, "{}", seen.secrets.len());
    // Nor does GitHub get them in an address.
    for exchange in world.github.exchanges() {
        for (what, secret) in &seen.secrets {
            let goes_there =
                *what == "a state" || exchange.path.starts_with("/login/oauth/authorize");
            assert!(goes_there || !exchange.query.contains(secret), "{what} in {}", exchange.query);
        }
    }
}

/// A file of the data folder that has `secret` in it.
fn in_data(folder: &Path, secret: &str) -> Option<String> {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            if let Some(found) = in_data(&entry.path(), secret) {
                return Some(found);
            }
            continue;
        }
        let bytes = fs::read(entry.path()).unwrap();
        if bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
            return Some(entry.file_name().to_string_lossy().into_owned());
        }
    }
    None
}
