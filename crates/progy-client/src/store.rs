//! Contents that this device keeps: cut into chunks, packed, in `.progy/packs/`.
//!
//! ```text
//! .progy/packs/
//!   ID.pack    chunks, and lists of them; ID is the BLAKE3 hash of the file
//!   ID.names   contents that are in it under another name than that of their only chunk
//!   new        the pack that is being written
//! ```
//!
//! What has its name is whole and on the medium: a pack is flushed before it is named, so whoever
//! finds a content here may count on it, also after a power loss. A content may have its chunks in
//! several packs; the one with its name is the last of them.

mod batch;
mod collect;
mod names;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use progy_core::ContentHash;
use progy_snapshot::file::{self, Content, Recipe};
use progy_snapshot::pack::{Index, MAX_PACK, PackId, Tail};
use progy_snapshot::{BlobId, BlobSource};

pub use batch::Batch;
pub use names::{Named, contents_of};

use crate::disk::Disk;
use crate::{Error, layout};

/// So many unpacked frames are held: one for each of the packs that a restore goes through at once.
const FRAMES: usize = 8;
/// A content up to this size is read to tell whether it is whole, in bytes.
const CHECKED: u64 = 1 << 20;

/// The packs of one workspace.
pub struct Store<'a> {
    disk: &'a dyn Disk,
    packs: RefCell<Option<Packs>>,
    /// The last ones, unpacked: small contents share one.
    frames: RefCell<VecDeque<Frame>>,
}

struct Frame {
    pack: PackId,
    number: u32,
    bytes: Rc<Vec<u8>>,
}

/// What is in the packs.
#[derive(Default)]
struct Packs {
    indexes: BTreeMap<PackId, Index>,
    names: BTreeMap<PackId, Vec<Named>>,
    blobs: HashMap<BlobId, PackId>,
    contents: HashMap<ContentHash, Content>,
}

impl Packs {
    fn add(&mut self, id: PackId, index: Index, names: Vec<Named>) {
        self.blobs.extend(index.blobs().iter().map(|blob| (blob.id, id)));
        self.contents.extend(names.iter().map(|named| (named.name, named.content())));
        self.indexes.insert(id, index);
        self.names.insert(id, names);
    }
}

impl std::fmt::Debug for Store<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

fn pack_path(id: &PackId) -> String {
    format!("{}/{id}.pack", layout::PACKS)
}

fn names_path(id: &PackId) -> String {
    format!("{}/{id}.names", layout::PACKS)
}

impl<'a> Store<'a> {
    /// The packs of the workspace on `disk`. They are looked at when something is asked of them.
    pub fn new(disk: &'a dyn Disk) -> Self {
        Self { disk, packs: RefCell::new(None), frames: RefCell::default() }
    }

    /// Begins to keep contents. They are there once [`Batch::finish`] has returned.
    pub fn batch(&self) -> Batch<'_, 'a> {
        Batch::new(self)
    }

    /// How a content is put together, if its name is known here.
    pub fn content(&self, hash: &ContentHash) -> Option<Content> {
        self.with(|packs| {
            if let Some(content) = packs.contents.get(hash) {
                return Some(*content);
            }
            let id = BlobId::of_content(hash)?;
            let place = packs.indexes.get(packs.blobs.get(&id)?)?.place(&id)?;
            Some(Content { hash: *hash, size: u64::from(place.len), recipe: Recipe::Whole })
        })
    }

    /// The packs, each with its blobs.
    pub fn packs(&self) -> Vec<(PackId, Vec<BlobId>)> {
        self.with(|packs| {
            let blobs = |index: &Index| index.blobs().iter().map(|blob| blob.id).collect();
            packs.indexes.iter().map(|(id, index)| (*id, blobs(index))).collect()
        })
    }

    /// The bytes of a pack; `None` if it cannot be read.
    pub fn pack(&self, id: &PackId) -> Option<Vec<u8>> {
        self.disk.read(&pack_path(id), MAX_PACK).ok()
    }

    /// Whether there is a blob of that name.
    pub fn has_blob(&self, id: &BlobId) -> bool {
        self.with(|packs| packs.blobs.contains_key(id))
    }

    /// Whether the content is kept; of a large one is asked only whether all of it is there.
    pub fn keeps(&self, hash: &ContentHash) -> bool {
        let Some(content) = self.content(hash) else { return false };
        if content.size <= CHECKED {
            return self.read(&content).is_ok();
        }
        file::chunks(self, &content).all(|chunk| chunk.is_ok_and(|chunk| self.has_blob(&chunk.id)))
    }

    /// The content, if it is kept, whole, and has at most `limit` bytes.
    pub fn get(&self, hash: &ContentHash, limit: u64) -> Option<Vec<u8>> {
        let content = self.content(hash).filter(|content| content.size <= limit)?;
        self.read(&content).ok()
    }

    /// Writes the content to `to`; false if it is not kept. On an error, also of a damaged pack,
    /// what was written is not the content.
    pub fn write_to(&self, hash: &ContentHash, to: &mut dyn Write) -> io::Result<bool> {
        let Some(content) = self.content(hash) else { return Ok(false) };
        file::join(self, &content, to).map_err(|error| match error {
            progy_snapshot::Error::Io(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        })?;
        Ok(true)
    }

    fn read(&self, content: &Content) -> progy_snapshot::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(content.size).unwrap_or(0));
        file::join(self, content, &mut bytes)?;
        Ok(bytes)
    }

    fn with<T>(&self, ask: impl FnOnce(&Packs) -> T) -> T {
        let mut packs = self.packs.borrow_mut();
        ask(packs.get_or_insert_with(|| load(self.disk)))
    }

    /// A pack that has its name by now.
    fn learn(&self, id: PackId, index: Index, names: Vec<Named>) {
        let mut packs = self.packs.borrow_mut();
        packs.get_or_insert_with(|| load(self.disk)).add(id, index, names);
    }

    /// A pack that is gone. Its blobs may be in another one.
    fn forget(&self, gone: &PackId) {
        let mut packs = self.packs.borrow_mut();
        let Some(packs) = packs.as_mut() else { return };
        let Some(index) = packs.indexes.remove(gone) else { return };
        packs.names.remove(gone);
        let lost: Vec<BlobId> = index
            .blobs()
            .iter()
            .map(|blob| blob.id)
            .filter(|id| packs.blobs.get(id) == Some(gone))
            .collect();
        for id in lost {
            match packs.indexes.iter().find(|(_, index)| index.place(&id).is_some()) {
                Some((other, _)) => packs.blobs.insert(id, *other),
                None => packs.blobs.remove(&id),
            };
        }
        let names = packs.names.values().flatten();
        packs.contents = names.map(|named| (named.name, named.content())).collect();
    }

    fn unpacked(&self, pack: PackId, number: u32) -> Option<Rc<Vec<u8>>> {
        let mut frames = self.frames.borrow_mut();
        if let Some(frame) = frames.iter().find(|f| (f.pack, f.number) == (pack, number)) {
            return Some(Rc::clone(&frame.bytes));
        }
        let bytes = self.with(|packs| {
            let index = packs.indexes.get(&pack)?;
            let range = index.range(number);
            let mut reader = self.disk.open(&pack_path(&pack)).ok()?;
            reader.seek(SeekFrom::Start(range.start)).ok()?;
            let mut packed = vec![0; usize::try_from(range.end - range.start).ok()?];
            reader.read_exact(&mut packed).ok()?;
            index.unpack(number, &packed)
        });
        let bytes = Rc::new(bytes?);
        if frames.len() >= FRAMES {
            frames.pop_front();
        }
        frames.push_back(Frame { pack, number, bytes: Rc::clone(&bytes) });
        Some(bytes)
    }
}

impl BlobSource for Store<'_> {
    fn blob(&self, id: &BlobId) -> progy_snapshot::Result<Vec<u8>> {
        let place = self.with(|packs| {
            let pack = *packs.blobs.get(id)?;
            Some((pack, packs.indexes.get(&pack)?.place(id)?))
        });
        let (pack, place) = place.ok_or(progy_snapshot::Error::Missing(*id))?;
        let damaged = || progy_snapshot::Error::Damaged(*id);
        let unpacked = self.unpacked(pack, place.frame).ok_or_else(damaged)?;
        place.blob(id, &unpacked).map(<[u8]>::to_vec)
    }
}

/// The packs on a disk. One that cannot be read is as good as none.
fn load(disk: &dyn Disk) -> Packs {
    let mut packs = Packs::default();
    for id in ids(disk) {
        let index = index_of(disk, &id);
        let names = names::read(disk, &id);
        if let (Ok(Some(index)), Some(names)) = (index, names) {
            packs.add(id, index, names);
        } else {
            tracing::warn!(pack = %id, "a pack cannot be read");
        }
    }
    packs
}

/// The names of the packs, in order.
fn ids(disk: &dyn Disk) -> Vec<PackId> {
    let listed = disk.list(layout::PACKS).unwrap_or_default();
    let mut ids: Vec<PackId> = listed
        .into_iter()
        .filter_map(|item| {
            let name = item.name.ok()?;
            let hash: ContentHash = name.strip_suffix(".pack")?.parse().ok()?;
            Some(PackId::from_bytes(hash.as_bytes().try_into().ok()?))
        })
        .collect();
    ids.sort();
    ids
}

/// The index of a pack; `None` if it is damaged.
fn index_of(disk: &dyn Disk, id: &PackId) -> io::Result<Option<Index>> {
    let path = pack_path(id);
    let len = disk.meta(&path)?.ok_or(io::ErrorKind::NotFound)?.size;
    let mut reader = disk.open(&path)?;
    let mut wanted = Index::FIRST_READ.min(len);
    loop {
        let start = len.checked_sub(wanted).ok_or(io::ErrorKind::UnexpectedEof)?;
        reader.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        (&mut reader).take(wanted).read_to_end(&mut tail)?;
        match Index::from_tail(&tail, len) {
            Ok(Tail::Index(index)) => return Ok(Some(index)),
            Ok(Tail::Needs(more)) if more > wanted => wanted = more,
            Ok(Tail::Needs(_)) | Err(_) => return Ok(None),
        }
    }
}

/// What a content of this device's own could not be made of.
fn cannot_keep(error: progy_snapshot::Error) -> Error {
    match error {
        progy_snapshot::Error::Io(error) => Error::disk(layout::PACKS)(error),
        other => Error::Damaged(format!("{}: {other}", layout::PACKS)),
    }
}

#[cfg(test)]
mod tests;
