//! What differs between two trees, reading only that.

use std::cmp::Ordering;

use progy_core::rules::is_private;
use progy_core::{LinkTarget, RelPath};

use crate::{Blob, BlobId, BlobSource, Error, Kind, Result};

use super::build::{FileNames, path_of};
use super::node::{Folder, Held, Items, Node, lies_above};
use super::{Item, MAX_DEPTH, MAX_ENTRIES};

/// One path that differs. Never the same item on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where. A file that became a folder, or the reverse, is two changes.
    pub path: RelPath,
    /// What was there.
    pub before: Option<Item>,
    /// What is there now.
    pub after: Option<Item>,
}

impl Change {
    /// Whether only the time of the last modification is another, which is no change of the work.
    pub fn is_of_time_only(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.is_same_work(after),
            _ => false,
        }
    }
}

/// What is still to come of one folder, on one side.
#[derive(Debug)]
enum Next {
    Node { level: u8, last: String, id: BlobId },
    Entry(String, Held),
}

#[derive(Debug, Default)]
struct Side {
    /// The next one last.
    next: Vec<Next>,
    /// The greatest key that was.
    last: String,
    files: FileNames,
}

impl Side {
    fn of(node: Node) -> Self {
        let mut side = Self::default();
        side.add(node);
        side
    }

    fn add(&mut self, node: Node) {
        match node.items {
            Items::Entries(entries) => {
                self.next
                    .extend(entries.into_iter().rev().map(|(key, held)| Next::Entry(key, held)));
            }
            Items::Nodes(nodes) => {
                let level = node.level.saturating_sub(1);
                let nodes = nodes.into_iter().rev();
                self.next.extend(nodes.map(|(last, id)| Next::Node { level, last, id }));
            }
        }
    }

    fn node_level(&self) -> Option<u8> {
        match self.next.last() {
            Some(Next::Node { level, .. }) => Some(*level),
            _ => None,
        }
    }

    fn node_id(&self) -> Option<BlobId> {
        match self.next.last() {
            Some(Next::Node { id, .. }) => Some(*id),
            _ => None,
        }
    }

    fn key(&self) -> Option<&str> {
        match self.next.last() {
            Some(Next::Entry(key, _)) => Some(key),
            _ => None,
        }
    }

    /// Leaves out the next node.
    fn skip(&mut self) {
        if let Some(Next::Node { last, .. }) = self.next.pop() {
            self.last = last;
        }
    }

    /// Replaces the next node by what it lists; leaves it if that is missing.
    fn expand<S: BlobSource + ?Sized>(&mut self, source: &S) -> Result<Option<Blob>> {
        let Some(Next::Node { level, last, id }) = self.next.last() else { return Ok(None) };
        let (node, blob) = load(source, *id)?;
        if !node.fits(*level, last, &self.last) {
            let reason = "it is not what the node above says";
            return Err(Error::Malformed { id: *id, reason });
        }
        self.next.pop();
        self.add(node);
        Ok(Some(blob))
    }

    fn entry(&mut self) -> Result<Option<(String, Held)>> {
        match self.next.pop() {
            Some(Next::Entry(key, held)) => {
                self.files.see(&key)?;
                self.last.clone_from(&key);
                Ok(Some((key, held)))
            }
            other => {
                self.next.extend(other);
                Ok(None)
            }
        }
    }
}

fn load<S: BlobSource + ?Sized>(source: &S, id: BlobId) -> Result<(Node, Blob)> {
    let bytes = crate::blob::checked(source, &id)?;
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    Ok((Node::parse(id, &bytes)?, Blob { id, kind: Kind::Tree, len }))
}

/// What a folder was and is.
#[derive(Debug)]
struct Entering {
    /// Its path with a `/` at the end.
    path: String,
    before: Option<Folder>,
    after: Option<Folder>,
}

#[derive(Debug)]
struct Frame {
    /// The folder's path with a `/` at the end; empty for the root.
    path: String,
    before: Side,
    after: Side,
}

/// The changes between two trees, in the order of paths.
///
/// Nodes that both trees have are not read; of the others each is read once. In memory is at most one
/// node of each level of each open folder.
///
/// After [`Error::Missing`] it goes on where it was, once the source has what was missing; after any
/// other error it ends.
#[derive(Debug)]
pub struct Diff<'a, S: ?Sized> {
    source: &'a S,
    frames: Vec<Frame>,
    roots: Option<(Option<BlobId>, Option<BlobId>)>,
    /// A folder that is about to be entered.
    entering: Option<Entering>,
    ready: std::collections::VecDeque<Change>,
    /// Nodes of the new tree that were read since they were last taken.
    nodes: Vec<Blob>,
    /// How many names may still come.
    left: u64,
}

/// Everything in a tree, in the order of paths.
pub fn entries<S: BlobSource + ?Sized>(
    source: &S,
    root: BlobId,
) -> impl Iterator<Item = Result<(RelPath, Item)>> {
    Diff::new(source, None, Some(root)).filter_map(|change| match change {
        Ok(change) => change.after.map(|item| Ok((change.path, item))),
        Err(error) => Some(Err(error)),
    })
}

impl<'a, S: BlobSource + ?Sized> Diff<'a, S> {
    /// Between the trees with these roots; `None` is the tree without entries.
    pub fn new(source: &'a S, before: Option<BlobId>, after: Option<BlobId>) -> Self {
        Self {
            source,
            frames: Vec::new(),
            roots: Some((before, after)),
            entering: None,
            ready: std::collections::VecDeque::new(),
            nodes: Vec::new(),
            left: MAX_ENTRIES,
        }
    }

    /// The nodes of the new tree that were read since this was last asked: all that the old tree does
    /// not have are among them.
    pub fn take_nodes(&mut self) -> Vec<Blob> {
        std::mem::take(&mut self.nodes)
    }

    fn begin(&mut self, before: Option<BlobId>, after: Option<BlobId>) -> Result<()> {
        if before == after {
            return Ok(());
        }
        let before = match before {
            Some(id) => Side::of(load(self.source, id)?.0),
            None => Side::default(),
        };
        let after = match after {
            Some(id) => {
                let (node, blob) = load(self.source, id)?;
                self.nodes.push(blob);
                Side::of(node)
            }
            None => Side::default(),
        };
        self.frames.push(Frame { path: String::new(), before, after });
        Ok(())
    }

    /// One step; `false` at the end.
    fn step(&mut self) -> Result<bool> {
        if let Some((before, after)) = self.roots {
            self.begin(before, after)?;
            self.roots = None;
        }
        if let Some(folder) = self.entering.take() {
            if let Err(error) = self.enter(&folder) {
                self.entering = Some(folder);
                return Err(error);
            }
            return Ok(true);
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(false) };
        let (before, after) = (&mut frame.before, &mut frame.after);
        if before.next.is_empty() && after.next.is_empty() {
            self.frames.pop();
            return Ok(true);
        }
        if before.node_id().is_some() && before.node_id() == after.node_id() {
            before.skip();
            after.skip();
            return Ok(true);
        }
        let (left, right) = (before.node_level(), after.node_level());
        if left.is_some() || right.is_some() {
            // The higher one first: what lies below may be what the other side has.
            if left >= right {
                before.expand(self.source)?;
            }
            if right >= left {
                self.nodes.extend(after.expand(self.source)?);
            }
            return Ok(true);
        }
        let order = match (before.key(), after.key()) {
            (Some(one), Some(other)) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let one = if order.is_le() { before.entry()? } else { None };
        let other = if order.is_ge() { after.entry()? } else { None };
        let Some(key) = one.as_ref().or(other.as_ref()).map(|(key, _)| key.clone()) else {
            return Ok(true);
        };
        self.pair(&key, one.map(|(_, held)| held), other.map(|(_, held)| held))?;
        Ok(true)
    }

    /// Both sides of one name.
    fn pair(&mut self, key: &str, before: Option<Held>, after: Option<Held>) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or(Error::TooMany)?;
        if before == after {
            return Ok(());
        }
        let above = self.frames.last().map_or("", |frame| frame.path.as_str());
        let path = path_of(above, key)?;
        if above.is_empty() && is_private(path.as_str()) {
            return Err(Error::Private(path));
        }
        if key.ends_with('/') {
            return self.folders(&path, before, after);
        }
        let before = before.map(|held| item(&path, held)).transpose()?;
        let after = after.map(|held| item(&path, held)).transpose()?;
        self.ready.push_back(Change { path, before, after });
        Ok(())
    }

    fn folders(&mut self, path: &RelPath, before: Option<Held>, after: Option<Held>) -> Result<()> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(Error::TooDeep(path.to_string()));
        }
        let (before, after) = (folder(before), folder(after));
        let gone = before.as_ref().is_some_and(Folder::is_empty).then_some(Item::Folder);
        let new = after.as_ref().is_some_and(Folder::is_empty).then_some(Item::Folder);
        if gone.is_some() || new.is_some() {
            self.ready.push_back(Change { path: path.clone(), before: gone, after: new });
        }
        self.entering = Some(Entering { path: format!("{path}/"), before, after });
        Ok(())
    }

    fn enter(&mut self, folder: &Entering) -> Result<()> {
        let (before, _) = self.open(folder.before.as_ref())?;
        let (after, node) = self.open(folder.after.as_ref())?;
        self.nodes.extend(node);
        self.frames.push(Frame { path: folder.path.clone(), before, after });
        Ok(())
    }

    /// What is in a folder, and its node, if that is a blob.
    fn open(&self, folder: Option<&Folder>) -> Result<(Side, Option<Blob>)> {
        let id = match folder {
            None => return Ok((Side::default(), None)),
            Some(here @ Folder::Here(_)) => return Ok((Side::of(here.open(self.source)?), None)),
            Some(Folder::Stored(id)) => *id,
        };
        let (node, blob) = load(self.source, id)?;
        if lies_above(node.level, node.len(), blob.len as usize) {
            return Err(Error::Malformed { id, reason: "it should lie in the node above" });
        }
        Ok((Side::of(node), Some(blob)))
    }
}

fn folder(held: Option<Held>) -> Option<Folder> {
    match held {
        Some(Held::Folder(folder)) => Some(folder),
        _ => None,
    }
}

fn item(path: &RelPath, held: Held) -> Result<Item> {
    Ok(match held {
        Held::File(file) => Item::File(file),
        Held::Link(target) => {
            Item::Symlink(LinkTarget::new(path, &target).map_err(|_| Error::Escapes(path.clone()))?)
        }
        Held::Folder(_) => Item::Folder,
    })
}

impl<S: BlobSource + ?Sized> Iterator for Diff<'_, S> {
    type Item = Result<Change>;

    fn next(&mut self) -> Option<Result<Change>> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                return Some(Ok(change));
            }
            match self.step() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error @ Error::Missing(_)) => return Some(Err(error)),
                Err(error) => {
                    self.frames.clear();
                    (self.roots, self.entering) = (None, None);
                    return Some(Err(error));
                }
            }
        }
    }
}
