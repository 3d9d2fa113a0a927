//! Progy's own folder in `.git`, and locks that are told from those of other programs.
//!
//! ```text
//! .git/progy/
//!   mine     one sentence; every lock of ours is another name of this file
//!   …        whatever is being written; nothing in it is needed after a kill
//! ```
//!
//! Every program that changes `.git/FILE` holds `.git/FILE.lock` meanwhile, by making a file of that
//! name where there is none. A program that is killed leaves it, and nobody can tell such a lock from
//! one that is held. So ours are made in another way that all others see as the same: what is to be
//! written is written in our own folder, the lock is a hard link to `mine`, and while it is held the
//! new file is renamed to its place. At each moment there is no lock, or one that says whose it is.
//!
//! Only one process of ours works in a repository, under the workspace's lock, which dies with it. So
//! a lock that holds our sentence when the next one begins is held by nobody, and [`Own::recover`]
//! takes it away. No other program does: between the look and the removal it stays ours. A lock
//! without the sentence is another program's, whatever became of that, and stays.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use progy_core::git::BRANCH;

use crate::repository::PUBLISHED;
use crate::{Obstacle, Result};

const FOLDER: &str = "progy";
const MINE: &str = "mine";
/// What `mine` says. A copy of a workspace has it too, so that a lock in it is told as well.
const SENTENCE: &str =
    "This lock is Progy's. The next progy command takes it away if nobody needs it.\n";

/// Git's files that Progy replaces, as seen from `.git`.
pub(crate) const INDEX: &str = "index";
pub(crate) const CONFIG: &str = "config";
const REPLACED: [&str; 4] = [INDEX, CONFIG, BRANCH, PUBLISHED];

/// Progy's own folder in a repository.
#[derive(Debug)]
pub(crate) struct Own {
    /// Where the repository keeps what all its work trees share.
    common: PathBuf,
    /// Where it keeps the index.
    git: PathBuf,
    folder: PathBuf,
}

/// One of Git's files, which nobody else replaces while this is here.
#[derive(Debug)]
pub(crate) struct Lock<'a> {
    own: &'a Own,
    file: PathBuf,
    held: PathBuf,
    /// Another name of the file, until it is replaced.
    copy: Option<PathBuf>,
}

impl Own {
    /// That of the repository whose index is in `git`, and all else in `common`.
    pub(crate) fn of(git: &Path, common: &Path) -> Self {
        Self { common: common.to_owned(), git: git.to_owned(), folder: common.join(FOLDER) }
    }

    /// Takes away what a process of ours that was killed has left. To be called by who works in this
    /// repository alone.
    pub(crate) fn recover(&self) -> Result<()> {
        for name in REPLACED {
            let lock = lock_of(&self.at(name));
            if is_ours(&lock)? {
                remove(&lock)?;
            }
        }
        let there = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            there => there?,
        };
        for item in there {
            let item = item?;
            if item.file_name() == MINE {
                continue;
            }
            if item.file_type()?.is_dir() {
                fs::remove_dir_all(item.path())?;
            } else {
                remove(&item.path())?;
            }
        }
        Ok(())
    }

    /// [`Obstacle::Locked`] if another program replaces a file that we would have to replace, or was
    /// killed while it did.
    pub(crate) fn check(&self) -> Result<()> {
        let mut locks = REPLACED.iter().map(|name| lock_of(&self.at(name)));
        match locks.find(|lock| lock.symlink_metadata().is_ok()) {
            Some(lock) => Err(self.locked(&lock)),
            None => Ok(()),
        }
    }

    /// Takes the lock of one of Git's files; [`Obstacle::Locked`] if another program has it.
    pub(crate) fn lock(&self, name: &str) -> Result<Lock<'_>> {
        let file = self.at(name);
        let lock = lock_of(&file);
        match self.mark(&lock) {
            Ok(()) => Ok(Lock { own: self, file, held: lock, copy: None }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(self.locked(&lock)),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives `mine` another name, which nothing may have.
    fn mark(&self, lock: &Path) -> io::Result<()> {
        let mine = self.folder.join(MINE);
        let linked = fs::hard_link(&mine, lock);
        if !linked.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return or_make(linked, lock);
        }
        // The first lock of ours, or of this branch.
        if !mine.exists() {
            let beside = self.beside("mine-new")?;
            write(&beside, SENTENCE.as_bytes())?;
            fs::rename(beside, &mine)?;
        }
        if let Some(folder) = lock.parent() {
            fs::create_dir_all(folder)?;
        }
        or_make(fs::hard_link(&mine, lock), lock)
    }

    /// A name in our folder, which nothing has.
    pub(crate) fn beside(&self, name: &str) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(name);
        remove(&path)?;
        Ok(path)
    }

    /// A folder in our folder.
    pub(crate) fn folder_beside(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Replaces a file that programs do not lock.
    pub(crate) fn replace(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let beside = self.beside("unlocked")?;
        write(&beside, bytes)?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(beside, file)
    }

    /// Where one of Git's files is. As others do: where its name is a link, the end is replaced.
    fn at(&self, name: &str) -> PathBuf {
        let file = if name == INDEX { self.git.join(name) } else { self.common.join(name) };
        if file.is_symlink() { fs::canonicalize(&file).unwrap_or(file) } else { file }
    }

    fn locked(&self, lock: &Path) -> crate::Error {
        let shown = lock.strip_prefix(&self.common).map(|name| Path::new(".git").join(name));
        Obstacle::Locked(shown.unwrap_or_else(|_| lock.to_owned()).display().to_string()).into()
    }
}

impl Lock<'_> {
    /// The locked file as it is now, under a name that may be written to by replacing it; the name
    /// of nothing, if there is no such file.
    pub(crate) fn copy(&mut self) -> io::Result<PathBuf> {
        let beside = self.own.beside("copy")?;
        self.copy = Some(beside.clone());
        match fs::hard_link(&self.file, &beside) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => {
                fs::copy(&self.file, &beside)?;
                // Git holds the times of files against that of the index.
                let written = fs::metadata(&self.file)?.modified()?;
                File::options().write(true).open(&beside)?.set_modified(written)?;
            }
            Ok(()) => {}
        }
        Ok(beside)
    }

    /// Puts a file of our folder in the locked one's place.
    pub(crate) fn put(self, beside: &Path) -> io::Result<()> {
        let renamed = fs::rename(beside, &self.file);
        // A branch may take the name of a folder that has no branches any more.
        if renamed.is_err() && fs::remove_dir(&self.file).is_ok() {
            return fs::rename(beside, &self.file);
        }
        renamed
    }

    /// Puts these bytes in the locked file's place.
    pub(crate) fn put_bytes(self, bytes: &[u8]) -> io::Result<()> {
        let beside = self.own.beside("bytes")?;
        fs::write(&beside, bytes)?;
        self.put(&beside)
    }

    /// Whether the file that is locked says the same as one of our folder.
    pub(crate) fn is_same(&self, beside: &Path) -> io::Result<bool> {
        Ok(fs::read(&self.file).ok() == Some(fs::read(beside)?))
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // What stays is taken away by the next command.
        for name in self.copy.iter().chain([&self.held]) {
            let _ = remove(name);
        }
    }
}

fn lock_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// On a file system without hard links the lock is made as others make it. A kill between its two
/// steps leaves one that says nothing, which stays.
fn or_make(linked: io::Result<()>, lock: &Path) -> io::Result<()> {
    match linked {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            let mut file = OpenOptions::new().write(true).create_new(true).open(lock)?;
            file.write_all(SENTENCE.as_bytes())
        }
    }
}

/// Whether a lock is there and says that it is ours.
fn is_ours(lock: &Path) -> io::Result<bool> {
    let file = match File::open(lock) {
        Ok(file) if file.metadata()?.is_file() => file,
        // A folder of that name, or nothing that we may read.
        _ => return Ok(false),
    };
    let mut text = Vec::with_capacity(SENTENCE.len());
    file.take(SENTENCE.len() as u64 + 1).read_to_end(&mut text)?;
    Ok(text == SENTENCE.as_bytes())
}

/// Writes a file, and has it on the medium.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// Removes a file; nothing there is no error.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
