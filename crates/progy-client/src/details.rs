//! What snapshots say of files beside what the planner knows.

use std::collections::{BTreeMap, BTreeSet};

use progy_core::{ContentHash, RelPath};
use serde::{Deserialize, Serialize};

/// When files were modified, and how their contents are put together. Nothing is decided by it: what
/// is not known is made up, and no work is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// When the file at a path got each of its contents, in nanoseconds since 1970-01-01T00:00:00Z.
    /// There are several where a save that waits has another than the base.
    pub times: BTreeMap<RelPath, Vec<(ContentHash, i64)>>,
    /// The topmost list of a content's chunks; `None` of one that is a single chunk. What is so small
    /// that it always is one is not here.
    pub recipes: BTreeMap<ContentHash, Option<ContentHash>>,
}

impl Details {
    /// When the file at `path` got the content `hash`.
    pub fn time(&self, path: &RelPath, hash: &ContentHash) -> Option<i64> {
        self.times.get(path)?.iter().find(|(of, _)| of == hash).map(|(_, time)| *time)
    }

    /// Notes when the file at `path` got the content `hash`.
    pub fn note_time(&mut self, path: RelPath, hash: ContentHash, time: i64) {
        let times = self.times.entry(path).or_default();
        match times.iter_mut().find(|(of, _)| *of == hash) {
            Some((_, noted)) => *noted = time,
            None => times.push((hash, time)),
        }
    }

    /// Takes over all that `other` says.
    pub fn learn(&mut self, other: Self) {
        for (path, times) in other.times {
            for (hash, time) in times {
                self.note_time(path.clone(), hash, time);
            }
        }
        self.recipes.extend(other.recipes);
    }

    /// Forgets all but the contents in `named`.
    pub fn retain(&mut self, named: &BTreeSet<ContentHash>) {
        self.times.retain(|_, times| {
            times.retain(|(hash, _)| named.contains(hash));
            !times.is_empty()
        });
        self.recipes.retain(|hash, _| named.contains(hash));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_base_leaves_that_of_a_waiting_save() {
        let path = RelPath::new("src/main.rs").unwrap();
        let [base, waiting] = [b"base", b"wait"].map(|bytes| ContentHash::blake3(bytes));
        let mut details = Details::default();
        details.note_time(path.clone(), waiting, 5);
        let mut head = Details::default();
        head.note_time(path.clone(), base, 3);
        details.learn(head);
        assert_eq!((details.time(&path, &base), details.time(&path, &waiting)), (Some(3), Some(5)));
        details.retain(&BTreeSet::from([waiting]));
        assert_eq!((details.time(&path, &base), details.time(&path, &waiting)), (None, Some(5)));
        details.retain(&BTreeSet::new());
        assert_eq!(details, Details::default());
    }
}
