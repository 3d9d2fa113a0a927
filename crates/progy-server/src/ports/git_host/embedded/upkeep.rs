//! Packing what many small pushes have left.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use super::layout::Layout;
use super::program::Program;
use super::{Embedded, blocking, disk};
use crate::ports::git_host::{RepoName, Result};

/// From this many packs on, or folders of single objects, a repository is packed anew.
const PACKS: usize = 20;
/// How long something that nothing refers to is kept: much longer than a push may take, so that what
/// one counts on does not go while it is under way.
const GRACE: Duration = Duration::from_hours(24);

impl Embedded {
    /// See [`super::GitHost::keep_up`]. Templates are left alone: what is shared is not packed again,
    /// and never removed.
    pub(super) async fn pack_if_scattered(&self, repo: &RepoName) -> Result<bool> {
        let Some(folder) = self.there(repo)? else { return Ok(false) };
        pack_if_scattered(self.program()?, &self.layout, &folder).await
    }
}

/// Removes what was left half-way, and packs a repository that consists of many small packs. Tells
/// whether it did that.
pub(in crate::ports::git_host) async fn pack_if_scattered(
    program: &Program,
    layout: &Layout,
    folder: &Path,
) -> Result<bool> {
    let (layout, looked_at) = (layout.clone(), folder.to_owned());
    let many = blocking(move || {
        layout.tidy(GRACE)?;
        remove_stale_quarantines(&looked_at, GRACE)?;
        Ok(count_packs(&looked_at)? >= PACKS || count_folders(&looked_at)? >= PACKS)
    })
    .await?;
    Ok(many && pack(program, folder).await?)
}

/// Packs one repository without what it shares. Tells whether that went well. Git itself sees to it
/// that nobody else does it at the same time.
async fn pack(program: &Program, repository: &Path) -> Result<bool> {
    let grace = format!("--prune={}.hours.ago", GRACE.as_secs() / 3600);
    let mut command = program.within(repository, ["gc", "--quiet", &grace]);
    let status = command.stdout(Stdio::null()).status().await.map_err(|error| disk(&error))?;
    if !status.success() {
        tracing::warn!(repository = %repository.display(), %status, "git gc");
    }
    Ok(status.success())
}

impl Layout {
    /// Removes what was left aside by processes that ended half-way.
    fn tidy(&self, grace: Duration) -> io::Result<()> {
        for left in old_entries(&self.aside(), grace)? {
            std::fs::remove_dir_all(left)?;
        }
        Ok(())
    }
}

fn count_packs(repository: &Path) -> io::Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(repository.join("objects/pack"))? {
        count += usize::from(entry?.path().extension().is_some_and(|kind| kind == "pack"));
    }
    Ok(count)
}

/// Folders in which objects stand singly.
fn count_folders(repository: &Path) -> io::Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(repository.join("objects"))? {
        let name = entry?.file_name();
        let is_byte = |name: &str| name.len() == 2 && name.bytes().all(|b| b.is_ascii_hexdigit());
        count += usize::from(name.to_str().is_some_and(is_byte));
    }
    Ok(count)
}

/// Removes what pushes have brought that ended half-way without time to tidy up.
fn remove_stale_quarantines(repository: &Path, grace: Duration) -> io::Result<()> {
    for left in old_entries(&repository.join("objects"), grace)? {
        let name = left.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("tmp_objdir-") && left.is_dir() {
            std::fs::remove_dir_all(left)?;
        }
    }
    Ok(())
}

fn old_entries(folder: &Path, grace: Duration) -> io::Result<Vec<PathBuf>> {
    let mut old = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let age = SystemTime::now().duration_since(entry.metadata()?.modified()?);
        if age.is_ok_and(|age| age > grace) {
            old.push(entry.path());
        }
    }
    Ok(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = folder.path().join("objects/tmp_objdir-incoming-x");
        std::fs::create_dir_all(&quarantine).unwrap();
        std::fs::create_dir_all(folder.path().join("objects/ab")).unwrap();
        remove_stale_quarantines(folder.path(), GRACE).unwrap();
        assert!(quarantine.is_dir());
        remove_stale_quarantines(folder.path(), Duration::ZERO).unwrap();
        assert!(!quarantine.exists());
        assert!(folder.path().join("objects/ab").is_dir());
    }
}
