//! Signing in with GitHub, as a browser does it.

use std::collections::BTreeMap;

use hyper::Method;
use hyper::header::SET_COOKIE;
use progy_api::account::Role;
use progy_server::config::{GitHub, Registration};
use progy_server::ports::github::AppKind;
use progy_server::{Secret, admin};
use progy_standin::{App, Kind, Mood, Person, Standin};
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::log;
use crate::server::Server;

const OCTOCAT: u64 = 583_231;

/// A server, and GitHub with one person who agrees at once.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) github: Standin,
}

impl World {
    async fn new() -> Self {
        Self::with(Registration::Open).await
    }

    pub(crate) async fn with(registration: Registration) -> Self {
        let github = Standin::start(App::default()).await.unwrap();
        {
            let mut world = github.world();
            world.put(Person::new(OCTOCAT, "octocat", "octocat@example.org"));
            world.agrees = Some(OCTOCAT);
        }
        let app = github.world().app().clone();
        let base_url = github.base_url();
        let server = Server::start_with(|config| {
            config.accounts.registration = registration;
            config.github = Some(GitHub {
                client_id: app.client_id,
                client_secret: Some(Secret::new(app.client_secret)),
                client_secret_file: None,
                kind: AppKind::OAuth,
                scopes: "user:email repo".to_owned(),
                base_url,
                api_url: None,
            });
        })
        .await;
        // Exactly this, as it is registered.
        let uri = format!("http://{}/api/auth/callback/github", server.address);
        github.world().app_mut().redirect_uri = Some(uri);
        Self { server, github }
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { world: self, cookies: BTreeMap::new() }
    }
}

/// What keeps cookies, and goes where it is sent only when it is told to.
pub(crate) struct Browser<'a> {
    world: &'a World,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    async fn send(&mut self, request: Request) -> Answer {
        let pairs: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            if pairs.is_empty() { request } else { request.header("cookie", &pairs.join("; ")) };
        let answer = request.send().await;
        for set in answer.headers.get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(self.world.server.get(path)).await
    }

    async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send(self.world.server.as_page(path, body)).await
    }

    /// Asks to sign in; gives the address at GitHub.
    pub(crate) async fn leave(&mut self, path: &str, body: &Value) -> String {
        let answer = self.post(path, body).await;
        let body: Value = answer.json();
        assert_eq!(body["redirect"], true);
        assert_eq!(answer.header("location"), body["url"]);
        body["url"].as_str().unwrap().to_owned()
    }

    /// Agrees at GitHub; gives the path here that GitHub sends the browser to.
    pub(crate) async fn agree(&self, address: &str) -> String {
        let at = address.strip_prefix("http://").unwrap();
        let (host, path) = at.split_once('/').unwrap();
        let page = Request::new(host.parse().unwrap(), Method::GET, &format!("/{path}"));
        let page = page.send().await;
        assert_eq!(page.status, 302, "{}", page.text());
        let own = format!("http://{}", self.world.server.address);
        page.header("location").strip_prefix(&own).unwrap().to_owned()
    }

    /// All of it; gives where the browser is sent in the end.
    async fn go(&mut self, path: &str) -> String {
        let body = json!({ "provider": "github", "callbackURL": "/home",
            "errorCallbackURL": "/login?x=1", "newUserCallbackURL": "/welcome" });
        let address = self.leave(path, &body).await;
        let back = self.agree(&address).await;
        let answer = self.get(&back).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(!self.cookies.contains_key("better-auth.state"), "that is over");
        answer.header("location").to_owned()
    }

    async fn sign_in(&mut self) -> String {
        self.go("/api/auth/sign-in/social").await
    }

    async fn link(&mut self) -> String {
        self.go("/api/auth/link-social").await
    }

    async fn who(&mut self) -> Value {
        self.get("/api/auth/get-session").await.json()
    }

    async fn register(&mut self, name: &str) {
        let email = format!("{name}@example.org");
        let body = json!({ "name": name, "email": email, "password": "correct horse" });
        self.post("/api/auth/sign-up/email", &body).await.json::<Value>();
    }

    async fn accounts(&mut self) -> Vec<Value> {
        self.get("/api/auth/list-accounts").await.json()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_signed_in_and_known_again() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert_eq!(browser.sign_in().await, "/welcome");
    let who = browser.who().await;
    assert_eq!(who["user"]["username"], "octocat");
    assert_eq!(who["user"]["email"], "octocat@example.org");
    assert_eq!(who["user"]["emailVerified"], true);
    let accounts = browser.accounts().await;
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0]["providerId"], "github");
    assert_eq!(accounts[0]["accountId"], OCTOCAT.to_string());
    assert_eq!(accounts[0]["scopes"], json!(["repo", "user:email"]));
    assert_eq!(accounts[0]["userId"], who["user"]["id"]);

    // The name at GitHub and the address change; who it is does not.
    world.github.world().put(Person::new(OCTOCAT, "monalisa", "mona@example.org"));
    let mut other = world.browser();
    assert_eq!(other.sign_in().await, "/home");
    assert_eq!(other.who().await["user"], who["user"]);
    // Somebody else has the old name now.
    world.github.world().put(Person::new(9, "octocat", "other@example.org"));
    world.github.world().agrees = Some(9);
    let mut stranger = world.browser();
    assert_eq!(stranger.sign_in().await, "/welcome");
    let stranger = stranger.who().await;
    assert_ne!(stranger["user"]["id"], who["user"]["id"]);
    assert!(stranger["user"]["username"].as_str().unwrap().starts_with("octocat-"), "{stranger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_by_github_lets_a_device_in() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.sign_in().await;
    let ask = json!({ "client_id": "progy-cli", "scope": "sync", "device_name": "laptop" });
    let code: Value = world.server.post("/api/auth/device/code").json(&ask).send().await.json();
    let user_code = code["user_code"].as_str().unwrap();
    browser.get(&format!("/api/auth/device?user_code={user_code}")).await.json::<Value>();
    let decision = json!({ "userCode": user_code });
    browser.post("/api/auth/device/approve", &decision).await.json::<Value>();
    let poll = json!({ "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "progy-cli", "device_code": code["device_code"] });
    let token: Value = world.server.post("/api/auth/device/token").json(&poll).send().await.json();
    let token = token["access_token"].as_str().unwrap();
    let who: Value = world.server.get("/api/auth/get-session").token(token).send().await.json();
    assert_eq!(who["user"]["username"], "octocat");
    // A personal access token says nothing of ways in.
    let pat = admin::create_token(&world.server.config, "octocat").await.unwrap();
    let refused = world.server.get("/api/auth/list-accounts").token(&pat).send().await;
    refused.problem(403, "INSUFFICIENT_SCOPE");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_registered_here_links_github_and_unlinks_it() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.register("ana").await;
    let unlink = json!({ "providerId": "credential" });
    let last = browser.post("/api/auth/unlink-account", &unlink).await;
    last.problem(400, "FAILED_TO_UNLINK_LAST_ACCOUNT");
    // Under another address: that GitHub account is hers all the same, she is signed in to both.
    assert_eq!(browser.link().await, "/home");
    assert_eq!(browser.link().await, "/home", "again gives new tokens");
    let accounts = browser.accounts().await;
    assert_eq!(accounts.len(), 2);
    let mut other = world.browser();
    assert_eq!(other.sign_in().await, "/home");
    assert_eq!(other.who().await["user"]["username"], "ana");
    assert!(world.github.world().tokens().count() > 0);

    let mut bia = world.browser();
    bia.register("bia").await;
    let taken = "/login?x=1&error=account_already_linked_to_different_user";
    assert_eq!(bia.link().await, taken);
    let id = &accounts[1]["id"];
    let not_hers = bia.post("/api/auth/unlink-account", &json!({ "accountId": id })).await;
    not_hers.problem(400, "FAILED_TO_UNLINK_LAST_ACCOUNT");
    world.github.world().put(Person::new(9, "second", "second@example.org"));
    world.github.world().agrees = Some(9);
    let one = "/login?x=1&error=unable_to_link_account";
    assert_eq!(browser.link().await, one, "one account at GitHub is enough");
    bia.link().await;
    let not_hers = bia.post("/api/auth/unlink-account", &json!({ "accountId": id })).await;
    not_hers.problem(400, "ACCOUNT_NOT_FOUND");

    let before = world.github.world().tokens().count();
    let gone = browser.post("/api/auth/unlink-account", &json!({ "accountId": id })).await;
    assert_eq!(gone.json::<Value>(), json!({ "status": true }));
    assert_eq!(browser.accounts().await.len(), 1);
    assert_eq!(world.github.world().tokens().count(), before - 1, "the kept one is revoked");
    let again = browser.post("/api/auth/unlink-account", &json!({ "accountId": id })).await;
    again.problem(400, "FAILED_TO_UNLINK_LAST_ACCOUNT");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_alone_takes_nobodys_account() {
    let world = World::new().await;
    let mut victim = world.browser();
    victim.register("octocat").await;
    let mut browser = world.browser();
    assert_eq!(browser.sign_in().await, "/login?x=1&error=account_not_linked");
    assert_eq!(browser.who().await, Value::Null);
    // Signed in here as well, it is one person, and GitHub has seen that the address is hers.
    assert_eq!(victim.link().await, "/home");
    assert_eq!(victim.who().await["user"]["emailVerified"], true);
    assert_eq!(browser.sign_in().await, "/home");
    assert_eq!(browser.who().await["user"]["id"], victim.who().await["user"]["id"]);

    // Unlinked, that GitHub account opens nothing any more: what it had verified goes with it.
    let github = json!({ "providerId": "github" });
    let unlinked = victim.post("/api/auth/unlink-account", &github).await;
    assert_eq!(unlinked.json::<Value>(), json!({ "status": true }));
    assert_eq!(victim.who().await["user"]["emailVerified"], false);
    let mut thief = world.browser();
    assert_eq!(thief.sign_in().await, "/login?x=1&error=account_not_linked");
    assert_eq!(thief.who().await, Value::Null);

    // An address that GitHub did not verify is nobody's.
    let mut person = Person::new(9, "mallory", "octocat@example.org");
    person.emails[0].verified = false;
    world.github.world().put(person);
    world.github.world().agrees = Some(9);
    let mut mallory = world.browser();
    assert_eq!(mallory.sign_in().await, "/welcome");
    let who = mallory.who().await;
    assert_eq!(
        (&who["user"]["username"], &who["user"]["email"]),
        (&json!("mallory"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_verified_addresses_are_one_person() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.sign_in().await;
    let who = browser.who().await;
    // The account at GitHub was deleted and made anew, with the same verified address.
    let body = json!({ "accountId": browser.accounts().await[0]["id"] });
    let last = browser.post("/api/auth/unlink-account", &body).await;
    last.problem(400, "FAILED_TO_UNLINK_LAST_ACCOUNT");
    world.github.world().put(Person::new(9, "octocat2", "octocat@example.org"));
    world.github.world().agrees = Some(9);
    let mut other = world.browser();
    // She has another account at GitHub linked: it is not taken over silently.
    assert_eq!(other.sign_in().await, "/login?x=1&error=account_not_linked");
    assert_eq!(browser.who().await["user"], who["user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_good_once_and_for_one_browser() {
    let world = World::new().await;
    let body = json!({ "provider": "github", "callbackURL": "/home", "errorCallbackURL": "/oops" });
    let mut browser = world.browser();
    let start = async |browser: &mut Browser<'_>| {
        let address = browser.leave("/api/auth/sign-in/social", &body).await;
        browser.agree(&address).await
    };
    let to =
        |answer: Answer| {
            assert!(answer.headers.get_all(SET_COOKIE).iter().all(|set| {
                !set.to_str().unwrap().starts_with("better-auth.session_token=progy")
            }));
            answer.header("location").to_owned()
        };

    let mismatch = "/oops?error=state_mismatch";
    let unknown = "/api/auth/error?error=state_mismatch";
    // Another browser is made to follow the address: it would be signed in as somebody else.
    let back = start(&mut browser).await;
    let mut victim = world.browser();
    assert_eq!(to(victim.get(&back).await), mismatch);
    assert_eq!(to(browser.get(&back).await), unknown, "it was used up");
    // Also one that is on its own way to GitHub.
    let back = start(&mut browser).await;
    start(&mut victim).await;
    assert_eq!(to(victim.get(&back).await), mismatch);
    // Twice.
    let mut browser = world.browser();
    let back = start(&mut browser).await;
    let ticket = browser.cookies.clone();
    assert_eq!(browser.get(&back).await.header("location"), "/home");
    browser.cookies = ticket;
    assert_eq!(to(browser.get(&back).await), unknown);
    // Never given out, or none at all.
    assert_eq!(to(browser.get("/api/auth/callback/github?state=x&code=y").await), unknown);
    let long = format!("/api/auth/callback/github?code=y&state={}", "x".repeat(4000));
    assert_eq!(to(browser.get(&long).await), unknown);
    let none = "/api/auth/error?error=state_not_found";
    assert_eq!(to(browser.get("/api/auth/callback/github?code=y").await), none);
    let page = browser.get(&format!("{none}%3Cscript%3E")).await;
    assert!(page.text().contains("Signing in did not work") && !page.text().contains("<script"));
}

#[tokio::test(flavor = "multi_thread")]
async fn github_says_no() {
    let world = World::new().await;
    let body = json!({ "provider": "github", "errorCallbackURL": "/oops?x=1#there" });
    let mut browser = world.browser();
    let state = async |browser: &mut Browser<'_>| {
        let address = browser.leave("/api/auth/sign-in/social", &body).await;
        let state = address.split("state=").nth(1).unwrap();
        state.split('&').next().unwrap().to_owned()
    };
    let callback = "/api/auth/callback/github";
    let first = state(&mut browser).await;
    let denied = format!("{callback}?state={first}&error=access_denied&error_description=no%20way");
    let expected = "/oops?x=1&error=access_denied&error_description=no+way#there";
    assert_eq!(browser.get(&denied).await.header("location"), expected);
    let second = state(&mut browser).await;
    let answer = browser.get(&format!("{callback}?state={second}")).await;
    assert_eq!(answer.header("location"), "/oops?x=1&error=no_code#there");
    let third = state(&mut browser).await;
    let answer = browser.get(&format!("{callback}?state={third}&code=stolen")).await;
    assert_eq!(answer.header("location"), "/oops?x=1&error=invalid_code#there");
    let fourth = state(&mut browser).await;
    let odd =
        format!("{callback}?state={fourth}&error=%0d%0aset-cookie:%20x&error_description=%0d");
    let location = browser.get(&odd).await.header("location").to_owned();
    assert_eq!(location, "/oops?x=1&error=setcookiex&error_description=+#there");
    assert_eq!(browser.who().await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_github_signs_nobody_in() {
    let world = World::new().await;
    let thief = Standin::start(App::default()).await.unwrap();
    for mood in [
        Mood::Page,
        Mood::Odd,
        Mood::Huge,
        Mood::Down,
        Mood::Loop,
        Mood::Elsewhere(thief.base_url()),
        Mood::Spent(60),
        Mood::Busy { status: 429, seconds: 9 },
    ] {
        let mut browser = world.browser();
        world.github.world().mood = mood.clone();
        assert_eq!(browser.sign_in().await, "/login?x=1&error=invalid_code", "{mood:?}");
        assert_eq!(browser.who().await, Value::Null, "{mood:?}");
    }
    assert_eq!(thief.exchanges(), []);
    world.github.world().mood = Mood::Good;
    assert_eq!(world.browser().sign_in().await, "/welcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_where_an_invitation_is_needed() {
    let world = World::with(Registration::Invited).await;
    let mut browser = world.browser();
    assert_eq!(browser.sign_in().await, "/login?x=1&error=signup_disabled");
    assert_eq!(browser.who().await, Value::Null);
    let config = &world.server.config;
    let code = admin::invite(config, Role::Author, None, None).await;
    let body = json!({ "provider": "github", "callbackURL": "/home",
        "additionalData": { "invite": code.unwrap() } });
    let address = browser.leave("/api/auth/sign-in/social", &body).await;
    let back = browser.agree(&address).await;
    assert_eq!(browser.get(&back).await.header("location"), "/home");
    assert_eq!(browser.who().await["user"]["role"], "author");
    // It is used up, and who came in by it comes in again.
    let mut again = world.browser();
    assert_eq!(again.sign_in().await, "/home");
    world.github.world().put(Person::new(9, "other", "other@example.org"));
    world.github.world().agrees = Some(9);
    let mut other = world.browser();
    let address = other.leave("/api/auth/sign-in/social", &body).await;
    let back = other.agree(&address).await;
    let location = other.get(&back).await.header("location").to_owned();
    assert_eq!(location, "/api/auth/error?error=signup_disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_checked() {
    let world = World::new().await;
    let mut browser = world.browser();
    let path = "/api/auth/sign-in/social";
    for (field, code) in [
        ("callbackURL", "INVALID_CALLBACK_URL"),
        ("errorCallbackURL", "INVALID_ERROR_CALLBACK_URL"),
        ("newUserCallbackURL", "INVALID_NEW_USER_CALLBACK_URL"),
    ] {
        for target in ["https://evil.test/", "//evil.test", "javascript:alert(1)"] {
            let body = json!({ "provider": "github", field: target });
            browser.post(path, &body).await.problem(403, code);
        }
    }
    browser.post(path, &json!({ "provider": "google" })).await.problem(404, "PROVIDER_NOT_FOUND");
    browser.post(path, &json!({})).await.problem(400, "VALIDATION_ERROR");
    let odd = json!({ "provider": "github", "scopes": ["repo&client_id=x"] });
    browser.post(path, &odd).await.problem(400, "VALIDATION_ERROR");
    let stranger = world.server.post("/api/auth/link-social").json(&json!({"provider": "github"}));
    stranger.send().await.problem(401, "UNAUTHORIZED");
    let quiet = json!({ "provider": "github", "disableRedirect": true, "scopes": ["gist"] });
    let answer = browser.post(path, &quiet).await;
    assert_eq!(
        (&answer.json::<Value>()["redirect"], answer.header("location")),
        (&json!(false), "")
    );
    assert!(answer.text().contains("scope=gist+repo+user%3Aemail"), "{}", answer.text());

    let without = Server::start().await;
    let answer = without.as_page(path, &json!({ "provider": "github" })).send().await;
    answer.problem(404, "PROVIDER_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_in_the_log_or_in_the_data() {
    let world = World::new().await;
    world.browser().sign_in().await;
    let tokens: Vec<String> = {
        let github = world.github.world();
        github.tokens().map(|(token, _)| token.to_owned()).collect()
    };
    assert_eq!(tokens.len(), 1);
    // Also not in what a rotation leaves behind.
    let done = admin::rotate_keys(&world.server.config).await.unwrap();
    assert_eq!((done.links, done.kept.len()), (1, 0));
    let log = log::text();
    let mut read = 0;
    for file in std::fs::read_dir(&world.server.config.data).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            let bytes = std::fs::read(file.path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(&tokens[0]), "{:?}", file.path());
            read += 1;
        }
    }
    assert!(read >= 3, "the database, its log and the keys");
    assert!(!log.contains(&tokens[0]) && !log.contains("standin-secret"));
    // The running server follows the rotation.
    assert_eq!(world.browser().sign_in().await, "/home");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_github_app_signs_in_without_scopes() {
    let world = World::new().await;
    world.github.world().app_mut().kind = Kind::App;
    let mut browser = world.browser();
    assert_eq!(browser.sign_in().await, "/welcome");
    assert_eq!(browser.accounts().await[0]["scopes"], json!([]));
}
