//! What people do on the pages.

use hyper::Method;
use progy_api::account::Role;
use progy_server::admin;
use progy_server::config::Registration;
use serde_json::{Value, json};

use super::browser::{Browser, hidden};
use crate::server::Server;

/// The device code and the user code of a device that wants in.
async fn device(server: &Server, name: &str) -> (String, String) {
    let body = json!({ "client_id": "progy-cli", "device_name": name });
    let codes: Value = server.post("/api/auth/device/code").json(&body).send().await.json();
    let text = |name: &str| codes[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

async fn poll(server: &Server, device_code: &str) -> Value {
    let body = json!({ "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "progy-cli", "device_code": device_code });
    let answer = server.post("/api/auth/device/token").json(&body).send().await;
    serde_json::from_slice(&answer.body).unwrap()
}

async fn sign_in(browser: &mut Browser<'_>, login: &str, password: &str) -> bool {
    let typed = [("login", login), ("password", password), ("remember", "yes")];
    browser.send("/sign-in", "/sign-in", &typed).await.status == 303
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_let_in_by_who_signs_in_for_it() {
    let server = Server::start().await;
    server.browser_of("ana").await;
    let (device_code, user_code) = device(&server, "laptop").await;

    // Somebody who is not signed in is asked to, and comes back to the code.
    let mut ana = server.browser();
    let shown = format!("/device?user_code={user_code}");
    let first = ana.get(&shown).await;
    let expected = format!("/sign-in?next=%2Fdevice%3Fuser_code%3D{user_code}");
    assert_eq!(first.header("location"), expected);
    let typed = [("login", "ana@example.org"), ("password", "correct horse")];
    let done = ana.send(&expected, "/sign-in", &typed).await;
    assert_eq!(done.header("location"), shown);

    // They see what asks, and from where.
    let page = ana.get(&shown).await;
    let grouped = format!("{}-{}", &user_code[..4], &user_code[4..]);
    for expected in ["laptop", "127.0.0.1", "just now", &grouped] {
        assert!(page.text().contains(expected), "{expected}: {}", page.text());
    }
    // Another person has no say in it.
    let mut bia = server.browser_of("bia").await;
    let other = bia.get(&shown).await;
    assert!(other.text().contains("Somebody else is looking"), "{}", other.text());
    assert!(!other.text().contains("laptop"));

    let done = ana.send(&shown, "/device", &[("decision", "approve")]).await;
    assert_eq!(done.header("location"), "/device/approved");
    assert!(ana.get("/device/approved").await.text().contains("go back to the terminal"));
    let token = poll(&server, &device_code).await;
    let token = token["access_token"].as_str().unwrap().to_owned();
    assert_eq!(server.get("/api/courses").token(&token).send().await.status, 200);

    // The account page shows it, and ends it.
    let page = ana.get("/account").await;
    let row = page.text().split("<strong>laptop</strong>").nth(1).unwrap();
    let session = hidden(row, "/account/sessions/end");
    let done = ana.post("/account/sessions/end", &session).await;
    assert_eq!(done.header("location"), "/account?done=session");
    server.get("/api/courses").token(&token).send().await.problem(401, "unauthorized");
    assert!(!ana.get("/account").await.text().contains("<strong>laptop</strong>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_turned_away_and_codes_are_typed_by_hand() {
    let server = Server::start().await;
    let mut ana = server.browser_of("ana").await;
    let (device_code, user_code) = device(&server, "laptop").await;
    let typed = user_code.to_lowercase();
    let shown = format!("/device?user_code={}-{}", &typed[..4], &typed[4..]);
    let done = ana.send(&shown, "/device", &[("decision", "deny")]).await;
    assert_eq!(done.header("location"), "/device/denied");
    assert_eq!(poll(&server, &device_code).await["error"], "access_denied");
    let unknown = ana.get("/device?user_code=BCDFGHJK").await;
    assert_eq!(unknown.status, 422);
    assert!(
        unknown.text().contains("There is no such code")
            && unknown.text().contains("role=\"alert\"")
    );
    assert!(unknown.text().contains("aria-invalid=\"true\""));
    assert!(ana.get("/device").await.text().contains("eight letters"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named_beside_their_field_and_what_was_typed_stays() {
    let server = Server::start().await;
    server.browser_of("ana").await;
    let mut browser = server.browser();
    let typed = [("name", "Ana"), ("email", "ana@example.org"), ("password", "correct horse")];
    let page = browser.send("/sign-up", "/sign-up", &typed).await;
    assert_eq!(page.status, 422);
    let text = page.text();
    assert!(text.contains("<a href=\"#email\">Somebody has this address already."), "{text}");
    assert!(
        text.contains("aria-describedby=\"email-mistake\"") && text.contains("<title>Mistake: ")
    );
    assert!(text.contains("value=\"ana@example.org\"") && !text.contains("correct horse"));
    let short = [("name", "Bia"), ("email", "bia@example.org"), ("password", "short")];
    let page = browser.send("/sign-up", "/sign-up", &short).await;
    assert!(page.text().contains("<a href=\"#password\">At least 8 characters"));

    let wrong = async |browser: &mut Browser<'_>, login: &str| {
        let typed = [("login", login), ("password", "wrong horse")];
        let page = browser.send("/sign-in", "/sign-in", &typed).await;
        assert_eq!(page.status, 422);
        page.text().replace(login, "")
    };
    let known = wrong(&mut browser, "ana").await;
    for login in ["nobody", "nobody@example.org", "no name at all", "ana@example.org"] {
        assert_eq!(wrong(&mut browser, login).await, known, "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_brings_who_types_its_code() {
    let server = Server::start_with(|config| {
        config.accounts.registration = Registration::Invited;
    })
    .await;
    let invite = admin::invite(&server.config, Role::Author, None, None).await.unwrap();
    let mut caio = server.browser();
    assert!(caio.get("/sign-up").await.text().contains("needs an invitation"));
    let typed = [("name", "Caio"), ("email", "caio@example.org"), ("password", "correct horse")];
    let guess = [&typed[..], &[("invite", "progyi_guess")]].concat();
    let page = caio.send("/sign-up", "/sign-up", &guess).await;
    assert!(page.text().contains("<a href=\"#invite\">This invitation is unknown"));
    // A code in an address would be kept by the browser and by whatever passes it on.
    let page = caio.get(&format!("/sign-up?invite={invite}&next=%2Faccount")).await;
    assert!(!page.text().contains(&format!("value=\"{invite}\"")));
    let invited = [&typed[..], &[("invite", &invite)]].concat();
    let done = caio.send("/sign-up?invited", "/sign-up", &invited).await;
    assert_eq!(done.header("location"), "/account", "{}", done.text());
    assert!(caio.get("/account").await.text().contains("author"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_can_be_typed_where_registering_is_open_as_well() {
    let server = Server::start().await;
    let invite = admin::invite(&server.config, Role::Author, None, None).await.unwrap();
    let mut caio = server.browser();
    assert!(!caio.get("/sign-up").await.text().contains("name=\"invite\""));
    assert!(caio.get("/sign-up?invited").await.text().contains("name=\"invite\""));
    let typed = [("name", "Caio"), ("email", "caio@example.org"), ("password", "short")];
    let invited = [&typed[..], &[("invite", &invite)]].concat();
    let again = caio.send("/sign-up?invited", "/sign-up", &invited).await;
    assert!(again.status == 422 && again.text().contains(&invite), "it is not typed twice");
    let mut invited = invited;
    invited[2].1 = "correct horse";
    caio.send("/sign-up?invited", "/sign-up", &invited).await;
    assert!(caio.get("/account").await.text().contains("author"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_does_what_was_chosen_and_is_revoked() {
    let server = Server::start().await;
    let mut ana = server.browser_of("ana").await;
    let none = [("label", "CI"), ("expires", "30")];
    let page = ana.send("/account", "/account/tokens", &none).await;
    assert!(page.status == 422 && page.text().contains("Choose at least one"));
    let made = [("label", "CI"), ("scope_sync", "yes"), ("expires", "30")];
    let page = ana.send("/account", "/account/tokens", &made).await;
    let token = page.text().split("<output class=\"secret\">").nth(1).unwrap();
    let token = token.split('<').next().unwrap().to_owned();
    assert!(token.starts_with("progy_"), "{token}");
    let who: Value = server.get("/api/auth/get-session").token(&token).send().await.json();
    assert_eq!(who["session"]["deviceName"], "CI");
    assert!(who["session"]["expiresAt"].is_string());
    let again = ana.get("/account").await;
    assert!(!again.text().contains(&token) && again.text().contains("<strong>CI</strong>"));
    let done = ana.send("/account", "/account/tokens/revoke", &[]).await;
    assert_eq!(done.header("location"), "/account?done=token");
    server.get("/api/courses").token(&token).send().await.problem(401, "unauthorized");
    assert!(!ana.get("/account").await.text().contains("<strong>CI</strong>"));
    // A token is no way into the pages.
    let page = server.get("/account").token(&token).header("accept", "text/html").send().await;
    assert_eq!(page.header("location"), "/sign-in?next=%2Faccount");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_puts_other_browsers_out_and_one_click_puts_all_out() {
    let server = Server::start().await;
    let mut ana = server.browser_of("ana").await;
    let mut other = server.browser();
    assert!(sign_in(&mut other, "ana", "correct horse").await);
    let change =
        |current| [("current", current), ("password", "battery staple"), ("others", "yes")];
    let page = ana.send("/account", "/account/password", &change("wrong horse")).await;
    assert!(page.text().contains("<a href=\"#current\">This is not your password"));
    let done = ana.send("/account", "/account/password", &change("correct horse")).await;
    assert_eq!(done.header("location"), "/account?done=password");
    assert_eq!(other.get("/account").await.status, 303);
    assert!(!sign_in(&mut server.browser(), "ana", "correct horse").await);
    assert!(sign_in(&mut other, "ana", "battery staple").await);

    let done = other.send("/account", "/account/sessions/end-all", &[]).await;
    assert_eq!(done.header("location"), "/sign-in?done=signed-out");
    assert!(!other.cookies.contains_key("better-auth.session_token"));
    assert!(other.get("/sign-in?done=signed-out").await.text().contains("You are signed out"));
    assert_eq!(ana.get("/account").await.header("location"), "/sign-in?next=%2Faccount");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_changes_roles_and_nobody_else_finds_the_page() {
    let server = Server::start().await;
    let mut ana = server.browser_of("ana").await;
    let chief = Some("chief@example.org");
    let password = Some("correct horse");
    admin::add_user_with_password(&server.config, "chief", chief, Role::Admin, password)
        .await
        .unwrap();
    let mut chief = server.browser();
    assert!(sign_in(&mut chief, "chief", "correct horse").await);
    let page = chief.get("/admin/people").await;
    assert!(page.text().contains("ana@example.org") && page.text().contains("you"));
    let make = |name, role| [("username", name), ("role", role)];
    let done = chief.send("/admin/people", "/admin/people", &make("ana", "author")).await;
    assert_eq!(done.header("location"), "/admin/people?done=role");
    assert!(ana.get("/account").await.text().contains("author"));
    let own = chief.send("/admin/people", "/admin/people", &make("chief", "learner")).await;
    assert!(own.status == 422 && own.text().contains("Another admin"));

    let found = ana.get("/admin/people").await;
    assert!(found.status == 404 && !found.text().contains("chief@example.org"));
    let mut guard = hidden(ana.get("/account").await.text(), "/sign-out");
    guard.extend(make("ana", "admin").map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(ana.post("/admin/people", &guard).await.status, 404);
    let stranger = server.browser().get("/admin/people").await;
    assert_eq!(stranger.header("location"), "/sign-in?next=%2Fadmin%2Fpeople");
    let head = chief.request(&Method::HEAD, "/admin/people");
    assert_eq!(head.send().await.status, 200);
}
