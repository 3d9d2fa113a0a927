//! To and from the tree that the planner knows.

use std::collections::BTreeMap;

use progy_core::{Entry, FileEntry, RelPath, Tree};

use crate::{BlobId, BlobSink, BlobSource, Error, Result};

use super::{FileItem, Item, TreeBuilder, entries};

/// The files and links of a tree, all of them in memory; empty folders and times are left out.
pub fn to_core<S: BlobSource + ?Sized>(source: &S, root: BlobId) -> Result<Tree> {
    let mut map = BTreeMap::new();
    for entry in entries(source, root) {
        let (path, item) = entry?;
        let entry = match item {
            Item::File(file) => Entry::File(file.entry()),
            Item::Symlink(target) => Entry::Symlink(target),
            Item::Folder => continue,
        };
        map.insert(path, entry);
    }
    Tree::from_map(map).map_err(|error| match error {
        progy_core::tree::TreeError::Private(path) => Error::Private(path),
        progy_core::tree::TreeError::Escapes(path) => Error::Escapes(path),
        progy_core::tree::TreeError::Duplicate(path)
        | progy_core::tree::TreeError::FileAndFolder(path) => {
            Error::FileAndFolder(path.to_string())
        }
    })
}

/// Stores a tree. `file` tells what the planner's tree does not: how a file is put together, and when
/// it was modified. `folders` are those with nothing in them.
pub fn from_core(
    tree: &Tree,
    folders: impl IntoIterator<Item = RelPath>,
    mut file: impl FnMut(&RelPath, &FileEntry) -> Result<FileItem>,
    sink: &mut dyn BlobSink,
) -> Result<BlobId> {
    let mut builder = TreeBuilder::new();
    let mut folders: Vec<_> = folders.into_iter().collect();
    folders.sort_by_cached_key(|path| format!("{path}/"));
    let mut folders = folders.into_iter().peekable();
    for (path, entry) in tree {
        while let Some(folder) =
            folders.next_if(|folder| format!("{folder}/").as_str() < path.as_str())
        {
            builder.push(&folder, &Item::Folder, sink)?;
        }
        let item = match entry {
            Entry::File(entry) => Item::File(file(path, entry)?),
            Entry::Symlink(target) => Item::Symlink(target.clone()),
        };
        builder.push(path, &item, sink)?;
    }
    for folder in folders {
        builder.push(&folder, &Item::Folder, sink)?;
    }
    builder.finish(sink)
}
