//! A pack from its blobs.

use std::collections::HashSet;
use std::io::{self, Write};

use zstd::bulk::Compressor;

use crate::encoding::put_number;
use crate::{Blob, BlobId, Kind, Result};

use super::{HEADER, MAGIC, MAX_BLOBS, PackId, SHARED, TARGET, VERSION};

/// A blob of this size has a frame of its own, in bytes.
const OWN_FRAME: usize = SHARED / 2;

/// Blobs that will share a frame.
#[derive(Debug, Default)]
struct Frame {
    bytes: Vec<u8>,
    blobs: Vec<Blob>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The pack's name.
    pub id: PackId,
    /// Its bytes.
    pub len: u64,
    /// Its blobs.
    pub blobs: usize,
}

/// Writes one pack, in one go from front to end.
///
/// In memory are two frames of small blobs, one that is compressed, and the index: a few megabytes,
/// whatever the pack holds.
pub struct PackWriter<W> {
    to: W,
    hasher: blake3::Hasher,
    len: u64,
    compressor: Compressor<'static>,
    /// Files on one side, lists and nodes on the other: a restore first reads the latter.
    chunks: Frame,
    nodes: Frame,
    /// Compressed; a buffer.
    packed: Vec<u8>,
    index: Vec<u8>,
    frames: u64,
    ids: HashSet<BlobId>,
}

impl<W: Write> PackWriter<W> {
    /// Begins a pack, compressed at zstd's `level`.
    pub fn new(mut to: W, level: i32) -> Result<Self> {
        let mut header = [0; HEADER];
        let (magic, version) = header.split_at_mut(MAGIC.len());
        magic.copy_from_slice(&MAGIC);
        version.fill(VERSION);
        to.write_all(&header)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&header);
        Ok(Self {
            to,
            hasher,
            len: header.len() as u64,
            compressor: Compressor::new(level)?,
            chunks: Frame::default(),
            nodes: Frame::default(),
            packed: Vec::new(),
            index: Vec::new(),
            frames: 0,
            ids: HashSet::new(),
        })
    }

    /// Adds a blob, whose name is `id`. One that is there already is not added again. A pack that
    /// [is full](PackWriter::is_full) takes none: nobody would read it.
    pub fn add(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()> {
        let len = u32::try_from(bytes.len()).ok().filter(|len| *len as usize <= super::MAX_FRAME);
        let refused = |reason| io::Error::new(io::ErrorKind::InvalidInput, reason);
        let len = len.ok_or_else(|| refused("a blob is too large"))?;
        if self.is_full() && !self.ids.contains(&id) {
            return Err(refused("the pack is full").into());
        }
        if !self.ids.insert(id) {
            return Ok(());
        }
        let blob = Blob { id, kind, len };
        if bytes.len() >= OWN_FRAME {
            return self.write_frame(bytes, &[blob]);
        }
        let frame = if kind == Kind::Chunk { &mut self.chunks } else { &mut self.nodes };
        frame.bytes.extend_from_slice(bytes);
        frame.blobs.push(blob);
        if frame.bytes.len() >= SHARED - OWN_FRAME {
            let full = std::mem::take(frame);
            return self.write_frame(&full.bytes, &full.blobs);
        }
        Ok(())
    }

    /// Adds a frame of another pack as it is there: `bytes`, which hold `blobs`. Not added, and `false`,
    /// if one of them is there already: a pack has each blob once.
    ///
    /// That the bytes hold the blobs is for the caller to know.
    pub fn add_frame(&mut self, bytes: &[u8], blobs: &[Blob]) -> Result<bool> {
        if blobs.is_empty() || blobs.iter().any(|blob| self.ids.contains(&blob.id)) {
            return Ok(false);
        }
        if self.ids.len() + blobs.len() > MAX_BLOBS || self.len >= TARGET {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the pack is full").into());
        }
        self.ids.extend(blobs.iter().map(|blob| blob.id));
        self.note_frame(bytes.len(), blobs);
        self.hasher.update(bytes);
        self.to.write_all(bytes)?;
        Ok(true)
    }

    /// How long the pack is up to now, without what waits for a frame, in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether it is time for another pack.
    pub fn is_full(&self) -> bool {
        self.len >= TARGET || self.ids.len() >= MAX_BLOBS
    }

    /// How many blobs there are.
    pub fn blobs(&self) -> usize {
        self.ids.len()
    }

    fn write_frame(&mut self, bytes: &[u8], blobs: &[Blob]) -> Result<()> {
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        self.compressor.compress_to_buffer(bytes, &mut self.packed)?;
        self.hasher.update(&self.packed);
        self.to.write_all(&self.packed)?;
        self.note_frame(self.packed.len(), blobs);
        Ok(())
    }

    fn note_frame(&mut self, packed: usize, blobs: &[Blob]) {
        self.len += packed as u64;
        self.frames += 1;
        put_number(&mut self.index, packed as u64);
        put_number(&mut self.index, blobs.len() as u64);
        for blob in blobs {
            self.index.push(super::index::kind_number(blob.kind));
            put_number(&mut self.index, u64::from(blob.len));
            self.index.extend_from_slice(blob.id.as_bytes());
        }
    }

    /// Writes what is left and the index.
    pub fn finish(mut self) -> Result<(W, Written)> {
        for frame in [std::mem::take(&mut self.chunks), std::mem::take(&mut self.nodes)] {
            if !frame.blobs.is_empty() {
                self.write_frame(&frame.bytes, &frame.blobs)?;
            }
        }
        let mut end = Vec::with_capacity(self.index.len() + 64);
        put_number(&mut end, self.frames);
        end.append(&mut self.index);
        let hash = blake3::hash(&end);
        let len = u32::try_from(end.len()).unwrap_or(u32::MAX);
        end.extend_from_slice(&len.to_le_bytes());
        end.extend_from_slice(hash.as_bytes());
        end.push(VERSION);
        end.extend_from_slice(&MAGIC);
        self.hasher.update(&end);
        self.to.write_all(&end)?;
        self.len += end.len() as u64;
        let id = PackId::from_bytes(*self.hasher.finalize().as_bytes());
        Ok((self.to, Written { id, len: self.len, blobs: self.ids.len() }))
    }
}
