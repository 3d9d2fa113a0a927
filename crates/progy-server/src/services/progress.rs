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
        let standing = self.db.standing(&UserId(user.id.clone()), course, base).await?;
        let Some(Standing { workspace, progress, base_known }) = standing else {
            return Err(self.not_started(course).await?);
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
            files: workspace.overlay.into_saved(),
        })
    }

    /// The learner's workspace of a course, or why there is none.
    pub(super) async fn workspace(&self, user: &User, course: &CourseId) -> Result<Workspace> {
        match self.db.workspace(&UserId(user.id.clone()), course).await? {
            Some(workspace) => Ok(workspace),
            None => Err(self.not_started(course).await?),
        }
    }

    async fn not_started(&self, course: &CourseId) -> Result<ServiceError> {
        Ok(match self.db.course(course).await? {
            Some(_) => ServiceError::NoProgress,
            None => ServiceError::NoCourse,
        })
    }
}
