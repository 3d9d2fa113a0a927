//! `progy.toml` as far as commands look into it; the engine writes it.

use std::path::Path;

use progy_client::disk::{Disk, RealDisk};
use progy_client::layout;
use progy_core::Strategy;
use serde::Deserialize;

use crate::failure::{Exit, Failure};

/// The longest `progy.toml`, in bytes.
const LIMIT: u64 = 1 << 20;

/// What `progy.toml` says of a folder.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Settings {
    #[serde(default)]
    course: Course,
    #[serde(default)]
    sync: Sync,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Course {
    id: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Sync {
    strategy: Option<String>,
}

impl Settings {
    /// Reads the settings in `folder`. Where they are not there, or are no TOML any more, they say
    /// nothing: the engine knows all that they said, and writes them anew.
    pub(crate) fn read(folder: &Path) -> Self {
        // As the engine reads them: who opens a pipe waits for somebody at its other end.
        let bytes = RealDisk::new(folder).read(layout::SETTINGS, LIMIT).unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// The course.
    pub(crate) fn course(&self) -> Option<&str> {
        self.course.id.as_deref()
    }

    /// Refuses a strategy that somebody has written into the file: `progy strategy` changes it, and
    /// the files with it.
    pub(crate) fn check_strategy(&self, strategy: Strategy) -> Result<(), Failure> {
        match self.sync.strategy.as_deref() {
            None => Ok(()),
            Some(text) if text == strategy.as_str() => Ok(()),
            Some(text) => {
                Err(fail!(Exit::Failed, "settings-strategy", strategy = text, has = strategy))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(layout::SETTINGS), text).unwrap();
        Settings::read(folder.path())
    }

    #[test]
    fn what_people_write() {
        let settings =
            read("[course]\nid = \"a\"\nversion = \"1.0.0\"\n[sync]\nstrategy = \"git\"");
        assert_eq!(settings.course(), Some("a"));
        assert!(settings.check_strategy(Strategy::Patch).is_err());
        assert!(settings.check_strategy(Strategy::Git).is_ok());
        for silent in ["", "[[[", "course = 3"] {
            assert_eq!(read(silent), Settings::default());
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_waits_at_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join(layout::SETTINGS);
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        assert_eq!(Settings::read(folder.path()), Settings::default());
    }
}
