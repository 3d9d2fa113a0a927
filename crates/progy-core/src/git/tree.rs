//! Folders as Git keeps them.

use std::collections::BTreeMap;

use super::{Kind, Object, ObjectId};
use crate::{ContentHash, Entry, RelPath, Tree, rules};

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A regular file.
    File,
    /// A file that its owner may run.
    Executable,
    /// A symbolic link; its blob holds the target.
    Symlink,
    /// A folder.
    Folder,
    /// A commit of another repository.
    Submodule,
}

/// One entry of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeEntry<'a> {
    /// What it is.
    pub mode: Mode,
    /// Its name, as bytes: Git asks for no encoding.
    pub name: &'a [u8],
    /// What it holds.
    pub id: ObjectId,
}

/// The bytes are no tree object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the folder cannot be read: {0}")]
pub struct TreeFormatError(&'static str);

/// A path that Git does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPath {
    /// A part of it is Git's own folder, or would be on some file system.
    #[error("{0} cannot be kept in Git: it names Git's own folder")]
    DotGit(RelPath),
    /// Its content is not named by Git's id.
    #[error("the content of {0} has no id of Git")]
    ForeignHash(RelPath),
}

/// A tree in Git's objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The topmost folder.
    pub root: ObjectId,
    /// Every folder, and the blob of every link: all that is not a file's content.
    pub objects: BTreeMap<ObjectId, Object>,
}

impl Mode {
    /// The digits that stand for it in a tree object.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Folder => "40000",
            Self::Submodule => "160000",
        }
    }

    fn parse(digits: &[u8]) -> Option<Self> {
        let mode = std::str::from_utf8(digits).ok()?;
        let mode = u32::from_str_radix(mode, 8).ok()?;
        match mode & 0o170_000 {
            // Old programs wrote other permissions as well; only the owner's right to run counts.
            0o100_000 if mode & 0o100 == 0 => Some(Self::File),
            0o100_000 => Some(Self::Executable),
            0o120_000 => Some(Self::Symlink),
            0o040_000 => Some(Self::Folder),
            0o160_000 => Some(Self::Submodule),
            _ => None,
        }
    }
}

/// Builds the objects of `tree`, whose contents must be named by Git's ids.
pub fn build(tree: &Tree) -> Result<Built, UnfitPath> {
    let mut objects = BTreeMap::new();
    // Folders that are being filled, the innermost last, each with its path.
    let mut open: Vec<(&str, Vec<u8>)> = vec![("", Vec::new())];
    // Git orders the entries of a folder as if folders' names ended in `/`, which is the order of
    // whole paths.
    for (path, entry) in tree {
        let text = path.as_str();
        while let Some((folder, _)) = open.last().filter(|(folder, _)| !is_in(text, folder)) {
            let name = folder.rsplit_once('/').map_or(*folder, |(_, name)| name);
            close(&mut open, name, &mut objects);
        }
        let innermost = open.last().map_or("", |(folder, _)| folder);
        let below = if innermost.is_empty() { 0 } else { innermost.len() + 1 };
        for (at, _) in text.match_indices('/').filter(|(at, _)| *at >= below) {
            open.push((text.get(..at).unwrap_or_default(), Vec::new()));
        }
        if path.parts().any(rules::is_dot_git) {
            return Err(UnfitPath::DotGit(path.clone()));
        }
        let (mode, id) = match entry {
            Entry::File(file) => {
                let id = ObjectId::try_from(&file.hash)
                    .map_err(|_| UnfitPath::ForeignHash(path.clone()))?;
                (if file.executable { Mode::Executable } else { Mode::File }, id)
            }
            Entry::Symlink(target) => {
                let object = Object::new(Kind::Blob, target.as_str().as_bytes().to_vec());
                let id = object.id;
                objects.insert(id, object);
                (Mode::Symlink, id)
            }
        };
        let name = text.rsplit_once('/').map_or(text, |(_, name)| name);
        if let Some((_, bytes)) = open.last_mut() {
            append(bytes, mode, name, id);
        }
    }
    while open.len() > 1 {
        let folder = open.last().map_or("", |(folder, _)| folder);
        let name = folder.rsplit_once('/').map_or(folder, |(_, name)| name);
        close(&mut open, name, &mut objects);
    }
    let (_, bytes) = open.pop().unwrap_or_default();
    let root = Object::new(Kind::Tree, bytes);
    let id = root.id;
    objects.insert(id, root);
    Ok(Built { root: id, objects })
}

/// Closes the innermost folder: it becomes an object, and an entry of the one around it.
fn close(open: &mut Vec<(&str, Vec<u8>)>, name: &str, objects: &mut BTreeMap<ObjectId, Object>) {
    let Some((_, bytes)) = open.pop() else { return };
    let object = Object::new(Kind::Tree, bytes);
    if let Some((_, outer)) = open.last_mut() {
        append(outer, Mode::Folder, name, object.id);
    }
    objects.insert(object.id, object);
}

fn append(bytes: &mut Vec<u8>, mode: Mode, name: &str, id: ObjectId) {
    bytes.extend_from_slice(mode.as_str().as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(id.as_bytes());
}

fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Reads the entries of a tree object.
pub fn read(bytes: &[u8]) -> impl Iterator<Item = Result<TreeEntry<'_>, TreeFormatError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let entry = read_entry(rest);
        rest = entry.as_ref().map_or(&[], |(_, rest)| rest);
        Some(entry.map(|(entry, _)| entry))
    })
}

fn read_entry(bytes: &[u8]) -> Result<(TreeEntry<'_>, &[u8]), TreeFormatError> {
    let split = |bytes: &[u8], at: u8| bytes.iter().position(|byte| *byte == at);
    let end = split(bytes, b' ').filter(|end| *end <= 6).ok_or(TreeFormatError("no mode"))?;
    let (mode, rest) = bytes.split_at(end);
    let mode = Mode::parse(mode).ok_or(TreeFormatError("an unknown mode"))?;
    let rest = rest.get(1..).unwrap_or_default();
    let end = split(rest, 0).filter(|end| *end > 0).ok_or(TreeFormatError("no name"))?;
    let (name, rest) = rest.split_at(end);
    let (id, rest) = rest
        .get(1..)
        .and_then(|rest| rest.split_first_chunk::<20>())
        .ok_or(TreeFormatError("no id"))?;
    Ok((TreeEntry { mode, name, id: ObjectId::from_bytes(*id) }, rest))
}

impl From<&TreeEntry<'_>> for ContentHash {
    fn from(entry: &TreeEntry<'_>) -> Self {
        entry.id.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileEntry, LinkTarget};

    fn file(bytes: &[u8], executable: bool) -> Entry {
        let hash = ContentHash::git_blob(bytes);
        Entry::File(FileEntry { hash, size: bytes.len() as u64, executable })
    }

    fn tree(entries: &[(&str, Entry)]) -> Tree {
        let entries = entries.iter().map(|(at, e)| (RelPath::new(at).unwrap(), e.clone()));
        Tree::from_entries(entries).unwrap()
    }

    /// The expected ids are those of `git write-tree`.
    #[test]
    fn trees_are_those_of_git() {
        assert_eq!(
            build(&Tree::new()).unwrap().root.to_string(),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
        let link = Entry::Symlink(LinkTarget::new(&RelPath::new("l").unwrap(), "a/b").unwrap());
        let built = build(&tree(&[
            ("a-b", file(b"1\n", false)),
            ("a.c", file(b"2\n", true)),
            ("a/b", file(b"3\n", false)),
            ("a/d/e", file(b"4\n", false)),
            ("a0", file(b"5\n", false)),
            ("l", link),
        ]))
        .unwrap();
        assert_eq!(built.root.to_string(), "e481ed854a61af407ab957136414448222aad698");
        // Three folders and the link's target.
        assert_eq!(built.objects.len(), 4);
        let root = &built.objects[&built.root];
        let names: Vec<_> = read(&root.bytes).map(|e| e.unwrap().name.to_vec()).collect();
        assert_eq!(names, [&b"a-b"[..], b"a.c", b"a", b"a0", b"l"]);
    }

    #[test]
    fn what_git_refuses_is_refused() {
        for bad in [".git/x", "a/.GIT/x", "git~1/x", "a/.g\u{200c}it"] {
            let built = build(&tree(&[(bad, file(b"", false))]));
            assert!(matches!(built, Err(UnfitPath::DotGit(_))), "{bad}");
        }
        let foreign = build(&tree(&[("x", Entry::file(b""))]));
        assert!(matches!(foreign, Err(UnfitPath::ForeignHash(_))));
        assert!(build(&tree(&[(".gitignore", file(b"", false))])).is_ok());
    }

    #[test]
    fn damaged_folders_are_refused() {
        let built = build(&tree(&[("x", file(b"", false))])).unwrap();
        let bytes = &built.objects[&built.root].bytes;
        for cut in 1..bytes.len() {
            assert!(read(&bytes[..cut]).any(|entry| entry.is_err()), "{cut}");
        }
        assert!(read(b"100644 \0aaaaaaaaaaaaaaaaaaaa").any(|entry| entry.is_err()));
        assert!(read(b"999999 a\0aaaaaaaaaaaaaaaaaaaa").any(|entry| entry.is_err()));
    }
}
