//! What browsers are told with every page, in both languages.

use progy_server::config::Registration;

use super::browser::Browser;
use crate::client::Answer;
use crate::server::Server;

/// Every page there is, for who is signed in and who is not.
const PAGES: [&str; 8] = [
    "/",
    "/sign-in",
    "/sign-up",
    "/device",
    "/device/approved",
    "/device/denied",
    "/account",
    "/nowhere",
];

#[track_caller]
fn is_guarded(answer: &Answer, path: &str) {
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{path}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
    assert!(answer.header("set-auth-token").is_empty(), "{path}: cookies are for browsers");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_guarded_and_kept_nowhere() {
    let server = Server::start().await;
    let mut ana = server.browser_of("ana").await;
    for path in PAGES {
        for browser in [&mut server.browser(), &mut ana] {
            let answer = browser.get(path).await;
            is_guarded(&answer, path);
            assert!(answer.header("strict-transport-security").is_empty());
            if answer.header("content-type").starts_with("text/html") {
                let text = answer.text();
                assert!(text.contains("<html lang=\"en\">") && text.contains("<main id=\"main\""));
                for banned in ["<script", "<style", " style=", " onclick", "http://", "https://"] {
                    assert!(!text.contains(banned), "{path} has {banned}: {text}");
                }
            }
        }
    }
    // The API's own answers stay as they were.
    let api = server.get("/api/openapi.json").send().await;
    assert_eq!(api.header("x-content-type-options"), "nosniff");
    assert_eq!(api.header("content-security-policy"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_https_cookies_and_pages_are_for_https() {
    let server = Server::start_with(|config| {
        config.url = Some("https://progy.example.org".into());
        config.accounts.registration = Registration::Open;
    })
    .await;
    let mut browser = server.browser();
    let page = browser.get("/sign-in").await;
    is_guarded(&page, "/sign-in");
    assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
    let set = page.header("set-cookie");
    assert!(set.starts_with("__Host-progy.visitor=") && set.ends_with("; Secure"), "{set}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stylesheet_has_a_name_of_its_own_and_stays() {
    let server = Server::start().await;
    let page = server.browser().get("/sign-in").await;
    let path = page.text().split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap();
    let style = server.get(&format!("/assets/{path}")).send().await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(style.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(style.text().contains("prefers-color-scheme"));
    server.get("/assets/style.css").send().await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_pages_for_browsers_and_problems_for_programs() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let page = browser.get("/nowhere").await;
    assert_eq!(page.status, 404);
    assert!(page.text().contains("There is nothing here"), "{}", page.text());
    let page = browser.get("/account/password").await;
    assert_eq!(page.status, 405);
    assert!(page.text().contains("There is nothing here"));
    server.get("/nowhere").send().await.problem(404, "not_found");
    browser.get("/api/nowhere").await.problem(404, "not_found");

    server.browser_of("ana").await;
    let typed = [("login", "ana"), ("password", "wrong horse")];
    let limited = loop {
        let answer = browser.send("/sign-in", "/sign-in", &typed).await;
        if answer.status != 422 {
            break answer;
        }
    };
    assert_eq!(limited.status, 429);
    assert!(limited.text().contains("That was too often"));
    assert!(!limited.header("retry-after").is_empty());
    is_guarded(&limited, "/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_speak_the_language_of_the_browser_until_the_switch_says_otherwise() {
    let server = Server::start().await;
    let title = async |browser: &mut Browser<'_>, path: &str| {
        let page = browser.get(path).await;
        let lang = page.text().split("lang=\"").nth(1).unwrap().split('"').next().unwrap();
        (lang.to_owned(), page.text().contains("Não há nada aqui"))
    };
    let mut browser = server.browser().speaking("pt-BR,pt;q=0.9,en;q=0.8");
    assert_eq!(title(&mut browser, "/nowhere").await, ("pt-BR".to_owned(), true));
    assert!(browser.get("/sign-in").await.text().contains("Entrar"));
    let path = "/sign-in?next=%2Fdevice%3Fuser_code%3DBCDFGHJK";
    let done = browser.send(path, "/language", &[("language", "en")]).await;
    assert_eq!(done.header("location"), path);
    assert_eq!(title(&mut browser, "/sign-in").await.0, "en");
    assert_eq!(title(&mut browser, "/nowhere").await, ("en".to_owned(), false));
    browser.send(path, "/language", &[("language", "tlh")]).await;
    assert_eq!(title(&mut browser, "/sign-in").await.0, "en");
}
