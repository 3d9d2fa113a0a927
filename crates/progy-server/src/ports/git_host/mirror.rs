//! Copies of repositories that another host keeps, fetched when they are read.
//!
//! A copy is a bare repository with one branch. It holds nothing that cannot be fetched again: what
//! was not read for longest goes when there are too many, and one that is damaged goes at once.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use progy_core::git::ObjectId;
use progy_core::git::wire::{Advertised, FetchAnswer};
use reqwest::{Response, Url};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;

use super::embedded::cat_file::CatFile;
use super::embedded::layout::{self, Layout};
use super::embedded::program::Program;
use super::embedded::serve::bound;
use super::embedded::{blocking, closing, disk, upkeep};
use super::smart::{Login, Smart, SmartError, garbled};
use super::{GitHostError, Objects, RepoName, Result};
use crate::ports::PortError;
use crate::ports::web;

/// The file whose time says when a copy was read last.
const USED: &str = "used";
/// Copies of different repositories that are fetched at once by one lock each.
const LOCKS: usize = 64;

/// What copies may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The largest pack that is fetched, in bytes.
    pub most: u64,
    /// All copies together, in bytes.
    pub room: u64,
    /// How long fetching one may take.
    pub time: Duration,
    /// Copies that are fetched and read at once; others wait.
    pub processes: usize,
    /// The program `git`; without it, the first in the search path.
    pub program: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        let super::embedded::Settings { processes, time, .. } =
            super::embedded::Settings::default();
        Self { most: 256 << 20, room: 2 << 30, time, processes, program: None }
    }
}

/// What is wanted of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Which commit `main` names.
    Head,
    /// That, and its objects.
    Objects,
}

/// What was found.
pub(super) struct Seen {
    /// What `main` names.
    pub(super) head: Option<ObjectId>,
    /// Whether there is no other branch or tag either.
    pub(super) empty: bool,
    /// The objects, if they are wanted.
    pub(super) objects: Option<Box<dyn Objects>>,
}

/// Copies below one folder.
pub(super) struct Mirrors {
    layout: Layout,
    program: Result<Program, String>,
    smart: Smart,
    settings: Settings,
    reading: Arc<Semaphore>,
    /// One is held while a copy is brought up to date.
    fetching: Vec<Mutex<()>>,
}

impl Mirrors {
    /// Below `folder`, which is made if it does not exist, of repositories at `host`.
    pub(super) fn open(folder: &Path, settings: Settings, host: &Url) -> Result<Self, PortError> {
        Ok(Self {
            layout: Layout::open(folder).map_err(|error| disk(&error))?,
            program: Program::find(settings.program.as_deref()),
            smart: Smart::new(host),
            reading: Arc::new(Semaphore::new(settings.processes)),
            fetching: (0..LOCKS).map(|_| Mutex::default()).collect(),
            settings,
        })
    }

    /// The program that reads them.
    pub(super) fn program(&self) -> Result<&Program> {
        self.program.as_ref().map_err(|why| GitHostError::Unavailable(why.clone()))
    }

    /// Asks the host at `url` which commit `main` names; opens the copy of the repository, brought up
    /// to date, if it is wanted.
    pub(super) async fn look(
        &self,
        repo: &RepoName,
        url: &str,
        login: &Login,
        want: Want,
    ) -> Result<Seen, MirrorError> {
        let advertised = self.smart.advertised(url, login).await?;
        let head = advertised.main;
        let empty = head.is_none() && advertised.others.is_empty();
        if want == Want::Head {
            return Ok(Seen { head, empty, objects: None });
        }
        let permit = Arc::clone(&self.reading).acquire_owned().await.map_err(|_| closing())?;
        let folder = self.layout.repository(repo)?;
        {
            let _fetching = self.lock(&folder).await;
            self.bring_up_to_date(&folder, url, login, &advertised).await?;
        }
        let objects = CatFile::open(self.program()?, &folder, permit)?;
        Ok(Seen { head, empty, objects: Some(Box::new(objects)) })
    }

    async fn lock(&self, folder: &Path) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let hash = blake3::hash(folder.as_os_str().as_encoded_bytes());
        let at = hash.as_bytes().first().map_or(0, |byte| usize::from(*byte) % LOCKS);
        match self.fetching.get(at) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }

    async fn bring_up_to_date(
        &self,
        folder: &Path,
        url: &str,
        login: &Login,
        advertised: &Advertised,
    ) -> Result<(), MirrorError> {
        let place = folder.to_owned();
        let known = blocking(move || {
            layout::create(&place)?;
            std::fs::write(place.join(USED), b"")?;
            layout::main(&place)
        })
        .await?;
        let Some(main) = advertised.main.filter(|main| known != Some(*main)) else { return Ok(()) };
        let fetch = self.fetch(folder, url, login, advertised, main, known);
        let fetched = timeout(self.settings.time, fetch).await;
        let slow = || SmartError::Unreachable("fetching the repository takes too long".to_owned());
        match fetched.map_err(|_| slow())? {
            // Something that the copy should have is not there: all of it is fetched again.
            Err(MirrorError::Unfit(why)) if known.is_some() => {
                tracing::warn!(why, "a copy of a repository is made anew");
                self.remove(folder).await?;
                let place = folder.to_owned();
                blocking(move || layout::create(&place)).await?;
                self.fetch(folder, url, login, advertised, main, None).await?;
            }
            done => done?,
        }
        let place = folder.to_owned();
        blocking(move || layout::set_main(&place, main)).await?;
        Ok(())
    }

    async fn fetch(
        &self,
        folder: &Path,
        url: &str,
        login: &Login,
        advertised: &Advertised,
        want: ObjectId,
        known: Option<ObjectId>,
    ) -> Result<(), MirrorError> {
        let have: Vec<ObjectId> = known.into_iter().collect();
        let answer = self.smart.fetch(url, login, advertised, want, &have).await?;
        let most = format!("--max-input-size={}", self.settings.most);
        let arguments = ["index-pack", "--stdin", "--fix-thin", "--strict", &most];
        let mut command = self.program()?.within(folder, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| disk(&error))?;
        bound(&child, self.settings.time);
        let stdin = child.stdin.take();
        let fed = async {
            match stdin {
                Some(stdin) => feed(answer, stdin).await,
                None => Err(garbled(&"git has no pipes").into()),
            }
        };
        let (fed, ended) = tokio::join!(fed, child.wait_with_output());
        fed?;
        let ended = ended.map_err(|error| disk(&error))?;
        if ended.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        Err(MirrorError::Unfit(said.trim().chars().take(300).collect()))
    }

    /// Packs the copy, if there is one that needs it.
    pub(super) async fn keep_up(&self, repo: &RepoName) -> Result<bool> {
        let folder = self.layout.repository(repo)?;
        if !folder.join("HEAD").is_file() {
            return Ok(false);
        }
        let _fetching = self.lock(&folder).await;
        upkeep::pack_if_scattered(self.program()?, &self.layout, &folder).await
    }

    /// Forgets the copy of a repository that is there no more.
    pub(super) async fn forget(&self, repo: &RepoName) -> Result<(), PortError> {
        let folder = self.layout.repository(repo)?;
        let _fetching = self.lock(&folder).await;
        self.remove(&folder).await
    }

    async fn remove(&self, folder: &Path) -> Result<(), PortError> {
        let (folder, aside) = (folder.to_owned(), self.layout.temporary()?);
        blocking(move || layout::delete(&folder, &aside)).await
    }

    /// Removes copies until there is room, beginning with that which was not read for longest.
    pub(super) async fn tidy(&self) -> Result<usize, PortError> {
        let (root, room) = (self.layout.repositories(), self.settings.room);
        let too_many = blocking(move || {
            let mut copies = copies(&root)?;
            copies.sort_by_key(|copy| std::cmp::Reverse(copy.used));
            let mut total = 0;
            Ok(copies
                .into_iter()
                .filter(|copy| {
                    total += copy.size;
                    total > room
                })
                .map(|copy| copy.folder)
                .collect::<Vec<_>>())
        })
        .await?;
        for folder in &too_many {
            let _fetching = self.lock(folder).await;
            self.remove(folder).await?;
        }
        Ok(too_many.len())
    }
}

/// Why a copy cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum MirrorError {
    /// What the host says.
    #[error(transparent)]
    Host(#[from] SmartError),
    /// What it sent makes no sound repository, or is too large.
    #[error("the repository cannot be copied: {0}")]
    Unfit(String),
    /// It is ours.
    #[error(transparent)]
    Here(#[from] GitHostError),
}

impl From<PortError> for MirrorError {
    fn from(error: PortError) -> Self {
        Self::Here(error.into())
    }
}

impl From<MirrorError> for GitHostError {
    fn from(error: MirrorError) -> Self {
        match error {
            MirrorError::Host(error) => error.into(),
            MirrorError::Here(error) => error,
            MirrorError::Unfit(_) => Self::Unavailable(error.to_string()),
        }
    }
}

/// Passes the pack in an answer on to `git`.
async fn feed(mut answer: Response, mut stdin: ChildStdin) -> Result<(), MirrorError> {
    let mut reader = FetchAnswer::default();
    loop {
        let piece = answer.chunk().await.map_err(|error| web::unreachable(&error));
        let Some(piece) = piece.map_err(SmartError::from)? else { break };
        let pack = reader.pack_in(&piece).map_err(|error| garbled(&error))?;
        // It has heard enough, and its end says why.
        if stdin.write_all(pack).await.is_err() {
            return Ok(());
        }
    }
    if reader.has_pack() { Ok(()) } else { Err(garbled(&"there is no pack").into()) }
}

struct Copy {
    folder: PathBuf,
    used: SystemTime,
    size: u64,
}

fn copies(root: &Path) -> io::Result<Vec<Copy>> {
    let mut copies = Vec::new();
    for learner in std::fs::read_dir(root)? {
        for folder in std::fs::read_dir(learner?.path())? {
            let folder = folder?.path();
            let used = std::fs::metadata(folder.join(USED)).and_then(|about| about.modified());
            let used = used.unwrap_or(SystemTime::UNIX_EPOCH);
            copies.push(Copy { size: layout::size(&folder)?, used, folder });
        }
    }
    Ok(copies)
}
