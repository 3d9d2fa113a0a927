//! The few things that Progy asks of a file system.
//!
//! Everything that touches a workspace goes through [`Disk`], so that the simulation can crash,
//! fill up or age a disk between any two calls. Paths are relative to the workspace root with `/`
//! between their parts; those of Progy's own files begin with `.progy/`.

mod pieces;
pub mod real;

use std::io::{self, Read, Seek};

use progy_core::RelPath;

pub use pieces::Pieces;
pub use real::RealDisk;

/// What kind of thing a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A socket, a pipe, a device.
    Other,
}

/// What a file system knows of a name without following links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// File, folder, link or other.
    pub kind: Kind,
    /// In bytes.
    pub size: u64,
    /// When the content was written, in nanoseconds since 1970 by the file system's clock.
    pub modified: i64,
    /// When anything about it was changed; equal to `modified` where there is no such time.
    pub changed: i64,
    /// Tells one file from another that took its name; 0 where there is no such number.
    pub inode: u64,
    /// Whether its owner may run it.
    pub executable: bool,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name, or a readable form of one that is not Unicode.
    pub name: Result<String, String>,
    /// What it is.
    pub meta: Meta,
}

/// Reads and seeks.
pub trait Reader: Read + Seek + Send {}

impl<T: Read + Seek + Send> Reader for T {}

/// A workspace's file system.
///
/// Laws: a call that fails changes nothing, or is cut short by a crash in a state that one of the
/// calls leaves. No call follows a symbolic link in any part of a path: a path that leads through
/// one fails with [`io::ErrorKind::NotADirectory`].
pub trait Disk: Sync {
    /// The names in `folder` (empty for the root), in any order. Links are not followed.
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>>;

    /// What `path` is; `None` if nothing is there, also if a folder above is none.
    fn meta(&self, path: &str) -> io::Result<Option<Meta>>;

    /// The bytes of a regular file, at most `limit` of them:
    /// [`io::ErrorKind::FileTooLarge`] past that.
    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>>;

    /// Opens a regular file for reading in pieces.
    fn open(&self, path: &str) -> io::Result<Box<dyn Reader>>;

    /// Where a symbolic link points, if that is Unicode.
    fn read_link(&self, path: &str) -> io::Result<String>;

    /// Writes a file of Progy's own under its name, or a new one in `.progy/`; folders above it are
    /// made. Not atomic and not durable: see [`Disk::flush`] and [`Disk::rename`].
    fn write(&self, path: &str, bytes: &[u8], executable: bool) -> io::Result<()>;

    /// Appends to a file of Progy's own, or makes it. Not durable.
    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes a symbolic link in `.progy/`; folders above it are made.
    fn write_link(&self, path: &str, target: &str) -> io::Result<()>;

    /// Brings the contents of `paths`, and the names in their folders, to the medium: one flush for
    /// a batch.
    fn flush(&self, paths: &[&str]) -> io::Result<()>;

    /// Puts `from` at `to`, replacing what was there. For Progy's own files. Atomic.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Puts `from` at `to`, where nothing may be: [`io::ErrorKind::AlreadyExists`] otherwise.
    /// Folders above `to` are made. Atomic.
    fn place(&self, from: &str, to: &str) -> io::Result<()>;

    /// Exchanges what is at `one` and `other`. Atomic: no moment in which either name is missing.
    fn exchange(&self, one: &str, other: &str) -> io::Result<()>;

    /// Sets or clears the executable bit of a regular file.
    fn set_executable(&self, path: &str, executable: bool) -> io::Result<()>;

    /// Says when a file of Progy's own was modified, in nanoseconds since 1970. Not durable.
    fn set_modified(&self, path: &str, modified: i64) -> io::Result<()>;

    /// Removes a file or link of Progy's own. Nothing there is no error.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes a folder with those above it. One that is there is no error;
    /// [`io::ErrorKind::AlreadyExists`] if something else is.
    fn make_folder(&self, path: &str) -> io::Result<()>;

    /// Removes a folder that holds nothing. [`io::ErrorKind::DirectoryNotEmpty`] otherwise; nothing
    /// there is no error.
    fn remove_folder(&self, path: &str) -> io::Result<()>;

    /// Removes a folder of Progy's own with all that it holds.
    fn remove_all(&self, path: &str) -> io::Result<()>;

    /// The time that the file system would give to a file written now, as in [`Meta::modified`].
    fn file_time(&self) -> io::Result<i64>;

    /// How many threads may use the disk at once with profit; 1 for a deterministic one.
    fn parallelism(&self) -> usize;

    /// Whether this system can hold a file of that name beside the others.
    fn can_hold(&self, path: &RelPath) -> bool;
}
