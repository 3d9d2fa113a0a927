//! Projects of any size, for the strategy `snapshot`.
//!
//! - [`upload`], `checking`: packs on their way in;
//! - `template`: the files of a course version as blobs, which cost a learner nothing;
//! - `shelf`, `packs`: blobs, read and checked;
//! - [`exchange`]: which are there, and some of them in one answer;
//! - [`commit`], `verify`: a tree becomes a revision;
//! - `files`, `archive`: what a revision holds;
//! - `upkeep`: what nobody needs any more goes;
//! - `fsck`: whether everything can be read;
//! - `pour`: what is made piece by piece, sent piece by piece.
//!
//! A learner's blobs are in a store of their own, and so are those that come with each course version.
//! A request looks into that of the learner who asks, and into those of versions of the course that it
//! is about; into no other.

mod archive;
mod checking;
pub mod commit;
pub mod exchange;
pub(super) mod files;
mod fsck;
mod packs;
mod pour;
mod shelf;
mod template;
mod upkeep;
pub mod upload;
mod verify;

use progy_core::CourseId;
use semver::Version;

use super::Services;
use crate::ports::database::snapshots::{Owner, Store, StoreId};
use crate::ports::database::{UserId, WorkspaceId};
use crate::{Result, ServiceError};
pub use fsck::{Damage, Findings};
pub(super) use packs::{PackIndexes, indexes};
use progy_snapshot::BlobId;
use shelf::Shelf;
pub(super) use upkeep::Settled;
pub use upkeep::Swept;

/// The names that a request lists one behind the other.
fn names(bytes: &[u8]) -> Result<Vec<BlobId>> {
    let (names, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(ServiceError::BadRequest("a name has 32 bytes".to_owned()));
    }
    let most = progy_api::limits::BLOBS;
    if names.len() > most {
        let count = names.len();
        return Err(ServiceError::TooLarge(format!("{count} names; send {most} at once")));
    }
    Ok(names.iter().map(|name| BlobId::from_bytes(*name)).collect())
}

impl Services {
    /// The store of a learner's blobs.
    async fn own_store(&self, user: &UserId) -> Result<Store> {
        Ok(self.db.store_of(&Owner::Learner(user.clone())).await?)
    }

    /// The stores in which a learner's blobs are looked for: their own, and what comes with `version`
    /// of the course and with those that their workspace had before. A file that was taken over from an
    /// earlier version is still that version's.
    async fn stores(
        &self,
        user: &UserId,
        course: &CourseId,
        version: &Version,
        workspace: Option<WorkspaceId>,
    ) -> Result<Vec<StoreId>> {
        let mut stores = vec![self.own_store(user).await?.id];
        stores.push(self.template_store(course, version).await?);
        if let Some(workspace) = workspace {
            for used in self.db.versions_used(workspace).await? {
                if used != *version {
                    stores.push(self.template_store(course, &used).await?);
                }
            }
        }
        Ok(stores)
    }

    /// Blobs of a learner, for a request about `version` of a course.
    async fn shelf(
        &self,
        user: &UserId,
        course: &CourseId,
        version: &Version,
        workspace: Option<WorkspaceId>,
    ) -> Result<Shelf> {
        Ok(self.shelf_of(self.stores(user, course, version, workspace).await?))
    }

    fn shelf_of(&self, stores: Vec<StoreId>) -> Shelf {
        let packs = packs::Packs {
            db: self.db.clone(),
            objects: self.objects.clone(),
            indexes: self.pack_indexes.clone(),
        };
        Shelf::new(packs, stores)
    }
}

#[cfg(test)]
mod tests;
