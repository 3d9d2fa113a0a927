//! The names of conflict copies.
//!
//! A copy is called `<file name>.conflict-<device name>-<first 8 of its hash>`: the suffix comes
//! last, so that no compiler or test runner picks it up, and the name depends on content, so that
//! every device derives the same one.

use crate::path::MAX_NAME;
use crate::{ContentHash, DeviceName, RelPath};

const MARK: &str = ".conflict-";

/// A conflict copy's name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictName {
    /// The file that it is a copy of.
    pub original: RelPath,
    /// The device whose version it is.
    pub device: String,
    /// The first digits of the hash that its content had.
    pub digits: String,
}

impl ConflictName {
    /// Takes the path of a conflict copy apart; `None` if `path` is an ordinary one.
    pub fn parse(path: &RelPath) -> Option<Self> {
        let (original, device, digits) = split(path.name())?;
        Some(Self {
            original: path.with_name(original).ok()?,
            device: device.to_owned(),
            digits: digits.to_owned(),
        })
    }
}

/// The file name of which `name` is a conflict copy, or `None` if it is none.
pub fn original_name(name: &str) -> Option<&str> {
    split(name).map(|(original, _, _)| original)
}

fn split(name: &str) -> Option<(&str, &str, &str)> {
    let (original, suffix) = name.rsplit_once(MARK)?;
    let (device, digits) = suffix.rsplit_once('-')?;
    let hex = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let valid = hex && (8..=64).contains(&digits.len());
    (valid && !original.is_empty() && !device.is_empty()).then_some((original, device, digits))
}

/// The path for `device`'s version of `path`, whose content is `hash`.
///
/// `is_free` says whether a path may be used. More digits of the hash are taken until one is free:
/// a copy that the learner has edited keeps its name, and its bytes.
pub fn copy_path(
    path: &RelPath,
    device: &DeviceName,
    hash: &ContentHash,
    is_free: impl Fn(&RelPath) -> bool,
) -> RelPath {
    let digits = hash.to_string();
    let mut fallback = path.clone();
    for take in (8..=digits.len()).step_by(4) {
        let suffix = format!("{MARK}{device}-{}", digits.get(..take).unwrap_or(&digits));
        let stem = shorten(path.name(), MAX_NAME.saturating_sub(suffix.len()));
        // The whole path may be too long although its name is not: the copy then goes to the top.
        let Ok(copy) = path
            .with_name(&format!("{stem}{suffix}"))
            .or_else(|_| RelPath::new(&format!("{stem}{suffix}")))
        else {
            continue;
        };
        if is_free(&copy) {
            return copy;
        }
        fallback = copy;
    }
    // All 64 digits are taken: then the content under that name has this very hash, or somebody
    // filled every name by hand.
    fallback
}

fn shorten(name: &str, bytes: usize) -> &str {
    let mut end = name.len().min(bytes);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    #[test]
    fn a_name_and_back() {
        let device = DeviceName::new("laptop-2").unwrap();
        let hash = ContentHash::blake3(b"x");
        let copy = copy_path(&path("a/exercise.rs"), &device, &hash, |_| true);
        assert_eq!(copy.as_str(), format!("a/exercise.rs.conflict-laptop-2-{}", hash.short()));
        let name = ConflictName::parse(&copy).unwrap();
        assert_eq!(name.original, path("a/exercise.rs"));
        assert_eq!((name.device.as_str(), name.digits), ("laptop-2", hash.short()));
    }

    #[test]
    fn ordinary_names_are_no_copies() {
        for name in
            ["a.rs", "a.conflict", "a.conflict-x", "a.conflict-x-123", ".conflict-x-12345678"]
        {
            assert_eq!(ConflictName::parse(&path(name)), None, "{name}");
        }
    }

    #[test]
    fn a_taken_name_gets_more_digits_and_a_long_one_is_cut() {
        let device = DeviceName::new("d").unwrap();
        let hash = ContentHash::blake3(b"x");
        let first = copy_path(&path("f"), &device, &hash, |_| true);
        let second = copy_path(&path("f"), &device, &hash, |copy| *copy != first);
        assert!(second.as_str().len() > first.as_str().len());
        let long = path(&"é".repeat(127));
        let copy = copy_path(&long, &device, &hash, |_| true);
        assert!(copy.name().len() <= 255 && ConflictName::parse(&copy).is_some());
    }
}
