//! What differs between two folders of a repository, and everything below them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use progy_core::git::{self, Mode, Object, ObjectId};

use super::objects::{self, Objects};
use crate::ports::{PortError, Result};

/// The most paths that are looked at. Folders that hold each other many times over make up more than
/// any disk has in a few objects.
pub const MOST: usize = 200_000;
/// Folders that are kept while more are read, in bytes.
const HELD: usize = 8 << 20;
/// How deep folders may lie in each other.
const DEEPEST: usize = 200;

/// What a path holds: anything but a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// What it is; never a folder.
    pub mode: Mode,
    /// Its content.
    pub id: ObjectId,
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// Where, as Git keeps it: bytes with slashes in between.
    pub path: Vec<u8>,
    /// What was there.
    pub before: Option<Leaf>,
    /// What is there.
    pub after: Option<Leaf>,
}

/// What differs, or that it is too much to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Every path that differs, each once.
    Whole(Vec<Differing>),
    /// More than [`MOST`] paths had to be looked at, or they lie too deep.
    TooMuch,
}

/// Where folders are read from: those at hand, and then the repository.
pub struct Folders<'a> {
    objects: &'a mut dyn Objects,
    at_hand: Option<&'a BTreeMap<ObjectId, Object>>,
    /// Folders that were read: one may be in many places.
    seen: HashMap<ObjectId, Arc<[u8]>>,
    /// The size of those, in bytes.
    held: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Side {
    mode: Mode,
    id: ObjectId,
}

impl Side {
    fn folder(self) -> Option<ObjectId> {
        (self.mode == Mode::Folder).then_some(self.id)
    }

    fn leaf(self) -> Option<Leaf> {
        (self.mode != Mode::Folder).then_some(Leaf { mode: self.mode, id: self.id })
    }
}

impl<'a> Folders<'a> {
    /// Those of a repository, which need not have the ones `at_hand`.
    pub fn new(
        objects: &'a mut dyn Objects,
        at_hand: Option<&'a BTreeMap<ObjectId, Object>>,
    ) -> Self {
        Self { objects, at_hand, seen: HashMap::new(), held: 0 }
    }

    /// What differs from `before` (without it: from nothing) to `after`. Folders that are the same
    /// are not opened.
    pub async fn difference(
        &mut self,
        before: Option<ObjectId>,
        after: ObjectId,
    ) -> Result<Difference> {
        let mut found = Vec::new();
        let mut looked_at = 0;
        let mut waiting = vec![(Vec::new(), 0, before, Some(after))];
        while let Some((folder, depth, before, after)) = waiting.pop() {
            if before == after {
                continue;
            }
            let (before, after) = (self.read(before).await?, self.read(after).await?);
            looked_at += before.len() + after.len();
            if looked_at > MOST || depth > DEEPEST {
                return Ok(Difference::TooMuch);
            }
            let mut names: BTreeMap<Vec<u8>, (Option<Side>, Option<Side>)> = BTreeMap::new();
            for (name, side) in before {
                names.entry(name).or_default().0 = Some(side);
            }
            for (name, side) in after {
                names.entry(name).or_default().1 = Some(side);
            }
            for (name, (before, after)) in names {
                if before == after {
                    continue;
                }
                let mut path: Vec<u8> = folder.clone();
                path.extend_from_slice(&name);
                let folders = (before.and_then(Side::folder), after.and_then(Side::folder));
                let leaves = (before.and_then(Side::leaf), after.and_then(Side::leaf));
                if folders != (None, None) {
                    let mut inside = path.clone();
                    inside.push(b'/');
                    waiting.push((inside, depth + 1, folders.0, folders.1));
                }
                if leaves != (None, None) {
                    found.push(Differing { path, before: leaves.0, after: leaves.1 });
                }
            }
        }
        Ok(Difference::Whole(found))
    }

    async fn read(&mut self, id: Option<ObjectId>) -> Result<Vec<(Vec<u8>, Side)>> {
        let Some(id) = id else { return Ok(Vec::new()) };
        let read;
        let bytes = if let Some(object) = self.at_hand.and_then(|at_hand| at_hand.get(&id)) {
            &object.bytes[..]
        } else {
            read = self.folder(id).await?;
            &read[..]
        };
        git::read(bytes)
            .map(|entry| {
                let entry = entry.map_err(|error| PortError::Damaged(format!("{id}: {error}")))?;
                Ok((entry.name.to_vec(), Side { mode: entry.mode, id: entry.id }))
            })
            .collect()
    }

    /// A folder of the repository, which is read once.
    async fn folder(&mut self, id: ObjectId) -> Result<Arc<[u8]>> {
        if let Some(seen) = self.seen.get(&id) {
            return Ok(Arc::clone(seen));
        }
        let bytes: Arc<[u8]> = objects::folder(self.objects, id).await?.into();
        if self.held + bytes.len() <= HELD {
            self.held += bytes.len();
            self.seen.insert(id, Arc::clone(&bytes));
        }
        Ok(bytes)
    }
}
