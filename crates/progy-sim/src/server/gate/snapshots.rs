//! Where blobs are, with points at which the server can stop.

use async_trait::async_trait;
use progy_core::{RevisionId, Timestamp};
use progy_server::ports::Result;
use progy_server::ports::database::snapshots::{
    BlobPlace, Needed, NewPack, Owner, PackNumber, PackOutcome, PackRow, PackState, Snapshots,
    Store, StoreId, Sweep,
};
use progy_server::ports::database::{UserId, WorkspaceId};
use progy_snapshot::BlobId;
use progy_snapshot::pack::PackId;
use semver::Version;

use super::Gate;
use crate::sabotage::Sabotage;

#[async_trait]
impl Snapshots for Gate {
    async fn store_of(&self, owner: &Owner) -> Result<Store> {
        self.pass(self.inner.store_of(owner)).await
    }

    async fn complete_store(&self, store: StoreId) -> Result<()> {
        self.pass(self.inner.complete_store(store)).await
    }

    async fn find_blobs(
        &self,
        stores: &[StoreId],
        names: &[BlobId],
    ) -> Result<Vec<Option<BlobPlace>>> {
        self.pass(self.inner.find_blobs(stores, names)).await
    }

    async fn places(&self, stores: &[StoreId], name: &BlobId) -> Result<Vec<BlobPlace>> {
        self.pass(self.inner.places(stores, name)).await
    }

    async fn pack(&self, number: PackNumber) -> Result<Option<PackRow>> {
        self.pass(self.inner.pack(number)).await
    }

    async fn touch_pack(
        &self,
        store: StoreId,
        name: &PackId,
        now: Timestamp,
    ) -> Result<Option<PackRow>> {
        self.pass(self.inner.touch_pack(store, name, now)).await
    }

    async fn begin_pack(&self, store: StoreId, now: Timestamp) -> Result<PackNumber> {
        self.pass(self.inner.begin_pack(store, now)).await
    }

    async fn packed(&self, user: &UserId) -> Result<u64> {
        self.pass(self.inner.packed(user)).await
    }

    async fn add_pack(&self, pack: NewPack, quota: u64) -> Result<PackOutcome> {
        self.pass(self.inner.add_pack(pack, quota)).await
    }

    async fn give_up_pack(&self, number: PackNumber, now: Timestamp) -> Result<()> {
        self.pass(self.inner.give_up_pack(number, now)).await
    }

    async fn versions_used(&self, workspace: WorkspaceId) -> Result<Vec<Version>> {
        self.pass(self.inner.versions_used(workspace)).await
    }

    async fn stores(&self, after: StoreId, limit: u32) -> Result<Vec<Store>> {
        self.pass(self.inner.stores(after, limit)).await
    }

    async fn packs(&self, store: StoreId, after: PackNumber, limit: u32) -> Result<Vec<PackRow>> {
        let mut rows = self.pass(self.inner.packs(store, after, limit)).await?;
        let forgotten = match self.sabotage {
            Some(Sabotage::HastySweep) => PackState::There,
            Some(Sabotage::HastyDeletion) => PackState::Gone,
            _ => return Ok(rows),
        };
        for row in rows.iter_mut().filter(|row| row.state == forgotten) {
            row.at = Timestamp(0);
        }
        Ok(rows)
    }

    async fn last_pack(&self) -> Result<PackNumber> {
        self.pass(self.inner.last_pack()).await
    }

    async fn needed(&self, store: StoreId) -> Result<Needed> {
        let mut needed = self.pass(self.inner.needed(store)).await?;
        if self.sabotage == Some(Sabotage::ForgottenLessons) {
            for revision in &mut needed.revisions {
                revision.completes_lesson = false;
            }
        }
        Ok(needed)
    }

    async fn expire(
        &self,
        workspace: WorkspaceId,
        revisions: &[RevisionId],
        now: Timestamp,
    ) -> Result<()> {
        self.pass(async {
            self.note_change();
            self.inner.expire(workspace, revisions, now).await
        })
        .await
    }

    async fn sweep(&self, sweep: Sweep) -> Result<bool> {
        self.pass(async {
            let mut sweep = sweep;
            match self.sabotage {
                Some(Sabotage::HastySweep) => sweep.untouched = Timestamp(i64::MAX),
                Some(Sabotage::BlindSweep) => {
                    let stores = self.inner.stores(StoreId(sweep.store.0 - 1), 1).await?;
                    sweep.committed = stores.first().map_or(0, |store| store.committed);
                }
                _ => {}
            }
            self.note_change();
            self.inner.sweep(sweep).await
        })
        .await
    }

    async fn forget_packs(&self, packs: &[PackNumber]) -> Result<()> {
        self.pass(async {
            self.note_change();
            self.inner.forget_packs(packs).await
        })
        .await
    }
}
