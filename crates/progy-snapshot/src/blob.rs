//! Bytes named by their hash.

use std::collections::HashMap;
use std::fmt;

use progy_core::ContentHash;

use crate::{Error, Result};

/// No blob is larger, in bytes: a reader needs no more room for one.
pub const MAX_BLOB: usize = 4 << 20;

/// The BLAKE3 hash of a blob's bytes.
///
/// It names bytes, not what they are for: a file that happens to hold the bytes of a tree's node is
/// the same blob.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The name of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The name with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the name.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether it is the name of `bytes`.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        Self::of(bytes) == *self
    }

    /// The chunk of a file that has only one: its name is that of the whole content. `None` for the
    /// names that Git gives.
    pub fn of_content(hash: &ContentHash) -> Option<Self> {
        hash.as_bytes().try_into().ok().map(Self)
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a blob was made for. Advice for where to put it; no part of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A piece of a file.
    Chunk,
    /// A list of chunks, or of such lists.
    Recipe,
    /// A part of a folder.
    Tree,
}

/// A blob's name, use and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blob {
    /// Its name.
    pub id: BlobId,
    /// What for.
    pub kind: Kind,
    /// How many bytes, unpacked; at most [`MAX_BLOB`].
    pub len: u32,
}

/// Where blobs come from.
pub trait BlobSource {
    /// The bytes of a blob. Who calls checks them.
    ///
    /// [`Error::Missing`] if it is not there.
    fn blob(&self, id: &BlobId) -> Result<Vec<u8>>;
}

/// Where blobs go to.
pub trait BlobSink {
    /// Takes a blob; `id` is the hash of `bytes`. The same one may come again.
    fn put(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()>;
}

impl<S: BlobSource + ?Sized> BlobSource for &S {
    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        (**self).blob(id)
    }
}

/// The bytes of a blob, which have the hash that its name says.
pub fn checked(source: &(impl BlobSource + ?Sized), id: &BlobId) -> Result<Vec<u8>> {
    let bytes = source.blob(id)?;
    if id.is_of(&bytes) { Ok(bytes) } else { Err(Error::Damaged(*id)) }
}

/// Blobs in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryBlobs {
    /// Every blob with its use.
    pub blobs: HashMap<BlobId, (Kind, Vec<u8>)>,
}

impl BlobSource for MemoryBlobs {
    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        self.blobs.get(id).map(|(_, bytes)| bytes.clone()).ok_or(Error::Missing(*id))
    }
}

impl BlobSink for MemoryBlobs {
    fn put(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()> {
        self.blobs.entry(id).or_insert_with(|| (kind, bytes.to_vec()));
        Ok(())
    }
}
