//! The planner: three trees in, one out.
//!
//! Every decision that could lose work is taken here. [`plan`] compares *base* (what this device
//! and the other side last agreed on), *local* and *remote* path by path. Where both sides changed
//! the content of one file it asks for a text merge; with the outcomes, [`Plan::settle`] makes the
//! merged tree. What to write on the disk is then the difference from local to merged, and what to
//! publish the difference from remote to merged.
//!
//! The same function upgrades a course: base is the old template, remote the new one.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::conflict::copy_path;
use crate::diff::pairs;
use crate::{ContentHash, DeviceName, Entry, FileEntry, RelPath, Tree};

/// Whose version a conflict copy holds.
pub struct Names<'a> {
    /// This device.
    pub local: &'a DeviceName,
    /// The device that last changed a path on the remote side.
    pub remote: &'a dyn Fn(&RelPath) -> DeviceName,
}

/// Two edits of one file's content, to be merged by lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeWanted {
    /// The file.
    pub path: RelPath,
    /// What both edits began from.
    pub base: FileEntry,
    /// This device's version.
    pub local: FileEntry,
    /// The other version.
    pub remote: FileEntry,
}

/// How one wanted merge came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeOutcome {
    /// Both edits fit: the merged content.
    Clean {
        /// Its id.
        hash: ContentHash,
        /// Its size in bytes.
        size: u64,
    },
    /// They do not, or the content is no text, or the ancestor is out of reach.
    Conflict,
}

/// What is decided before the texts are looked at.
#[derive(Debug)]
pub struct Plan<'a> {
    local: &'a Tree,
    remote: &'a Tree,
    names: Names<'a>,
    taken: BTreeMap<RelPath, Entry>,
    beside: Vec<Beside>,
    wanted: Vec<MergeWanted>,
}

/// The result: one tree in which both sides' work is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The merged tree.
    pub merged: Tree,
    /// The conflict copies that this plan made.
    pub conflicts: Vec<Conflict>,
}

/// A version that could not be merged and is kept beside the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The original.
    pub path: RelPath,
    /// The conflict copy.
    pub copy: RelPath,
}

/// A version that needs a place beside its path.
#[derive(Debug)]
struct Beside {
    path: RelPath,
    entry: Entry,
    device: DeviceName,
}

impl std::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").field("local", self.local).finish_non_exhaustive()
    }
}

/// Compares the three trees (DESIGN section 4).
pub fn plan<'a>(base: &'a Tree, local: &'a Tree, remote: &'a Tree, names: Names<'a>) -> Plan<'a> {
    let mut plan =
        Plan { local, remote, names, taken: BTreeMap::new(), beside: Vec::new(), wanted: vec![] };
    let mut base = base.iter().peekable();
    for (path, sides) in pairs(local, remote) {
        // Both walks are in order: base entries before `path` are gone on both sides.
        while base.next_if(|(at, _)| *at < path).is_some() {}
        let ancestor = base.next_if(|(at, _)| *at == path).map(|(_, entry)| entry);
        plan.decide(path, ancestor, sides.before, sides.after);
    }
    plan
}

impl<'a> Plan<'a> {
    /// The merges that [`Plan::settle`] needs outcomes for, in order.
    pub fn wanted(&self) -> &[MergeWanted] {
        &self.wanted
    }

    fn decide(
        &mut self,
        path: &'a RelPath,
        base: Option<&Entry>,
        local: Option<&'a Entry>,
        remote: Option<&'a Entry>,
    ) {
        if local == remote || remote == base {
            return self.take(path, local);
        }
        if local == base {
            return self.take(path, remote);
        }
        // Now all three differ, so that at most one of them is absent.
        match (local, remote) {
            (Some(edited), None) | (None, Some(edited)) => self.take(path, Some(edited)),
            (Some(Entry::File(mine)), Some(Entry::File(theirs))) => {
                self.decide_files(path, base.and_then(Entry::as_file), *mine, *theirs);
            }
            (Some(mine), Some(theirs)) => {
                self.take(path, Some(mine));
                self.set_beside(path, theirs.clone());
            }
            (None, None) => {}
        }
    }

    /// Both sides hold a file at `path`, and each differs from the other and from base.
    fn decide_files(
        &mut self,
        path: &RelPath,
        base: Option<&FileEntry>,
        mine: FileEntry,
        theirs: FileEntry,
    ) {
        let executable = match base {
            Some(base) if base.executable == mine.executable => theirs.executable,
            Some(_) => mine.executable,
            None => mine.executable || theirs.executable,
        };
        let with = |file: FileEntry| Entry::File(FileEntry { executable, ..file });
        // The content and the executable bit are two attributes; each is merged on its own.
        if mine.hash == theirs.hash || base.is_some_and(|base| base.hash == theirs.hash) {
            return self.take(path, Some(&with(mine)));
        }
        match base {
            Some(base) if base.hash == mine.hash => self.take(path, Some(&with(theirs))),
            Some(base) => {
                self.take(path, Some(&with(mine)));
                self.wanted.push(MergeWanted {
                    path: path.clone(),
                    base: *base,
                    local: mine,
                    remote: theirs,
                });
            }
            None => {
                self.take(path, Some(&with(mine)));
                self.set_beside(path, Entry::File(theirs));
            }
        }
    }

    fn take(&mut self, path: &RelPath, entry: Option<&Entry>) {
        if let Some(entry) = entry {
            self.taken.insert(path.clone(), entry.clone());
        }
    }

    fn set_beside(&mut self, path: &RelPath, entry: Entry) {
        let device = (self.names.remote)(path);
        self.beside.push(Beside { path: path.clone(), entry, device });
    }

    /// Makes the merged tree; `outcome` is asked once for each of [`Plan::wanted`].
    pub fn settle(mut self, mut outcome: impl FnMut(&MergeWanted) -> MergeOutcome) -> Planned {
        for wanted in std::mem::take(&mut self.wanted) {
            match outcome(&wanted) {
                MergeOutcome::Clean { hash, size } => {
                    if let Some(Entry::File(file)) = self.taken.get_mut(&wanted.path) {
                        file.hash = hash;
                        file.size = size;
                    }
                }
                MergeOutcome::Conflict => self.set_beside(&wanted.path, Entry::File(wanted.remote)),
            }
        }
        self.give_folders_their_paths();
        let conflicts = self.place_copies();
        // The folders have their paths and the copies free names, so no entry lies below another.
        let merged = Tree::from_map(self.taken).unwrap_or_else(|_| self.local.clone());
        Planned { merged, conflicts }
    }

    /// Where a file and a folder want one path the folder keeps it; the file goes beside.
    fn give_folders_their_paths(&mut self) {
        if self.taken == *self.local.as_map() || self.taken == *self.remote.as_map() {
            return; // A tree of one side alone is a tree already.
        }
        let displaced: std::collections::BTreeSet<RelPath> = self
            .taken
            .keys()
            .flat_map(RelPath::ancestors)
            .filter_map(|folder| self.taken.get_key_value(folder))
            .map(|(path, _)| path.clone())
            .collect();
        for path in displaced {
            let Some(entry) = self.taken.remove(&path) else { continue };
            let from_remote = self.local.get(path.as_str()) != Some(&entry)
                && self.remote.get(path.as_str()) == Some(&entry);
            let device =
                if from_remote { (self.names.remote)(&path) } else { self.names.local.clone() };
            self.beside.push(Beside { path, entry, device });
        }
    }

    fn place_copies(&mut self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        for Beside { path, entry, device } in std::mem::take(&mut self.beside) {
            let folders = |copy: &RelPath| {
                let first = format!("{copy}/");
                let from = (Bound::Included(first.as_str()), Bound::Unbounded);
                let next = self.taken.range::<str, _>(from).next();
                next.is_some_and(|(below, _)| below.as_str().starts_with(&first))
            };
            let copy = copy_path(&path, &device, &entry.identity(), |copy| {
                self.taken.get(copy).is_none_or(|there| *there == entry) && !folders(copy)
            });
            self.taken.insert(copy.clone(), entry);
            conflicts.push(Conflict { path, copy });
        }
        conflicts
    }
}

#[cfg(test)]
mod tests;
