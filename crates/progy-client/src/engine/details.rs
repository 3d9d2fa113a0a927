//! What snapshots say of files beside the planner's trees: see [`crate::details`].

use std::collections::BTreeSet;

use progy_core::folders::{empty_beside, merge_folders};
use progy_core::{ContentHash, Entry, Strategy, Tree};

use super::Engine;
use super::commit::Unsaved;
use crate::Result;
use crate::scan::Scan;
use crate::state::Folders;

impl Engine<'_> {
    /// Notes when the files that are saved were modified. A file that is as it was keeps its time,
    /// also if it was touched.
    pub(super) fn note_details(&mut self, unsaved: &Unsaved) {
        if self.state.strategy != Strategy::Snapshot {
            return;
        }
        for (path, meta) in &unsaved.scan.metas {
            let Some(Entry::File(file)) = unsaved.tree.get(path.as_str()) else { continue };
            if self.state.details.time(path, &file.hash).is_none() {
                self.state.details.note_time(path.clone(), file.hash, meta.modified);
            }
        }
    }

    /// Says of all files of the saves that wait when they were modified: those of which nothing is
    /// known (what was merged, a conflict copy) when they were saved. A save whose answer was lost is
    /// published once more, and has to be the same then, whatever was seen of its files meanwhile.
    pub(super) fn settle_times(&mut self) -> Result<()> {
        if self.state.strategy != Strategy::Snapshot {
            return Ok(());
        }
        for save in self.state.queue.clone() {
            let saved_at = save.saved_at.millis().saturating_mul(1_000_000);
            for (path, entry) in &self.tree_of(&save.overlay, &save.version)? {
                let Entry::File(file) = entry else { continue };
                if self.state.details.time(path, &file.hash).is_none() {
                    self.state.details.note_time(path.clone(), file.hash, saved_at);
                }
            }
        }
        Ok(())
    }

    /// The empty folders that would be recorded: those of the tip, with what the learner has done to
    /// them since the files followed it.
    pub(super) fn folders_of(&self, scan: &Scan, tree: &Tree) -> Folders {
        if self.state.strategy != Strategy::Snapshot {
            return Folders::new();
        }
        let folders = merge_folders(&self.state.folders, &scan.folders, self.state.tip_folders());
        empty_beside(&folders, tree)
    }

    /// Makes and removes empty folders, so that they follow the tip. What cannot be made or removed
    /// stays as it is.
    pub(super) fn folders_follow(&mut self) -> Result<()> {
        if self.state.strategy != Strategy::Snapshot
            || self.state.folders == *self.state.tip_folders()
        {
            return Ok(());
        }
        let (before, tip) = (self.state.folders.clone(), self.state.tip_folders().clone());
        let mut here = Folders::new();
        for folder in tip {
            let is_there =
                before.contains(&folder) || self.disk.make_folder(folder.as_str()).is_ok();
            if is_there {
                here.insert(folder);
            }
        }
        for folder in before.difference(&here) {
            // One that holds something by now stays, and so do those above it.
            let mut goes = self.disk.remove_folder(folder.as_str()).is_ok();
            for above in folder.ancestors().collect::<Vec<_>>().into_iter().rev() {
                goes = goes && !here.contains(above) && self.disk.remove_folder(above).is_ok();
            }
        }
        self.state.folders = here;
        self.state.store(self.disk)
    }

    /// Forgets what is said of files that neither base nor a save that waits has.
    pub(super) fn forget_details(&mut self) -> Result<()> {
        if self.state.strategy != Strategy::Snapshot {
            return Ok(());
        }
        let base = self.base_tree()?;
        let mut named: BTreeSet<ContentHash> = hashes(&base).collect();
        for save in self.state.queue.clone() {
            let tree = self.tree_of(&save.overlay, &save.version)?;
            named.extend(hashes(&tree));
        }
        self.state.details.retain(&named);
        Ok(())
    }
}

fn hashes(tree: &Tree) -> impl Iterator<Item = ContentHash> {
    tree.iter().filter_map(|(_, entry)| Some(entry.as_file()?.hash))
}
