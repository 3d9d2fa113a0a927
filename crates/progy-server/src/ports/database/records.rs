//! What goes into the database and comes out of it.

use progy_api::history::RevisionSummary;
use progy_core::progress::Progress;
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, LessonId, RevisionId, SaveId, Strategy, Timestamp,
};
use progy_snapshot::BlobId;
use semver::Version;

use super::snapshots::SnapshotCommit;
use super::{Overlay, OverlayEntry};

/// A user's stable id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub String);

/// A BLAKE3 hash of something that is compared and not shown: a token, a request.
pub type Digest = [u8; 32];

/// A workspace, as the database that handed it out knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceId(pub i64);

/// A course as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Its id.
    pub id: CourseId,
    /// From the latest version's manifest.
    pub name: String,
    /// From the latest version's manifest.
    pub description: String,
    /// The newest version (a pre-release only if there is nothing else).
    pub latest: Version,
}

/// One published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedVersion {
    /// The version.
    pub version: Version,
    /// The package's size in bytes.
    pub size: u64,
    /// BLAKE3 of the package.
    pub package: ContentHash,
    /// How many files the template has.
    pub files: u64,
    /// By the server's clock.
    pub published_at: Timestamp,
}

/// A version to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// The course.
    pub course: CourseId,
    /// The version and its package.
    pub version: PublishedVersion,
    /// The name that the manifest gives.
    pub name: String,
    /// The description that the manifest gives.
    pub description: String,
    /// The manifest as it stands in the package.
    pub manifest: Vec<u8>,
    /// The encoded index of the template.
    pub template: Vec<u8>,
    /// Who publishes.
    pub publisher: UserId,
}

/// What publishing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication {
    /// The version is new.
    Created,
    /// The same package was published before, as this.
    Same(PublishedVersion),
    /// Another package was published under this version.
    Other,
}

/// One learner's copy of one course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Stands for the right to read it.
    pub id: WorkspaceId,
    /// How it is carried.
    pub strategy: Strategy,
    /// The course version of the head, or of the first progress sent.
    pub version: Version,
    /// The newest revision.
    pub head: Option<RevisionSummary>,
    /// What the head differs in from the template of `version`; nothing under `snapshot`.
    pub overlay: Overlay,
    /// Under `snapshot` the root of the head's tree.
    pub root: Option<BlobId>,
}

/// A workspace with its progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The workspace.
    pub workspace: Workspace,
    /// All progress that was merged into it.
    pub progress: Progress,
    /// Whether the base that was asked for is one of its revisions.
    pub base_known: bool,
}

/// One revision and its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// What lists show of it.
    pub summary: RevisionSummary,
    /// What it differs in from the template of its version; nothing of a snapshot.
    pub overlay: Overlay,
    /// Of a snapshot, the root of its tree.
    pub root: Option<BlobId>,
}

/// What a save id was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedAlready {
    /// The digest of the request that used it.
    pub digest: Digest,
    /// The revision that it became.
    pub revision: RevisionSummary,
}

/// What a stored frame is relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Nothing: an ordinary Zstandard frame.
    Alone,
    /// Another content of the same workspace.
    Content(ContentHash),
    /// A file of a course version's template. If its hash is the content's own, the content *is*
    /// that file, and the frame is empty.
    Template {
        /// The version of the workspace's course.
        version: Version,
        /// The file.
        hash: ContentHash,
    },
}

/// The bytes of a file, compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContent {
    /// BLAKE3 of the bytes.
    pub hash: ContentHash,
    /// How many bytes.
    pub size: u64,
    /// What the frame is relative to.
    pub base: Base,
    /// How many frames have to be decompressed before this one.
    pub depth: u8,
    /// The frame.
    pub data: Vec<u8>,
}

/// What a revision changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverlayChange {
    /// The overlay now has this entry.
    Set(OverlayEntry),
    /// The path is as in the template again.
    Unset,
}

/// A revision to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitRevision {
    /// Whose workspace.
    pub user: UserId,
    /// Of which course.
    pub course: CourseId,
    /// How the workspace is carried.
    pub strategy: Strategy,
    /// How it was carried until now, if this save changes that.
    pub from: Option<Strategy>,
    /// The new revision's id: the same request has the same.
    pub id: RevisionId,
    /// Names the act of saving.
    pub save: SaveId,
    /// Of what the request said, but for its parent.
    pub digest: Digest,
    /// What the head must be.
    pub parent: Option<RevisionId>,
    /// The course version of the files.
    pub version: Version,
    /// The device that saved.
    pub device: DeviceId,
    /// Its name.
    pub device_name: DeviceName,
    /// What was said of it.
    pub message: String,
    /// The lesson that it is about.
    pub lesson: Option<LessonId>,
    /// By the device's clock.
    pub saved_at: Timestamp,
    /// By the server's clock.
    pub received_at: Timestamp,
    /// How many files differ from the parent.
    pub files_changed: u32,
    /// What was sent, in bytes; of a snapshot, beside packs.
    pub bytes: u64,
    /// Of a snapshot, its tree.
    pub snapshot: Option<SnapshotCommit>,
    /// Everything that differs from the template of `version`.
    pub overlay: Overlay,
    /// What differs from the parent's overlay; absent if it is another version's, or the changes
    /// would not be smaller than the overlay.
    pub changes: Option<Vec<(progy_core::RelPath, OverlayChange)>>,
    /// Contents that the workspace may not hold yet.
    pub contents: Vec<StoredContent>,
    /// Progress to be merged.
    pub progress: Option<Progress>,
    /// What the learner's workspaces may hold together, in stored bytes.
    pub quota: u64,
}

/// What became of a revision to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is the head.
    Committed {
        /// The revision.
        revision: RevisionSummary,
        /// Digest of the merged progress.
        progress_digest: String,
    },
    /// It had been published before.
    Duplicate {
        /// The revision that it became then.
        revision: RevisionSummary,
        /// The head now.
        head: RevisionId,
        /// Digest of the merged progress.
        progress_digest: String,
    },
    /// The save id was used for another content.
    SaveReused,
    /// The workspace is carried by this strategy.
    OtherStrategy(Strategy),
    /// Blobs were taken out of the store since it was looked whether all are there: look again.
    Swept,
    /// The head is not the parent.
    HeadMoved {
        /// The head.
        head: Option<RevisionSummary>,
        /// Whether the parent is a revision of this workspace.
        parent_known: bool,
    },
    /// It does not fit.
    QuotaExceeded {
        /// What the learner's workspaces hold, in bytes.
        used: u64,
        /// What this would add, in bytes.
        needed: u64,
    },
}

/// Progress to be merged.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeProgress {
    /// Whose workspace.
    pub user: UserId,
    /// Of which course.
    pub course: CourseId,
    /// For a workspace that does not exist yet.
    pub strategy: Strategy,
    /// For a workspace that does not exist yet.
    pub version: Version,
    /// The progress, if any was sent.
    pub progress: Option<Progress>,
}

/// A strategy that is wanted for a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose workspace.
    pub user: UserId,
    /// Of which course.
    pub course: CourseId,
    /// How it shall be carried.
    pub strategy: Strategy,
    /// For a workspace that does not exist yet.
    pub version: Version,
}

/// Another strategy that a workspace shall have, without a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyChange {
    /// Which, of which workspace.
    pub claim: Claim,
    /// What the head must be.
    pub head: Option<RevisionId>,
}

/// What became of a [`StrategyChange`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// The workspace has the strategy, perhaps since earlier.
    Changed,
    /// The head is this one.
    HeadMoved(Option<Box<RevisionSummary>>),
}

/// What was found in a repository and is to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Whose workspace.
    pub user: UserId,
    /// Of which course.
    pub course: CourseId,
    /// What the head must be.
    pub after: Option<RevisionId>,
    /// Whether all commits that were noted before are to be forgotten: the repository does not have
    /// them any more.
    pub anew: bool,
    /// The commits that follow, the oldest first.
    pub revisions: Vec<NotedRevision>,
    /// What the repository takes, in bytes.
    pub stored: u64,
    /// By the server's clock.
    pub received_at: Timestamp,
}

/// What is written down of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedRevision {
    /// The commit's id.
    pub id: RevisionId,
    /// The save that it names.
    pub save: SaveId,
    /// The device that saved.
    pub device: DeviceName,
    /// What was said of it.
    pub message: String,
    /// The lesson that it is about.
    pub lesson: Option<LessonId>,
    /// When its author says it was made.
    pub saved_at: Timestamp,
    /// The course version of its files.
    pub version: Version,
    /// How many files differ from its first parent.
    pub files_changed: u32,
    /// The size of files that are new at their path, in bytes.
    pub bytes: u64,
}

/// What became of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteOutcome {
    /// It is written down; this is the head.
    Noted(Option<Box<RevisionSummary>>),
    /// The head is another one: look at the repository again.
    Moved,
    /// The workspace is carried another way.
    OtherStrategy(Strategy),
}
