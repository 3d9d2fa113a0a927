//! A packed course: a zip archive by a stranger.

mod bounded;
mod directory;
#[cfg(test)]
mod hostile;

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};

use progy_core::course::{FormatError, MANIFEST, Manifest, Outline, OutlineError};
use progy_core::{Entry, FileEntry, HashKind, RelPath, Tree};
use zip::ZipArchive;
use zip::result::ZipError;

use self::bounded::{Budget, EntryReader, Source};
use crate::names::NameError;
use crate::source::{self, CourseFiles};

/// The most that the directory of a package may take, in bytes: 100,000 entries with names of about
/// a hundred letters. Reading it costs at most about eleven times as much memory, for as many
/// entries without a name as fit into it.
const MAX_DIRECTORY: u64 = 16 << 20;

/// The largest file that [`Package::read`] puts into memory, in bytes.
const MAX_IN_MEMORY: u64 = 64 << 20;

/// How large a package may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive.
    pub packed: u64,
    /// Bytes of all files together.
    pub unpacked: u64,
    /// How many entries, folders and ignored files included.
    pub entries: usize,
}

impl Default for Limits {
    /// 100 MiB packed, 1 GiB unpacked, 100,000 entries.
    fn default() -> Self {
        Self { packed: 100 << 20, unpacked: 1 << 30, entries: 100_000 }
    }
}

/// Why a package is refused.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The archive has more bytes than it may.
    #[error("the package is larger than {0} bytes")]
    PackedTooLarge(u64),
    /// The files together have more bytes than they may.
    #[error("the files of the package are larger than {0} bytes together")]
    UnpackedTooLarge(u64),
    /// There are more entries than there may be.
    #[error("the package holds more than {0} files")]
    TooManyEntries(usize),
    /// It is no zip archive, or a broken one.
    #[error("the package is no valid zip archive: {0}")]
    NotAnArchive(String),
    /// A name is not fit for a course.
    #[error("the package holds a name that it must not: {0}")]
    Name(#[from] NameError),
    /// An entry is a link, or encrypted, or otherwise no plain file.
    #[error("{path} cannot be unpacked: {reason}")]
    Unsupported {
        /// The entry.
        path: RelPath,
        /// What it is.
        reason: &'static str,
    },
    /// An entry's content is not what its header says.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The entry.
        path: RelPath,
        /// What is wrong.
        reason: String,
    },
    /// `course.json` is not at the top.
    #[error("there is no {MANIFEST} at the top of the package")]
    NoManifest,
    /// `course.json` cannot be understood.
    #[error("{MANIFEST}: {0}")]
    Manifest(#[from] FormatError),
    /// The folders or an `info.toml` are not those of a course.
    #[error(transparent)]
    Outline(#[from] OutlineError),
    /// There is no such file in the package.
    #[error("there is no file {0} in the package")]
    NoSuchFile(RelPath),
    /// The file is too large to be held in memory; it can be streamed.
    #[error("{path} is larger than {limit} bytes")]
    FileTooLarge {
        /// The file.
        path: RelPath,
        /// How many bytes would have been taken.
        limit: u64,
    },
    /// The archive cannot be read.
    #[error("cannot read the package: {0}")]
    Io(#[from] io::Error),
}

/// One file of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageEntry {
    /// Its size in bytes, as declared; reading fails unless it is true.
    pub size: u64,
    /// Whether its owner may run it.
    pub executable: bool,
    index: usize,
}

/// A packed course whose directory was found to be harmless.
///
/// Invariants, held by [`Package::open`]: every name is a portable [`RelPath`], no two of them
/// collide on any system, none is private to Progy, every entry is a plain file that can be read,
/// and the declared sizes are within the limits.
pub struct Package<R> {
    files: Files<R>,
    manifest: Manifest,
}

/// The files of a package.
struct Files<R> {
    archive: ZipArchive<Source<R>>,
    entries: BTreeMap<RelPath, PackageEntry>,
}

impl<R: Read + Seek> Package<R> {
    /// Checks the archive in `reader` against `limits` and the rules for packages, reading nothing
    /// but its directory, its headers and `course.json`.
    pub fn open(reader: R, limits: Limits) -> Result<Self, PackageError> {
        let budget = Budget::new(MAX_DIRECTORY);
        let source = Source::new(reader, budget.clone())?;
        if source.len() > limits.packed {
            return Err(PackageError::PackedTooLarge(limits.packed));
        }
        let mut archive = ZipArchive::new(source).map_err(|error| match error {
            _ if budget.is_exhausted() => {
                PackageError::NotAnArchive("its directory is too large".to_owned())
            }
            ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => error.into(),
            other => PackageError::NotAnArchive(other.to_string()),
        })?;
        if archive.len() > limits.entries {
            return Err(PackageError::TooManyEntries(limits.entries));
        }
        budget.lift();
        let entries = directory::read(&mut archive, limits)?;
        let mut files = Files { archive, entries };
        let manifest = files.manifest()?;
        Ok(Self { files, manifest })
    }

    /// What `course.json` says.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Every file, in order. What packing leaves out is not among them, even if it was packed.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&RelPath, &PackageEntry)> {
        self.files.entries.iter()
    }

    /// The modules and lessons.
    pub fn outline(&mut self) -> Result<Outline, OutlineError> {
        source::outline(&self.manifest, &mut self.files)
    }

    /// The content of a file, at most 64 MiB.
    pub fn read(&mut self, path: &RelPath) -> Result<Vec<u8>, PackageError> {
        self.files.read_all(path, MAX_IN_MEMORY)
    }

    /// The content of a file as a stream. It ends with an error if it is not of the declared size
    /// or its checksum is wrong; what was read until then must be thrown away.
    pub fn reader(&mut self, path: &RelPath) -> Result<impl Read + '_, PackageError> {
        self.files.reader(path)
    }

    /// The template: every file with its BLAKE3 hash. Reads the whole package once, in pieces.
    pub fn tree(&mut self) -> Result<Tree, PackageError> {
        self.tree_of(HashKind::Blake3)
    }

    /// The template, with contents named in the way of some strategy.
    pub fn tree_of(&mut self, kind: HashKind) -> Result<Tree, PackageError> {
        let mut list: Vec<(RelPath, PackageEntry)> =
            self.files.entries.iter().map(|(path, entry)| (path.clone(), *entry)).collect();
        list.sort_by_key(|(_, entry)| entry.index);
        let mut entries = Vec::with_capacity(list.len());
        for (path, PackageEntry { size, executable, .. }) in list {
            let mut hasher = kind.hasher(size);
            let mut reader = self.files.reader(&path)?;
            let mut buffer = [0; 16 << 10];
            loop {
                match reader.read(&mut buffer).map_err(|error| damaged(&path, &error))? {
                    0 => break,
                    read => hasher.update(buffer.get(..read).unwrap_or(&buffer)),
                }
            }
            let hash = hasher.finish();
            entries.push((path, Entry::File(FileEntry { hash, size, executable })));
        }
        Tree::from_entries(entries).map_err(|error| PackageError::NotAnArchive(error.to_string()))
    }

    /// The files for whoever checks a course.
    pub(crate) fn files(&mut self) -> &mut impl CourseFiles {
        &mut self.files
    }
}

impl<R: Read + Seek> Files<R> {
    fn manifest(&mut self) -> Result<Manifest, PackageError> {
        let path = self.entries.keys().find(|path| path.as_str() == MANIFEST).cloned();
        let path = path.ok_or(PackageError::NoManifest)?;
        Ok(Manifest::parse(&self.read_all(&path, MAX_IN_MEMORY)?)?)
    }

    fn reader(&mut self, path: &RelPath) -> Result<EntryReader<impl Read + '_>, PackageError> {
        let Some(entry) = self.entries.get(path) else {
            return Err(PackageError::NoSuchFile(path.clone()));
        };
        match self.archive.by_index(entry.index) {
            Ok(file) => Ok(EntryReader::new(file, entry.size)),
            Err(ZipError::Io(error)) => Err(damaged(path, &error)),
            Err(error) => Err(damaged(path, &error.into())),
        }
    }

    fn read_all(&mut self, path: &RelPath, limit: u64) -> Result<Vec<u8>, PackageError> {
        let size = self.entries.get(path).map_or(0, |entry| entry.size);
        if size > limit {
            return Err(PackageError::FileTooLarge { path: path.clone(), limit });
        }
        let mut bytes = Vec::new();
        self.reader(path)?.read_to_end(&mut bytes).map_err(|error| damaged(path, &error))?;
        Ok(bytes)
    }
}

impl<R: Read + Seek> CourseFiles for Files<R> {
    fn paths(&self) -> Vec<RelPath> {
        self.entries.keys().cloned().collect()
    }

    fn read(&mut self, path: &RelPath, limit: u64) -> Result<Vec<u8>, String> {
        self.read_all(path, limit).map_err(|error| error.to_string())
    }
}

/// The error that the content of `path` cannot be read: the archive's fault, or the disk's.
fn damaged(path: &RelPath, error: &io::Error) -> PackageError {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof, Unsupported};
    match error.kind() {
        InvalidData | InvalidInput | Other | UnexpectedEof | Unsupported => {
            PackageError::Damaged { path: path.clone(), reason: error.to_string() }
        }
        kind => PackageError::Io(io::Error::new(kind, format!("{path}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use progy_core::ContentHash;

    use super::*;
    use crate::package::hostile::{Member, zip_of};
    use std::io::Cursor;

    fn open(members: &[Member]) -> Package<Cursor<Vec<u8>>> {
        Package::open(Cursor::new(zip_of(members)), Limits::default()).unwrap()
    }

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    #[test]
    fn a_package_is_read_without_unpacking() {
        let mut package = open(&[
            Member::file("course.json", br#"{"name": "Rust", "version": "1.2.3"}"#),
            Member::folder("content/"),
            Member::file("content/01_a/info.toml", b"[exercises]\n01_b = \"Bee\""),
            Member::file("content/01_a/01_b/exercise.rs", b"fn main() {}"),
            Member::file("runner/run.sh", b"#!/bin/sh").with_mode(0o100_755),
            Member::file("empty", b""),
            Member::file("runner/target/debug/x", b"left out"),
            Member::file("old.progy", b"left out"),
        ]);
        assert_eq!(package.manifest().version.to_string(), "1.2.3");
        let names: Vec<&str> = package.entries().map(|(path, _)| path.as_str()).collect();
        let expected = [
            "content/01_a/01_b/exercise.rs",
            "content/01_a/info.toml",
            "course.json",
            "empty",
            "runner/run.sh",
        ];
        assert_eq!(names, expected);
        assert_eq!(package.read(&path("content/01_a/01_b/exercise.rs")).unwrap(), b"fn main() {}");
        assert_eq!(package.outline().unwrap().lessons().next().unwrap().title, "Bee");
        assert!(matches!(package.read(&path("old.progy")), Err(PackageError::NoSuchFile(_))));

        let tree = package.tree().unwrap();
        assert_eq!(tree.len(), 5);
        let run = tree.get("runner/run.sh").unwrap().as_file().unwrap();
        assert_eq!((run.hash, run.size), (ContentHash::blake3(b"#!/bin/sh"), 9));
        assert!(run.executable && !tree.get("course.json").unwrap().as_file().unwrap().executable);
    }

    #[test]
    fn a_large_file_is_streamed() {
        let mut package = open(&[
            Member::file("course.json", br#"{"name": "x"}"#),
            Member::file("data.bin", &[0; 5000]),
        ]);
        let data = path("data.bin");
        let too_large = package.files.read_all(&data, 4999);
        assert!(matches!(too_large, Err(PackageError::FileTooLarge { limit: 4999, .. })));
        let copied = io::copy(&mut package.reader(&data).unwrap(), &mut io::sink()).unwrap();
        assert_eq!(copied, 5000);
    }

    #[test]
    fn limits() {
        let zip = zip_of(&[
            Member::file("course.json", br#"{"name": "x"}"#),
            Member::file("a", &[b'a'; 1000]),
        ]);
        let open = |limits| Package::open(Cursor::new(zip.clone()), limits).err();
        let limits = Limits::default();
        assert!(matches!(
            open(Limits { packed: 100, ..limits }),
            Some(PackageError::PackedTooLarge(100))
        ));
        assert!(matches!(
            open(Limits { unpacked: 1000, ..limits }),
            Some(PackageError::UnpackedTooLarge(1000))
        ));
        assert!(matches!(
            open(Limits { entries: 1, ..limits }),
            Some(PackageError::TooManyEntries(1))
        ));
        assert!(open(limits).is_none());
    }
}
