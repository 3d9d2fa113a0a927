//! Packing what many small pushes have left.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use super::{Embedded, blocking, disk};
use crate::ports::git_host::Result;

/// From this many packs on a repository is packed anew.
const PACKS: usize = 20;
/// How long something that nothing refers to is kept: much longer than a push may take, so that what
/// one counts on does not go while it is under way.
const GRACE: Duration = Duration::from_hours(24);

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Upkept {
    /// Repositories that were looked at.
    pub repositories: usize,
    /// Those that were packed.
    pub packed: usize,
}

impl Embedded {
    /// Looks after all repositories, one at a time. Templates are left alone. Several servers may
    /// do this at once: Git locks each repository.
    pub async fn upkeep(&self) -> Result<Upkept> {
        let layout = self.layout.clone();
        let repositories = blocking(move || {
            layout.tidy(GRACE)?;
            layout.repositories()
        })
        .await?;
        let mut done = Upkept::default();
        for repository in repositories {
            done.repositories += 1;
            let looked_at = repository.clone();
            let many = blocking(move || {
                remove_stale_quarantines(&looked_at, GRACE)?;
                Ok(count_packs(&looked_at)? >= PACKS)
            })
            .await?;
            if many && self.pack(&repository).await? {
                done.packed += 1;
            }
        }
        Ok(done)
    }

    /// Packs one repository without what it shares. Tells whether that went well.
    async fn pack(&self, repository: &Path) -> Result<bool> {
        let grace = format!("--prune={}.hours.ago", GRACE.as_secs() / 3600);
        let mut command = self.program()?.within(repository, ["gc", "--quiet", &grace]);
        let status = command.stdout(Stdio::null()).status().await.map_err(|error| disk(&error))?;
        if !status.success() {
            tracing::warn!(repository = %repository.display(), %status, "git gc");
        }
        Ok(status.success())
    }
}

impl super::layout::Layout {
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
