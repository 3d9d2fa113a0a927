//! What stock Git takes for the files' last known state: without it, `git status` would call every
//! file changed after a save of ours.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{Index, IndexEntry, IndexTime, Oid};
use progy_core::git::{Kind, Object, ObjectId};
use progy_core::{Entry, RelPath, Tree};

use crate::own::INDEX;
use crate::{Repository, Result, oid};

/// What the file system said of a file whose content is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// When its content was written, in nanoseconds since 1970.
    pub modified: i64,
    /// When anything about it was changed, in nanoseconds since 1970.
    pub changed: i64,
    /// Its inode.
    pub inode: u64,
    /// In bytes.
    pub size: u64,
}

impl Repository {
    /// Makes the index say that the files are `tree`. `stat` is what is known of a file that has the
    /// content of the tree; the others are looked at by Git itself.
    pub fn write_index(&self, tree: &Tree, stat: impl Fn(&RelPath) -> Option<Stat>) -> Result<()> {
        let mut lock = self.own.lock(INDEX)?;
        let beside = lock.copy()?;
        let mut index = Index::open(&beside)?;
        let owner = Owner::of(self.git.path())?;
        let mut old: BTreeMap<Vec<u8>, IndexEntry> =
            index.iter().map(|entry| (entry.path.clone(), entry)).collect();
        let mut changed = false;
        let mut new = Vec::new();
        for (path, entry) in tree {
            let wanted = index_entry(path, entry, stat(path), &owner)?;
            match old.remove(path.as_str().as_bytes()) {
                Some(there) if is_same(&there, &wanted) => {}
                _ => new.push(wanted),
            }
        }
        // Before the new ones: a folder may have taken the place of a file.
        for path in old.keys() {
            let path = String::from_utf8_lossy(path).into_owned();
            index.remove_path(Path::new(&path))?;
            changed = true;
        }
        for entry in new {
            index.add(&entry)?;
            changed = true;
        }
        if changed {
            // With the repository at hand, Git compares files whose times do not tell.
            self.git.set_index(&mut index)?;
            index.write()?;
            lock.put(&beside)?;
        }
        Ok(())
    }
}

struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// New files belong to whom the repository belongs to.
    #[cfg(unix)]
    fn of(path: &Path) -> Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::metadata(path)?;
        Ok(Self { uid: meta.uid(), gid: meta.gid() })
    }

    /// Where there are no such numbers Git writes 0.
    #[cfg(not(unix))]
    fn of(_: &Path) -> Result<Self> {
        Ok(Self { uid: 0, gid: 0 })
    }
}

fn index_entry(
    path: &RelPath,
    entry: &Entry,
    stat: Option<Stat>,
    owner: &Owner,
) -> Result<IndexEntry> {
    let (mode, id, size) = match entry {
        Entry::File(file) => {
            let id = ObjectId::try_from(&file.hash)
                .map_err(|_| progy_core::git::UnfitPath::ForeignHash(path.clone()))?;
            (if file.executable { 0o100_755 } else { 0o100_644 }, id, file.size)
        }
        Entry::Symlink(target) => {
            let bytes = target.as_str().as_bytes().to_vec();
            (0o120_000, Object::new(Kind::Blob, bytes).id, target.as_str().len() as u64)
        }
    };
    let known = stat.is_some_and(|stat| stat.size == size);
    let stat = stat.filter(|_| known);
    let time = |nanos: Option<i64>| {
        let nanos = nanos.unwrap_or(0);
        let second = 1_000_000_000;
        IndexTime::new(
            i32::try_from(nanos.div_euclid(second)).unwrap_or_default(),
            u32::try_from(nanos.rem_euclid(second)).unwrap_or_default(),
        )
    };
    // Git keeps the low 32 bits of sizes and inodes, and compares those.
    #[allow(clippy::cast_possible_truncation, reason = "as Git does")]
    let low = |number: u64| number as u32;
    Ok(IndexEntry {
        ctime: time(stat.map(|stat| stat.changed)),
        mtime: time(stat.map(|stat| stat.modified)),
        dev: 0,
        ino: stat.map_or(0, |stat| low(stat.inode)),
        mode,
        uid: if known { owner.uid } else { 0 },
        gid: if known { owner.gid } else { 0 },
        file_size: if known { low(size) } else { 0 },
        id: oid(&id)?,
        flags: 0,
        flags_extended: 0,
        path: path.as_str().as_bytes().to_vec(),
    })
}

/// Whether the index says of a file what it should. One of which nothing is known may say more.
fn is_same(there: &IndexEntry, wanted: &IndexEntry) -> bool {
    let same_content = |a: &IndexEntry, b: &IndexEntry| -> bool {
        let ids: (Oid, Oid) = (a.id, b.id);
        ids.0 == ids.1 && a.mode == b.mode
    };
    let stage = there.flags & 0x3000;
    let knows_nothing = wanted.mtime.seconds() == 0 && wanted.ino == 0;
    stage == 0
        && same_content(there, wanted)
        && (knows_nothing
            || (there.mtime == wanted.mtime
                && there.ctime == wanted.ctime
                && there.ino == wanted.ino
                && there.file_size == wanted.file_size))
}
