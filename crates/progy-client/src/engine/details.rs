//! What snapshots say of files beside the planner's trees: see [`crate::details`].

use std::collections::BTreeSet;

use progy_core::{ContentHash, Entry, Strategy, Tree};

use super::Engine;
use super::commit::Unsaved;
use crate::Result;

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
                let time = (file.hash, meta.modified);
                self.state.details.times.insert(path.clone(), time);
            }
        }
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
