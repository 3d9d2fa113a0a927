//! The server's database, with points at which the server can stop.

mod snapshots;

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::Mutex;

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
}

/// A [`Database`] that may stop the server at any call.
pub(crate) struct Gate {
    inner: Arc<Sqlite>,
    request: Mutex<Request>,
    pub(crate) faulty: Option<Faulty>,
}

impl Gate {
    pub(crate) fn new(inner: Arc<Sqlite>, sabotage: Option<Sabotage>) -> Self {
        let faulty = sabotage.map(|sabotage| Faulty::new(Arc::clone(&inner), sabotage));
        Self { inner, request: Mutex::default(), faulty }
    }

    /// The people, of whom no accident takes anything: simulated requests are authenticated already.
    pub(crate) fn accounts(&self) -> Arc<Sqlite> {
        Arc::clone(&self.inner)
    }

    /// A request begins.
    pub(crate) fn begin(&self, accident: Option<Accident>) {
        *locked(&self.request) = Request { accident, calls: 0 };
    }

    async fn pass<T>(&self, act: impl Future<Output = Result<T>>) -> Result<T> {
        let (accident, call) = {
            let mut request = locked(&self.request);
            request.calls += 1;
            (request.accident, request.calls - 1)
        };
        match accident {
            Some(Accident::Busy) => return Err(PortError::Unavailable("simulated".to_owned())),
            Some(Accident::Before(at)) if at == call => return pending().await,
            _ => {}
        }
        let result = act.await;
        if accident == Some(Accident::After(call)) {
            return pending().await;
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
