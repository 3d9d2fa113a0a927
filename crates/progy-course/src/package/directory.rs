//! What the directory of a package claims, checked before anything is unpacked.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use progy_core::RelPath;
use progy_core::course::is_left_out;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::{Limits, PackageEntry, PackageError};
use crate::names::{NameError, Names};

/// Types of files in the upper half of an entry's attributes, as in `inode(7)`. Zero is the type
/// that archives made on other systems than Unix have.
const TYPE_MASK: u32 = 0o170_000;
const TYPE_FILE: u32 = 0o100_000;
const TYPE_SYMLINK: u32 = 0o120_000;
/// The owner may run it.
const OWNER_RUNS: u32 = 0o100;

/// The files of the archive. Fails for the first entry that breaks a rule.
pub(super) fn read<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    limits: Limits,
) -> Result<BTreeMap<RelPath, PackageEntry>, PackageError> {
    if archive.has_duplicate_names() {
        return Err(not_an_archive("a name is there twice"));
    }
    let mut names = Names::default();
    let mut entries = BTreeMap::new();
    let mut total: u64 = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(unreadable)?;
        let name = entry.name().map_err(unreadable)?;
        let folder = name.strip_suffix('/');
        let path = RelPath::new(folder.unwrap_or(&name)).map_err(NameError::from)?;
        if is_left_out(&path) {
            continue;
        }
        if folder.is_some() {
            names.add_folder(&path)?;
            continue;
        }
        names.add_file(&path)?;
        let mode = entry.external_attributes() >> 16;
        let unsupported = |reason| PackageError::Unsupported { path: path.clone(), reason };
        match mode & TYPE_MASK {
            0 | TYPE_FILE => {}
            TYPE_SYMLINK => return Err(unsupported("it is a symbolic link")),
            _ => return Err(unsupported("it is neither a file nor a folder")),
        }
        if entry.encrypted() {
            return Err(unsupported("it is encrypted"));
        }
        let size = entry.size();
        match entry.compression() {
            CompressionMethod::Deflated => {}
            CompressionMethod::Stored if entry.compressed_size() == size => {}
            CompressionMethod::Stored => return Err(unsupported("its size is contradictory")),
            _ => return Err(unsupported("it is compressed in another way than `deflate`")),
        }
        total = total.saturating_add(size);
        if total > limits.unpacked {
            return Err(PackageError::UnpackedTooLarge(limits.unpacked));
        }
        let executable = mode & OWNER_RUNS != 0;
        entries.insert(path, PackageEntry { size, executable, index });
    }
    // Entries that share bytes make a small archive unpack to much; none does by accident.
    if archive.has_overlapping_entries().map_err(unreadable)? {
        return Err(not_an_archive("two entries share the same bytes"));
    }
    Ok(entries)
}

fn unreadable(error: ZipError) -> PackageError {
    match error {
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => error.into(),
        other => not_an_archive(&other.to_string()),
    }
}

fn not_an_archive(reason: &str) -> PackageError {
    PackageError::NotAnArchive(reason.to_owned())
}
