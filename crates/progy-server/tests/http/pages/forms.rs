//! Every form is refused without its token, and what people call things is never markup.

use progy_api::account::Role;
use serde_json::{Value, json};

use super::browser::hidden;
use crate::server::Server;

/// Values for whatever a form asks for.
const TYPED: &str = "login=ana&name=ana&email=ana%40example.org&password=correct+horse&language=en\
    &user_code=BCDFGHJK&decision=approve&session=x&token=x&label=x&expires=30&scope_sync=yes\
    &username=ana&role=admin";

#[tokio::test(flavor = "multi_thread")]
async fn every_form_needs_the_token_of_its_browser() {
    let server = Server::start().await;
    let mut ana = server.browser_of("ana").await;
    let mut bia = server.browser_of("bia").await;
    let foreign = hidden(bia.get("/account").await.text(), "/sign-out");
    let foreign = format!("csrf={}", foreign[0].1);
    let forms = progy_server::forms();
    assert!(forms.len() > 14 && forms.contains(&"/admin/people"), "{forms:?}");
    for form in forms {
        for guard in ["", "csrf=", "csrf=x", &foreign] {
            let request = ana.request(&hyper::Method::POST, form).body(format!("{TYPED}&{guard}"));
            let answer = ana.answer(request).await;
            assert_eq!(answer.status, 403, "{form} {guard}");
            assert!(answer.text().contains("open for too long"), "{form}: {}", answer.text());
        }
        // As a stranger, too: nobody is signed in as somebody else.
        let mut stranger = server.browser();
        let request = stranger.request(&hyper::Method::POST, form).body(TYPED);
        assert_eq!(stranger.answer(request).await.status, 403, "{form}");
        assert!(!stranger.cookies.contains_key("better-auth.session_token"));
    }
    assert_eq!(ana.get("/account").await.status, 200, "she is still signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_origin_is_refused_even_with_its_token() {
    let server = Server::start().await;
    let mut ana = server.browser_of("ana").await;
    let pairs = hidden(ana.get("/account").await.text(), "/sign-out");
    let body = super::browser::encoded(&pairs);
    for origin in ["https://evil.test", "null"] {
        let cookie = ana.cookies.iter().next().unwrap();
        let request = server
            .post("/sign-out")
            .header("accept", "text/html")
            .header("cookie", &format!("{}={}", cookie.0, cookie.1))
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body.clone()).send().await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("another site sent this"), "{}", answer.text());
    }
    assert_eq!(ana.get("/account").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_visitor_ends_with_signing_in() {
    let server = Server::start().await;
    server.browser_of("ana").await;
    let mut browser = server.browser();
    let before = hidden(browser.get("/sign-in").await.text(), "/sign-in");
    let typed = [("login", "ana"), ("password", "correct horse"), ("remember", "yes")];
    let done = browser.send("/sign-in", "/sign-in", &typed).await;
    assert_eq!(done.status, 303);
    assert!(!browser.cookies.contains_key("progy.visitor"));
    assert_eq!(browser.post("/sign-out", &before).await.status, 403);
    let after = hidden(browser.get("/account").await.text(), "/sign-out");
    assert_ne!(before[0], after[0]);
    assert_eq!(browser.post("/sign-out", &after).await.status, 303);
    assert_eq!(browser.post("/sign-out", &after).await.status, 403, "it ended with the session");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_never_markup() {
    const NAME: &str = "<script>alert(1)</script>";
    const ESCAPED: &str = "&#60;script&#62;alert(1)";
    let server = Server::start().await;
    let mut ana = server.browser_of("ana").await;
    let renamed = ana.send("/account", "/account/name", &[("name", NAME)]).await;
    assert_eq!(renamed.header("location"), "/account?done=name");
    let page = ana.get("/account").await;
    assert!(!page.text().contains("<script") && page.text().contains(ESCAPED), "{}", page.text());

    let made = [("label", NAME), ("scope_sync", "yes"), ("expires", "30")];
    let page = ana.send("/account", "/account/tokens", &made).await;
    assert!(!page.text().contains("<script") && page.text().contains("progy_"), "{}", page.text());

    let body = json!({ "client_id": "<script>x", "device_name": "<script>\"&'" });
    let code: Value = server.post("/api/auth/device/code").json(&body).send().await.json();
    let code = code["user_code"].as_str().unwrap();
    let page = ana.get(&format!("/device?user_code={code}")).await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("<script") && page.text().contains("&#60;script&#62;x"));

    for path in [
        "/sign-in?next=%22%3E%3Cscript%3E&error=%3Cscript%3E&done=%3Cscript%3E",
        "/sign-up?invited=%22%3E%3Cscript%3E",
        "/device?user_code=%3Cscript%3E",
        "/%3Cscript%3E",
        "/api/auth/error?error=%3Cscript%3E",
    ] {
        for browser in [&mut server.browser(), &mut ana] {
            assert!(!browser.get(path).await.text().contains("<script"), "{path}");
        }
    }
    let typed = [("login", "\"><script>"), ("password", "\"><script>")];
    let page = server.browser().send("/sign-in", "/sign-in", &typed).await;
    assert!(page.status == 422 && !page.text().contains("<script"));

    progy_server::admin::add_user(&server.config, "chief", Some("chief@example.org"), Role::Admin)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_sent_to_our_own_paths_only() {
    let server = Server::start().await;
    server.browser_of("ana").await;
    for (next, expected) in [
        ("/device?user_code=BCDFGHJK", "/device?user_code=BCDFGHJK"),
        ("https://evil.test/", "/account"),
        ("//evil.test", "/account"),
        ("/\\evil.test", "/account"),
        ("javascript:alert(1)", "/account"),
        ("", "/account"),
    ] {
        let typed = [("login", "ana"), ("password", "correct horse"), ("next", next)];
        let mut browser = server.browser();
        let done = browser.send("/sign-in", "/sign-in", &typed).await;
        assert_eq!((done.status.as_u16(), done.header("location")), (303, expected), "{next}");
        // Who is signed in already goes there at once.
        let query = super::browser::encoded(&[("next".to_owned(), next.to_owned())]);
        let there = browser.get(&format!("/sign-in?{query}")).await;
        assert_eq!(there.header("location"), expected);
        let switch = [("next", next), ("language", "pt-BR")];
        let done = browser.send("/account", "/language", &switch).await;
        let expected = if expected == "/account" { "/" } else { expected };
        assert_eq!(done.header("location"), expected);
    }
}
