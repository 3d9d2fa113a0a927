//! Blobs of some stores, read as they are needed.
//!
//! Trees are compared by code that does no I/O. It is told that a node is missing, the node is fetched,
//! and it goes on: at most a few megabytes of nodes are in memory, however large the tree.

use progy_snapshot::{BlobId, BlobSource, Error};

use super::packs::Packs;
use crate::ports::PortError;
use crate::ports::database::snapshots::{BlobPlace, StoreId};
use crate::services::cache::Cache;
use crate::{Result, ServiceError};

/// What is kept in memory, in bytes: twice the largest frame, so that what was asked for is never
/// pushed out by what came with it.
const HELD: usize = 8 << 20;
/// What a blob takes beside its bytes.
const WEIGHT: usize = 100;

/// Blobs of some stores.
pub(super) struct Shelf {
    pub(super) packs: Packs,
    pub(super) stores: Vec<StoreId>,
    held: Cache<BlobId, Vec<u8>>,
}

/// Why a tree or a list could not be read to its end.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The blob is in none of the stores.
    Missing(BlobId),
    /// It is no tree, or no list, that Progy would write.
    Wrong(Error),
    /// Our fault.
    Failed(ServiceError),
}

impl From<ServiceError> for Trouble {
    fn from(error: ServiceError) -> Self {
        Self::Failed(error)
    }
}

impl From<PortError> for Trouble {
    fn from(error: PortError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Trouble> for ServiceError {
    /// For what was checked before it was taken in: whatever is wrong with it is our fault.
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Missing(id) => Self::internal(Error::Missing(id)),
            Trouble::Wrong(error) => Self::internal(error),
            Trouble::Failed(error) => error,
        }
    }
}

impl BlobSource for Shelf {
    fn blob(&self, id: &BlobId) -> progy_snapshot::Result<Vec<u8>> {
        self.held.get(id).ok_or(Error::Missing(*id))
    }
}

impl Shelf {
    pub(super) fn new(packs: Packs, stores: Vec<StoreId>) -> Self {
        Self { packs, stores, held: Cache::new(HELD) }
    }

    /// Where blobs are, in the order of `names`.
    pub(super) async fn find(&self, names: &[BlobId]) -> Result<Vec<Option<BlobPlace>>> {
        Ok(self.packs.db.find_blobs(&self.stores, names).await?)
    }

    /// The bytes of a blob, which have the hash that its name says; `None` if it is in no store.
    ///
    /// A copy that is damaged is said in the log; it is an error only if there is no other.
    pub(super) async fn get(&self, id: &BlobId) -> Result<Option<Vec<u8>>> {
        if let Some(bytes) = self.held.get(id) {
            return Ok(Some(bytes));
        }
        let mut damage = None;
        // Where it was may have been taken out since: then it is looked for once more.
        for _ in 0..2 {
            damage = None;
            for place in self.packs.db.places(&self.stores, id).await? {
                match self.read(id, place).await {
                    Ok(Some(bytes)) => return Ok(Some(bytes)),
                    Ok(None) => {}
                    Err(PortError::Damaged(what)) => {
                        tracing::error!(blob = %id, pack = place.pack.0, %what, "a blob is damaged");
                        damage = Some(what);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        match damage {
            Some(what) => Err(ServiceError::internal(format!("blob {id} is damaged: {what}"))),
            None => Ok(None),
        }
    }

    /// Reads a blob with its frame; `None` if the pack was taken out.
    async fn read(&self, id: &BlobId, place: BlobPlace) -> Result<Option<Vec<u8>>, PortError> {
        let Some(file) = self.packs.open(place.pack).await? else { return Ok(None) };
        let Some(at) = file.index.place(id) else {
            return Err(PortError::Damaged(format!("it is not in the index of {}", file.key)));
        };
        let frame = self.packs.read(&file, file.index.range(at.frame)).await?;
        let mut wanted = None;
        let take = |blob: &progy_snapshot::Blob, bytes: Option<&[u8]>| {
            match bytes {
                Some(bytes) if blob.id == *id => wanted = Some(bytes.to_vec()),
                Some(bytes) => self.held.put(blob.id, bytes.to_vec(), bytes.len() + WEIGHT),
                None => {}
            }
            Ok(())
        };
        let each = file.index.each(at.frame, &frame, take);
        each.map_err(|error| PortError::Failed(error.to_string()))?;
        let Some(bytes) = wanted else {
            return Err(PortError::Damaged(format!("its bytes in {} are others", file.key)));
        };
        self.held.put(*id, bytes.clone(), bytes.len() + WEIGHT);
        Ok(Some(bytes))
    }

    /// The next step of a walk over a tree or a list that has this shelf as its source.
    pub(super) async fn next<T>(
        &self,
        walk: &mut (impl Iterator<Item = progy_snapshot::Result<T>> + Send),
    ) -> Result<Option<T>, Trouble> {
        loop {
            match walk.next() {
                None => return Ok(None),
                Some(Ok(step)) => return Ok(Some(step)),
                Some(Err(Error::Missing(id))) => {
                    self.get(&id).await?.ok_or(Trouble::Missing(id))?;
                }
                Some(Err(error)) => return Err(Trouble::Wrong(error)),
            }
        }
    }
}
