//! The program `git`, which knows nothing of Progy.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tempfile::TempDir;
use tokio::process::Command;

/// `git` as a learner has it, with a home of its own.
#[derive(Clone)]
pub(crate) struct Git {
    settings: Vec<(String, String)>,
}

/// A clone, which goes with the test.
pub(crate) struct Work {
    pub(crate) git: Git,
    folder: TempDir,
}

impl Git {
    pub(crate) fn new() -> Self {
        let settings = [
            ("user.name", "Ana"),
            ("user.email", "ana@example.org"),
            ("init.defaultBranch", "main"),
            ("protocol.version", "2"),
        ];
        Self { settings: settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into() }
    }

    /// One that answers with this password when it is asked.
    pub(crate) fn with_password(password: &str) -> Self {
        let helper = format!("!f() {{ echo username=progy; echo password={password}; }}; f");
        Self::new().set("credential.helper", &helper)
    }

    /// One that shows this token of the API.
    pub(crate) fn with_token(token: &str) -> Self {
        Self::new().set("http.extraHeader", &format!("Authorization: Bearer {token}"))
    }

    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// A call that is not made yet.
    pub(crate) fn call(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        for (key, value) in &self.settings {
            command.args(["-c", &format!("{key}={value}")]);
        }
        command
            .args(arguments)
            .current_dir(folder)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .env_remove("GIT_DIR")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        self.call(folder, arguments).output().await.expect("git is installed")
    }

    /// What it prints, if it goes well.
    pub(crate) async fn ok(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.run(folder, arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What it complains of.
    pub(crate) async fn fails(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.run(folder, arguments).await;
        assert!(!output.status.success(), "git {arguments:?} went well");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A clone of `url`.
    pub(crate) async fn clone_of(&self, url: &str) -> Work {
        self.clone_with(url, &[]).await
    }

    pub(crate) async fn clone_with(&self, url: &str, options: &[&str]) -> Work {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [&["clone", "-q"], options, &[url, "."]].concat();
        self.ok(folder.path(), &arguments).await;
        Work { git: self.clone(), folder }
    }
}

impl Work {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let file = self.file(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    pub(crate) async fn ok(&self, arguments: &[&str]) -> String {
        self.git.ok(self.path(), arguments).await
    }

    pub(crate) async fn fails(&self, arguments: &[&str]) -> String {
        self.git.fails(self.path(), arguments).await
    }

    /// Commits a file; gives the commit's id.
    pub(crate) async fn commit(&self, name: &str, content: &[u8], message: &str) -> String {
        self.write(name, content);
        self.ok(&["add", "-A"]).await;
        self.ok(&["commit", "-q", "-m", message]).await;
        self.head().await
    }

    pub(crate) async fn head(&self) -> String {
        self.ok(&["rev-parse", "HEAD"]).await.trim().to_owned()
    }
}
