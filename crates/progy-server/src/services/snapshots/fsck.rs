//! Whether everything in the store can be read, and what cannot.

use std::collections::{BTreeMap, HashSet};
use std::io::{Seek, SeekFrom};

use progy_core::{CourseId, RevisionId};
use progy_snapshot::pack::PackWriter;
use progy_snapshot::{BlobId, Kind, exchange};

use super::checking::{self, Flaw};
use super::packs::{PackFile, key};
use super::shelf::Shelf;
use super::upload::new_pack;
use crate::ports::database::snapshots::{Owner, PackOutcome, PackState, Store, StoreId};
use crate::services::Services;
use crate::services::registry::stream_of;
use crate::{Result, ServiceError};

/// Stores that are read at once.
const AT_ONCE: u32 = 100;
/// What is held of a pack in memory, in bytes; more is on disk.
const IN_MEMORY: usize = 1 << 20;
/// For blobs that are packed anew.
const LEVEL: i32 = 9;

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
    /// Blobs that were damaged in one pack, and were packed anew from another copy.
    pub repaired: usize,
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
    },
    /// A blob of which no copy is whole, or that is nowhere.
    Blob {
        /// Its name.
        blob: String,
        /// A revision that needs it.
        revision: RevisionId,
        /// Of which course.
        course: CourseId,
        /// Of which learner, by id.
        learner: String,
    },
}

impl Services {
    /// Reads every pack, blob by blob, and every tree, and names what is damaged; with `repair`, what is
    /// damaged in one pack and whole in another is packed anew, and is read there from then on.
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
                let damaged = self.check_packs(&store, &mut found).await?;
                if repair && !damaged.is_empty() {
                    self.repair(&store, &damaged, &mut found).await?;
                }
                if let Owner::Learner(user) = &store.owner {
                    self.check_trees(&store, &user.0, &damaged, &mut found).await?;
                }
            }
        }
    }

    /// Gives the blobs that are damaged in some pack, and what they are for.
    async fn check_packs(
        &self,
        store: &Store,
        found: &mut Findings,
    ) -> Result<BTreeMap<BlobId, Kind>> {
        let mut damaged: BTreeMap<BlobId, Kind> = BTreeMap::new();
        for row in self.rows(store.id).await? {
            // Its tail is not in the list; and it may have been taken out meanwhile.
            let row = self.db.pack(row.number).await?;
            let Some(row) = row.filter(|row| row.state == PackState::There) else { continue };
            let file = PackFile::of(&row)?;
            found.packs += 1;
            found.blobs += file.index.blobs().len();
            let Err(flaw) = checking::check(&*self.objects, &file.key, &file.index).await? else {
                continue;
            };
            let bad = file.index.blobs().iter().filter(|blob| match &flaw {
                Flaw::Damaged(blobs) => blobs.contains(&blob.id),
                Flaw::Absent | Flaw::NotAPack(_) => true,
            });
            damaged.extend(bad.map(|blob| (blob.id, blob.kind)));
            let (object, what) = (file.key.to_string(), flaw.to_string());
            found.damage.push(Damage::Pack { object, what });
        }
        Ok(damaged)
    }

    /// Reads all trees, and looks for every chunk: among those that are whole.
    async fn check_trees(
        &self,
        store: &Store,
        learner: &str,
        damaged: &BTreeMap<BlobId, Kind>,
        found: &mut Findings,
    ) -> Result<()> {
        let needed = self.db.needed(store.id).await?;
        for of_one in needed.revisions.chunk_by(|one, other| one.workspace == other.workspace) {
            let Some(first) = of_one.first() else { continue };
            let shelf = self.shelf_for(store.id, first).await?;
            let mut seen = HashSet::new();
            for revision in of_one {
                found.revisions += 1;
                for blob in lost(&shelf, revision.root, damaged, &mut seen).await? {
                    found.damage.push(Damage::Blob {
                        blob: blob.to_string(),
                        revision: revision.revision.clone(),
                        course: revision.course.clone(),
                        learner: learner.to_owned(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Packs blobs anew that are damaged in one pack and whole elsewhere: in another of the same
    /// learner, or in what comes with a course version that they use.
    async fn repair(
        &self,
        store: &Store,
        damaged: &BTreeMap<BlobId, Kind>,
        found: &mut Findings,
    ) -> Result<()> {
        let mut stores = vec![store.id];
        for revision in self.db.needed(store.id).await?.revisions {
            for also in self.shelf_for(store.id, &revision).await?.stores {
                if !stores.contains(&also) {
                    stores.push(also);
                }
            }
        }
        let shelf = self.shelf_of(stores);
        let failed = |error: progy_snapshot::Error| ServiceError::internal(error);
        let new = || PackWriter::new(tempfile::spooled_tempfile(IN_MEMORY), LEVEL);
        let mut writer = new().map_err(failed)?;
        let mut packs = Vec::new();
        for (blob, kind) in damaged {
            // Of which no copy is whole stays as it is.
            let Ok(Some(bytes)) = shelf.get(blob).await else { continue };
            if writer.is_full() {
                packs.push(std::mem::replace(&mut writer, new().map_err(failed)?));
            }
            writer.add(*kind, *blob, &bytes).map_err(failed)?;
        }
        packs.push(writer);
        for writer in packs.into_iter().filter(|writer| !writer.is_empty()) {
            let (mut bytes, written) = writer.finish().map_err(failed)?;
            bytes.seek(SeekFrom::Start(0)).map_err(ServiceError::internal)?;
            let number = self.db.begin_pack(store.id, self.clock.now()).await?;
            let key = key(store.id, number)?;
            let size = self.objects.put(&key, stream_of(bytes)).await?;
            let tail = checking::tail(&*self.objects, &key, size).await?;
            let (tail, index) = tail.map_err(|flaw| ServiceError::internal(flaw.to_string()))?;
            let new = new_pack(number, written.id, size, &tail, &index, self.clock.now());
            match self.db.add_pack(new, u64::MAX).await? {
                PackOutcome::Added => found.repaired += written.blobs,
                PackOutcome::Known => {
                    // The damaged pack had just these blobs: its object gets its bytes back.
                    let row = self.db.touch_pack(store.id, &written.id, self.clock.now()).await?;
                    let whole = self.objects.get(&key).await?;
                    let (Some(row), Some(whole)) = (row, whole) else { continue };
                    self.objects.put(&self::key(store.id, row.number)?, whole.body).await?;
                    found.repaired += written.blobs;
                }
                PackOutcome::GivenUp | PackOutcome::QuotaExceeded { .. } => {}
            }
        }
        Ok(())
    }
}

/// The blobs that a tree needs and of which no copy is whole.
async fn lost(
    shelf: &Shelf,
    root: BlobId,
    damaged: &BTreeMap<BlobId, Kind>,
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
                && (!damaged.contains_key(&id) || matches!(shelf.get(&id).await, Ok(Some(_))));
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
