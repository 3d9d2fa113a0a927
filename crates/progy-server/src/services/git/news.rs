//! Hearing of pushes that another host took: from the device that pushed, from the host, or by asking.

use progy_api::account::User;
use progy_core::{CourseId, Timestamp};

use super::repo_name;
use crate::ports::database::UserId;
use crate::ports::git_host::{Heard, RepoName};
use crate::services::Services;
use crate::{Result, ServiceError};

/// How long after a device wanted a repository the host is still asked about it, in milliseconds.
const IN_USE: i64 = 24 * 60 * 60 * 1_000;

impl Services {
    /// Takes note of what the learner has pushed, if they have.
    pub async fn pushed(&self, user: &User, course: &CourseId) -> Result<()> {
        self.db.course(course).await?.ok_or(ServiceError::NoCourse)?;
        self.take_note(&repo_name(user, course)).await.map(drop)
    }

    /// The repositories that were pushed to, as somebody says who claims to be the host called
    /// `name`; [`ServiceError::NotFound`] if it is not.
    pub async fn told_of_push(&self, name: &str, heard: &Heard<'_>) -> Result<Vec<RepoName>> {
        let host = self.git.as_ref().map(|git| &git.host).ok_or(ServiceError::NotFound)?;
        if host.kind().as_str() != name {
            return Err(ServiceError::NotFound);
        }
        let told = host.hear(heard).await?.ok_or(ServiceError::NotFound)?;
        let mut repos = Vec::new();
        for (user, course) in told {
            repos.extend(self.whose(user, course).await?);
        }
        Ok(repos)
    }

    /// Asks the host about the repositories that are in use, and lets it do what has to be done from
    /// time to time. Gives the number of those with something new.
    ///
    /// What cannot be read is passed over, and said in the log.
    pub async fn look_for_pushes(&self) -> Result<usize> {
        let Some(git) = &self.git else { return Ok(0) };
        let since = Timestamp(self.clock.now().0.saturating_sub(IN_USE));
        let mut noted = 0;
        for (user, course) in git.host.wanted_since(since).await? {
            let Some(repo) = self.whose(user, course).await? else { continue };
            match self.take_note(&repo).await {
                Ok(news) => noted += usize::from(news),
                Err(error) => tracing::debug!(%error, "a repository cannot be asked about"),
            }
        }
        git.host.tidy().await?;
        Ok(noted)
    }

    async fn whose(&self, user: UserId, course: CourseId) -> Result<Option<RepoName>> {
        let person = self.accounts.user(&user).await?;
        Ok(person.map(|person| RepoName { user, username: person.username, course }))
    }
}
