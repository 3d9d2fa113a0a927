//! A real Forgejo or Gitea, where there is one: the variables say where, and give an administrator's
//! token. The accounts of the people of these tests are deleted there, before and after.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Url};
use serde_json::Value;

use super::repo;
use super::stage::{Forgejo, Stage, forgejo_at};
use crate::Secret;
use crate::ports::git_host::forgejo::Forgejo as Host;
use crate::ports::git_host::{GitHost, names};
use crate::ports::web::{Patience, Web, below};

const URL: &str = "PROGY_TEST_FORGEJO_URL";
const TOKEN: &str = "PROGY_TEST_FORGEJO_TOKEN";
/// For an answer: removing an account takes its repositories along.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that was there before, and will be.
struct Real {
    root: Url,
    host: Host,
    limits_repositories: bool,
    _folder: tempfile::TempDir,
}

/// Who removes what tests leave.
struct Caretaker {
    root: Url,
    token: Secret,
    client: Client,
}

impl Caretaker {
    fn of(root: &str, token: &str) -> Self {
        let root: Url = root.parse().unwrap();
        let client = Web::new([&root], Patience::Whole(PATIENCE)).client().unwrap().clone();
        Self { root, token: Secret::new(token), client }
    }

    /// Removes the accounts of these tests, with all that they have.
    async fn clear(&self) {
        for learner in ["ana", "bia"] {
            let login = names::account(&repo(learner, "any").user);
            let url = below(&self.root, &["api", "v1", "admin", "users", &login]);
            let request = self.client.delete(url).query(&[("purge", "true")]);
            let header = format!("token {}", self.token.expose());
            let answer = request.header("authorization", header).send().await.unwrap();
            assert!([204, 404].contains(&answer.status().as_u16()), "{login}: {}", answer.status());
        }
    }

    /// Whether the server says of itself that it can limit a token to repositories.
    async fn limits_repositories(&self) -> bool {
        let answer = self.client.get(below(&self.root, &["swagger.v1.json"])).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let description: Value = serde_json::from_str(&text).unwrap_or_default();
        let option = "/definitions/CreateAccessTokenOption/properties/repositories";
        description.pointer(option).is_some()
    }

    async fn stage(&self) -> Real {
        self.clear().await;
        let limits_repositories = self.limits_repositories().await;
        let (host, folder) = forgejo_at(&self.root, &self.token).await;
        Real { root: self.root.clone(), host, limits_repositories, _folder: folder }
    }
}

#[async_trait]
impl Stage for Real {
    fn host(&self) -> &dyn GitHost {
        &self.host
    }

    fn root(&self) -> String {
        self.root.as_str().trim_end_matches('/').to_owned()
    }

    fn limits_repositories(&self) -> bool {
        self.limits_repositories
    }
}

/// All that does not need somebody who misbehaves, one after another: it is one server.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Forgejo or a Gitea; see PROGY_TEST_FORGEJO_URL and PROGY_TEST_FORGEJO_TOKEN"]
async fn a_real_forgejo_keeps_the_contract() {
    let variable = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let caretaker = Caretaker::of(&variable(URL), &variable(TOKEN));
    super::a_repository_is_made_once(&caretaker.stage().await).await;
    super::an_empty_repository_can_be_read(&caretaker.stage().await).await;
    super::repositories_are_apart(&caretaker.stage().await).await;
    super::a_pass_is_a_secret_and_ends(&caretaker.stage().await).await;
    super::a_deleted_repository_is_made_again(&caretaker.stage().await).await;
    super::what_is_pushed_is_read(&caretaker.stage().await).await;
    super::a_pass_opens_what_it_is_for(&caretaker.stage().await).await;
    super::main_is_not_rewritten(&caretaker.stage().await).await;
    caretaker.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_there_before_is_left_as_it_was() {
    let there = Forgejo::new(progy_standin::forgejo::Age::Old).await;
    let token = there.standin.world().admin_token();
    let caretaker = Caretaker::of(&there.standin.root_url(), &token);
    for _ in 0..2 {
        super::what_is_pushed_is_read(&caretaker.stage().await).await;
    }
    caretaker.clear().await;
    let world = there.standin.world();
    assert_eq!((world.accounts.len(), world.repositories.len(), world.tokens.len()), (1, 0, 1));
}
