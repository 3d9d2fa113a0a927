//! The bytes of small files.

use progy_core::ContentHash;
use rusqlite::{Row, params};

use super::store::{Store, count, hash, int, optional_hash, optional_text};
use crate::ports::database::{Base, StoredContent, WorkspaceId};
use crate::ports::{PortError, Result};

impl Store {
    pub(super) fn contents(
        &self,
        id: WorkspaceId,
        hashes: &[ContentHash],
    ) -> Result<Vec<StoredContent>> {
        let wanted =
            serde_json::to_string(hashes).map_err(|error| PortError::Failed(error.to_string()))?;
        self.connection
            .prepare_cached(
                "WITH RECURSIVE needed (hash) AS (
                    SELECT unhex(value) FROM json_each(?2)
                    UNION
                    SELECT c.base FROM needed n
                    JOIN content c ON c.workspace = ?1 AND c.hash = n.hash
                    WHERE c.base IS NOT NULL AND c.base_version IS NULL
                 )
                 SELECT c.hash, c.size, c.base, c.base_version, c.depth, c.data FROM needed n
                 JOIN content c ON c.workspace = ?1 AND c.hash = n.hash",
            )?
            .query_map(params![id.0, wanted], |row| Ok(content(row)))?
            .map(|row| row?)
            .collect()
    }

    /// Adds a content if the workspace does not hold it; tells whether it was added.
    pub(super) fn add_content(&self, id: WorkspaceId, content: &StoredContent) -> Result<bool> {
        let (base, version) = match &content.base {
            Base::Alone => (None, None),
            Base::Content(hash) => (Some(hash), None),
            Base::Template { version, hash } => (Some(hash), Some(version.to_string())),
        };
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO content (workspace, hash, size, base, base_version, depth, data)
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                id.0,
                content.hash.as_bytes(),
                int(content.size),
                base.map(ContentHash::as_bytes),
                version,
                content.depth,
                content.data,
            ])?;
        Ok(added == 1)
    }
}

fn content(row: &Row<'_>) -> Result<StoredContent> {
    let base = match (optional_hash(row, "base")?, optional_text(row, "base_version")?) {
        (None, _) => Base::Alone,
        (Some(hash), None) => Base::Content(hash),
        (Some(hash), Some(version)) => Base::Template { version, hash },
    };
    Ok(StoredContent {
        hash: hash(row, "hash")?,
        size: count(row, "size")?,
        base,
        depth: row.get("depth")?,
        data: row.get("data")?,
    })
}
