//! Contents on their way into packs.

use std::collections::HashSet;
use std::io::{self, Read};

use progy_core::{ContentHash, HashKind};
use progy_snapshot::file::{Content, Splitter};
use progy_snapshot::pack::{Index, PackId, PackWriter};
use progy_snapshot::{Blob, BlobId, BlobSink, Kind};

use super::{Named, Store, cannot_keep, index_of, names, names_path, pack_path};
use crate::disk::{Disk, Pieces};
use crate::{Error, Result, layout, remote};

/// Zstandard's level: what a save costs is the disk and the line, not the processor.
const LEVEL: i32 = 3;
/// The pack that is being written. There is one at a time: the workspace is locked.
pub(super) const NEW: &str = ".progy/packs/new";

/// A pack that has come and has no name yet.
const COME: &str = ".progy/packs/come";

/// Contents that are being kept. What was put is not there before [`Batch::finish`], and a batch that
/// is dropped leaves nothing but packs that were full.
pub struct Batch<'s, 'a> {
    store: &'s Store<'a>,
    splitter: Splitter,
    open: Open<'a>,
}

/// The pack that is open, if one is, and what goes on in it.
struct Open<'a> {
    disk: &'a dyn Disk,
    pack: Option<PackWriter<Pieces<'a>>>,
    names: Vec<Named>,
    /// Blobs that are in packs of this batch.
    blobs: HashSet<BlobId>,
}

impl std::fmt::Debug for Batch<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}

impl<'s, 'a> Batch<'s, 'a> {
    pub(super) fn new(store: &'s Store<'a>) -> Self {
        let open = Open { disk: store.disk, pack: None, names: Vec::new(), blobs: HashSet::new() };
        Self { store, splitter: Splitter::new(), open }
    }

    /// Keeps `bytes` under the name that a strategy gives them.
    pub fn put(&mut self, name: &ContentHash, bytes: &[u8]) -> Result<()> {
        let content = self.split(&mut &*bytes, bytes.len() as u64)?;
        self.name(*name, &content);
        Ok(())
    }

    /// Keeps what `reader` gives, about `size` bytes, if it is the content `name`, which is a BLAKE3
    /// hash; false if it is not.
    pub fn put_from(
        &mut self,
        name: &ContentHash,
        reader: &mut dyn Read,
        size: u64,
    ) -> Result<bool> {
        debug_assert_eq!(name.kind(), HashKind::Blake3, "only such a hash is taken while cutting");
        let content = self.split(reader, size)?;
        let is_it = content.hash == *name;
        if is_it {
            self.name(*name, &content);
        }
        Ok(is_it)
    }

    /// Keeps a pack as it is, and gives the blobs in it that are whole. One of which none is whole is
    /// not kept.
    pub fn put_pack(&mut self, pack: &[u8]) -> Result<HashSet<BlobId>> {
        let index = Index::from_pack(pack).map_err(cannot_keep)?;
        let mut whole = HashSet::new();
        let take = |blob: &Blob, bytes: Option<&[u8]>| {
            whole.extend(bytes.map(|_| blob.id));
            Ok(())
        };
        index.each_of_pack(pack, take).map_err(cannot_keep)?;
        if !whole.is_empty() {
            self.open.add(self.store, &PackId::of(pack), pack, index)?;
        }
        Ok(whole)
    }

    /// Keeps a blob, whatever it is part of.
    pub(super) fn put_blob(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()> {
        let mut sink = Sink { open: &mut self.open, store: self.store, even_if_kept: true };
        sink.put(kind, id, bytes).map_err(cannot_keep)
    }

    /// Gives a name to a content whose blobs are kept.
    pub(super) fn put_name(&mut self, named: Named) {
        self.open.names.push(named);
    }

    fn name(&mut self, name: ContentHash, content: &Content) {
        self.open.names.extend(Named::new(name, content));
    }

    fn split(&mut self, reader: &mut dyn Read, size: u64) -> Result<Content> {
        let mut sink = Sink { open: &mut self.open, store: self.store, even_if_kept: false };
        self.splitter.split(reader, size, &mut sink).map_err(cannot_keep)
    }

    /// Brings what was put to the medium. When this returns, all of it is kept.
    pub fn finish(mut self) -> Result<()> {
        self.open.seal(self.store)
    }
}

impl remote::Sink for Batch<'_, '_> {
    fn content(&mut self, hash: &ContentHash, bytes: Vec<u8>) -> Result<()> {
        self.put(hash, &bytes)
    }

    fn pack(&mut self, pack: Vec<u8>) -> Result<HashSet<BlobId>> {
        self.put_pack(&pack)
    }

    fn blob(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()> {
        let mut sink = Sink { open: &mut self.open, store: self.store, even_if_kept: false };
        sink.put(kind, id, bytes).map_err(cannot_keep)
    }

    fn has(&self, id: &BlobId) -> bool {
        self.open.blobs.contains(id) || progy_snapshot::blob::checked(self.store, id).is_ok()
    }

    fn name(&mut self, content: &Content) {
        Self::name(self, content.hash, content);
    }
}

struct Sink<'b, 's, 'a> {
    open: &'b mut Open<'a>,
    store: &'s Store<'a>,
    even_if_kept: bool,
}

impl BlobSink for Sink<'_, '_, '_> {
    fn put(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> progy_snapshot::Result<()> {
        let is_kept = self.open.blobs.contains(&id)
            || (!self.even_if_kept && progy_snapshot::blob::checked(self.store, &id).is_ok());
        if is_kept {
            return Ok(());
        }
        if self.open.pack.as_ref().is_some_and(PackWriter::is_full) {
            self.open.seal(self.store).map_err(|error| match error {
                Error::Disk { source, .. } => progy_snapshot::Error::Io(source),
                other => progy_snapshot::Error::Io(io::Error::other(other)),
            })?;
        }
        self.open.blobs.insert(id);
        self.open.pack()?.add(kind, id, bytes)
    }
}

impl<'a> Open<'a> {
    fn pack(&mut self) -> progy_snapshot::Result<&mut PackWriter<Pieces<'a>>> {
        if self.pack.is_none() {
            self.pack = Some(PackWriter::new(Pieces::new(self.disk, NEW, false), LEVEL)?);
        }
        self.pack.as_mut().ok_or_else(|| io::Error::other("there is no pack").into())
    }

    /// Keeps a whole pack.
    fn add(&self, store: &Store<'a>, id: &PackId, pack: &[u8], index: Index) -> Result<()> {
        let fails = |error| Error::disk(layout::PACKS)(error);
        let path = pack_path(id);
        self.disk.write(COME, pack, false).map_err(fails)?;
        self.disk.flush(&[COME]).map_err(fails)?;
        self.disk.rename(COME, &path).map_err(fails)?;
        self.disk.flush(&[&path]).map_err(fails)?;
        let names = names::read(self.disk, id).unwrap_or_default();
        store.learn(*id, index, names);
        Ok(())
    }

    /// Gives the pack that is open its name.
    fn seal(&mut self, store: &Store<'a>) -> Result<()> {
        // Only a name is new if the blobs are in other packs: it needs a pack of its own, too.
        let names = std::mem::take(&mut self.names);
        if self.pack.is_none() && names.is_empty() {
            return Ok(());
        }
        let fails = |error| Error::disk(layout::PACKS)(error);
        self.pack().map_err(cannot_keep)?;
        let Some(pack) = self.pack.take() else { return Ok(()) };
        let (pieces, written) = pack.finish().map_err(cannot_keep)?;
        pieces.finish().map_err(fails)?;
        let (path, names_path) = (pack_path(&written.id), names_path(&written.id));
        // A pack of the same blobs may be there already, with other names.
        let mut all = names::read(self.disk, &written.id).unwrap_or_default();
        all.extend(names);
        all.sort();
        all.dedup();
        if all.is_empty() {
            self.disk.flush(&[NEW]).map_err(fails)?;
        } else {
            names::FORMAT.write_cache(self.disk, &names_path, &all)?;
            self.disk.flush(&[NEW, &names_path]).map_err(fails)?;
        }
        self.disk.rename(NEW, &path).map_err(fails)?;
        self.disk.flush(&[&path]).map_err(fails)?;
        let index = index_of(self.disk, &written.id).map_err(fails)?;
        let index = index.ok_or_else(|| Error::Damaged(path))?;
        store.learn(written.id, index, all);
        Ok(())
    }
}
