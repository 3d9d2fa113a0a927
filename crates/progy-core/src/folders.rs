//! Folders with nothing in them, which a tree does not know.

use std::collections::BTreeSet;

use crate::{RelPath, Tree};

/// Brings two sides' empty folders together: what either made is there, what either removed is not.
///
/// Nothing of the learner's is lost by it: a folder that is removed holds nothing.
pub fn merge_folders(
    base: &BTreeSet<RelPath>,
    local: &BTreeSet<RelPath>,
    remote: &BTreeSet<RelPath>,
) -> BTreeSet<RelPath> {
    let is_there = |folder: &&RelPath| {
        let (here, there) = (local.contains(*folder), remote.contains(*folder));
        if base.contains(*folder) { here && there } else { here || there }
    };
    local.union(remote).filter(is_there).cloned().collect()
}

/// Those of `folders` that have a place in `tree`, and nothing of it in them.
pub fn empty_beside(folders: &BTreeSet<RelPath>, tree: &Tree) -> BTreeSet<RelPath> {
    let is_free = |folder: &&RelPath| {
        tree.get(folder.as_str()).is_none()
            && tree.below(folder.as_str()).next().is_none()
            && folder.ancestors().all(|above| tree.get(above).is_none())
    };
    // A folder that holds another one is there by that.
    let above: BTreeSet<&str> = folders.iter().flat_map(RelPath::ancestors).collect();
    let free = folders.iter().filter(is_free);
    free.filter(|folder| !above.contains(folder.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entry;

    fn set(names: &[&str]) -> BTreeSet<RelPath> {
        names.iter().map(|name| RelPath::new(name).unwrap()).collect()
    }

    #[test]
    fn what_either_side_did_is_done() {
        let base = set(&["both", "gone-here", "gone-there"]);
        let local = set(&["both", "gone-there", "new-here", "new"]);
        let remote = set(&["both", "gone-here", "new-there", "new"]);
        let merged = set(&["both", "new", "new-here", "new-there"]);
        assert_eq!(merge_folders(&base, &local, &remote), merged);
        assert_eq!(merge_folders(&base, &remote, &local), merged);
        assert_eq!(merge_folders(&merged, &merged, &merged), merged);
    }

    #[test]
    fn only_what_is_empty_is_told() {
        let tree = Tree::from_entries([
            (RelPath::new("full/a").unwrap(), Entry::file(b"")),
            (RelPath::new("file").unwrap(), Entry::file(b"")),
        ])
        .unwrap();
        let folders = set(&["full", "file", "file/below", "outer", "outer/inner", "outer2"]);
        assert_eq!(empty_beside(&folders, &tree), set(&["outer/inner", "outer2"]));
    }
}
