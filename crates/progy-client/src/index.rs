//! Which files need not be read again.
//!
//! A file whose size, times and inode are those that it had when its hash was taken has that hash
//! still, unless it was written again within one tick of the file system's clock. Git meets this
//! ("racy git", Documentation/technical/racy-git.txt) by comparing with the time of its index; here
//! a file is remembered only if it was last written before the scan that read it began, which also
//! covers a write between its reading and the writing of the index.

use std::collections::BTreeMap;

use progy_core::{ContentHash, HashKind, RelPath};
use serde::{Deserialize, Serialize};

use crate::codec::Format;
use crate::disk::{Disk, Kind, Meta};
use crate::{Result, layout};

const FORMAT: Format = Format { magic: *b"progyIDX", version: 2 };

/// Hashes of files that have not changed since they were read.
#[derive(Debug, Default)]
pub struct Index {
    /// By path.
    files: Vec<(RelPath, Known)>,
    kind: HashKind,
    changed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    size: u64,
    modified: i64,
    changed: i64,
    inode: u64,
    executable: bool,
    hash: ContentHash,
}

impl Known {
    fn new(meta: &Meta, hash: ContentHash) -> Self {
        Self {
            size: meta.size,
            modified: meta.modified,
            changed: meta.changed,
            inode: meta.inode,
            executable: meta.executable,
            hash,
        }
    }

    fn matches(&self, meta: &Meta) -> bool {
        self.size == meta.size
            && self.modified == meta.modified
            && self.changed == meta.changed
            && self.inode == meta.inode
            && self.executable == meta.executable
    }
}

impl Index {
    /// Reads the index; a damaged one, or one with hashes of another kind, is an empty one.
    pub fn load(disk: &dyn Disk, kind: HashKind) -> Self {
        let mut files: Vec<(RelPath, Known)> =
            FORMAT.read(disk, layout::INDEX).ok().flatten().unwrap_or_default();
        let is_usable = files.is_sorted_by(|(a, _), (b, _)| a < b)
            && files.iter().all(|(_, known)| known.hash.kind() == kind);
        if !is_usable {
            files.clear();
        }
        Self { files, kind, changed: false }
    }

    /// How contents are named here.
    pub fn kind(&self) -> HashKind {
        self.kind
    }

    /// The hash of the file at `path`, if it is the one that was read.
    pub fn hash(&self, path: &RelPath, meta: &Meta) -> Option<ContentHash> {
        let at = self.files.binary_search_by(|(known, _)| known.cmp(path)).ok()?;
        let (_, known) = self.files.get(at)?;
        known.matches(meta).then_some(known.hash)
    }

    /// What the file system said of the file at `path` when it was read, if it holds `hash`.
    pub fn meta(&self, path: &RelPath, hash: &ContentHash) -> Option<Meta> {
        let at = self.files.binary_search_by(|(known, _)| known.cmp(path)).ok()?;
        let (_, known) = self.files.get(at).filter(|(_, known)| known.hash == *hash)?;
        Some(Meta {
            kind: Kind::File,
            size: known.size,
            modified: known.modified,
            changed: known.changed,
            inode: known.inode,
            executable: known.executable,
        })
    }

    /// Remembers what a scan that began at `started` found, in the order of the paths; everything
    /// else is forgotten.
    pub fn remember<'a>(
        &mut self,
        started: i64,
        found: impl Iterator<Item = (&'a RelPath, &'a Meta, ContentHash)>,
    ) {
        let is_settled = |meta: &Meta| meta.modified < started && meta.changed < started;
        let files: Vec<(RelPath, Known)> = found
            .filter(|(_, meta, _)| is_settled(meta))
            .map(|(path, meta, hash)| (path.clone(), Known::new(meta, hash)))
            .collect();
        self.changed |= files != self.files;
        self.files = files;
    }

    /// Remembers files that were written just now, before the file system's time `placed_at`.
    pub fn learn(&mut self, placed_at: i64, written: &[(RelPath, Meta, ContentHash)]) {
        let settled = written.iter().filter(|(_, meta, _)| meta.modified < placed_at);
        let known = settled.map(|(path, meta, hash)| (path.clone(), Known::new(meta, *hash)));
        let mut files: BTreeMap<RelPath, Known> = self.files.drain(..).collect();
        files.extend(known);
        self.files = files.into_iter().collect();
        self.changed |= !written.is_empty();
    }

    /// Writes the index if it has changed. It is only a cache: a failure costs time, not work.
    pub fn store(&mut self, disk: &dyn Disk) -> Result<()> {
        if self.changed {
            FORMAT.write_cache(disk, layout::INDEX, &self.files)?;
            self.changed = false;
        }
        Ok(())
    }
}
