//! Files of a repository's commits, in the terms of every other workspace.
//!
//! Nothing of it is kept: what a commit holds is read from the repository when it is asked for, by
//! one process a request.

use std::sync::Arc;

use progy_api::account::User;
use progy_api::delta::{self, Base64, Delta};
use progy_api::history::{Content, FileState, RevisionSummary, SavedFile, Want};
use progy_api::limits;
use progy_core::git::{Mode, ObjectId};
use progy_core::rules::is_private;
use progy_core::{ContentHash, CourseId, LinkTarget, RelPath};

use super::repo_name;
use super::template::CourseTemplate;
use crate::ports::git_host::difference::{Difference, Differing, Folders, Leaf, MOST};
use crate::ports::git_host::naming::GitTemplate;
use crate::ports::git_host::objects::{self, Objects};
use crate::services::Services;
use crate::services::templates::WHOLE;
use crate::{Result, ServiceError};

/// The longest target of a link, in bytes.
const TARGET: u64 = 4 << 10;
/// For contents that are compressed for one device.
const LEVEL: i32 = 3;

/// What a path of a repository holds, if Progy can have it in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// Where.
    pub(super) path: RelPath,
    /// What.
    pub(super) leaf: Leaf,
}

impl Kept {
    /// Leaves out what no workspace has: other repositories, names that are no text, Progy's own
    /// folder.
    pub(super) fn of(path: &[u8], leaf: Leaf) -> Option<Self> {
        let path = RelPath::new(std::str::from_utf8(path).ok()?).ok()?;
        let fits = leaf.mode != Mode::Submodule && !path.parts().next().is_some_and(is_private);
        fits.then_some(Self { path, leaf })
    }

    /// Where a link leads, if it stays inside the workspace.
    pub(super) async fn target(&self, objects: &mut dyn Objects) -> Result<Option<LinkTarget>> {
        let Some(target) = objects.read(self.leaf.id, TARGET).await? else { return Ok(None) };
        let text = std::str::from_utf8(&target.bytes).ok();
        Ok(text.and_then(|text| LinkTarget::new(&self.path, text).ok()))
    }
}

impl Services {
    /// Opens the learner's repository of a course, if there is one.
    pub(super) async fn open_repository(
        &self,
        user: &User,
        course: &CourseId,
    ) -> Result<Option<Box<dyn Objects>>> {
        match &self.git {
            Some(git) => Ok(git.host.open(&repo_name(user, course)).await?),
            None => Ok(None),
        }
    }

    /// What a commit differs in from the template of its version. The device is that of the commit:
    /// who changed each file last is not looked for.
    pub(in crate::services) async fn git_files(
        &self,
        user: &User,
        course: &CourseId,
        revision: &RevisionSummary,
    ) -> Result<Vec<SavedFile>> {
        let commit = ObjectId::try_from(&revision.id).map_err(ServiceError::internal)?;
        let template = self.git_template(course, &revision.version).await?;
        let objects = self.open_repository(user, course).await?;
        let mut objects = objects.ok_or(ServiceError::NoRevision)?;
        let objects = objects.as_mut();
        let tree = objects::commit(objects, commit).await?.tree;
        let at_hand = Some(&template.built.objects);
        let from = Some(template.built.root);
        let differs = Folders::new(objects, at_hand).difference(from, tree).await?;
        saved_files(objects, whole(differs)?, revision).await
    }

    /// A template in Git's terms; made once, then kept in memory.
    async fn git_template(
        &self,
        course: &CourseId,
        version: &semver::Version,
    ) -> Result<Arc<GitTemplate>> {
        let git = self.git.as_ref().ok_or(ServiceError::NoRevision)?;
        let key = (course.clone(), version.clone());
        if let Some(known) = git.templates.get(&key) {
            return Ok(known);
        }
        let template = CourseTemplate::of(self, course, version).await?;
        let named = Arc::new(GitTemplate::of(&template).await?);
        git.templates.put(key, Arc::clone(&named), named.weight());
        Ok(named)
    }

    /// Those of `wants` that the repository has, in their order.
    pub(in crate::services) async fn git_contents(
        &self,
        user: &User,
        course: &CourseId,
        wants: &[&Want],
    ) -> Result<Vec<Content>> {
        let Some(mut objects) = self.open_repository(user, course).await? else {
            return Ok(Vec::new());
        };
        let objects = objects.as_mut();
        let ids: Vec<ObjectId> = wants.iter().filter_map(|want| blob(&want.hash)).collect();
        let found = objects.look(&ids).await?;
        let sizes = found.iter().flatten().map(|found| found.size);
        if sizes.clone().any(|size| size > WHOLE) {
            let why = format!("a file over {WHOLE} bytes is fetched by git alone");
            return Err(ServiceError::TooLarge(why));
        }
        // One more file may go over.
        let total: u64 = sizes.sum();
        if total > limits::CONTENTS + WHOLE {
            return Err(ServiceError::TooLarge(format!(
                "ask for {} bytes at once",
                limits::CONTENTS
            )));
        }
        let mut contents = Vec::new();
        for want in wants {
            contents.extend(content(objects, want).await?);
        }
        Ok(contents)
    }
}

/// All paths that differ, if they are not too many.
pub(super) fn whole(difference: Difference) -> Result<Vec<Differing>> {
    match difference {
        Difference::Whole(mut paths) => {
            paths.sort_by(|one, other| one.path.cmp(&other.path));
            Ok(paths)
        }
        Difference::TooMuch => {
            let why = format!("the repository has more than {MOST} files");
            Err(ServiceError::WorkspaceTooLarge(why))
        }
    }
}

async fn saved_files(
    objects: &mut dyn Objects,
    differs: Vec<Differing>,
    revision: &RevisionSummary,
) -> Result<Vec<SavedFile>> {
    let files = differs.iter().filter_map(|path| path.after);
    let files: Vec<ObjectId> =
        files.filter(|leaf| leaf.mode != Mode::Submodule).map(|leaf| leaf.id).collect();
    let mut sizes = objects.look(&files).await?.into_iter();
    let mut saved = Vec::with_capacity(differs.len());
    for Differing { path, before, after } in differs {
        let size = match after {
            Some(leaf) if leaf.mode != Mode::Submodule => sizes.next().flatten(),
            _ => None,
        };
        let kept = after.and_then(|leaf| Kept::of(&path, leaf));
        let state = match &kept {
            Some(kept) if kept.leaf.mode == Mode::Symlink => {
                let target = kept.target(objects).await?;
                target.map(|target| FileState::Link { target: target.as_str().to_owned() })
            }
            Some(Kept { leaf: Leaf { mode, id }, .. }) => size.map(|found| FileState::File {
                hash: (*id).into(),
                size: found.size,
                executable: *mode == Mode::Executable,
            }),
            None => None,
        };
        let gone = before.and_then(|leaf| Kept::of(&path, leaf)).map(|kept| kept.path);
        let path = kept.map(|kept| kept.path).filter(|_| state.is_some()).or(gone);
        // What is neither here nor there is nothing that a workspace has.
        let Some(path) = path else { continue };
        let state = state.unwrap_or(FileState::Deleted);
        saved.push(SavedFile { path, state, device: revision.device.clone() });
    }
    Ok(saved)
}

async fn content(objects: &mut dyn Objects, want: &Want) -> Result<Option<Content>> {
    let Some(bytes) = bytes(objects, &want.hash).await? else { return Ok(None) };
    let reference = match &want.have {
        Some(have) if *have != want.hash => self::bytes(objects, have).await?,
        _ => None,
    };
    let data = delta::compress(&bytes, reference.as_deref(), LEVEL);
    let data = Base64(data.map_err(ServiceError::internal)?);
    let reference = want.have.filter(|_| reference.is_some());
    let delta = Delta { reference, data };
    Ok(Some(Content { hash: want.hash, size: bytes.len() as u64, delta }))
}

/// A file's bytes, if the repository has it and it is not too large to be held in memory.
async fn bytes(objects: &mut dyn Objects, hash: &ContentHash) -> Result<Option<Vec<u8>>> {
    let Some(id) = blob(hash) else { return Ok(None) };
    let object = objects.read(id, WHOLE).await?;
    let object = object.filter(|object| object.kind == progy_core::git::Kind::Blob);
    Ok(object.map(|object| object.bytes))
}

fn blob(hash: &ContentHash) -> Option<ObjectId> {
    ObjectId::try_from(hash).ok()
}
