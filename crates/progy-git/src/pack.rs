//! Writes packs (`gitformat-pack`): many objects in one file, each compressed on its own.
//!
//! Compressing takes most of the time, so that every processor has a part in it.

use std::io::{self, Write};
use std::thread;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use progy_core::git::{Kind, Object};
use sha1::{Digest, Sha1};

/// Objects that are compressed at a time: so many bytes of them, or one that is larger.
const BATCH: usize = 4 << 20;
/// The most threads that compress.
const THREADS: usize = 8;

/// Writes a pack of `count` objects, then its checksum.
pub(crate) struct PackWriter<W> {
    out: W,
    level: Compression,
    sum: Sha1,
    left: u32,
    batch: Vec<Object>,
    batched: usize,
}

impl<W: Write> PackWriter<W> {
    /// Begins a pack.
    pub(crate) fn new(out: W, count: u32, level: Compression) -> io::Result<Self> {
        let sum = Sha1::new();
        let mut pack = Self { out, level, sum, left: count, batch: Vec::new(), batched: 0 };
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
    pub(crate) fn add(&mut self, object: Object) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::InvalidInput)?;
        self.batched += object.bytes.len();
        self.batch.push(object);
        if self.batched >= BATCH { self.write_batch() } else { Ok(()) }
    }

    fn write_batch(&mut self) -> io::Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.batched = 0;
        for entries in compressed(&batch, self.level) {
            self.put(&entries?)?;
        }
        Ok(())
    }

    /// Ends the pack.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.left > 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.write_batch()?;
        let sum = self.sum.finalize();
        self.out.write_all(&sum)?;
        Ok(self.out)
    }
}

/// The entries of `objects`, in their order, in a few pieces.
fn compressed(objects: &[Object], level: Compression) -> Vec<io::Result<Vec<u8>>> {
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(THREADS);
    let each = objects.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let mut parts = objects.chunks(each);
        // This thread has a part too, and mostly there is no other.
        let first = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|part| scope.spawn(move || entries(part, level))).collect();
        let first = entries(first, level);
        let fell = || Err(io::Error::other("a thread that compressed has fallen"));
        let others = others.into_iter().map(|part| part.join().unwrap_or_else(|_| fell()));
        std::iter::once(first).chain(others).collect()
    })
}

fn entries(objects: &[Object], level: Compression) -> io::Result<Vec<u8>> {
    let mut entries = Vec::new();
    for object in objects {
        head(object, &mut entries);
        let mut encoder = ZlibEncoder::new(entries, level);
        encoder.write_all(&object.bytes)?;
        entries = encoder.finish()?;
    }
    Ok(entries)
}

/// Four bits of the size beside the kind, then seven in each byte, the lowest first.
fn head(object: &Object, out: &mut Vec<u8>) {
    let kind: u8 = match object.kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
    };
    let mut rest = object.bytes.len() as u64;
    let mut byte = kind << 4 | low_bits(rest, 4);
    rest >>= 4;
    while rest > 0 {
        out.push(byte | 0x80);
        byte = low_bits(rest, 7);
        rest >>= 7;
    }
    out.push(byte);
}

fn low_bits(number: u64, bits: u32) -> u8 {
    u8::try_from(number & ((1 << bits) - 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As one thread writes it, whatever the number of those that compress.
    #[test]
    fn objects_stay_in_their_order() {
        let objects: Vec<Object> =
            (0..50_u8).map(|n| Object::new(Kind::Blob, vec![n; usize::from(n) * 9])).collect();
        let level = Compression::fast();
        let pieces = compressed(&objects, level).into_iter().map(io::Result::unwrap);
        assert_eq!(pieces.collect::<Vec<_>>().concat(), entries(&objects, level).unwrap());
        assert!(compressed(&[], level).into_iter().all(|piece| piece.unwrap().is_empty()));
    }

    #[test]
    fn a_pack_has_as_many_objects_as_it_says() {
        let object = || Object::new(Kind::Blob, b"one".to_vec());
        let begin = |count| PackWriter::new(Vec::new(), count, Compression::fast()).unwrap();
        assert!(begin(1).finish().is_err());
        assert!(begin(0).add(object()).is_err());
        let mut pack = begin(1);
        pack.add(object()).unwrap();
        let pack = pack.finish().unwrap();
        assert_eq!(pack[..13], *b"PACK\0\0\0\x02\0\0\0\x01\x33");
    }
}
