//! What is in the workspace now.
//!
//! Folders are read by several threads; a file is read only if the [`Index`] does not know it. A
//! file that changes while it is read is read again, so that every hash is that of bytes which were
//! in the file at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use progy_core::path::PathError;
use progy_core::rules::{Rules, Scope, Verdict};
use progy_core::{
    ContentHash, ContentHasher, Entry, FileEntry, HashKind, LinkTarget, RelPath, Tree,
};

use crate::disk::{Disk, Kind, Listed, Meta};
use crate::index::Index;
use crate::layout;
use crate::{Error, Result};

/// An ignore file is read up to this size, in bytes.
const IGNORE_FILE: u64 = 256 << 10;
/// How often a file that changes under our eyes is read again.
const READ_AGAIN: u32 = 5;

/// One look at all files.
#[derive(Debug, Default)]
pub struct Scan {
    /// What travels.
    pub tree: Tree,
    /// Folders with nothing in them.
    pub folders: BTreeSet<RelPath>,
    /// What was known of each file of `tree` when it was read.
    pub metas: BTreeMap<RelPath, Meta>,
    /// Paths of which this scan cannot tell what they hold: unreadable, or holding secrets.
    pub unknown: BTreeSet<RelPath>,
    /// Names that the rules left out, with all below them.
    pub left_out: BTreeSet<String>,
    /// What the learner should hear of.
    pub notices: Vec<Notice>,
    /// The file system's time when the scan began.
    pub started: i64,
}

/// Something that is not carried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// It looks like a secret.
    Secret(RelPath),
    /// Its name is not Unicode, or cannot be a path everywhere.
    BadName(String),
    /// It cannot be read.
    Unreadable(String),
    /// A socket, a pipe or a device.
    Special(RelPath),
    /// A link that leads out of the workspace.
    LinkOutside(RelPath),
    /// This system cannot hold a file of that name.
    CannotHold(RelPath),
}

struct Task {
    folder: Option<RelPath>,
    scope: Scope,
}

#[derive(Default)]
struct Found {
    entries: Vec<(RelPath, Entry, Option<Meta>)>,
    /// Names that the rules left out; a tracked path may be among or below them.
    left_out: BTreeSet<String>,
    unknown: BTreeSet<RelPath>,
    /// Folders with nothing in them.
    empty: BTreeSet<RelPath>,
    /// Folders that could not be listed.
    closed: BTreeSet<String>,
    notices: Vec<Notice>,
    /// The first error that ends the scan.
    failed: Option<Error>,
}

#[derive(Default)]
struct Work {
    tasks: Vec<Task>,
    busy: usize,
}

struct Scanner<'a> {
    disk: &'a dyn Disk,
    index: &'a Index,
    work: Mutex<Work>,
    wake: Condvar,
    /// How many workers wait for a folder.
    idle: AtomicUsize,
}

/// Looks at every file of the workspace.
///
/// `tracked` are paths that are looked at even if the rules leave them out: a file that travels
/// does not stop to because a line was added to `.gitignore`.
pub fn scan(disk: &dyn Disk, rules: &Rules, index: &mut Index, tracked: &[&Tree]) -> Result<Scan> {
    let started = disk.file_time().map_err(Error::disk(layout::FOLDER))?;
    let scanner = Scanner {
        disk,
        index,
        work: Mutex::new(Work { tasks: vec![Task { folder: None, scope: rules.root() }], busy: 0 }),
        wake: Condvar::new(),
        idle: AtomicUsize::new(0),
    };
    let mut found = scanner.run();
    if let Some(error) = found.failed {
        return Err(error);
    }
    scanner.look_at_tracked(tracked, &mut found)?;

    // In order, so that the maps are built in one go. The folders' lists are in order already: this
    // sort makes use of that.
    found.entries.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    found.entries.dedup_by(|(a, ..), (b, ..)| a == b);
    index.remember(
        started,
        found
            .entries
            .iter()
            .filter_map(|(path, entry, meta)| Some((path, meta.as_ref()?, entry.as_file()?.hash))),
    );
    let metas = found.entries.iter().filter_map(|(path, _, meta)| Some((path.clone(), (*meta)?)));
    let metas = metas.collect();
    let map = found.entries.into_iter().map(|(path, entry, _)| (path, entry)).collect();
    let tree = Tree::from_map(map).map_err(|error| Error::InvalidTree(error.to_string()))?;
    for folder in &found.closed {
        for tree in tracked {
            found.unknown.extend(tree.below(folder).map(|(path, _)| path.clone()));
        }
    }
    found.notices.sort();
    found.notices.dedup();
    let Found { unknown, left_out, notices, empty: folders, .. } = found;
    Ok(Scan { tree, folders, metas, unknown, left_out, notices, started })
}

impl Scan {
    /// Whether `path` was there and does not travel: the rules left it out, or a folder above it.
    pub(crate) fn leaves_out(&self, path: &str) -> bool {
        let mut folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        (self.left_out.contains(path) || folders.any(|folder| self.left_out.contains(folder)))
            && self.tree.get(path).is_none()
    }
}

impl Scanner<'_> {
    fn run(&self) -> Found {
        let threads = self.disk.parallelism();
        if threads <= 1 {
            return self.worker();
        }
        let parts: Vec<Found> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.worker())).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
        });
        parts.into_iter().fold(Found::default(), |mut all, part| {
            all.entries.extend(part.entries);
            all.left_out.extend(part.left_out);
            all.unknown.extend(part.unknown);
            all.empty.extend(part.empty);
            all.closed.extend(part.closed);
            all.notices.extend(part.notices);
            all.failed = all.failed.or(part.failed);
            all
        })
    }

    fn worker(&self) -> Found {
        let mut found = Found::default();
        while let Some(task) = self.next_task() {
            let mut own = vec![task];
            while let Some(task) = own.pop() {
                own.extend(self.look_at_folder(&task, &mut found));
                if own.len() > 1 && self.idle.load(Ordering::Relaxed) > 0 {
                    self.share(&mut own);
                }
            }
            let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
            work.busy -= 1;
            if work.busy == 0 {
                self.wake.notify_all();
            }
        }
        found
    }

    /// Gives the older half of a worker's folders, which tend to hold more, to those who wait.
    fn share(&self, own: &mut Vec<Task>) {
        let half = own.len() / 2;
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.tasks.extend(own.drain(..half));
        drop(work);
        self.wake.notify_all();
    }

    /// A folder to begin with; `None` when there is none and none can come.
    fn next_task(&self) -> Option<Task> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(task) = work.tasks.pop() {
                work.busy += 1;
                return Some(task);
            }
            if work.busy == 0 {
                return None;
            }
            self.idle.fetch_add(1, Ordering::Relaxed);
            work = self.wake.wait(work).unwrap_or_else(PoisonError::into_inner);
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn look_at_folder(&self, task: &Task, found: &mut Found) -> Vec<Task> {
        let folder = task.folder.as_ref().map_or("", RelPath::as_str);
        let mut listed = match self.disk.list(folder) {
            Ok(listed) => listed,
            // Deleted, or replaced by a file, while we looked: the next scan sees what is there.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) && !folder.is_empty() =>
            {
                return Vec::new();
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && !folder.is_empty() => {
                found.closed.insert(folder.to_owned());
                found.notices.push(Notice::Unreadable(folder.to_owned()));
                return Vec::new();
            }
            Err(error) => {
                found.failed.get_or_insert(Error::disk(folder)(error));
                return Vec::new();
            }
        };
        if listed.is_empty() {
            found.empty.extend(task.folder.clone());
        }
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        let scope = self.enter(task, &listed);
        let mut below = Vec::new();
        for Listed { name, meta } in listed {
            let name = match name {
                Ok(name) => name,
                Err(readable) => {
                    found.notices.push(Notice::BadName(join(folder, &readable)));
                    continue;
                }
            };
            if folder.is_empty() && progy_core::rules::is_private(&name) {
                continue;
            }
            match RelPath::new(&join(folder, &name)) {
                Ok(path) => {
                    if let Some(task) = self.look_at(path, meta, &scope, found) {
                        below.push(task);
                    }
                }
                Err(PathError::Traversal(_) | PathError::Empty) => {}
                Err(_) => found.notices.push(Notice::BadName(join(folder, &name))),
            }
        }
        below
    }

    /// The rules in a folder: those above with its own ignore files.
    fn enter(&self, task: &Task, listed: &[Listed]) -> Scope {
        let read = |wanted: &str| {
            let there = listed
                .iter()
                .any(|item| item.name.as_deref() == Ok(wanted) && item.meta.kind == Kind::File);
            let path = join(task.folder.as_ref().map_or("", RelPath::as_str), wanted);
            // An ignore file that cannot be read ignores nothing.
            let bytes = there.then(|| self.disk.read(&path, IGNORE_FILE).ok()).flatten()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let (git, own) = (read(".gitignore"), read(".progyignore"));
        task.scope.enter(task.folder.as_ref(), git.as_deref(), own.as_deref())
    }

    fn look_at(&self, path: RelPath, meta: Meta, scope: &Scope, found: &mut Found) -> Option<Task> {
        match scope.verdict(&path, meta.kind == Kind::Folder) {
            Verdict::Synced => {}
            Verdict::Ignored => {
                found.left_out.insert(path.as_str().to_owned());
                return None;
            }
            Verdict::Secret => {
                found.notices.push(Notice::Secret(path.clone()));
                found.unknown.insert(path);
                return None;
            }
        }
        if meta.kind == Kind::Folder {
            return Some(Task { folder: Some(path), scope: scope.clone() });
        }
        self.take(path, meta, found);
        None
    }

    /// Adds a file or link to what was found.
    fn take(&self, path: RelPath, meta: Meta, found: &mut Found) {
        match self.entry(&path, meta) {
            Ok(Some((entry, meta))) => found.entries.push((path, entry, meta)),
            Ok(None) => {
                let notice = match meta.kind {
                    Kind::Symlink => Notice::LinkOutside(path.clone()),
                    _ => Notice::Special(path.clone()),
                };
                found.notices.push(notice);
                // Nothing of ours goes to a place that something else has taken.
                found.unknown.insert(path);
            }
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => {}
                io::ErrorKind::PermissionDenied => {
                    found.notices.push(Notice::Unreadable(path.as_str().to_owned()));
                    found.unknown.insert(path);
                }
                io::ErrorKind::ResourceBusy => {
                    found.failed.get_or_insert(Error::KeepsChanging(path));
                }
                // A file that became a folder or a link while we looked, or the reverse: the next
                // scan sees what it is.
                _ if self.disk.meta(path.as_str()).is_ok_and(|now| !is_kind(now, meta.kind)) => {
                    found.unknown.insert(path);
                }
                _ => {
                    found.failed.get_or_insert(Error::disk(path.as_str())(error));
                }
            },
        }
    }

    /// The entry at `path`; `None` for what cannot be carried.
    fn entry(&self, path: &RelPath, meta: Meta) -> io::Result<Option<(Entry, Option<Meta>)>> {
        match meta.kind {
            Kind::File => {
                let (hash, meta) = match self.index.hash(path, &meta) {
                    Some(hash) => (hash, meta),
                    None => hash_stable(self.disk, path.as_str(), self.index.kind())?,
                };
                let file = FileEntry { hash, size: meta.size, executable: meta.executable };
                Ok(Some((Entry::File(file), Some(meta))))
            }
            Kind::Symlink => {
                let target = match self.disk.read_link(path.as_str()) {
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(None),
                    other => other?,
                };
                Ok(LinkTarget::new(path, &target).ok().map(|link| (Entry::Symlink(link), None)))
            }
            Kind::Folder | Kind::Other => Ok(None),
        }
    }

    /// Looks at tracked paths that the rules left out.
    fn look_at_tracked(&self, tracked: &[&Tree], found: &mut Found) -> Result<()> {
        if found.left_out.is_empty() {
            return Ok(());
        }
        let mut paths = BTreeSet::new();
        for tree in tracked {
            for name in &found.left_out {
                paths.extend(tree.below(name).map(|(path, _)| path));
                paths.extend(tree.entry(name).map(|(path, _)| path));
            }
        }
        for path in paths {
            let meta = self.disk.meta(path.as_str()).map_err(Error::disk(path.as_str()))?;
            if let Some(meta) = meta.filter(|meta| meta.kind != Kind::Folder) {
                self.take(path.clone(), meta, found);
            }
        }
        found.failed.take().map_or(Ok(()), Err)
    }
}

fn is_kind(meta: Option<Meta>, kind: Kind) -> bool {
    meta.is_some_and(|meta| meta.kind == kind)
}

/// The hash of a file that was the same before and after it was read, and what it was then.
///
/// [`io::ErrorKind::NotFound`] if there is no regular file, or none any more;
/// [`io::ErrorKind::ResourceBusy`] if it keeps changing.
pub(crate) fn hash_stable(
    disk: &dyn Disk,
    path: &str,
    kind: HashKind,
) -> io::Result<(ContentHash, Meta)> {
    for _ in 0..READ_AGAIN {
        let before = disk.meta(path)?.filter(|meta| meta.kind == Kind::File);
        let before = before.ok_or(io::ErrorKind::NotFound)?;
        let (hash, size) = match hash_file(disk, path, kind.hasher(before.size)) {
            Err(_) if !is_kind(disk.meta(path)?, Kind::File) => {
                return Err(io::ErrorKind::NotFound.into());
            }
            other => other?,
        };
        let after = disk.meta(path)?.ok_or(io::ErrorKind::NotFound)?;
        if before == after && size == after.size {
            return Ok((hash, after));
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

fn hash_file(
    disk: &dyn Disk,
    path: &str,
    mut hasher: ContentHasher,
) -> io::Result<(ContentHash, u64)> {
    let mut reader = disk.open(path)?;
    let mut buffer = [0; 16 << 10];
    let mut size = 0;
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finish(), size)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(buffer.get(..read).unwrap_or(&buffer));
        size += read as u64;
    }
}

/// `name` in `folder`, which is empty for the root.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        return name.to_owned();
    }
    let mut path = String::with_capacity(folder.len() + 1 + name.len());
    path.push_str(folder);
    path.push('/');
    path.push_str(name);
    path
}
