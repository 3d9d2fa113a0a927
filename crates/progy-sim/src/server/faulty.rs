//! What a server does that has one of the faults of [`Sabotage`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use progy_api::history::FileState;
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_core::progress::Progress;
use progy_core::{ContentHash, RevisionId, SaveId};
use progy_server::ports::Result;
use progy_server::ports::database::sqlite::Sqlite;
use progy_server::ports::database::{
    CommitOutcome, CommitRevision, Database, MergeProgress, Standing, StoredContent, UserId,
    Workspace,
};

use crate::sabotage::Sabotage;
use crate::trace::locked;

pub(crate) struct Faulty {
    inner: Arc<Sqlite>,
    pub(crate) sabotage: Sabotage,
    /// What the database held before the last commit, which is not durable yet.
    durable: Mutex<Option<Vec<u8>>>,
    progress: Mutex<Progress>,
    /// What the head names.
    current: Mutex<BTreeSet<ContentHash>>,
    renamed: Mutex<u32>,
}

impl Faulty {
    pub(crate) fn new(inner: Arc<Sqlite>, sabotage: Sabotage) -> Self {
        Self {
            inner,
            sabotage,
            durable: Mutex::default(),
            progress: Mutex::default(),
            current: Mutex::default(),
            renamed: Mutex::default(),
        }
    }

    /// The server stops without warning.
    pub(crate) fn crash(&self) {
        if let Some(durable) = locked(&self.durable).take() {
            // A copy in memory of a database in memory.
            let _ = self.inner.restore(&durable);
        }
    }

    pub(crate) fn workspace(&self, found: Option<Workspace>) -> Option<Workspace> {
        if let Some(workspace) = &found {
            let hash = |state: &FileState| match state {
                FileState::File { hash, .. } => Some(*hash),
                _ => None,
            };
            *locked(&self.current) =
                workspace.overlay.iter().filter_map(|(_, entry)| hash(&entry.state)).collect();
        }
        found
    }

    pub(crate) fn contents(&self, mut found: Vec<StoredContent>) -> Vec<StoredContent> {
        if self.sabotage == Sabotage::EagerCleanup {
            let current = locked(&self.current);
            found.retain(|content| current.contains(&content.hash));
        }
        found
    }

    pub(crate) fn standing(
        &self,
        found: Option<Standing>,
        _: Option<&RevisionId>,
    ) -> Option<Standing> {
        let mut found = found?;
        if self.sabotage == Sabotage::ReplacedProgress {
            found.progress = locked(&self.progress).clone();
        }
        Some(found)
    }

    pub(crate) async fn commit(&self, mut commit: CommitRevision) -> Result<CommitOutcome> {
        match self.sabotage {
            Sabotage::AckBeforeCommit => *locked(&self.durable) = Some(self.inner.snapshot()?),
            Sabotage::ForgottenSaves => commit.save = self.other_save(&commit.save),
            Sabotage::ReplacedProgress => self.replace(commit.progress.as_ref()),
            _ => {}
        }
        let outcome = self.inner.commit_revision(commit).await?;
        Ok(match outcome {
            CommitOutcome::Committed { revision, progress_digest } => {
                CommitOutcome::Committed { revision, progress_digest: self.digest(progress_digest) }
            }
            other => other,
        })
    }

    pub(crate) async fn merge(&self, merge: MergeProgress) -> Result<(String, Option<RevisionId>)> {
        self.replace(merge.progress.as_ref());
        let (digest, head) = self.inner.merge_progress(merge).await?;
        Ok((self.digest(digest), head))
    }

    fn replace(&self, progress: Option<&Progress>) {
        if let Some(progress) = progress {
            locked(&self.progress).clone_from(progress);
        }
    }

    fn digest(&self, digest: String) -> String {
        match self.sabotage {
            Sabotage::ReplacedProgress => locked(&self.progress).digest(),
            _ => digest,
        }
    }

    fn other_save(&self, save: &SaveId) -> SaveId {
        let mut renamed = locked(&self.renamed);
        *renamed += 1;
        let digits = format!("{:08x}{}", *renamed, save.as_str().get(8..).unwrap_or_default());
        SaveId::new(&digits).unwrap_or_else(|_| save.clone())
    }

    /// What comes in, before the services see it; or the answer, if they never do.
    pub(crate) async fn receive(
        &self,
        user: &UserId,
        request: &mut SyncRequest,
    ) -> Result<Option<SyncAnswer>> {
        let Some(save) = &request.save else { return Ok(None) };
        let Some(workspace) = self.inner.workspace(user, &request.course).await? else {
            return Ok(None);
        };
        let Some(head) = workspace.head else { return Ok(None) };
        if request.parent.as_ref() == Some(&head.id) || head.version != request.version {
            return Ok(None);
        }
        match self.sabotage {
            Sabotage::LaterClockWins if save.saved_at < head.saved_at => {
                let standing = self.inner.standing(user, &request.course, None).await?;
                let progress_digest = standing.map(|s| s.progress.digest()).unwrap_or_default();
                let (head, revision) = (Some(head.id.clone()), Some(head));
                Ok(Some(SyncAnswer { revision, head, progress_digest }))
            }
            Sabotage::LaterClockWins | Sabotage::IgnoredParent => {
                request.parent = Some(head.id);
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}
