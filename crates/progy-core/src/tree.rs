//! The files of one state of a workspace.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;
use std::ops::Bound;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Entry, RelPath};

/// A sorted map from path to entry.
///
/// Invariants, held by every constructor: no path lies below the path of another entry, no path is
/// private to the device ([`crate::rules::is_private`]), and no link leads out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Tree(BTreeMap<RelPath, Entry>);

/// Why entries make no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A path is there twice.
    #[error("{0:?} is there twice")]
    Duplicate(RelPath),
    /// A path is a file and a folder.
    #[error("{0:?} is a file and a folder at once")]
    FileAndFolder(RelPath),
    /// The path belongs to the device's own state.
    #[error("{0:?} is kept for Progy itself")]
    Private(RelPath),
    /// A link leads out of the workspace.
    #[error("the link {0:?} leads out of the workspace")]
    Escapes(RelPath),
}

impl Tree {
    /// The tree without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a tree of `entries`, whatever their order.
    pub fn from_entries(
        entries: impl IntoIterator<Item = (RelPath, Entry)>,
    ) -> Result<Self, TreeError> {
        let mut map = BTreeMap::new();
        for (path, entry) in entries {
            if map.insert(path.clone(), entry).is_some() {
                return Err(TreeError::Duplicate(path));
            }
        }
        Self::from_map(map)
    }

    /// Makes a tree of a map.
    pub fn from_map(map: BTreeMap<RelPath, Entry>) -> Result<Self, TreeError> {
        let tree = Self(map);
        let mut last_folder = "";
        for (path, entry) in &tree.0 {
            // Neighbours in order share their folder, so that each folder is looked at once.
            let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            if folder != last_folder || folder.is_empty() {
                tree.check_above(path)?;
                last_folder = folder;
            }
            check_link(path, entry)?;
        }
        Ok(tree)
    }

    /// Whether `path` may be an entry, as far as the folders above it say.
    fn check_above(&self, path: &RelPath) -> Result<(), TreeError> {
        if path.parts().next().is_some_and(crate::rules::is_private) {
            return Err(TreeError::Private(path.clone()));
        }
        let file = path.ancestors().find_map(|folder| self.0.get_key_value(folder));
        file.map_or(Ok(()), |(file, _)| Err(TreeError::FileAndFolder(file.clone())))
    }

    /// The entry at `path`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.0.get(path)
    }

    /// The entry at `path`, with the path as the tree holds it.
    pub fn entry(&self, path: &str) -> Option<(&RelPath, &Entry)> {
        self.0.get_key_value(path)
    }

    /// Whether some entry lies below `folder`.
    pub fn has_folder(&self, folder: &str) -> bool {
        self.below(folder).next().is_some()
    }

    /// The entries below `folder`, in order.
    pub fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a RelPath, &'a Entry)> {
        let first = format!("{folder}/");
        self.0
            .range::<str, _>((Bound::Included(first.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.as_str().starts_with(&first))
    }

    /// Every path with its entry, in order.
    pub fn iter(&self) -> btree_map::Iter<'_, RelPath, Entry> {
        self.0.iter()
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of all files together; at most `u64::MAX`, since sizes of somebody else's tree are
    /// only claims.
    pub fn total_size(&self) -> u64 {
        let sizes = self.0.values().filter_map(Entry::as_file).map(|file| file.size);
        sizes.fold(0, u64::saturating_add)
    }

    /// The tree with `changes` made to it; only the `after` of each change counts.
    pub fn with_changes<'a>(
        &self,
        changes: impl IntoIterator<Item = (&'a RelPath, Option<&'a Entry>)>,
    ) -> Result<Self, TreeError> {
        let mut tree = self.clone();
        let mut written = Vec::new();
        for (path, after) in changes {
            match after {
                Some(entry) => {
                    tree.0.insert(path.clone(), entry.clone());
                    written.push((path, entry));
                }
                None => {
                    tree.0.remove(path);
                }
            }
        }
        // The rest was a tree before, and taking away breaks none.
        for (path, entry) in written {
            tree.check_above(path)?;
            check_link(path, entry)?;
            if tree.has_folder(path.as_str()) {
                return Err(TreeError::FileAndFolder(path.clone()));
            }
        }
        Ok(tree)
    }

    /// The map inside.
    pub fn into_map(self) -> BTreeMap<RelPath, Entry> {
        self.0
    }

    pub(crate) fn as_map(&self) -> &BTreeMap<RelPath, Entry> {
        &self.0
    }
}

fn check_link(path: &RelPath, entry: &Entry) -> Result<(), TreeError> {
    match entry {
        Entry::Symlink(target) if !target.stays_inside(path) => {
            Err(TreeError::Escapes(path.clone()))
        }
        Entry::Symlink(_) | Entry::File(_) => Ok(()),
    }
}

impl<'a> IntoIterator for &'a Tree {
    type Item = (&'a RelPath, &'a Entry);
    type IntoIter = btree_map::Iter<'a, RelPath, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = BTreeMap<RelPath, Entry>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from paths to entries")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                // What is in order already becomes a map in one go, many times faster.
                let mut entries =
                    Vec::with_capacity(map.size_hint().unwrap_or(0).min(MOST_AT_ONCE));
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries.into_iter().collect())
            }
        }
        let map = deserializer.deserialize_map(Entries)?;
        Self::from_map(map).map_err(serde::de::Error::custom)
    }
}

/// For no more entries room is made before they are there: the count is only a claim.
const MOST_AT_ONCE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkTarget;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    fn tree(paths: &[&str]) -> Result<Tree, TreeError> {
        Tree::from_entries(paths.iter().map(|text| (path(text), Entry::file(text.as_bytes()))))
    }

    #[test]
    fn a_file_cannot_be_a_folder() {
        assert_eq!(tree(&["a/b", "a"]), Err(TreeError::FileAndFolder(path("a"))));
        assert_eq!(tree(&["a", "a-b", "a/b/c"]), Err(TreeError::FileAndFolder(path("a"))));
        assert_eq!(tree(&["a", "a"]), Err(TreeError::Duplicate(path("a"))));
        assert!(tree(&["a", "a-b", "ab/c"]).is_ok());
    }

    #[test]
    fn private_paths_and_escaping_links_are_refused() {
        assert_eq!(tree(&[".progy/lock"]), Err(TreeError::Private(path(".progy/lock"))));
        assert_eq!(tree(&["progy.toml"]), Err(TreeError::Private(path("progy.toml"))));
        let link = serde_json::from_str::<LinkTarget>("\"../x\"").unwrap();
        let made = Tree::from_entries([(path("l"), Entry::Symlink(link))]);
        assert_eq!(made, Err(TreeError::Escapes(path("l"))));
    }

    #[test]
    fn changes_are_checked_like_a_whole_tree() {
        let before = tree(&["a/b", "c", "d/e/f"]).unwrap();
        let file = Entry::file(b"x");
        let change = |at: &str| before.with_changes([(&path(at), Some(&file))]);
        assert!(change("a/z").is_ok() && change("c").is_ok());
        assert_eq!(change("a"), Err(TreeError::FileAndFolder(path("a"))));
        assert_eq!(change("c/x/y"), Err(TreeError::FileAndFolder(path("c"))));
        assert_eq!(change("d/e"), Err(TreeError::FileAndFolder(path("d/e"))));
        assert_eq!(change(".progy/x"), Err(TreeError::Private(path(".progy/x"))));
        let swapped = before.with_changes([(&path("c"), None), (&path("c/x"), Some(&file))]);
        assert!(swapped.unwrap().has_folder("c"));
    }

    #[test]
    fn folders() {
        let tree = tree(&["a/b/c", "a-b", "z"]).unwrap();
        assert!(tree.has_folder("a") && tree.has_folder("a/b"));
        assert!(!tree.has_folder("z") && !tree.has_folder("a/b/c"));
    }
}
