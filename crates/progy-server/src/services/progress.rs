//! Where a learner stands.

use progy_api::account::User;
use progy_api::progress::ProgressDocument;
use progy_core::progress::Day;
use progy_core::{CourseId, RevisionId};

use super::Services;
use super::snapshots::files::{SnapshotTree, content_hash};
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
        self.progress_listed(user, course, base, true).await
    }

    /// As [`Services::progress`]; the files of a snapshot are only told if they are `listed`.
    pub async fn progress_listed(
        &self,
        user: &User,
        course: &CourseId,
        base: Option<&RevisionId>,
        listed: bool,
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
        let by_commit = workspace.head.as_ref().is_some_and(|head| head.id.is_commit());
        let root = workspace.root.filter(|_| !by_commit);
        let files = match (&workspace.head, root) {
            (Some(head), _) if head.id.is_commit() => self.git_files(user, course, head).await?,
            (Some(head), Some(root)) if listed => {
                let (version, workspace) = (&workspace.version, workspace.id);
                let tree = SnapshotTree { user: &id, course, version, workspace, root };
                self.snapshot_files(&tree, &head.device).await?
            }
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
            root: root.map(content_hash),
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
