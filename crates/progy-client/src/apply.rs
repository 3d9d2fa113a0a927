//! Bringing the files from one tree to another without losing a byte.
//!
//! 1. What is to be written is *staged* beside, in the slots of a trash batch, and flushed.
//! 2. The journal says what will be done; it is flushed.
//! 3. Each path is looked at again. If it does not hold what the plan saw, it is left alone and
//!    planned again. Otherwise the staged file and the old one exchange their places in one step:
//!    the path always holds one of the two, and the old one is in the trash. What came out is
//!    looked at once more: an edit that slipped in between goes back to its place.
//! 4. The changes are flushed, and the caller records them; the journal is removed.
//!
//! After a crash [`recover`] tells which paths already hold what was intended; the others are
//! planned again.

mod journal;

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use progy_core::plan::Conflict;
use progy_core::{Change, ContentHash, Entry, FileEntry, RelPath};

use crate::details::Details;
use crate::disk::{Disk, Kind, Listed, Meta, Pieces};
use crate::env::Env;
use crate::scan::Scan;
use crate::trash::{self, Line};
use crate::{Error, Result, layout, scan};

pub use journal::{finish, recover};

/// What became of the changes.
#[derive(Debug, Default)]
pub struct Applied {
    /// Paths that now hold what was intended.
    pub done: Vec<RelPath>,
    /// Paths that did not hold what the plan saw: plan again.
    pub changed: Vec<RelPath>,
    /// Paths that the file system does not let us change.
    pub blocked: Vec<(RelPath, io::Error)>,
    /// Files that were written and what is known of them, for the index.
    pub written: Vec<(RelPath, Meta, ContentHash)>,
    /// The file system's time after which `written` can be trusted.
    pub placed_at: i64,
}

/// What a path held when it was looked at last.
enum Sight {
    Nothing,
    There(Meta),
    Other,
}

/// Makes `changes`, whose `before` is what `scan` saw. `content` writes the bytes of files.
pub fn apply(
    disk: &dyn Disk,
    env: &dyn Env,
    scan: &Scan,
    changes: &[Change],
    content: impl FnMut(&RelPath, &FileEntry, &mut dyn Write) -> Result<()>,
) -> Result<Applied> {
    apply_plan(disk, env, scan, changes, &[], &Details::default(), content)
}

/// As [`apply`], where some of `changes` make conflict copies: nothing happens to an original before
/// its copy is there. `details` tells when files were modified, as far as that is to be told.
pub fn apply_plan(
    disk: &dyn Disk,
    env: &dyn Env,
    scan: &Scan,
    changes: &[Change],
    conflicts: &[Conflict],
    details: &Details,
    mut content: impl FnMut(&RelPath, &FileEntry, &mut dyn Write) -> Result<()>,
) -> Result<Applied> {
    if changes.is_empty() {
        return Ok(Applied::default());
    }
    let batch = trash::new_batch(env);
    let at = env.now();
    let lines: Vec<Line> = changes
        .iter()
        .map(|change| Line { path: change.path.clone(), staged: change.after.clone(), at })
        .collect();
    let staged = stage(disk, &batch, changes, &lines, details, &mut content).inspect_err(|_| {
        // Nothing was touched yet; what was staged is not needed. A failure leaves it to `tidy`.
        let _ = disk.remove_all(&format!("{}/{batch}", layout::TRASH));
    })?;
    journal::write(disk, &batch, changes)?;

    let mut applied = Applied {
        placed_at: disk.file_time().map_err(Error::disk(layout::FOLDER))?,
        ..Applied::default()
    };
    let applier = Applier { disk, scan, batch: &batch, staged };
    let is_copy = |change: &Change| conflicts.iter().any(|conflict| conflict.copy == change.path);
    let numbered = || changes.iter().enumerate();
    for (n, change) in numbered().filter(|(_, change)| is_copy(change)) {
        applier.step(n, change, &mut applied);
    }
    let missing =
        |copy: &RelPath| numbered().any(|(_, c)| c.path == *copy) && !applied.done.contains(copy);
    let held: BTreeSet<&RelPath> = conflicts
        .iter()
        .filter(|conflict| missing(&conflict.copy))
        .map(|conflict| &conflict.path)
        .collect();
    let (mut deletions, mut others): (Vec<_>, Vec<_>) = numbered()
        .filter(|(_, change)| !is_copy(change))
        .partition(|(_, change)| change.after.is_none());
    for changes in [&mut deletions, &mut others] {
        changes.retain(|(_, change)| {
            let is_held = held.contains(&change.path);
            if is_held {
                applied.changed.push(change.path.clone());
            }
            !is_held
        });
    }
    // What is deleted makes room for what is written.
    for (n, change) in deletions {
        applier.step(n, change, &mut applied);
    }
    applier.remove_emptied_folders(changes);
    for (n, change) in others {
        applier.step(n, change, &mut applied);
    }
    let touched: Vec<&str> = applied.done.iter().map(RelPath::as_str).collect();
    disk.flush(&touched).map_err(Error::disk(touched.first().copied().unwrap_or_default()))?;
    Ok(applied)
}

fn is_race(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, IsADirectory, NotADirectory, NotFound};
    matches!(
        error.kind(),
        NotFound | AlreadyExists | NotADirectory | IsADirectory | DirectoryNotEmpty
    )
}

/// Whether a change only sets or clears the executable bit.
fn is_mode_change(change: &Change) -> Option<bool> {
    match (&change.before, &change.after) {
        (Some(Entry::File(before)), Some(Entry::File(after))) if before.hash == after.hash => {
            Some(after.executable)
        }
        _ => None,
    }
}

fn stage(
    disk: &dyn Disk,
    batch: &str,
    changes: &[Change],
    lines: &[Line],
    details: &Details,
    content: &mut dyn FnMut(&RelPath, &FileEntry, &mut dyn Write) -> Result<()>,
) -> Result<HashMap<usize, Meta>> {
    let list = trash::list_path(batch);
    disk.write(&list, &trash::encode_list(lines)?, false).map_err(Error::disk(&list))?;
    let mut slots = vec![list];
    let mut staged = HashMap::new();
    for (n, change) in changes.iter().enumerate() {
        let slot = trash::slot(batch, n);
        match &change.after {
            Some(Entry::File(file)) if is_mode_change(change).is_none() => {
                let mut pieces = Pieces::new(disk, &slot, file.executable);
                content(&change.path, file, &mut pieces)?;
                pieces.finish().map_err(Error::disk(&slot))?;
                if let Some(time) = details.time(&change.path, &file.hash) {
                    disk.set_modified(&slot, time).map_err(Error::disk(&slot))?;
                }
            }
            Some(Entry::Symlink(target)) => {
                disk.write_link(&slot, target.as_str()).map_err(Error::disk(&slot))?;
            }
            _ => continue,
        }
        if let Some(meta) = disk.meta(&slot).map_err(Error::disk(&slot))? {
            staged.insert(n, meta);
        }
        slots.push(slot);
    }
    let slots: Vec<&str> = slots.iter().map(String::as_str).collect();
    disk.flush(&slots).map_err(Error::disk(layout::TRASH))?;
    Ok(staged)
}

struct Applier<'a> {
    disk: &'a dyn Disk,
    scan: &'a Scan,
    batch: &'a str,
    /// What each staged file was when it was written.
    staged: HashMap<usize, Meta>,
}

impl Applier<'_> {
    fn step(&self, n: usize, change: &Change, applied: &mut Applied) {
        match self.change(n, change, applied) {
            Ok(true) => {
                applied.done.push(change.path.clone());
                self.learn(n, change, applied);
            }
            Ok(false) => applied.changed.push(change.path.clone()),
            // Something came or went in the moment between a look and the step.
            Err(error) if is_race(&error) => applied.changed.push(change.path.clone()),
            Err(error) => applied.blocked.push((change.path.clone(), error)),
        }
    }

    /// Makes one change; false if the path does not hold what the plan saw.
    fn change(&self, n: usize, change: &Change, applied: &Applied) -> io::Result<bool> {
        let path = change.path.as_str();
        let slot = trash::slot(self.batch, n);
        match (self.look(&change.path, change.before.as_ref())?, &change.after) {
            // The learner was faster: what was to be deleted is gone.
            (Sight::Other, None) => self.is_gone(path),
            (Sight::Other, Some(_)) => Ok(false),
            (Sight::Nothing, None) => Ok(true),
            (Sight::Nothing, Some(_)) => self.create(&slot, change, applied),
            (Sight::There(seen), None) => {
                self.disk.place(path, &slot)?;
                self.confirm(&slot, &seen, || self.disk.place(&slot, path))
            }
            (Sight::There(seen), Some(_)) => {
                if let Some(executable) = is_mode_change(change) {
                    self.disk.set_executable(path, executable)?;
                    return Ok(true);
                }
                self.disk.exchange(&slot, path)?;
                self.confirm(&slot, &seen, || self.disk.exchange(&slot, path))
            }
        }
    }

    /// Whether there is nothing at `path` that could be deleted; a folder holds the learner's files.
    fn is_gone(&self, path: &str) -> io::Result<bool> {
        Ok(self.disk.meta(path)?.is_none_or(|meta| meta.kind == Kind::Folder))
    }

    /// Puts the staged file where nothing was that travels.
    fn create(&self, slot: &str, change: &Change, applied: &Applied) -> io::Result<bool> {
        let path = change.path.as_str();
        let Err(error) = self.disk.place(slot, path) else { return Ok(true) };
        let Some((in_the_way, meta)) = self.in_the_way(&change.path)? else { return Err(error) };
        let is_gone = |(below, _): (&RelPath, &Entry)| applied.done.contains(below);
        let may_go = match meta.kind {
            Kind::Folder => {
                self.scan.tree.below(in_the_way).all(is_gone) && self.holds_left_over(in_the_way)?
            }
            _ => self.scan.leaves_out(in_the_way),
        };
        if may_go {
            // What travels is gone from it; what does not, for instance `node_modules`, goes to the
            // trash with it.
            self.disk.place(in_the_way, &trash::folder_slot(slot))?;
            self.disk.place(slot, path)?;
        }
        Ok(may_go)
    }

    /// What is at `path`, or what above it is no folder.
    fn in_the_way<'p>(&self, path: &'p RelPath) -> io::Result<Option<(&'p str, Meta)>> {
        for above in path.ancestors() {
            match self.disk.meta(above)? {
                Some(meta) if meta.kind == Kind::Folder => {}
                found => return Ok(found.map(|meta| (above, meta))),
            }
        }
        Ok(self.disk.meta(path.as_str())?.map(|meta| (path.as_str(), meta)))
    }

    /// Whether all that is in `folder` was left out by the scan: the learner has put nothing into it
    /// since.
    fn holds_left_over(&self, folder: &str) -> io::Result<bool> {
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            if self.scan.leaves_out(&folder) {
                continue;
            }
            for Listed { name, meta } in self.disk.list(&folder)? {
                let path = scan::join(&folder, &name.unwrap_or_else(|readable| readable));
                let unknown = self.scan.unknown.contains(path.as_str());
                match meta.kind {
                    Kind::Folder => open.push(path),
                    _ if unknown || self.scan.leaves_out(&path) => {}
                    _ => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    /// Looks at what a step took out of its place: if it is not what was seen right before, it is
    /// the learner's newest edit and goes back.
    fn confirm(
        &self,
        slot: &str,
        seen: &Meta,
        put_back: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<bool> {
        let same = self.disk.meta(slot)?.is_some_and(|out| {
            // Renaming changes only the time of change.
            Meta { changed: seen.changed, ..out } == *seen
        });
        if !same {
            put_back()?;
        }
        Ok(same)
    }

    /// What is at `path`, compared with what the plan saw there.
    fn look(&self, path: &RelPath, before: Option<&Entry>) -> io::Result<Sight> {
        let Some(meta) = self.disk.meta(path.as_str())? else {
            return Ok(if before.is_none() { Sight::Nothing } else { Sight::Other });
        };
        let same = match (meta.kind, before) {
            (Kind::File, Some(Entry::File(file))) => {
                meta.executable == file.executable
                    && (self.is_as_scanned(path, &meta)
                        || trash::holds_now(self.disk, path.as_str(), file)?)
            }
            (Kind::Symlink, Some(Entry::Symlink(target))) => {
                self.disk.read_link(path.as_str())? == target.as_str()
            }
            // The file or link that the plan wants here goes where a folder is: see `create`.
            (Kind::Folder, None) => return Ok(Sight::Nothing),
            _ => false,
        };
        Ok(if same { Sight::There(meta) } else { Sight::Other })
    }

    fn is_as_scanned(&self, path: &RelPath, meta: &Meta) -> bool {
        let settled = meta.modified < self.scan.started && meta.changed < self.scan.started;
        settled && self.scan.metas.get(path) == Some(meta)
    }

    fn learn(&self, n: usize, change: &Change, applied: &mut Applied) {
        let (Some(staged), Some(Entry::File(file))) = (self.staged.get(&n), &change.after) else {
            return;
        };
        if let Ok(Some(meta)) = self.disk.meta(change.path.as_str())
            && (Meta { changed: staged.changed, ..meta }) == *staged
        {
            applied.written.push((change.path.clone(), meta, file.hash));
        }
    }

    /// Removes folders in which nothing is left, innermost first.
    fn remove_emptied_folders(&self, changes: &[Change]) {
        let folders: BTreeSet<&str> = changes
            .iter()
            .filter(|change| change.after.is_none())
            .flat_map(|change| change.path.ancestors())
            .collect();
        for folder in folders.into_iter().rev() {
            // One that still holds something stays; so does one that may not be removed.
            let _ = self.disk.remove_folder(folder);
        }
    }
}
