//! A workspace changes its strategy.
//!
//! Two ways lead from one to another. A save can do it: it records the same files as the head, named
//! as the new strategy names them. To `git` that is not enough, because the repository is to have the
//! whole history: there the strategy is changed first, and whichever device comes next brings the
//! history into the repository. Until it has, the head is the revision from before.

use progy_api::account::User;
use progy_api::history::{StrategyAnswer, StrategyRequest};
use progy_api::problem::HeadMoved;
use progy_core::{CourseId, Strategy};

use super::Services;
use crate::ports::database::{ChangeOutcome, Claim, StrategyChange, UserId, Workspace};
use crate::{Result, ServiceError};

impl Services {
    /// Has a learner's workspace carried by another strategy, if its head is the one that the device
    /// knows. No error if it is carried so already.
    pub async fn change_strategy(
        &self,
        user: &User,
        course: &CourseId,
        request: &StrategyRequest,
    ) -> Result<StrategyAnswer> {
        let StrategyRequest { strategy, head } = request;
        let published = self.db.course(course).await?.ok_or(ServiceError::NoCourse)?;
        let (id, course) = (UserId(user.id.clone()), course.clone());
        let workspace = self.db.workspace(&id, &course).await?;
        match strategy {
            Strategy::Git => drop(self.git_host()?),
            Strategy::Patch | Strategy::Snapshot if leads_back(workspace.as_ref(), request) => {}
            Strategy::Patch | Strategy::Snapshot => {
                let why =
                    format!("to `{strategy}` leads a save that names what was before in `from`");
                return Err(ServiceError::OtherStrategy(why));
            }
            Strategy::Container => {
                let why = format!("this server carries no workspace by `{strategy}`");
                return Err(ServiceError::OtherStrategy(why));
            }
        }
        if let Some(workspace) = &workspace {
            self.catch_up(user, workspace, &course).await;
        }
        let claim = Claim { user: id, course, strategy: *strategy, version: published.latest };
        let change = StrategyChange { claim, head: head.clone() };
        match self.db.change_strategy(change).await? {
            ChangeOutcome::Changed => Ok(StrategyAnswer { strategy: *strategy }),
            ChangeOutcome::HeadMoved(there) => {
                let moved = HeadMoved {
                    head: there.map(|head| *head),
                    parent_known: true,
                    parent: head.clone(),
                };
                Err(ServiceError::HeadMoved(Box::new(moved)))
            }
        }
    }
}

/// Whether no save is needed: there is no head that would have to be recorded anew, the head is carried
/// so already, or it still is from before a change to `git` of which nothing came.
fn leads_back(workspace: Option<&Workspace>, request: &StrategyRequest) -> bool {
    let Some(Workspace { strategy, head: Some(head), root, .. }) = workspace else { return true };
    if *strategy == request.strategy {
        return true;
    }
    // A head that is not this one is refused for that, later and at one moment.
    let is_commit = request.head.as_ref().unwrap_or(&head.id).is_commit() || head.id.is_commit();
    let of_head = if root.is_some() { Strategy::Snapshot } else { Strategy::Patch };
    *strategy == Strategy::Git && !is_commit && request.strategy == of_head
}
