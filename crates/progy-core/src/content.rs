//! The identity of a file's bytes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::Digest;

use crate::git::{self, ObjectId};

/// Names the bytes of a file.
///
/// To the planner it is opaque: only equality counts. Each remote says how its ids are computed:
/// BLAKE3 (32 bytes) for Progy's own, the blob id (20 bytes) for Git. Shown and serialised as
/// lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash {
    len: u8,
    bytes: [u8; 32],
}

/// How the contents of a workspace are named: one way for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum HashKind {
    /// BLAKE3 of the bytes.
    #[default]
    Blake3,
    /// The id of Git's blob.
    GitBlob,
}

impl HashKind {
    /// The hash of `bytes`.
    pub fn hash(self, bytes: &[u8]) -> ContentHash {
        match self {
            Self::Blake3 => ContentHash::blake3(bytes),
            Self::GitBlob => ContentHash::git_blob(bytes),
        }
    }

    /// A hash to be computed in a stream of `size` bytes.
    pub fn hasher(self, size: u64) -> ContentHasher {
        match self {
            Self::Blake3 => ContentHasher::Blake3(Box::default()),
            Self::GitBlob => ContentHasher::GitBlob(git::blob_hasher(size)),
        }
    }
}

/// Computes a content's hash from its bytes, piece by piece.
#[derive(Debug, Clone)]
pub enum ContentHasher {
    /// BLAKE3.
    Blake3(Box<blake3::Hasher>),
    /// Git's id, of a content whose size was announced. Of any other size it is the id of nothing.
    GitBlob(sha1::Sha1),
}

impl ContentHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
            Self::GitBlob(hasher) => hasher.update(bytes),
        }
    }

    /// The hash of all bytes.
    pub fn finish(self) -> ContentHash {
        match self {
            Self::Blake3(hasher) => ContentHash::from_blake3(hasher.finalize()),
            Self::GitBlob(hasher) => ContentHash::from_raw(&hasher.finalize().into()),
        }
    }
}

/// The text is no content hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a content hash has 40 or 64 hexadecimal digits")]
pub struct HashError;

impl ContentHash {
    /// The BLAKE3 hash of `bytes`.
    pub fn blake3(bytes: &[u8]) -> Self {
        Self::from_blake3(blake3::hash(bytes))
    }

    /// A hash that was computed in a stream.
    pub fn from_blake3(hash: blake3::Hash) -> Self {
        Self { len: 32, bytes: *hash.as_bytes() }
    }

    /// The id that Git gives to a file with these bytes.
    pub fn git_blob(bytes: &[u8]) -> Self {
        Self::from_git(ObjectId::of(git::Kind::Blob, bytes))
    }

    /// An id of Git's.
    pub fn from_git(id: ObjectId) -> Self {
        Self::from_raw(id.as_bytes())
    }

    fn from_raw(raw: &[u8; 20]) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(raw) {
            *to = *from;
        }
        Self { len: 20, bytes }
    }

    /// How it was computed.
    pub fn kind(&self) -> HashKind {
        if self.len == 20 { HashKind::GitBlob } else { HashKind::Blake3 }
    }

    /// Whether it is the hash of `bytes`.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        self.kind().hash(bytes) == *self
    }

    /// A raw id of 20 or 32 bytes.
    pub fn from_bytes(raw: &[u8]) -> Result<Self, HashError> {
        let mut bytes = [0; 32];
        let len = match raw.len() {
            20 => 20,
            32 => 32,
            _ => return Err(HashError),
        };
        bytes.get_mut(..raw.len()).ok_or(HashError)?.copy_from_slice(raw);
        Ok(Self { len, bytes })
    }

    /// The raw id.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }

    /// The first eight hexadecimal digits, as conflict copies and messages show them.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl std::str::FromStr for ContentHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.len() > 64 {
            return Err(HashError);
        }
        let digits = text
            .bytes()
            .map(|digit| match digit {
                b'0'..=b'9' => Ok(digit - b'0'),
                b'a'..=b'f' => Ok(digit - b'a' + 10),
                _ => Err(HashError),
            })
            .collect::<Result<Vec<u8>, _>>()?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(HashError);
        }
        let raw: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        Self::from_bytes(&raw)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(self.as_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            let raw = <&[u8]>::deserialize(deserializer)?;
            Self::from_bytes(raw).map_err(serde::de::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let hash = ContentHash::blake3(b"hello");
        assert_eq!(hash.to_string().parse::<ContentHash>().unwrap(), hash);
        let git = ContentHash::from_bytes(&[7; 20]).unwrap();
        assert_eq!(git.to_string().len(), 40);
        assert_eq!(git.to_string().parse::<ContentHash>().unwrap(), git);
        assert_eq!(hash.short().len(), 8);
    }

    #[test]
    fn a_stream_has_the_hash_of_its_bytes() {
        for kind in [HashKind::Blake3, HashKind::GitBlob] {
            let mut hasher = kind.hasher(11);
            hasher.update(b"hello ");
            hasher.update(b"world");
            let hash = hasher.finish();
            assert_eq!(hash, kind.hash(b"hello world"));
            assert_eq!(hash.kind(), kind);
            assert!(hash.is_of(b"hello world") && !hash.is_of(b"hello"));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in ["", "abc", "zz", &"A".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            assert!(bad.parse::<ContentHash>().is_err());
        }
    }
}
