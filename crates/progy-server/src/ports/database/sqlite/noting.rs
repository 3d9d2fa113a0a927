//! The record of what was pushed to a repository.

use progy_core::{RevisionId, SaveId, Strategy};
use rusqlite::params;

use super::revisions::LISTED;
use super::store::{Store, id_bytes, int};
use crate::ports::Result;
use crate::ports::database::codec::encode_overlay;
use crate::ports::database::{
    ChangeOutcome, Claim, Note, NoteOutcome, NotedRevision, Overlay, StrategyChange, UserId,
    Workspace, WorkspaceId,
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
                self.set_strategy(id, *strategy)?;
                Ok(*strategy)
            }
            Some(workspace) => Ok(workspace.strategy),
        }
    }

    /// See [`crate::ports::Database::change_strategy`].
    pub(super) fn change_strategy(&self, change: &StrategyChange) -> Result<ChangeOutcome> {
        let StrategyChange { claim, head } = change;
        if let Some(workspace) = self.workspace(&claim.user, &claim.course)? {
            if workspace.strategy == claim.strategy {
                return Ok(ChangeOutcome::Changed);
            }
            if workspace.head.as_ref().map(|head| &head.id) != head.as_ref() {
                return Ok(ChangeOutcome::HeadMoved(workspace.head.map(Box::new)));
            }
            self.set_strategy(workspace.id, claim.strategy)?;
        } else if head.is_some() {
            return Ok(ChangeOutcome::HeadMoved(None));
        } else {
            self.create_workspace(&claim.user, &claim.course, claim.strategy, &claim.version)?;
        }
        Ok(ChangeOutcome::Changed)
    }

    fn set_strategy(&self, id: WorkspaceId, strategy: Strategy) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE workspace SET strategy = ?2 WHERE id = ?1")?
            .execute(params![id.0, strategy.as_str()])?;
        Ok(())
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
        let renamed = self.rename_former(id, &note.revisions)?;
        let (known, new) = note.revisions.split_at(renamed);
        parent = known.last().map(|revision| revision.id.clone()).or(parent);
        for revision in new {
            seq += 1;
            self.add_noted(id, seq, revision, parent.as_ref(), note)?;
            parent = Some(revision.id.clone());
        }
        let head = if note.revisions.is_empty() {
            self.last_listed(id)?
        } else {
            (seq > 0).then_some(seq)
        };
        self.connection
            .prepare_cached(
                "UPDATE workspace SET head = ?2, version = ?3, stored = ?4, overlay = NULL
                 WHERE id = ?1",
            )?
            .execute(params![
                id.0,
                head,
                note.revisions.last().map_or(&workspace.version, |last| &last.version).to_string(),
                int(note.stored),
            ])?;
        let head = self.workspace(&note.user, &note.course)?.and_then(|workspace| workspace.head);
        Ok(NoteOutcome::Noted(head.map(Box::new)))
    }

    /// The newest revisions that are no commits, if `commits` begin with the very saves that they
    /// recorded: then these are they, and go by the commits' names from now on. Gives how many.
    fn rename_former(&self, id: WorkspaceId, commits: &[NotedRevision]) -> Result<usize> {
        let rows: Vec<(i64, Vec<u8>)> = self
            .connection
            .prepare_cached(
                "SELECT seq, save FROM revision
                 WHERE workspace = ?1 AND length(id) <> 20 AND seq >
                    (SELECT coalesce(max(seq), 0) FROM revision
                     WHERE workspace = ?1 AND length(id) = 20)
                 ORDER BY seq",
            )?
            .query_map([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let is_same = |((_, save), commit): (&(i64, Vec<u8>), &NotedRevision)| {
            *save == id_bytes(commit.save.as_str())
        };
        if rows.len() > commits.len() || !rows.iter().zip(commits).all(is_same) {
            return Ok(0);
        }
        for ((seq, _), commit) in rows.iter().zip(commits) {
            self.connection
                .prepare_cached(
                    "UPDATE revision SET former = id, id = ? WHERE workspace = ? AND seq = ?",
                )?
                .execute(params![id_bytes(commit.id.as_str()), id.0, seq])?;
            self.follow_row_before(id, *seq)?;
        }
        Ok(rows.len())
    }

    /// The revision at `seq` has the one before it as its parent, by the name that that has now.
    fn follow_row_before(&self, id: WorkspaceId, seq: i64) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE revision SET parent = (
                    SELECT r.id FROM revision r WHERE r.workspace = ?1 AND r.seq < ?2
                    ORDER BY r.seq DESC LIMIT 1)
                 WHERE workspace = ?1 AND seq = ?2",
            )?
            .execute([id.0, seq])?;
        Ok(())
    }

    /// Forgets all commits, but for what was a revision before it became one; gives the newest
    /// revision that is left.
    fn forget_commits(&self, id: WorkspaceId) -> Result<Option<RevisionId>> {
        self.connection
            .prepare_cached("UPDATE workspace SET head = NULL WHERE id = ?")?
            .execute([id.0])?;
        self.connection
            .prepare_cached(
                "DELETE FROM revision
                 WHERE workspace = ? AND length(id) = 20 AND former IS NULL",
            )?
            .execute([id.0])?;
        self.connection
            .prepare_cached(
                "UPDATE revision SET id = former, former = NULL
                 WHERE workspace = ? AND former IS NOT NULL",
            )?
            .execute([id.0])?;
        let rows: Vec<i64> = self
            .connection
            .prepare_cached("SELECT seq FROM revision WHERE workspace = ?")?
            .query_map([id.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for seq in rows {
            self.follow_row_before(id, seq)?;
        }
        let left = self.revisions(id, None, 1)?.unwrap_or_default();
        Ok(left.into_iter().next().map(|revision| revision.id))
    }

    fn last_seq(&self, id: WorkspaceId) -> Result<i64> {
        Ok(self
            .connection
            .prepare_cached("SELECT coalesce(max(seq), 0) FROM revision WHERE workspace = ?")?
            .query_row([id.0], |row| row.get(0))?)
    }

    /// The newest revision that has not expired.
    fn last_listed(&self, id: WorkspaceId) -> Result<Option<i64>> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT max(r.seq) FROM revision r WHERE r.workspace = ? AND {LISTED}"
            ))?
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

    /// What a learner's workspaces hold without packs, in bytes.
    pub(super) fn used(&self, user: &UserId) -> Result<u64> {
        let used: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(sum(stored), 0) FROM workspace WHERE user = ?")?
            .query_row([&user.0], |row| row.get(0))?;
        Ok(u64::try_from(used).unwrap_or(0))
    }
}
