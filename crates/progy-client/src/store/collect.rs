//! What nobody needs any more goes.

use std::collections::{BTreeSet, HashSet};

use progy_core::ContentHash;
use progy_snapshot::file::{self, Content, Recipe};
use progy_snapshot::pack::{Index, PackId};
use progy_snapshot::recipe::Chunks;
use progy_snapshot::{BlobId, BlobSource};

use super::{Named, Store, batch, names_path, pack_path};
use crate::disk::Kind;
use crate::{Error, Result, layout};

/// From so many packs on, the small ones are put together, so that a thousand saves are not a
/// thousand files to open.
const MANY: usize = 16;
/// A pack below this size is small, in bytes.
const SMALL: u64 = 1 << 20;

impl Store<'_> {
    /// Throws away every content that is not in `needed`. A pack of which less than half is needed is
    /// written anew without the rest.
    pub fn collect(&self, needed: &BTreeSet<ContentHash>) -> Result<()> {
        let blobs = self.blobs_of(needed);
        let packs: Vec<(PackId, u64, u64)> = self.with(|packs| {
            let share = |id: &PackId| {
                let all = packs.indexes.get(id).map(Index::blobs).unwrap_or_default();
                let live = all.iter().filter(|blob| {
                    blobs.contains(&blob.id) && packs.blobs.get(&blob.id) == Some(id)
                });
                let size = |blob: &progy_snapshot::Blob| u64::from(blob.len).max(1);
                (*id, live.map(size).sum(), all.iter().map(size).sum())
            };
            packs.indexes.keys().map(share).collect()
        });
        let is_named = |id: &PackId| {
            self.with(|packs| {
                let names = packs.names.get(id).into_iter().flatten();
                names.clone().any(|named| needed.contains(&named.name))
            })
        };
        let dead: Vec<PackId> = packs
            .iter()
            .filter(|(id, live, _)| *live == 0 && !is_named(id))
            .map(|(id, ..)| *id)
            .collect();
        let are_many = packs.len() - dead.len() > MANY;
        let wasteful: Vec<PackId> = packs
            .iter()
            .filter(|(id, live, all)| {
                !dead.contains(id) && (live * 2 < *all || (are_many && *all < SMALL))
            })
            .map(|(id, ..)| *id)
            .collect();
        self.rewrite(&wasteful, needed, &blobs)?;
        for id in wasteful.iter().chain(&dead) {
            self.remove(id)?;
        }
        self.tidy()
    }

    /// The blobs that contents are put together from, as far as they are known here.
    fn blobs_of(&self, contents: &BTreeSet<ContentHash>) -> HashSet<BlobId> {
        let mut blobs = HashSet::new();
        for content in contents.iter().filter_map(|hash| self.content(hash)) {
            if let Content { recipe: Recipe::Lists(top), size, .. } = content {
                let mut chunks = Chunks::new(self, top, size);
                while let Some(Ok(chunk)) = chunks.next() {
                    blobs.insert(chunk.id);
                    blobs.extend(chunks.take_lists().iter().map(|list| list.id));
                }
            } else {
                let chunks = file::chunks(self, &content).filter_map(|chunk| Some(chunk.ok()?.id));
                blobs.extend(chunks);
            }
        }
        blobs
    }

    /// Writes what is needed of some packs into new ones.
    fn rewrite(
        &self,
        packs: &[PackId],
        needed: &BTreeSet<ContentHash>,
        blobs: &HashSet<BlobId>,
    ) -> Result<()> {
        let mut batch = self.batch();
        for id in packs {
            let (all, names) = self.with(|known| {
                let blobs = known.indexes.get(id).map(|index| index.blobs().to_vec());
                (blobs.unwrap_or_default(), known.names.get(id).cloned().unwrap_or_default())
            });
            for blob in all.iter().filter(|blob| blobs.contains(&blob.id)) {
                // What is damaged is not carried over: it is as good as not kept.
                if let Ok(bytes) = self.blob(&blob.id) {
                    batch.put_blob(blob.kind, blob.id, &bytes)?;
                }
            }
            let is_needed = |named: &Named| needed.contains(&named.name);
            names.into_iter().filter(is_needed).for_each(|named| batch.put_name(named));
        }
        batch.finish()
    }

    fn remove(&self, id: &PackId) -> Result<()> {
        let fails = |error| Error::disk(layout::PACKS)(error);
        // Names without a pack are nobody's; a pack without its names would be.
        self.disk.remove(&pack_path(id)).map_err(fails)?;
        self.disk.remove(&names_path(id)).map_err(fails)?;
        self.forget(id);
        Ok(())
    }

    /// Removes what a crash has left.
    fn tidy(&self) -> Result<()> {
        let fails = |error| Error::disk(layout::PACKS)(error);
        let Ok(listed) = self.disk.list(layout::PACKS) else { return Ok(()) };
        for item in listed.into_iter().filter(|item| item.meta.kind == Kind::File) {
            let Ok(name) = item.name else { continue };
            let path = format!("{}/{name}", layout::PACKS);
            let is_of_a_pack = self.with(|packs| {
                let is_its = |id: &PackId| path == pack_path(id) || path == names_path(id);
                packs.indexes.keys().any(is_its)
            });
            if !is_of_a_pack && path != batch::NEW {
                self.disk.remove(&path).map_err(fails)?;
            }
        }
        Ok(())
    }
}
