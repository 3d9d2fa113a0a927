//! What a learner made of the repository with stock Git.

use progy_core::RevisionId;
use progy_git::Line;

use super::{Api, GitApi, GitRemote, KnownRepo};
use crate::remote::{Beside, Moved};
use crate::{Error, Result};

impl<A: Api + GitApi> GitRemote<'_, A> {
    /// Looks at the branch, which was left at one of `left`.
    pub(super) async fn look_by_hand(&self, left: &[Option<&RevisionId>]) -> Result<Beside> {
        let repository = self.repository()?;
        repository.check()?;
        let main = repository.main()?;
        let at = main.map(|commit| commit.revision());
        if left.contains(&at.as_ref()) {
            return Ok(Beside::AsLeft(at));
        }
        let Some(main) = main else {
            // The branch was deleted: our own memory brings it back.
            return Ok(Beside::AsLeft(None));
        };
        if KnownRepo::of(&self.root)?.is_none() {
            return Err(Error::ForeignRepository);
        }
        let published = repository.published()?;
        let base = match published {
            Some(published) => Some(repository.common(&main, &published)?),
            None => None,
        };
        let made = match repository.line(base.as_ref(), &main)? {
            Line::Straight(commits) => commits,
            // With merges on the way there is no order in which each follows the one before: all
            // of it is one save.
            Line::Merged => vec![main],
        };
        let mut saves = Vec::with_capacity(made.len());
        for commit in &made {
            saves.push(self.recorded(commit).await?);
        }
        let base = match &base {
            Some(base) => Some(self.recorded(base).await?),
            None => None,
        };
        Ok(Beside::Moved(Box::new(Moved { at: main.revision(), base, saves })))
    }
}
