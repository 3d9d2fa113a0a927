//! What is where in a pack, and a blob from its frame.

use std::collections::HashMap;
use std::ops::Range;

use zstd::bulk::Decompressor;

use crate::encoding::{Decoder, Malformed};
use crate::{Blob, BlobId, Error, Kind, Result};

use super::{
    HEADER, MAGIC, MAX_BLOBS, MAX_FRAME, MAX_INDEX, MAX_PACK, MAX_PACKED_FRAME, TRAILER, VERSION,
};

/// What the end of a pack says.
#[derive(Debug)]
pub enum Tail {
    /// The index.
    Index(Index),
    /// The index is longer than what was given: that many bytes from the pack's end are needed.
    Needs(u64),
}

/// Which blobs a pack holds, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    frames: Vec<Frame>,
    /// In the order of the pack.
    blobs: Vec<Blob>,
    by_id: HashMap<BlobId, Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    /// In the pack.
    start: u64,
    packed: u32,
    unpacked: u32,
    /// In `Index::blobs`.
    first: u32,
    blobs: u32,
}

/// Where a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Which frame, counted from 0.
    pub frame: u32,
    /// From which byte on in the unpacked frame.
    pub offset: u32,
    /// How many bytes.
    pub len: u32,
}

impl Place {
    /// The blob `id` that is here, from the frame unpacked ([`Index::unpack`]).
    ///
    /// [`Error::Damaged`] with its name if the bytes are not those that were packed.
    pub fn blob<'f>(&self, id: &BlobId, unpacked: &'f [u8]) -> Result<&'f [u8]> {
        let bytes = slice(unpacked, self.offset, self.len);
        if id.is_of(bytes) { Ok(bytes) } else { Err(Error::Damaged(*id)) }
    }
}

pub(super) fn kind_number(kind: Kind) -> u8 {
    match kind {
        Kind::Chunk => 0,
        Kind::Recipe => 1,
        Kind::Tree => 2,
    }
}

impl Index {
    /// How many bytes from a pack's end hold most indexes, for a first request.
    pub const FIRST_READ: u64 = 64 << 10;

    /// How many bytes from a pack's end say how long its index is.
    pub const TRAILER: u64 = TRAILER as u64;

    /// How many bytes at a pack's beginning say that it is one.
    pub const HEADER: u64 = HEADER as u64;

    /// Whether these bytes, of [`Index::HEADER`], are the beginning of a pack.
    pub fn is_header(bytes: &[u8]) -> bool {
        bytes.split_last() == Some((&VERSION, &MAGIC))
    }

    /// Reads the end of a pack of `pack` bytes: `tail` is its last bytes, as many as there are at
    /// hand.
    pub fn from_tail(tail: &[u8], pack: u64) -> Result<Tail> {
        Self::tail(tail, pack).map_err(Error::NotAPack)
    }

    /// Reads the index of a whole pack.
    pub fn from_pack(pack: &[u8]) -> Result<Self> {
        let header = pack.split_first_chunk::<8>();
        if !header.is_some_and(|(magic, rest)| *magic == MAGIC && rest.first() == Some(&VERSION)) {
            return Err(Error::NotAPack("it begins like none"));
        }
        match Self::from_tail(pack, pack.len() as u64)? {
            Tail::Index(index) => Ok(index),
            Tail::Needs(_) => Err(Error::NotAPack("it ends too early")),
        }
    }

    fn tail(tail: &[u8], pack: u64) -> std::result::Result<Tail, Malformed> {
        if pack > MAX_PACK {
            return Err("it is too large");
        }
        if tail.len() as u64 > pack || pack < (HEADER + TRAILER) as u64 {
            return Err("it ends too early");
        }
        let Some((rest, trailer)) = tail.split_last_chunk::<TRAILER>() else {
            return Ok(Tail::Needs(Self::FIRST_READ.min(pack)));
        };
        let mut decoder = Decoder::new(trailer);
        let len = u32::from_le_bytes(decoder.array()?);
        let hash: [u8; 32] = decoder.array()?;
        if decoder.byte()? != VERSION {
            return Err("it is of an unknown version");
        }
        if decoder.array()? != MAGIC {
            return Err("it does not end like a pack");
        }
        let whole = u64::from(len) + TRAILER as u64;
        if len > MAX_INDEX || whole + HEADER as u64 > pack {
            return Err("its index is too long");
        }
        let Some(at) = rest.len().checked_sub(len as usize) else {
            return Ok(Tail::Needs(whole));
        };
        let index = rest.get(at..).unwrap_or_default();
        if *blake3::hash(index).as_bytes() != hash {
            return Err("its index is damaged");
        }
        Self::decode(index, pack - whole).map(Tail::Index)
    }

    /// `end` is where the frames end in the pack.
    fn decode(bytes: &[u8], end: u64) -> std::result::Result<Self, Malformed> {
        let mut decoder = Decoder::new(bytes);
        let count = decoder.count(MAX_BLOBS)?;
        let mut index = Self { frames: Vec::new(), blobs: Vec::new(), by_id: HashMap::new() };
        let mut start = HEADER as u64;
        for number in 0..count {
            let packed = decoder.number()?;
            if packed > MAX_PACKED_FRAME {
                return Err("a frame is too long");
            }
            let blobs = decoder.count(MAX_BLOBS - index.blobs.len())?;
            if blobs == 0 {
                return Err("a frame holds nothing");
            }
            let first = index.blobs.len();
            let mut offset = 0;
            for _ in 0..blobs {
                let kind = match decoder.byte()? {
                    0 => Kind::Chunk,
                    1 => Kind::Recipe,
                    2 => Kind::Tree,
                    _ => return Err("a blob is of an unknown kind"),
                };
                let len = decoder.count(MAX_FRAME - offset)?;
                let id = BlobId::from_bytes(decoder.array()?);
                let (at, size) = (narrow(offset)?, narrow(len)?);
                let place = Place { frame: narrow(number)?, offset: at, len: size };
                if index.by_id.insert(id, place).is_some() {
                    return Err("a blob is there twice");
                }
                index.blobs.push(Blob { id, kind, len: size });
                offset += len;
            }
            index.frames.push(Frame {
                start,
                packed: u32::try_from(packed).map_err(|_| "a frame is too long")?,
                unpacked: narrow(offset)?,
                first: narrow(first)?,
                blobs: narrow(blobs)?,
            });
            start += packed;
        }
        decoder.end()?;
        if start == end { Ok(index) } else { Err("its frames do not fill it") }
    }

    /// Every blob, in the order of the pack.
    pub fn blobs(&self) -> &[Blob] {
        &self.blobs
    }

    /// Where a blob is.
    pub fn place(&self, id: &BlobId) -> Option<Place> {
        self.by_id.get(id).copied()
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    /// The bytes of the pack that are frame number `frame`; an empty range if there is none.
    pub fn range(&self, frame: u32) -> Range<u64> {
        let frame = self.frames.get(frame as usize);
        frame.map_or(0..0, |frame| frame.start..frame.start + u64::from(frame.packed))
    }

    /// A blob, from the bytes of its frame ([`Index::range`]).
    ///
    /// [`Error::Damaged`] with its name if the bytes are not those that were packed.
    pub fn blob(&self, id: &BlobId, frame: &[u8]) -> Result<Vec<u8>> {
        let place = self.place(id).ok_or(Error::Missing(*id))?;
        let unpacked = self.unpack(place.frame, frame).ok_or(Error::Damaged(*id))?;
        place.blob(id, &unpacked).map(<[u8]>::to_vec)
    }

    /// Gives every blob of frame number `frame` to `take`: its bytes, or `None` if they are damaged.
    pub fn each(
        &self,
        frame: u32,
        bytes: &[u8],
        mut take: impl FnMut(&Blob, Option<&[u8]>) -> Result<()>,
    ) -> Result<()> {
        let unpacked = self.unpack(frame, bytes);
        let mut offset = 0;
        for blob in self.blobs_of(frame) {
            let bytes = unpacked.as_ref().map(|unpacked| slice(unpacked, offset, blob.len));
            take(blob, bytes.filter(|bytes| blob.id.is_of(bytes)))?;
            offset += blob.len;
        }
        Ok(())
    }

    /// As [`Index::each`], for every frame of a whole pack.
    pub fn each_of_pack(
        &self,
        pack: &[u8],
        mut take: impl FnMut(&Blob, Option<&[u8]>) -> Result<()>,
    ) -> Result<()> {
        let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        for frame in 0..u32::try_from(self.frames()).unwrap_or(u32::MAX) {
            let Range { start, end } = self.range(frame);
            let bytes = pack.get(at(start)..at(end)).unwrap_or_default();
            self.each(frame, bytes, &mut take)?;
        }
        Ok(())
    }

    /// The blobs of frame number `frame`.
    pub fn blobs_of(&self, frame: u32) -> &[Blob] {
        let Some(frame) = self.frames.get(frame as usize) else { return &[] };
        let first = frame.first as usize;
        self.blobs.get(first..first + frame.blobs as usize).unwrap_or_default()
    }

    /// A frame, unpacked: as long as the index says, or nothing. No more memory is used than that,
    /// whatever the frame claims.
    pub fn unpack(&self, frame: u32, bytes: &[u8]) -> Option<Vec<u8>> {
        let frame = self.frames.get(frame as usize)?;
        if bytes.len() as u64 != u64::from(frame.packed) {
            return None;
        }
        let unpacked = Decompressor::new().ok()?.decompress(bytes, frame.unpacked as usize).ok()?;
        (unpacked.len() == frame.unpacked as usize).then_some(unpacked)
    }
}

fn slice(bytes: &[u8], offset: u32, len: u32) -> &[u8] {
    let start = offset as usize;
    bytes.get(start..start + len as usize).unwrap_or_default()
}

fn narrow(value: usize) -> std::result::Result<u32, Malformed> {
    u32::try_from(value).map_err(|_| "a count is over its limit")
}
