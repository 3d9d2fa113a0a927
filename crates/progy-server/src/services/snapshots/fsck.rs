//! Whether everything in the store can be read, and what cannot.

use std::collections::HashSet;
use std::io::{Seek, SeekFrom};

use progy_core::{CourseId, RevisionId, Timestamp};
use progy_snapshot::pack::{PackWriter, Written};
use progy_snapshot::{Blob, BlobId, Kind, exchange};
use tempfile::SpooledTempFile;

use super::checking::{self, Flaw};
use super::packs::{PackFile, key};
use super::shelf::Shelf;
use super::upload::new_pack;
use crate::ports::database::UserId;
use crate::ports::database::snapshots::{
    Owner, PackNumber, PackRow, PackState, Rooted, Store, StoreId, Sweep,
};
use crate::services::Services;
use crate::services::registry::stream_of;
use crate::{Result, ServiceError};

/// Stores that are read at once.
const AT_ONCE: u32 = 100;
/// What is held of a pack in memory, in bytes; more is on disk.
const IN_MEMORY: usize = 1 << 20;
/// For blobs that are packed anew.
const LEVEL: i32 = 9;
/// How often a pack is tried to be replaced while learners save.
const ATTEMPTS: usize = 8;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Packs that were read.
    pub packs: usize,
    /// Blobs in them.
    pub blobs: usize,
    /// Revisions whose trees were read.
    pub revisions: usize,
    /// What is wrong.
    pub damage: Vec<Damage>,
    /// Blobs that were damaged in one pack, and are read from another copy now.
    pub repaired: usize,
}

impl Findings {
    /// What is wrong and was not repaired.
    pub fn left(&self) -> usize {
        let is_left = |damage: &&Damage| !matches!(damage, Damage::Pack { repaired: true, .. });
        self.damage.iter().filter(is_left).count()
    }

    fn mark_repaired(&mut self, key: &str) {
        for damage in &mut self.damage {
            if let Damage::Pack { object, repaired, .. } = damage
                && object == key
            {
                *repaired = true;
            }
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A pack is missing, or some of its blobs have other bytes.
    Pack {
        /// Its object.
        object: String,
        /// What is wrong with it.
        what: String,
        /// Whether another stands in its place now.
        repaired: bool,
    },
    /// A blob of which no copy is whole, or that is nowhere.
    Blob {
        /// Its name.
        blob: String,
        /// A revision that needs it.
        revision: RevisionId,
        /// Of which course.
        course: CourseId,
        /// Of which learner, by name.
        learner: String,
    },
}

/// A pack that is there, and not all of it.
struct BadPack {
    file: PackFile,
    damaged: Vec<BlobId>,
    /// Whether there is no object, or not all of it.
    is_absent: bool,
}

/// What could be kept of a damaged pack.
struct Kept {
    packs: Vec<(SpooledTempFile, Written)>,
    /// How many of its blobs are whole nowhere.
    lost: usize,
}

impl Services {
    /// Reads every pack, blob by blob, and every tree, and names what is damaged.
    ///
    /// With `repair`, what is whole in a damaged pack, or elsewhere, is packed anew, and the damaged pack
    /// is taken out. What is whole nowhere is not found from then on: a device that has it sends it
    /// again. A pack without its object stays if that would lose anything: somebody may bring it back.
    ///
    /// Servers may go on meanwhile.
    pub async fn fsck(&self, repair: bool) -> Result<Findings> {
        let mut found = Findings::default();
        let mut after = StoreId(0);
        loop {
            let stores = self.db.stores(after, AT_ONCE).await?;
            let Some(last) = stores.last() else { return Ok(found) };
            after = last.id;
            for store in stores {
                let bad = self.check_packs(&store, &mut found).await?;
                if repair && !bad.is_empty() {
                    self.repair(&store, &bad, &mut found).await?;
                }
                let damaged = bad.into_iter().flat_map(|pack| pack.damaged).collect();
                if let Owner::Learner(user) = &store.owner {
                    self.check_trees(&store, user, &damaged, &mut found).await?;
                }
            }
        }
    }

    /// Gives the packs that are damaged.
    async fn check_packs(&self, store: &Store, found: &mut Findings) -> Result<Vec<BadPack>> {
        let mut bad = Vec::new();
        for row in self.rows(store.id).await? {
            // Its tail is not in the list; and it may have been taken out meanwhile.
            let Some(row) = self.pack_there(row.number).await? else { continue };
            let file = PackFile::of(&row)?;
            found.packs += 1;
            found.blobs += file.index.blobs().len();
            let Err(flaw) = checking::check(&*self.objects, &file.key, &file.index).await? else {
                continue;
            };
            if self.pack_there(row.number).await?.is_none() {
                continue;
            }
            let is_damaged = |blob: &&Blob| match &flaw {
                Flaw::Damaged(blobs) => blobs.contains(&blob.id),
                Flaw::Absent | Flaw::NotAPack(_) => true,
            };
            let damaged = file.index.blobs().iter().filter(is_damaged).map(|blob| blob.id);
            let damaged = damaged.collect();
            let (object, what) = (file.key.to_string(), flaw.to_string());
            found.damage.push(Damage::Pack { object, what, repaired: false });
            bad.push(BadPack { file, damaged, is_absent: matches!(flaw, Flaw::Absent) });
        }
        Ok(bad)
    }

    async fn pack_there(&self, number: PackNumber) -> Result<Option<PackRow>> {
        let row = self.db.pack(number).await?;
        Ok(row.filter(|row| row.state == PackState::There))
    }

    /// Reads all trees, and looks for every chunk: among those that are whole.
    async fn check_trees(
        &self,
        store: &Store,
        user: &UserId,
        damaged: &HashSet<BlobId>,
        found: &mut Findings,
    ) -> Result<()> {
        let learner = self.accounts.user(user).await?;
        let learner = learner.map_or_else(|| user.0.clone(), |learner| learner.username);
        let needed = self.db.needed(store.id).await?;
        for of_one in needed.revisions.chunk_by(|one, other| one.workspace == other.workspace) {
            let Some(first) = of_one.first() else { continue };
            let shelf = self.shelf_for(store.id, first).await?;
            let mut seen = HashSet::new();
            for revision in of_one {
                found.revisions += 1;
                let lost = lost(&shelf, revision.root, damaged, &mut seen).await?;
                if lost.is_empty() || !self.is_needed(store.id, revision).await? {
                    continue;
                }
                for blob in lost {
                    found.damage.push(Damage::Blob {
                        blob: blob.to_string(),
                        revision: revision.revision.clone(),
                        course: revision.course.clone(),
                        learner: learner.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether a revision has not expired since.
    async fn is_needed(&self, store: StoreId, revision: &Rooted) -> Result<bool> {
        let needed = self.db.needed(store).await?.revisions;
        Ok(needed
            .iter()
            .any(|one| (one.workspace, &one.revision) == (revision.workspace, &revision.revision)))
    }

    /// Puts what is left of damaged packs in their place.
    async fn repair(&self, store: &Store, bad: &[BadPack], found: &mut Findings) -> Result<()> {
        let mut stores = vec![store.id];
        for revision in self.db.needed(store.id).await?.revisions {
            for also in self.shelf_for(store.id, &revision).await?.stores {
                if !stores.contains(&also) {
                    stores.push(also);
                }
            }
        }
        let shelf = self.shelf_of(stores);
        for pack in bad {
            let kept = self.keep_of(store, &shelf, pack, bad).await?;
            let loses = kept.lost > 0;
            // A course version's files are not sent again by anybody.
            if loses && (pack.is_absent || !matches!(store.owner, Owner::Learner(_))) {
                continue;
            }
            let repaired = pack.damaged.len().saturating_sub(kept.lost);
            if self.put_in_place(store, pack, kept.packs).await? {
                found.repaired += repaired;
                found.mark_repaired(pack.file.key.as_str());
            }
        }
        Ok(())
    }

    /// Packs anew what of a damaged pack is in no other pack of its store.
    async fn keep_of(
        &self,
        store: &Store,
        shelf: &Shelf,
        pack: &BadPack,
        bad: &[BadPack],
    ) -> Result<Kept> {
        let failed = |error: progy_snapshot::Error| ServiceError::internal(error);
        let new = || PackWriter::new(tempfile::spooled_tempfile(IN_MEMORY), LEVEL);
        let (mut writer, mut packs, mut lost) = (new().map_err(failed)?, Vec::new(), 0);
        for blob in pack.file.index.blobs() {
            let places = self.db.places(&[store.id], &blob.id).await?;
            let is_bad = |number| bad.iter().any(|pack| pack.file.number == number);
            if places.iter().any(|place| !is_bad(place.pack)) {
                continue;
            }
            match shelf.get(&blob.id).await {
                Ok(Some(bytes)) => {
                    if writer.is_full() {
                        let full = std::mem::replace(&mut writer, new().map_err(failed)?);
                        packs.push(full.finish().map_err(failed)?);
                    }
                    writer.add(blob.kind, blob.id, &bytes).map_err(failed)?;
                }
                // No copy is whole.
                Ok(None) | Err(ServiceError::Internal(_)) => lost += 1,
                Err(error) => return Err(error),
            }
        }
        if !writer.is_empty() {
            packs.push(writer.finish().map_err(failed)?);
        }
        Ok(Kept { packs, lost })
    }

    /// Takes a damaged pack out for what is left of it; tells whether that could be.
    async fn put_in_place(
        &self,
        store: &Store,
        pack: &BadPack,
        packs: Vec<(SpooledTempFile, Written)>,
    ) -> Result<bool> {
        let mut instead = Vec::new();
        for (mut bytes, written) in packs {
            bytes.seek(SeekFrom::Start(0)).map_err(ServiceError::internal)?;
            let number = self.db.begin_pack(store.id, self.clock.now()).await?;
            let key = key(store.id, number)?;
            let size = self.objects.put(&key, stream_of(bytes)).await?;
            let tail = checking::tail(&*self.objects, &key, size).await?;
            let (tail, index) = tail.map_err(|flaw| ServiceError::internal(flaw.to_string()))?;
            instead.push(new_pack(number, written.id, size, &tail, &index, self.clock.now()));
        }
        for _ in 0..ATTEMPTS {
            // Nothing that can be read goes, so that no commit has to be waited for: it only is counted.
            let committed = self.db.store_of(&store.owner).await?.committed;
            let sweep = Sweep {
                store: store.id,
                committed,
                packs: vec![pack.file.number],
                untouched: Timestamp(i64::MAX),
                instead: instead.clone(),
                now: self.clock.now(),
            };
            if self.db.sweep(sweep).await? {
                return Ok(true);
            }
        }
        for pack in instead {
            self.db.give_up_pack(pack.number, self.clock.now()).await?;
        }
        Ok(false)
    }
}

/// The blobs that a tree needs and of which no copy is whole.
async fn lost(
    shelf: &Shelf,
    root: BlobId,
    damaged: &HashSet<BlobId>,
    seen: &mut HashSet<BlobId>,
) -> Result<Vec<BlobId>> {
    let mut lost = Vec::new();
    let mut left = vec![(Kind::Tree, root)];
    while let Some((kind, id)) = left.pop() {
        if !seen.insert(id) {
            continue;
        }
        if kind == Kind::Chunk {
            let [place] = shelf.find(&[id]).await?[..] else { continue };
            // Its packs were read already, unless one of them was damaged.
            let whole = place.is_some()
                && (!damaged.contains(&id) || matches!(shelf.get(&id).await, Ok(Some(_))));
            lost.extend((!whole).then_some(id));
            continue;
        }
        match shelf.get(&id).await {
            Ok(Some(bytes)) => match exchange::links(kind, &bytes) {
                Ok(links) => left.extend(links),
                Err(_) => lost.push(id),
            },
            Ok(None) | Err(ServiceError::Internal(_)) => lost.push(id),
            Err(error) => return Err(error),
        }
    }
    Ok(lost)
}
