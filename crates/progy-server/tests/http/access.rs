//! Who gets in.

use hyper::Method;
use progy_api::account::{Role, SessionAnswer};

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_who_asks() {
    let server = Server::start().await;
    let token = server.token("ana", Role::Author).await;
    let session: SessionAnswer =
        server.get("/api/auth/get-session").token(&token).send().await.json();
    assert_eq!((session.user.username.as_str(), session.user.role), ("ana", Role::Author));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_api_route_refuses_strangers_and_the_public_ones_do_not() {
    let server = Server::start().await;
    let document: serde_json::Value = server.get("/api/openapi.json").send().await.json();
    for (path, item) in document["paths"].as_object().unwrap() {
        let concrete = path
            .replace("{id}", "intro")
            .replace("{course}", "intro")
            .replace("{version}", "1.0.0")
            .replace("{rev}", "0123456789abcdef");
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let ask = || server.request(method.clone(), &concrete);
            let operation = &item[method.as_str().to_lowercase()];
            let anybody = serde_json::json!({});
            if operation["security"].as_array().is_some_and(|ways| ways.contains(&anybody)) {
                let status = ask().send().await.status;
                assert!(status != 401 && status != 403 && !status.is_server_error(), "{path}");
                continue;
            }
            for refused in [
                ask(),
                ask().token("progy_nobody"),
                ask().header("authorization", "Basic cm9vdDpyb290"),
                ask().header("authorization", "Bearer"),
                ask().header("authorization", "Bearer \u{e9}"),
            ] {
                let answer = refused.send().await;
                assert_eq!(answer.status, 401, "{method} {path}");
                if path.starts_with("/api/auth/device") {
                    let error: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                    assert_eq!(error["error"], "unauthorized", "{method} {path}");
                    continue;
                }
                let auth = path.starts_with("/api/auth/");
                answer.problem(401, if auth { "UNAUTHORIZED" } else { "unauthorized" });
                let way = answer.header("www-authenticate").split(' ').next();
                let wanted = if path.starts_with("/git/") { "Basic" } else { "Bearer" };
                assert_eq!(way, Some(wanted), "{method} {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_user_is_taken_once_and_a_token_needs_a_user() {
    let server = Server::start().await;
    server.token("ana", Role::Learner).await;
    let again = progy_server::admin::add_user(&server.config, "ana", None, Role::Admin).await;
    assert!(again.unwrap_err().to_string().contains("exists already"));
    let nobody = progy_server::admin::create_token(&server.config, "bob").await;
    assert!(nobody.unwrap_err().to_string().contains("progy admin user add bob"));
}
