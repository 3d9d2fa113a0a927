//! Saves become commits, and commits are read as saves.

use std::cell::RefCell;

use progy_core::diff::diff;
use progy_core::git::{self, Commit, Facts, Kind, Object, ObjectId, Signature, template_commit};
use progy_core::{DeviceName, Entry, RelPath, SaveId, Timestamp, Tree};
use progy_git::Error as GitError;
use semver::Version;

use super::{Api, GitApi, GitRemote, RevisionSummary, object};
use crate::remote::{Publish, Seal, Source};
use crate::state::{Queued, overlaid};
use crate::{Error, Result};

/// How far back is looked for the course version of a commit that does not name one.
const LOOK_BACK: usize = 10_000;

/// Who made a commit that no device made.
pub(super) fn by_hand() -> DeviceName {
    DeviceName::from_any("git")
}

/// A commit of these files is to be made.
pub(super) struct Draft<'a> {
    pub(super) parent: Option<ObjectId>,
    pub(super) save: &'a Queued,
    pub(super) before: &'a Tree,
    pub(super) files: &'a Tree,
    pub(super) origin: Option<ObjectId>,
    /// Who saved.
    pub(super) device: &'a DeviceName,
    /// The distance from UTC of who saved, in minutes.
    pub(super) offset: i32,
    pub(super) content: &'a Source<'a>,
}

impl<A: Api + GitApi> GitRemote<'_, A> {
    /// Makes the commit of a save.
    pub(super) fn seal_commit(&self, seal: &Seal<'_>) -> Result<ObjectId> {
        self.write_commit(&Draft {
            parent: seal.parent.map(object).transpose()?,
            save: seal.save,
            before: seal.before,
            files: seal.files,
            origin: seal.origin.map(object).transpose()?,
            device: &self.device_name,
            offset: self.offset,
            content: seal.content,
        })
    }

    /// Makes the commit of a save that is about to be published.
    pub(super) fn seal_for(&self, publish: &Publish<'_>) -> Result<ObjectId> {
        let parent = publish.parent.revision.as_ref().map(object).transpose()?;
        self.write_commit(&Draft {
            parent,
            save: publish.save,
            before: &Tree::new(),
            files: &overlaid(publish.template, &publish.save.overlay)?,
            origin: None,
            device: &self.device_name,
            offset: self.offset,
            content: publish.content,
        })
    }

    pub(super) fn write_commit(&self, draft: &Draft<'_>) -> Result<ObjectId> {
        let repository = self.repository()?;
        let built = git::build(draft.files).map_err(GitError::from)?;
        let commit = self.commit_of(draft, built.root)?.object();
        if repository.has(&commit.id)? {
            return Ok(commit.id);
        }
        // Contents first, then folders, then the commit: nothing refers to what is not there.
        let new = diff(draft.before, draft.files);
        let mut blobs = Vec::new();
        for change in &new {
            let Some(Entry::File(file)) = &change.after else { continue };
            let blob = ObjectId::try_from(&file.hash)
                .map_err(|_| Error::MissingContent(change.path.clone()))?;
            if !repository.has(&blob)? {
                blobs.push((&change.path, blob));
            }
        }
        blobs.sort_by_key(|(_, blob)| *blob);
        blobs.dedup_by_key(|(_, blob)| *blob);
        let missing = RefCell::new(None);
        let read = |(path, blob): (&RelPath, ObjectId)| {
            let bytes = (draft.content)(&blob.into()).ok_or_else(|| {
                missing.replace(Some(path.clone()));
                GitError::Object(blob, "its bytes are nowhere".to_owned())
            })?;
            Ok(Object { id: blob, kind: Kind::Blob, bytes })
        };
        let written = repository.write(blobs.into_iter().map(read));
        if let Some(path) = missing.into_inner() {
            return Err(Error::MissingContent(path));
        }
        let mut written = written?;
        let mut folders = repository.new_objects(built)?;
        let id = commit.id;
        folders.push(commit);
        written.extend(repository.write(folders.into_iter().map(Ok))?);
        let written: Vec<&str> = written.iter().map(String::as_str).collect();
        self.disk.flush(&written).map_err(Error::disk(".git/objects"))?;
        Ok(id)
    }

    fn commit_of(&self, draft: &Draft<'_>, tree: ObjectId) -> Result<Commit> {
        let save = draft.save;
        let facts = Facts {
            save: Some(save.id.clone()),
            device: Some(draft.device.clone()),
            lesson: save.lesson.clone(),
            course: Some((self.course.clone(), save.version.clone())),
        };
        let parents = draft.parent.into_iter().collect();
        let origin = match &draft.origin {
            Some(origin) => self.repository()?.commit(origin)?,
            None => None,
        };
        if let Some(origin) = origin {
            // As `git rebase` does; a signature would not hold any more.
            let device = origin.facts.device.clone().or(facts.device);
            let other = origin.other.iter().filter(|header| header.starts_with("encoding "));
            let other = other.cloned().collect();
            return Ok(Commit { tree, parents, facts: Facts { device, ..facts }, other, ..origin });
        }
        let (name, email) = self.repository()?.author()?;
        let seconds = save.saved_at.millis().div_euclid(1000);
        let author = Signature::new(&name, &email, seconds, draft.offset);
        Ok(Commit {
            tree,
            parents,
            author: author.clone(),
            committer: author,
            other: Vec::new(),
            facts,
            message: save.message.clone(),
        })
    }

    /// A commit as a revision.
    pub(super) fn summary(&self, id: &ObjectId) -> Result<RevisionSummary> {
        let (files_changed, bytes) = self.repository()?.changes(id)?;
        Ok(RevisionSummary { files_changed, bytes, ..self.outline(id)? })
    }

    /// A commit as a revision, without counting what it changes: that takes longer than all else
    /// where a sync finds nothing new.
    pub(super) fn outline(&self, id: &ObjectId) -> Result<RevisionSummary> {
        let repository = self.repository()?;
        let commit = repository.commit(id)?;
        let commit = commit.ok_or_else(|| GitError::Object(*id, "it is missing".to_owned()))?;
        let version = match &commit.facts.course {
            Some((_, version)) => version.clone(),
            None => self.version_before(&commit)?,
        };
        Ok(RevisionSummary {
            id: id.revision(),
            parent: commit.parents.first().map(ObjectId::revision),
            save: commit.facts.save.unwrap_or_else(|| SaveId::of_commit(id)),
            device: commit.facts.device.unwrap_or_else(by_hand),
            message: commit.message,
            lesson: commit.facts.lesson,
            saved_at: Timestamp(commit.author.seconds.saturating_mul(1000)),
            version,
            files_changed: 0,
            bytes: 0,
        })
    }

    /// The course version that a commit made by hand belongs to: that of the state it follows.
    fn version_before(&self, commit: &Commit) -> Result<Version> {
        let repository = self.repository()?;
        let mut parent = commit.parents.first().copied();
        for _ in 0..LOOK_BACK {
            let Some(found) = parent.map(|id| repository.commit(&id)).transpose()?.flatten() else {
                break;
            };
            if let Some((_, version)) = found.facts.course {
                return Ok(version);
            }
            parent = found.parents.first().copied();
        }
        Err(GitError::Other("no commit names the course".to_owned()).into())
    }

    /// The commit that stands for a template, if all that it leads to is here.
    pub(super) fn template_commit(
        &self,
        version: &Version,
        template: &Tree,
    ) -> Result<Option<ObjectId>> {
        let repository = self.repository()?;
        let built = git::build(template).map_err(GitError::from)?;
        let commit = template_commit(&self.course, version, built.root).object();
        let id = commit.id;
        if repository.has(&id)? {
            return Ok(Some(id));
        }
        if !repository.has(&built.root)? {
            return Ok(None);
        }
        repository.write([Ok(commit)].into_iter())?;
        Ok(Some(id))
    }
}
