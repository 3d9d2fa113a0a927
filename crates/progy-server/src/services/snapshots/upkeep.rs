//! What has to be done for snapshots when nobody asks: old revisions expire, and blobs that no revision
//! needs go.
//!
//! Any number of servers may do it at once, while learners save, and may be killed over it. What is to
//! go is decided on the ground of all revisions of a learner; if one was committed meanwhile, nothing
//! goes. First blobs are not found any more, then, when nobody can be reading them, their objects go.
//! Where anything cannot be read, nothing goes.

mod keeping;
mod mark;
mod rewrite;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use progy_core::{RevisionId, Timestamp};
use progy_snapshot::retention::{self, Policy};

use self::keeping::Policies;
use self::mark::Live;
use super::packs::{PREFIX, PackFile, key};
use super::shelf::Shelf;
use crate::Result;
use crate::ports::database::WorkspaceId;
use crate::ports::database::snapshots::{
    Needed, Owner, PackNumber, PackRow, PackState, Rooted, Store, StoreId, Sweep,
};
use crate::ports::objects::ObjectKey;
use crate::services::Services;

/// What was sent is kept for so long before a revision needs it, in milliseconds: a day.
const IN_FLIGHT: i64 = 24 * 60 * 60 * 1_000;
/// Objects are kept for so long after their blobs are not found any more, in milliseconds: an hour.
/// No answer takes longer.
const BEING_READ: i64 = 60 * 60 * 1_000;
/// A store in which nothing was left to do is looked at again after so long, in milliseconds: a day.
const SETTLED: i64 = 24 * 60 * 60 * 1_000;
/// Rows that are read at once.
const AT_ONCE: u32 = 500;
/// Packs that are taken out at once.
const SWEPT_AT_ONCE: usize = 16;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Stores that were looked at.
    pub stores: usize,
    /// Revisions that expired.
    pub expired: usize,
    /// Packs that were taken out.
    pub taken_out: usize,
    /// Packs that were made of what was left of others.
    pub rewritten: usize,
    /// Objects that were deleted.
    pub deleted: usize,
}

/// What a store was like, and when, as nothing was left to do: while it is still so, nothing has to be
/// read, for a day. An object may come later than its row went, and nothing but its name tells of it.
#[derive(Debug, Default)]
pub(in crate::services) struct Settled(Mutex<HashMap<StoreId, (u64, PackNumber, Timestamp)>>);

impl Settled {
    fn is(&self, store: &Store, last: PackNumber, now: Timestamp) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&store.id).is_some_and(|(committed, number, at)| {
            (*committed, *number) == (store.committed, last) && now.0 - at.0 < SETTLED
        })
    }

    fn set(&self, store: &Store, last: Option<PackNumber>, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match last {
            Some(last) => drop(known.insert(store.id, (store.committed, last, now))),
            None => drop(known.remove(&store.id)),
        }
    }
}

impl Services {
    /// Looks after every store of blobs. One that cannot be read is passed over, and said in the log.
    pub async fn keep_snapshots_up(&self) -> Result<Swept> {
        let mut done = Swept::default();
        let mut policies = Policies::default();
        let mut after = StoreId(0);
        loop {
            let stores = self.db.stores(after, AT_ONCE).await?;
            let Some(last) = stores.last() else { return Ok(done) };
            after = last.id;
            for store in stores {
                done.stores += 1;
                if let Err(error) = self.keep_store_up(&store, &mut policies, &mut done).await {
                    tracing::error!(?error, store = store.id.0, "blobs cannot be looked after");
                }
            }
        }
    }

    async fn keep_store_up(
        &self,
        store: &Store,
        policies: &mut Policies,
        done: &mut Swept,
    ) -> Result<()> {
        let now = self.clock.now();
        let rows = self.rows(store.id).await?;
        self.clear_away(store.id, &rows, now, done).await?;
        if !matches!(store.owner, Owner::Learner(_)) {
            // A course version never changes, and neither does what it brings.
            return Ok(());
        }
        let needed = self.thin_out(store.id, now, policies, done).await?;
        let last = rows.last().map_or(PackNumber(0), |row| row.number);
        if self.settled.is(store, last, now) {
            return Ok(());
        }
        let due: Vec<PackNumber> = rows
            .iter()
            .filter(|row| row.state == PackState::There && row.at.0 < now.0 - IN_FLIGHT)
            .map(|row| row.number)
            .collect();
        if !due.is_empty() {
            let live = self.live(store.id, &needed).await?;
            self.sweep_packs(store.id, &needed, &live, &due, done).await?;
        }
        self.remove_orphans(store.id, done).await?;
        let all_there = rows.iter().all(|row| row.state == PackState::There);
        let settled = all_there && due.len() == rows.len();
        self.settled.set(store, settled.then_some(last), now);
        Ok(())
    }

    /// All packs of a store, without their indexes.
    pub(super) async fn rows(&self, store: StoreId) -> Result<Vec<PackRow>> {
        let mut rows = Vec::new();
        loop {
            let after = rows.last().map_or(PackNumber(0), |row: &PackRow| row.number);
            let more = self.db.packs(store, after, AT_ONCE).await?;
            if more.is_empty() {
                return Ok(rows);
            }
            rows.extend(more);
        }
    }

    /// Lets revisions expire that are not kept by the policy of their workspace, which is that of the
    /// course version that it is at; gives what is needed then.
    async fn thin_out(
        &self,
        store: StoreId,
        now: Timestamp,
        policies: &mut Policies,
        done: &mut Swept,
    ) -> Result<Needed> {
        let needed = self.db.needed(store).await?;
        let mut expired = 0;
        for of_one in needed.revisions.chunk_by(|one, other| one.workspace == other.workspace) {
            let Some(last) = of_one.last() else { continue };
            let policy = self.policy(&last.course, &last.version, policies).await?;
            let gone = expiring(of_one, &policy, now);
            if gone.is_empty() {
                continue;
            }
            let workspace: WorkspaceId = last.workspace;
            self.db.expire(workspace, &gone, now).await?;
            expired += gone.len();
        }
        if expired == 0 {
            return Ok(needed);
        }
        done.expired += expired;
        let all = self.db.needed(store).await?;
        self.settled.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&store);
        Ok(all)
    }

    /// Everything that revisions need.
    async fn live(&self, store: StoreId, needed: &Needed) -> Result<Live> {
        let mut live = Live::default();
        for of_one in needed.revisions.chunk_by(|one, other| one.workspace == other.workspace) {
            let Some(first) = of_one.first() else { continue };
            let shelf = self.shelf_for(store, first).await?;
            for revision in of_one {
                live.mark(&shelf, revision.root).await?;
            }
        }
        Ok(live)
    }

    /// What the snapshots of a workspace may be made of.
    pub(super) async fn shelf_for(&self, store: StoreId, revision: &Rooted) -> Result<Shelf> {
        let mut stores = vec![store];
        for version in self.db.versions_used(revision.workspace).await? {
            stores.push(self.template_store(&revision.course, &version).await?);
        }
        Ok(self.shelf_of(stores))
    }

    /// Takes out packs of which nothing is needed, and those of which little is, which is kept in others.
    async fn sweep_packs(
        &self,
        store: StoreId,
        needed: &Needed,
        live: &Live,
        due: &[PackNumber],
        done: &mut Swept,
    ) -> Result<()> {
        let (mut dead, mut sparse) = (Vec::new(), Vec::new());
        for number in due {
            let Some(row) = self.db.pack(*number).await? else { continue };
            let file = PackFile::of(&row)?;
            let (used, all) = live.share(&file.index);
            if used == 0 {
                dead.push(*number);
            } else if used * 2 < all {
                sparse.push(*number);
            }
        }
        for packs in dead.chunks(SWEPT_AT_ONCE) {
            let sweep = self.sweep_of(store, needed, packs.to_vec());
            if !self.db.sweep(sweep).await? {
                return Ok(());
            }
            done.taken_out += packs.len();
        }
        self.rewrite(store, needed, live, &sparse, done).await
    }

    fn sweep_of(&self, store: StoreId, needed: &Needed, packs: Vec<PackNumber>) -> Sweep {
        let now = self.clock.now();
        Sweep {
            store,
            committed: needed.committed,
            packs,
            untouched: Timestamp(now.0 - IN_FLIGHT),
            instead: Vec::new(),
            now,
        }
    }

    /// Gives up what did not come, and deletes the objects of what is gone.
    async fn clear_away(
        &self,
        store: StoreId,
        rows: &[PackRow],
        now: Timestamp,
        done: &mut Swept,
    ) -> Result<()> {
        for row in rows {
            match row.state {
                PackState::Coming if row.at.0 < now.0 - IN_FLIGHT => {
                    self.db.give_up_pack(row.number, now).await?;
                }
                PackState::Gone if row.at.0 < now.0 - BEING_READ => {
                    self.objects.delete(&key(store, row.number)?).await?;
                    self.db.forget_packs(&[row.number]).await?;
                    done.deleted += 1;
                }
                PackState::Coming | PackState::Gone | PackState::There => {}
            }
        }
        Ok(())
    }

    /// Deletes objects that no row knows. A row is older than its object, and a number is given once:
    /// an object without a row, whose number was given, is of nobody.
    async fn remove_orphans(&self, store: StoreId, done: &mut Swept) -> Result<()> {
        for (key, _) in self.orphans(store).await? {
            self.objects.delete(&key).await?;
            done.deleted += 1;
        }
        Ok(())
    }

    async fn orphans(&self, store: StoreId) -> Result<Vec<(ObjectKey, PackNumber)>> {
        let objects = self.objects.list(&format!("{PREFIX}{}/", store.0)).await?;
        let last = self.db.last_pack().await?;
        let known: HashSet<PackNumber> =
            self.rows(store).await?.iter().map(|row| row.number).collect();
        let number = |key: &ObjectKey| {
            let (_, name) = key.as_str().rsplit_once('/')?;
            name.strip_suffix(".pack")?.parse().ok().map(PackNumber)
        };
        let numbered = objects.into_iter().filter_map(|key| number(&key).map(|n| (key, n)));
        Ok(numbered.filter(|(_, n)| *n <= last && !known.contains(n)).collect())
    }
}

/// Those revisions of one workspace that the policy does not keep.
fn expiring(revisions: &[Rooted], policy: &Policy, now: Timestamp) -> Vec<RevisionId> {
    // What is a commit now is in a repository: its tree is kept as a way back, and not for ever.
    let mut judged: Vec<retention::Revision> = revisions
        .iter()
        .map(|revision| retention::Revision {
            saved_at: revision.received_at,
            completes_lesson: revision.completes_lesson && !revision.is_commit,
            in_use: revision.is_head,
        })
        .collect();
    if revisions.last().is_some_and(|last| last.is_commit && !last.is_head) {
        // The head is a commit that never was a snapshot.
        let head = Timestamp(i64::MAX);
        judged.push(retention::Revision { saved_at: head, completes_lesson: false, in_use: true });
    }
    let keep = policy.keep(&judged, now);
    let gone = revisions.iter().zip(keep).filter(|(_, keep)| !keep);
    gone.map(|(revision, _)| revision.revision.clone()).collect()
}
