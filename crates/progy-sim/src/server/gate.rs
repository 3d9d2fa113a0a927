//! The server's database, with points at which the server can stop.

mod objects;
mod snapshots;

use std::future::{Future, pending, poll_fn};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use async_trait::async_trait;
use progy_api::history::RevisionSummary;
use progy_core::{ContentHash, CourseId, RevisionId, SaveId, Strategy};
use progy_server::ports::database::sqlite::Sqlite;
use progy_server::ports::database::{
    ChangeOutcome, Claim, CommitOutcome, CommitRevision, Course, Database, HeadEvents,
    MergeProgress, NewVersion, Note, NoteOutcome, Publication, PublishedVersion, Revision,
    SavedAlready, Standing, StoredContent, StrategyChange, UserId, Workspace, WorkspaceId,
};
use progy_server::ports::{PortError, Result};
use semver::Version;

use crate::sabotage::Sabotage;
use crate::server::faulty::Faulty;
use crate::trace::locked;
pub(crate) use objects::GatedObjects;

/// What happens to the server during one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accident {
    /// It stops before this call of the database.
    Before(u32),
    /// It stops after this call.
    After(u32),
    /// Its database does not answer.
    Busy,
}

#[derive(Debug, Default)]
struct Request {
    accident: Option<Accident>,
    calls: u32,
    /// Whether the accident has happened.
    stopped: bool,
}

/// A [`Database`] that may stop the server at any call.
pub(crate) struct Gate {
    inner: Arc<Sqlite>,
    request: Mutex<Request>,
    /// Whether every call waits to be polled once more before it happens.
    steps: AtomicBool,
    /// Whether something was taken away since this was asked last.
    changed: AtomicBool,
    pub(crate) faulty: Option<Faulty>,
    /// What is wrong with how snapshots are looked after through this gate.
    sabotage: Option<Sabotage>,
}

impl Gate {
    pub(crate) fn new(inner: Arc<Sqlite>, sabotage: Option<Sabotage>) -> Self {
        let faulty = sabotage.map(|sabotage| Faulty::new(Arc::clone(&inner), sabotage));
        Self {
            inner,
            request: Mutex::default(),
            steps: AtomicBool::new(false),
            changed: AtomicBool::new(false),
            faulty,
            sabotage: None,
        }
    }

    /// For a server that goes on one call at a time and looks after snapshots.
    pub(crate) fn of_upkeep(inner: Arc<Sqlite>, sabotage: Option<Sabotage>) -> Self {
        let gate = Self::new(inner, None);
        gate.step(true);
        Self { sabotage, ..gate }
    }

    /// Whether calls wait from now on.
    pub(crate) fn step(&self, steps: bool) {
        self.steps.store(steps, Ordering::Relaxed);
    }

    /// Whether something was taken away since this was asked last.
    pub(crate) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    fn note_change(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }

    /// Whether the server has stopped during this request.
    pub(crate) fn has_stopped(&self) -> bool {
        locked(&self.request).stopped
    }

    /// The people, of whom no accident takes anything: simulated requests are authenticated already.
    pub(crate) fn accounts(&self) -> Arc<Sqlite> {
        Arc::clone(&self.inner)
    }

    /// A request begins.
    pub(crate) fn begin(&self, accident: Option<Accident>) {
        *locked(&self.request) = Request { accident, calls: 0, stopped: false };
    }

    /// Lets others go on first.
    async fn wait(&self) {
        let mut waited = !self.steps.load(Ordering::Relaxed);
        let go_on = |waited| if waited { Poll::Ready(()) } else { Poll::Pending };
        poll_fn(|_| go_on(std::mem::replace(&mut waited, true))).await;
    }

    async fn stop<T>(&self) -> T {
        locked(&self.request).stopped = true;
        pending().await
    }

    async fn pass<T>(&self, act: impl Future<Output = Result<T>>) -> Result<T> {
        self.wait().await;
        let (accident, call) = {
            let mut request = locked(&self.request);
            request.calls += 1;
            (request.accident, request.calls - 1)
        };
        match accident {
            Some(Accident::Busy) => return Err(PortError::Unavailable("simulated".to_owned())),
            Some(Accident::Before(at)) if at == call => return self.stop().await,
            _ => {}
        }
        let result = act.await;
        if accident == Some(Accident::After(call)) {
            return self.stop().await;
        }
        result
    }
}

#[async_trait]
impl Database for Gate {
    async fn ping(&self) -> Result<()> {
        self.pass(self.inner.ping()).await
    }

    async fn courses(&self) -> Result<Vec<Course>> {
        self.pass(self.inner.courses()).await
    }

    async fn course(&self, course: &CourseId) -> Result<Option<Course>> {
        self.pass(self.inner.course(course)).await
    }

    async fn versions(&self, course: &CourseId) -> Result<Vec<PublishedVersion>> {
        self.pass(self.inner.versions(course)).await
    }

    async fn version(
        &self,
        course: &CourseId,
        version: &Version,
    ) -> Result<Option<PublishedVersion>> {
        self.pass(self.inner.version(course, version)).await
    }

    async fn manifest(&self, course: &CourseId, version: &Version) -> Result<Option<Vec<u8>>> {
        self.pass(self.inner.manifest(course, version)).await
    }

    async fn template(&self, course: &CourseId, version: &Version) -> Result<Option<Vec<u8>>> {
        self.pass(self.inner.template(course, version)).await
    }

    async fn publish(&self, version: NewVersion) -> Result<Publication> {
        self.pass(self.inner.publish(version)).await
    }

    async fn workspace(&self, user: &UserId, course: &CourseId) -> Result<Option<Workspace>> {
        self.pass(async {
            let found = self.inner.workspace(user, course).await?;
            Ok(match &self.faulty {
                Some(faulty) => faulty.workspace(found),
                None => found,
            })
        })
        .await
    }

    async fn standing(
        &self,
        user: &UserId,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<Standing>> {
        self.pass(async {
            let found = self.inner.standing(user, course, base).await?;
            Ok(match &self.faulty {
                Some(faulty) => faulty.standing(found, base),
                None => found,
            })
        })
        .await
    }

    async fn saved(&self, workspace: WorkspaceId, save: &SaveId) -> Result<Option<SavedAlready>> {
        self.pass(async {
            match &self.faulty {
                Some(faulty) if faulty.sabotage == Sabotage::ForgottenSaves => Ok(None),
                _ => self.inner.saved(workspace, save).await,
            }
        })
        .await
    }

    async fn knows_revision(&self, workspace: WorkspaceId, revision: &RevisionId) -> Result<bool> {
        self.pass(self.inner.knows_revision(workspace, revision)).await
    }

    async fn revisions(
        &self,
        workspace: WorkspaceId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<Option<Vec<RevisionSummary>>> {
        self.pass(self.inner.revisions(workspace, before, limit)).await
    }

    async fn revision(
        &self,
        workspace: WorkspaceId,
        revision: &RevisionId,
    ) -> Result<Option<Revision>> {
        self.pass(self.inner.revision(workspace, revision)).await
    }

    async fn contents(
        &self,
        workspace: WorkspaceId,
        hashes: &[ContentHash],
    ) -> Result<Vec<StoredContent>> {
        self.pass(async {
            let found = self.inner.contents(workspace, hashes).await?;
            Ok(match &self.faulty {
                Some(faulty) => faulty.contents(found),
                None => found,
            })
        })
        .await
    }

    async fn commit_revision(&self, commit: CommitRevision) -> Result<CommitOutcome> {
        self.pass(async {
            match &self.faulty {
                Some(faulty) => faulty.commit(commit).await,
                None => self.inner.commit_revision(commit).await,
            }
        })
        .await
    }

    async fn merge_progress(&self, merge: MergeProgress) -> Result<(String, Option<RevisionId>)> {
        self.pass(async {
            match &self.faulty {
                Some(faulty) => faulty.merge(merge).await,
                None => self.inner.merge_progress(merge).await,
            }
        })
        .await
    }

    async fn claim(&self, claim: Claim) -> Result<Strategy> {
        self.pass(self.inner.claim(claim)).await
    }

    async fn change_strategy(&self, change: StrategyChange) -> Result<ChangeOutcome> {
        self.pass(self.inner.change_strategy(change)).await
    }

    async fn note(&self, note: Note) -> Result<NoteOutcome> {
        self.pass(self.inner.note(note)).await
    }

    async fn carried_by(
        &self,
        strategy: Strategy,
        after: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, UserId, CourseId)>> {
        self.pass(self.inner.carried_by(strategy, after, limit)).await
    }

    async fn used(&self, user: &UserId) -> Result<u64> {
        self.pass(self.inner.used(user)).await
    }

    async fn subscribe(&self, user: &UserId, course: &CourseId) -> Result<HeadEvents> {
        self.inner.subscribe(user, course).await
    }
}
