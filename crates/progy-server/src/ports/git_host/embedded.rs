//! The embedded default: bare repositories in the data folder, served by the programs of Git.
//!
//! The programs are used rather than a library, for three reasons: packs are read and checked by the
//! code that every other host trusts with hostile ones, in a process of its own that can be ended and
//! whose memory is not ours; nothing else speaks all of the protocol; and a server needs no more than
//! Debian's package `git`.
//!
//! - `layout`: which folder is whose;
//! - [`program`]: how `git` is run;
//! - [`serve`]: a conversation with a device's `git`; `advertise`: its beginning, mostly without one;
//! - `cat_file`: reading; `template`: what repositories share; `upkeep`: packing.

mod advertise;
pub(super) mod cat_file;
pub(super) mod layout;
pub mod program;
pub mod serve;
mod template;
pub(super) mod upkeep;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use progy_api::git::{GitAccess, GitHostKind};
use progy_core::Timestamp;
use progy_core::git::ObjectId;
use tokio::sync::{Mutex, Semaphore};

use self::advertise::Words;
use self::cat_file::CatFile;
use self::layout::Layout;
use self::program::Program;
use super::{Ensured, GitHost, GitHostError, Objects, Pass, RepoName, Result, Template};
use crate::ports::database::Digest;
use crate::ports::database::accounts::GitToken;
use crate::ports::{Accounts, Clock, Entropy, PortError};
use crate::secret::Secret;

/// How tokens for one repository begin.
pub const TOKEN_PREFIX: &str = "progyg_";
/// How long such a token is good, in milliseconds.
const TOKEN_LIFE: i64 = 60 * 60 * 1_000;
/// The user name that goes with a token; any other does as well.
pub const GIT_USER: &str = "progy";

/// What the embedded host takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The largest pack that may be pushed, in bytes.
    pub push: u64,
    /// Processes that serve clones, fetches and pushes at once; others wait.
    pub processes: usize,
    /// How long one of them may take.
    pub time: Duration,
    /// The program `git`; without it, the first in the search path.
    pub program: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { push: 100 << 20, processes: 8, time: Duration::from_mins(10), program: None }
    }
}

/// A [`GitHost`] in a folder.
pub struct Embedded {
    layout: Layout,
    /// Why there is none, if there is none: the rest of the server works without.
    program: Result<Program, String>,
    words: Words,
    settings: Settings,
    serving: Arc<Semaphore>,
    /// Of its own: what serves a push reads the repository afterwards.
    reading: Arc<Semaphore>,
    /// Held by who makes a template.
    making: Arc<Mutex<()>>,
    tokens: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Embedded {
    /// Repositories below `root`, which is made if it does not exist.
    pub fn open(
        root: &Path,
        settings: Settings,
        tokens: Arc<dyn Accounts>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, PortError> {
        Ok(Self {
            layout: Layout::open(root).map_err(|error| disk(&error))?,
            program: Program::find(settings.program.as_deref()),
            words: Words::default(),
            serving: Arc::new(Semaphore::new(settings.processes)),
            reading: Arc::new(Semaphore::new(settings.processes)),
            settings,
            making: Arc::default(),
            tokens,
            clock,
            entropy,
        })
    }

    fn program(&self) -> Result<&Program> {
        self.program.as_ref().map_err(|why| GitHostError::Unavailable(why.clone()))
    }

    /// The repository's folder, if it is there.
    fn there(&self, repo: &RepoName) -> Result<Option<PathBuf>, PortError> {
        let folder = self.layout.repository(repo)?;
        Ok(folder.join("HEAD").is_file().then_some(folder))
    }

    /// Whether the repository is there.
    pub fn has(&self, repo: &RepoName) -> Result<bool, PortError> {
        self.there(repo).map(|folder| folder.is_some())
    }

    /// What a token that somebody shows opens, if it is still good.
    pub async fn opens(
        &self,
        token: &str,
    ) -> Result<Option<(GitToken, progy_api::account::User)>, PortError> {
        if !token.starts_with(TOKEN_PREFIX) || token.len() > 128 {
            return Ok(None);
        }
        self.tokens.git_token(&digest(token), self.clock.now()).await
    }
}

#[async_trait]
impl GitHost for Embedded {
    fn kind(&self) -> GitHostKind {
        GitHostKind::Embedded
    }

    async fn ping(&self) -> Result<()> {
        self.program().map(drop)
    }

    async fn ensure(&self, repo: &RepoName, site: &str) -> Result<Ensured> {
        self.program()?;
        let folder = self.layout.repository(repo)?;
        let created = blocking(move || layout::create(&folder)).await?;
        Ok(Ensured { repo_url: address(repo, site), html_url: format!("{site}/"), created })
    }

    async fn share(&self, repo: &RepoName, template: Arc<dyn Template>) -> Result<()> {
        let program = self.program()?.clone();
        let folder = self.layout.repository(repo)?;
        let shared = self.layout.template(template.package());
        if !shared.is_dir() {
            let (layout, making) = (self.layout.clone(), Arc::clone(&self.making));
            let place = shared.clone();
            // To its end, also if who asked for it goes away: the next one would begin anew.
            let made = tokio::spawn(async move {
                // A class that begins at once makes it once.
                let _making = making.lock().await;
                if place.is_dir() {
                    return Ok(());
                }
                template::make(&program, &layout, &place, template.as_ref()).await
            });
            made.await.map_err(|error| PortError::Failed(error.to_string()))??;
        }
        let line = Layout::alternate(&shared);
        Ok(blocking(move || layout::add_alternate(&folder, &line)).await?)
    }

    async fn pass(&self, repo: &RepoName, access: GitAccess, site: &str) -> Result<Pass> {
        self.program()?;
        let mut chance = [0; 32];
        self.entropy.fill(&mut chance)?;
        let token = Secret::new(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(chance)));
        let expires_at = Timestamp(self.clock.now().0 + TOKEN_LIFE);
        self.tokens
            .create_git_token(&GitToken {
                hash: digest(token.expose()),
                user: repo.user.clone(),
                course: repo.course.clone(),
                access,
                expires_at,
            })
            .await?;
        Ok(Pass {
            user: GIT_USER.to_owned(),
            token,
            repo_url: address(repo, site),
            expires_at: Some(expires_at),
        })
    }

    async fn head(&self, repo: &RepoName) -> Result<Option<ObjectId>> {
        let Some(folder) = self.there(repo)? else { return Ok(None) };
        Ok(layout::main(&folder).map_err(|error| disk(&error))?)
    }

    async fn open(&self, repo: &RepoName) -> Result<Option<Box<dyn Objects>>> {
        let Some(folder) = self.there(repo)? else { return Ok(None) };
        let permit = Arc::clone(&self.reading).acquire_owned().await.map_err(|_| closing())?;
        let objects = CatFile::open(self.program()?, &folder, permit)?;
        Ok(Some(Box::new(objects)))
    }

    async fn stored(&self, repo: &RepoName) -> Result<u64> {
        let folder = self.layout.repository(repo)?;
        Ok(blocking(move || layout::size(&folder)).await?)
    }

    async fn keep_up(&self, repo: &RepoName) -> Result<bool> {
        self.pack_if_scattered(repo).await
    }

    async fn delete(&self, repo: &RepoName) -> Result<()> {
        let folder = self.layout.repository(repo)?;
        let aside = self.layout.temporary()?;
        Ok(blocking(move || layout::delete(&folder, &aside)).await?)
    }
}

/// Where a repository is to be found.
fn address(repo: &RepoName, site: &str) -> String {
    let RepoName { username, course, .. } = repo;
    // As everywhere, the slash of `@scope/slug` is encoded.
    let course = course.as_str().replace('/', "%2F");
    format!("{site}/git/{username}/{course}.git")
}

fn digest(token: &str) -> Digest {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// Runs what waits for the disk where it delays nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, PortError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| PortError::Failed(error.to_string()))?.map_err(|error| disk(&error))
}

pub(super) fn disk(error: &io::Error) -> PortError {
    PortError::Unavailable(format!("the folder of the repositories: {error}"))
}

pub(super) fn closing() -> GitHostError {
    GitHostError::Unavailable("the server is stopping".to_owned())
}
