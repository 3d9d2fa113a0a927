//! How revisions are stored and carried: the one thing in which the strategies differ.

mod gathered;

use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use async_trait::async_trait;
use progy_api::history::{RevisionPage, RevisionSummary};
use progy_core::progress::Progress;
use progy_core::{ContentHash, DeviceName, FileEntry, RelPath, RevisionId, SaveId, Strategy, Tree};
use progy_snapshot::file::Content;
use progy_snapshot::{BlobId, Kind};
use semver::Version;

use crate::details::Details;
use crate::disk::Meta;
use crate::state::{Base, Folders, Overlay, Queued};
use crate::{Error, Result};

pub use gathered::Gathered;

/// Where the workspace stands on the other side.
#[derive(Debug, Clone)]
pub struct Head {
    /// The newest revision; `None` if only progress was ever published.
    pub revision: Option<RevisionSummary>,
    /// The course version of its files.
    pub version: Version,
    /// What it differs in from that version's template. May be empty if the revision is the base
    /// that was named: its files are known.
    pub overlay: Overlay,
    /// Which device last changed a path.
    pub devices: BTreeMap<RelPath, DeviceName>,
    /// Whether the base that was named is known there. If not, revisions were lost.
    pub base_known: bool,
    /// Folders with nothing in them, where the strategy carries them.
    pub folders: Folders,
    /// What is known of its files beside that.
    pub details: Details,
    /// The merged progress of all devices.
    pub progress: Progress,
}

impl Head {
    /// The state that a device which has taken it over agrees on with the server.
    pub fn base(&self) -> Base {
        Base {
            revision: self.revision.as_ref().map(|revision| revision.id.clone()),
            version: self.version.clone(),
            overlay: self.overlay.clone(),
            folders: self.folders.clone(),
        }
    }
}

/// The files of one revision.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The revision.
    pub revision: RevisionSummary,
    /// What it differs in from the template of its course version.
    pub overlay: Overlay,
    /// Folders with nothing in them, where the strategy carries them.
    pub folders: Folders,
    /// What is known of its files beside that.
    pub details: Details,
}

/// A save to be published.
pub struct Publish<'a> {
    /// The state that it follows.
    pub parent: &'a Base,
    /// The save.
    pub save: &'a Queued,
    /// Saves that wait behind it, each on top of the one before.
    pub rest: &'a [Queued],
    /// The template of the save's course version.
    pub template: &'a Tree,
    /// Progress that the other side may not have.
    pub progress: &'a Progress,
    /// What this device knows of files beside their contents.
    pub details: &'a Details,
    /// Bytes of contents that are on this device.
    pub content: &'a Source<'a>,
    /// How the workspace was carried until now, if this save changes that: then the parent's files
    /// are named in that strategy's terms.
    pub from: Option<Strategy>,
}

/// Where a device stands that asks where the workspace does: what it knows need not come again.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The state that it shares with the server.
    pub base: &'a Base,
    /// What it knows of files beside their contents.
    pub details: &'a Details,
}

impl<'a> Standing<'a> {
    /// The revision that it knows.
    pub fn revision(&self) -> Option<&'a RevisionId> {
        self.base.revision.as_ref()
    }
}

/// A save that was published.
#[derive(Debug, Clone)]
pub struct Published {
    /// The revision that it became.
    pub revision: RevisionSummary,
    /// The head now: another one if the save had been published before.
    pub head: RevisionId,
    /// Digest of the merged progress; `None` if there was none to publish and none was told.
    pub progress_digest: Option<String>,
    /// What was found out about its files.
    pub details: Details,
}

/// A save that is to become part of the strategy's own history beside the files.
pub struct Seal<'a> {
    /// What it follows: another sealed save, or base; `None` for the first of all.
    pub parent: Option<&'a RevisionId>,
    /// The save.
    pub save: &'a Queued,
    /// The files that it follows; none for the first of all.
    pub before: &'a Tree,
    /// Its files.
    pub files: &'a Tree,
    /// What it was called before it was put on top of another state: who wrote it and when stays.
    pub origin: Option<&'a RevisionId>,
    /// Bytes of contents that are on this device.
    pub content: &'a Source<'a>,
}

/// How the history beside the files stands.
#[derive(Debug, Clone)]
pub enum Beside {
    /// The strategy keeps none.
    Nothing,
    /// It is where Progy left it: at this revision, if there is any.
    AsLeft(Option<RevisionId>),
    /// The learner has moved it.
    Moved(Box<Moved>),
}

/// What a learner has made of the history beside the files.
#[derive(Debug, Clone)]
pub struct Moved {
    /// Where it is now.
    pub at: RevisionId,
    /// The newest state in it that is published.
    pub base: Option<Recorded>,
    /// What follows that, oldest first.
    pub saves: Vec<Recorded>,
}

/// The tip, to be shown in the history beside the files.
pub struct Show<'a> {
    /// Where that history was left; it is not touched if it is elsewhere by now.
    pub from: Option<&'a RevisionId>,
    /// Where it is to be.
    pub tip: &'a RevisionId,
    /// The files there.
    pub files: &'a Tree,
    /// What the file system says of a file that holds a content.
    pub seen: &'a dyn Fn(&RelPath, &ContentHash) -> Option<Meta>,
}

/// Why a save was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another device published first: pull, merge, try again.
    #[error("another device has published")]
    HeadMoved,
    /// The save's id was used for another content: it needs a new one.
    #[error("the save id was used before")]
    SaveReused,
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

/// A content that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// Its hash.
    pub hash: ContentHash,
    /// Its size in bytes.
    pub size: u64,
    /// A similar content that is on this device.
    pub have: Option<ContentHash>,
    /// The topmost list of its chunks, as [`Details::recipes`] has it.
    pub recipe: Option<Option<ContentHash>>,
}

impl Wanted {
    /// The content of a file, of which nothing else is known.
    pub fn of(file: &FileEntry) -> Self {
        Self { hash: file.hash, size: file.size, have: None, recipe: None }
    }

    /// The content of a file, with what is known of it.
    pub fn with(file: &FileEntry, details: &Details) -> Self {
        Self { recipe: details.recipes.get(&file.hash).copied(), ..Self::of(file) }
    }
}

/// Gives the bytes of contents that are on this device.
pub type Source<'a> = dyn Fn(&ContentHash) -> Option<Vec<u8>> + 'a;

/// Takes contents as they arrive, in any order: each as a whole, or in packs with chunks and names for
/// what is put together from them.
pub trait Sink {
    /// A content.
    fn content(&mut self, hash: &ContentHash, bytes: Vec<u8>) -> Result<()>;

    /// A pack; gives the blobs in it that are whole.
    fn pack(&mut self, pack: Vec<u8>) -> Result<HashSet<BlobId>>;

    /// A blob.
    fn blob(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()>;

    /// Whether a blob is there.
    fn has(&self, id: &BlobId) -> bool;

    /// A content of which all blobs have come.
    fn name(&mut self, content: &Content);
}

/// Where revisions go and come from.
///
/// Laws, checked by the contract suite for every implementation:
///
/// - a revision never changes, and its parent is the head that was replaced;
/// - [`Remote::publish`] of a save that was published before gives the same revision;
/// - of two saves with one parent the first is published, the other gets
///   [`PublishError::HeadMoved`];
/// - what was published is read back byte for byte, from any device, from then on;
/// - any call may fail with [`Error::Unreachable`] after it has acted, and may be repeated.
#[async_trait(?Send)]
pub trait Remote {
    /// The strategy that this remote implements.
    fn strategy(&self) -> Strategy;

    /// The remote of the same workspace that carries it by another strategy, where there is one.
    fn by(&self, strategy: Strategy) -> Option<&dyn Remote> {
        let _ = strategy;
        None
    }

    /// From now on this remote is the one of `strategy`, which [`Remote::by`] knows.
    fn turn_to(&self, strategy: Strategy) {
        let _ = strategy;
    }

    /// How the other side says that the workspace is carried; `None` if it was never started.
    async fn carried_by(&self) -> Result<Option<Strategy>>;

    /// Has the workspace carried by this remote's strategy from now on, if `head` is the newest
    /// revision; what was saved until now stays what it is.
    async fn claim(&self, head: Option<&RevisionId>) -> std::result::Result<(), PublishError>;

    /// Brings the history that the workspace had by other strategies, those of `from`, to
    /// where this strategy keeps its own. May be repeated, and be done by two devices at once.
    async fn take_history(&self, from: &[&dyn Remote]) -> Result<()> {
        let _ = from;
        Ok(())
    }

    /// The save that a revision recorded; `None` if it is not known. Also finds revisions from before
    /// a change of the strategy.
    async fn save_of(&self, revision: &RevisionId) -> Result<Option<SaveId>>;

    /// Refuses a state that this remote does not carry, before anything is recorded.
    fn admit(&self, overlay: &Overlay) -> Result<()>;

    /// Where the workspace stands; `None` if it was never started.
    async fn head(&self, here: Option<Standing<'_>>) -> Result<Option<Head>>;

    /// Publishes a save.
    async fn publish(&self, publish: &Publish<'_>) -> std::result::Result<Published, PublishError>;

    /// Makes a save part of the history beside the files, in which nothing refers to it yet. Returns
    /// what it is called; durable when this returns.
    fn seal(&self, _: &Seal<'_>) -> Result<Option<RevisionId>> {
        Ok(None)
    }

    /// Looks at the history beside the files, which was left at one of `left`.
    ///
    /// Fails, having changed nothing, if the learner is in the middle of something that a save would
    /// run over.
    async fn beside(&self, _left: &[Option<&RevisionId>]) -> Result<Beside> {
        Ok(Beside::Nothing)
    }

    /// Shows the tip in the history beside the files. False if the strategy keeps none.
    fn show(&self, _: &Show<'_>) -> Result<bool> {
        Ok(false)
    }

    /// Publishes progress alone. Returns the digest of the merged progress.
    async fn publish_progress(&self, version: &Version, progress: &Progress) -> Result<String>;

    /// The files of a revision; `None` if it is not known.
    async fn revision(&self, id: &RevisionId) -> Result<Option<Recorded>>;

    /// Revisions before `before`, or the newest ones, newest first.
    async fn log(&self, before: Option<&RevisionId>, limit: u32) -> Result<RevisionPage>;

    /// Fetches contents of this workspace's revisions; those that are not known are left out.
    /// `content` gives bytes that are on this device; `version` is a template that is.
    async fn fetch(
        &self,
        version: &Version,
        wanted: &[Wanted],
        content: &Source<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()>;

    /// Writes the package of a course version to `out`. Returns the BLAKE3 hash, in hexadecimal
    /// digits, that the registry has for it.
    async fn package(&self, version: &Version, out: &mut dyn Write) -> Result<String>;

    /// The newest version of the course.
    async fn newest_version(&self) -> Result<Version>;
}
