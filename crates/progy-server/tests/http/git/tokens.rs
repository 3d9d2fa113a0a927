//! Who gets in.

use progy_api::account::Role;
use serde_json::json;

use super::command::Git;
use super::{Host, credentials, ensure};

const REFS: &str = "/info/refs?service=git-upload-pack";

fn path(host: &Host) -> String {
    format!("/git/{}", host.repo.repo_url.split_once("/git/").unwrap().1)
}

#[tokio::test(flavor = "multi_thread")]
async fn git_is_asked_for_a_password() {
    let host = Host::start().await;
    let path = path(&host);
    for rest in [REFS, "/info/refs?service=git-receive-pack"] {
        let asked = host.server.get(&format!("{path}{rest}")).send().await;
        asked.problem(401, "unauthorized");
        assert!(asked.header("www-authenticate").starts_with("Basic realm="));
    }
    let asked = host.server.post(&format!("{path}/git-receive-pack")).send().await;
    asked.problem(401, "unauthorized");
    let nobody = Git::new();
    let said = nobody.fails(&std::env::temp_dir(), &["ls-remote", &host.repo.repo_url]).await;
    assert!(said.contains("could not read Username"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_none_does_not_open() {
    let host = Host::start().await;
    let mut wrong = host.password.clone();
    wrong.truncate(wrong.len() - 1);
    // A login of the API is no password of Git, and the reverse.
    for password in [wrong.as_str(), "progyg_", "", &host.login] {
        let git = Git::with_password(password);
        let said = git.fails(&std::env::temp_dir(), &["ls-remote", &host.repo.repo_url]).await;
        assert!(
            said.contains("Authentication failed") || said.contains("could not read"),
            "{said}"
        );
    }
    let refused = host.server.get("/api/courses").token(&host.password).send().await;
    refused.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends() {
    let host = Host::start().await;
    let git = host.git();
    let folder = std::env::temp_dir();
    git.ok(&folder, &["ls-remote", &host.repo.repo_url]).await;
    let db = rusqlite::Connection::open(host.server.config.data.join("progy.db")).unwrap();
    let changed = db.execute("UPDATE git_token SET expires_at = 1", []).unwrap();
    assert_eq!(changed, 1);
    let said = git.fails(&folder, &["ls-remote", &host.repo.repo_url]).await;
    assert!(said.contains("Authentication failed"), "{said}");
    let header = format!("{}{REFS}", path(&host));
    host.server.get(&header).send().await.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_reading_cannot_push() {
    let host = Host::start().await;
    host.begun().await;
    let read = credentials(&host.server, &host.login, "read").await;
    assert_eq!(read.repo_url, host.repo.repo_url);
    let work = Git::with_password(&read.git_token).clone_of(&host.repo.repo_url).await;
    work.commit("b.txt", b"b\n", "b").await;
    let said = work.fails(&["push", "origin", "main"]).await;
    assert!(said.contains("403"), "{said}");
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_repository_is_as_absent_as_none() {
    let host = Host::start().await;
    host.begun().await;
    let bia = host.server.token("bia", Role::Learner).await;
    ensure(&host.server, &bia).await;
    let bias = credentials(&host.server, &bia, "write").await;
    for git in [Git::with_token(&bia), Git::with_password(&bias.git_token)] {
        for url in [
            host.repo.repo_url.clone(),
            host.repo.repo_url.replace("/ana/", "/zoe/"),
            bias.repo_url.replace("intro", "nothing"),
        ] {
            let said = git.fails(&std::env::temp_dir(), &["ls-remote", &url]).await;
            assert!(said.contains("not found"), "{url}: {said}");
        }
        git.ok(&std::env::temp_dir(), &["ls-remote", &bias.repo_url]).await;
    }
    // A token is for one repository: also of its own person.
    let root = host.server.token("ro", Role::Admin).await;
    let package = crate::server::package("other", "1.0.0");
    assert_eq!(host.server.publish(&root, "other", package).await.status, 201);
    let asked = json!({ "course": "other" });
    let request = host.server.post("/api/git/ensure-repo").token(&host.login).json(&asked);
    let other: progy_api::git::Repo = request.send().await.json();
    let said = host.git().fails(&std::env::temp_dir(), &["ls-remote", &other.repo_url]).await;
    assert!(said.contains("not found"), "{said}");
    Git::with_token(&host.login).ok(&std::env::temp_dir(), &["ls-remote", &other.repo_url]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_answered() {
    let host = Host::start().await;
    assert!(host.repo.created);
    let again = ensure(&host.server, &host.login).await;
    assert!(!again.created);
    assert_eq!(again.repo_url, host.repo.repo_url);
    assert_eq!(again.author.email, "ana@users.noreply.127.0.0.1");
    let post = async |path: &str, course: &str| {
        let asked = json!({ "course": course });
        host.server.post(path).token(&host.login).json(&asked).send().await
    };
    for path in ["/api/git/ensure-repo", "/api/git/credentials"] {
        post(path, "nothing").await.problem(404, "no_course");
        post(path, "../x").await.problem(400, "bad_request");
    }
    let github = host.server.get("/api/git/credentials").token(&host.login).send().await;
    github.problem(409, "other_host");
    let ready: serde_json::Value = host.server.get("/readyz").send().await.json();
    assert_eq!(ready, json!({ "status": "ok" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scoped_course_has_one_segment_in_its_address() {
    let host = Host::start().await;
    let root = host.server.token("teacher", Role::Admin).await;
    let package = crate::server::package("@teacher/sql", "1.0.0");
    assert_eq!(host.server.publish(&root, "@teacher/sql", package).await.status, 201);
    let asked = json!({ "course": "@teacher/sql" });
    let request = host.server.post("/api/git/ensure-repo").token(&host.login).json(&asked);
    let repo: progy_api::git::Repo = request.send().await.json();
    assert!(repo.repo_url.ends_with("/git/ana/@teacher%2Fsql.git"), "{}", repo.repo_url);
    let work = Git::with_token(&host.login).clone_of(&repo.repo_url).await;
    work.commit("a.txt", b"a\n", "a").await;
    work.ok(&["push", "origin", "main"]).await;
}
