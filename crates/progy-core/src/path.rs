//! Paths inside a workspace.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

/// The longest path that any supported system holds below a workspace, in bytes.
const MAX_PATH: usize = 3072;
/// The longest name of one file on the file systems of Linux, macOS and Windows, in bytes.
pub(crate) const MAX_NAME: usize = 255;

/// Names that Windows keeps for devices, with or without an extension.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A path relative to the workspace root that cannot lead out of it.
///
/// Parts are separated by `/`; no part is empty, `.`, `..`, longer than 255 bytes, or holds a
/// backslash or a control character. Ordered by its bytes, so that a tree has one order on every
/// device.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RelPath(Arc<str>);

/// Why a text is no [`RelPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The empty path names the workspace itself.
    #[error("the path is empty")]
    Empty,
    /// A leading `/`, or a drive letter.
    #[error("{0:?} is absolute")]
    Absolute(String),
    /// `.`, `..` or two separators in a row.
    #[error("{0:?} holds an empty part, `.` or `..`")]
    Traversal(String),
    /// A backslash (a separator on Windows), NUL, or another control character.
    #[error("{0:?} holds a backslash or a control character")]
    Character(String),
    /// A part over 255 bytes, or the whole over 3,072.
    #[error("{0:?} is too long")]
    TooLong(String),
}

/// Why a valid path cannot exist on every system that Progy supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unportable {
    /// `CON`, `NUL`, `COM1`, … with or without an extension.
    #[error("the name is reserved on Windows")]
    Reserved,
    /// One of `< > : " | ? *`.
    #[error("the name holds a character that Windows does not allow")]
    Character,
    /// Windows drops dots and blanks at the end of a name.
    #[error("the name ends with a dot or a blank")]
    Ending,
}

impl RelPath {
    /// Checks `text` and makes it a path.
    pub fn new(text: &str) -> Result<Self, PathError> {
        Self::check(text)?;
        Ok(Self(text.into()))
    }

    fn check(text: &str) -> Result<(), PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        let lossy = || text.chars().take(200).collect::<String>();
        if text.len() > MAX_PATH {
            return Err(PathError::TooLong(lossy()));
        }
        if text.starts_with('/') {
            return Err(PathError::Absolute(lossy()));
        }
        if text.bytes().any(|b| b == b'\\' || b < 0x20 || b == 0x7f) {
            return Err(PathError::Character(lossy()));
        }
        // By bytes: this runs for every path of every tree that is read.
        for part in text.as_bytes().split(|byte| *byte == b'/') {
            match part {
                b"" | b"." | b".." => return Err(PathError::Traversal(lossy())),
                _ if part.len() > MAX_NAME => return Err(PathError::TooLong(lossy())),
                _ => {}
            }
        }
        let drive = text.as_bytes();
        if let [letter, b':', b'/', ..] = drive
            && letter.is_ascii_alphabetic()
        {
            return Err(PathError::Absolute(lossy()));
        }
        Ok(())
    }

    /// The path as text, parts separated by `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The folder that holds this path, or `None` at the top.
    pub fn parent(&self) -> Option<RelPath> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    /// The parts, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Every folder above this path, outermost first, as text.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }

    /// This path with another last part.
    pub fn with_name(&self, name: &str) -> Result<Self, PathError> {
        match self.0.rsplit_once('/') {
            Some((parent, _)) => Self::new(&format!("{parent}/{name}")),
            None => Self::new(name),
        }
    }

    /// A path below this one.
    pub fn join(&self, below: &str) -> Result<Self, PathError> {
        Self::new(&format!("{}/{below}", self.0))
    }

    /// Whether `self` is `folder` or lies below it.
    pub fn is_within(&self, folder: &str) -> bool {
        self.0.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether Linux, macOS and Windows can all hold this path.
    ///
    /// Source: "Naming Files, Paths, and Namespaces" in the Windows documentation.
    pub fn portable(&self) -> Result<(), Unportable> {
        for part in self.parts() {
            let stem = part.split('.').next().unwrap_or(part).trim_end();
            if RESERVED.iter().any(|reserved| stem.eq_ignore_ascii_case(reserved)) {
                return Err(Unportable::Reserved);
            }
            if part.contains(['<', '>', ':', '"', '|', '?', '*']) {
                return Err(Unportable::Character);
            }
            if part.ends_with(['.', ' ']) {
                return Err(Unportable::Ending);
            }
        }
        Ok(())
    }

    /// A form that is equal for paths which a file system without case, or with another Unicode
    /// normal form, takes for the same.
    pub fn folded(&self) -> String {
        use unicode_normalization::UnicodeNormalization;
        if self.0.is_ascii() {
            return self.0.to_ascii_lowercase();
        }
        self.0.nfc().flat_map(char::to_lowercase).nfc().collect()
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Borrow<str> for RelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for RelPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for RelPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a/.",
            "a\\b",
            "a\0b",
            "a\nb",
            "C:/x",
        ] {
            assert!(RelPath::new(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(RelPath::new(&"x".repeat(256)).is_err());
        assert!(RelPath::new(&"x/".repeat(2000)).is_err());
    }

    #[test]
    fn names_in_any_script_are_welcome() {
        for good in ["lição/exercício.rs", "練習/問題.py", "a b/c", "..a", "...", "a:b"] {
            assert_eq!(RelPath::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn parts() {
        let path = RelPath::new("a/b/c.rs").unwrap();
        assert_eq!(path.name(), "c.rs");
        assert_eq!(path.parent().unwrap().as_str(), "a/b");
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["a", "a/b"]);
        assert!(path.is_within("a/b") && path.is_within("a/b/c.rs") && !path.is_within("a/b/c"));
    }

    #[test]
    fn what_windows_cannot_hold() {
        let portable = |text: &str| RelPath::new(text).unwrap().portable();
        assert_eq!(portable("a/NUL.txt"), Err(Unportable::Reserved));
        assert_eq!(portable("con"), Err(Unportable::Reserved));
        assert_eq!(portable("a?"), Err(Unportable::Character));
        assert_eq!(portable("a./b"), Err(Unportable::Ending));
        assert_eq!(portable("console.rs"), Ok(()));
    }

    #[test]
    fn folding_ignores_case_and_normal_form() {
        let folded = |text: &str| RelPath::new(text).unwrap().folded();
        assert_eq!(folded("É.txt"), folded("e\u{301}.TXT"));
        assert_ne!(folded("a"), folded("b"));
    }
}
