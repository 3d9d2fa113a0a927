//! What Progy replaced or deleted on this device, kept for 30 days.
//!
//! A batch is a folder `.progy/trash/<milliseconds>-<random>/` with a file `list` and one slot, a
//! number, for each path. [`crate::apply`] writes the list before it touches anything, so that no
//! bytes are ever in the trash without their name.

use std::collections::BTreeSet;
use std::io;

use progy_core::{Entry, FileEntry, RelPath, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::Format;
use crate::disk::{Disk, Kind};
use crate::env::Env;
use crate::{Error, Result, layout, scan};

const LIST: Format = Format { magic: *b"progyTRA", version: 1 };
const CLOCK: Format = Format { magic: *b"progyCLK", version: 1 };
const DAY: i64 = 24 * 60 * 60 * 1000;
/// How long a batch is kept, in milliseconds.
pub const RETENTION: i64 = 30 * DAY;
/// After the clock has leapt ahead by more than the retention, so long nothing is thrown away: time
/// to set a clock that is wrong.
const GRACE: i64 = 7 * DAY;

/// One thing in the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Names it for [`restore`]: `BATCH/SLOT`.
    pub id: String,
    /// Where it was.
    pub path: RelPath,
    /// When it was replaced.
    pub at: Timestamp,
    /// In bytes.
    pub size: u64,
}

/// The list of a batch: slot `n` belongs to the `n`th line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) path: RelPath,
    /// What is about to be put in its place; it stands in the slot until it is.
    pub(crate) staged: Option<Entry>,
    pub(crate) at: Timestamp,
}

/// A fresh batch's folder.
pub(crate) fn new_batch(env: &dyn Env) -> String {
    let [a, b, c, d, ..] = env.random();
    format!("{:013}-{a:02x}{b:02x}{c:02x}{d:02x}", env.now().millis().max(0))
}

/// Whether `name` is one that [`new_batch`] gives: a journal that came with a folder of somebody
/// else may name anything.
pub(crate) fn is_batch(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    name.split_once('-').is_some_and(|(at, random)| digits(at) && digits(random))
}

pub(crate) fn slot(batch: &str, line: usize) -> String {
    format!("{}/{batch}/{line}", layout::TRASH)
}

/// Where the folder goes in whose place the file of `slot` is put.
pub(crate) fn folder_slot(slot: &str) -> String {
    format!("{slot}.folder")
}

pub(crate) fn list_path(batch: &str) -> String {
    format!("{}/{batch}/list", layout::TRASH)
}

pub(crate) fn encode_list(lines: &[Line]) -> Result<Vec<u8>> {
    LIST.encode(&lines)
}

/// Removes from a batch what was staged and never put in place; the rest are the learner's bytes.
pub(crate) fn tidy(disk: &dyn Disk, batch: &str) -> Result<()> {
    if !is_batch(batch) {
        return Ok(());
    }
    let Some(lines) = LIST.read::<Vec<Line>>(disk, &list_path(batch)).ok().flatten() else {
        return Ok(());
    };
    // One look at the folder, and not one for each of ten thousand lines: most slots are empty.
    let folder = format!("{}/{batch}", layout::TRASH);
    let there: BTreeSet<String> = disk
        .list(&folder)
        .map_err(Error::disk(&folder))?
        .into_iter()
        .map(|listed| format!("{folder}/{}", listed.name.unwrap_or_else(|readable| readable)))
        .collect();
    let mut kept = 0;
    for (n, line) in lines.iter().enumerate() {
        let slot = slot(batch, n);
        kept += usize::from(there.contains(&folder_slot(&slot)));
        match &line.staged {
            _ if !there.contains(&slot) => {}
            Some(staged) if holds(disk, &slot, staged)? => {
                disk.remove(&slot).map_err(Error::disk(&slot))?;
            }
            _ => kept += 1,
        }
    }
    if kept == 0 {
        disk.remove_all(&folder).map_err(Error::disk(&folder))?;
    }
    Ok(())
}

/// Whether `path` holds the content of `entry`, whatever its mode.
pub(crate) fn holds(disk: &dyn Disk, path: &str, entry: &Entry) -> Result<bool> {
    let Some(meta) = disk.meta(path).map_err(Error::disk(path))? else { return Ok(false) };
    match (meta.kind, entry) {
        (Kind::File, Entry::File(file)) if meta.size == file.size => {
            holds_now(disk, path, file).map_err(Error::disk(path))
        }
        (Kind::Symlink, Entry::Symlink(target)) => {
            Ok(disk.read_link(path).is_ok_and(|there| there == target.as_str()))
        }
        _ => Ok(false),
    }
}

/// Whether the file at `path` has the content of `file`, whatever its mode; no if it is changed or
/// taken away right now.
pub(crate) fn holds_now(disk: &dyn Disk, path: &str, file: &FileEntry) -> io::Result<bool> {
    match scan::hash_stable(disk, path, file.hash.kind()) {
        Ok((hash, _)) => Ok(hash == file.hash),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ResourceBusy) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn batches(disk: &dyn Disk) -> Result<Vec<String>> {
    let mut names: Vec<String> = match disk.list(layout::TRASH) {
        Ok(listed) => listed
            .into_iter()
            .filter(|item| item.meta.kind == Kind::Folder)
            .filter_map(|item| item.name.ok())
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::disk(layout::TRASH)(error)),
    };
    names.sort();
    Ok(names)
}

/// What is in the trash, newest first.
pub fn list(disk: &dyn Disk) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for batch in batches(disk)?.iter().rev() {
        let lines: Vec<Line> =
            LIST.read(disk, &list_path(batch)).ok().flatten().unwrap_or_default();
        for (n, line) in lines.into_iter().enumerate() {
            let name = slot(batch, n);
            for name in [folder_slot(&name), name] {
                if let Some(meta) = disk.meta(&name).map_err(Error::disk(&name))? {
                    let id = name.trim_start_matches(layout::TRASH).trim_start_matches('/');
                    items.push(Item {
                        id: id.to_owned(),
                        path: line.path.clone(),
                        at: line.at,
                        size: meta.size,
                    });
                }
            }
        }
    }
    Ok(items)
}

/// Puts an item back, at its path if that is free and beside it otherwise. Returns where.
pub fn restore(disk: &dyn Disk, id: &str) -> Result<RelPath> {
    let items = list(disk)?;
    let exact = items.iter().find(|item| item.id == id);
    let mut fitting = items.iter().filter(|item| item.id.starts_with(id));
    let only = fitting.next().filter(|_| fitting.next().is_none());
    let item = exact.or(only).ok_or_else(|| Error::NoSuchPath(id.to_owned()))?;
    let from = format!("{}/{}", layout::TRASH, item.id);
    let mut beside = item.path.clone();
    for n in 0..1000 {
        let name = match n {
            0 => item.path.name().to_owned(),
            1 => format!("{}.restored", item.path.name()),
            _ => format!("{}.restored-{n}", item.path.name()),
        };
        let Ok(to) = beside.with_name(&name) else { break };
        match disk.place(&from, to.as_str()) {
            Ok(()) => return Ok(to),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // A file has taken the place of its folder: it goes to the top.
            Err(error)
                if error.kind() == io::ErrorKind::NotADirectory && beside.parent().is_some() =>
            {
                beside = RelPath::new(item.path.name()).unwrap_or(beside);
            }
            Err(error) => return Err(Error::disk(to.as_str())(error)),
        }
    }
    Err(Error::NoSuchPath(id.to_owned()))
}

/// When the clock was last seen, and until when nothing is thrown away.
#[derive(Debug, Serialize, Deserialize)]
struct Clock {
    seen: i64,
    keep_until: i64,
}

/// Throws away batches older than [`RETENTION`].
pub fn purge(disk: &dyn Disk, env: &dyn Env) -> Result<()> {
    let batches = batches(disk)?;
    if batches.is_empty() {
        return Ok(());
    }
    let now = env.now().millis();
    let path = format!("{}/clock", layout::TRASH);
    let mut clock: Clock =
        CLOCK.read(disk, &path).ok().flatten().unwrap_or(Clock { seen: now, keep_until: i64::MIN });
    if now.saturating_sub(clock.seen) > RETENTION {
        clock.keep_until = now.saturating_add(GRACE);
    }
    let is_day_later = now.saturating_sub(clock.seen).abs() >= DAY;
    if clock.seen == now || is_day_later {
        clock.seen = now;
        CLOCK.write_cache(disk, &path, &clock)?;
    }
    if now < clock.keep_until {
        return Ok(());
    }
    for batch in batches {
        let at = batch.split('-').next().and_then(|at| at.parse::<i64>().ok());
        if at.is_some_and(|at| now.saturating_sub(at) > RETENTION) {
            let folder = format!("{}/{batch}", layout::TRASH);
            disk.remove_all(&folder).map_err(Error::disk(&folder))?;
        }
    }
    Ok(())
}
