//! A server whose machine has no `git`.

use progy_api::account::Role;
use serde_json::json;

use crate::server::{Server, package, save};

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_works_and_it_is_said_what_does_not() {
    let server =
        Server::start_with(|config| config.git.program = Some("/no/such/git".into())).await;
    let root = server.token("root", Role::Admin).await;
    server.publish(&root, "intro", package("intro", "1.0.0")).await.json::<serde_json::Value>();
    let ana = server.token("ana", Role::Learner).await;
    let ready: serde_json::Value = server.get("/readyz").send().await.json();
    assert_eq!(ready["status"], "ok");
    assert!(ready["git"].as_str().unwrap().contains("/no/such/git"), "{ready}");
    for path in ["/api/git/ensure-repo", "/api/git/credentials"] {
        let asked = json!({ "course": "intro" });
        let refused = server.post(path).token(&ana).json(&asked).send().await;
        refused.problem(503, "git_unavailable");
    }
    let saved = server.sync(&ana, &save(b"x\n", None)).await;
    assert_eq!(saved.status, 200);
    assert!(server.config.warnings().iter().any(|warning| warning.contains("/no/such/git")));
}
