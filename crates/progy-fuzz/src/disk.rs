//! A disk in memory that is asked for nothing outside.

use std::collections::BTreeMap;
use std::io::{self, Cursor, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use progy_client::disk::{Disk, Kind, Listed, Meta, Reader};
use progy_core::RelPath;

/// What a name is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A file with its bytes.
    File(Vec<u8>),
    /// A link with its target.
    Link(String),
}

/// A workspace in memory. Folders are there as long as something is in them.
///
/// Panics if it is asked for a path that leads out of the workspace: a real disk would follow it.
#[derive(Debug, Default)]
pub(crate) struct MemoryDisk(Mutex<BTreeMap<String, Node>>);

impl MemoryDisk {
    /// A disk with these files.
    pub(crate) fn with<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let node = |bytes: &[u8]| Node::File(bytes.to_vec());
        let nodes = files.into_iter().map(|(path, bytes)| (path.to_owned(), node(bytes)));
        Self(Mutex::new(nodes.collect()))
    }

    /// Everything on it.
    pub(crate) fn nodes(&self) -> MutexGuard<'_, BTreeMap<String, Node>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, path: &str) -> MutexGuard<'_, BTreeMap<String, Node>> {
        assert!(RelPath::new(path).is_ok(), "the disk was asked for {path:?}");
        self.nodes()
    }

    fn take(&self, path: &str) -> io::Result<Vec<(String, Node)>> {
        let mut nodes = self.at(path);
        let found: Vec<String> = names_at(&nodes, path).map(|(name, _)| name.clone()).collect();
        if found.is_empty() {
            return Err(ErrorKind::NotFound.into());
        }
        let mut taken = Vec::new();
        for name in found {
            let below = name.get(path.len()..).unwrap_or_default().to_owned();
            taken.extend(nodes.remove(&name).map(|node| (below, node)));
        }
        Ok(taken)
    }

    fn put(&self, path: &str, taken: Vec<(String, Node)>) {
        self.at(path)
            .extend(taken.into_iter().map(|(below, node)| (format!("{path}{below}"), node)));
    }
}

/// What is at `path` and below it.
fn names_at<'a>(
    nodes: &'a BTreeMap<String, Node>,
    path: &str,
) -> impl Iterator<Item = (&'a String, &'a Node)> {
    let folder = format!("{path}/");
    let here = nodes.get_key_value(path).into_iter();
    let below = nodes.range(folder.clone()..);
    here.chain(below.take_while(move |(name, _)| name.starts_with(&folder)))
}

fn meta(nodes: &BTreeMap<String, Node>, path: &str) -> Option<Meta> {
    let (kind, size) = match nodes.get(path) {
        Some(Node::File(bytes)) => (Kind::File, bytes.len()),
        Some(Node::Link(target)) => (Kind::Symlink, target.len()),
        None if names_at(nodes, path).next().is_some() => (Kind::Folder, 0),
        None => return None,
    };
    let size = size as u64;
    Some(Meta { kind, size, modified: 1, changed: 1, inode: 0, executable: false })
}

impl Disk for MemoryDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let nodes = if folder.is_empty() { self.nodes() } else { self.at(folder) };
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let below = nodes.keys().filter_map(|name| name.strip_prefix(&prefix));
        let mut names: Vec<&str> = below.filter_map(|rest| rest.split('/').next()).collect();
        names.dedup();
        if names.is_empty() && !folder.is_empty() {
            return Err(ErrorKind::NotFound.into());
        }
        let listed = names.into_iter().filter_map(|name| {
            let meta = meta(&nodes, &format!("{prefix}{name}"))?;
            Some(Listed { name: Ok(name.to_owned()), meta })
        });
        Ok(listed.collect())
    }

    fn meta(&self, path: &str) -> io::Result<Option<Meta>> {
        Ok(meta(&self.at(path), path))
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        match self.at(path).get(path) {
            Some(Node::File(bytes)) if bytes.len() as u64 > limit => {
                Err(ErrorKind::FileTooLarge.into())
            }
            Some(Node::File(bytes)) => Ok(bytes.clone()),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Reader>> {
        Ok(Box::new(Cursor::new(self.read(path, u64::MAX)?)))
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        match self.at(path).get(path) {
            Some(Node::Link(target)) => Ok(target.clone()),
            _ => Err(ErrorKind::InvalidInput.into()),
        }
    }

    fn write(&self, path: &str, bytes: &[u8], _: bool) -> io::Result<()> {
        self.at(path).insert(path.to_owned(), Node::File(bytes.to_vec()));
        Ok(())
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut whole = self.read(path, u64::MAX).unwrap_or_default();
        whole.extend_from_slice(bytes);
        self.write(path, &whole, false)
    }

    fn write_link(&self, path: &str, target: &str) -> io::Result<()> {
        self.at(path).insert(path.to_owned(), Node::Link(target.to_owned()));
        Ok(())
    }

    fn flush(&self, _: &[&str]) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let taken = self.take(from)?;
        self.put(to, taken);
        Ok(())
    }

    fn place(&self, from: &str, to: &str) -> io::Result<()> {
        let in_the_way = |path: &str| meta(&self.at(path), path);
        let above = to.match_indices('/').filter_map(|(at, _)| to.get(..at));
        for folder in above {
            if in_the_way(folder).is_some_and(|meta| meta.kind != Kind::Folder) {
                return Err(ErrorKind::NotADirectory.into());
            }
        }
        if in_the_way(to).is_some() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.rename(from, to)
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        let (first, second) = (self.take(one)?, self.take(other)?);
        self.put(one, second);
        self.put(other, first);
        Ok(())
    }

    fn set_executable(&self, _: &str, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn set_modified(&self, _: &str, _: i64) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.at(path).remove(path);
        Ok(())
    }

    fn make_folder(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        match meta(&self.at(path), path) {
            None => Ok(()),
            Some(_) => Err(ErrorKind::DirectoryNotEmpty.into()),
        }
    }

    fn remove_all(&self, path: &str) -> io::Result<()> {
        self.take(path).map(drop).or(Ok(()))
    }

    fn file_time(&self) -> io::Result<i64> {
        Ok(2)
    }

    fn parallelism(&self) -> usize {
        1
    }

    fn can_hold(&self, _: &RelPath) -> bool {
        true
    }
}
