//! Objects and their ids.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

use crate::{ContentHash, RevisionId};

/// The id of an object: SHA-1 of its kind, its size and its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

/// The text or the hash is no id of a Git object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id of Git has 40 hexadecimal digits")]
pub struct ObjectIdError;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file's bytes, or where a link points.
    Blob,
    /// A folder.
    Tree,
    /// A state with its history.
    Commit,
}

/// An object whose bytes are at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: ObjectId,
    /// What it is.
    pub kind: Kind,
    /// Its bytes, without Git's header.
    pub bytes: Vec<u8>,
}

impl Kind {
    /// The word for it in Git's headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
        }
    }
}

impl Object {
    /// The object of these bytes.
    pub fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        Self { id: ObjectId::of(kind, &bytes), kind, bytes }
    }
}

impl ObjectId {
    /// The id of an object with these bytes.
    pub fn of(kind: Kind, bytes: &[u8]) -> Self {
        let mut hasher = hasher(kind, bytes.len() as u64);
        hasher.update(bytes);
        Self(hasher.finalize().into())
    }

    /// An id from its 20 bytes.
    pub const fn from_bytes(raw: [u8; 20]) -> Self {
        Self(raw)
    }

    /// Its 20 bytes.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The id as revisions are named: 40 hexadecimal digits.
    pub fn revision(&self) -> RevisionId {
        RevisionId::from_git(self)
    }
}

/// Computes the id of a blob of `size` bytes from its bytes.
pub(crate) fn blob_hasher(size: u64) -> Sha1 {
    hasher(Kind::Blob, size)
}

/// SHA-1, fed with what comes before the bytes of an object of `size` bytes.
fn hasher(kind: Kind, size: u64) -> Sha1 {
    let mut hasher = Sha1::new();
    hasher.update(format!("{} {size}\0", kind.as_str()));
    hasher
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<Self, ObjectIdError> {
        let hash: ContentHash = text.parse().map_err(|_| ObjectIdError)?;
        Self::try_from(&hash)
    }
}

impl TryFrom<&ContentHash> for ObjectId {
    type Error = ObjectIdError;

    fn try_from(hash: &ContentHash) -> Result<Self, ObjectIdError> {
        hash.as_bytes().try_into().map(Self).map_err(|_| ObjectIdError)
    }
}

impl TryFrom<&RevisionId> for ObjectId {
    type Error = ObjectIdError;

    fn try_from(id: &RevisionId) -> Result<Self, ObjectIdError> {
        id.as_str().parse()
    }
}

impl From<ObjectId> for ContentHash {
    fn from(id: ObjectId) -> Self {
        Self::from_git(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        let empty_blob = ObjectId::of(Kind::Blob, b"");
        assert_eq!(empty_blob.to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        let empty_tree = ObjectId::of(Kind::Tree, b"");
        assert_eq!(empty_tree.to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        // printf 'hello\n' | git hash-object --stdin
        let hello = ObjectId::of(Kind::Blob, b"hello\n");
        assert_eq!(hello.to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(ContentHash::git_blob(b"hello\n"), hello.into());
    }

    #[test]
    fn text_and_back() {
        let id = ObjectId::of(Kind::Blob, b"x");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(ObjectId::try_from(&id.revision()), Ok(id));
        assert!("abc".parse::<ObjectId>().is_err());
        assert!("a".repeat(64).parse::<ObjectId>().is_err());
    }
}
