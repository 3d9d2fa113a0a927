//! What snapshots say of files beside what the planner knows.

use std::collections::{BTreeMap, BTreeSet};

use progy_core::{ContentHash, RelPath};
use serde::{Deserialize, Serialize};

/// When files were modified, and how their contents are put together. Nothing is decided by it: what
/// is not known is made up, and no work is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// When the file at a path got a content, in nanoseconds since 1970-01-01T00:00:00Z.
    pub times: BTreeMap<RelPath, (ContentHash, i64)>,
    /// The topmost list of a content's chunks; `None` of one that is a single chunk. What is so small
    /// that it always is one is not here.
    pub recipes: BTreeMap<ContentHash, Option<ContentHash>>,
}

impl Details {
    /// When the file at `path` got the content `hash`.
    pub fn time(&self, path: &RelPath, hash: &ContentHash) -> Option<i64> {
        self.times.get(path).filter(|(of, _)| of == hash).map(|(_, time)| *time)
    }

    /// Takes over all that `other` says.
    pub fn learn(&mut self, other: Self) {
        self.times.extend(other.times);
        self.recipes.extend(other.recipes);
    }

    /// Forgets all but the contents in `named`.
    pub fn retain(&mut self, named: &BTreeSet<ContentHash>) {
        self.times.retain(|_, (hash, _)| named.contains(hash));
        self.recipes.retain(|hash, _| named.contains(hash));
    }
}
