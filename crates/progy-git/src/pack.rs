//! Writes packs (`gitformat-pack`): many objects in one file, each compressed on its own.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use progy_core::git::{Kind, Object};
use sha1::{Digest, Sha1};

/// Writes a pack of `count` objects, then its checksum.
pub(crate) struct PackWriter<W> {
    out: W,
    sum: Sha1,
    left: u32,
}

impl<W: Write> PackWriter<W> {
    /// Begins a pack.
    pub(crate) fn new(out: W, count: u32) -> io::Result<Self> {
        let mut pack = Self { out, sum: Sha1::new(), left: count };
        pack.put(b"PACK")?;
        pack.put(&2_u32.to_be_bytes())?;
        pack.put(&count.to_be_bytes())?;
        Ok(pack)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    /// Adds an object.
    pub(crate) fn add(&mut self, object: &Object) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::InvalidInput)?;
        let mut head = Vec::with_capacity(10);
        let kind: u8 = match object.kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
        };
        // Four bits of the size beside the kind, then seven in each byte, the lowest first.
        let mut rest = object.bytes.len() as u64;
        let mut byte = kind << 4 | low_bits(rest, 4);
        rest >>= 4;
        while rest > 0 {
            head.push(byte | 0x80);
            byte = low_bits(rest, 7);
            rest >>= 7;
        }
        head.push(byte);
        let mut encoder = ZlibEncoder::new(head, Compression::fast());
        encoder.write_all(&object.bytes)?;
        let bytes = encoder.finish()?;
        self.put(&bytes)
    }

    /// Ends the pack.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.left > 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let sum = self.sum.finalize();
        self.out.write_all(&sum)?;
        Ok(self.out)
    }
}

fn low_bits(number: u64, bits: u32) -> u8 {
    u8::try_from(number & ((1 << bits) - 1)).unwrap_or_default()
}
