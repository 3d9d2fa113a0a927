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
use crate::ports::database::{ChangeOutcome, Claim, StrategyChange, UserId};
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
        match strategy {
            Strategy::Git => drop(self.git_host()?),
            // The way back from a change to `git` of which nothing came.
            Strategy::Patch if !head.as_ref().is_some_and(progy_core::RevisionId::is_commit) => {}
            Strategy::Patch => {
                let why = "from `git` to `patch` leads a save: `POST /api/sync` with `from`";
                return Err(ServiceError::OtherStrategy(why.to_owned()));
            }
            other => {
                let why = format!("this server carries no workspace by `{other}`");
                return Err(ServiceError::OtherStrategy(why));
            }
        }
        let (id, course) = (UserId(user.id.clone()), course.clone());
        if let Some(workspace) = self.db.workspace(&id, &course).await? {
            self.catch_up(user, &workspace, &course).await;
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
