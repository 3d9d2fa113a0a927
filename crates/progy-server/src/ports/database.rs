//! Courses, workspaces, revisions, and the contents of small files: [`Database`]. People and their
//! logins: [`Accounts`].
//!
//! Everything that one save touches is in the first, so that a save is one transaction.

pub mod accounts;
pub mod codec;
pub mod hub;
pub mod overlay;
pub mod records;
pub mod snapshots;
pub mod sqlite;

#[cfg(test)]
mod contract;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use progy_api::history::{HeadEvent, RevisionSummary};
use progy_core::{ContentHash, CourseId, RevisionId, SaveId, Strategy};
use semver::Version;

use super::Result;
pub use accounts::Accounts;
pub use overlay::{Overlay, OverlayEntry};
pub use records::{
    Base, ChangeOutcome, Claim, CommitOutcome, CommitRevision, Course, Digest, MergeProgress,
    NewVersion, Note, NoteOutcome, NotedRevision, OverlayChange, Publication, PublishedVersion,
    Revision, SavedAlready, Standing, StoredContent, StrategyChange, UserId, Workspace,
    WorkspaceId,
};
pub use snapshots::Snapshots;

/// News of one workspace's head.
pub type HeadEvents = BoxStream<'static, HeadEvent>;

/// Keeps what must not be lost.
///
/// Every method is one transaction: it happens whole or not at all, what it reads is one state, and
/// once it has returned, what it wrote is durable and every later read (also by another process)
/// sees it. A method whose future is dropped may still happen.
///
/// A [`WorkspaceId`] is handed out by [`Database::workspace`] and the like for one learner's
/// workspace, and stands for the right to read it: a method that takes one reads nothing else.
#[async_trait]
pub trait Database: Snapshots {
    /// Whether the database answers.
    async fn ping(&self) -> Result<()>;

    /// All courses, by id.
    async fn courses(&self) -> Result<Vec<Course>>;

    /// One course.
    async fn course(&self, course: &CourseId) -> Result<Option<Course>>;

    /// The versions of a course, newest first by the rules of semantic versioning. Empty if there is
    /// no such course.
    async fn versions(&self, course: &CourseId) -> Result<Vec<PublishedVersion>>;

    /// One version of a course.
    async fn version(
        &self,
        course: &CourseId,
        version: &Version,
    ) -> Result<Option<PublishedVersion>>;

    /// `course.json` of a version, as it was published.
    async fn manifest(&self, course: &CourseId, version: &Version) -> Result<Option<Vec<u8>>>;

    /// The encoded template index of a version, as it was published.
    async fn template(&self, course: &CourseId, version: &Version) -> Result<Option<Vec<u8>>>;

    /// Publishes a version, which never changes after. Name and description of the course follow
    /// its latest version.
    async fn publish(&self, version: NewVersion) -> Result<Publication>;

    /// A learner's workspace of a course.
    async fn workspace(&self, user: &UserId, course: &CourseId) -> Result<Option<Workspace>>;

    /// A learner's workspace with its progress, and whether `base` is one of its revisions (true
    /// without `base`), all as of one moment.
    async fn standing(
        &self,
        user: &UserId,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<Standing>>;

    /// What a save id was used for in this workspace.
    async fn saved(&self, workspace: WorkspaceId, save: &SaveId) -> Result<Option<SavedAlready>>;

    /// Whether a revision belongs to this workspace.
    async fn knows_revision(&self, workspace: WorkspaceId, revision: &RevisionId) -> Result<bool>;

    /// Up to `limit` revisions older than `before` (from the head on without it), newest first;
    /// `None` if `before` is no revision of this workspace. Snapshots that expired are left out.
    async fn revisions(
        &self,
        workspace: WorkspaceId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<Option<Vec<RevisionSummary>>>;

    /// One revision with its whole overlay, however old; read from a bounded count of rows. `None` of a
    /// snapshot that expired.
    async fn revision(
        &self,
        workspace: WorkspaceId,
        revision: &RevisionId,
    ) -> Result<Option<Revision>>;

    /// Those of `hashes` that this workspace holds, and every content of it that they are
    /// (directly or not) relative to; in no order, each once.
    async fn contents(
        &self,
        workspace: WorkspaceId,
        hashes: &[ContentHash],
    ) -> Result<Vec<StoredContent>>;

    /// Publishes a revision. In this order, and all at one moment:
    ///
    /// 1. A save id that this workspace has seen is answered by what it was used for: with the same
    ///    digest [`CommitOutcome::Duplicate`] (progress is merged all the same), with another
    ///    [`CommitOutcome::SaveReused`].
    /// 2. If the head is not the parent: [`CommitOutcome::HeadMoved`].
    /// 3. If it is a snapshot, and blobs were taken out of its store since that was looked at:
    ///    [`CommitOutcome::Swept`].
    /// 4. If the learner's workspaces would hold more than the quota:
    ///    [`CommitOutcome::QuotaExceeded`].
    /// 5. Otherwise the workspace is made if there is none, the contents that it does not hold are
    ///    added, the revision becomes the head, progress is merged, and subscribers hear of it once
    ///    it is durable.
    ///
    /// Outcomes other than `Committed` and `Duplicate` change nothing.
    async fn commit_revision(&self, commit: CommitRevision) -> Result<CommitOutcome>;

    /// Joins progress into a workspace's, making the workspace if there is none; gives the merged
    /// progress's digest and the head.
    async fn merge_progress(&self, merge: MergeProgress) -> Result<(String, Option<RevisionId>)>;

    /// Sees to it that a workspace is carried by a strategy, making it if there is none: one without
    /// a head changes its strategy, one with a head keeps it. Gives the strategy that it has then.
    async fn claim(&self, claim: Claim) -> Result<Strategy>;

    /// Has a workspace carried by another strategy, if its head is [`StrategyChange::head`]; makes
    /// one if there is none and none is expected. No error if it is carried so already.
    async fn change_strategy(&self, change: StrategyChange) -> Result<ChangeOutcome>;

    /// Writes down what a repository has. If the workspace is carried by `git` and its head is
    /// [`Note::after`], the commits follow it, the last one is the head, what is stored is counted
    /// anew, and subscribers hear of the new head; or nothing of that. Where the commits begin with
    /// the saves of all revisions that are no commits and follow the last one that is, these
    /// revisions become the commits, and are still found by their former names. Another save id that
    /// is known in the workspace is replaced by one of the commit's own.
    async fn note(&self, note: Note) -> Result<NoteOutcome>;

    /// Each workspace that is carried by `strategy`, a part at a time: up to `limit` with greater
    /// ids than `after`.
    async fn carried_by(
        &self,
        strategy: Strategy,
        after: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, UserId, CourseId)>>;

    /// What a learner's workspaces hold together without packs of snapshots, in bytes.
    async fn used(&self, user: &UserId) -> Result<u64>;

    /// News of each head that is committed from now on in a learner's workspace of a course, whether
    /// it exists yet or not. A reader that lags gets the newest. Ends with the database.
    async fn subscribe(&self, user: &UserId, course: &CourseId) -> Result<HeadEvents>;
}
