//! A workspace begins, or is brought to this device.

use std::collections::BTreeMap;

use progy_core::diff::diff;
use progy_core::{CourseId, RelPath, Strategy, Tree};
use semver::Version;

use super::moves::Target;
use super::{Device, Engine, Intent, Report};
use crate::disk::Disk;
use crate::env::Env;
use crate::remote::{Beside, Head, Moved, Remote};
use crate::state::{Folders, Overlay, State, overlaid, overlay};
use crate::{Error, Result, layout};

/// Where the learner's work comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Where the learner left off, if they have begun.
    Resume,
    /// The template; what was saved stays in the history.
    Fresh,
}

/// How a workspace began on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Whether the learner had saved work.
    pub found: bool,
    /// Files that were in the folder and differ from what is saved: they are local edits now.
    pub adopted: Vec<RelPath>,
    /// The course version of the workspace.
    pub version: Version,
    /// The newest version of the course.
    pub newest: Version,
    /// What else happened.
    pub report: Report,
}

impl<'a> Engine<'a> {
    /// Makes `disk`, which holds no workspace, one of `course`.
    ///
    /// Files that are there are never overwritten. In a course that begins they are the learner's
    /// edits; where saved work comes back, one that is neither the template's nor the saved one is
    /// kept, with the saved one beside it.
    pub async fn start(
        disk: &'a dyn Disk,
        env: &'a dyn Env,
        device: Device,
        course: CourseId,
        from: From,
        remote: &dyn Remote,
    ) -> Result<(Self, Started)> {
        let newest = remote.newest_version().await?;
        if let Beside::Moved(moved) = remote.beside(&[None]).await? {
            return Self::take_up(disk, env, device, course, newest, from, remote, *moved).await;
        }
        let head = super::strategy::head_of_any(remote).await?;
        let version = head.as_ref().map_or_else(|| newest.clone(), |head| head.version.clone());
        let state = State::new(course, remote.strategy(), device.id.clone(), version.clone());
        let mut engine = Self::with_state(disk, env, device, state);
        let template = engine.fetch_template(&version, remote).await?;
        let found = head.as_ref().is_some_and(|head| head.revision.is_some());
        if let Some(head) = &head {
            engine.remember(head);
        }
        let tip = engine.tip()?;
        let scan = engine.scan(&[&tip])?;
        let adopted = engine.adopt(&tip, &scan.tree, template.tree(), found);
        let kept = engine.checked_out(&tip)?;
        let changed = diff(&kept, &scan.tree);
        let edits = changed.iter().map(|change| (change.path.clone(), change.after.clone()));
        let travels = engine.travels()?;
        let mut with_edits: Overlay = engine.state.overlay().clone();
        with_edits.extend(edits.filter(|(path, after)| after.is_some() && travels(path)));
        // A folder full of something else is not taken for a workspace.
        remote.admit(&with_edits)?;
        write_settings(disk, &engine.state)?;
        if !found && engine.strategy() == Strategy::Git {
            // The history begins with the template, so that it shows what the learner wrote. In one
            // step with the rest: a workspace without that save would never get it.
            let init = Intent::new("init: Start course");
            engine.enqueue(remote, &init, Overlay::new(), Folders::new())?;
        } else {
            engine.state.store(disk)?;
        }

        let mut report = Report::default();
        if found && from == From::Fresh {
            engine.start_over(remote, &mut report).await?;
        }
        let (devices, head_device) = match head {
            Some(Head { revision: Some(revision), devices, .. }) => (devices, revision.device),
            _ => (BTreeMap::new(), engine.device.name.clone()),
        };
        match engine.checkout(remote, &devices, &head_device).await {
            Ok(received) => report.received.extend(received),
            // The server has lost what it had just told of.
            Err(Error::MissingContent(_)) => engine.publish(remote, &mut report).await?,
            Err(error) => return Err(error),
        }
        let version = engine.state.version().clone();
        Ok((engine, Started { found, adopted, version, newest, report }))
    }

    /// Goes on with the history that is beside the files, where Progy's own memory of the workspace
    /// is gone.
    #[allow(clippy::too_many_arguments, reason = "what a start is given, and what it found")]
    async fn take_up(
        disk: &'a dyn Disk,
        env: &'a dyn Env,
        device: Device,
        course: CourseId,
        newest: Version,
        from: From,
        remote: &dyn Remote,
        moved: Moved,
    ) -> Result<(Self, Started)> {
        let known = moved.base.as_ref().or(moved.saves.first());
        let version = known.map_or_else(|| newest.clone(), |known| known.revision.version.clone());
        let state = State::new(course, remote.strategy(), device.id.clone(), version.clone());
        let mut engine = Self::with_state(disk, env, device, state);
        engine.fetch_template(&version, remote).await?;
        write_settings(disk, &engine.state)?;
        engine.take_in(remote, moved).await?;
        let mut report = Report::default();
        if from == From::Fresh {
            engine.start_over(remote, &mut report).await?;
        }
        let pulled = engine.sync(remote, &Intent::new("Found again")).await?;
        report.received.extend(pulled.received);
        report.published.extend(pulled.published);
        let version = engine.state.version().clone();
        Ok((engine, Started { found: true, adopted: Vec::new(), version, newest, report }))
    }

    fn remember(&mut self, head: &Head) {
        self.state.details.learn(head.details.clone());
        self.state.progress.join(&head.progress);
        self.state.progress_sent.join(&head.progress);
        if head.revision.is_some() {
            self.state.move_base(head.base());
        }
    }

    /// Decides for each file of the tip what this folder held of it before. Returns the files that
    /// are the learner's.
    fn adopt(&mut self, tip: &Tree, there: &Tree, template: &Tree, found: bool) -> Vec<RelPath> {
        let mut adopted = Vec::new();
        for change in diff(tip, there) {
            let template = template.get(change.path.as_str());
            let is_template = change.after.as_ref() == template;
            match (&change.after, found) {
                (None, _) => {
                    self.state.unapplied.insert(change.path, None);
                }
                // An untouched file of the template is older than what was saved.
                (Some(_), true) if is_template => {
                    self.state.unapplied.insert(change.path, template.cloned());
                }
                (Some(_), true) if change.before.is_some() => {
                    self.state.unapplied.insert(change.path.clone(), None);
                    adopted.push(change.path);
                }
                (Some(_), _) => adopted.push(change.path),
            }
        }
        adopted
    }

    /// Goes back to the template, at the newest version, keeping all that was in the history.
    pub async fn start_over(&mut self, remote: &dyn Remote, report: &mut Report) -> Result<()> {
        let version = remote.newest_version().await?;
        let template = self.fetch_template(&version, remote).await?;
        let tree = template.tree().clone();
        let lessons: Vec<_> = template.outline()?.lessons().map(|l| l.id.clone()).collect();
        let device = self.device.id.clone();
        for lesson in lessons {
            self.state.progress.reset(&lesson, &device);
        }
        let target = Target { tree, folders: Folders::new(), version };
        self.move_to(remote, target, &Intent::new("Start over"), report).await
    }

    /// Writes `progy.toml` if it does not say what the state says.
    pub fn write_settings(&self) -> Result<()> {
        write_settings(self.disk, &self.state)
    }

    /// The strategy of this workspace.
    pub fn strategy(&self) -> Strategy {
        self.state.strategy
    }

    /// What `tree` differs in from this workspace's template.
    pub(super) fn overlay_of(&mut self, tree: &Tree, version: &Version) -> Result<Overlay> {
        let template = self.template_of(version)?;
        Ok(overlay(template.tree(), tree))
    }

    /// The tree of an overlay on the template of `version`.
    pub(super) fn tree_of(&mut self, overlay: &Overlay, version: &Version) -> Result<Tree> {
        let template = self.template_of(version)?;
        overlaid(template.tree(), overlay)
    }
}

/// `progy.toml`, with what the learner has added to it.
fn write_settings(disk: &dyn Disk, state: &State) -> Result<()> {
    let fails = Error::disk(layout::SETTINGS);
    let there = match disk.read(layout::SETTINGS, 1 << 20) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(fails(error)),
    };
    // One that is no TOML any more is written anew: everything in it is known.
    let mut document: toml_edit::DocumentMut = there.parse().unwrap_or_default();
    for (table, key, value) in [
        ("course", "id", state.course.as_str()),
        ("course", "version", &state.version().to_string()),
        ("sync", "strategy", state.strategy.as_str()),
    ] {
        let table = document.entry(table).or_insert_with(toml_edit::table);
        if let Some(table) = table.as_table_like_mut()
            && table.get(key).and_then(toml_edit::Item::as_str) != Some(value)
        {
            table.insert(key, toml_edit::value(value));
        }
    }
    let text = document.to_string();
    if text == there {
        return settled(disk);
    }
    let beside = format!("{}/progy.toml", layout::TMP);
    let fails = |error| Error::disk(layout::SETTINGS)(error);
    disk.write(&beside, text.as_bytes(), false).map_err(fails)?;
    disk.flush(&[&beside]).map_err(fails)?;
    disk.rename(&beside, layout::SETTINGS).map_err(fails)?;
    settled(disk)
}

/// The settings say what the state says.
fn settled(disk: &dyn Disk) -> Result<()> {
    let fails = |error| Error::disk(layout::SETTLING)(error);
    if disk.meta(layout::SETTLING).map_err(fails)?.is_some() {
        disk.remove(layout::SETTLING).map_err(fails)?;
    }
    Ok(())
}
