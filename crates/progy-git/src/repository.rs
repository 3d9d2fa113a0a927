//! Opening and making a repository.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{Config, RepositoryInitOptions, RepositoryOpenFlags};

use crate::own::Own;
use crate::{Error, Result};

/// What the host has of the branch, as far as this repository knows.
pub(crate) const PUBLISHED: &str = "refs/remotes/origin/main";

/// A repository whose files lie beside its folder `.git`.
pub struct Repository {
    pub(crate) git: git2::Repository,
    pub(crate) own: Own,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Repository").field(&self.git.path()).finish()
    }
}

impl Repository {
    /// Opens the repository of the workspace at `root`; `None` if there is none.
    ///
    /// Only the repository's own configuration counts: what a learner has set for all repositories
    /// does not change what is saved.
    pub fn open(root: &Path) -> Result<Option<Self>> {
        let flags = RepositoryOpenFlags::NO_SEARCH;
        let none: [&Path; 0] = [];
        refuse_empty_extensions(&root.join(".git/config"))?;
        let git = match git2::Repository::open_ext(root, flags, none) {
            Ok(git) => git,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        git.set_config(&Config::open(&git.commondir().join("config"))?)?;
        let own = Own::of(git.path(), git.commondir());
        Ok(Some(Self { git, own }))
    }

    /// Opens the repository at `root`, or makes one without commits. What a process that was killed
    /// has left there is taken away: no other may work in it meanwhile.
    pub fn open_or_init(root: &Path) -> Result<Self> {
        if let Some(there) = Self::open(root)? {
            there.own.recover()?;
            return Ok(there);
        }
        make(root)?;
        Self::open(root)?.ok_or_else(|| Error::Other("it was taken away".to_owned()))
    }

    /// The folder that holds the repository itself.
    pub fn folder(&self) -> PathBuf {
        self.git.path().to_owned()
    }
}

/// Makes a repository without commits. It is made in Progy's own folder in `.git`, and its parts take
/// their places from there: without `HEAD`, the last of them, it is none, and is made again.
fn make(root: &Path) -> Result<()> {
    let git = root.join(".git");
    let own = Own::of(&git, &git);
    own.recover()?;
    let new = own.folder_beside("new")?;
    let mut options = RepositoryInitOptions::new();
    options.external_template(false).initial_head("main").no_reinit(false);
    git2::Repository::init_opts(&new, &options)?;
    let mut parts = Vec::new();
    for part in fs::read_dir(new.join(".git"))? {
        parts.push(part?.file_name());
    }
    parts.sort_by_key(|name| name == "HEAD");
    for name in parts {
        let to = git.join(&name);
        // From a repository that was never whole.
        if to.symlink_metadata().is_err() {
            fs::rename(new.join(".git").join(&name), to)?;
        }
    }
    own.recover()
}

/// A name without a value is one that libgit2 1.9 reads past the end of: `extensions.objectFormat`.
fn refuse_empty_extensions(config: &Path) -> Result<()> {
    if !config.is_file() {
        return Ok(());
    }
    let config = Config::open(config)?;
    let mut entries = config.entries(Some("^extensions\\."))?;
    while let Some(entry) = entries.next() {
        if !entry?.has_value() {
            let why = "an extension without a value is set in .git/config";
            return Err(Error::Other(why.to_owned()));
        }
    }
    Ok(())
}
