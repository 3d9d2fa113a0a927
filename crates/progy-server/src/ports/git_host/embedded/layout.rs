//! Which folder is whose.
//!
//! ```text
//! git/
//!   repositories/<learner's id>/<course>.git    `/` of the course id is `+`
//!   templates/<hash of the package>.git         made once, then never changed
//!   aside/                                      what is being made, or taken away
//! ```
//!
//! Whatever is made is made aside and moved to its place whole.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use progy_core::ContentHash;
use progy_core::git::{BRANCH, ObjectId};

use crate::ports::git_host::RepoName;
use crate::ports::{PortError, Result};

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";

/// The folders below one root.
#[derive(Debug, Clone)]
pub(in crate::ports::git_host) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes the folders that are missing.
    pub(in crate::ports::git_host) fn open(root: &Path) -> io::Result<Self> {
        for part in ["repositories", "templates", "aside"] {
            private_folder(&root.join(part))?;
        }
        Ok(Self { root: fs::canonicalize(root)? })
    }

    /// A learner's repository of a course.
    pub(in crate::ports::git_host) fn repository(&self, repo: &RepoName) -> Result<PathBuf> {
        let user = repo.user.0.as_str();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if user.is_empty() || user.len() > 100 || !user.chars().all(plain) {
            return Err(PortError::Failed("a learner's id is no name of a folder".to_owned()));
        }
        // Course ids have letters, digits, `-`, `_`, `.` and `@`, and no `..`.
        let course = repo.course.as_str().replace('/', "+");
        Ok(self.root.join("repositories").join(user).join(format!("{course}.git")))
    }

    /// Where learners' repositories are.
    pub(in crate::ports::git_host) fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    /// The template of a package.
    pub(in crate::ports::git_host) fn template(&self, package: &ContentHash) -> PathBuf {
        self.root.join("templates").join(format!("{package}.git"))
    }

    /// How a repository names a template's objects: the data folder may move.
    pub(in crate::ports::git_host) fn alternate(template: &Path) -> String {
        let name = template.file_name().unwrap_or_default().to_string_lossy();
        format!("../../../../templates/{name}/objects")
    }

    /// Where things are made before they are put in their place.
    pub(in crate::ports::git_host) fn aside(&self) -> PathBuf {
        self.root.join("aside")
    }

    /// A name aside that nobody has.
    pub(in crate::ports::git_host) fn temporary(&self) -> Result<PathBuf> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = self.aside().join(format!("{process}-{number}"));
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(super::disk(&error)),
            // What was there is from another process that had the same number.
            _ => Ok(folder),
        }
    }
}

/// Makes an empty repository at `folder`, unless there is one. Tells whether it did.
pub(in crate::ports::git_host) fn create(folder: &Path) -> io::Result<bool> {
    let Some(owner) = folder.parent() else { return Err(ErrorKind::InvalidInput.into()) };
    if folder.join("HEAD").is_file() {
        return Ok(false);
    }
    private_folder(owner)?;
    // The file by which Git knows a repository comes last.
    fill(folder)?;
    flush(folder)?;
    let made = write_new(&folder.join("HEAD"), format!("ref: {BRANCH}\n").as_bytes())?;
    flush(folder)?;
    flush(owner)?;
    Ok(made)
}

/// Makes all of an empty repository but `HEAD`.
fn fill(folder: &Path) -> io::Result<()> {
    for part in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        private_folder(&folder.join(part))?;
    }
    write_new(&folder.join("config"), CONFIG.as_bytes()).map(drop)
}

/// Makes an empty repository that nobody else sees yet, `HEAD` and all.
pub(in crate::ports::git_host) fn create_aside(folder: &Path) -> io::Result<()> {
    fill(folder)?;
    write_new(&folder.join("HEAD"), format!("ref: {BRANCH}\n").as_bytes()).map(drop)
}

/// Puts a folder that was made aside in its place, unless somebody was faster.
pub(in crate::ports::git_host) fn put(aside: &Path, place: &Path) -> io::Result<()> {
    flush(aside)?;
    match fs::rename(aside, place) {
        Err(_) if place.join("HEAD").is_file() => fs::remove_dir_all(aside),
        moved => {
            moved?;
            place.parent().map_or(Ok(()), flush)
        }
    }
}

/// Names a template's objects in a repository, unless it does already.
pub(in crate::ports::git_host) fn add_alternate(folder: &Path, line: &str) -> io::Result<()> {
    let file = folder.join("objects/info/alternates");
    let known = match fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        known => known?,
    };
    if known.lines().any(|known| known == line) {
        return Ok(());
    }
    replace(&file, format!("{known}{line}\n").as_bytes())
}

/// Sets `main` of a repository that nobody else writes.
pub(in crate::ports::git_host) fn set_main(folder: &Path, id: ObjectId) -> io::Result<()> {
    replace(&folder.join(BRANCH), format!("{id}\n").as_bytes())
}

/// What `main` names, without asking `git`.
pub(in crate::ports::git_host) fn main(folder: &Path) -> io::Result<Option<ObjectId>> {
    // A branch is moved from its own file to the common one: looked at in this order, and once more
    // if it was moved back in between, it is found.
    for _ in 0..2 {
        if let Some(text) = read(&folder.join(BRANCH))? {
            return Ok(text.trim_end().parse().ok());
        }
        let packed = read(&folder.join("packed-refs"))?.unwrap_or_default();
        let line = packed.lines().find_map(|line| line.strip_suffix(BRANCH)?.strip_suffix(' '));
        if let Some(id) = line {
            return Ok(id.parse().ok());
        }
    }
    Ok(None)
}

/// The size of all files of a repository, each rounded up to whole blocks as disks keep them.
pub(in crate::ports::git_host) fn size(folder: &Path) -> io::Result<u64> {
    const BLOCK: u64 = 4096;
    let mut total = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            // Git removes folders that it has emptied.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) => total += about.len().next_multiple_of(BLOCK),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(total)
}

/// Takes a repository away at one moment.
pub(in crate::ports::git_host) fn delete(folder: &Path, aside: &Path) -> io::Result<()> {
    match fs::rename(folder, aside) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        moved => moved?,
    }
    folder.parent().map_or(Ok(()), flush)?;
    fs::remove_dir_all(aside)
}

fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        text => text.map(Some),
    }
}

/// Makes a folder and those above it, for this user of the machine alone.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file that is not there, all of it or nothing. Tells whether it was not there.
fn write_new(file: &Path, content: &[u8]) -> io::Result<bool> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(content)?;
    beside.as_file().sync_all()?;
    match beside.persist_noclobber(file) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(content)?;
    beside.as_file().sync_all()?;
    beside.persist(file).map_err(|error| error.error)?;
    flush(folder)
}

/// Puts the names in a folder on the disk.
fn flush(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}
