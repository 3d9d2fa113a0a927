//! History: revisions and the overlay of any of them.

use progy_api::history::RevisionSummary;
use progy_core::{RevisionId, Timestamp};
use progy_snapshot::BlobId;
use rusqlite::{OptionalExtension, Row, params};

use super::store::{Store, count, hex_id, id_bytes, optional_hex_id, optional_text, text};
use crate::ports::database::codec::apply_changes;
use crate::ports::database::{Overlay, Revision, WorkspaceId};
use crate::ports::{PortError, Result};

/// Every revision whose count is a multiple of this, and the first, holds its whole overlay, so that
/// no revision needs more rows than this to be read.
pub(super) const KEYFRAMES: i64 = 64;

/// The columns that [`summary`] reads, of a table named `r`.
pub(super) const SUMMARY: &str = "r.id, r.parent, r.save, r.device_name, r.message, r.lesson,
    r.saved_at, r.version, r.files_changed, r.bytes";

/// Which revisions can be seen, of a table named `r`: those that have not expired. What a commit was
/// before may have; the repository has it.
pub(super) const LISTED: &str = "(r.expired_at IS NULL OR length(r.id) = 20)";

/// Reads [`SUMMARY`].
pub(super) fn summary(row: &Row<'_>) -> Result<RevisionSummary> {
    Ok(RevisionSummary {
        id: hex_id(row, "id")?,
        parent: optional_hex_id(row, "parent")?,
        save: hex_id(row, "save")?,
        device: text(row, "device_name")?,
        message: row.get("message")?,
        lesson: optional_text(row, "lesson")?,
        saved_at: Timestamp(row.get("saved_at")?),
        version: text(row, "version")?,
        files_changed: u32::try_from(count(row, "files_changed")?).unwrap_or(u32::MAX),
        bytes: count(row, "bytes")?,
    })
}

/// The root of a snapshot's tree, of a table named `r`.
pub(super) fn root(row: &Row<'_>) -> rusqlite::Result<Option<BlobId>> {
    Ok(row.get::<_, Option<[u8; 32]>>("root")?.map(BlobId::from_bytes))
}

impl Store {
    pub(super) fn knows_revision(&self, id: WorkspaceId, revision: &RevisionId) -> Result<bool> {
        Ok(self.seq(id, revision)?.is_some())
    }

    pub(super) fn revisions(
        &self,
        id: WorkspaceId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<Option<Vec<RevisionSummary>>> {
        let before = match before {
            None => i64::MAX,
            Some(revision) => match self.seq(id, revision)? {
                Some(seq) => seq,
                None => return Ok(None),
            },
        };
        let revisions = self
            .connection
            .prepare_cached(&format!(
                "SELECT {SUMMARY} FROM revision r
                 WHERE r.workspace = ? AND r.seq < ? AND {LISTED}
                 ORDER BY r.seq DESC LIMIT ?"
            ))?
            .query_map(params![id.0, before, limit], |row| Ok(summary(row)))?
            .map(|row| row?)
            .collect::<Result<_>>()?;
        Ok(Some(revisions))
    }

    pub(super) fn revision(
        &self,
        id: WorkspaceId,
        revision: &RevisionId,
    ) -> Result<Option<Revision>> {
        let Some(seq) = self.seq(id, revision)? else { return Ok(None) };
        let found = self
            .connection
            .prepare_cached(&format!(
                "SELECT {SUMMARY}, r.root FROM revision r
                 WHERE r.workspace = ? AND r.seq = ? AND {LISTED}"
            ))?
            .query_row([id.0, seq], |row| Ok((summary(row), root(row)?)))
            .optional()?;
        let Some((summary, root)) = found else { return Ok(None) };
        Ok(Some(Revision { summary: summary?, overlay: self.overlay(id, seq)?, root }))
    }

    /// The overlay of a revision: that of the keyframe before it, and the changes since.
    fn overlay(&self, id: WorkspaceId, seq: i64) -> Result<Overlay> {
        let mut statement = self.connection.prepare_cached(
            "SELECT files FROM revision WHERE workspace = ?1 AND seq <= ?2 AND seq >=
                (SELECT max(seq) FROM revision
                 WHERE workspace = ?1 AND seq <= ?2 AND seq > ?2 - ?3 AND keyframe)
             ORDER BY seq",
        )?;
        let mut rows = statement.query([id.0, seq, KEYFRAMES])?;
        let mut overlay = None;
        while let Some(row) = rows.next()? {
            let files = row.get_ref("files")?.as_blob().map_err(rusqlite::Error::from)?;
            apply_changes(files, overlay.get_or_insert_default())?;
        }
        overlay.ok_or_else(|| PortError::Damaged("a revision has no keyframe".to_owned()))
    }

    /// Where a revision stands, by its name or its former one.
    fn seq(&self, id: WorkspaceId, revision: &RevisionId) -> Result<Option<i64>> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT seq FROM revision WHERE workspace = ?1 AND id = ?2
                 UNION ALL
                 SELECT seq FROM revision WHERE workspace = ?1 AND former = ?2",
            )?
            .query_row(params![id.0, id_bytes(revision.as_str())], |row| row.get(0))
            .optional()?)
    }
}
