//! The record of what was pushed to a repository.

use progy_core::{RevisionId, SaveId, Strategy};
use rusqlite::params;

use super::store::{Store, id_bytes, int};
use crate::ports::Result;
use crate::ports::database::codec::encode_overlay;
use crate::ports::database::{
    Claim, Note, NoteOutcome, NotedRevision, Overlay, UserId, Workspace, WorkspaceId,
};

impl Store {
    /// See [`crate::ports::Database::claim`].
    pub(super) fn claim(&self, claim: &Claim) -> Result<Strategy> {
        let Claim { user, course, strategy, version } = claim;
        match self.workspace(user, course)? {
            None => {
                self.create_workspace(user, course, *strategy, version)?;
                Ok(*strategy)
            }
            Some(Workspace { id, head: None, strategy: there, .. }) if there != *strategy => {
                self.connection
                    .prepare_cached("UPDATE workspace SET strategy = ?2 WHERE id = ?1")?
                    .execute(params![id.0, strategy.as_str()])?;
                Ok(*strategy)
            }
            Some(workspace) => Ok(workspace.strategy),
        }
    }

    /// See [`crate::ports::Database::note`].
    pub(super) fn note(&self, note: &Note) -> Result<NoteOutcome> {
        let Some(workspace) = self.workspace(&note.user, &note.course)? else {
            return Ok(NoteOutcome::Moved);
        };
        if workspace.strategy != Strategy::Git {
            return Ok(NoteOutcome::OtherStrategy(workspace.strategy));
        }
        if workspace.head.as_ref().map(|head| &head.id) != note.after.as_ref() {
            return Ok(NoteOutcome::Moved);
        }
        let id = workspace.id;
        let mut parent = note.after.clone();
        if note.anew {
            parent = self.forget_commits(id)?;
        }
        let mut seq = self.last_seq(id)?;
        for revision in &note.revisions {
            seq += 1;
            self.add_noted(id, seq, revision, parent.as_ref(), note)?;
            parent = Some(revision.id.clone());
        }
        self.connection
            .prepare_cached(
                "UPDATE workspace SET head = ?2, version = ?3, stored = ?4, overlay = NULL
                 WHERE id = ?1",
            )?
            .execute(params![
                id.0,
                (seq > 0).then_some(seq),
                note.revisions.last().map_or(&workspace.version, |last| &last.version).to_string(),
                int(note.stored),
            ])?;
        let head = self.workspace(&note.user, &note.course)?.and_then(|workspace| workspace.head);
        Ok(NoteOutcome::Noted(head.map(Box::new)))
    }

    /// Forgets all commits; gives the newest revision that is none.
    fn forget_commits(&self, id: WorkspaceId) -> Result<Option<RevisionId>> {
        self.connection
            .prepare_cached("UPDATE workspace SET head = NULL WHERE id = ?")?
            .execute([id.0])?;
        self.connection
            .prepare_cached("DELETE FROM revision WHERE workspace = ? AND length(id) = 20")?
            .execute([id.0])?;
        let left = self.revisions(id, None, 1)?.unwrap_or_default();
        Ok(left.into_iter().next().map(|revision| revision.id))
    }

    fn last_seq(&self, id: WorkspaceId) -> Result<i64> {
        Ok(self
            .connection
            .prepare_cached("SELECT coalesce(max(seq), 0) FROM revision WHERE workspace = ?")?
            .query_row([id.0], |row| row.get(0))?)
    }

    fn add_noted(
        &self,
        id: WorkspaceId,
        seq: i64,
        revision: &NotedRevision,
        parent: Option<&RevisionId>,
        note: &Note,
    ) -> Result<()> {
        let save = self.free_save(id, revision)?;
        self.connection
            .prepare_cached(
                "INSERT INTO revision (workspace, seq, id, parent, save, digest, device,
                    device_name, message, lesson, saved_at, received_at, version, files_changed,
                    bytes, keyframe, files)
                 VALUES (?, ?, ?, ?, ?, zeroblob(32), zeroblob(16), ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            )?
            .execute(params![
                id.0,
                seq,
                id_bytes(revision.id.as_str()),
                parent.map(|parent| id_bytes(parent.as_str())),
                save,
                revision.device.as_str(),
                revision.message,
                revision.lesson.as_ref().map(progy_core::LessonId::as_str),
                revision.saved_at.0,
                note.received_at.0,
                revision.version.to_string(),
                revision.files_changed,
                int(revision.bytes),
                // The repository has the files.
                encode_overlay(&Overlay::new())?,
            ])?;
        Ok(())
    }

    /// The save that a commit names, unless an earlier commit names the same: anybody may copy a
    /// commit with its headers. A part of the commit's own id then.
    fn free_save(&self, id: WorkspaceId, revision: &NotedRevision) -> Result<Vec<u8>> {
        let commit = revision.id.as_str();
        let parts = [commit.get(..32), commit.get(8..)];
        let own = parts.into_iter().flatten().filter_map(|part| part.parse::<SaveId>().ok());
        for save in [revision.save.clone()].into_iter().chain(own) {
            if self.saved(id, &save)?.is_none() {
                return Ok(id_bytes(save.as_str()));
            }
        }
        // Whoever makes two ids of this length collide gets an error for it, and no more.
        Ok(id_bytes(revision.save.as_str()))
    }

    /// What a learner's workspaces hold, in bytes.
    pub(super) fn used(&self, user: &UserId) -> Result<u64> {
        let used: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(sum(stored), 0) FROM workspace WHERE user = ?")?
            .query_row([&user.0], |row| row.get(0))?;
        Ok(u64::try_from(used).unwrap_or(0))
    }
}
