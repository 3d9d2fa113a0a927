//! Folders as blobs that share what is the same.
//!
//! A folder is a sorted list of names. Where it grows long it is cut into *nodes*, after names whose
//! hash says so, and a list of those nodes is made, and so on: a search tree whose shape depends on
//! the names alone, not on the order in which they came (a *prolly tree*; source: Noms, "Prolly
//! Trees", 2016). A folder's node names the nodes of the folders in it, so that the name of the root
//! stands for everything below (Merkle, 1987). Two trees are compared by reading only what differs,
//! and an edit makes only the nodes above it new.
//!
//! Small folders lie in the node of the folder that holds them: a hundred thousand folders of five
//! files are not a hundred thousand blobs.
//!
//! The order is that of whole paths by their bytes, as in [`progy_core::Tree`]: within a folder, a
//! folder sorts as if its name ended with `/`, which is how Git sorts, too.

mod build;
mod convert;
mod diff;
mod node;
mod update;

use progy_core::{FileEntry, LinkTarget};

use crate::file::Content;

pub use build::TreeBuilder;
pub use convert::{from_core, to_core};
pub use diff::{Change, Diff, entries};
pub use node::links;
pub use update::{Edit, update};

/// Folders are not nested deeper, so that a walk by recursion fits into the stack of any thread.
pub const MAX_DEPTH: usize = 256;

/// So many paths of one tree are looked at, and no more: ten times as many as any workspace has. Nodes
/// that name the same node many times could otherwise stand for more than there is time to read.
pub const MAX_ENTRIES: u64 = 8 << 20;

/// What a path holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A regular file.
    File(FileItem),
    /// A symbolic link that stays inside the workspace.
    Symlink(LinkTarget),
    /// A folder with nothing in it. One that holds something is there by what it holds.
    Folder,
}

/// A regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileItem {
    /// Its bytes.
    pub content: Content,
    /// Whether its owner may run it.
    pub executable: bool,
    /// When it was modified, in nanoseconds since 1970-01-01T00:00:00Z: between 1677 and 2262.
    ///
    /// It is carried so that `make` and `cargo` do not build again what was built before, and is
    /// part of a node's bytes. It is no part of the work: see [`Item::is_same_work`].
    pub modified: i64,
}

impl FileItem {
    /// The file as the planner knows it.
    pub fn entry(&self) -> FileEntry {
        FileEntry { hash: self.content.hash, size: self.content.size, executable: self.executable }
    }
}

impl Item {
    /// The file, if it is one.
    pub fn as_file(&self) -> Option<&FileItem> {
        match self {
            Self::File(file) => Some(file),
            Self::Symlink(_) | Self::Folder => None,
        }
    }

    /// Whether both hold the same, apart from when they were modified and how they are cut.
    ///
    /// An update keeps the old item if the new one is the same work. So a file that was only touched
    /// changes no node, no root and no revision, and its time stays that of its last real change.
    pub fn is_same_work(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one.entry() == other.entry(),
            _ => self == other,
        }
    }
}
