//! The names of contents that are not those of a chunk.

use std::collections::HashMap;

use progy_core::ContentHash;
use progy_snapshot::file::{self, Content, Recipe};
use progy_snapshot::pack::{Index, PackId};
use progy_snapshot::{BlobId, MemoryBlobs};
use serde::{Deserialize, Serialize};

use super::names_path;
use crate::Result;
use crate::codec::Format;
use crate::disk::Disk;

pub(super) const FORMAT: Format = Format { magic: *b"progyNAM", version: 1 };

/// A content and how it is put together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// What the strategy calls it.
    pub name: ContentHash,
    blake3: ContentHash,
    size: u64,
    top: Option<[u8; 32]>,
}

impl Named {
    /// `content` under a strategy's name; `None` if its only chunk says all of it.
    pub fn new(name: ContentHash, content: &Content) -> Option<Self> {
        let top = match content.recipe {
            Recipe::Lists(top) => Some(*top.as_bytes()),
            Recipe::Whole if name == content.hash && content.size > 0 => return None,
            Recipe::Whole => None,
        };
        Some(Self { name, blake3: content.hash, size: content.size, top })
    }

    /// How it is put together.
    pub fn content(&self) -> Content {
        let recipe = self.top.map_or(Recipe::Whole, |top| Recipe::Lists(BlobId::from_bytes(top)));
        Content { hash: self.blake3, size: self.size, recipe }
    }
}

/// The names that belong to a pack; `None` if they are damaged.
pub(super) fn read(disk: &dyn Disk, pack: &PackId) -> Option<Vec<Named>> {
    FORMAT.read(disk, &names_path(pack)).ok().map(Option::unwrap_or_default)
}

/// Every content in a pack, from the bytes of its two files: for who looks at a disk from outside.
pub fn contents_of(pack: &[u8], names: Option<&[u8]>) -> Result<HashMap<ContentHash, Vec<u8>>> {
    let index = Index::from_pack(pack).map_err(super::cannot_keep)?;
    let mut blobs = MemoryBlobs::default();
    let mut contents = HashMap::new();
    index
        .each_of_pack(pack, |blob, bytes| {
            if let Some(bytes) = bytes {
                contents.insert(ContentHash::blake3(bytes), bytes.to_vec());
                blobs.blobs.insert(blob.id, (blob.kind, bytes.to_vec()));
            }
            Ok(())
        })
        .map_err(super::cannot_keep)?;
    let names: Vec<Named> = names.map_or(Ok(Vec::new()), |names| FORMAT.decode("names", names))?;
    for named in names {
        let mut bytes = Vec::new();
        if file::join(&blobs, &named.content(), &mut bytes).is_ok() {
            contents.insert(named.name, bytes);
        }
    }
    Ok(contents)
}
