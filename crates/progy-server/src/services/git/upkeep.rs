//! What has to be done for repositories when nobody asks.

use progy_core::{CourseId, Strategy};

use crate::Result;
use crate::ports::database::{Note, NoteOutcome, UserId, WorkspaceId};
use crate::ports::git_host::RepoName;
use crate::services::Services;

/// Workspaces that are read at once.
const AT_ONCE: u32 = 500;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Upkept {
    /// Repositories that were looked at.
    pub looked_at: usize,
    /// Those in which there was something that nobody had taken note of.
    pub noted: usize,
    /// Those that were packed.
    pub packed: usize,
}

impl Services {
    /// Looks after every repository: takes note of what is not on record, packs what many small
    /// pushes have left, and measures what is left of it.
    ///
    /// What cannot be read is passed over, and said in the log.
    pub async fn keep_repositories_up(&self) -> Result<Upkept> {
        let mut done = Upkept::default();
        let Some(git) = &self.git else { return Ok(done) };
        git.host.ping().await?;
        let mut after = WorkspaceId(0);
        loop {
            let some = self.db.carried_by(Strategy::Git, after, AT_ONCE).await?;
            let Some((last, ..)) = some.last() else { return Ok(done) };
            after = *last;
            for (_, user, course) in some {
                if let Err(error) = self.keep_up(user, course, &mut done).await {
                    tracing::warn!(%error, "a repository cannot be looked after");
                }
            }
        }
    }

    async fn keep_up(&self, user: UserId, course: CourseId, done: &mut Upkept) -> Result<()> {
        let Some(person) = self.accounts.user(&user).await? else { return Ok(()) };
        let repo = RepoName { user, username: person.username, course };
        done.looked_at += 1;
        done.noted += usize::from(self.take_note(&repo).await?);
        if self.git_host()?.keep_up(&repo).await? {
            done.packed += 1;
            self.measure(repo).await?;
        }
        Ok(())
    }

    /// Counts anew what a repository takes of its learner's quota. If it is being pushed to, that
    /// does it as well.
    async fn measure(&self, repo: RepoName) -> Result<()> {
        let stored = self.git_host()?.stored(&repo).await?;
        let workspace = self.db.workspace(&repo.user, &repo.course).await?;
        let after = workspace.and_then(|workspace| workspace.head).map(|head| head.id);
        let RepoName { user, course, .. } = repo;
        let (revisions, received_at) = (Vec::new(), self.clock.now());
        let note = Note { user, course, after, anew: false, revisions, stored, received_at };
        let _: NoteOutcome = self.db.note(note).await?;
        Ok(())
    }
}
