//! Packs, as objects with their indexes.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use progy_snapshot::pack::{Index, Tail};

use crate::ports::database::snapshots::{PackNumber, PackRow, PackState, StoreId};
use crate::ports::objects::ObjectKey;
use crate::ports::{Database, ObjectStore, PortError, Result};
use crate::services::cache::Cache;

/// What the indexes that are kept may take in memory, in bytes.
const INDEXES: usize = 16 << 20;
/// What an index takes for each blob in memory, in bytes; about.
const WEIGHT: usize = 120;

/// Indexes that were read lately. A pack's number stands for the same bytes for ever.
pub(in crate::services) type PackIndexes = Cache<PackNumber, Arc<PackFile>>;

/// None yet.
pub(in crate::services) fn indexes() -> PackIndexes {
    Cache::new(INDEXES)
}

/// What every key of a pack begins with.
pub(super) const PREFIX: &str = "snapshots/";

/// The object of a pack.
pub(super) fn key(store: StoreId, number: PackNumber) -> Result<ObjectKey> {
    ObjectKey::new(format!("{PREFIX}{}/{}.pack", store.0, number.0))
        .map_err(|error| PortError::Failed(error.to_string()))
}

/// A pack that is there.
pub(in crate::services) struct PackFile {
    pub(super) number: PackNumber,
    pub(super) key: ObjectKey,
    pub(super) index: Index,
}

impl PackFile {
    /// From its row.
    pub(super) fn of(row: &PackRow) -> Result<Self> {
        match Index::from_tail(&row.tail, row.size) {
            Ok(Tail::Index(index)) => {
                Ok(Self { number: row.number, key: key(row.store, row.number)?, index })
            }
            Ok(Tail::Needs(_)) | Err(_) => {
                Err(PortError::Damaged(format!("the index of pack {}", row.number.0)))
            }
        }
    }
}

/// Where packs are read.
#[derive(Clone)]
pub(super) struct Packs {
    pub(super) db: Arc<dyn Database>,
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) indexes: Arc<PackIndexes>,
}

impl Packs {
    /// A pack; `None` if it was taken out.
    pub(super) async fn open(&self, number: PackNumber) -> Result<Option<Arc<PackFile>>> {
        if let Some(known) = self.indexes.get(&number) {
            return Ok(Some(known));
        }
        let row = self.db.pack(number).await?.filter(|row| row.state == PackState::There);
        let Some(row) = row else { return Ok(None) };
        let file = Arc::new(PackFile::of(&row)?);
        let weight = file.index.blobs().len() * WEIGHT + 256;
        self.indexes.put(number, Arc::clone(&file), weight);
        Ok(Some(file))
    }

    /// Some bytes of a pack, all of them.
    pub(super) async fn read(&self, file: &PackFile, range: Range<u64>) -> Result<Bytes> {
        let wanted = range.end.saturating_sub(range.start);
        match self.objects.get_range(&file.key, range).await? {
            Some(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
            Some(_) => Err(PortError::Damaged(format!("{} is cut short", file.key))),
            None => Err(PortError::Damaged(format!("{} is missing", file.key))),
        }
    }
}
