//! A save is published.
//!
//! `draft` decides what the save makes of the workspace, `intake`
//! checks the contents that it brings, and the database commits both at one moment.

pub(super) mod draft;
mod intake;

use progy_api::account::User;
use progy_api::limits;
use progy_api::problem::HeadMoved;
use progy_api::sync::{Action, Save, Since, SyncAnswer, SyncRequest};
use progy_core::{ContentHash, CourseId, RelPath, RevisionId, SaveId, Strategy};
use serde::Serialize;

use self::draft::{Before, draft};
use self::intake::{Place, take_in};
use super::Services;
use crate::ports::database::{
    CommitOutcome, CommitRevision, Digest, MergeProgress, UserId, Workspace,
};
use crate::{Result, ServiceError};

impl Services {
    /// Publishes a save, or merges progress, or both.
    ///
    /// The same request again has the same answer: a save id that is known is answered before the
    /// head is looked at.
    pub async fn sync(&self, user: &User, request: SyncRequest) -> Result<SyncAnswer> {
        if let Some(progress) = &request.progress {
            progress.check().map_err(|error| ServiceError::BadRequest(error.to_string()))?;
        }
        let id = UserId(user.id.clone());
        let workspace = self.db.workspace(&id, &request.course).await?;
        check_strategy(workspace.as_ref(), &request)?;
        match &request.save {
            None => {
                if let Some(workspace) = &workspace {
                    self.catch_up(user, workspace, &request.course).await;
                }
                self.merge(id, &request).await
            }
            Some(save) => {
                let mut workspace = workspace;
                if request.from == Some(Strategy::Git)
                    && let Some(known) = &workspace
                    && self.catch_up(user, known, &request.course).await
                {
                    workspace = self.db.workspace(&id, &request.course).await?;
                }
                self.publish_save(id, workspace, &request, save).await
            }
        }
    }

    async fn merge(&self, user: UserId, request: &SyncRequest) -> Result<SyncAnswer> {
        let version = self.db.version(&request.course, &request.version).await?;
        version.ok_or(ServiceError::NoCourse)?;
        let (progress_digest, head) = self.db.merge_progress(merge_of(user, request)).await?;
        Ok(SyncAnswer { revision: None, head, progress_digest })
    }

    async fn publish_save(
        &self,
        user: UserId,
        workspace: Option<Workspace>,
        request: &SyncRequest,
        save: &Save,
    ) -> Result<SyncAnswer> {
        check_limits(save)?;
        let library = self.library();
        let template = library.template(&request.course, &request.version).await?;
        let digest = digest(request, save)?;
        let head = workspace.as_ref().and_then(|workspace| workspace.head.as_ref());
        if head.map(|head| &head.id) != request.parent.as_ref() {
            let late = Late {
                parent: request.parent.clone(),
                save: save.id.clone(),
                digest,
                merge: merge_of(user, request),
            };
            return self.late(workspace, late).await;
        }

        let old_template = match (&workspace, head) {
            (Some(workspace), Some(_)) if workspace.version != request.version => {
                if save.since == Since::Parent {
                    return Err(ServiceError::BadRequest(format!(
                        "changes since the parent are changes to version {}, which it has",
                        workspace.version
                    )));
                }
                library.template(&request.course, &workspace.version).await?
            }
            _ => template.clone(),
        };
        let before = workspace
            .as_ref()
            .filter(|_| head.is_some())
            .map(|workspace| Before { template: old_template.tree(), overlay: &workspace.overlay });
        let draft =
            draft(template.tree(), before, save.since, &save.changes, &request.device_name)?;
        let place = Place {
            course: &request.course,
            version: &request.version,
            template: &template,
            workspace: workspace.as_ref().map(|workspace| workspace.id),
        };
        let contents = take_in(library, place, &save.changes, &draft.overlay).await?;
        let commit = CommitRevision {
            id: revision_id(&user, &request.course, request.parent.as_ref(), &save.id, &digest)?,
            user,
            course: request.course.clone(),
            strategy: request.strategy,
            from: request.from,
            save: save.id.clone(),
            digest,
            parent: request.parent.clone(),
            version: request.version.clone(),
            device: request.device.clone(),
            device_name: request.device_name.clone(),
            message: save.message.clone(),
            lesson: save.lesson.clone(),
            saved_at: save.saved_at,
            received_at: self.clock.now(),
            files_changed: draft.files_changed,
            bytes: save.changes.iter().map(|change| sent_bytes(&change.action)).sum(),
            snapshot: None,
            overlay: draft.overlay,
            changes: draft.changes,
            contents,
            progress: request.progress.clone(),
            quota: self.limits.quota,
        };
        let outcome = self.db.commit_revision(commit).await?;
        self.answer_save(outcome, request.parent.as_ref(), request.strategy)
    }

    /// What a device is told of a commit after `parent`, of a workspace carried by `strategy`.
    pub(super) fn answer_save(
        &self,
        outcome: CommitOutcome,
        parent: Option<&RevisionId>,
        strategy: Strategy,
    ) -> Result<SyncAnswer> {
        match outcome {
            CommitOutcome::Committed { revision, progress_digest } => {
                let head = Some(revision.id.clone());
                Ok(SyncAnswer { revision: Some(revision), head, progress_digest })
            }
            CommitOutcome::Duplicate { revision, head, progress_digest } => {
                Ok(SyncAnswer { revision: Some(revision), head: Some(head), progress_digest })
            }
            CommitOutcome::OtherStrategy(there) => Err(other_strategy(there, strategy)),
            // Only who commits a snapshot is told so, and looks again.
            CommitOutcome::Swept => Err(ServiceError::Unavailable(None)),
            CommitOutcome::SaveReused => Err(ServiceError::SaveReused),
            CommitOutcome::HeadMoved { head, parent_known } => {
                let parent = parent.cloned();
                Err(ServiceError::HeadMoved(Box::new(HeadMoved { head, parent_known, parent })))
            }
            CommitOutcome::QuotaExceeded { used, needed } => {
                Err(ServiceError::QuotaExceeded { used, needed, quota: self.limits.quota })
            }
        }
    }

    /// Answers a save whose parent is not the head: it was published before, or has to be merged.
    pub(super) async fn late(
        &self,
        workspace: Option<Workspace>,
        late: Late,
    ) -> Result<SyncAnswer> {
        let Late { parent, save, digest, merge } = late;
        let Some(Workspace { id, head, .. }) = workspace else {
            let moved = HeadMoved { head: None, parent_known: false, parent };
            return Err(ServiceError::HeadMoved(Box::new(moved)));
        };
        if let Some(saved) = self.db.saved(id, &save).await? {
            if saved.digest != digest {
                return Err(ServiceError::SaveReused);
            }
            let (progress_digest, head) = self.db.merge_progress(merge).await?;
            return Ok(SyncAnswer { revision: Some(saved.revision), head, progress_digest });
        }
        let parent_known = match &parent {
            None => true,
            Some(parent) => self.db.knows_revision(id, parent).await?,
        };
        Err(ServiceError::HeadMoved(Box::new(HeadMoved { head, parent_known, parent })))
    }
}

/// A save whose parent is not the head.
pub(super) struct Late {
    /// What it follows.
    pub(super) parent: Option<RevisionId>,
    /// Its id.
    pub(super) save: SaveId,
    /// Of what it says.
    pub(super) digest: Digest,
    /// The progress that it brings.
    pub(super) merge: MergeProgress,
}

/// A workspace is carried one way, until a save says that it ends that. Progress alone comes here from
/// those of `git` and `snapshot`, too, whose files go elsewhere; and before there is a head, whichever way
/// the device will choose.
fn check_strategy(workspace: Option<&Workspace>, request: &SyncRequest) -> Result<()> {
    let (asked, saves) = (request.strategy, request.save.is_some());
    if let Some(workspace) = workspace
        && workspace.strategy != asked
        && (saves || workspace.head.is_some())
        && !(saves && request.from == Some(workspace.strategy))
    {
        return Err(other_strategy(workspace.strategy, asked));
    }
    let elsewhere = matches!(asked, Strategy::Git | Strategy::Snapshot);
    if asked != Strategy::Patch && (saves || !elsewhere) {
        return Err(ServiceError::OtherStrategy(format!(
            "this route carries workspaces by `patch`, not by `{asked}`"
        )));
    }
    Ok(())
}

pub(super) fn other_strategy(there: Strategy, asked: Strategy) -> ServiceError {
    let why = format!("the workspace is carried by `{there}`, not by `{asked}`");
    ServiceError::OtherStrategy(why)
}

fn check_limits(save: &Save) -> Result<()> {
    let (changes, most) = (save.changes.len(), limits::SYNC_CHANGES);
    if changes > most {
        return Err(ServiceError::TooLarge(format!("{changes} changes; a save may have {most}")));
    }
    check_message(&save.message)
}

pub(super) fn check_message(message: &str) -> Result<()> {
    let most = limits::MESSAGE;
    if message.chars().count() > most {
        return Err(ServiceError::BadRequest(format!("a message may have {most} characters")));
    }
    Ok(())
}

fn merge_of(user: UserId, request: &SyncRequest) -> MergeProgress {
    MergeProgress {
        user,
        course: request.course.clone(),
        strategy: request.strategy,
        version: request.version.clone(),
        progress: request.progress.clone(),
    }
}

fn sent_bytes(action: &Action) -> u64 {
    match action {
        Action::Put { content: Some(content), .. } => content.data.0.len() as u64,
        Action::Put { .. } | Action::Link { .. } | Action::Delete => 0,
    }
}

/// Hashes what a save says: not its parent, so that a save is known again after it was rebased, and
/// not how its contents were compressed.
fn digest(request: &SyncRequest, save: &Save) -> Result<Digest> {
    #[derive(Serialize)]
    enum Said<'a> {
        Put(ContentHash, u64, bool),
        Link(&'a str),
        Delete,
    }
    let mut changes: Vec<(&RelPath, Said<'_>)> = save
        .changes
        .iter()
        .map(|change| {
            let said = match &change.action {
                Action::Put { hash, size, executable, .. } => Said::Put(*hash, *size, *executable),
                Action::Link { target } => Said::Link(target),
                Action::Delete => Said::Delete,
            };
            (&change.path, said)
        })
        .collect();
    changes.sort_by_key(|(path, _)| *path);
    let since_template = save.since == Since::Template;
    let said = (
        (&save.id, &request.version, since_template),
        (&save.message, &save.lesson, save.saved_at),
        changes,
    );
    hash_of(&said).map(|hash| *hash.as_bytes())
}

/// Names the revision that a request makes: the same request, the same name.
pub(super) fn revision_id(
    user: &UserId,
    course: &CourseId,
    parent: Option<&RevisionId>,
    save: &SaveId,
    digest: &Digest,
) -> Result<RevisionId> {
    let named = (&user.0, course, parent, save, digest);
    let hex = hash_of(&named)?.to_hex();
    RevisionId::new(hex.get(..32).unwrap_or_default()).map_err(ServiceError::internal)
}

/// Postcard writes different values differently, so that their hashes are different too.
pub(super) fn hash_of(value: &impl Serialize) -> Result<blake3::Hash> {
    let bytes = postcard::to_allocvec(value).map_err(ServiceError::internal)?;
    Ok(blake3::hash(&bytes))
}

#[cfg(test)]
mod tests;
