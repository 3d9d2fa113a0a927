//! The stand-in as any client meets it. `scripts/check-github-api` compares what is said here with
//! GitHub's own description.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use progy_standin::{App, Kind, Person, Standin};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANA: u64 = 7;

struct Answer {
    status: u16,
    head: String,
    body: Value,
}

async fn ask(standin: &Standin, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let address = standin.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nUser-Agent: test\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: serde_json::from_str(body).unwrap_or_default() }
}

async fn standin(kind: Kind) -> Standin {
    let standin = Standin::start(App { kind, ..App::default() }).await.unwrap();
    standin.world().put(Person::new(ANA, "ana", "ana@example.org"));
    standin.world().agrees = Some(ANA);
    standin
}

/// A token with these scopes.
async fn token(standin: &Standin, scopes: &str) -> String {
    let path = format!(
        "/login/oauth/authorize?client_id=Iv1.standin&scope={scopes}&redirect_uri=http://progy/back"
    );
    let page = ask(standin, "GET", &path, "", "").await;
    assert_eq!(page.status, 302);
    let code = page.head.split("code=").nth(1).unwrap().split_whitespace().next().unwrap();
    let headers = "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n";
    let form = format!("client_id=Iv1.standin&client_secret=standin-secret&code={code}");
    let answer = ask(standin, "POST", "/login/oauth/access_token", headers, &form).await;
    answer.body["access_token"].as_str().unwrap().to_owned()
}

async fn api(standin: &Standin, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    ask(standin, method, &format!("/api/v3{path}"), &headers, &body).await
}

#[tokio::test]
async fn a_repository_is_made_once_and_found() {
    let standin = standin(Kind::OAuth).await;
    let token = token(&standin, "repo").await;
    let new = json!({"name": "progy-sql", "private": true, "description": "SQL"});
    let missing = api(&standin, "GET", "/repos/ana/progy-sql", &token, &Value::Null).await;
    assert_eq!((missing.status, &missing.body["message"]), (404, &json!("Not Found")));
    let made = api(&standin, "POST", "/user/repos", &token, &new).await;
    assert_eq!((made.status, &made.body["full_name"]), (201, &json!("ana/progy-sql")));
    let found = api(&standin, "GET", "/repos/Ana/Progy-SQL", &token, &Value::Null).await;
    assert_eq!((found.status, &found.body["private"]), (200, &json!(true)));
    let again = api(&standin, "POST", "/user/repos", &token, &new).await;
    assert_eq!(again.status, 422);
    assert_eq!(again.body["errors"][0]["message"], "name already exists on this account");
}

#[tokio::test]
async fn a_token_without_the_scope_sees_and_makes_nothing_private() {
    let standin = standin(Kind::OAuth).await;
    let full = token(&standin, "repo").await;
    let new = json!({"name": "hidden", "private": true});
    assert_eq!(api(&standin, "POST", "/user/repos", &full, &new).await.status, 201);
    let narrow = token(&standin, "public_repo").await;
    assert_eq!(api(&standin, "GET", "/repos/ana/hidden", &narrow, &Value::Null).await.status, 404);
    let other = json!({"name": "other", "private": true});
    assert_eq!(api(&standin, "POST", "/user/repos", &narrow, &other).await.status, 404);
    let answer = api(&standin, "GET", "/user", &narrow, &Value::Null).await;
    assert!(answer.head.to_lowercase().contains("x-oauth-scopes: public_repo"), "{}", answer.head);
}

#[tokio::test]
async fn tokens_of_an_app_expire() {
    let standin = standin(Kind::App).await;
    standin.world().app_mut().token_life = std::time::Duration::ZERO;
    let token = token(&standin, "").await;
    assert!(token.starts_with("ghu_"));
    let answer = api(&standin, "GET", "/user", &token, &Value::Null).await;
    assert_eq!((answer.status, &answer.body["message"]), (401, &json!("Bad credentials")));
}

#[tokio::test]
async fn without_a_wish_the_token_comes_as_a_form_and_errors_with_status_200() {
    let standin = standin(Kind::OAuth).await;
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    let form = "client_id=Iv1.standin&client_secret=wrong&code=x";
    let answer = ask(&standin, "POST", "/login/oauth/access_token", headers, form).await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("application/x-www-form-urlencoded"), "{}", answer.head);
    let headers = format!("{headers}Accept: application/json\r\n");
    let answer = ask(&standin, "POST", "/login/oauth/access_token", &headers, form).await;
    assert_eq!(
        (answer.status, &answer.body["error"]),
        (200, &json!("incorrect_client_credentials"))
    );
}
