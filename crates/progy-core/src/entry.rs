//! What a path of a tree holds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{ContentHash, RelPath};

/// One path's content.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub enum Entry {
    /// A regular file.
    File(FileEntry),
    /// A symbolic link that stays inside the workspace.
    Symlink(LinkTarget),
}

/// A regular file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct FileEntry {
    /// Names the bytes.
    pub hash: ContentHash,
    /// How many bytes.
    pub size: u64,
    /// Whether its owner may run it.
    pub executable: bool,
}

impl Entry {
    /// A plain file with the BLAKE3 hash of `bytes`.
    pub fn file(bytes: &[u8]) -> Self {
        Self::File(FileEntry {
            hash: ContentHash::blake3(bytes),
            size: bytes.len() as u64,
            executable: false,
        })
    }

    /// The file, if it is one.
    pub fn as_file(&self) -> Option<&FileEntry> {
        match self {
            Self::File(file) => Some(file),
            Self::Symlink(_) => None,
        }
    }

    /// A hash of what the entry holds: of a file its content, of a link its target.
    pub fn identity(&self) -> ContentHash {
        match self {
            Self::File(file) => file.hash,
            Self::Symlink(target) => ContentHash::blake3(target.as_str().as_bytes()),
        }
    }
}

/// Where a symbolic link points: relative, and not out of the workspace.
///
/// Whether it stays inside depends on where the link is; [`LinkTarget::new`] checks both together.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct LinkTarget(String);

/// The link leads out of the workspace, or its target is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the link target {0:?} is absolute, leads out of the workspace, or is no valid path")]
pub struct LinkError(String);

impl LinkTarget {
    /// The target `text` of a link at `path`.
    pub fn new(path: &RelPath, text: &str) -> Result<Self, LinkError> {
        let target = Self::parse(text)?;
        if target.stays_inside(path) { Ok(target) } else { Err(LinkError(text.to_owned())) }
    }

    /// Whether the target, seen from `path`, stays inside the workspace and out of Progy's own
    /// folder.
    pub fn stays_inside(&self, path: &RelPath) -> bool {
        let mut at: Vec<&str> = path.parts().collect();
        at.pop();
        for part in self.0.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if at.pop().is_none() {
                        return false;
                    }
                }
                name => at.push(name),
            }
        }
        !at.first().is_some_and(|top| crate::rules::is_private(top))
    }

    fn parse(text: &str) -> Result<Self, LinkError> {
        let fails = text.is_empty()
            || text.len() > 1024
            || text.starts_with('/')
            || text.bytes().any(|b| b == b'\\' || b == b':' || b < 0x20 || b == 0x7f);
        if fails { Err(LinkError(text.chars().take(200).collect())) } else { Ok(Self(text.into())) }
    }

    /// The target as it stands in the link.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-> {}", self.0)
    }
}

impl<'de> Deserialize<'de> for LinkTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_inside() {
        let path = RelPath::new("a/b/link").unwrap();
        for good in ["c", "../c", "../../top", "./c", "c/../d"] {
            assert!(LinkTarget::new(&path, good).is_ok(), "{good}");
        }
        for bad in ["/etc", "../../../x", "", "..\\x", "C:x", "../../.progy/lock", "../../../etc"] {
            assert!(LinkTarget::new(&path, bad).is_err(), "{bad}");
        }
    }
}
