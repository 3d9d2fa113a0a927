//! Going to another state on purpose: restore, reset, upgrade.
//!
//! Each is a save like any other: the tip moves to the new state, the files follow by the planner,
//! and what they held before is in a revision and in the trash.

use std::collections::BTreeMap;

use progy_core::diff::diff;
use progy_core::plan::{Names, plan};
use progy_core::{Change, ContentHash, DeviceName, Entry, LessonId, RelPath, RevisionId, Tree};
use semver::Version;

use super::checkout::Sides;
use super::{Engine, Intent, Report, laid_over};
use crate::contents::MAX_CONTENT;
use crate::pages::Pages;
use crate::remote::{Recorded, Remote};
use crate::state::{Base, Folders};
use crate::{Error, Result};

/// A state to go to.
pub(super) struct Target {
    pub(super) tree: Tree,
    pub(super) folders: Folders,
    pub(super) version: Version,
}

impl Engine<'_> {
    /// A state of this course version.
    fn target(&self, tree: Tree, folders: Folders) -> Target {
        Target { tree, folders, version: self.state.version().clone() }
    }

    /// Records the files as they are, so that a move can be undone.
    async fn record(&mut self, remote: &dyn Remote, message: &str) -> Result<Report> {
        match self.sync(remote, &Intent::new(message)).await {
            // Without a server the files are recorded in the queue.
            Err(Error::Unreachable(_)) => Ok(Report::default()),
            other => other,
        }
    }

    /// Makes `tree` the tip, as a save, and lets the files follow.
    pub(super) async fn move_to(
        &mut self,
        remote: &dyn Remote,
        target: Target,
        intent: &Intent,
        report: &mut Report,
    ) -> Result<()> {
        let Target { tree, folders, version } = target;
        let tip = self.tip()?;
        let checked_out = self.checked_out(&tip)?;
        let changes = diff(&tip, &tree);
        let is_same = changes.is_empty() && folders == *self.state.tip_folders();
        if is_same && *self.state.version() == version {
            return Ok(());
        }
        self.fetch_contents(&version, &changes, None, remote).await?;
        self.keep_moved(&changes)?;
        let overlay = self.overlay_of(&tree, &version)?;
        remote.admit(&overlay)?;
        let save = self.new_save(intent, Base { revision: None, version, overlay, folders });
        let parent = self.state.tip().cloned();
        let save = self.seal(remote, parent.as_ref(), &tip, save)?;
        let (base, mut queue) = (self.state.base.clone(), self.state.queue.clone());
        queue.push(save);
        self.take_over(base, queue, &checked_out)?;
        self.write_settings()?;
        report.saved = true;
        let here = self.device.name.clone();
        report.received.extend(self.checkout(remote, &BTreeMap::new(), &here).await?);
        Ok(())
    }

    /// Keeps the bytes of what a move brings, which may come from a merge or another template.
    fn keep_moved(&self, changes: &[Change]) -> Result<()> {
        let sources = self.sources(None);
        let mut batch = self.store.batch();
        for change in changes {
            let Some(file) = change.after.as_ref().and_then(Entry::as_file) else { continue };
            if !sources.keep(&file.hash, &mut batch)? {
                return Err(Error::MissingContent(change.path.clone()));
            }
        }
        batch.finish()
    }

    /// The one revision whose id begins with `text`.
    pub async fn find_revision(&mut self, remote: &dyn Remote, text: &str) -> Result<Recorded> {
        let unknown = || Error::NoRevision(text.to_owned());
        if let Ok(id) = RevisionId::new(text)
            && let Some(recorded) = self.recorded(remote, &id).await?
        {
            return Ok(recorded);
        }
        let mut found: Option<RevisionId> = None;
        let mut history = Pages::of(remote);
        while let Some(revisions) = history.next().await? {
            for revision in revisions {
                if revision.id.as_str().starts_with(text) && !text.is_empty() {
                    if found.is_some() {
                        return Err(unknown());
                    }
                    found = Some(revision.id);
                }
            }
        }
        let found = found.ok_or_else(unknown)?;
        self.recorded(remote, &found).await?.ok_or_else(unknown)
    }

    /// The tree of a revision.
    pub async fn revision_tree(&mut self, remote: &dyn Remote, of: &Recorded) -> Result<Tree> {
        self.fetch_template(&of.revision.version, remote).await?;
        self.tree_of(&of.overlay, &of.revision.version)
    }

    /// Brings back a revision, or only what it had at and below `paths`. A new revision.
    pub async fn restore(
        &mut self,
        remote: &dyn Remote,
        revision: &str,
        paths: &[String],
    ) -> Result<Report> {
        let mut report = self.record(remote, "Before restore").await?;
        let recorded = self.find_revision(remote, revision).await?;
        let then = self.revision_tree(remote, &recorded).await?;
        let now = self.tip()?;
        for path in paths {
            let is_there = |tree: &Tree| tree.iter().any(|(at, _)| at.is_within(path));
            if !is_there(&then) && !is_there(&now) {
                return Err(Error::NoSuchPath(path.clone()));
            }
        }
        let wanted =
            |path: &RelPath| paths.is_empty() || paths.iter().any(|folder| path.is_within(folder));
        let tree = replaced(&now, &then, wanted)?;
        let kept = self.state.tip_folders().iter().filter(|folder| !wanted(folder));
        let folders = kept.chain(recorded.folders.iter().filter(|folder| wanted(folder)));
        let folders = folders.cloned().collect();
        let short: String = recorded.revision.id.as_str().chars().take(8).collect();
        let intent = Intent::new(format!("Restore {short}"));
        let target = self.target(tree, folders);
        self.move_to(remote, target, &intent, &mut report).await?;
        self.publish(remote, &mut report).await?;
        Ok(report)
    }

    /// Brings a lesson, or one path, back to the template. What was there is in a revision.
    pub async fn reset(&mut self, remote: &dyn Remote, what: &str) -> Result<Report> {
        let mut report = self.record(remote, &format!("Before reset of {what}")).await?;
        let template = self.template()?;
        let lesson = template
            .outline()?
            .lessons()
            .find(|lesson| lesson.id.as_str() == what || lesson.folder.as_str() == what)
            .cloned();
        let folder = lesson.as_ref().map_or(what, |lesson| lesson.folder.as_str()).to_owned();
        let now = self.tip()?;
        let wanted = |path: &RelPath| path.is_within(&folder);
        if !now.iter().chain(template.tree()).any(|(path, _)| wanted(path)) {
            return Err(Error::NoSuchPath(what.to_owned()));
        }
        if let Some(lesson) = &lesson {
            self.reset_progress(&lesson.id)?;
        }
        let tree = replaced(&now, template.tree(), wanted)?;
        let kept = self.state.tip_folders().iter().filter(|folder| !wanted(folder));
        let folders = kept.cloned().collect();
        let intent = Intent {
            message: format!("Reset {what}"),
            lesson: lesson.map(|lesson| lesson.id),
            even_if_unchanged: false,
        };
        let target = self.target(tree, folders);
        self.move_to(remote, target, &intent, &mut report).await?;
        self.publish(remote, &mut report).await?;
        Ok(report)
    }

    fn reset_progress(&mut self, lesson: &LessonId) -> Result<()> {
        let device = self.device.id.clone();
        self.state.progress.reset(lesson, &device);
        self.state.store(self.disk)
    }

    /// Goes to the newest version of the course, merging: base is the old template, remote the new
    /// one. `None` if this is the newest.
    pub async fn upgrade(&mut self, remote: &dyn Remote) -> Result<Option<(Version, Report)>> {
        let newest = remote.newest_version().await?;
        let mut report = self.sync(remote, &Intent::new("Before upgrade")).await?;
        let version = self.state.version().clone();
        if newest <= version {
            return Ok(None);
        }
        let old = self.template()?;
        let new = self.fetch_template(&newest, remote).await?;
        let tip = self.tip()?;
        let course =
            DeviceName::from_any(&format!("course-{}", newest.to_string().replace('.', "_")));
        let sides = Sides {
            base: old.tree(),
            local: &tip,
            remote: new.tree(),
            devices: &BTreeMap::new(),
            head_device: &course,
        };
        let merged = self.planned(&sides, None, remote).await?.merged;
        let intent = Intent::new(format!("Upgrade to {newest}"));
        let target = Target {
            version: newest.clone(),
            ..self.target(merged, self.state.tip_folders().clone())
        };
        self.move_to(remote, target, &intent, &mut report).await?;
        self.publish(remote, &mut report).await?;
        Ok(Some((newest, report)))
    }

    /// What an upgrade to `newest` would bring, without doing it.
    pub async fn preview_upgrade(
        &mut self,
        remote: &dyn Remote,
        newest: &Version,
    ) -> Result<Vec<Change>> {
        let old = self.template()?;
        let new = self.fetch_template(newest, remote).await?;
        let tip = self.tip()?;
        let here = self.device.name.clone();
        let names = Names { local: &here, remote: &|_| here.clone() };
        let planned = plan(old.tree(), &tip, new.tree(), names)
            .settle(|_| progy_core::plan::MergeOutcome::Conflict);
        Ok(diff(&tip, &planned.merged))
    }

    /// The bytes of an entry of the tip, of a revision or of the template, fetched if need be.
    pub async fn content(
        &mut self,
        remote: &dyn Remote,
        path: &RelPath,
        entry: &Entry,
    ) -> Result<Vec<u8>> {
        let change = Change { path: path.clone(), before: None, after: Some(entry.clone()) };
        let version = self.state.version().clone();
        let Entry::File(file) = entry else {
            return Ok(Vec::new());
        };
        if let Some(bytes) = self.local_content(&file.hash) {
            return Ok(bytes);
        }
        self.fetch_contents(&version, &[change], None, remote).await?;
        self.local_content(&file.hash).ok_or_else(|| Error::MissingContent(path.clone()))
    }

    /// The bytes of a content that is on this device.
    pub fn local_content(&self, hash: &ContentHash) -> Option<Vec<u8>> {
        self.sources(None).get(hash)
    }

    /// The bytes of the learner's file at `path` now.
    pub fn file(&self, path: &RelPath) -> Result<Vec<u8>> {
        self.disk.read(path.as_str(), MAX_CONTENT).map_err(Error::disk(path.as_str()))
    }
}

/// `now` with every path that is `wanted` as it is in `then`. A file in whose place `then` has a
/// folder, or the reverse, gives way.
fn replaced(now: &Tree, then: &Tree, wanted: impl Fn(&RelPath) -> bool) -> Result<Tree> {
    let changes = diff(now, then);
    let changes = changes.iter().filter(|change| wanted(&change.path));
    laid_over(now, changes.map(|change| (&change.path, change.after.as_ref())))
}
