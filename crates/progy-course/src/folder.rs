//! A course as a folder on its author's disk.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use progy_core::RelPath;
use progy_core::course::is_left_out;

use crate::names::{NameError, Names};
use crate::package::Limits;
use crate::source::CourseFiles;

/// Why a file of a folder cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Its name is not fit for a course.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Its name is no Unicode.
    #[error("{0:?}: expected a name in Unicode")]
    NotUnicode(PathBuf),
    /// It is a symbolic link. A package holds none, since they can lead out of a workspace.
    #[error("{0} is a symbolic link; put the file itself in its place")]
    Symlink(RelPath),
    /// It is a pipe, a device or a socket.
    #[error("{0} is neither a file nor a folder")]
    Special(RelPath),
    /// There are more files than a package may hold.
    #[error("expected at most {0} files")]
    TooManyFiles(usize),
    /// The files are larger than a package's may be.
    #[error("expected at most {0} bytes in all files together")]
    TooLarge(u64),
    /// The disk does not let it be read.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl FolderError {
    /// Which file it is about, and what was expected of it.
    pub(crate) fn for_author(&self) -> (String, String) {
        let file = match self {
            Self::Name(error) => error.name(),
            Self::NotUnicode(path) | Self::Io { path, .. } => path.display().to_string(),
            Self::Symlink(path) | Self::Special(path) => path.to_string(),
            Self::TooManyFiles(_) | Self::TooLarge(_) => "(all files)".to_owned(),
        };
        let message = self.to_string();
        let message = message.strip_prefix(&format!("{file}: ")).unwrap_or(&message).to_owned();
        (file, message)
    }
}

/// A file that can be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileOnDisk {
    pub(crate) size: u64,
    pub(crate) executable: bool,
}

/// What a folder holds: the files that can be packed, and what stands in the way of the others.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    pub(crate) files: BTreeMap<RelPath, FileOnDisk>,
    pub(crate) problems: Vec<FolderError>,
}

impl Folder {
    /// Looks through the folder `root`, without following links, and without looking into what
    /// packing leaves out. Fails if `root` itself cannot be read.
    pub(crate) fn scan(root: &Path, limits: Limits) -> Result<Self, FolderError> {
        let mut folder =
            Self { root: root.to_owned(), files: BTreeMap::new(), problems: Vec::new() };
        let mut names = Names::default();
        let mut waiting: Vec<Option<RelPath>> = vec![None];
        let mut total: u64 = 0;
        while let Some(at) = waiting.pop() {
            let listed = match list(root, at.as_ref()) {
                Ok(listed) => listed,
                Err(error) if at.is_none() => return Err(error),
                Err(error) => {
                    folder.problems.push(error);
                    continue;
                }
            };
            for item in listed {
                match folder.look(&mut names, item) {
                    Ok(Some(below)) => waiting.push(Some(below)),
                    Ok(None) => {}
                    Err(problem) => folder.problems.push(problem),
                }
                if folder.files.len() + folder.problems.len() > limits.entries {
                    folder.problems.push(FolderError::TooManyFiles(limits.entries));
                    return Ok(folder);
                }
            }
        }
        for file in folder.files.values() {
            total = total.saturating_add(file.size);
        }
        if total > limits.unpacked {
            folder.problems.push(FolderError::TooLarge(limits.unpacked));
        }
        Ok(folder)
    }

    /// Takes one item in; a folder is given back to be looked into.
    fn look(&mut self, names: &mut Names, item: Item) -> Result<Option<RelPath>, FolderError> {
        let path = RelPath::new(&item.name?).map_err(NameError::from)?;
        if is_left_out(&path) {
            return Ok(None);
        }
        let metadata = item.metadata?;
        if metadata.is_dir() {
            names.add_folder(&path)?;
            return Ok(Some(path));
        }
        names.add_file(&path)?;
        if metadata.is_symlink() {
            return Err(FolderError::Symlink(path));
        }
        if !metadata.is_file() {
            return Err(FolderError::Special(path));
        }
        let file = FileOnDisk { size: metadata.len(), executable: is_executable(&metadata) };
        self.files.insert(path, file);
        Ok(None)
    }

    /// Opens a file to read it.
    pub(crate) fn open(&self, path: &RelPath) -> io::Result<File> {
        File::open(self.root.join(path.as_str()))
    }
}

impl CourseFiles for Folder {
    fn paths(&self) -> Vec<RelPath> {
        self.files.keys().cloned().collect()
    }

    fn read(&mut self, path: &RelPath, limit: u64) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut file = self.open(path).map_err(|error| error.to_string())?.take(limit + 1);
        file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > limit {
            return Err(format!("expected at most {limit} bytes"));
        }
        Ok(bytes)
    }
}

struct Item {
    name: Result<String, FolderError>,
    metadata: Result<Metadata, FolderError>,
}

/// What lies in a folder, by name: the order of a disk is that of no other.
fn list(root: &Path, at: Option<&RelPath>) -> Result<Vec<Item>, FolderError> {
    let folder = at.map_or_else(|| root.to_owned(), |at| root.join(at.as_str()));
    let failed = |path: &Path, error| FolderError::Io { path: path.to_owned(), error };
    let mut entries = fs::read_dir(&folder)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|error| failed(&folder, error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let items = entries.into_iter().map(|entry| {
        let path = entry.path();
        let name = match (entry.file_name().to_str(), at) {
            (Some(name), Some(at)) => Ok(format!("{at}/{name}")),
            (Some(name), None) => Ok(name.to_owned()),
            (None, _) => Err(FolderError::NotUnicode(path.clone())),
        };
        // Of the link itself, where it is one.
        Item { name, metadata: entry.metadata().map_err(|error| failed(&path, error)) }
    });
    Ok(items.collect())
}

/// Whether the owner may run it. Windows knows nothing like it.
#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}
