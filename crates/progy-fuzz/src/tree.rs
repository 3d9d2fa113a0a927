//! Trees in both forms that they travel and lie in.

use progy_core::diff::diff;
use progy_core::rules::is_private;
use progy_core::{Entry, Tree};

use crate::{same_as_json, same_as_postcard};

/// A tree in JSON.
pub fn tree_json(data: &[u8]) {
    if let Ok(tree) = serde_json::from_slice::<Tree>(data) {
        assert_is_tree(&tree);
    }
}

/// A tree in postcard, the form of a device's own files.
pub fn tree_postcard(data: &[u8]) {
    if let Ok(tree) = postcard::from_bytes::<Tree>(data) {
        assert_is_tree(&tree);
    }
}

/// Asserts the invariants of [`Tree`], and that it can be taken apart and put together.
pub(crate) fn assert_is_tree(tree: &Tree) {
    for (path, entry) in tree {
        let top = path.parts().next().unwrap_or_default();
        assert!(!is_private(top), "{path} is private");
        assert!(!tree.has_folder(path.as_str()), "{path} is a file and a folder");
        for folder in path.ancestors() {
            assert!(tree.get(folder).is_none() && tree.has_folder(folder), "{folder}");
        }
        if let Entry::Symlink(target) = entry {
            assert!(target.stays_inside(path), "{path} leads out");
        }
    }
    // Sizes are only claims, and their sum may be more than there are numbers.
    let _ = tree.total_size();
    same_as_json(tree);
    same_as_postcard(tree);
    assert_eq!(Tree::from_map(tree.clone().into_map()).as_ref(), Ok(tree));

    let changes = diff(&Tree::new(), tree);
    assert_eq!(changes.len(), tree.len());
    let made = changes.iter().map(|change| (&change.path, change.after.as_ref()));
    assert_eq!(Tree::new().with_changes(made).as_ref(), Ok(tree));
    let unmade = changes.iter().map(|change| (&change.path, None));
    assert_eq!(tree.with_changes(unmade), Ok(Tree::new()));
}
