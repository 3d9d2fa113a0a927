//! Where blobs are.

use progy_snapshot::BlobId;
use progy_snapshot::pack::PackId;
use rusqlite::{OptionalExtension, Row, params};

use super::store::{Store as Tables, count, int, text};
use crate::ports::database::snapshots::{
    BlobPlace, NewPack, Owner, PackNumber, PackOutcome, PackRow, PackState, Store, StoreId,
};
use crate::ports::database::{UserId, WorkspaceId};
use crate::ports::{PortError, Result};
use progy_core::{ContentHash, Timestamp};
use semver::Version;

const COMING: i64 = 0;
const THERE: i64 = 1;
const GONE: i64 = 2;

impl Tables {
    pub(super) fn store_of(&self, owner: &Owner) -> Result<Store> {
        self.connection
            .prepare_cached("INSERT INTO blob_store (owner) VALUES (?) ON CONFLICT DO NOTHING")?
            .execute([owner_text(owner)])?;
        self.connection
            .prepare_cached("SELECT * FROM blob_store WHERE owner = ?")?
            .query_row([owner_text(owner)], |row| Ok(store(row)))?
    }

    /// As [`Tables::store_of`], if there is one: to read, and not to write.
    pub(super) fn known_store(&self, owner: &Owner) -> Result<Option<Store>> {
        self.connection
            .prepare_cached("SELECT * FROM blob_store WHERE owner = ?")?
            .query_row([owner_text(owner)], |row| Ok(store(row)))
            .optional()?
            .transpose()
    }

    pub(super) fn complete_store(&self, id: StoreId) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE blob_store SET complete = 1 WHERE id = ?")?
            .execute([id.0])?;
        Ok(())
    }

    pub(super) fn stores(&self, after: StoreId, limit: u32) -> Result<Vec<Store>> {
        self.connection
            .prepare_cached("SELECT * FROM blob_store WHERE id > ? ORDER BY id LIMIT ?")?
            .query_map(params![after.0, limit], |row| Ok(store(row)))?
            .map(|row| row?)
            .collect()
    }

    pub(super) fn find_blobs(
        &self,
        stores: &[StoreId],
        names: &[BlobId],
    ) -> Result<Vec<Option<BlobPlace>>> {
        // The newest pack: one that was sent again because of damage is the better one.
        let mut statement = self.connection.prepare_cached(
            "SELECT pack, len FROM blob WHERE store = ? AND name = ? ORDER BY pack DESC LIMIT 1",
        )?;
        let mut find = |name: &BlobId| -> Result<Option<BlobPlace>> {
            for store in stores {
                let found = statement
                    .query_row(params![store.0, name.as_bytes()], |row| Ok(place(*store, row)))
                    .optional()?
                    .transpose()?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        };
        names.iter().map(&mut find).collect()
    }

    pub(super) fn places(&self, stores: &[StoreId], name: &BlobId) -> Result<Vec<BlobPlace>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT pack, len FROM blob WHERE store = ? AND name = ? ORDER BY pack DESC",
        )?;
        let mut places = Vec::new();
        for id in stores {
            let rows =
                statement.query_map(params![id.0, name.as_bytes()], |row| Ok(place(*id, row)))?;
            for row in rows {
                places.push(row??);
            }
        }
        Ok(places)
    }

    pub(super) fn pack(&self, number: PackNumber) -> Result<Option<PackRow>> {
        self.connection
            .prepare_cached("SELECT * FROM pack WHERE number = ?")?
            .query_row([number.0], |row| Ok(pack(row, true)))
            .optional()?
            .transpose()
    }

    fn pack_named(&self, store: StoreId, name: &PackId) -> Result<Option<PackRow>> {
        self.connection
            .prepare_cached("SELECT * FROM pack WHERE store = ? AND name = ? AND state = 1")?
            .query_row(params![store.0, name.as_bytes()], |row| Ok(pack(row, true)))
            .optional()?
            .transpose()
    }

    pub(super) fn touch_pack(
        &self,
        store: StoreId,
        name: &PackId,
        now: Timestamp,
    ) -> Result<Option<PackRow>> {
        self.connection
            .prepare_cached(
                "UPDATE pack SET at = max(at, ?) WHERE store = ? AND name = ? AND state = 1",
            )?
            .execute(params![now.0, store.0, name.as_bytes()])?;
        self.pack_named(store, name)
    }

    pub(super) fn packs(
        &self,
        store: StoreId,
        after: PackNumber,
        limit: u32,
    ) -> Result<Vec<PackRow>> {
        self.connection
            .prepare_cached(
                "SELECT number, store, state, at, name, size FROM pack
                 WHERE store = ? AND number > ? ORDER BY number LIMIT ?",
            )?
            .query_map(params![store.0, after.0, limit], |row| Ok(pack(row, false)))?
            .map(|row| row?)
            .collect()
    }

    pub(super) fn last_pack(&self) -> Result<PackNumber> {
        let last = self
            .connection
            .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'pack'")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(PackNumber(last.unwrap_or(0)))
    }

    pub(super) fn begin_pack(&self, store: StoreId, now: Timestamp) -> Result<PackNumber> {
        self.connection
            .prepare_cached("INSERT INTO pack (store, state, at) VALUES (?, 0, ?)")?
            .execute([store.0, now.0])?;
        Ok(PackNumber(self.connection.last_insert_rowid()))
    }

    pub(super) fn add_pack(&self, new: &NewPack, quota: u64) -> Result<PackOutcome> {
        let Some(row) = self.pack(new.number)?.filter(|row| row.state == PackState::Coming) else {
            return Ok(PackOutcome::GivenUp);
        };
        if self.touch_pack(row.store, &new.name, new.now)?.is_some() {
            self.give_up_pack(new.number, new.now)?;
            return Ok(PackOutcome::Known);
        }
        if let Owner::Learner(user) = self.owner(row.store)? {
            let used = self.packed(&user)?;
            if used.saturating_add(new.size) > quota {
                self.give_up_pack(new.number, new.now)?;
                return Ok(PackOutcome::QuotaExceeded { used });
            }
        }
        self.settle_pack(row.store, new)?;
        Ok(PackOutcome::Added)
    }

    /// From now on the blobs of a pack that was coming are found.
    pub(super) fn settle_pack(&self, store: StoreId, new: &NewPack) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE pack SET state = 1, at = ?2, name = ?3, size = ?4, tail = ?5
                 WHERE number = ?1",
            )?
            .execute(params![
                new.number.0,
                new.now.0,
                new.name.as_bytes(),
                int(new.size),
                new.tail
            ])?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO blob (store, name, pack, len) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )?;
        for (name, len) in &new.blobs {
            statement.execute(params![store.0, name.as_bytes(), new.number.0, len])?;
        }
        Ok(())
    }

    pub(super) fn give_up_pack(&self, number: PackNumber, now: Timestamp) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE pack SET state = 2, at = ? WHERE number = ? AND state = 0")?
            .execute([now.0, number.0])?;
        Ok(())
    }

    pub(super) fn forget_packs(&self, packs: &[PackNumber]) -> Result<()> {
        let mut statement =
            self.connection.prepare_cached("DELETE FROM pack WHERE number = ? AND state <> 1")?;
        for pack in packs {
            statement.execute([pack.0])?;
        }
        Ok(())
    }

    pub(super) fn versions_used(&self, id: WorkspaceId) -> Result<Vec<Version>> {
        self.connection
            .prepare_cached("SELECT version FROM snapshot_version WHERE workspace = ?")?
            .query_map([id.0], |row| Ok(text(row, "version")))?
            .map(|row| row?)
            .collect()
    }

    pub(super) fn owner(&self, id: StoreId) -> Result<Owner> {
        self.connection
            .prepare_cached("SELECT * FROM blob_store WHERE id = ?")?
            .query_row([id.0], |row| Ok(store(row)))?
            .map(|store| store.owner)
    }

    /// What a learner's packs hold, in bytes.
    pub(super) fn packed(&self, user: &UserId) -> Result<u64> {
        let packed: i64 = self
            .connection
            .prepare_cached(
                "SELECT coalesce(sum(p.size), 0) FROM blob_store s
                 JOIN pack p ON p.store = s.id AND p.state = 1
                 WHERE s.owner = ?",
            )?
            .query_row([format!("u{}", user.0)], |row| row.get(0))?;
        Ok(u64::try_from(packed).unwrap_or(0))
    }
}

fn owner_text(owner: &Owner) -> String {
    match owner {
        Owner::Learner(user) => format!("u{}", user.0),
        Owner::Template(package) => format!("t{package}"),
    }
}

fn store(row: &Row<'_>) -> Result<Store> {
    let owner: String = row.get("owner")?;
    let damaged = || PortError::Damaged(format!("a store belongs to {owner:?}"));
    let owner = match owner.split_at_checked(1) {
        Some(("u", user)) => Owner::Learner(UserId(user.to_owned())),
        Some(("t", package)) => {
            let package: ContentHash = package.parse().map_err(|_| damaged())?;
            Owner::Template(package)
        }
        _ => return Err(damaged()),
    };
    Ok(Store {
        id: StoreId(row.get("id")?),
        owner,
        complete: row.get("complete")?,
        committed: count(row, "committed")?,
        swept: count(row, "swept")?,
    })
}

fn place(store: StoreId, row: &Row<'_>) -> Result<BlobPlace> {
    Ok(BlobPlace { store, pack: PackNumber(row.get("pack")?), len: row.get("len")? })
}

fn pack(row: &Row<'_>, whole: bool) -> Result<PackRow> {
    let name = row.get_ref("name")?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    let name = name.map(|name| name.try_into().map(PackId::from_bytes)).transpose();
    Ok(PackRow {
        number: PackNumber(row.get("number")?),
        store: StoreId(row.get("store")?),
        state: match row.get("state")? {
            COMING => PackState::Coming,
            THERE => PackState::There,
            GONE => PackState::Gone,
            other => return Err(PortError::Damaged(format!("a pack is in state {other}"))),
        },
        at: Timestamp(row.get("at")?),
        name: name.map_err(|_| PortError::Damaged("a pack's name is no hash".to_owned()))?,
        size: count(row, "size")?,
        tail: if whole {
            row.get::<_, Option<Vec<u8>>>("tail")?.unwrap_or_default()
        } else {
            Vec::new()
        },
    })
}
