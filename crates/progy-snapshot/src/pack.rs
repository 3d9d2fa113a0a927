//! Many blobs in one object.
//!
//! Ten thousand small files are a handful of packs, and each of them is one request. A pack is a row
//! of zstd frames, followed by an index that says which blobs each frame holds, and by a trailer of
//! fixed size. Large blobs have a frame of their own; small ones share one, because what is alike
//! compresses well together: a blob is read with its frame, which holds at most a blob or
//! [`SHARED`] bytes.
//!
//! The index gives lengths and no offsets: frames follow each other, and blobs within a frame, so
//! that no index can make them overlap or lie outside.

mod index;
mod writer;

use std::fmt;

pub use index::{Index, Place, Tail};
pub use writer::{PackWriter, Written};

use crate::blob::MAX_BLOB;

/// What a pack begins with; its version follows.
const MAGIC: [u8; 8] = *b"progyPCK";
const VERSION: u8 = 1;
/// Magic and version.
const HEADER: usize = 9;
/// Length of the index (4 bytes), its BLAKE3 hash (32), version and magic again.
const TRAILER: usize = 4 + 32 + 1 + 8;

/// A frame that small blobs share holds at most this many bytes, unpacked.
pub const SHARED: usize = 128 << 10;
/// No frame holds more, in bytes, unpacked.
const MAX_FRAME: usize = MAX_BLOB;
/// No frame is longer, in bytes: what zstd makes at most of [`MAX_FRAME`] bytes.
const MAX_PACKED_FRAME: u64 = MAX_FRAME as u64 + (MAX_FRAME as u64 >> 8) + 1024;
/// No pack holds more blobs.
pub const MAX_BLOBS: usize = 1 << 16;
/// No index is longer, in bytes.
const MAX_INDEX: u32 = 4 << 20;
/// A pack is full from this size on, in bytes.
pub const TARGET: u64 = 16 << 20;
/// No pack is larger, in bytes: one that is nearly full, with two more frames and its index.
pub const MAX_PACK: u64 = TARGET + 3 * MAX_PACKED_FRAME + MAX_INDEX as u64;

/// Names a pack: the BLAKE3 hash of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackId([u8; 32]);

impl PackId {
    /// The name of a pack.
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
}

impl fmt::Display for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests;
