//! A tree becomes a revision.

use progy_api::account::User;
use progy_api::snapshot::CommitRequest;
use progy_api::sync::SyncAnswer;
use progy_core::{ContentHash, CourseId, Strategy};
use progy_snapshot::{BlobId, Error};

use super::shelf::Trouble;
use super::verify::{Verdict, Verified, verify};
use crate::ports::database::snapshots::{SnapshotCommit, Store};
use crate::ports::database::{
    CommitOutcome, CommitRevision, Digest, MergeProgress, Overlay, UserId, Workspace,
};
use crate::services::Services;
use crate::services::sync::{Late, check_message, hash_of, other_strategy, revision_id};
use crate::{Result, ServiceError};

/// How often it is looked again when blobs were taken out meanwhile. That happens once an hour.
const ATTEMPTS: usize = 4;

impl Services {
    /// Publishes a tree whose blobs were sent.
    ///
    /// The same request again has the same answer.
    pub async fn commit_snapshot(
        &self,
        user: &User,
        course: &CourseId,
        request: &CommitRequest,
    ) -> Result<SyncAnswer> {
        if let Some(progress) = &request.progress {
            progress.check().map_err(|error| ServiceError::BadRequest(error.to_string()))?;
        }
        check_message(&request.message)?;
        let root = root_of(&request.root)?;
        let id = UserId(user.id.clone());
        let mut workspace = self.db.workspace(&id, course).await?;
        if request.from == Some(Strategy::Git)
            && let Some(known) = &workspace
            && self.catch_up(user, known, course).await
        {
            workspace = self.db.workspace(&id, course).await?;
        }
        check_strategy(workspace.as_ref(), request)?;
        self.library().template(course, &request.version).await?;
        let digest = digest(request)?;
        let head = workspace.as_ref().and_then(|workspace| workspace.head.as_ref());
        if head.map(|head| &head.id) != request.parent.as_ref() {
            let late = Late {
                parent: request.parent.clone(),
                save: request.save.clone(),
                digest,
                merge: merge_of(id, course, request),
            };
            return self.late(workspace, late).await;
        }
        let at = At { user: id, course, digest, root };
        for _ in 0..ATTEMPTS {
            let outcome = self.try_commit(&at, workspace.as_ref(), request).await?;
            if outcome != CommitOutcome::Swept {
                return self.answer_save(outcome, request.parent.as_ref(), Strategy::Snapshot);
            }
        }
        Err(ServiceError::Unavailable(None))
    }

    async fn try_commit(
        &self,
        at: &At<'_>,
        workspace: Option<&Workspace>,
        request: &CommitRequest,
    ) -> Result<CommitOutcome> {
        // Before anything is looked up: what is taken out from here on is noticed by the commit.
        let store = self.own_store(&at.user).await?;
        let known = workspace.map(|workspace| workspace.id);
        let shelf = self.shelf(&at.user, at.course, &request.version, known).await?;
        let before = workspace.and_then(|workspace| workspace.root);
        let verified = match verify(&shelf, store.id, before, at.root).await {
            Ok(Verdict::Whole(verified)) => verified,
            Ok(Verdict::Missing(blobs)) => return Err(ServiceError::UnknownBlobs(blobs)),
            Err(trouble) => return Err(refused(trouble)),
        };
        Ok(self.db.commit_revision(self.revision_of(at, request, &store, verified)?).await?)
    }

    fn revision_of(
        &self,
        at: &At<'_>,
        request: &CommitRequest,
        store: &Store,
        verified: Verified,
    ) -> Result<CommitRevision> {
        let At { user, course, digest, root } = at;
        let parent = request.parent.as_ref();
        Ok(CommitRevision {
            id: revision_id(user, course, parent, &request.save, digest)?,
            user: user.clone(),
            course: (*course).clone(),
            strategy: Strategy::Snapshot,
            from: request.from,
            save: request.save.clone(),
            digest: *digest,
            parent: request.parent.clone(),
            version: request.version.clone(),
            device: request.device.clone(),
            device_name: request.device_name.clone(),
            message: request.message.clone(),
            lesson: request.lesson.clone(),
            saved_at: request.saved_at,
            received_at: self.clock.now(),
            files_changed: verified.files_changed,
            bytes: 0,
            snapshot: Some(SnapshotCommit {
                root: *root,
                store: store.id,
                swept: store.swept,
                packs: verified.packs.into_iter().collect(),
            }),
            overlay: Overlay::new(),
            changes: None,
            contents: Vec::new(),
            progress: request.progress.clone(),
            quota: self.limits.quota,
        })
    }
}

/// What does not change from one attempt to the next.
struct At<'a> {
    user: UserId,
    course: &'a CourseId,
    digest: Digest,
    root: BlobId,
}

fn root_of(hash: &ContentHash) -> Result<BlobId> {
    let why = "`root` is no name of a tree's root";
    BlobId::of_content(hash).ok_or_else(|| ServiceError::BadRequest(why.to_owned()))
}

/// A workspace is carried one way, until a save says that it ends that.
fn check_strategy(workspace: Option<&Workspace>, request: &CommitRequest) -> Result<()> {
    match workspace {
        Some(Workspace { strategy, head: Some(_), .. })
            if *strategy != Strategy::Snapshot && request.from != Some(*strategy) =>
        {
            Err(other_strategy(*strategy, Strategy::Snapshot))
        }
        _ => Ok(()),
    }
}

/// A tree by a stranger: what is wrong with it is theirs, what is damaged is ours.
fn refused(trouble: Trouble) -> ServiceError {
    match trouble {
        Trouble::Missing(id) => ServiceError::UnknownBlobs(vec![id]),
        Trouble::Wrong(error @ (Error::Damaged(_) | Error::Io(_))) => ServiceError::internal(error),
        Trouble::Wrong(error) => ServiceError::WrongTree(error.to_string()),
        Trouble::Failed(error) => error,
    }
}

fn merge_of(user: UserId, course: &CourseId, request: &CommitRequest) -> MergeProgress {
    MergeProgress {
        user,
        course: course.clone(),
        strategy: Strategy::Snapshot,
        version: request.version.clone(),
        progress: request.progress.clone(),
    }
}

/// Hashes what a save says: not its parent, so that a save is known again after it was rebased.
fn digest(request: &CommitRequest) -> Result<Digest> {
    let said = (
        ("snapshot", &request.save, &request.version, request.root),
        (&request.message, &request.lesson, request.saved_at),
    );
    hash_of(&said).map(|hash| *hash.as_bytes())
}
