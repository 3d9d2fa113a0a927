//! Workspaces, their progress, and what saves became.

use progy_core::progress::Progress;
use progy_core::{CourseId, LessonId, RevisionId, SaveId};
use rusqlite::{OptionalExtension, params};

use super::revisions::{SUMMARY, root, summary};
use super::store::{Store, id_bytes, text};
use crate::ports::database::codec::{decode_overlay, decode_progress, encode_progress};
use crate::ports::database::{
    Digest, MergeProgress, SavedAlready, Standing, UserId, Workspace, WorkspaceId,
};
use crate::ports::{PortError, Result};

impl Store {
    pub(super) fn workspace(&self, user: &UserId, course: &CourseId) -> Result<Option<Workspace>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT w.id AS workspace, w.strategy, w.version AS course_version, w.head,
                    w.overlay, r.root, {SUMMARY}
                 FROM workspace w LEFT JOIN revision r ON r.workspace = w.id AND r.seq = w.head
                 WHERE w.user = ? AND w.course = ?"
            ))?
            .query_row(params![user.0, course.as_str()], |row| {
                let workspace = || {
                    let head: Option<i64> = row.get("head")?;
                    let overlay =
                        row.get_ref("overlay")?.as_blob_or_null().map_err(rusqlite::Error::from)?;
                    Ok(Workspace {
                        id: WorkspaceId(row.get("workspace")?),
                        strategy: text(row, "strategy")?,
                        version: text(row, "course_version")?,
                        head: head.map(|_| summary(row)).transpose()?,
                        overlay: overlay.map(decode_overlay).transpose()?.unwrap_or_default(),
                        root: root(row)?,
                    })
                };
                Ok(workspace())
            })
            .optional()?
            .transpose()
    }

    pub(super) fn carried_by(
        &self,
        strategy: progy_core::Strategy,
        after: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, UserId, CourseId)>> {
        self.connection
            .prepare_cached(
                "SELECT id, user, course FROM workspace WHERE strategy = ? AND id > ?
                 ORDER BY id LIMIT ?",
            )?
            .query_map(params![strategy.as_str(), after.0, limit], |row| {
                let (id, user) = (WorkspaceId(row.get("id")?), UserId(row.get("user")?));
                Ok(text(row, "course").map(|course| (id, user, course)))
            })?
            .map(|row| row?)
            .collect()
    }

    pub(super) fn standing(
        &self,
        user: &UserId,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<Standing>> {
        let Some(workspace) = self.workspace(user, course)? else { return Ok(None) };
        let base_known = match base {
            None => true,
            Some(base) => self.knows_revision(workspace.id, base)?,
        };
        let progress = match self.progress_row(workspace.id)? {
            None => Progress::default(),
            Some((_, records)) => decode_progress(&records)?,
        };
        Ok(Some(Standing { workspace, progress, base_known }))
    }

    pub(super) fn saved(&self, id: WorkspaceId, save: &SaveId) -> Result<Option<SavedAlready>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT r.digest, {SUMMARY} FROM revision r WHERE r.workspace = ? AND r.save = ?"
            ))?
            .query_row(params![id.0, id_bytes(save.as_str())], |row| {
                let digest: Digest = row.get("digest")?;
                Ok(summary(row).map(|revision| SavedAlready { digest, revision }))
            })
            .optional()?
            .transpose()
    }

    /// Joins progress into a workspace's, making the workspace if there is none.
    pub(super) fn merge_progress(
        &self,
        merge: &MergeProgress,
    ) -> Result<(String, Option<RevisionId>)> {
        let (id, head) = match self.workspace(&merge.user, &merge.course)? {
            Some(workspace) => (workspace.id, workspace.head.map(|head| head.id)),
            None => (
                self.create_workspace(&merge.user, &merge.course, merge.strategy, &merge.version)?,
                None,
            ),
        };
        Ok((self.join_progress(id, merge.progress.as_ref())?, head))
    }

    pub(super) fn create_workspace(
        &self,
        user: &UserId,
        course: &CourseId,
        strategy: progy_core::Strategy,
        version: &semver::Version,
    ) -> Result<WorkspaceId> {
        self.connection
            .prepare_cached(
                "INSERT INTO workspace (user, course, strategy, version) VALUES (?, ?, ?, ?)",
            )?
            .execute(params![user.0, course.as_str(), strategy.as_str(), version.to_string()])?;
        Ok(WorkspaceId(self.connection.last_insert_rowid()))
    }

    /// Joins `more` into a workspace's progress; gives the digest of the result.
    pub(super) fn join_progress(&self, id: WorkspaceId, more: Option<&Progress>) -> Result<String> {
        let Some(more) = more else {
            return match self.progress_digest(id)? {
                Some(digest) => Ok(digest),
                None => Ok(Progress::default().digest()),
            };
        };
        let mut progress = Progress::default();
        if let Some((digest, records)) = self.progress_row(id)? {
            progress = decode_progress(&records)?;
            if progress.covers(more) {
                return Ok(digest);
            }
        }
        progress.join(more);
        let digest = progress.digest();
        self.connection
            .prepare_cached(
                "INSERT INTO progress (workspace, digest, records) VALUES (?1, ?2, ?3)
                 ON CONFLICT (workspace) DO UPDATE SET digest = ?2, records = ?3",
            )?
            .execute(params![id.0, digest, encode_progress(&progress)?])?;
        Ok(digest)
    }

    /// Whether a lesson is passed by a workspace's progress.
    pub(super) fn has_passed(&self, id: WorkspaceId, lesson: &LessonId) -> Result<bool> {
        match self.progress_row(id)? {
            Some((_, records)) => Ok(decode_progress(&records)?.has_passed(lesson)),
            None => Ok(false),
        }
    }

    fn progress_digest(&self, id: WorkspaceId) -> Result<Option<String>> {
        Ok(self
            .connection
            .prepare_cached("SELECT digest FROM progress WHERE workspace = ?")?
            .query_row([id.0], |row| row.get(0))
            .optional()?)
    }

    fn progress_row(&self, id: WorkspaceId) -> Result<Option<(String, Vec<u8>)>, PortError> {
        Ok(self
            .connection
            .prepare_cached("SELECT digest, records FROM progress WHERE workspace = ?")?
            .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }
}
