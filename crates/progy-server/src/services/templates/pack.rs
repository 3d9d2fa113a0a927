//! How the files of a course version are kept.
//!
//! A pack is an object: each different content once, in the order of the tree, in frames of
//! [`CHUNK`] bytes of content, each an ordinary Zstandard frame. Its index, kept in the database, is
//! the tree and the length of each frame; where a content begins follows from both.

use std::collections::HashMap;
use std::io::{self, Read, Seek, Write};
use std::ops::Range;

use progy_core::{ContentHash, Entry, RelPath, Tree};
use progy_course::{Package, PackageError};
use serde::{Deserialize, Serialize};

use crate::ports::database::codec;
use crate::ports::objects::ObjectKey;
use crate::ports::{PortError, Result};

/// How much content a frame holds, but for the last of a file, in bytes.
pub const CHUNK: usize = 1 << 20;
/// Templates are written once and read often.
const LEVEL: i32 = 9;

/// The tree of a course version, and where its contents are.
pub struct Template {
    key: ObjectKey,
    tree: Tree,
    places: HashMap<ContentHash, Place>,
    /// Where each frame begins, and where the last one ends.
    frames: Vec<u64>,
}

/// Where a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The content's size in bytes.
    pub size: u64,
    first: usize,
}

#[derive(Serialize, Deserialize)]
struct Index {
    tree: Tree,
    frames: Vec<u32>,
}

impl Place {
    /// In how many parts the content comes.
    pub fn chunks(&self) -> usize {
        usize::try_from(self.size.div_ceil(CHUNK as u64)).unwrap_or(usize::MAX)
    }
}

impl Template {
    /// Reads the index of the pack of `package`.
    pub fn decode(package: &ContentHash, index: &[u8]) -> Result<Self> {
        let Index { tree, frames } = codec::decode(index)?;
        let mut offset = 0;
        let mut offsets = vec![0];
        for length in frames {
            offset += u64::from(length);
            offsets.push(offset);
        }
        let mut places = HashMap::new();
        let mut next = 0;
        for (_, hash, size) in contents(&tree) {
            let place = Place { size, first: next };
            next += place.chunks();
            places.insert(hash, place);
        }
        if next + 1 != offsets.len() {
            return Err(PortError::Damaged("a template index does not fit its tree".to_owned()));
        }
        Ok(Self { key: key(package)?, tree, places, frames: offsets })
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The object that holds the contents.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// Where a content is, if some file of the template has it.
    pub fn place(&self, hash: &ContentHash) -> Option<Place> {
        self.places.get(hash).copied()
    }

    /// Where the `chunk`th frame of a content is in the object.
    pub fn frame(&self, hash: &ContentHash, chunk: usize) -> Option<Range<u64>> {
        let place = self.places.get(hash).filter(|place| chunk < place.chunks())?;
        let at = place.first + chunk;
        Some(*self.frames.get(at)?..*self.frames.get(at + 1)?)
    }

    /// About how much memory this takes, in bytes.
    pub fn weight(&self) -> usize {
        let of_path = |path: &RelPath| path.as_str().len() + 200;
        self.tree.iter().map(|(path, _)| of_path(path)).sum::<usize>() + 256
    }
}

/// The object that holds the contents of a package.
pub fn key(package: &ContentHash) -> Result<ObjectKey> {
    ObjectKey::new(format!("templates/{package}.pack"))
        .map_err(|error| PortError::Failed(error.to_string()))
}

/// Where the contents of a pack come from.
pub trait Source {
    /// Why a file cannot be read.
    type Error: From<io::Error>;

    /// The content of a file from its beginning.
    fn open(&mut self, path: &RelPath) -> Result<Box<dyn Read + '_>, Self::Error>;
}

impl<R: Read + Seek> Source for Package<R> {
    type Error = PackageError;

    fn open(&mut self, path: &RelPath) -> Result<Box<dyn Read + '_>, PackageError> {
        Ok(Box::new(self.reader(path)?))
    }
}

/// Writes the pack of `tree` to `pack`, reading each content once; gives the index.
pub fn write<S: Source>(
    tree: Tree,
    source: &mut S,
    pack: &mut impl Write,
) -> Result<Vec<u8>, S::Error> {
    let mut frames = Vec::new();
    let mut chunk = Vec::with_capacity(CHUNK);
    for (path, hash, size) in contents(&tree) {
        let mut content = source.open(path)?;
        let mut read = 0;
        let mut hasher = blake3::Hasher::new();
        while read < size {
            chunk.clear();
            content.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
            if chunk.is_empty() {
                break;
            }
            read += chunk.len() as u64;
            hasher.update(&chunk);
            let frame = zstd::bulk::compress(&chunk, LEVEL)?;
            pack.write_all(&frame)?;
            frames.push(u32::try_from(frame.len()).map_err(io::Error::other)?);
        }
        if ContentHash::from_blake3(hasher.finalize()) != hash {
            return Err(io::Error::other(format!("{path} changed while it was read")).into());
        }
    }
    Ok(codec::encode(&Index { tree, frames }).map_err(io::Error::other)?)
}

/// Reads one frame.
pub fn unpack(frame: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::decompress(frame, CHUNK)
}

/// Each different content of a tree once, in the order of the tree, with a file that has it.
fn contents(tree: &Tree) -> impl Iterator<Item = (&RelPath, ContentHash, u64)> {
    let mut seen = std::collections::HashSet::new();
    tree.iter().filter_map(move |(path, entry)| match entry {
        Entry::File(file) if seen.insert(file.hash) => Some((path, file.hash, file.size)),
        Entry::File(_) | Entry::Symlink(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Files<'a>(&'a [(&'a str, &'a [u8])]);

    impl Source for Files<'_> {
        type Error = io::Error;

        fn open(&mut self, path: &RelPath) -> io::Result<Box<dyn Read + '_>> {
            let file = self.0.iter().find(|(name, _)| *name == path.as_str());
            Ok(Box::new(file.map(|(_, bytes)| *bytes).unwrap()))
        }
    }

    #[test]
    fn each_content_is_found_again() {
        let large = b"0123456789".repeat(CHUNK / 4);
        let files: [(&str, &[u8]); 5] =
            [("a", b"one"), ("b", b""), ("c/d", &large), ("c/e", b"one"), ("f", b"two")];
        let path = |text| RelPath::new(text).unwrap();
        let entries = files.iter().map(|(name, bytes)| (path(name), Entry::file(bytes)));
        let tree = Tree::from_entries(entries).unwrap();
        let mut pack = Vec::new();
        let index = write(tree.clone(), &mut Files(&files), &mut pack).unwrap();
        let template = Template::decode(&ContentHash::blake3(b"package"), &index).unwrap();
        assert_eq!(*template.tree(), tree);
        for (_, bytes) in files {
            let hash = ContentHash::blake3(bytes);
            let place = template.place(&hash).unwrap();
            assert_eq!(place.size, bytes.len() as u64);
            let content: Vec<u8> = (0..place.chunks())
                .flat_map(|chunk| {
                    let range = template.frame(&hash, chunk).unwrap();
                    let at = |offset| usize::try_from(offset).unwrap();
                    unpack(&pack[at(range.start)..at(range.end)]).unwrap()
                })
                .collect();
            assert!(content == bytes);
            assert!(template.frame(&hash, place.chunks()).is_none());
        }
        assert!(template.place(&ContentHash::blake3(b"other")).is_none());
    }
}
