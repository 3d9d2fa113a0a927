//! A file is cut where its content says so.
//!
//! A byte put into the middle of a file moves all that follows, but not the places where it is cut:
//! those depend on the bytes just before them. So only the chunk around an edit is new.
//!
//! Source: Wen Xia and others, "The Design of Fast Content-Defined Chunking for Data Deduplication
//! Based Storage Systems", IEEE Transactions on Parallel and Distributed Systems 31 (9), 2020.

use std::io::{self, Read};

use fastcdc::v2020::{self, Normalization};

use crate::Result;
use crate::blob::MAX_BLOB;

/// How large chunks are, in bytes.
///
/// Two devices that cut differently still understand each other; they only share less. Vectors in
/// `docs/formats.md` keep the cuts the same from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// No chunk is smaller, but the last of a file.
    pub min: usize,
    /// What most chunks are near to.
    pub average: usize,
    /// No chunk is larger.
    pub max: usize,
}

/// From this size on a file is cut into larger chunks, in bytes.
///
/// Ten gigabytes are then ten thousand chunks, not a hundred and sixty thousand, and each of them
/// has to be asked for, noted and counted by the server. The price is that a file which grows past
/// this size is sent whole once.
pub const LARGE_FILE: u64 = 128 << 20;

impl Sizes {
    /// For files below [`LARGE_FILE`]. Nearly every source file is one chunk; an edit in a file of
    /// some megabytes sends about one average chunk, and at most two of the largest.
    pub const SMALL: Self = Self { min: 16 << 10, average: 64 << 10, max: 192 << 10 };
    /// For files from [`LARGE_FILE`] on.
    pub const LARGE: Self = Self { min: 256 << 10, average: 1 << 20, max: MAX_BLOB };

    /// Those for a file of `size` bytes.
    pub const fn of_file(size: u64) -> Self {
        if size < LARGE_FILE { Self::SMALL } else { Self::LARGE }
    }

    /// The length of the first chunk of `bytes`, which hold [`Sizes::max`] bytes or all that is left.
    fn cut(self, bytes: &[u8]) -> usize {
        let (strict, relaxed) = v2020::select_masks(self.average, Normalization::Level2);
        let (min, max) = (self.min, self.max);
        let cut =
            v2020::cut(bytes, min, self.average, max, strict, relaxed, strict << 1, relaxed << 1);
        cut.1
    }
}

/// Cuts files, one after the other, with one buffer of at most twice [`Sizes::max`] bytes.
#[derive(Debug, Default)]
pub struct Chunker {
    buffer: Vec<u8>,
}

impl Chunker {
    /// One without a buffer yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `reader` to its end and gives each chunk to `take`, in order. An empty file has none.
    ///
    /// The result is how many bytes there were.
    pub fn cut(
        &mut self,
        reader: &mut dyn Read,
        sizes: Sizes,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<u64> {
        // Room for two chunks, so that what is left of one is moved to the front every other time.
        let room = sizes.max * 2;
        let mut total = 0_u64;
        let (mut start, mut end, mut over) = (0, 0, false);
        loop {
            if !over && end - start < sizes.max {
                self.buffer.copy_within(start..end, 0);
                (start, end) = (0, end - start);
                (end, over) = self.fill(reader, end, room)?;
            }
            if start == end {
                return Ok(total);
            }
            let ahead = self.buffer.get(start..end).unwrap_or_default();
            let cut = sizes.cut(ahead.get(..sizes.max).unwrap_or(ahead));
            take(ahead.get(..cut).unwrap_or(ahead))?;
            start += cut;
            total += cut as u64;
        }
    }

    /// Reads behind `end`, until there are `room` bytes or the reader is at its end.
    fn fill(
        &mut self,
        reader: &mut dyn Read,
        mut end: usize,
        room: usize,
    ) -> io::Result<(usize, bool)> {
        // Small files do not pay for the room of large ones.
        while end < room {
            if self.buffer.len() == end || self.buffer.len() < room.min(32 << 10) {
                let larger = (self.buffer.len() * 2).clamp(32 << 10, room.max(32 << 10));
                self.buffer.resize(larger.max(end), 0);
            }
            let limit = self.buffer.len().min(room);
            match reader.read(self.buffer.get_mut(end..limit).unwrap_or_default()) {
                Ok(0) => return Ok((end, true)),
                Ok(read) => end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok((end, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes without pattern, the same each time.
    fn noise(seed: &str, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().update(seed.as_bytes()).finalize_xof().fill(&mut bytes);
        bytes
    }

    fn cut(mut bytes: &[u8], sizes: Sizes) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        let take = |chunk: &[u8]| {
            chunks.push(chunk.to_vec());
            Ok(())
        };
        let total = Chunker::new().cut(&mut bytes, sizes, take).unwrap();
        assert_eq!(total, chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>());
        chunks
    }

    /// Gives few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1 * 7 % 4099 + 1;
            let len = to.len().min(self.1);
            self.0.read(&mut to[..len])
        }
    }

    #[test]
    fn chunks_make_up_the_file_and_keep_to_their_sizes() {
        let sizes = Sizes::SMALL;
        for len in [0, 1, 100, sizes.min, sizes.min + 1, sizes.max, sizes.max * 2 + 1, 3_000_000] {
            let bytes = noise("a", len);
            let chunks = cut(&bytes, sizes);
            assert_eq!(chunks.concat(), bytes);
            for (n, chunk) in chunks.iter().enumerate() {
                assert!(chunk.len() <= sizes.max);
                assert!(chunk.len() >= sizes.min || n + 1 == chunks.len(), "{}", chunk.len());
            }
        }
        assert_eq!(cut(&noise("a", sizes.min), sizes).len(), 1);
    }

    #[test]
    fn how_the_bytes_arrive_does_not_matter() {
        let bytes = noise("b", 2_000_000);
        let mut chunks = Vec::new();
        let take = |chunk: &[u8]| {
            chunks.push(chunk.to_vec());
            Ok(())
        };
        Chunker::new().cut(&mut Slow(&bytes, 1), Sizes::SMALL, take).unwrap();
        assert_eq!(chunks, cut(&bytes, Sizes::SMALL));
    }

    #[test]
    fn an_insert_makes_few_chunks_new() {
        let before = noise("c", 10 << 20);
        let mut after = before.clone();
        after.splice(5_000_000..5_000_000, *b"one line more\n");
        let known: std::collections::HashSet<_> = cut(&before, Sizes::SMALL).into_iter().collect();
        let new: Vec<_> =
            cut(&after, Sizes::SMALL).into_iter().filter(|chunk| !known.contains(chunk)).collect();
        assert!(new.len() <= 2, "{}", new.len());
        assert!(new.concat().len() < 200_000);
    }

    #[test]
    fn bytes_that_are_all_the_same_are_cut_at_the_largest_size() {
        let chunks = cut(&vec![0; 1 << 20], Sizes::SMALL);
        assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() == Sizes::SMALL.max));
    }

    #[test]
    fn chunks_are_near_to_their_average() {
        let chunks = cut(&noise("d", 32 << 20), Sizes::SMALL);
        let average = (32 << 20) / chunks.len();
        assert!((48 << 10..96 << 10).contains(&average), "{average}");
    }
}
