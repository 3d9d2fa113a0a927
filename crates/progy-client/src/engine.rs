//! Saving, syncing, and everything that is made of them: the same in every strategy.
//!
//! - [`start`](mod@start): a workspace begins, or is brought to this device;
//! - [`commit`]: the files become a save that waits;
//! - [`details`]: what snapshots say of files beside their contents;
//! - [`beside`]: the history that some strategies keep beside the files;
//! - [`exchange`]: saves are published, other devices' saves come in;
//! - [`checkout`]: the files follow;
//! - [`loss`]: the server was restored from an older state;
//! - [`moves`]: going to another state on purpose: restore, reset, upgrade;
//! - [`strategy`]: the workspace comes to be carried another way;
//! - [`conflicts`]: settling conflict copies;
//! - [`lessons`]: lessons are tried;
//! - [`dependencies`]: what does not travel;
//! - [`status`]: where things stand.

pub mod beside;
pub mod checkout;
pub mod commit;
pub mod conflicts;
pub mod dependencies;
pub mod details;
pub mod exchange;
pub mod lessons;
pub mod loss;
pub mod moves;
pub mod start;
pub mod status;
pub mod strategy;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use progy_core::{
    Change, ConflictName, ContentHash, CourseId, DeviceId, DeviceName, Entry, HashKind, LessonId,
    RelPath, RevisionId, Strategy, Tree,
};
use semver::Version;

use crate::contents::Sources;
use crate::disk::Disk;
use crate::env::Env;
use crate::index::Index;
use crate::remote::Remote;
use crate::scan::{Notice, Scan};
use crate::state::{State, overlaid};
use crate::store::Store;
use crate::template::Template;
use crate::{Error, Result, apply, scan, trash};

/// This installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: DeviceName,
}

/// Why a state is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// What is said of it.
    pub message: String,
    /// The lesson that it is about.
    pub lesson: Option<LessonId>,
    /// Whether it is recorded also if no file has changed, as a completed lesson is.
    pub even_if_unchanged: bool,
}

impl Intent {
    /// A save with a message, made only if something has changed.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), lesson: None, even_if_unchanged: false }
    }
}

/// What an operation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The revisions that this device published, oldest first.
    pub published: Vec<RevisionId>,
    /// What changed in the learner's files because of other devices.
    pub received: Vec<Change>,
    /// Whether a new state was recorded.
    pub saved: bool,
    /// The server had lost revisions; what this device has of them was published again.
    pub recovered: bool,
}

/// One workspace on one device. Only one at a time may be open: see the lock of
/// [`crate::disk::RealDisk`].
#[derive(Debug)]
pub struct Engine<'a> {
    disk: &'a dyn Disk,
    env: &'a dyn Env,
    device: Device,
    state: State,
    index: Index,
    store: Store<'a>,
    templates: HashMap<Version, Rc<Template>>,
    /// Results of merges that are in no file yet.
    merged: HashMap<ContentHash, Vec<u8>>,
    notices: BTreeSet<Notice>,
}

impl std::fmt::Debug for dyn Disk + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disk")
    }
}

impl std::fmt::Debug for dyn Env + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Env")
    }
}

impl<'a> Engine<'a> {
    /// Opens the workspace on `disk` and finishes what a crash has interrupted.
    pub fn open(disk: &'a dyn Disk, env: &'a dyn Env, device: Device) -> Result<Self> {
        let mut engine = Self::with_state(disk, env, device, State::load(disk)?);
        let done = apply::recover(disk)?;
        let before = engine.state.clone();
        engine.state.unapplied.retain(|path, _| !done.contains(path));
        engine.state.device = engine.device.id.clone();
        if engine.state != before {
            engine.state.store(disk)?;
        }
        apply::finish(disk)?;
        trash::purge(disk, env)?;
        Ok(engine)
    }

    fn with_state(disk: &'a dyn Disk, env: &'a dyn Env, device: Device, state: State) -> Self {
        Self {
            disk,
            env,
            device,
            index: Index::load(disk, state.strategy.hash_kind()),
            store: Store::new(disk),
            state,
            templates: HashMap::new(),
            merged: HashMap::new(),
            notices: BTreeSet::new(),
        }
    }

    /// What this device remembers.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The course.
    pub fn course(&self) -> &CourseId {
        &self.state.course
    }

    /// How contents are named in this workspace.
    fn hash_kind(&self) -> HashKind {
        self.state.strategy.hash_kind()
    }

    /// What the learner should hear of, since the engine was opened.
    pub fn notices(&self) -> &BTreeSet<Notice> {
        &self.notices
    }

    /// The template of the workspace's course version, if its package is on this device.
    pub fn template(&mut self) -> Result<Rc<Template>> {
        let version = self.state.version().clone();
        self.template_of(&version)
    }

    /// Whether a change of the file at a path is saved: with the strategy `patch` a course may name
    /// the files of which that holds.
    pub fn travels(&mut self) -> Result<impl Fn(&RelPath) -> bool + use<>> {
        let rules = self.template()?.rules().clone();
        let names_files = self.state.strategy == Strategy::Patch;
        Ok(move |path: &RelPath| !names_files || rules.travels(path))
    }

    fn template_of(&mut self, version: &Version) -> Result<Rc<Template>> {
        if let Some(template) = self.templates.get(version) {
            return Ok(Rc::clone(template));
        }
        let template = Template::load(self.disk, version, self.hash_kind())?
            .ok_or_else(|| Error::NoVersion(self.state.course.clone(), version.clone()))?;
        let template = Rc::new(template);
        self.templates.insert(version.clone(), Rc::clone(&template));
        Ok(template)
    }

    /// The template of `version`, fetched if it is not on this device.
    async fn fetch_template(
        &mut self,
        version: &Version,
        remote: &dyn Remote,
    ) -> Result<Rc<Template>> {
        if !self.templates.contains_key(version) {
            let template = Template::fetch(self.disk, version, remote).await?;
            self.templates.insert(version.clone(), Rc::new(template));
        }
        self.template_of(version)
    }

    /// Has `remote` begin with the strategy of what this device remembers, and fetches the templates
    /// that the workspace needs and this device does not have.
    pub async fn prepare(&mut self, remote: &dyn Remote) -> Result<()> {
        let strategy = self.state.strategy;
        remote.turn_to(strategy);
        // One strategy's names would mean nothing in another's history.
        if remote.strategy() != strategy {
            return Err(Error::OtherStrategy(strategy.to_string()));
        }
        let mut versions: BTreeSet<Version> =
            self.state.queue.iter().map(|save| save.version.clone()).collect();
        versions.insert(self.state.base.version.clone());
        for version in versions {
            self.fetch_template(&version, remote).await?;
        }
        Ok(())
    }

    fn tip(&mut self) -> Result<Tree> {
        let template = self.template()?;
        overlaid(template.tree(), self.state.overlay())
    }

    fn base_tree(&mut self) -> Result<Tree> {
        let template = self.template_of(&self.state.base.version.clone())?;
        overlaid(template.tree(), &self.state.base.overlay)
    }

    /// What the files were made to agree with last: the tip, where they have followed it.
    fn checked_out(&self, tip: &Tree) -> Result<Tree> {
        laid_over(tip, self.state.unapplied.iter().map(|(path, entry)| (path, entry.as_ref())))
    }

    fn scan(&mut self, tracked: &[&Tree]) -> Result<Scan> {
        let template = self.template()?;
        let mut scan = scan::scan(self.disk, template.rules(), &mut self.index, tracked)?;
        self.notices.append(&mut scan.notices.iter().cloned().collect());
        // A cache: that it cannot be written is no reason to stop.
        let _ = self.index.store(self.disk);
        for path in tracked.iter().flat_map(|tree| tree.iter().map(|(path, _)| path)) {
            if !self.disk.can_hold(path) {
                self.notices.insert(Notice::CannotHold(path.clone()));
                scan.unknown.insert(path.clone());
            }
        }
        Ok(scan)
    }

    fn sources(&self, scan: Option<&Scan>) -> Sources<'_> {
        let files = scan.map(|scan| {
            let files = scan.tree.iter();
            files.filter_map(|(path, entry)| Some((entry.as_file()?.hash, path.clone()))).collect()
        });
        Sources {
            disk: self.disk,
            store: &self.store,
            templates: self.templates.values().map(Rc::as_ref).collect(),
            merged: &self.merged,
            files: files.unwrap_or_default(),
        }
    }
}

/// The conflict copies in a tree.
pub fn conflict_copies(tree: &Tree) -> Vec<RelPath> {
    let paths = tree.iter().map(|(path, _)| path);
    paths.filter(|path| ConflictName::parse(path).is_some()).cloned().collect()
}

/// `tree` with the paths of `mask` as they are in `other`.
fn masked<'m>(tree: &Tree, other: &Tree, mask: impl Iterator<Item = &'m RelPath>) -> Result<Tree> {
    let changes: Vec<(&RelPath, Option<&Entry>)> =
        mask.map(|path| (path, other.get(path.as_str()))).collect();
    if changes.iter().all(|(path, entry)| tree.get(path.as_str()) == *entry) {
        return Ok(tree.clone());
    }
    laid_over(tree, changes.into_iter())
}

/// `tree` with other entries at some paths. What lies above or below such an entry gives way to it.
fn laid_over<'m>(
    tree: &Tree,
    entries: impl Iterator<Item = (&'m RelPath, Option<&'m Entry>)>,
) -> Result<Tree> {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return Ok(tree.clone());
    }
    let mut map = tree.clone().into_map();
    for (path, entry) in entries {
        map.remove(path);
        if let Some(entry) = entry {
            for folder in path.ancestors() {
                map.remove(folder);
            }
            for (below, _) in tree.below(path.as_str()) {
                map.remove(below);
            }
            map.insert(path.clone(), entry.clone());
        }
    }
    Tree::from_map(map).map_err(|error| Error::InvalidTree(error.to_string()))
}
