//! A tree with changes made to it, writing only the nodes above them.

use std::collections::BTreeMap;

use progy_core::RelPath;

use crate::{BlobId, BlobSink, BlobSource, Error, Result};

use super::Item;
use super::build::{FolderBuilder, checked_key, held, root};
use super::node::{Folder, Held, Items, Node};

/// What is to be done to one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// It holds this. If it holds the same work already ([`Item::is_same_work`]) it is left as it is.
    /// [`Item::Folder`] sees to it that the folder is there, whatever it holds.
    Put(Item),
    /// There is no file and no link, if there was one. A folder whose last item goes that way goes,
    /// too, and so do those above, unless a [`Edit::Put`] says that it stays.
    Remove,
    /// There is no empty folder, if there was one. A folder that holds something stays.
    RemoveFolder,
}

impl Edit {
    fn is_of_folder(&self) -> bool {
        matches!(self, Self::Put(Item::Folder) | Self::RemoveFolder)
    }

    fn puts(&self) -> bool {
        matches!(self, Self::Put(_))
    }
}

/// The root of the tree that `edits` make of the tree at `old`. Its blobs that are new, and some that
/// are not, go to `sink`.
///
/// The result is to the byte what [`super::TreeBuilder`] makes of the same entries. A path may be
/// edited once as a file and once as a folder, as when one becomes the other.
pub fn update<S: BlobSource + ?Sized>(
    source: &S,
    old: Option<BlobId>,
    edits: impl IntoIterator<Item = (RelPath, Edit)>,
    sink: &mut dyn BlobSink,
) -> Result<BlobId> {
    let mut by_key = BTreeMap::new();
    for (path, edit) in edits {
        let item = match &edit {
            Edit::Put(item) => Some(item),
            Edit::Remove | Edit::RemoveFolder => None,
        };
        let key = checked_key(&path, item, edit.is_of_folder())?;
        if by_key.insert(key, edit).is_some() {
            return Err(Error::OutOfOrder(path.to_string()));
        }
    }
    let edits: Vec<_> = by_key.iter().map(|(key, edit)| (key.as_str(), edit)).collect();
    let old = old.map(Folder::Stored);
    if let (Some(Folder::Stored(id)), []) = (&old, edits.as_slice()) {
        return Ok(*id);
    }
    let folder = Update { source, sink }.folder(old.as_ref(), &edits, 0)?;
    root(folder, sink)
}

type Edits<'e> = [(&'e str, &'e Edit)];

/// The edits of one name, and of what is below it.
struct Group<'e> {
    /// As in a node.
    key: &'e str,
    /// The edit of the name itself.
    own: Option<&'e Edit>,
    below: &'e Edits<'e>,
}

/// What is done to one folder.
struct Work<'e> {
    groups: Vec<Group<'e>>,
    /// How many groups are done.
    done: usize,
    old: Option<&'e Folder>,
    /// How long the path of the folder is, in bytes.
    depth: usize,
    builder: FolderBuilder,
}

impl Work<'_> {
    /// The group that is next, if its key is not greater than `end`.
    fn next(&self, end: Option<&str>) -> Option<&Group<'_>> {
        self.groups.get(self.done).filter(|group| end.is_none_or(|end| group.key <= end))
    }

    fn own_edit(&self, key: &str) -> Option<&Group<'_>> {
        let at = self.groups.binary_search_by(|group| group.key.cmp(key)).ok()?;
        self.groups.get(at)
    }
}

struct Update<'a, S: ?Sized> {
    source: &'a S,
    sink: &'a mut dyn BlobSink,
}

impl<S: BlobSource + ?Sized> Update<'_, S> {
    /// The folder that `edits`, whose keys are those below it from byte `depth` on, make of `old`.
    fn folder(&mut self, old: Option<&Folder>, edits: &Edits, depth: usize) -> Result<Folder> {
        let groups = group(edits, depth);
        let mut work = Work { groups, done: 0, old, depth, builder: FolderBuilder::default() };
        if let Some(old) = old {
            let node = old.open(self.source)?;
            self.node(&mut work, node, "", None)?;
        }
        self.insert(&mut work, None, None)?;
        work.builder.finish(self.source, self.sink)
    }

    /// Merges a node of the old folder, which is the one for all keys behind `after` and up to `end`.
    fn node(&mut self, work: &mut Work, node: Node, after: &str, end: Option<&str>) -> Result<()> {
        match node.items {
            Items::Nodes(nodes) => {
                let level = node.level.saturating_sub(1);
                let count = nodes.len();
                let mut after = after.to_owned();
                for (n, (last, id)) in nodes.into_iter().enumerate() {
                    let end = if n + 1 == count { end } else { Some(&*last) };
                    if work.next(end).is_none() && work.builder.may_take(level) {
                        work.builder.take(level, &last, id, self.sink)?;
                        after = last;
                        continue;
                    }
                    let below = Node::load(self.source, &id)?;
                    if !below.fits(level, &last, &after) {
                        let reason = "it is not what the node above says";
                        return Err(Error::Malformed { id, reason });
                    }
                    self.node(work, below, &after, end)?;
                    after = last;
                }
            }
            Items::Entries(entries) => {
                for (key, held) in entries {
                    self.insert(work, Some(&key), Some(&held))?;
                }
            }
        }
        Ok(())
    }

    /// Makes all edits before `key`, then that of `key`, which the old folder holds.
    fn insert(&mut self, work: &mut Work, key: Option<&str>, old: Option<&Held>) -> Result<()> {
        while let Some(group) = work.next(key) {
            let own = key == Some(group.key);
            let name = group.key.to_owned();
            let new = self.edited(work, group, if own { old } else { None })?;
            if let Some(new) = new {
                work.builder.push(&name, &new, self.sink)?;
            }
            work.done += 1;
            if own {
                return Ok(());
            }
        }
        if let (Some(key), Some(old)) = (key, old) {
            work.builder.push(key, old, self.sink)?;
        }
        Ok(())
    }

    /// What a name holds after its edits.
    fn edited(&mut self, work: &Work, group: &Group, old: Option<&Held>) -> Result<Option<Held>> {
        let Some(name) = group.key.strip_suffix('/') else {
            return match group.own {
                Some(Edit::Put(item)) => {
                    let folder = format!("{}/", group.key);
                    if old.is_none() && work.own_edit(&folder).is_none() {
                        self.refuse_both(work, &folder, group.key)?;
                    }
                    Ok(Some(put(item, old)))
                }
                _ => Ok(None),
            };
        };
        let before = match old {
            Some(Held::Folder(folder)) => Some(folder),
            _ => None,
        };
        let was_empty = before.is_some_and(Folder::is_empty);
        let after = if group.below.is_empty() {
            before.cloned().unwrap_or_else(Folder::empty)
        } else {
            self.folder(before, group.below, work.depth + group.key.len())?
        };
        let stays = match group.own {
            Some(edit) => edit.puts(),
            None => was_empty,
        };
        if after.is_empty() && !stays {
            return Ok(None);
        }
        match work.own_edit(name) {
            Some(file) if file.own.is_some_and(Edit::puts) => {
                return Err(Error::FileAndFolder(name.to_owned()));
            }
            None if before.is_none() => self.refuse_both(work, name, name)?,
            _ => {}
        }
        Ok(Some(Held::Folder(after)))
    }

    /// Fails if the old folder holds `key`.
    fn refuse_both(&self, work: &Work, key: &str, name: &str) -> Result<()> {
        let Some(old) = work.old else { return Ok(()) };
        let mut node = old.open(self.source)?;
        loop {
            match node.items {
                Items::Entries(entries) => {
                    let there = entries.binary_search_by(|(at, _)| at.as_str().cmp(key)).is_ok();
                    return if there { Err(Error::FileAndFolder(name.to_owned())) } else { Ok(()) };
                }
                Items::Nodes(nodes) => {
                    let at = nodes.partition_point(|(last, _)| last.as_str() < key);
                    let Some((_, id)) = nodes.get(at) else { return Ok(()) };
                    let below = Node::load(self.source, id)?;
                    if below.level + 1 != node.level {
                        return Err(Error::Malformed { id: *id, reason: "it is of another level" });
                    }
                    node = below;
                }
            }
        }
    }
}

fn put(item: &Item, old: Option<&Held>) -> Held {
    let new = held(item);
    match (old, &new) {
        (Some(Held::File(before)), Held::File(after)) if before.entry() == after.entry() => {
            Held::File(*before)
        }
        _ => new,
    }
}

/// Sorted edits, by the name that each has from byte `depth` on.
fn group<'e>(edits: &'e Edits<'e>, depth: usize) -> Vec<Group<'e>> {
    let name = |(key, _): &(&'e str, &'e Edit)| {
        let rest = key.get(depth..).unwrap_or_default();
        rest.find('/').map_or(rest, |at| rest.get(..=at).unwrap_or(rest))
    };
    let groups = edits.chunk_by(|a, b| name(a) == name(b)).filter_map(|edits| {
        let (first, below) = edits.split_first()?;
        let key = name(first);
        if first.0.len() == depth + key.len() {
            Some(Group { key, own: Some(first.1), below })
        } else {
            Some(Group { key, own: None, below: edits })
        }
    });
    groups.collect()
}
