//! What snapshots need, and how what nobody needs goes.

use progy_core::{RevisionId, Timestamp};
use progy_snapshot::BlobId;
use progy_snapshot::pack::{Index, Tail};
use rusqlite::{OptionalExtension, Row, params};

use super::store::{Store as Tables, count, hex_id, id_bytes, text};
use crate::ports::database::WorkspaceId;
use crate::ports::database::snapshots::{
    Needed, Owner, PackNumber, PackState, Rooted, SnapshotCommit, StoreId, Sweep,
};
use crate::ports::{PortError, Result};

impl Tables {
    pub(super) fn needed(&self, store: StoreId) -> Result<Needed> {
        let (committed, _) = self.counts(store)?;
        let Owner::Learner(user) = self.owner(store)? else {
            return Ok(Needed { committed, revisions: Vec::new() });
        };
        let revisions = self
            .connection
            .prepare_cached(
                "SELECT r.workspace, w.course, r.id, r.version, r.root, r.received_at, r.completes,
                    r.seq = w.head AS is_head, length(r.id) = 20 AS is_commit
                 FROM workspace w JOIN revision r ON r.workspace = w.id
                 WHERE w.user = ? AND r.root IS NOT NULL ORDER BY w.id, r.seq",
            )?
            .query_map([&user.0], |row| Ok(rooted(row)))?
            .map(|row| row?)
            .collect::<Result<_>>()?;
        Ok(Needed { committed, revisions })
    }

    pub(super) fn expire(
        &self,
        id: WorkspaceId,
        revisions: &[RevisionId],
        now: Timestamp,
    ) -> Result<()> {
        // A commit is still listed, by what its repository has; but should that forget it, then what
        // it was before has expired.
        let mut statement = self.connection.prepare_cached(
            "UPDATE revision SET root = NULL, expired_at = ?3
             WHERE workspace = ?1 AND id = ?2 AND root IS NOT NULL
                AND seq <> (SELECT coalesce(head, 0) FROM workspace WHERE id = ?1)",
        )?;
        for revision in revisions {
            statement.execute(params![id.0, id_bytes(revision.as_str()), now.0])?;
        }
        Ok(())
    }

    pub(super) fn sweep(&self, sweep: &Sweep) -> Result<bool> {
        let (committed, _) = self.counts(sweep.store)?;
        if committed != sweep.committed {
            return Ok(false);
        }
        for instead in &sweep.instead {
            let row = self.pack(instead.number)?;
            if row.is_none_or(|row| row.state != PackState::Coming || row.store != sweep.store) {
                return Ok(false);
            }
        }
        let mut removed = false;
        for pack in &sweep.packs {
            removed |= self.take_out(*pack, sweep)?;
        }
        for instead in &sweep.instead {
            let there = self.touch_pack(sweep.store, &instead.name, instead.now)?.is_some();
            if there || !removed {
                // Another server did the same.
                self.give_up_pack(instead.number, instead.now)?;
            } else {
                self.settle_pack(sweep.store, instead)?;
                // What is in it was counted where it came from.
                self.connection
                    .prepare_cached("UPDATE pack SET counted = 1 WHERE number = ?")?
                    .execute([instead.number.0])?;
            }
        }
        if removed {
            self.connection
                .prepare_cached("UPDATE blob_store SET swept = swept + 1 WHERE id = ?")?
                .execute([sweep.store.0])?;
        }
        Ok(true)
    }

    /// Takes a pack out, unless it was asked for lately; tells whether it did.
    fn take_out(&self, number: PackNumber, sweep: &Sweep) -> Result<bool> {
        let due = |row: &crate::ports::database::snapshots::PackRow| {
            row.store == sweep.store && row.state == PackState::There && row.at < sweep.untouched
        };
        let Some(row) = self.pack(number)?.filter(due) else { return Ok(false) };
        let index = match Index::from_tail(&row.tail, row.size) {
            Ok(Tail::Index(index)) => index,
            Ok(Tail::Needs(_)) | Err(_) => {
                return Err(PortError::Damaged(format!("the index of pack {}", number.0)));
            }
        };
        let mut statement = self
            .connection
            .prepare_cached("DELETE FROM blob WHERE store = ? AND name = ? AND pack = ?")?;
        for blob in index.blobs() {
            statement.execute(params![row.store.0, blob.id.as_bytes(), number.0])?;
        }
        self.connection
            .prepare_cached("UPDATE pack SET state = 2, at = ? WHERE number = ?")?
            .execute([sweep.now.0, number.0])?;
        Ok(true)
    }

    /// How many commits a store has seen, and how often blobs were taken out of it.
    pub(super) fn counts(&self, store: StoreId) -> Result<(u64, u64)> {
        self.connection
            .prepare_cached("SELECT committed, swept FROM blob_store WHERE id = ?")?
            .query_row([store.0], |row| Ok((count(row, "committed"), count(row, "swept"))))
            .optional()?
            .map_or_else(
                || Err(PortError::Damaged("there is no such store of blobs".to_owned())),
                |(committed, swept)| Ok((committed?, swept?)),
            )
    }

    /// Counts a revision as built on its store, and gives what was sent for it, in bytes.
    pub(super) fn count_snapshot(
        &self,
        id: WorkspaceId,
        version: &semver::Version,
        snapshot: &SnapshotCommit,
    ) -> Result<u64> {
        self.connection
            .prepare_cached("UPDATE blob_store SET committed = committed + 1 WHERE id = ?")?
            .execute([snapshot.store.0])?;
        self.connection
            .prepare_cached("INSERT INTO snapshot_version VALUES (?, ?) ON CONFLICT DO NOTHING")?
            .execute(params![id.0, version.to_string()])?;
        let mut sent = 0_i64;
        let mut statement = self.connection.prepare_cached(
            "UPDATE pack SET counted = 1 WHERE number = ? AND store = ? AND counted = 0
             RETURNING size",
        )?;
        for pack in &snapshot.packs {
            let size: Option<i64> =
                statement.query_row([pack.0, snapshot.store.0], |row| row.get(0)).optional()?;
            sent = sent.saturating_add(size.unwrap_or(0));
        }
        Ok(u64::try_from(sent).unwrap_or(0))
    }
}

fn rooted(row: &Row<'_>) -> Result<Rooted> {
    Ok(Rooted {
        workspace: WorkspaceId(row.get("workspace")?),
        course: text(row, "course")?,
        revision: hex_id(row, "id")?,
        version: text(row, "version")?,
        root: BlobId::from_bytes(row.get("root")?),
        received_at: Timestamp(row.get("received_at")?),
        completes_lesson: row.get("completes")?,
        is_head: row.get::<_, Option<bool>>("is_head")?.unwrap_or(false),
        is_commit: row.get("is_commit")?,
    })
}
