//! What was pushed becomes revisions.
//!
//! `main` is followed back, first parent by first parent, to a commit that is on record already; each
//! one on the way becomes a revision. A crash between a push and this leaves the record behind the
//! repository: whoever looks at the workspace next compares both and goes on here.

use progy_api::account::User;
use progy_core::git::{Commit, ObjectId};
use progy_core::{CourseId, DeviceName, RevisionId, SaveId, Strategy, Timestamp};
use semver::Version;

use super::{by_git, repo_name};
use crate::ports::database::{Note, NoteOutcome, NotedRevision, Workspace};
use crate::ports::git_host::difference::{Difference, Folders, MOST};
use crate::ports::git_host::objects::{self, Objects};
use crate::ports::git_host::{GitHost, RepoName};
use crate::services::Services;
use crate::{Result, ServiceError};

/// How often a record that somebody else writes at the same time is tried again.
const TRIES: usize = 8;
/// The device of a commit that was made by hand.
const BY_HAND: &str = "git";
/// The longest message that is kept on record, in characters; the commit has all of it.
const MESSAGE: usize = progy_api::limits::MESSAGE;

/// The commits of `main` that are not on record, the newest first, and where the record is met.
struct News {
    commits: Vec<(ObjectId, Commit)>,
    known: Option<RevisionId>,
}

impl Services {
    /// Writes down what `main` has and the record does not. Cheap if there is nothing: no process
    /// is started then. Tells whether there was something. [`ServiceError::OtherStrategy`] if the
    /// workspace is not carried by `git`, or no longer.
    pub async fn take_note(&self, repo: &RepoName) -> Result<bool> {
        let host = self.git_host()?;
        for _ in 0..TRIES {
            let Some(main) = host.head(repo).await? else { return Ok(false) };
            let workspace = match self.db.workspace(&repo.user, &repo.course).await? {
                // One that somebody has begun and never saved in is carried by whatever comes first.
                Some(workspace)
                    if workspace.strategy == Strategy::Git || workspace.head.is_some() =>
                {
                    workspace
                }
                _ => self.claim_for_git(repo).await?,
            };
            let noted = workspace.head.as_ref().map(|head| &head.id);
            by_git(workspace.strategy)?;
            if noted == Some(&main.revision()) {
                return Ok(false);
            }
            let note = self.note_of(host.as_ref(), repo, &workspace, main).await?;
            match self.db.note(note).await? {
                NoteOutcome::Noted(_) => return Ok(true),
                NoteOutcome::OtherStrategy(strategy) => by_git(strategy)?,
                NoteOutcome::Moved => {}
            }
        }
        Err(ServiceError::Unavailable(None))
    }

    /// As [`Self::take_note`], before a workspace is read. If it cannot be done the record is shown
    /// as it is.
    pub(in crate::services) async fn catch_up(
        &self,
        user: &User,
        workspace: &Workspace,
        course: &CourseId,
    ) -> bool {
        if workspace.strategy != Strategy::Git || self.git.is_none() {
            return false;
        }
        self.take_note(&repo_name(user, course)).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a repository cannot be compared with its record");
            false
        })
    }

    /// The workspace of a repository that has one no more: the database is older than the
    /// repository.
    async fn claim_for_git(&self, repo: &RepoName) -> Result<Workspace> {
        self.claim_push(repo).await?;
        let workspace = self.db.workspace(&repo.user, &repo.course).await?;
        workspace.ok_or(ServiceError::NoProgress)
    }

    /// What there is to be written down.
    async fn note_of(
        &self,
        host: &dyn GitHost,
        repo: &RepoName,
        workspace: &Workspace,
        main: ObjectId,
    ) -> Result<Note> {
        let objects = host.open(repo).await?;
        let mut objects = objects
            .ok_or_else(|| ServiceError::internal("a repository vanished while it was read"))?;
        let objects = objects.as_mut();
        let mut news = self.news(objects, workspace, main).await?;
        let anew = match workspace.head.as_ref().and_then(|head| commit_of(&head.id)) {
            None => false,
            Some(head) => !reaches(objects, head, &news, main).await?,
        };
        if anew {
            tracing::warn!("a repository has lost commits that are on record; it is noted anew");
            news = Self::all(objects, main).await?;
        }
        let mut version = match &news.known {
            Some(known) => {
                let known = self.db.revision(workspace.id, known).await?;
                known.map_or_else(|| workspace.version.clone(), |known| known.summary.version)
            }
            None => workspace.version.clone(),
        };
        let mut revisions = Vec::with_capacity(news.commits.len());
        for (id, commit) in news.commits.into_iter().rev() {
            version = self.version_of(&commit, &repo.course).await?.unwrap_or(version);
            revisions.push(revision(objects, id, commit, version.clone()).await?);
        }
        Ok(Note {
            user: repo.user.clone(),
            course: repo.course.clone(),
            after: workspace.head.as_ref().map(|head| head.id.clone()),
            anew,
            revisions,
            stored: host.stored(repo).await?,
            received_at: self.clock.now(),
        })
    }

    async fn news(
        &self,
        objects: &mut dyn Objects,
        workspace: &Workspace,
        main: ObjectId,
    ) -> Result<News> {
        let mut commits = Vec::new();
        let mut next = Some(main);
        while let Some(id) = next {
            if self.db.knows_revision(workspace.id, &id.revision()).await? {
                return Ok(News { commits, known: Some(id.revision()) });
            }
            let commit = objects::commit(objects, id).await?;
            next = commit.parents.first().copied();
            commits.push((id, commit));
        }
        Ok(News { commits, known: None })
    }

    /// All of `main`, whatever is on record.
    async fn all(objects: &mut dyn Objects, main: ObjectId) -> Result<News> {
        let mut commits = Vec::new();
        let mut next = Some(main);
        while let Some(id) = next {
            let commit = objects::commit(objects, id).await?;
            next = commit.parents.first().copied();
            commits.push((id, commit));
        }
        Ok(News { commits, known: None })
    }

    /// The version that a commit names, if it is one of this course.
    async fn version_of(&self, commit: &Commit, course: &CourseId) -> Result<Option<Version>> {
        let named = commit.facts.course.as_ref().filter(|(named, _)| named == course);
        let Some((_, version)) = named else { return Ok(None) };
        let published = self.db.version(course, version).await?;
        Ok(published.map(|_| version.clone()))
    }
}

fn commit_of(id: &RevisionId) -> Option<ObjectId> {
    ObjectId::try_from(id).ok()
}

/// Whether the head on record is a part of what `main` has now.
async fn reaches(
    objects: &mut dyn Objects,
    head: ObjectId,
    news: &News,
    main: ObjectId,
) -> Result<bool> {
    if news.known == Some(head.revision()) {
        return Ok(true);
    }
    // After `git pull` without a rebase the head is the second parent of a merge.
    let there = objects.look(&[head]).await?;
    Ok(there != [None] && objects::is_ancestor(objects, head, main).await?)
}

/// What is written down of a commit.
async fn revision(
    objects: &mut dyn Objects,
    id: ObjectId,
    commit: Commit,
    version: Version,
) -> Result<NotedRevision> {
    let before = match commit.parents.first() {
        Some(parent) => Some(objects::commit(objects, *parent).await?.tree),
        None => None,
    };
    let difference = Folders::new(objects, None).difference(before, commit.tree).await?;
    let (files_changed, bytes) = match difference {
        Difference::TooMuch => (MOST, 0),
        Difference::Whole(paths) => {
            let new: Vec<ObjectId> = paths
                .iter()
                .filter(|path| path.before.map(|leaf| leaf.id) != path.after.map(|leaf| leaf.id))
                .filter_map(|path| Some(path.after?.id))
                .collect();
            let found = objects.look(&new).await?;
            (paths.len(), found.into_iter().flatten().map(|found| found.size).sum())
        }
    };
    let revision = id.revision();
    let own = revision.as_str().get(..32).unwrap_or_default();
    let save = match commit.facts.save {
        Some(save) => save,
        None => SaveId::new(own).map_err(ServiceError::internal)?,
    };
    Ok(NotedRevision {
        id: revision,
        save,
        device: commit.facts.device.unwrap_or_else(|| DeviceName::from_any(BY_HAND)),
        message: commit.message.trim().chars().take(MESSAGE).collect(),
        lesson: commit.facts.lesson,
        saved_at: Timestamp(commit.author.seconds.saturating_mul(1_000)),
        version,
        files_changed: u32::try_from(files_changed).unwrap_or(u32::MAX),
        bytes,
    })
}
