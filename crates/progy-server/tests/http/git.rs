//! Learners' repositories, as the program `git` meets them.

mod absent;
mod clones;
pub(crate) mod command;
mod hostile;
mod pushes;
mod revisions;
mod tokens;
mod upkeep;

use progy_api::git::{Credentials, Repo};
use serde_json::json;

use self::command::{Git, Work};
use crate::server::Server;

/// A learner's repository of `intro`, on a server of its own.
pub(crate) struct Host {
    pub(crate) server: Server,
    /// The learner's token of the API.
    pub(crate) login: String,
    pub(crate) repo: Repo,
    pub(crate) password: String,
}

impl Host {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut progy_server::Config)) -> Self {
        let server = Server::start_with(change).await;
        let login = server.learner().await;
        let repo = ensure(&server, &login).await;
        let password = credentials(&server, &login, "write").await.git_token;
        Self { server, login, repo, password }
    }

    /// A `git` that knows the password.
    pub(crate) fn git(&self) -> Git {
        Git::with_password(&self.password)
    }

    /// A clone with one commit that holds `a.txt`, which is pushed.
    pub(crate) async fn begun(&self) -> Work {
        let work = self.git().clone_of(&self.repo.repo_url).await;
        work.commit("a.txt", b"one\n", "first").await;
        work.ok(&["push", "origin", "main"]).await;
        work
    }

    /// The bare repository.
    pub(crate) fn bare(&self) -> std::path::PathBuf {
        let all = self.server.config.data.join("git/repositories");
        let learner = std::fs::read_dir(all).unwrap().next().unwrap().unwrap().path();
        learner.join("intro.git")
    }

    /// Nothing in the repository is damaged, and nothing half-way is left.
    pub(crate) async fn check(&self) {
        let bare = self.bare();
        let git = Git::new();
        git.ok(&bare, &["fsck", "--strict", "--no-dangling"]).await;
        let left: Vec<_> = std::fs::read_dir(bare.join("objects"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("tmp"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Bytes that cannot be compressed, others for each size.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    blake3::Hasher::new().update(&size.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

pub(crate) async fn ensure(server: &Server, login: &str) -> Repo {
    let asked = json!({ "course": "intro" });
    server.post("/api/git/ensure-repo").token(login).json(&asked).send().await.json()
}

pub(crate) async fn credentials(server: &Server, login: &str, access: &str) -> Credentials {
    let asked = json!({ "course": "intro", "access": access });
    server.post("/api/git/credentials").token(login).json(&asked).send().await.json()
}
