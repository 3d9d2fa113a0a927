//! Files of which only whole versions are ever seen, and only by their owner.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{ConfigError, Home};
use crate::platform::files::make_private_folder;

/// Larger than any file of settings, in bytes.
const LIMIT: u64 = 1 << 20;

impl Home {
    /// The text of a file; `None` if it is not there.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, ConfigError> {
        let path = self.file(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ConfigError::Io { path, source }),
        };
        let mut bytes = Vec::new();
        if let Err(source) = file.take(LIMIT + 1).read_to_end(&mut bytes) {
            return Err(ConfigError::Io { path, source });
        }
        if bytes.len() as u64 > LIMIT {
            return Err(self.damaged(name, format!("it is larger than {LIMIT} bytes")));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(self.damaged(name, "it is no UTF-8 text")),
        }
    }

    /// Puts `text` in the place of a file, whole or not at all.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), ConfigError> {
        let path = self.file(name);
        // People keep their settings elsewhere and link to them: the link stays.
        let path = fs::canonicalize(&path).unwrap_or(path);
        self.beside(&path, text)?
            .persist(&path)
            .map(drop)
            .map_err(|error| ConfigError::Io { path, source: error.error })
    }

    /// Puts `text` in a new file; false if another process was first.
    pub(super) fn write_new(&self, name: &str, text: &str) -> Result<bool, ConfigError> {
        let path = self.file(name);
        match self.beside(&path, text)?.persist_noclobber(&path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(ConfigError::Io { path, source: error.error }),
        }
    }

    /// Keeps other processes from changing what this one reads and then writes, until it is
    /// dropped.
    pub(super) fn lock(&self) -> Result<File, ConfigError> {
        self.make_dir()?;
        let path = self.file("lock");
        let lock = || {
            let file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|source| ConfigError::Io { path: path.clone(), source })
    }

    /// The error that someone else's text in a file is no use.
    pub(super) fn damaged(&self, name: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::Damaged { path: self.file(name), message: message.into() }
    }

    fn make_dir(&self) -> Result<(), ConfigError> {
        make_private_folder(&self.dir)
            .map_err(|source| ConfigError::Io { path: self.dir.clone(), source })
    }

    /// A file beside `path` with `text` in it, on the medium, that only its owner may read
    /// (`NamedTempFile` makes them so).
    fn beside(&self, path: &Path, text: &str) -> Result<NamedTempFile, ConfigError> {
        self.make_dir()?;
        let folder: PathBuf = path.parent().unwrap_or(&self.dir).to_owned();
        let write = || {
            let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        write().map_err(|source| ConfigError::Io { path: path.to_owned(), source })
    }
}
