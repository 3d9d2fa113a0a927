//! Ports that wait before each call, so that anything else can happen in between.

use std::future::{Future, poll_fn};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use progy_api::history::RevisionSummary;
use progy_core::{ContentHash, CourseId, RevisionId, SaveId, Strategy, Timestamp};
use progy_snapshot::BlobId;
use progy_snapshot::pack::PackId;
use semver::Version;

use crate::ports::database::snapshots::{
    BlobPlace, Needed, NewPack, Owner, PackNumber, PackOutcome, PackRow, PackState, Snapshots,
    Store, StoreId, Sweep,
};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::{
    ChangeOutcome, Claim, CommitOutcome, CommitRevision, Course, Database, HeadEvents,
    MergeProgress, NewVersion, Note, NoteOutcome, Publication, PublishedVersion, Revision,
    SavedAlready, Standing, StoredContent, StrategyChange, UserId, Workspace, WorkspaceId,
};
use crate::ports::objects::memory::MemoryObjects;
use crate::ports::objects::{ByteStream, Object, ObjectKey, ObjectStore};
use crate::ports::{PortError, Result};

/// What keeps blobs that somebody needs, one thing at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Nothing is taken out on the ground of fewer commits than there are.
    CountOfCommits,
    /// Nothing is committed on the ground of blobs that were taken out since.
    CountOfSweeps,
    /// What was asked for since it was looked at stays.
    Asked,
    /// An object has a row before it is there.
    Numbers,
}

/// A database and an object store whose every call waits to be polled once more before it happens.
/// A future that is dropped meanwhile has stopped between two calls.
pub(super) struct Stepped {
    inner: Arc<Sqlite>,
    objects: Arc<MemoryObjects>,
    off: Option<Guard>,
    changed: AtomicBool,
}

impl Stepped {
    /// Over these; with one of the guards switched off.
    pub(super) fn new(inner: Arc<Sqlite>, objects: Arc<MemoryObjects>, off: Option<Guard>) -> Self {
        Self { inner, objects, off, changed: AtomicBool::new(false) }
    }

    /// Whether anything was written since this was asked last.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    async fn pass<T>(&self, act: impl Future<Output = Result<T>>) -> Result<T> {
        let mut waited = false;
        poll_fn(
            |_| {
                if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
            },
        )
        .await;
        act.await
    }

    async fn change<T>(&self, act: impl Future<Output = Result<T>>) -> Result<T> {
        self.pass(async {
            self.changed.store(true, Ordering::Relaxed);
            act.await
        })
        .await
    }

    /// A store as it is now.
    async fn store(&self, id: StoreId) -> Result<Store> {
        let stores = self.inner.stores(StoreId(id.0 - 1), 1).await?;
        stores.into_iter().next().ok_or_else(|| PortError::Failed("no such store".to_owned()))
    }
}

#[async_trait]
impl Database for Stepped {
    async fn ping(&self) -> Result<()> {
        self.pass(Database::ping(&*self.inner)).await
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
        self.pass(self.inner.workspace(user, course)).await
    }

    async fn standing(
        &self,
        user: &UserId,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<Standing>> {
        self.pass(self.inner.standing(user, course, base)).await
    }

    async fn saved(&self, workspace: WorkspaceId, save: &SaveId) -> Result<Option<SavedAlready>> {
        self.pass(self.inner.saved(workspace, save)).await
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
        self.pass(self.inner.contents(workspace, hashes)).await
    }

    async fn commit_revision(&self, commit: CommitRevision) -> Result<CommitOutcome> {
        self.change(async {
            let mut commit = commit;
            if let Some(snapshot) = &mut commit.snapshot
                && self.off == Some(Guard::CountOfSweeps)
            {
                snapshot.swept = self.store(snapshot.store).await?.swept;
            }
            self.inner.commit_revision(commit).await
        })
        .await
    }

    async fn merge_progress(&self, merge: MergeProgress) -> Result<(String, Option<RevisionId>)> {
        self.pass(self.inner.merge_progress(merge)).await
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

#[async_trait]
impl Snapshots for Stepped {
    async fn store_of(&self, owner: &Owner) -> Result<Store> {
        self.pass(self.inner.store_of(owner)).await
    }

    async fn complete_store(&self, store: StoreId) -> Result<()> {
        self.change(self.inner.complete_store(store)).await
    }

    async fn find_blobs(
        &self,
        stores: &[StoreId],
        names: &[BlobId],
    ) -> Result<Vec<Option<BlobPlace>>> {
        self.pass(self.inner.find_blobs(stores, names)).await
    }

    async fn places(&self, stores: &[StoreId], name: &BlobId) -> Result<Vec<BlobPlace>> {
        self.pass(self.inner.places(stores, name)).await
    }

    async fn pack(&self, number: PackNumber) -> Result<Option<PackRow>> {
        self.pass(self.inner.pack(number)).await
    }

    async fn touch_pack(
        &self,
        store: StoreId,
        name: &PackId,
        now: Timestamp,
    ) -> Result<Option<PackRow>> {
        self.change(self.inner.touch_pack(store, name, now)).await
    }

    async fn begin_pack(&self, store: StoreId, now: Timestamp) -> Result<PackNumber> {
        self.change(self.inner.begin_pack(store, now)).await
    }

    async fn packed(&self, user: &UserId) -> Result<u64> {
        self.pass(self.inner.packed(user)).await
    }

    async fn add_pack(&self, pack: NewPack, quota: u64) -> Result<PackOutcome> {
        self.change(self.inner.add_pack(pack, quota)).await
    }

    async fn give_up_pack(&self, number: PackNumber, now: Timestamp) -> Result<()> {
        self.change(self.inner.give_up_pack(number, now)).await
    }

    async fn versions_used(&self, workspace: WorkspaceId) -> Result<Vec<Version>> {
        self.pass(self.inner.versions_used(workspace)).await
    }

    async fn stores(&self, after: StoreId, limit: u32) -> Result<Vec<Store>> {
        self.pass(self.inner.stores(after, limit)).await
    }

    async fn packs(&self, store: StoreId, after: PackNumber, limit: u32) -> Result<Vec<PackRow>> {
        let mut rows = self.pass(self.inner.packs(store, after, limit)).await?;
        if self.off == Some(Guard::Numbers) {
            rows.retain(|row| row.state != PackState::Coming);
        }
        Ok(rows)
    }

    async fn last_pack(&self) -> Result<PackNumber> {
        self.pass(self.inner.last_pack()).await
    }

    async fn needed(&self, store: StoreId) -> Result<Needed> {
        self.pass(self.inner.needed(store)).await
    }

    async fn expire(
        &self,
        workspace: WorkspaceId,
        revisions: &[RevisionId],
        now: Timestamp,
    ) -> Result<()> {
        self.change(self.inner.expire(workspace, revisions, now)).await
    }

    async fn sweep(&self, sweep: Sweep) -> Result<bool> {
        self.change(async {
            let mut sweep = sweep;
            match self.off {
                Some(Guard::CountOfCommits) => {
                    sweep.committed = self.store(sweep.store).await?.committed;
                }
                Some(Guard::Asked) => sweep.untouched = Timestamp(i64::MAX),
                _ => {}
            }
            self.inner.sweep(sweep).await
        })
        .await
    }

    async fn forget_packs(&self, packs: &[PackNumber]) -> Result<()> {
        self.change(self.inner.forget_packs(packs)).await
    }
}

#[async_trait]
impl ObjectStore for Stepped {
    async fn put(&self, key: &ObjectKey, body: ByteStream) -> Result<u64> {
        self.change(self.objects.put(key, body)).await
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<Object>> {
        self.pass(self.objects.get(key)).await
    }

    async fn get_range(&self, key: &ObjectKey, range: Range<u64>) -> Result<Option<Bytes>> {
        self.pass(self.objects.get_range(key, range)).await
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>> {
        self.pass(self.objects.size(key)).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<()> {
        self.change(self.objects.delete(key)).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectKey>> {
        self.pass(self.objects.list(prefix)).await
    }

    async fn ping(&self) -> Result<()> {
        self.pass(ObjectStore::ping(&*self.objects)).await
    }
}
