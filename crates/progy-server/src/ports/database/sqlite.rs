//! The embedded default: one `SQLite` file.
//!
//! `store` holds all SQL, spread by concern over the files beside it, and knows nothing of threads;
//! `executor` decides who runs it and when a write counts as done.

mod accounts;
mod commit;
mod contents;
mod executor;
mod noting;
mod queue;
mod registry;
mod revisions;
mod schema;
mod snapshot_port;
mod snapshots;
mod store;
mod sweep;
mod workspaces;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use progy_api::history::{HeadEvent, RevisionSummary};
use progy_core::{ContentHash, CourseId, RevisionId, SaveId, Strategy};
use semver::Version;
use tokio::sync::oneshot;

use self::commit::Prepared;
use self::executor::{Attempt, Executor, Threads};
use self::store::Store;
use super::hub::Hub;
use super::{
    ChangeOutcome, Claim, CommitOutcome, CommitRevision, Course, Database, HeadEvents,
    MergeProgress, NewVersion, Note, NoteOutcome, Publication, PublishedVersion, Revision,
    SavedAlready, Standing, StoredContent, StrategyChange, UserId, Workspace, WorkspaceId,
};
use crate::ports::{PortError, Result};

/// The file's name in the data folder.
const FILE: &str = "progy.db";

/// A [`Database`] in one file, or in memory.
pub struct Sqlite {
    executor: Executor,
    hub: Arc<Hub>,
}

impl Sqlite {
    /// Opens the database in the folder `data`, making both if they do not exist, readable by this
    /// user of the machine alone. Other processes may have it open too.
    pub fn open(data: &Path) -> Result<Self> {
        let path = private_file(data).map_err(|error| {
            PortError::Unavailable(format!(
                "cannot open the data folder {}: {error}",
                data.display()
            ))
        })?;
        let threads = Threads::start(&path, Store::open(&path)?)?;
        Ok(Self::with(Executor::Threaded(threads)))
    }

    /// An empty database in memory. Everything runs at once on the caller's thread, so that its
    /// futures are ready when they are first polled and need no runtime.
    pub fn in_memory() -> Result<Self> {
        Ok(Self::with(Executor::Inline(Mutex::new(Store::in_memory()?))))
    }

    fn with(executor: Executor) -> Self {
        Self { executor, hub: Arc::new(Hub::default()) }
    }

    /// All that a database in memory holds; for tests that bring back an old backup.
    pub fn snapshot(&self) -> Result<Vec<u8>> {
        self.inline(Store::snapshot)
    }

    /// Replaces all that a database in memory holds by a [`Self::snapshot`].
    pub fn restore(&self, snapshot: &[u8]) -> Result<()> {
        self.inline(|store| store.restore(snapshot))
    }

    fn inline<T>(&self, act: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        match &self.executor {
            Executor::Inline(store) => {
                act(&mut store.lock().unwrap_or_else(PoisonError::into_inner))
            }
            Executor::Threaded(_) => {
                Err(PortError::Failed("only a database in memory is copied so".to_owned()))
            }
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, receiver) = oneshot::channel();
        self.executor.read(Box::new(move |store| {
            let _ = answer.send(query(store));
        }));
        receiver.await.unwrap_or_else(|_| Err(not_run()))
    }

    async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_and_tell(act, |_| ()).await
    }

    /// As [`Self::write`]; calls `tell` once the write is durable, even if nobody waits any more.
    async fn write_and_tell<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Store) -> Result<T> + Send + 'static,
        tell: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T> {
        let (answer, receiver) = oneshot::channel();
        self.executor.write(Box::new(move |store| {
            let result = act(store);
            let keep = result.is_ok();
            let settle = move |durable: Result<()>| {
                // What the write itself says weighs more than that it was undone.
                let result = result.and_then(|value| durable.map(|()| value));
                if let Ok(value) = &result {
                    tell(value);
                }
                let _ = answer.send(result);
            };
            Attempt { keep, settle: Box::new(settle) }
        }));
        receiver.await.unwrap_or_else(|_| Err(not_run()))
    }
}

fn not_run() -> PortError {
    PortError::Unavailable("the database has too much to do, or is closing".to_owned())
}

/// Makes the folder and the file as they must be before `SQLite` sees them; it gives the log
/// beside the file the file's own mode.
fn private_file(data: &Path) -> io::Result<std::path::PathBuf> {
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(data)?;
    let path = data.join(FILE);
    let mut file = fs::OpenOptions::new();
    file.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(&path)?;
    Ok(path)
}

#[async_trait]
impl Database for Sqlite {
    async fn ping(&self) -> Result<()> {
        self.read(Store::ping).await
    }

    async fn courses(&self) -> Result<Vec<Course>> {
        self.read(Store::courses).await
    }

    async fn course(&self, course: &CourseId) -> Result<Option<Course>> {
        let course = course.clone();
        self.read(move |store| store.course(&course)).await
    }

    async fn versions(&self, course: &CourseId) -> Result<Vec<PublishedVersion>> {
        let course = course.clone();
        self.read(move |store| store.versions(&course)).await
    }

    async fn version(
        &self,
        course: &CourseId,
        version: &Version,
    ) -> Result<Option<PublishedVersion>> {
        let (course, version) = (course.clone(), version.clone());
        self.read(move |store| store.version(&course, &version)).await
    }

    async fn manifest(&self, course: &CourseId, version: &Version) -> Result<Option<Vec<u8>>> {
        let (course, version) = (course.clone(), version.clone());
        self.read(move |store| store.manifest(&course, &version)).await
    }

    async fn template(&self, course: &CourseId, version: &Version) -> Result<Option<Vec<u8>>> {
        let (course, version) = (course.clone(), version.clone());
        self.read(move |store| store.template(&course, &version)).await
    }

    async fn publish(&self, version: NewVersion) -> Result<Publication> {
        self.write(move |store| store.publish(&version)).await
    }

    async fn workspace(&self, user: &UserId, course: &CourseId) -> Result<Option<Workspace>> {
        let (user, course) = (user.clone(), course.clone());
        self.read(move |store| store.workspace(&user, &course)).await
    }

    async fn standing(
        &self,
        user: &UserId,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<Standing>> {
        let (user, course, base) = (user.clone(), course.clone(), base.cloned());
        self.read(move |store| {
            store.consistent(|store| store.standing(&user, &course, base.as_ref()))
        })
        .await
    }

    async fn saved(&self, workspace: WorkspaceId, save: &SaveId) -> Result<Option<SavedAlready>> {
        let save = save.clone();
        self.read(move |store| store.saved(workspace, &save)).await
    }

    async fn knows_revision(&self, workspace: WorkspaceId, revision: &RevisionId) -> Result<bool> {
        let revision = revision.clone();
        self.read(move |store| store.knows_revision(workspace, &revision)).await
    }

    async fn revisions(
        &self,
        workspace: WorkspaceId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<Option<Vec<RevisionSummary>>> {
        let before = before.cloned();
        self.read(move |store| {
            store.consistent(|store| store.revisions(workspace, before.as_ref(), limit))
        })
        .await
    }

    async fn revision(
        &self,
        workspace: WorkspaceId,
        revision: &RevisionId,
    ) -> Result<Option<Revision>> {
        let revision = revision.clone();
        self.read(move |store| store.consistent(|store| store.revision(workspace, &revision))).await
    }

    async fn contents(
        &self,
        workspace: WorkspaceId,
        hashes: &[ContentHash],
    ) -> Result<Vec<StoredContent>> {
        let hashes = hashes.to_vec();
        self.read(move |store| store.contents(workspace, &hashes)).await
    }

    async fn commit_revision(&self, commit: CommitRevision) -> Result<CommitOutcome> {
        let (user, course) = (commit.user.clone(), commit.course.clone());
        let hub = Arc::clone(&self.hub);
        let prepared = Prepared::new(commit)?;
        self.write_and_tell(
            move |store| store.commit_revision(&prepared),
            move |outcome| {
                if let CommitOutcome::Committed { revision, .. } = outcome {
                    hub.tell(&user, HeadEvent { course, head: revision.clone() });
                }
            },
        )
        .await
    }

    async fn merge_progress(&self, merge: MergeProgress) -> Result<(String, Option<RevisionId>)> {
        self.write(move |store| store.merge_progress(&merge)).await
    }

    async fn claim(&self, claim: Claim) -> Result<Strategy> {
        self.write(move |store| store.claim(&claim)).await
    }

    async fn change_strategy(&self, change: StrategyChange) -> Result<ChangeOutcome> {
        self.write(move |store| store.change_strategy(&change)).await
    }

    async fn note(&self, note: Note) -> Result<NoteOutcome> {
        let (user, course) = (note.user.clone(), note.course.clone());
        let before = note.after.clone();
        let hub = Arc::clone(&self.hub);
        self.write_and_tell(
            move |store| store.note(&note),
            move |outcome| {
                if let NoteOutcome::Noted(Some(head)) = outcome
                    && Some(&head.id) != before.as_ref()
                {
                    hub.tell(&user, HeadEvent { course, head: (**head).clone() });
                }
            },
        )
        .await
    }

    async fn carried_by(
        &self,
        strategy: Strategy,
        after: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, UserId, CourseId)>> {
        self.read(move |store| store.carried_by(strategy, after, limit)).await
    }

    async fn used(&self, user: &UserId) -> Result<u64> {
        let user = user.clone();
        self.read(move |store| store.used(&user)).await
    }

    async fn subscribe(&self, user: &UserId, course: &CourseId) -> Result<HeadEvents> {
        Ok(self.hub.subscribe(user, course))
    }
}
