//! What is needed.

use std::collections::HashSet;

use progy_snapshot::pack::Index;
use progy_snapshot::{BlobId, Kind, exchange};

use crate::services::snapshots::shelf::Shelf;
use crate::{Result, ServiceError};

/// The blobs that some trees need.
///
/// Lists and nodes, which are few, are remembered by their names; chunks, of which there may be
/// millions, by eight bytes each. If two have the same eight bytes, one may stay that nobody needs.
#[derive(Default)]
pub(super) struct Live {
    followed: HashSet<BlobId>,
    needed: HashSet<u64>,
}

fn short(id: &BlobId) -> u64 {
    let [first, ..] = id.as_bytes().as_chunks::<8>().0 else { return 0 };
    u64::from_le_bytes(*first)
}

impl Live {
    /// Adds all that the tree with this root needs. An error if any list or node of it cannot be read.
    pub(super) async fn mark(&mut self, shelf: &Shelf, root: BlobId) -> Result<()> {
        let mut left = vec![(Kind::Tree, root)];
        while let Some((kind, id)) = left.pop() {
            self.needed.insert(short(&id));
            if kind == Kind::Chunk || !self.followed.insert(id) {
                continue;
            }
            let bytes = shelf.get(&id).await?;
            let bytes =
                bytes.ok_or_else(|| ServiceError::internal(format!("blob {id} is missing")))?;
            left.extend(exchange::links(kind, &bytes).map_err(ServiceError::internal)?);
        }
        Ok(())
    }

    /// Whether some tree needs a blob; perhaps also of one that none does.
    pub(super) fn needs(&self, id: &BlobId) -> bool {
        self.needed.contains(&short(id))
    }

    /// How many bytes of a pack are needed, once unpacked, and how many there are. What is empty counts
    /// as one.
    pub(super) fn share(&self, index: &Index) -> (u64, u64) {
        let size = |len: u32| u64::from(len.max(1));
        let used = index.blobs().iter().filter(|blob| self.needs(&blob.id));
        (
            used.map(|blob| size(blob.len)).sum(),
            index.blobs().iter().map(|blob| size(blob.len)).sum(),
        )
    }
}
