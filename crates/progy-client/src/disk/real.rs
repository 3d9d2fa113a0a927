//! The file system of this machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use progy_core::RelPath;

use super::{Disk, Kind, Listed, Meta, Reader};
use crate::layout;
use crate::platform::files as platform;

/// From this many files on, one flush of the whole file system is cheaper than one for each.
const FLUSH_EACH: usize = 16;
/// So many zeros, at least, become a hole where the file system has them, in bytes.
const HOLE: usize = 64 << 10;

/// A workspace in a folder of this machine.
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
}

/// Held while this process works in the workspace; dies with the process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl RealDisk {
    /// The workspace at `root`, which is a folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the workspace is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the lock of the workspace called `name`, or says that another process has it.
    pub fn lock(&self, name: &str) -> io::Result<Option<Lock>> {
        let path = self.at(name)?;
        platform::make_private_folder(&self.root.join(layout::FOLDER))?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// The absolute path of `path`, none of whose folders is a link.
    ///
    /// Of Progy's own files only the first folder is looked at: what lies below it no course and no
    /// server can name, and a checkout asks for thousands.
    fn at(&self, path: &str) -> io::Result<PathBuf> {
        let mut at = self.root.clone();
        if let Some(own) = path.strip_prefix(layout::FOLDER).and_then(|own| own.strip_prefix('/')) {
            at.push(layout::FOLDER);
            match fs::symlink_metadata(&at) {
                Ok(meta) if !meta.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(_) | Err(_) => {}
            }
            at.push(own);
            return Ok(at);
        }
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            at.push(part);
            if parts.peek().is_some() {
                match fs::symlink_metadata(&at) {
                    Ok(meta) if meta.is_dir() => {}
                    Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        at.extend(parts);
                        return Ok(at);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(at)
    }

    /// Does something at `path`. Only if a folder is missing are the folders above it made, and it
    /// is done again: nearly always they are there.
    fn with_folders<T>(&self, path: &str, act: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
        let at = self.at(path)?;
        match (act(&at), at.parent()) {
            (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
                if path.starts_with(layout::FOLDER) {
                    platform::make_private_folder(parent)?;
                } else {
                    fs::create_dir_all(parent)?;
                }
                act(&at)
            }
            (done, _) => done,
        }
    }
}

impl Disk for RealDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let at = if folder.is_empty() { self.root.clone() } else { self.root.join(folder) };
        let mut listed = Vec::new();
        for item in fs::read_dir(at)? {
            let item = item?;
            // A name that is gone by now was deleted while we looked.
            let meta = match item.metadata() {
                Ok(meta) => platform::meta(&meta),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let name = item.file_name().into_string();
            listed.push(Listed { name: name.map_err(|raw| raw.to_string_lossy().into()), meta });
        }
        Ok(listed)
    }

    fn meta(&self, path: &str) -> io::Result<Option<Meta>> {
        let found = self.at(path).and_then(fs::symlink_metadata);
        match found {
            Ok(meta) => Ok(Some(platform::meta(&meta))),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
                _ => Err(error),
            },
        }
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        let file = platform::open_no_follow(&self.at(path)?)?;
        let size = file.metadata()?.len();
        if size > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Reader>> {
        Ok(Box::new(platform::open_no_follow(&self.at(path)?)?))
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        let target = fs::read_link(self.at(path)?)?;
        target.into_os_string().into_string().map_err(|_| io::ErrorKind::InvalidData.into())
    }

    fn write(&self, path: &str, bytes: &[u8], executable: bool) -> io::Result<()> {
        let mut file = self.with_folders(path, |at| platform::create_file(at, executable))?;
        write_with_holes(&mut file, bytes)
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let open = |at: &Path| OpenOptions::new().create(true).append(true).open(at);
        write_with_holes(&mut self.with_folders(path, open)?, bytes)
    }

    fn write_link(&self, path: &str, target: &str) -> io::Result<()> {
        self.with_folders(path, |at| platform::symlink(target, at))
    }

    fn flush(&self, paths: &[&str]) -> io::Result<()> {
        if paths.len() > FLUSH_EACH && platform::flush_file_system(&self.root)? {
            return Ok(());
        }
        let mut folders = std::collections::BTreeSet::new();
        for path in paths {
            let at = self.root.join(path);
            // What was deleted has only the names around it to flush, and a link no content.
            match fs::symlink_metadata(&at) {
                Ok(meta) if meta.is_file() => File::open(&at)?.sync_data()?,
                Err(error) if !is_gone(&error) => return Err(error),
                Ok(_) | Err(_) => {}
            }
            // A folder that went with its last file is gone from the one above it.
            let above = at.ancestors().skip(1);
            folders.extend(
                above
                    .take_while(|folder| folder.starts_with(&self.root))
                    .find(|folder| fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir()))
                    .map(Path::to_owned),
            );
        }
        for folder in folders {
            platform::flush_folder(&folder)?;
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let from = self.at(from)?;
        self.with_folders(to, |to| fs::rename(&from, to))
    }

    fn place(&self, from: &str, to: &str) -> io::Result<()> {
        let from = self.at(from)?;
        self.with_folders(to, |to| platform::rename_no_replace(&from, to))
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        platform::exchange(&self.at(one)?, &self.at(other)?)
    }

    fn set_executable(&self, path: &str, executable: bool) -> io::Result<()> {
        platform::set_executable(&self.at(path)?, executable)
    }

    fn set_modified(&self, path: &str, modified: i64) -> io::Result<()> {
        platform::set_modified(&self.at(path)?, modified)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        absent_is_fine(fs::remove_file(self.at(path)?))
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        fs::create_dir_all(self.at(path)?)
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        absent_is_fine(fs::remove_dir(self.at(path)?))
    }

    fn remove_all(&self, path: &str) -> io::Result<()> {
        absent_is_fine(fs::remove_dir_all(self.at(path)?))
    }

    fn file_time(&self) -> io::Result<i64> {
        let probe = format!("{}/time", layout::TMP);
        self.write(&probe, b"", false)?;
        let at = self.at(&probe)?;
        // Truncating an empty file does not touch it on every system; writing a byte does.
        let mut file = OpenOptions::new().write(true).open(&at)?;
        file.write_all(b".")?;
        Ok(platform::meta(&file.metadata()?).modified)
    }

    fn parallelism(&self) -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8)
    }

    fn can_hold(&self, path: &RelPath) -> bool {
        platform::can_hold(path)
    }
}

/// Writes at the end of a file, zeros without using space for them: a sparse file of 10 GB would
/// otherwise fill the disk that it came from.
fn write_with_holes(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    let is_hole = |block: &[u8]| block.len() == HOLE && block.iter().all(|byte| *byte == 0);
    while let Some(first) = bytes.chunks(HOLE).next() {
        let hole = is_hole(first);
        let alike = bytes.chunks(HOLE).take_while(|block| is_hole(block) == hole);
        let (run, rest) = bytes.split_at(alike.map(<[u8]>::len).sum());
        if hole {
            file.set_len(file.metadata()?.len() + run.len() as u64)?;
            file.seek(SeekFrom::End(0))?;
        } else {
            file.write_all(run)?;
        }
        bytes = rest;
    }
    Ok(())
}

/// Whether nothing can be at a path, because it or a folder above it is not there.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The kind of a file's type.
pub(crate) fn kind(kind: fs::FileType) -> Kind {
    if kind.is_file() {
        Kind::File
    } else if kind.is_dir() {
        Kind::Folder
    } else if kind.is_symlink() {
        Kind::Symlink
    } else {
        Kind::Other
    }
}
