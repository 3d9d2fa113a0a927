//! The tree of a revision, from what the engine knows and back.

use progy_core::folders::empty_beside;
use progy_core::{ContentHash, Entry, FileEntry, HashKind, RelPath, Tree};
use progy_snapshot::file::{Content, Recipe, Splitter};
use progy_snapshot::tree::{FileItem, Item, TreeBuilder, entries};
use progy_snapshot::{BlobId, BlobSink, BlobSource, Kind, MemoryBlobs};

use crate::details::Details;
use crate::disk::Disk;
use crate::remote::Publish;
use crate::state::{Base, Folders, Overlay, overlaid, overlay};
use crate::store::Store;
use crate::template::Template;
use crate::{Error, Result};

/// Contents up to this size are always one chunk, in bytes: the smallest size of a chunk.
pub(super) const ONE_CHUNK: u64 = 16 << 10;

/// A tree that was made to be sent.
pub(super) struct Made {
    pub(super) root: BlobId,
    /// Its nodes, and the recipes of contents that were cut just now.
    pub(super) nodes: MemoryBlobs,
    /// Its files.
    pub(super) files: Tree,
    /// How their contents are put together.
    pub(super) contents: std::collections::HashMap<ContentHash, Content>,
}

impl Made {
    /// How the contents are put together.
    pub(super) fn details(&self) -> Details {
        let large = self.contents.values().filter(|content| content.size > ONE_CHUNK);
        let recipes = large.map(|content| (content.hash, top(content))).collect();
        Details { recipes, ..Details::default() }
    }
}

fn top(content: &Content) -> Option<ContentHash> {
    match content.recipe {
        Recipe::Whole => None,
        Recipe::Lists(top) => Some(hash_of(&top)),
    }
}

/// Nodes of trees that are at hand.
#[derive(Default)]
pub(super) struct Trees {
    pub(super) nodes: MemoryBlobs,
    /// The root of the one that was learned last, all of whose nodes are there.
    pub(super) newest: Option<BlobId>,
}

/// A tree that has come.
#[derive(Default)]
pub(super) struct Read {
    pub(super) overlay: Overlay,
    pub(super) folders: Folders,
    pub(super) details: Details,
}

/// The hash that names a blob on the wire.
pub(super) fn hash_of(id: &BlobId) -> ContentHash {
    ContentHash::from_blake3((*id.as_bytes()).into())
}

/// The tree of a save.
pub(super) fn made(
    publish: &Publish<'_>,
    template: &Template,
    store: &Store<'_>,
    disk: &dyn Disk,
) -> Result<Made> {
    let files = overlaid(publish.template, &publish.save.overlay)?;
    let mut made = Made {
        root: BlobId::of(b""),
        nodes: MemoryBlobs::default(),
        contents: std::collections::HashMap::new(),
        files,
    };
    let saved_at = publish.save.saved_at.millis().saturating_mul(1_000_000);
    let mut uncut = Uncut { publish, template, disk, splitter: Splitter::new() };
    let Made { nodes, files, contents, .. } = &mut made;
    made.root = build(files, &publish.save.folders, nodes, |path, file, nodes| {
        let content = match known(publish.details, store, file) {
            Some(content) => content,
            None => uncut.cut(path, file, nodes)?,
        };
        contents.insert(file.hash, content);
        let modified = publish.details.time(path, &file.hash).unwrap_or(saved_at);
        Ok(FileItem { content, executable: file.executable, modified })
    })?;
    Ok(made)
}

/// The tree of a state that the server has too. What is not known of a file is made up: the nodes
/// above it are of no use then, and of no harm.
pub(super) fn of_base(
    base: &Base,
    details: &Details,
    template: &Tree,
    store: &Store<'_>,
) -> Result<Trees> {
    let files = overlaid(template, &base.overlay)?;
    // Of another strategy, in whose terms files are named.
    if files.iter().any(|(_, entry)| entry.as_file().is_some_and(is_foreign)) {
        return Ok(Trees::default());
    }
    let mut nodes = MemoryBlobs::default();
    let root = build(&files, &base.folders, &mut nodes, |path, file, _| {
        let FileEntry { hash, size, executable } = *file;
        let whole = Content { hash, size, recipe: Recipe::Whole };
        let content = known(details, store, file).unwrap_or(whole);
        let modified = details.time(path, &hash).unwrap_or(0);
        Ok(FileItem { content, executable, modified })
    })?;
    Ok(Trees { nodes, newest: Some(root) })
}

fn is_foreign(file: &FileEntry) -> bool {
    file.hash.kind() != HashKind::Blake3
}

/// Puts a tree together. Its nodes go to `nodes`, its root is returned.
fn build(
    files: &Tree,
    folders: &Folders,
    nodes: &mut MemoryBlobs,
    mut item: impl FnMut(&RelPath, &FileEntry, &mut MemoryBlobs) -> Result<FileItem>,
) -> Result<BlobId> {
    let mut builder = TreeBuilder::new();
    // As entries they stand where their name with a `/` does.
    let mut folders: Vec<RelPath> = empty_beside(folders, files).into_iter().collect();
    folders.sort_by_cached_key(|path| format!("{path}/"));
    let mut folders = folders.into_iter().peekable();
    for (path, entry) in files {
        while let Some(folder) =
            folders.next_if(|folder| format!("{folder}/").as_str() < path.as_str())
        {
            builder.push(&folder, &Item::Folder, nodes).map_err(no_tree)?;
        }
        let item = match entry {
            Entry::Symlink(target) => Item::Symlink(target.clone()),
            Entry::File(file) => Item::File(item(path, file, nodes)?),
        };
        builder.push(path, &item, nodes).map_err(no_tree)?;
    }
    for folder in folders {
        builder.push(&folder, &Item::Folder, nodes).map_err(no_tree)?;
    }
    builder.finish(nodes).map_err(no_tree)
}

/// How a content is put together, if that is known without its bytes.
pub(super) fn known(details: &Details, store: &Store<'_>, file: &FileEntry) -> Option<Content> {
    let FileEntry { hash, size, .. } = *file;
    let whole = Content { hash, size, recipe: Recipe::Whole };
    if size <= ONE_CHUNK {
        return Some(whole);
    }
    match details.recipes.get(&hash) {
        Some(None) => Some(whole),
        Some(Some(top)) => {
            Some(Content { recipe: Recipe::Lists(BlobId::of_content(top)?), ..whole })
        }
        None => store.content(&hash),
    }
}

/// Where contents are that were not cut before.
struct Uncut<'u> {
    publish: &'u Publish<'u>,
    template: &'u Template,
    disk: &'u dyn Disk,
    splitter: Splitter,
}

impl Uncut<'_> {
    /// Cuts a content. Its lists go to `lists`.
    fn cut(
        &mut self,
        path: &RelPath,
        file: &FileEntry,
        lists: &mut MemoryBlobs,
    ) -> Result<Content> {
        let mut lists = Lists(lists);
        let of_template = self.template.content(self.disk, &file.hash)?;
        if let Some(bytes) = of_template.or_else(|| (self.publish.content)(&file.hash)) {
            let cut = self.splitter.split(&mut bytes.as_slice(), file.size, &mut lists);
            return cut.map_err(no_tree);
        }
        let missing = || Error::MissingContent(path.clone());
        let mut reader = self.disk.open(path.as_str()).map_err(|_| missing())?;
        let cut = self.splitter.split(&mut reader, file.size, &mut lists).map_err(no_tree)?;
        if cut.hash == file.hash { Ok(cut) } else { Err(missing()) }
    }
}

/// Takes what is no chunk.
struct Lists<'l>(&'l mut MemoryBlobs);

impl BlobSink for Lists<'_> {
    fn put(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> progy_snapshot::Result<()> {
        if kind == Kind::Chunk { Ok(()) } else { self.0.put(kind, id, bytes) }
    }
}

/// The tree with this root, all of whose nodes and recipes are in `nodes`.
pub(super) fn read(nodes: &dyn BlobSource, root: BlobId, template: &Tree) -> Result<Read> {
    let mut details = Details::default();
    let mut files = Vec::new();
    let mut folders = Folders::new();
    for entry in entries(nodes, root) {
        let (path, item) = entry.map_err(no_tree)?;
        let entry = match item {
            Item::Folder => {
                folders.insert(path);
                continue;
            }
            Item::Symlink(target) => Entry::Symlink(target),
            Item::File(file) => {
                let content = file.content;
                details.note_time(path.clone(), content.hash, file.modified);
                if content.size > ONE_CHUNK {
                    details.recipes.insert(content.hash, top(&content));
                }
                Entry::File(file.entry())
            }
        };
        files.push((path, entry));
    }
    let files = Tree::from_entries(files).map_err(|error| Error::InvalidTree(error.to_string()))?;
    Ok(Read { overlay: overlay(template, &files), folders, details })
}

pub(super) fn no_tree(error: progy_snapshot::Error) -> Error {
    match error {
        progy_snapshot::Error::Io(error) => Error::disk(crate::layout::PACKS)(error),
        other => Error::InvalidTree(other.to_string()),
    }
}
