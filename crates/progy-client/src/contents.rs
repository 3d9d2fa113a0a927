//! The bytes behind a hash, wherever they are on this device.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use progy_core::{ContentHash, Entry, HashKind, RelPath};

use crate::disk::{Disk, Kind};
use crate::store::{Batch, Store};
use crate::template::Template;
use crate::{Error, Result};

/// No single content is read into memory past this size, in bytes.
pub const MAX_CONTENT: u64 = 64 << 20;
/// A larger file is not read at once, in bytes.
const AT_ONCE: u64 = 4 << 20;

/// Where contents are looked for, nearest first.
pub struct Sources<'a> {
    /// The disk.
    pub disk: &'a dyn Disk,
    /// What is kept on it.
    pub store: &'a Store<'a>,
    /// Course versions on this device.
    pub templates: Vec<&'a Template>,
    /// Results of merges that are nowhere else yet.
    pub merged: &'a HashMap<ContentHash, Vec<u8>>,
    /// Files that hold a content now.
    pub files: HashMap<ContentHash, RelPath>,
}

impl Sources<'_> {
    /// The content, if this device has it and it is not larger than [`MAX_CONTENT`].
    pub fn get(&self, hash: &ContentHash) -> Option<Vec<u8>> {
        let file = || {
            let bytes = self.disk.read(self.files.get(hash)?.as_str(), MAX_CONTENT).ok()?;
            hash.is_of(&bytes).then_some(bytes)
        };
        self.merged
            .get(hash)
            .cloned()
            // What a template has was never kept beside it.
            .or_else(|| self.in_template(hash))
            .or_else(|| self.store.get(hash, MAX_CONTENT))
            .or_else(file)
    }

    /// Whether the content is on this device, in a place that only Progy changes.
    pub fn keeps(&self, hash: &ContentHash) -> bool {
        self.merged.contains_key(hash)
            || self.templates.iter().any(|template| template.has(hash))
            || self.store.keeps(hash)
    }

    /// Puts the content into `batch`, unless it is kept; false if this device does not have it.
    pub fn keep(&self, hash: &ContentHash, batch: &mut Batch<'_, '_>) -> Result<bool> {
        if self.store.keeps(hash) {
            return Ok(true);
        }
        let bytes = self.merged.get(hash).cloned().or_else(|| self.in_template(hash));
        match (bytes, self.files.get(hash)) {
            (Some(bytes), _) => batch.put(hash, &bytes).map(|()| true),
            (None, Some(path)) => keep_file(self.disk, path, hash, batch),
            (None, None) => Ok(false),
        }
    }

    /// Writes the content to `to`; false if this device does not have it. On an error what was
    /// written is not the content.
    pub fn write_to(&self, hash: &ContentHash, to: &mut dyn Write) -> io::Result<bool> {
        let small = self.merged.get(hash).cloned().or_else(|| self.in_template(hash));
        if let Some(bytes) = small {
            return to.write_all(&bytes).map(|()| true);
        }
        if self.store.write_to(hash, to)? {
            return Ok(true);
        }
        let file = || self.disk.read(self.files.get(hash)?.as_str(), MAX_CONTENT).ok();
        match file().filter(|bytes| hash.is_of(bytes)) {
            Some(bytes) => to.write_all(&bytes).map(|()| true),
            None => Ok(false),
        }
    }

    fn in_template(&self, hash: &ContentHash) -> Option<Vec<u8>> {
        self.templates.iter().find_map(|template| template.content(self.disk, hash).ok()?)
    }
}

/// Puts what the file at `path` holds into `batch`, if it is the content `hash`; false if it is not.
pub fn keep_file(
    disk: &dyn Disk,
    path: &RelPath,
    hash: &ContentHash,
    batch: &mut Batch<'_, '_>,
) -> Result<bool> {
    let fails = |error| Error::disk(path.as_str())(error);
    let meta = || disk.meta(path.as_str()).map_err(Error::disk(path.as_str()));
    let Some(seen) = meta()?.filter(|meta| meta.kind == Kind::File) else { return Ok(false) };
    let kept = if hash.kind() == HashKind::Blake3 && seen.size > AT_ONCE {
        let mut reader = match disk.open(path.as_str()) {
            Ok(reader) => reader,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(fails(error)),
        };
        batch.put_from(hash, &mut reader, seen.size)
    } else {
        match disk.read(path.as_str(), MAX_CONTENT) {
            Ok(bytes) if hash.is_of(&bytes) => batch.put(hash, &bytes).map(|()| true),
            Ok(_) => Ok(false),
            Err(error) => Err(fails(error)),
        }
    };
    match kept {
        // Gone, or a folder or a link by now.
        Err(Error::Disk { .. }) if meta()?.is_none_or(|meta| meta.kind != Kind::File) => Ok(false),
        other => other,
    }
}

/// The contents that `entries` name.
pub fn hashes<'a>(entries: impl Iterator<Item = &'a Option<Entry>>) -> BTreeSet<ContentHash> {
    entries.flatten().filter_map(|entry| Some(entry.as_file()?.hash)).collect()
}
