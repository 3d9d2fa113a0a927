//! The folder that becomes a workspace.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use progy_client::layout;
use progy_core::CourseId;

use crate::context::{Context, workspace_above};
use crate::failure::{Exit, Failure};
use crate::settings::Settings;

/// A folder that may become a workspace.
pub(super) struct Folder {
    path: PathBuf,
    /// Whether there was a folder, and one of Progy's own in it.
    was_there: bool,
    had_own: bool,
}

impl Folder {
    /// Checks that `dir`, or the current folder, may become a workspace of `course`.
    pub(super) fn choose(
        context: &Context,
        dir: Option<&Path>,
        course: &CourseId,
    ) -> Result<Self, Failure> {
        let path = absolute(dir.unwrap_or(Path::new("."))).map_err(|error| {
            let folder = dir.unwrap_or(Path::new(".")).display();
            fail!(Exit::Failed, "no-folder", folder = folder, reason = error)
        })?;
        let home = context.variables.os("HOME").map(|home| absolute(Path::new(home)));
        let is_home = home.is_some_and(|home| home.is_ok_and(|home| home == path));
        if is_home || path.parent().is_none() {
            return Err(fail!(Exit::Failed, "folder-too-large", folder = path.display()));
        }
        if let Some(above) = path.parent().and_then(workspace_above) {
            return Err(fail!(Exit::Failed, "inside-workspace", folder = above.display()));
        }
        match Settings::read(&path).course() {
            Some(other) if other != course.as_str() => {
                Err(fail!(Exit::Failed, "other-course", course = other))
            }
            _ => Ok(Self {
                was_there: path.is_dir(),
                had_own: path.join(layout::FOLDER).exists(),
                path,
            }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it holds a workspace already.
    pub(super) fn is_workspace(&self) -> bool {
        self.path.join(layout::STATE).exists()
    }

    /// Makes the folder, if it is not there.
    pub(super) fn make(&self) -> Result<(), Failure> {
        fs::create_dir_all(&self.path).map_err(|error| {
            fail!(Exit::Failed, "no-folder", folder = self.path.display(), reason = error)
        })
    }

    /// Takes away what `make` and a start that failed have left: never anything of the learner's.
    pub(super) fn unmake(&self) {
        if !self.had_own && !self.is_workspace() {
            let _ = fs::remove_dir_all(self.path.join(layout::FOLDER));
        }
        if !self.was_there {
            // Only if nothing is in it.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// `path` without links, as far as it exists.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    match path.canonicalize() {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match (path.parent(), path.file_name()) {
                (Some(parent), Some(name)) => Ok(absolute(parent)?.join(name)),
                _ => Ok(path),
            }
        }
        Err(error) => Err(error),
    }
}
