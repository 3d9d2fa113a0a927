//! What is being done to the learner's files, for whoever comes after a crash.

use progy_core::{Change, Entry, RelPath};
use serde::{Deserialize, Serialize};

use super::is_mode_change;
use crate::codec::Format;
use crate::disk::{Disk, Kind};
use crate::{Error, Result, layout, trash};

const JOURNAL: Format = Format { magic: *b"progyJRN", version: 2 };

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Journal {
    batch: String,
    intents: Vec<Intent>,
}

/// One change. What it takes out of its place goes to the slot of its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Intent {
    path: RelPath,
    /// What the plan saw, if it goes to the slot.
    before: Option<Entry>,
    after: Option<Entry>,
}

/// Says what will be done; it is on the medium when this returns.
pub(super) fn write(disk: &dyn Disk, batch: &str, changes: &[Change]) -> Result<()> {
    let intent = |change: &Change| Intent {
        path: change.path.clone(),
        before: change.before.clone().filter(|_| is_mode_change(change).is_none()),
        after: change.after.clone(),
    };
    let intents = changes.iter().map(intent).collect();
    JOURNAL.write(disk, layout::JOURNAL, &Journal { batch: batch.to_owned(), intents })
}

/// Forgets the journal, once the caller has recorded what was done.
pub fn finish(disk: &dyn Disk) -> Result<()> {
    let journal: Option<Journal> = JOURNAL.read(disk, layout::JOURNAL).ok().flatten();
    disk.remove(layout::JOURNAL).map_err(Error::disk(layout::JOURNAL))?;
    match journal {
        Some(journal) => trash::tidy(disk, &journal.batch),
        None => Ok(()),
    }
}

/// After a crash: the paths that already hold what was intended. [`finish`] comes next.
///
/// An edit that the learner made in the very moment in which a file was replaced goes back to its
/// place, as it would have without the crash.
pub fn recover(disk: &dyn Disk) -> Result<Vec<RelPath>> {
    // A journal that was cut while it was written stands for changes that had not begun.
    let journal: Option<Journal> = match JOURNAL.read(disk, layout::JOURNAL) {
        Err(Error::Damaged(_)) => None,
        other => other?,
    };
    let journal = journal.filter(|journal| trash::is_batch(&journal.batch));
    let Some(Journal { batch, intents }) = journal else { return Ok(Vec::new()) };
    let mut done = Vec::new();
    for (n, intent) in intents.into_iter().enumerate() {
        if is_reached(disk, &intent)? && !put_back(disk, &intent, &trash::slot(&batch, n))? {
            done.push(intent.path);
        }
    }
    Ok(done)
}

fn is_reached(disk: &dyn Disk, Intent { path, after, .. }: &Intent) -> Result<bool> {
    let there = disk.meta(path.as_str()).map_err(Error::disk(path.as_str()))?;
    let Some(entry) = after else {
        // A file whose place a folder has taken is gone as well.
        return Ok(there.is_none_or(|meta| meta.kind == Kind::Folder));
    };
    let executable = entry
        .as_file()
        .is_none_or(|file| there.is_some_and(|meta| meta.executable == file.executable));
    Ok(executable && trash::holds(disk, path.as_str(), entry)?)
}

/// Whether the slot holds something else than what the plan saw, and has given it back.
fn put_back(disk: &dyn Disk, intent: &Intent, slot: &str) -> Result<bool> {
    let Intent { path, before: Some(before), after } = intent else { return Ok(false) };
    let is_there = disk.meta(slot).map_err(Error::disk(slot))?.is_some();
    if !is_there || trash::holds(disk, slot, before)? {
        return Ok(false);
    }
    let given = match after {
        Some(_) => disk.exchange(slot, path.as_str()),
        None => disk.place(slot, path.as_str()),
    };
    // If it cannot be given back, it is in the trash.
    Ok(given.is_ok())
}
