//! Packs of blobs and the snapshots that are made of them: [`Snapshots`].
//!
//! Only where blobs are is in the database; their bytes are objects. A pack is written down before its
//! object is begun and once more when all of it was checked, so that no object is unknown, and no
//! blob is promised that is not there.
//!
//! Blobs go while learners save, and two counts keep that safe. Who takes blobs out says how many
//! commits it knew of, and does nothing if there are more; who commits says how often blobs had been
//! taken out when it looked, and looks again if that is not so any more.

use async_trait::async_trait;
use progy_core::{ContentHash, CourseId, RevisionId, Timestamp};
use progy_snapshot::BlobId;
use progy_snapshot::pack::PackId;
use semver::Version;

use super::{UserId, WorkspaceId};
use crate::ports::Result;

/// Whose blobs a store has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A learner's, of all courses.
    Learner(UserId),
    /// Those that the course version with this package brings.
    Template(ContentHash),
}

/// A store of blobs, as the database that handed it out knows it. Stands for the right to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(pub i64);

/// A pack's number, which no other pack has or will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackNumber(pub i64);

/// A store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Which.
    pub id: StoreId,
    /// Whose.
    pub owner: Owner,
    /// Of a template: whether all of it is there.
    pub complete: bool,
    /// How many revisions were built on it.
    pub committed: u64,
    /// How often blobs were taken out of it.
    pub swept: u64,
}

/// Where a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobPlace {
    /// In which store.
    pub store: StoreId,
    /// In which pack.
    pub pack: PackNumber,
    /// How many bytes it has.
    pub len: u32,
}

/// What stage a pack is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackState {
    /// Its object is being written, or was given up.
    Coming,
    /// It was checked, and its blobs are found.
    There,
    /// Its blobs are not found in it any more; its object is going.
    Gone,
}

/// A pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackRow {
    /// Its number.
    pub number: PackNumber,
    /// Its store.
    pub store: StoreId,
    /// Its stage.
    pub state: PackState,
    /// Since when, or when it was asked for last; by the server's clock.
    pub at: Timestamp,
    /// Its name, once it is there.
    pub name: Option<PackId>,
    /// In bytes, once it is there.
    pub size: u64,
    /// The end of its bytes, with the index, once it is there. Lists of packs leave it out.
    pub tail: Vec<u8>,
}

/// A pack whose object is whole and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPack {
    /// As [`Snapshots::begin_pack`] gave it.
    pub number: PackNumber,
    /// Its name.
    pub name: PackId,
    /// In bytes.
    pub size: u64,
    /// The end of its bytes, with the index.
    pub tail: Vec<u8>,
    /// Its blobs.
    pub blobs: Vec<(BlobId, u32)>,
    /// By the server's clock.
    pub now: Timestamp,
}

/// What became of a new pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackOutcome {
    /// Its blobs are found now.
    Added,
    /// The same pack is there already; this one is gone.
    Known,
    /// It was on its way for too long and was given up: begin again.
    GivenUp,
    /// It does not fit.
    QuotaExceeded {
        /// What the learner holds, in bytes.
        used: u64,
    },
}

/// What a commit of a snapshot says more than one of another strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotCommit {
    /// The root of its tree.
    pub root: BlobId,
    /// The learner's store.
    pub store: StoreId,
    /// The store's count when it was looked whether all blobs are there.
    pub swept: u64,
    /// The packs that have blobs which the parent did not need: those that no revision has counted
    /// yet were sent for this one.
    pub packs: Vec<PackNumber>,
}

/// A revision that has a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rooted {
    /// Of which workspace.
    pub workspace: WorkspaceId,
    /// Of which course.
    pub course: CourseId,
    /// Which.
    pub revision: RevisionId,
    /// The course version of its files.
    pub version: Version,
    /// The root of its tree.
    pub root: BlobId,
    /// By the server's clock.
    pub received_at: Timestamp,
    /// Whether it completed a lesson.
    pub completes_lesson: bool,
    /// Whether it is the head of its workspace.
    pub is_head: bool,
    /// Whether it is a commit of a repository now.
    pub is_commit: bool,
}

/// What a learner's snapshots need, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// The store's count of commits at that moment.
    pub committed: u64,
    /// All revisions with a tree, the oldest of each workspace first.
    pub revisions: Vec<Rooted>,
}

/// Packs that are to be taken out of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Which store.
    pub store: StoreId,
    /// What it was decided on: nothing happens if there are more commits now.
    pub committed: u64,
    /// Packs without blobs that anybody needs, or whose needed blobs are in `instead`. One that was
    /// asked for since `untouched` stays.
    pub packs: Vec<PackNumber>,
    /// See `packs`.
    pub untouched: Timestamp,
    /// What comes in their place, at the same moment. If one of these was given up, nothing happens.
    pub instead: Vec<NewPack>,
    /// By the server's clock.
    pub now: Timestamp,
}

/// Keeps where blobs are. The laws of [`super::Database`] hold here too.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// The store of an owner; made if there is none.
    async fn store_of(&self, owner: &Owner) -> Result<Store>;

    /// Says that all that a template brings is in its store.
    async fn complete_store(&self, store: StoreId) -> Result<()>;

    /// Where blobs are, in the order of `names`: in the first of `stores` that has it.
    async fn find_blobs(
        &self,
        stores: &[StoreId],
        names: &[BlobId],
    ) -> Result<Vec<Option<BlobPlace>>>;

    /// Every place of one blob in these stores.
    async fn places(&self, stores: &[StoreId], name: &BlobId) -> Result<Vec<BlobPlace>>;

    /// A pack, in whatever state; `None` if its number stands for none (any more).
    async fn pack(&self, number: PackNumber) -> Result<Option<PackRow>>;

    /// The pack of this name that is there, if there is one: it counts as asked for at `now`.
    async fn touch_pack(
        &self,
        store: StoreId,
        name: &PackId,
        now: Timestamp,
    ) -> Result<Option<PackRow>>;

    /// Writes down that a pack will come, and numbers it.
    async fn begin_pack(&self, store: StoreId, now: Timestamp) -> Result<PackNumber>;

    /// What a learner's packs hold together, in bytes.
    async fn packed(&self, user: &UserId) -> Result<u64>;

    /// Writes down a pack that is whole, if the learner's packs do not hold more than `quota` with it.
    async fn add_pack(&self, pack: NewPack, quota: u64) -> Result<PackOutcome>;

    /// Gives up a pack that did not come.
    async fn give_up_pack(&self, number: PackNumber, now: Timestamp) -> Result<()>;

    /// The course versions that snapshots of a workspace were made of.
    async fn versions_used(&self, workspace: WorkspaceId) -> Result<Vec<Version>>;

    /// Each store, a part at a time: up to `limit` with greater ids than `after`.
    async fn stores(&self, after: StoreId, limit: u32) -> Result<Vec<Store>>;

    /// The packs of a store, a part at a time, without their tails: up to `limit` with greater numbers
    /// than `after`.
    async fn packs(&self, store: StoreId, after: PackNumber, limit: u32) -> Result<Vec<PackRow>>;

    /// The greatest number that a pack ever had.
    async fn last_pack(&self) -> Result<PackNumber>;

    /// What the snapshots of the owner of a store need.
    async fn needed(&self, store: StoreId) -> Result<Needed>;

    /// Takes the trees of revisions of a workspace away, but never the head's. Their ids stay known, and
    /// those that are commits now stay listed for as long as they are.
    async fn expire(
        &self,
        workspace: WorkspaceId,
        revisions: &[RevisionId],
        now: Timestamp,
    ) -> Result<()>;

    /// Takes packs out, if nothing was committed meanwhile; tells whether it did.
    async fn sweep(&self, sweep: Sweep) -> Result<bool>;

    /// Forgets packs that are gone, or that were coming and did not; their objects are deleted.
    async fn forget_packs(&self, packs: &[PackNumber]) -> Result<()>;
}
