//! A tree from its entries, in order.

use progy_core::rules::is_private;
use progy_core::{RelPath, path::PathError};

use crate::{BlobId, BlobSink, BlobSource, Error, Kind, Result};

use super::node::{Folder, Held, Items, Node, Writer, ends, lies_above};
use super::{Item, MAX_DEPTH};

/// A node that was made already.
#[derive(Debug, Clone, Copy)]
struct Made {
    id: BlobId,
    /// It was taken from another tree as it is, and may be one that only ended there.
    taken: bool,
}

/// Makes the nodes of one folder.
#[derive(Debug, Default)]
pub(super) struct FolderBuilder {
    /// What is not in a node yet, for each level.
    levels: Vec<(Writer, Option<Made>)>,
}

impl FolderBuilder {
    fn level(&mut self, level: usize) -> &mut (Writer, Option<Made>) {
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Default::default);
        }
        &mut self.levels[level]
    }

    /// Adds the next name.
    pub(super) fn push(&mut self, key: &str, held: &Held, sink: &mut dyn BlobSink) -> Result<()> {
        let (writer, _) = self.level(0);
        writer.entry(key, held);
        if ends(0, writer.count, key) { self.end_node(0, sink) } else { Ok(()) }
    }

    /// Whether a node of another tree, of `level`, may follow as it is: it began behind an end, and
    /// so has to begin here.
    pub(super) fn may_take(&self, level: u8) -> bool {
        self.levels.iter().take(usize::from(level) + 1).all(|(writer, _)| writer.count == 0)
    }

    /// Adds a node of another tree. [`FolderBuilder::may_take`] holds.
    pub(super) fn take(
        &mut self,
        level: u8,
        last: &str,
        id: BlobId,
        sink: &mut dyn BlobSink,
    ) -> Result<()> {
        self.add_node(usize::from(level) + 1, last, Made { id, taken: true }, sink)
    }

    fn add_node(
        &mut self,
        level: usize,
        last: &str,
        made: Made,
        sink: &mut dyn BlobSink,
    ) -> Result<()> {
        let (writer, only) = self.level(level);
        writer.node(last, &made.id);
        *only = Some(made);
        let number = u8::try_from(level).unwrap_or(u8::MAX);
        if ends(number, writer.count, last) { self.end_node(level, sink) } else { Ok(()) }
    }

    fn end_node(&mut self, level: usize, sink: &mut dyn BlobSink) -> Result<()> {
        let (writer, _) = self.level(level);
        let last = std::mem::take(&mut writer.last);
        let bytes = writer.finish(u8::try_from(level).unwrap_or(u8::MAX));
        let id = BlobId::of(&bytes);
        sink.put(Kind::Tree, id, &bytes)?;
        self.add_node(level + 1, &last, Made { id, taken: false }, sink)
    }

    /// The folder. `source` has the nodes that were taken.
    pub(super) fn finish(
        mut self,
        source: &(impl BlobSource + ?Sized),
        sink: &mut dyn BlobSink,
    ) -> Result<Folder> {
        let mut level = 0;
        loop {
            let top = level + 1 >= self.levels.len();
            let (writer, only) = self.level(level);
            match (writer.count, *only) {
                (1, Some(made)) if top => return top_node(made, source),
                (count, _) if top => {
                    let number = u8::try_from(level).unwrap_or(u8::MAX);
                    let bytes = writer.finish(number);
                    if lies_above(number, count, bytes.len()) {
                        return Ok(Folder::Here(bytes));
                    }
                    let id = BlobId::of(&bytes);
                    sink.put(Kind::Tree, id, &bytes)?;
                    return Ok(Folder::Stored(id));
                }
                (0, _) => {}
                _ => self.end_node(level, sink)?,
            }
            level += 1;
        }
    }
}

/// The topmost node of a folder that came down to one node. One that was taken can be the end of a
/// list whose beginning has gone: it may list a single node, or be small enough to lie above.
fn top_node(made: Made, source: &(impl BlobSource + ?Sized)) -> Result<Folder> {
    let mut id = made.id;
    if !made.taken {
        return Ok(Folder::Stored(id));
    }
    loop {
        let bytes = crate::blob::checked(source, &id)?;
        let node = Node::parse(id, &bytes)?;
        match &node.items {
            Items::Nodes(nodes) => match nodes.as_slice() {
                [(_, only)] => id = *only,
                _ => return Ok(Folder::Stored(id)),
            },
            Items::Entries(entries) if lies_above(0, entries.len(), bytes.len()) => {
                return Ok(Folder::Here(bytes));
            }
            Items::Entries(_) => return Ok(Folder::Stored(id)),
        }
    }
}

/// The root's name: it never lies above.
pub(super) fn root(folder: Folder, sink: &mut dyn BlobSink) -> Result<BlobId> {
    match folder {
        Folder::Stored(id) => Ok(id),
        Folder::Here(bytes) => {
            let id = BlobId::of(&bytes);
            sink.put(Kind::Tree, id, &bytes)?;
            Ok(id)
        }
    }
}

/// What a path that is to be in a tree has to be; its key, too, which of a folder ends with `/`.
pub(super) fn checked_key(path: &RelPath, item: Option<&Item>, folder: bool) -> Result<String> {
    if path.parts().next().is_some_and(is_private) {
        return Err(Error::Private(path.clone()));
    }
    if path.parts().count() > MAX_DEPTH {
        return Err(Error::TooDeep(path.to_string()));
    }
    if let Some(Item::Symlink(target)) = item
        && !target.stays_inside(path)
    {
        return Err(Error::Escapes(path.clone()));
    }
    Ok(if folder { format!("{path}/") } else { path.to_string() })
}

/// What an item is in a node.
pub(super) fn held(item: &Item) -> Held {
    match item {
        Item::File(file) => Held::File(*file),
        Item::Symlink(target) => Held::Link(target.as_str().to_owned()),
        Item::Folder => Held::Folder(Folder::empty()),
    }
}

/// Finds names that are a file and a folder, which are no neighbours: `a`, `a-b`, `a/`.
///
/// Keeps those files whose name the next key begins with. Each is longer than the one before, so
/// that there are at most as many as a name has bytes.
#[derive(Debug, Default)]
pub(super) struct FileNames(Vec<String>);

impl FileNames {
    /// Takes the next key of a folder.
    pub(super) fn see(&mut self, key: &str) -> Result<()> {
        while self.0.last().is_some_and(|file| !key.starts_with(file.as_str())) {
            self.0.pop();
        }
        match key.strip_suffix('/') {
            Some(name) if self.0.iter().any(|file| file == name) => {
                Err(Error::FileAndFolder(name.to_owned()))
            }
            Some(_) => Ok(()),
            None => {
                self.0.push(key.to_owned());
                Ok(())
            }
        }
    }
}

/// A source without blobs: where everything is made, nothing is taken.
struct Nothing;

impl BlobSource for Nothing {
    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        Err(Error::Missing(*id))
    }
}

#[derive(Debug, Default)]
struct Open {
    /// Its path with a `/` at the end; empty for the root.
    path: String,
    builder: FolderBuilder,
    files: FileNames,
}

/// Makes a tree from its entries in the order of [`progy_core::Tree`], with at most one node of each
/// open folder in memory.
#[derive(Debug)]
pub struct TreeBuilder {
    open: Vec<Open>,
    last: String,
}

impl Default for TreeBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl TreeBuilder {
    /// Of a tree without entries.
    pub fn new() -> Self {
        Self { open: vec![Open::default()], last: String::new() }
    }

    /// Adds the next entry. [`Item::Folder`] may come for any folder, before what is in it: it only
    /// matters where nothing is.
    pub fn push(&mut self, path: &RelPath, item: &Item, sink: &mut dyn BlobSink) -> Result<()> {
        let key = checked_key(path, Some(item), *item == Item::Folder)?;
        if key <= self.last {
            return Err(Error::OutOfOrder(key));
        }
        while self.open.last().is_some_and(|open| !key.starts_with(&open.path)) {
            self.close(sink)?;
        }
        let from = self.open.last().map_or(0, |open| open.path.len());
        for (at, _) in key.match_indices('/').filter(|(at, _)| *at >= from) {
            let path = key.get(..=at).unwrap_or_default().to_owned();
            self.see(&path)?;
            self.open.push(Open { path, ..Open::default() });
        }
        if *item != Item::Folder {
            self.see(&key)?;
            if let Some(open) = self.open.last_mut() {
                let name = key.get(open.path.len()..).unwrap_or_default();
                open.builder.push(name, &held(item), sink)?;
            }
        }
        self.last = key;
        Ok(())
    }

    fn see(&mut self, key: &str) -> Result<()> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        open.files.see(key.get(open.path.len()..).unwrap_or_default())
    }

    fn close(&mut self, sink: &mut dyn BlobSink) -> Result<()> {
        let Some(closed) = self.open.pop() else { return Ok(()) };
        let folder = closed.builder.finish(&Nothing, sink)?;
        if let Some(open) = self.open.last_mut() {
            let name = closed.path.get(open.path.len()..).unwrap_or_default();
            open.builder.push(name, &Held::Folder(folder), sink)?;
        }
        Ok(())
    }

    /// The name of the tree's root.
    pub fn finish(mut self, sink: &mut dyn BlobSink) -> Result<BlobId> {
        while self.open.len() > 1 {
            self.close(sink)?;
        }
        let folder = match self.open.pop() {
            Some(open) => open.builder.finish(&Nothing, sink)?,
            None => Folder::empty(),
        };
        root(folder, sink)
    }
}

/// A path below a folder whose path, with `/` at the end, is `above`.
pub(super) fn path_of(above: &str, key: &str) -> std::result::Result<RelPath, PathError> {
    let name = key.strip_suffix('/').unwrap_or(key);
    let mut path = String::with_capacity(above.len() + name.len());
    path.push_str(above);
    path.push_str(name);
    RelPath::new(&path)
}
