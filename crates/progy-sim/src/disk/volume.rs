//! A file system in memory, and what a power loss leaves of it.
//!
//! Names and contents are kept apart, as real file systems do: a change of names is atomic and
//! joins a log, of which a power loss leaves some first part; a content that was not flushed may be
//! the one before, cut, or gone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::Arc;

use crate::rng::Rng;

/// Names a file, folder or link, whatever it is called.
pub(crate) type Ino = u64;

const ROOT: Ino = 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    File(Arc<[u8]>),
    Folder(BTreeMap<Arc<str>, Ino>),
    Link(Arc<str>),
}

#[derive(Debug, Clone)]
pub(crate) struct Inode {
    pub(crate) node: Node,
    pub(crate) executable: bool,
    pub(crate) modified: i64,
    pub(crate) changed: i64,
}

/// One step of a change; a change is a list of them and happens whole.
#[derive(Debug, Clone)]
enum Step {
    Make(Ino, Inode),
    Name { folder: Ino, name: Arc<str>, to: Option<Ino> },
    Mode { ino: Ino, executable: bool },
}

type Inodes = BTreeMap<Ino, Inode>;

#[derive(Debug, Clone)]
pub(crate) struct Volume {
    live: Inodes,
    /// What the medium holds, but for the contents of files, which are in `flushed`.
    kept: Inodes,
    flushed: BTreeMap<Ino, Arc<[u8]>>,
    /// Changes that the medium does not hold yet, in order.
    log: Vec<Vec<Step>>,
    next: Ino,
}

fn fails<T>(kind: ErrorKind) -> io::Result<T> {
    Err(kind.into())
}

fn folder(now: i64) -> Inode {
    Inode { node: Node::Folder(BTreeMap::new()), executable: true, modified: now, changed: now }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

impl Volume {
    pub(crate) fn new() -> Self {
        let root = BTreeMap::from([(ROOT, folder(0))]);
        Self {
            live: root.clone(),
            kept: root,
            flushed: BTreeMap::new(),
            log: Vec::new(),
            next: ROOT + 1,
        }
    }

    /// What is at `path`, which may lead through folders only.
    pub(crate) fn find(&self, path: &str) -> io::Result<Option<Ino>> {
        let mut at = ROOT;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            match self.live.get(&at).map(|inode| &inode.node) {
                Some(Node::Folder(names)) => match names.get(part) {
                    Some(ino) => at = *ino,
                    None => return Ok(None),
                },
                _ => return fails(ErrorKind::NotADirectory),
            }
        }
        Ok(Some(at))
    }

    pub(crate) fn at(&self, path: &str) -> io::Result<Ino> {
        self.find(path)?.ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(crate) fn inode(&self, ino: Ino) -> io::Result<&Inode> {
        self.live.get(&ino).ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(crate) fn bytes(&self, ino: Ino) -> io::Result<Arc<[u8]>> {
        match &self.inode(ino)?.node {
            Node::File(bytes) => Ok(Arc::clone(bytes)),
            _ => fails(ErrorKind::InvalidInput),
        }
    }

    pub(crate) fn names(&self, path: &str) -> io::Result<Vec<(Arc<str>, Ino)>> {
        match &self.inode(self.at(path)?)?.node {
            Node::Folder(names) => {
                Ok(names.iter().map(|(name, ino)| (Arc::clone(name), *ino)).collect())
            }
            _ => fails(ErrorKind::NotADirectory),
        }
    }

    /// Every file and link at and below `path`, with its path.
    pub(crate) fn below(&self, path: &str) -> Vec<(String, Ino)> {
        let mut found = Vec::new();
        let mut open: Vec<(String, Ino)> =
            self.at(path).map(|ino| (path.to_owned(), ino)).into_iter().collect();
        while let Some((path, ino)) = open.pop() {
            match self.live.get(&ino).map(|inode| &inode.node) {
                Some(Node::Folder(names)) => {
                    let join = |name: &str| {
                        if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
                    };
                    open.extend(names.iter().map(|(name, ino)| (join(name), *ino)));
                }
                Some(_) => found.push((path, ino)),
                None => {}
            }
        }
        found.sort();
        found
    }

    /// Makes the folders above `path`.
    pub(crate) fn make_folders(&mut self, path: &str, now: i64) -> io::Result<()> {
        let above: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).collect();
        for path in above {
            match self.find(path)? {
                None => {
                    self.make(path, folder(now), now)?;
                }
                Some(ino) if matches!(self.inode(ino)?.node, Node::Folder(_)) => {}
                Some(_) => return fails(ErrorKind::NotADirectory),
            }
        }
        Ok(())
    }

    /// A new name and what it stands for, in a folder that is there.
    fn make(&mut self, path: &str, inode: Inode, now: i64) -> io::Result<Ino> {
        let (above, name) = split(path);
        let folder = self.at(above)?;
        let ino = self.next;
        self.next += 1;
        let name = Step::Name { folder, name: name.into(), to: Some(ino) };
        self.change(vec![Step::Make(ino, inode), name], now);
        Ok(ino)
    }

    /// Writes a file in place, or a new one; folders above it are there. A file that was there keeps
    /// its mode.
    pub(crate) fn write(
        &mut self,
        path: &str,
        bytes: &[u8],
        executable: bool,
        now: i64,
    ) -> io::Result<Ino> {
        let ino = if let Some(ino) = self.find(path)? {
            ino
        } else {
            let node = Node::File(Arc::from([]));
            let inode = Inode { node, executable, modified: now, changed: now };
            self.make(path, inode, now)?
        };
        let inode = self.live.get_mut(&ino).ok_or(ErrorKind::NotFound)?;
        match &mut inode.node {
            Node::File(old) => *old = bytes.into(),
            _ => return fails(ErrorKind::IsADirectory),
        }
        inode.modified = now;
        inode.changed = now;
        Ok(ino)
    }

    pub(crate) fn link(&mut self, path: &str, target: &str, now: i64) -> io::Result<()> {
        if self.find(path)?.is_some() {
            return fails(ErrorKind::AlreadyExists);
        }
        let node = Node::Link(target.into());
        self.make(path, Inode { node, executable: true, modified: now, changed: now }, now)?;
        Ok(())
    }

    /// Puts `from` at `to`, replacing a file or link; nothing else.
    pub(crate) fn rename(&mut self, from: &str, to: &str, now: i64) -> io::Result<()> {
        let ino = self.at(from)?;
        if let Some(there) = self.find(to)? {
            let is_folder =
                |ino: Ino| self.inode(ino).is_ok_and(|inode| matches!(inode.node, Node::Folder(_)));
            if is_folder(there) || is_folder(ino) {
                return fails(ErrorKind::IsADirectory);
            }
        }
        self.rename_any(from, to, now)
    }

    fn rename_any(&mut self, from: &str, to: &str, now: i64) -> io::Result<()> {
        if to.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
            return fails(ErrorKind::InvalidInput);
        }
        let ino = self.at(from)?;
        let ((out_of, old), (into, new)) = (split(from), split(to));
        let (out_of, into) = (self.at(out_of)?, self.at(into)?);
        self.change(
            vec![
                Step::Name { folder: out_of, name: old.into(), to: None },
                Step::Name { folder: into, name: new.into(), to: Some(ino) },
            ],
            now,
        );
        self.touch(ino, now);
        Ok(())
    }

    pub(crate) fn place(&mut self, from: &str, to: &str, now: i64) -> io::Result<()> {
        self.at(from)?;
        if self.find(to)?.is_some() {
            return fails(ErrorKind::AlreadyExists);
        }
        self.rename_any(from, to, now)
    }

    pub(crate) fn exchange(&mut self, one: &str, other: &str, now: i64) -> io::Result<()> {
        let (first, second) = (self.at(one)?, self.at(other)?);
        let ((above, name), (other_above, other_name)) = (split(one), split(other));
        let (above, other_above) = (self.at(above)?, self.at(other_above)?);
        self.change(
            vec![
                Step::Name { folder: above, name: name.into(), to: Some(second) },
                Step::Name { folder: other_above, name: other_name.into(), to: Some(first) },
            ],
            now,
        );
        self.touch(first, now);
        self.touch(second, now);
        Ok(())
    }

    pub(crate) fn set_executable(&mut self, ino: Ino, executable: bool, now: i64) {
        self.change(vec![Step::Mode { ino, executable }], now);
        self.touch(ino, now);
    }

    pub(crate) fn set_modified(&mut self, ino: Ino, modified: i64, now: i64) {
        if let Some(inode) = self.live.get_mut(&ino) {
            inode.modified = modified;
        }
        self.touch(ino, now);
    }

    /// Takes a name away, whatever it stands for, with all below it.
    pub(crate) fn remove(&mut self, path: &str, now: i64) -> io::Result<()> {
        self.at(path)?;
        let (above, name) = split(path);
        let folder = self.at(above)?;
        self.change(vec![Step::Name { folder, name: name.into(), to: None }], now);
        Ok(())
    }

    fn touch(&mut self, ino: Ino, now: i64) {
        if let Some(inode) = self.live.get_mut(&ino) {
            inode.changed = now;
        }
    }

    fn change(&mut self, steps: Vec<Step>, now: i64) {
        for step in &steps {
            apply(&mut self.live, step);
            if let Step::Name { folder, .. } = step
                && let Some(folder) = self.live.get_mut(folder)
            {
                folder.modified = now;
                folder.changed = now;
            }
        }
        self.log.push(steps);
    }

    pub(crate) fn flush_content(&mut self, ino: Ino) {
        if let Ok(bytes) = self.bytes(ino) {
            self.flushed.insert(ino, bytes);
        }
    }

    /// Brings all names to the medium, as the journal of a real file system does for any of them.
    pub(crate) fn flush_names(&mut self) {
        for step in self.log.drain(..).flatten() {
            apply(&mut self.kept, &step);
        }
    }

    /// The power goes: some first part of what was not flushed is there when it comes back.
    pub(crate) fn lose_power(&mut self, rng: &mut Rng) {
        let survive = rng.below(self.log.len() + 1);
        for step in self.log.drain(..).take(survive).flatten() {
            apply(&mut self.kept, &step);
        }
        let mut inodes = self.kept.clone();
        for (ino, inode) in &mut inodes {
            // Times are never taken back: a file that is written again later must not look as one
            // that was known before.
            if let Some(live) = self.live.get(ino) {
                inode.modified = live.modified;
                inode.changed = live.changed;
            }
            let Node::File(bytes) = &mut inode.node else { continue };
            let flushed = self.flushed.get(ino).cloned().unwrap_or_else(|| Arc::from([]));
            let written = match self.live.get(ino).map(|inode| &inode.node) {
                Some(Node::File(written)) => Arc::clone(written),
                _ => Arc::clone(&flushed),
            };
            *bytes = match rng.below(3) {
                _ if written == flushed => flushed,
                0 => flushed,
                1 => written[..rng.below(written.len())].into(),
                _ => written,
            };
            self.flushed.insert(*ino, Arc::clone(bytes));
        }
        self.live.clone_from(&inodes);
        self.kept = inodes;
    }

    /// Copies what `source` has at and below `path`, as the learner does: durable, and with new
    /// files in the place of the old ones. What was there is gone.
    pub(crate) fn take_over(&mut self, source: &Self, path: &str, now: i64) {
        for (name, _) in self.below(path) {
            // Each of these was found a moment ago.
            let _ = self.remove(&name, now);
        }
        for (path, ino) in source.below(path) {
            let Ok(inode) = source.inode(ino) else { continue };
            let _ = self.make_folders(&path, now);
            let copied = match &inode.node {
                Node::File(bytes) => self.write(&path, bytes, inode.executable, now).ok(),
                Node::Link(target) => self.link(&path, target, now).ok().map(|()| 0),
                Node::Folder(_) => None,
            };
            if let Some(copy) = copied.and_then(|ino| self.live.get_mut(&ino)) {
                copy.modified = inode.modified;
            }
            if let Some(ino) = copied {
                self.flush_content(ino);
            }
        }
        self.flush_names();
    }

    /// Every content that some name stands for; for checks.
    pub(crate) fn contents(&self) -> BTreeSet<Arc<[u8]>> {
        self.below("").into_iter().filter_map(|(_, ino)| self.bytes(ino).ok()).collect()
    }
}

fn apply(inodes: &mut Inodes, step: &Step) {
    match step {
        Step::Make(ino, inode) => {
            inodes.insert(*ino, inode.clone());
        }
        Step::Name { folder, name, to } => {
            if let Some(Node::Folder(names)) = inodes.get_mut(folder).map(|inode| &mut inode.node) {
                match to {
                    Some(ino) => names.insert(Arc::clone(name), *ino),
                    None => names.remove(name),
                };
            }
        }
        Step::Mode { ino, executable } => {
            if let Some(inode) = inodes.get_mut(ino) {
                inode.executable = *executable;
            }
        }
    }
}
