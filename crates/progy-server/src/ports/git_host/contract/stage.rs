//! Where the adapters play: each with what it talks to, and with stock Git as its guest.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use progy_api::account::{Role, User};
use progy_api::git::GitAccess;
use progy_core::Timestamp;
use progy_core::git::ObjectId;
use progy_standin::forgejo::{self, Age};
use reqwest::Url;
use tempfile::TempDir;

use super::SITE;
use crate::Secret;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{NewUser, Users};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::git_host::embedded::{self, Embedded as EmbeddedHost};
use crate::ports::git_host::forgejo::{Forgejo as ForgejoHost, Means, Settings};
use crate::ports::git_host::github::{self, GitHubHost, Learners, LearnersToken};
use crate::ports::git_host::{GitHost, Pass, RepoName, Result, mirror, names};
use crate::ports::{Clock, SystemClock, SystemEntropy};
use crate::vault::{Key, Keyring, Vault};

/// An adapter in its place.
#[async_trait]
pub(super) trait Stage: Sync {
    fn host(&self) -> &dyn GitHost;

    /// What addresses begin with.
    fn root(&self) -> String;

    /// Pushes a commit that says and holds `text` on top of `main`.
    async fn commit(&self, repo: &RepoName, text: &str) -> ObjectId {
        let pass = self.host().pass(repo, GitAccess::Write, SITE).await.unwrap();
        commit_at(&pass.repo_url, Some((&pass.user, &pass.token)), text).await
    }

    /// Whether a pass lets stock Git fetch or push there; `None` if nobody answers here.
    async fn opens(&self, pass: &Pass, url: &str, push: bool) -> Option<bool> {
        Some(opens_at(pass, url, push).await)
    }

    /// Tries to force `main` back to where it was before; false if nobody answers here.
    async fn rewrite(&self, repo: &RepoName) -> bool {
        let pass = self.host().pass(repo, GitAccess::Write, SITE).await.unwrap();
        rewrite_at(&pass.repo_url, Some((&pass.user, &pass.token))).await;
        true
    }

    /// Whether a pass for reading is for reading.
    fn limits_access(&self) -> bool {
        true
    }

    /// Whether a pass is made for us, and ends.
    fn makes_passes(&self) -> bool {
        true
    }

    /// Whether what is deleted is gone.
    fn deletes(&self) -> bool {
        true
    }

    /// Whether a pass is for one repository.
    fn limits_repositories(&self) -> bool {
        true
    }

    /// Has the answer be lost that comes after so many; false if there is nobody who could lose it.
    fn lose_answer_after(&self, _: usize) -> bool {
        false
    }

    /// Loses no more answers; whether one was lost.
    fn heal(&self) -> bool {
        false
    }

    /// Nothing of what was made is there twice, or public.
    async fn check(&self, _: &RepoName) {}
}

/// People called `ana` and `bia`.
pub(super) async fn people() -> Arc<Sqlite> {
    let db = Sqlite::in_memory().unwrap();
    for name in ["ana", "bia"] {
        let user = User {
            id: format!("id-of-{name}"),
            username: name.to_owned(),
            name: name.to_owned(),
            email: None,
            email_verified: false,
            image: None,
            role: Role::Learner,
            created_at: Timestamp(1),
            updated_at: Timestamp(1),
        };
        db.create_user(&NewUser { user, link: None, invite: None }).await.unwrap();
    }
    Arc::new(db)
}

pub(super) fn vault() -> Arc<Vault> {
    let keys = Keyring::new(vec![Key::new([7; 32]).unwrap()]).unwrap();
    Arc::new(Vault::configured(keys, Arc::new(SystemEntropy)))
}

/// Stock Git, without anybody's settings.
async fn git(folder: &Path, login: Option<(&str, &Secret)>, args: &[&str]) -> (bool, String) {
    let mut command = Command::new("git");
    command
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "Ana")
        .env("GIT_AUTHOR_EMAIL", "ana@example.org")
        .env("GIT_COMMITTER_NAME", "Ana")
        .env("GIT_COMMITTER_EMAIL", "ana@example.org");
    if let Some((user, token)) = login {
        let pair = STANDARD.encode(format!("{user}:{}", token.expose()));
        command
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "http.extraHeader")
            .env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {pair}"));
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).trim().to_owned())
}

async fn must(folder: &Path, login: Option<(&str, &Secret)>, args: &[&str]) -> String {
    let (done, said) = git(folder, login, args).await;
    assert!(done, "git {args:?}: {said}");
    said
}

/// Clones what is at `url`, and pushes a commit.
async fn commit_at(url: &str, login: Option<(&str, &Secret)>, text: &str) -> ObjectId {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    must(at, login, &["clone", "-q", url, "."]).await;
    std::fs::write(at.join("a.txt"), text).unwrap();
    must(at, None, &["add", "-A"]).await;
    must(at, None, &["commit", "-qm", text]).await;
    must(at, login, &["push", "-q", "origin", "HEAD:main"]).await;
    must(at, None, &["rev-parse", "HEAD"]).await.parse().unwrap()
}

/// Whether stock Git may fetch from `url`, or push to it.
async fn opens_at(pass: &Pass, url: &str, push: bool) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let login = Some((pass.user.as_str(), &pass.token));
    if !push {
        return git(at, login, &["ls-remote", url]).await.0;
    }
    must(at, None, &["init", "-q", "-b", "side"]).await;
    must(at, None, &["commit", "-q", "--allow-empty", "-m", "side"]).await;
    let pushed = git(at, login, &["push", "-q", url, "HEAD:refs/heads/side"]).await.0;
    pushed && git(at, login, &["push", "-q", url, ":refs/heads/side"]).await.0
}

/// Tries to force `main` at `url` back by one.
async fn rewrite_at(url: &str, login: Option<(&str, &Secret)>) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    must(at, login, &["clone", "-q", url, "."]).await;
    must(at, None, &["reset", "-q", "--hard", "HEAD~"]).await;
    assert!(!git(at, login, &["push", "-q", "--force", "origin", "main"]).await.0);
    assert!(!git(at, login, &["push", "-q", "origin", ":main"]).await.0);
}

/// The embedded host, which serves nobody here.
pub(super) struct Embedded {
    folder: TempDir,
    host: EmbeddedHost,
}

impl Embedded {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let settings = embedded::Settings::default();
        let host = EmbeddedHost::open(folder.path(), settings, people().await, clock, entropy);
        Self { folder, host: host.unwrap() }
    }

    fn path(&self, repo: &RepoName) -> String {
        let name = format!("{}.git", repo.course.as_str().replace('/', "+"));
        let path = self.folder.path().join("repositories").join(&repo.user.0).join(name);
        path.to_str().unwrap().to_owned()
    }
}

#[async_trait]
impl Stage for Embedded {
    fn host(&self) -> &dyn GitHost {
        &self.host
    }

    fn root(&self) -> String {
        SITE.to_owned()
    }

    async fn commit(&self, repo: &RepoName, text: &str) -> ObjectId {
        commit_at(&self.path(repo), None, text).await
    }

    async fn opens(&self, _: &Pass, _: &str, _: bool) -> Option<bool> {
        None
    }

    async fn rewrite(&self, _: &RepoName) -> bool {
        false
    }
}

/// The adapter for the Forgejo at `root`, whose administrator's token this is.
pub(super) async fn forgejo_at(root: &Url, token: &Secret) -> (ForgejoHost, TempDir) {
    forgejo_by(root, token, Arc::new(SystemClock)).await
}

async fn forgejo_by(root: &Url, token: &Secret, clock: Arc<dyn Clock>) -> (ForgejoHost, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        public: root.clone(),
        root: root.clone(),
        token: token.clone(),
        told_at: Some("http://127.0.0.1:9".to_owned()),
        mirror: mirror::Settings::default(),
    };
    let (records, entropy) = (people().await, Arc::new(SystemEntropy));
    let means = Means { records, vault: vault(), clock, entropy };
    (ForgejoHost::open(folder.path(), settings, means).unwrap(), folder)
}

/// Forgejo or Gitea, with the stand-in.
pub(super) struct Forgejo {
    pub(super) standin: forgejo::Forgejo,
    pub(super) host: ForgejoHost,
    age: Age,
    _folder: TempDir,
}

impl Forgejo {
    pub(super) async fn new(age: Age) -> Self {
        Self::with_clock(age, Arc::new(SystemClock)).await
    }

    /// At a time that is not ours.
    pub(super) async fn with_clock(age: Age, clock: Arc<dyn Clock>) -> Self {
        let standin = forgejo::Forgejo::start(age).await.unwrap();
        let root: Url = standin.root_url().parse().unwrap();
        let token = Secret::new(standin.world().admin_token());
        let (host, folder) = forgejo_by(&root, &token, clock).await;
        Self { standin, host, age, _folder: folder }
    }
}

#[async_trait]
impl Stage for Forgejo {
    fn host(&self) -> &dyn GitHost {
        &self.host
    }

    fn root(&self) -> String {
        self.standin.root_url()
    }

    fn limits_repositories(&self) -> bool {
        self.age == Age::New
    }

    fn lose_answer_after(&self, count: usize) -> bool {
        self.standin.world().lose_answer_after = Some(count);
        true
    }

    fn heal(&self) -> bool {
        self.standin.world().lose_answer_after.take().is_none()
    }

    async fn check(&self, repo: &RepoName) {
        let world = self.standin.world();
        let login = names::account(&repo.user);
        let account = world.account(&login).unwrap();
        assert!(account.restricted && !account.admin && account.visibility == "private");
        let accounts = world.accounts.iter().filter(|account| !account.admin).count();
        assert_eq!(accounts, 1, "{:?}", world.accounts);
        let name = names::repository(&repo.course);
        let found = world.repository(&login, &name).unwrap();
        assert!(found.private && found.protected && found.default_branch == "main");
        assert_eq!(found.hooks.len(), 1, "{:?}", found.hooks);
        // Names of tokens are known before they are made: each is deleted at its end.
    }
}

/// GitHub, with the stand-in.
pub(super) struct GitHub {
    pub(super) standin: progy_standin::Standin,
    pub(super) host: GitHubHost,
    _folder: TempDir,
}

/// The learners' tokens at the stand-in.
struct Tokens(Vec<(String, LearnersToken)>);

#[async_trait]
impl Learners for Tokens {
    async fn token(&self, user: &UserId) -> Result<LearnersToken> {
        Ok(self.0.iter().find(|(id, _)| *id == user.0).unwrap().1.clone())
    }
}

impl GitHub {
    pub(super) async fn new() -> Self {
        Self::with_app(progy_standin::App::default()).await
    }

    /// For an application of another kind.
    pub(super) async fn with_app(app: progy_standin::App) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let standin = progy_standin::Standin::start(app).await.unwrap();
        let mut tokens = Vec::new();
        for (number, name) in [(1, "ana"), (2, "bia")] {
            let mut world = standin.world();
            let email = format!("{name}@example.org");
            world.put(progy_standin::Person::new(number, name, &email));
            let secret = Secret::new(world.give_token(number, "repo"));
            let token = LearnersToken { secret, login: name.to_owned(), expires_at: None };
            tokens.push((format!("id-of-{name}"), token));
        }
        let settings = github::Settings {
            base: standin.base_url().parse().unwrap(),
            api: standin.api_url().parse().unwrap(),
            secret: Secret::new("s3cret"),
            told_at: Some("http://127.0.0.1:9".to_owned()),
            mirror: mirror::Settings::default(),
        };
        let learners = Arc::new(Tokens(tokens));
        let (records, clock) = (people().await, Arc::new(SystemClock));
        let host = GitHubHost::open(folder.path(), settings, learners, records, clock).unwrap();
        Self { standin, host, _folder: folder }
    }
}

#[async_trait]
impl Stage for GitHub {
    fn host(&self) -> &dyn GitHost {
        &self.host
    }

    fn root(&self) -> String {
        self.standin.base_url()
    }

    /// Learners may do that in their own accounts.
    async fn rewrite(&self, _: &RepoName) -> bool {
        false
    }

    fn makes_passes(&self) -> bool {
        false
    }

    fn deletes(&self) -> bool {
        false
    }

    fn limits_access(&self) -> bool {
        false
    }

    fn limits_repositories(&self) -> bool {
        false
    }

    fn lose_answer_after(&self, count: usize) -> bool {
        self.standin.world().lose_answer_after = Some(count);
        true
    }

    fn heal(&self) -> bool {
        self.standin.world().lose_answer_after.take().is_none()
    }

    async fn check(&self, repo: &RepoName) {
        let name = names::repository(&repo.course);
        let world = self.standin.world();
        let found: Vec<_> = world.repositories.iter().filter(|r| r.name == name).collect();
        assert!(found.len() == 1 && found[0].private, "{found:?}");
        assert!(found[0].hooks.len() <= 1, "{found:?}");
    }
}
