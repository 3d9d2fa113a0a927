//! The files become a save that waits to be published.

use std::collections::BTreeSet;

use progy_core::diff::diff;
use progy_core::{Change, Entry, RelPath, Strategy, Tree};

use super::{Engine, Intent, masked};
use crate::contents;
use crate::remote::Remote;
use crate::scan::Scan;
use crate::state::{Base, Folders, Overlay, Queued, overlay};
use crate::{Error, Result};

/// How often files that change under our eyes are looked at again.
const LOOK_AGAIN: u32 = 5;

/// What the learner has changed since the tip.
#[derive(Debug)]
pub struct Unsaved {
    /// The files as they would be recorded.
    pub tree: Tree,
    /// What differs from the tip.
    pub changes: Vec<Change>,
    /// The folders with nothing in them as they would be recorded.
    pub folders: Folders,
    /// The look at the files that this is from.
    pub scan: Scan,
}

impl Engine<'_> {
    /// What would be recorded now.
    pub fn unsaved(&mut self) -> Result<Unsaved> {
        let tip = self.tip()?;
        let before = self.checked_out(&tip)?;
        let scan = self.scan(&[&tip, &before])?;
        let travels = self.travels()?;
        // Of a path that cannot be read, or that has not followed the tip yet, the files say
        // nothing; and for patches a course may name which files travel.
        let silent: BTreeSet<RelPath> =
            scan.unknown.iter().chain(self.state.unapplied.keys()).cloned().collect();
        let seen = masked(&scan.tree, &tip, silent.iter())?;
        let all = diff(&tip, &seen);
        let paths = all.iter().map(|change| &change.path);
        let stay: Vec<&RelPath> = paths.filter(|path| !travels(path)).collect();
        let tree = masked(&seen, &tip, stay.into_iter())?;
        let changes = diff(&tip, &tree);
        let folders = self.folders_of(&scan, &tree);
        Ok(Unsaved { tree, changes, folders, scan })
    }

    /// Records the files as a save, if there is something to record. Needs no server.
    ///
    /// When this returns true, the save with all its bytes is on the medium.
    pub fn commit(&mut self, remote: &dyn Remote, intent: &Intent) -> Result<bool> {
        for _ in 0..LOOK_AGAIN {
            let unsaved = self.unsaved()?;
            let is_unchanged =
                unsaved.changes.is_empty() && unsaved.folders == *self.state.tip_folders();
            if is_unchanged && !intent.even_if_unchanged {
                return Ok(false);
            }
            let template = self.template()?;
            let overlay = overlay(template.tree(), &unsaved.tree);
            remote.admit(&overlay)?;
            if self.keep_contents(&unsaved.changes)? {
                self.note_details(&unsaved);
                self.state.folders.clone_from(&unsaved.folders);
                self.enqueue(remote, intent, overlay, unsaved.folders)?;
                self.show(remote)?;
                return Ok(true);
            }
        }
        let path = self.unsaved()?.changes.into_iter().next().map(|change| change.path);
        path.map_or(Ok(false), |path| Err(Error::KeepsChanging(path)))
    }

    /// Puts a save at the end of the queue. Its contents are kept already.
    pub(super) fn enqueue(
        &mut self,
        remote: &dyn Remote,
        intent: &Intent,
        overlay: Overlay,
        folders: Folders,
    ) -> Result<()> {
        let version = self.state.version().clone();
        let save = self.new_save(intent, Base { revision: None, version, overlay, folders });
        let before = if self.has_begun() { self.tip()? } else { Tree::new() };
        let parent = self.state.tip().cloned();
        let save = self.seal(remote, parent.as_ref(), &before, save)?;
        self.state.queue.push(save);
        self.state.store(self.disk)
    }

    /// A save of the files of `state`.
    pub(super) fn new_save(&self, intent: &Intent, state: Base) -> Queued {
        let limit = progy_api::limits::MESSAGE;
        Queued {
            id: self.env.save_id(),
            message: intent.message.chars().take(limit).collect(),
            lesson: intent.lesson.clone(),
            saved_at: self.env.now(),
            version: state.version,
            overlay: state.overlay,
            folders: state.folders,
            sealed: None,
        }
    }

    /// Keeps the bytes of what was changed, flushed. False if a file is not what was scanned.
    fn keep_contents(&mut self, changes: &[Change]) -> Result<bool> {
        let template = self.template()?;
        let mut batch = self.store.batch();
        let mut is_as_scanned = true;
        for change in changes {
            let Some(Entry::File(file)) = &change.after else { continue };
            if template.has(&file.hash) || self.store.keeps(&file.hash) {
                continue;
            }
            if !contents::keep_file(self.disk, &change.path, &file.hash, &mut batch)? {
                is_as_scanned = false;
                break;
            }
        }
        // Also what a changed file stands behind: it is looked at again, the others are not.
        batch.finish()?;
        Ok(is_as_scanned)
    }

    /// Throws away kept contents that nothing names which this device has to have itself.
    pub(super) fn collect_garbage(&mut self) -> Result<()> {
        let overlays = self.state.queue.iter().map(|save| &save.overlay);
        let needed = if self.state.strategy == Strategy::Snapshot {
            // What was published is on the server and in the files.
            let mut needed = contents::hashes(overlays.flat_map(|overlay| overlay.values()));
            let tip = self.tip()?;
            let waiting = self.state.unapplied.keys().filter_map(|path| tip.get(path.as_str()));
            needed.extend(waiting.filter_map(|entry| Some(entry.as_file()?.hash)));
            needed
        } else {
            let overlays = overlays.chain([&self.state.base.overlay]);
            contents::hashes(overlays.flat_map(|overlay| overlay.values()))
        };
        self.store.collect(&needed)
    }
}
