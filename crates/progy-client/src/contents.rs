//! The bytes behind a hash, wherever they are on this device.

use std::collections::{BTreeSet, HashMap};

use progy_core::{ContentHash, Entry, RelPath};

use crate::disk::{Disk, Kind};
use crate::template::Template;
use crate::{Error, Result, layout};

/// No single content is read into memory past this size, in bytes.
pub const MAX_CONTENT: u64 = 64 << 20;

/// Keeps `bytes` under their hash. Not flushed: see [`Disk::flush`].
///
/// What is kept already is not written again: if that was cut short, the only copy could be lost.
pub fn keep(disk: &dyn Disk, hash: &ContentHash, bytes: &[u8]) -> Result<()> {
    if kept(disk, hash).is_some() {
        return Ok(());
    }
    let path = layout::object(hash);
    disk.write(&path, bytes, false).map_err(Error::disk(path))
}

/// What is kept under `hash`. A damaged object is as good as none.
pub fn kept(disk: &dyn Disk, hash: &ContentHash) -> Option<Vec<u8>> {
    let bytes = disk.read(&layout::object(hash), MAX_CONTENT).ok()?;
    hash.is_of(&bytes).then_some(bytes)
}

/// Throws away every object that is not in `needed`.
pub fn collect(disk: &dyn Disk, needed: &BTreeSet<ContentHash>) -> Result<()> {
    let needed: BTreeSet<String> = needed.iter().map(layout::object).collect();
    let Ok(folders) = disk.list(layout::OBJECTS) else { return Ok(()) };
    for folder in folders.into_iter().filter(|item| item.meta.kind == Kind::Folder) {
        let Ok(name) = folder.name else { continue };
        let folder = format!("{}/{name}", layout::OBJECTS);
        for object in disk.list(&folder).map_err(Error::disk(&folder))? {
            let path = format!("{folder}/{}", object.name.unwrap_or_default());
            if !needed.contains(&path) {
                disk.remove(&path).map_err(Error::disk(&path))?;
            }
        }
    }
    Ok(())
}

/// Where contents are looked for, nearest first.
pub struct Sources<'a> {
    /// The disk, with its objects.
    pub disk: &'a dyn Disk,
    /// Course versions on this device.
    pub templates: Vec<&'a Template>,
    /// Results of merges that are nowhere else yet.
    pub merged: &'a HashMap<ContentHash, Vec<u8>>,
    /// Files that hold a content now.
    pub files: HashMap<ContentHash, RelPath>,
}

impl Sources<'_> {
    /// The content, if this device has it.
    pub fn get(&self, hash: &ContentHash) -> Option<Vec<u8>> {
        if let Some(bytes) = self.merged.get(hash) {
            return Some(bytes.clone());
        }
        let template =
            || self.templates.iter().find_map(|template| template.content(self.disk, hash).ok()?);
        let file = || {
            let bytes = self.disk.read(self.files.get(hash)?.as_str(), MAX_CONTENT).ok()?;
            hash.is_of(&bytes).then_some(bytes)
        };
        // What a template has was never kept beside it.
        template().or_else(|| kept(self.disk, hash)).or_else(file)
    }

    /// Whether the content is on this device, in a place that only Progy changes.
    pub fn keeps(&self, hash: &ContentHash) -> bool {
        self.merged.contains_key(hash)
            || self.templates.iter().any(|template| template.has(hash))
            || kept(self.disk, hash).is_some()
    }
}

/// The contents that `entries` name.
pub fn hashes<'a>(entries: impl Iterator<Item = &'a Option<Entry>>) -> BTreeSet<ContentHash> {
    entries.flatten().filter_map(|entry| Some(entry.as_file()?.hash)).collect()
}
