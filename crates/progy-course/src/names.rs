//! Names of files that every system can hold side by side.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use progy_core::RelPath;
use progy_core::path::{PathError, Unportable};
use progy_core::rules::is_private;

/// Why a name cannot be in a course.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no relative path inside the course.
    #[error(transparent)]
    Invalid(#[from] PathError),
    /// Some system that Progy supports cannot hold it.
    #[error("{path}: {reason}")]
    Unportable {
        /// The name.
        path: RelPath,
        /// What is wrong with it.
        reason: Unportable,
    },
    /// It is there twice.
    #[error("{0} is there twice")]
    Duplicate(RelPath),
    /// It is a file and a folder.
    #[error("{0} is a file and a folder at once")]
    FileAndFolder(String),
    /// Systems that do not tell upper from lower case, or that normalise Unicode, take it for the
    /// same as another.
    #[error("{path} is the same as {other} on systems that ignore case or normalise Unicode")]
    Collides {
        /// The name.
        path: RelPath,
        /// The file or folder that was there before.
        other: String,
    },
    /// Progy keeps it for the state of a device.
    #[error("{0} is kept for Progy itself")]
    Private(RelPath),
}

impl NameError {
    /// The name that it is about.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Invalid(
                PathError::Absolute(name)
                | PathError::Traversal(name)
                | PathError::Character(name)
                | PathError::TooLong(name),
            )
            | Self::FileAndFolder(name) => name.clone(),
            Self::Invalid(PathError::Empty) => String::new(),
            Self::Unportable { path, .. }
            | Self::Collides { path, .. }
            | Self::Duplicate(path)
            | Self::Private(path) => path.to_string(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

#[derive(Debug)]
struct Node {
    id: usize,
    spelling: Box<str>,
    kind: Kind,
}

/// The names seen so far, as a tree: its size is bounded by the length of all names together,
/// however deep a hostile package nests them.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// By the id of the folder (0 is the top) and the folded name in it.
    nodes: HashMap<(usize, String), Node>,
}

impl Names {
    /// Adds a file. Fails if its name is not fit for a course.
    pub(crate) fn add_file(&mut self, path: &RelPath) -> Result<(), NameError> {
        self.add(path, Kind::File)
    }

    /// Adds a folder that may be empty.
    pub(crate) fn add_folder(&mut self, path: &RelPath) -> Result<(), NameError> {
        self.add(path, Kind::Folder)
    }

    fn add(&mut self, path: &RelPath, kind: Kind) -> Result<(), NameError> {
        if path.parts().next().is_some_and(is_private) {
            return Err(NameError::Private(path.clone()));
        }
        if let Err(reason) = path.portable() {
            return Err(NameError::Unportable { path: path.clone(), reason });
        }
        let folded = path.folded();
        let mut folded = folded.split('/');
        let mut parts = path.parts().peekable();
        let mut parent = 0;
        let mut end = 0;
        while let (Some(part), Some(key)) = (parts.next(), folded.next()) {
            end += part.len();
            let kind = if parts.peek().is_some() { Kind::Folder } else { kind };
            let next_id = self.nodes.len() + 1;
            let node = match self.nodes.entry((parent, key.to_owned())) {
                Entry::Vacant(free) => {
                    free.insert(Node { id: next_id, spelling: part.into(), kind })
                }
                Entry::Occupied(there) => {
                    let there = there.into_mut();
                    let before = |end| path.as_str().get(..end).unwrap_or_default();
                    if *there.spelling != *part {
                        let folder = before(end - part.len());
                        let other = format!("{folder}{}", there.spelling);
                        return Err(NameError::Collides { path: path.clone(), other });
                    }
                    match (there.kind, kind) {
                        (Kind::Folder, Kind::Folder) => there,
                        (Kind::File, Kind::File) => {
                            return Err(NameError::Duplicate(path.clone()));
                        }
                        _ => return Err(NameError::FileAndFolder(before(end).to_owned())),
                    }
                }
            };
            parent = node.id;
            end += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_all(paths: &[&str]) -> Result<(), NameError> {
        let mut names = Names::default();
        paths.iter().try_for_each(|path| match path.strip_suffix('/') {
            Some(folder) => names.add_folder(&RelPath::new(folder).unwrap()),
            None => names.add_file(&RelPath::new(path).unwrap()),
        })
    }

    #[test]
    fn names_that_live_side_by_side() {
        add_all(&["a/b", "a/c", "b/a", "ab", "a/d/", "a/d/", "a/d/e", "é", "x/É", "y/a/b"])
            .unwrap();
    }

    #[test]
    fn names_that_do_not() {
        for (paths, expected) in [
            (&["a/b", "a/b"][..], "a/b is there twice"),
            (&["a", "a/b"], "a is a file and a folder at once"),
            (&["x/a/b", "x/a"], "x/a is a file and a folder at once"),
            (&["x/a/", "x/a"], "x/a is a file and a folder at once"),
            (&["x/README", "x/readme"], "x/readme is the same as x/README"),
            (&["Dir/a", "dir/b"], "dir/b is the same as Dir"),
            (&["ü", "u\u{308}"], "is the same as ü"),
            (&["a/aux.rs"], "a/aux.rs: the name is reserved on Windows"),
            (&["a/b?"], "Windows does not allow"),
            (&[".progy/x"], ".progy/x is kept for Progy itself"),
            (&[".PROGY/x"], ".PROGY/x is kept for Progy itself"),
            (&["progy.toml"], "progy.toml is kept for Progy itself"),
        ] {
            let error = add_all(paths).unwrap_err().to_string();
            assert!(error.contains(expected), "{paths:?}: {error}");
        }
    }
}
