//! Contents that are gathered in memory, for who wants a few of them.

use std::collections::{HashMap, HashSet};

use progy_core::ContentHash;
use progy_snapshot::file::{self, Content};
use progy_snapshot::pack::Index;
use progy_snapshot::{BlobId, BlobSink, Kind, MemoryBlobs};

use super::Sink;
use crate::{Error, Result};

/// What came of the contents that were fetched.
#[derive(Debug, Default)]
pub struct Gathered {
    whole: HashMap<ContentHash, Vec<u8>>,
    blobs: MemoryBlobs,
    names: HashMap<ContentHash, Content>,
}

impl Gathered {
    /// The content, if it came and is the one that was asked for.
    pub fn get(&self, hash: &ContentHash) -> Option<Vec<u8>> {
        if let Some(bytes) = self.whole.get(hash) {
            return hash.is_of(bytes).then(|| bytes.clone());
        }
        let mut bytes = Vec::new();
        file::join(&self.blobs, self.names.get(hash)?, &mut bytes).ok()?;
        Some(bytes)
    }
}

impl Sink for Gathered {
    fn content(&mut self, hash: &ContentHash, bytes: Vec<u8>) -> Result<()> {
        self.whole.insert(*hash, bytes);
        Ok(())
    }

    fn pack(&mut self, pack: Vec<u8>) -> Result<HashSet<BlobId>> {
        let invalid = |error: progy_snapshot::Error| Error::InvalidTree(error.to_string());
        let index = Index::from_pack(&pack).map_err(invalid)?;
        let mut whole = HashSet::new();
        index
            .each_of_pack(&pack, |blob, bytes| {
                let Some(bytes) = bytes else { return Ok(()) };
                whole.insert(blob.id);
                self.blobs.put(blob.kind, blob.id, bytes)
            })
            .map_err(invalid)?;
        Ok(whole)
    }

    fn blob(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()> {
        let invalid = |error: progy_snapshot::Error| Error::InvalidTree(error.to_string());
        self.blobs.put(kind, id, bytes).map_err(invalid)
    }

    fn has(&self, id: &BlobId) -> bool {
        self.blobs.blobs.contains_key(id)
    }

    fn name(&mut self, content: &Content) {
        self.names.insert(content.hash, *content);
    }
}
