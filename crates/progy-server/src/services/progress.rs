//! Where a learner stands.

use progy_api::account::User;
use progy_api::progress::ProgressDocument;
use progy_core::progress::Day;
use progy_core::{CourseId, RevisionId};

use super::Services;
use crate::ports::database::{Standing, UserId, Workspace};
use crate::{Result, ServiceError};

impl Services {
    /// Where the learner stands in a course, and whether `base` is known here.
    ///
    /// [`ServiceError::NoProgress`] if the learner never started it, [`ServiceError::NoCourse`] if
    /// nobody could.
    pub async fn progress(
        &self,
        user: &User,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<ProgressDocument> {
        let id = UserId(user.id.clone());
        let mut standing = self.db.standing(&id, course, base).await?;
        if let Some(Standing { workspace, .. }) = &standing
            && self.catch_up(user, workspace, course).await
        {
            standing = self.db.standing(&id, course, base).await?;
        }
        let Some(Standing { workspace, progress, base_known }) = standing else {
            return Err(self.not_started(course).await?);
        };
        let files = match &workspace.head {
            Some(head) if head.id.is_commit() => self.git_files(user, course, head).await?,
            _ => workspace.overlay.into_saved(),
        };
        Ok(ProgressDocument {
            course: course.clone(),
            version: workspace.version,
            strategy: workspace.strategy,
            head: workspace.head,
            base_known,
            progress: progress.summary(Day::of(self.clock.now())),
            progress_digest: progress.digest(),
            records: progress,
            files,
            root: None,
        })
    }

    /// The learner's workspace of a course, or why there is none.
    pub(super) async fn workspace(&self, user: &User, course: &CourseId) -> Result<Workspace> {
        let id = UserId(user.id.clone());
        let Some(workspace) = self.db.workspace(&id, course).await? else {
            return Err(self.not_started(course).await?);
        };
        if !self.catch_up(user, &workspace, course).await {
            return Ok(workspace);
        }
        self.db.workspace(&id, course).await?.ok_or(ServiceError::NoProgress)
    }

    async fn not_started(&self, course: &CourseId) -> Result<ServiceError> {
        Ok(match self.db.course(course).await? {
            Some(_) => ServiceError::NoProgress,
            None => ServiceError::NoCourse,
        })
    }
}
