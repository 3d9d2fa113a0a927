//! Which blobs are there, and some of them in one answer.
//!
//! An answer is a pack. Its frames are those of the packs here, as they are: nothing is compressed, and
//! at most one frame is in memory. What a frame holds beside what was asked for comes along.

mod answer;
mod plan;

use progy_api::account::User;
use progy_api::snapshot::{BlobsRequest, HaveAnswer, HaveRequest};
use progy_core::CourseId;
use progy_snapshot::BlobId;
use progy_snapshot::exchange::Answer;
use std::collections::HashSet;

use self::plan::Plan;
use super::names;
use super::pour::pour;
use crate::ports::database::UserId;
use crate::ports::objects::ByteStream;
use crate::services::Services;
use crate::{Result, ServiceError};

impl Services {
    /// Which blobs are there for a learner.
    pub async fn have(
        &self,
        user: &User,
        course: &CourseId,
        request: &HaveRequest,
    ) -> Result<HaveAnswer> {
        let names = names(&request.names.0)?;
        let user = UserId(user.id.clone());
        let workspace = self.db.workspace(&user, course).await?.map(|workspace| workspace.id);
        let stores = self.stores(&user, course, &request.version, workspace).await?;
        let places = self.db.find_blobs(&stores, &names).await?;
        let found = names.iter().zip(places).filter(|(_, place)| place.is_some());
        let there: HashSet<BlobId> = found.map(|(name, _)| *name).collect();
        let answer = Answer::to(&names, |name| there.contains(name));
        Ok(HaveAnswer { there: progy_api::delta::Base64(answer.as_bytes().to_vec()) })
    }

    /// Those of the blobs that are there for a learner, and with `deep` what they name, as a pack.
    ///
    /// An error on the way cuts it short: then it has no end, and nobody takes it for whole.
    pub async fn blobs(
        &self,
        user: &User,
        course: &CourseId,
        request: &BlobsRequest,
    ) -> Result<ByteStream> {
        let names = names(&request.names.0)?;
        let user = UserId(user.id.clone());
        let workspace = self.db.workspace(&user, course).await?.map(|workspace| workspace.id);
        let shelf = self.shelf(&user, course, &request.version, workspace).await?;
        let known = match &request.known {
            None => None,
            Some(known) => Some(BlobId::of_content(known).ok_or_else(|| {
                ServiceError::BadRequest("`known` is no name of a tree's root".to_owned())
            })?),
        };
        let mut plan = Plan::new(&shelf);
        if request.deep {
            plan.deep(&names, known).await?;
        } else {
            plan.these(&names).await?;
        }
        let (frames, packs) = (plan.into_frames(), shelf.packs);
        Ok(pour(move |spout| answer::write(packs, frames, spout)))
    }
}
