//! What a device remembers of a workspace.
//!
//! There are three trees on a device: *base*, what the server has; the *tip*, which is base with
//! the saves that wait on top; and the files. The state file holds the first two as differences
//! from the course's template, and is replaced as one file, so that a crash leaves the old state or
//! the new one.
//!
//! When the tip moves, by a pull or an upgrade, the files follow afterwards. `unapplied` says which
//! paths have not followed yet and what they hold instead; it is written together with the new tip.
//! A crash between the two is therefore not special: the next run plans from there.

use std::collections::{BTreeMap, BTreeSet};

use progy_core::progress::Progress;
use progy_core::{
    CourseId, DeviceId, Entry, LessonId, RelPath, RevisionId, SaveId, Strategy, Timestamp, Tree,
};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::codec::Format;
use crate::details::Details;
use crate::disk::Disk;
use crate::remote::Recorded;
use crate::{Error, Result, layout};

const FORMAT: Format = Format { magic: *b"progySTA", version: 3 };
/// How many revisions are remembered to find a common one after the server has lost some.
const LINEAGE: usize = 256;

/// What differs from a template: `None` where the template's file is deleted.
pub type Overlay = BTreeMap<RelPath, Option<Entry>>;

/// Folders with nothing in them.
pub type Folders = BTreeSet<RelPath>;

/// Everything that a device remembers of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The course.
    pub course: CourseId,
    /// How the workspace is carried.
    pub strategy: Strategy,
    /// The device that wrote this; another one that finds it has a copy.
    pub device: DeviceId,
    /// What this device and the server last agreed on.
    pub base: Base,
    /// Saves that the server does not have, oldest first; each on top of the one before.
    pub queue: Vec<Queued>,
    /// Paths whose file has not followed the tip yet, with what the file was when it last did.
    pub unapplied: BTreeMap<RelPath, Option<Entry>>,
    /// The folders with nothing in them that the tip had when the files followed it last.
    pub folders: Folders,
    /// What is known of files beside their contents. Only the strategy `snapshot` asks for it.
    pub details: Details,
    /// Revisions that were base, oldest first.
    pub lineage: Vec<RevisionId>,
    /// The newest head that the server told of.
    pub seen_head: Option<RevisionId>,
    /// Where the strategy's own history beside the files was when it was last looked at: Git's
    /// branch. Elsewhere than there or at the tip the learner has moved it.
    pub shown: Option<RevisionId>,
    /// Progress as this device knows it.
    pub progress: Progress,
    /// The part of it that the server has confirmed.
    pub progress_sent: Progress,
}

/// The state that a revision recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// `None` before the first publish.
    pub revision: Option<RevisionId>,
    /// The course version whose template `overlay` differs from.
    pub version: Version,
    /// What differs.
    pub overlay: Overlay,
    /// Folders with nothing in them, where the strategy carries them.
    pub folders: Folders,
}

/// A save that waits to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// Names it, also when it is sent twice.
    pub id: SaveId,
    /// What is said of it.
    pub message: String,
    /// The lesson that it is about.
    pub lesson: Option<LessonId>,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// The course version whose template `overlay` differs from.
    pub version: Version,
    /// What differs.
    pub overlay: Overlay,
    /// Folders with nothing in them, where the strategy carries them.
    pub folders: Folders,
    /// What it is called in the strategy's own history beside the files, and will be called when it
    /// is published: Git's commit. Not every strategy has one.
    pub sealed: Option<RevisionId>,
}

impl Base {
    /// The template of `version`, before anything was published.
    pub fn new(version: Version) -> Self {
        Self { revision: None, version, overlay: Overlay::new(), folders: Folders::new() }
    }
}

impl Queued {
    /// The state that it recorded, called `revision`.
    pub fn as_base(&self, revision: Option<RevisionId>) -> Base {
        let (version, overlay) = (self.version.clone(), self.overlay.clone());
        Base { revision, version, overlay, folders: self.folders.clone() }
    }
}

impl From<Recorded> for Base {
    fn from(recorded: Recorded) -> Self {
        let Recorded { revision, overlay, folders, .. } = recorded;
        Self { revision: Some(revision.id), version: revision.version, overlay, folders }
    }
}

impl State {
    /// The state of a workspace that begins at the template of `version`.
    pub fn new(course: CourseId, strategy: Strategy, device: DeviceId, version: Version) -> Self {
        Self {
            course,
            strategy,
            device,
            base: Base::new(version),
            queue: Vec::new(),
            unapplied: BTreeMap::new(),
            folders: Folders::new(),
            details: Details::default(),
            lineage: Vec::new(),
            seen_head: None,
            shown: None,
            progress: Progress::default(),
            progress_sent: Progress::default(),
        }
    }

    /// Reads the state; [`Error::NoWorkspace`] if there is none.
    pub fn load(disk: &dyn Disk) -> Result<Self> {
        FORMAT.read(disk, layout::STATE)?.ok_or(Error::NoWorkspace)
    }

    /// Writes the state; it is on the medium when this returns.
    pub fn store(&self, disk: &dyn Disk) -> Result<()> {
        FORMAT.write(disk, layout::STATE, self)
    }

    /// The course version that the tip belongs to.
    pub fn version(&self) -> &Version {
        self.queue.last().map_or(&self.base.version, |save| &save.version)
    }

    /// What the tip differs in from the template of [`State::version`].
    pub fn overlay(&self) -> &Overlay {
        self.queue.last().map_or(&self.base.overlay, |save| &save.overlay)
    }

    /// The folders with nothing in them that the tip has.
    pub fn tip_folders(&self) -> &Folders {
        self.queue.last().map_or(&self.base.folders, |save| &save.folders)
    }

    /// What the tip is called, if it has a name already: the newest save that waits, or base.
    pub fn tip(&self) -> Option<&RevisionId> {
        match self.queue.last() {
            Some(save) => save.sealed.as_ref(),
            None => self.base.revision.as_ref(),
        }
    }

    /// Base is now `base`.
    pub fn move_base(&mut self, base: Base) {
        if let Some(revision) = &base.revision {
            self.seen_head = Some(revision.clone());
            if self.lineage.last() != Some(revision) {
                self.lineage.push(revision.clone());
            }
            let surplus = self.lineage.len().saturating_sub(LINEAGE);
            self.lineage.drain(..surplus);
        }
        self.base = base;
    }
}

/// `template` with `overlay` on it.
pub fn overlaid(template: &Tree, overlay: &Overlay) -> Result<Tree> {
    template
        .with_changes(overlay.iter().map(|(path, entry)| (path, entry.as_ref())))
        .map_err(|error| Error::InvalidTree(error.to_string()))
}

/// What `tree` differs in from `template`.
pub fn overlay(template: &Tree, tree: &Tree) -> Overlay {
    progy_core::diff::diff(template, tree)
        .into_iter()
        .map(|change| (change.path, change.after))
        .collect()
}
