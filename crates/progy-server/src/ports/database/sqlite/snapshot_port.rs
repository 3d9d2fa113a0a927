//! [`Snapshots`] in one file.

use async_trait::async_trait;
use progy_core::{RevisionId, Timestamp};
use progy_snapshot::BlobId;
use progy_snapshot::pack::PackId;
use semver::Version;

use super::Sqlite;
use crate::ports::Result;
use crate::ports::database::snapshots::{
    BlobPlace, Needed, NewPack, Owner, PackNumber, PackOutcome, PackRow, Snapshots, Store, StoreId,
    Sweep,
};
use crate::ports::database::{UserId, WorkspaceId};

#[async_trait]
impl Snapshots for Sqlite {
    async fn store_of(&self, owner: &Owner) -> Result<Store> {
        let known = owner.clone();
        if let Some(store) = self.read(move |tables| tables.known_store(&known)).await? {
            return Ok(store);
        }
        let owner = owner.clone();
        self.write(move |tables| tables.store_of(&owner)).await
    }

    async fn complete_store(&self, store: StoreId) -> Result<()> {
        self.write(move |tables| tables.complete_store(store)).await
    }

    async fn find_blobs(
        &self,
        stores: &[StoreId],
        names: &[BlobId],
    ) -> Result<Vec<Option<BlobPlace>>> {
        let (stores, names) = (stores.to_vec(), names.to_vec());
        self.read(move |tables| tables.consistent(|tables| tables.find_blobs(&stores, &names)))
            .await
    }

    async fn places(&self, stores: &[StoreId], name: &BlobId) -> Result<Vec<BlobPlace>> {
        let (stores, name) = (stores.to_vec(), *name);
        self.read(move |tables| tables.places(&stores, &name)).await
    }

    async fn pack(&self, number: PackNumber) -> Result<Option<PackRow>> {
        self.read(move |tables| tables.pack(number)).await
    }

    async fn touch_pack(
        &self,
        store: StoreId,
        name: &PackId,
        now: Timestamp,
    ) -> Result<Option<PackRow>> {
        let name = *name;
        self.write(move |tables| tables.touch_pack(store, &name, now)).await
    }

    async fn begin_pack(&self, store: StoreId, now: Timestamp) -> Result<PackNumber> {
        self.write(move |tables| tables.begin_pack(store, now)).await
    }

    async fn packed(&self, user: &UserId) -> Result<u64> {
        let user = user.clone();
        self.read(move |tables| tables.packed(&user)).await
    }

    async fn add_pack(&self, pack: NewPack, quota: u64) -> Result<PackOutcome> {
        self.write(move |tables| tables.add_pack(&pack, quota)).await
    }

    async fn give_up_pack(&self, number: PackNumber, now: Timestamp) -> Result<()> {
        self.write(move |tables| tables.give_up_pack(number, now)).await
    }

    async fn versions_used(&self, workspace: WorkspaceId) -> Result<Vec<Version>> {
        self.read(move |tables| tables.versions_used(workspace)).await
    }

    async fn stores(&self, after: StoreId, limit: u32) -> Result<Vec<Store>> {
        self.read(move |tables| tables.stores(after, limit)).await
    }

    async fn packs(&self, store: StoreId, after: PackNumber, limit: u32) -> Result<Vec<PackRow>> {
        self.read(move |tables| tables.packs(store, after, limit)).await
    }

    async fn last_pack(&self) -> Result<PackNumber> {
        self.read(super::store::Store::last_pack).await
    }

    async fn needed(&self, store: StoreId) -> Result<Needed> {
        self.read(move |tables| tables.consistent(|tables| tables.needed(store))).await
    }

    async fn expire(
        &self,
        workspace: WorkspaceId,
        revisions: &[RevisionId],
        now: Timestamp,
    ) -> Result<()> {
        let revisions = revisions.to_vec();
        self.write(move |tables| tables.expire(workspace, &revisions, now)).await
    }

    async fn sweep(&self, sweep: Sweep) -> Result<bool> {
        self.write(move |tables| tables.sweep(&sweep)).await
    }

    async fn forget_packs(&self, packs: &[PackNumber]) -> Result<()> {
        let packs = packs.to_vec();
        self.write(move |tables| tables.forget_packs(&packs)).await
    }
}
