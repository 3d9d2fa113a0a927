//! What a workspace differs in from the template.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::ops::Bound;

use progy_api::history::{FileState, SavedFile};
use progy_core::{DeviceName, RelPath};

/// A sorted map from path to what is there instead of the template's entry.
///
/// A path that is not in it is as in the template. No entry equals the template's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overlay(BTreeMap<RelPath, OverlayEntry>);

/// What one path holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayEntry {
    /// What is there.
    pub state: FileState,
    /// The device that changed it last.
    pub device: DeviceName,
}

impl Overlay {
    /// No difference.
    pub fn new() -> Self {
        Self::default()
    }

    /// The entry at `path`.
    pub fn get(&self, path: &str) -> Option<&OverlayEntry> {
        self.0.get(path)
    }

    /// Puts an entry; gives the one that was there.
    pub fn insert(&mut self, path: RelPath, entry: OverlayEntry) -> Option<OverlayEntry> {
        self.0.insert(path, entry)
    }

    /// Takes an entry away: the path is as in the template again.
    pub fn remove(&mut self, path: &str) -> Option<OverlayEntry> {
        self.0.remove(path)
    }

    /// How many paths differ.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths that differ, in order.
    pub fn iter(&self) -> btree_map::Iter<'_, RelPath, OverlayEntry> {
        self.0.iter()
    }

    /// The entries below `folder`, in order.
    pub fn below<'a>(
        &'a self,
        folder: &str,
    ) -> impl Iterator<Item = (&'a RelPath, &'a OverlayEntry)> {
        let first = format!("{folder}/");
        self.0
            .range::<str, _>((Bound::Included(first.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.as_str().starts_with(&first))
    }

    /// The bytes of all files in it together.
    pub fn total_size(&self) -> u64 {
        let size = |entry: &OverlayEntry| match entry.state {
            FileState::File { size, .. } => size,
            FileState::Link { .. } | FileState::Deleted => 0,
        };
        self.0.values().map(size).fold(0, u64::saturating_add)
    }

    /// The entries as they travel.
    pub fn into_saved(self) -> Vec<SavedFile> {
        let saved = |(path, entry): (RelPath, OverlayEntry)| SavedFile {
            path,
            state: entry.state,
            device: entry.device,
        };
        self.0.into_iter().map(saved).collect()
    }
}

impl<'a> IntoIterator for &'a Overlay {
    type Item = (&'a RelPath, &'a OverlayEntry);
    type IntoIter = btree_map::Iter<'a, RelPath, OverlayEntry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl FromIterator<(RelPath, OverlayEntry)> for Overlay {
    fn from_iter<I: IntoIterator<Item = (RelPath, OverlayEntry)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}
