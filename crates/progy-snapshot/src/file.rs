//! A file to blobs and back.

use std::io::{Read, Write};

use progy_core::ContentHash;

use crate::chunk::{Chunker, Sizes};
use crate::recipe::{Chunks, Item, RecipeBuilder};
use crate::{BlobId, BlobSink, BlobSource, Error, Kind, Result, blob};

/// A file's bytes, as blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Content {
    /// Names all of them.
    pub hash: ContentHash,
    /// How many.
    pub size: u64,
    /// How they are put together.
    pub recipe: Recipe,
}

/// How a file is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// From nothing, or from one chunk: its name is that of the content.
    Whole,
    /// From the chunks in this list of lists.
    Lists(BlobId),
}

impl Content {
    /// The content of a file without bytes.
    pub fn empty() -> Self {
        Self { hash: ContentHash::blake3(b""), size: 0, recipe: Recipe::Whole }
    }
}

/// Cuts one file after the other into blobs, with one buffer.
#[derive(Debug, Default)]
pub struct Splitter {
    chunker: Chunker,
}

impl Splitter {
    /// One without a buffer yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts what `reader` gives; `size` is how much that is thought to be, in bytes, and decides only
    /// how large chunks are. Blobs go to `sink`: chunks before the lists that name them.
    pub fn split(
        &mut self,
        reader: &mut dyn Read,
        size: u64,
        sink: &mut dyn BlobSink,
    ) -> Result<Content> {
        let mut recipe = RecipeBuilder::new();
        let mut whole = blake3::Hasher::new();
        // The first chunk may be the only one, whose hash is the content's: most files are hashed once.
        let mut first: Option<(BlobId, Vec<u8>)> = None;
        let mut count = 0_u64;
        let total = self.chunker.cut(reader, Sizes::of_file(size), |bytes| {
            let id = BlobId::of(bytes);
            if count == 0 {
                first = Some((id, bytes.to_vec()));
            } else {
                if let Some((_, bytes)) = first.take() {
                    whole.update(&bytes);
                }
                whole.update(bytes);
            }
            count += 1;
            sink.put(Kind::Chunk, id, bytes)?;
            recipe.push(Item { id, len: bytes.len() as u64 }, sink)
        })?;
        let hash = match first {
            Some((id, _)) => ContentHash::from_blake3((*id.as_bytes()).into()),
            None => ContentHash::from_blake3(whole.finalize()),
        };
        let recipe = match recipe.finish(sink)? {
            Some((top, false)) => Recipe::Lists(top.id),
            Some((_, true)) | None => Recipe::Whole,
        };
        Ok(Content { hash, size: total, recipe })
    }
}

/// The chunks of a content, in order.
pub fn chunks<'a, S: BlobSource + ?Sized>(
    source: &'a S,
    content: &Content,
) -> Box<dyn Iterator<Item = Result<Item>> + 'a> {
    match content.recipe {
        Recipe::Lists(top) => Box::new(Chunks::new(source, top, content.size)),
        Recipe::Whole if content.size == 0 => Box::new(std::iter::empty()),
        Recipe::Whole => {
            let id = BlobId::of_content(&content.hash);
            let item = id.map(|id| Item { id, len: content.size });
            Box::new(std::iter::once(item.ok_or(Error::WrongContent("it is named as Git does"))))
        }
    }
}

/// Writes the bytes of a content to `to`. Every chunk is checked before it is written, and the whole
/// at the end: on an error what was written is not the content.
pub fn join<S: BlobSource + ?Sized>(
    source: &S,
    content: &Content,
    to: &mut dyn Write,
) -> Result<()> {
    let mut whole = blake3::Hasher::new();
    let lists = matches!(content.recipe, Recipe::Lists(_));
    for item in chunks(source, content) {
        let item = item?;
        let bytes = blob::checked(source, &item.id)?;
        if bytes.len() as u64 != item.len {
            return Err(Error::WrongContent("a chunk has another length"));
        }
        // The hash of an only chunk is that of the whole, and is checked already.
        if lists {
            whole.update(&bytes);
        }
        to.write_all(&bytes)?;
    }
    let right = match content.recipe {
        Recipe::Lists(_) => ContentHash::from_blake3(whole.finalize()) == content.hash,
        Recipe::Whole => content.size > 0 || *content == Content::empty(),
    };
    if right { Ok(()) } else { Err(Error::WrongContent("they have another hash")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryBlobs;

    fn noise(len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn files_of_any_size_come_back() {
        let mut splitter = Splitter::new();
        for len in [0, 1, 70_000, 5 << 20] {
            let bytes = noise(len);
            let mut blobs = MemoryBlobs::default();
            let content = splitter.split(&mut &bytes[..], len as u64, &mut blobs).unwrap();
            assert_eq!(content.hash, ContentHash::blake3(&bytes));
            assert_eq!(content.size, len as u64);
            let mut back = Vec::new();
            join(&blobs, &content, &mut back).unwrap();
            assert!(back == bytes, "{len}");
        }
    }

    #[test]
    fn what_is_damaged_is_named() {
        let bytes = noise(1 << 20);
        let mut blobs = MemoryBlobs::default();
        let content = Splitter::new().split(&mut &bytes[..], 1 << 20, &mut blobs).unwrap();
        let ids: Vec<_> = blobs.blobs.keys().copied().collect();
        assert!(ids.len() > 5);
        for id in ids {
            let mut broken = blobs.clone();
            broken.blobs.get_mut(&id).unwrap().1[0] ^= 1;
            let error = join(&broken, &content, &mut Vec::new()).unwrap_err();
            assert!(matches!(error, Error::Damaged(at) if at == id));
            broken.blobs.remove(&id);
            let error = join(&broken, &content, &mut Vec::new()).unwrap_err();
            assert!(matches!(error, Error::Missing(at) if at == id));
        }
    }

    #[test]
    fn chunks_of_another_file_are_not_taken_for_this_one() {
        let (one, other) = (noise(1 << 20), noise((1 << 20) + 1));
        let mut blobs = MemoryBlobs::default();
        let mut splitter = Splitter::new();
        let first = splitter.split(&mut &one[..], 0, &mut blobs).unwrap();
        let second = splitter.split(&mut &other[1..], 0, &mut blobs).unwrap();
        assert_eq!(first.size, second.size);
        let mixed = Content { recipe: second.recipe, ..first };
        assert!(matches!(join(&blobs, &mixed, &mut Vec::new()), Err(Error::WrongContent(_))));
    }
}
