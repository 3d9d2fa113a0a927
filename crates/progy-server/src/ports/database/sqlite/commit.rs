//! The one transaction that publishes a revision.

use progy_api::history::RevisionSummary;
use progy_core::{RevisionId, Strategy};
use rusqlite::{OptionalExtension, params};

use super::revisions::KEYFRAMES;
use super::store::{Store, id_bytes, int, optional_hex_id, text};
use crate::ports::Result;
use crate::ports::database::codec::{encode_changes, encode_overlay};
use crate::ports::database::{CommitOutcome, CommitRevision, StoredContent, WorkspaceId};

/// What a row costs beside its contents, in bytes, so that nothing is free.
const ROW: u64 = 100;

/// A commit with everything laid out that does not depend on what the database holds, so that the
/// one thread that writes does little.
pub(super) struct Prepared {
    commit: CommitRevision,
    overlay: Vec<u8>,
    changes: Option<Vec<u8>>,
}

impl Prepared {
    pub(super) fn new(commit: CommitRevision) -> Result<Self> {
        let overlay = encode_overlay(&commit.overlay)?;
        let changes = commit.changes.as_deref().map(encode_changes).transpose()?;
        let changes = changes.filter(|changes| changes.len() < overlay.len());
        Ok(Self { commit, overlay, changes })
    }

    /// `sent` is what came in packs, in bytes.
    fn summary(&self, sent: u64) -> RevisionSummary {
        let commit = &self.commit;
        RevisionSummary {
            id: commit.id.clone(),
            parent: commit.parent.clone(),
            save: commit.save.clone(),
            device: commit.device_name.clone(),
            message: commit.message.clone(),
            lesson: commit.lesson.clone(),
            saved_at: commit.saved_at,
            version: commit.version.clone(),
            files_changed: commit.files_changed,
            bytes: commit.bytes.saturating_add(sent),
        }
    }
}

/// Where a workspace stands when a commit comes.
struct Standpoint {
    id: WorkspaceId,
    head: Option<RevisionId>,
    seq: i64,
    overlay: u64,
    strategy: Strategy,
}

impl Store {
    /// See [`crate::ports::Database::commit_revision`].
    pub(super) fn commit_revision(&self, prepared: &Prepared) -> Result<CommitOutcome> {
        let commit = &prepared.commit;
        let standpoint = self.standpoint(commit)?;
        if let Some(standpoint) = &standpoint
            && let Some(outcome) = self.seen_before(standpoint, commit)?
        {
            return Ok(outcome);
        }
        let head = standpoint.as_ref().and_then(|standpoint| standpoint.head.as_ref());
        if head != commit.parent.as_ref() {
            return self.head_moved(commit);
        }
        if let Some(Standpoint { strategy, head: Some(_), .. }) = &standpoint
            && *strategy != commit.from.unwrap_or(commit.strategy)
        {
            return Ok(CommitOutcome::OtherStrategy(*strategy));
        }
        if let Some(snapshot) = &commit.snapshot
            && self.counts(snapshot.store)?.1 != snapshot.swept
        {
            return Ok(CommitOutcome::Swept);
        }
        let (seq, replaced) = standpoint.as_ref().map_or((1, 0), |at| (at.seq + 1, at.overlay));
        // What the parent differs in is known for revisions of the same strategy only.
        let changes = prepared.changes.as_deref();
        let changes = changes.filter(|_| seq % KEYFRAMES != 1 && commit.from.is_none());
        let files = changes.unwrap_or(&prepared.overlay);
        let rows = (prepared.overlay.len() + files.len() + commit.message.len()) as u64 + ROW;
        let contents: u64 = commit.contents.iter().map(stored_size).sum();
        let used = self.used(&commit.user)?;
        let needed = (rows + contents).saturating_sub(replaced);
        if used.saturating_add(needed) > commit.quota {
            return Ok(CommitOutcome::QuotaExceeded { used, needed });
        }

        // Nothing was written up to here; from here on nothing is refused.
        let id = match standpoint {
            Some(standpoint) => standpoint.id,
            None => self.create_workspace(
                &commit.user,
                &commit.course,
                commit.strategy,
                &commit.version,
            )?,
        };
        let mut stored = rows;
        for content in &commit.contents {
            if self.add_content(id, content)? {
                stored += stored_size(content);
            }
        }
        let progress_digest = self.join_progress(id, commit.progress.as_ref())?;
        let sent = match &commit.snapshot {
            Some(snapshot) => self.count_snapshot(id, &commit.version, snapshot)?,
            None => 0,
        };
        let summary = prepared.summary(sent);
        self.add_revision(id, seq, commit, summary.bytes, changes.is_none(), files)?;
        self.connection
            .prepare_cached(
                "UPDATE workspace SET head = ?2, version = ?3, overlay = ?4,
                    stored = max(0, stored + ?5 - ?6), strategy = ?7 WHERE id = ?1",
            )?
            .execute(params![
                id.0,
                seq,
                commit.version.to_string(),
                prepared.overlay,
                int(stored),
                int(replaced),
                commit.strategy.as_str(),
            ])?;
        Ok(CommitOutcome::Committed { revision: summary, progress_digest })
    }

    fn standpoint(&self, commit: &CommitRevision) -> Result<Option<Standpoint>> {
        self.connection
            .prepare_cached(
                "SELECT w.id AS workspace, r.id AS revision, coalesce(w.head, 0) AS seq,
                    coalesce(length(w.overlay), 0) AS overlay, w.strategy
                 FROM workspace w LEFT JOIN revision r ON r.workspace = w.id AND r.seq = w.head
                 WHERE w.user = ? AND w.course = ?",
            )?
            .query_row(params![commit.user.0, commit.course.as_str()], |row| {
                let standpoint = || {
                    Ok(Standpoint {
                        id: WorkspaceId(row.get("workspace")?),
                        head: optional_hex_id(row, "revision")?,
                        seq: row.get("seq")?,
                        overlay: super::store::count(row, "overlay")?,
                        strategy: text(row, "strategy")?,
                    })
                };
                Ok(standpoint())
            })
            .optional()?
            .transpose()
    }

    fn seen_before(
        &self,
        standpoint: &Standpoint,
        commit: &CommitRevision,
    ) -> Result<Option<CommitOutcome>> {
        let Some(saved) = self.saved(standpoint.id, &commit.save)? else { return Ok(None) };
        if saved.digest != commit.digest {
            return Ok(Some(CommitOutcome::SaveReused));
        }
        let progress_digest = self.join_progress(standpoint.id, commit.progress.as_ref())?;
        let head = standpoint.head.clone().unwrap_or_else(|| saved.revision.id.clone());
        Ok(Some(CommitOutcome::Duplicate { revision: saved.revision, head, progress_digest }))
    }

    fn head_moved(&self, commit: &CommitRevision) -> Result<CommitOutcome> {
        let workspace = self.workspace(&commit.user, &commit.course)?;
        let parent_known = match (&workspace, &commit.parent) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(workspace), Some(parent)) => self.knows_revision(workspace.id, parent)?,
        };
        let head = workspace.and_then(|workspace| workspace.head);
        Ok(CommitOutcome::HeadMoved { head, parent_known })
    }

    fn add_revision(
        &self,
        id: WorkspaceId,
        seq: i64,
        commit: &CommitRevision,
        bytes: u64,
        keyframe: bool,
        files: &[u8],
    ) -> Result<()> {
        let root = commit.snapshot.as_ref().map(|snapshot| snapshot.root.as_bytes());
        let completes = match &commit.lesson {
            Some(lesson) if root.is_some() => self.has_passed(id, lesson)?,
            _ => false,
        };
        self.connection
            .prepare_cached(
                "INSERT INTO revision (workspace, seq, id, parent, save, digest, device,
                    device_name, message, lesson, saved_at, received_at, version, files_changed,
                    bytes, keyframe, files, root, completes)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                id.0,
                seq,
                id_bytes(commit.id.as_str()),
                commit.parent.as_ref().map(|parent| id_bytes(parent.as_str())),
                id_bytes(commit.save.as_str()),
                commit.digest,
                id_bytes(commit.device.as_str()),
                commit.device_name.as_str(),
                commit.message,
                commit.lesson.as_ref().map(progy_core::LessonId::as_str),
                commit.saved_at.0,
                commit.received_at.0,
                commit.version.to_string(),
                commit.files_changed,
                int(bytes),
                keyframe,
                files,
                root,
                completes,
            ])?;
        Ok(())
    }
}

fn stored_size(content: &StoredContent) -> u64 {
    content.data.len() as u64 + ROW
}
