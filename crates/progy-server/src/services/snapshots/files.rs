//! What a snapshot differs in from the template, for those who show it.

use progy_api::history::{FileState, SavedFile};
use progy_api::limits;
use progy_core::{ContentHash, CourseId, DeviceName, Tree};
use progy_snapshot::BlobId;
use progy_snapshot::tree::{Item, entries};
use semver::Version;

use super::shelf::{Shelf, Trouble};
use crate::Result;
use crate::ports::database::{UserId, WorkspaceId};
use crate::services::Services;
use crate::services::sync::draft::state_of;

/// A tree of some workspace.
pub(in crate::services) struct SnapshotTree<'a> {
    /// Whose.
    pub(in crate::services) user: &'a UserId,
    /// Of which course.
    pub(in crate::services) course: &'a CourseId,
    /// The course version of its files.
    pub(in crate::services) version: &'a Version,
    /// The workspace.
    pub(in crate::services) workspace: WorkspaceId,
    /// The root.
    pub(in crate::services) root: BlobId,
}

/// A root as it travels.
pub(in crate::services) fn content_hash(root: BlobId) -> ContentHash {
    ContentHash::from_blake3((*root.as_bytes()).into())
}

impl Services {
    /// What a snapshot differs in from the template of its version; nothing if that is more than
    /// [`limits::LISTED_FILES`]. The device is that of the revision: who changed each file last is not
    /// written down.
    pub(in crate::services) async fn snapshot_files(
        &self,
        tree: &SnapshotTree<'_>,
        device: &DeviceName,
    ) -> Result<Vec<SavedFile>> {
        let SnapshotTree { user, course, version, workspace, root } = tree;
        let shelf = self.shelf(user, course, version, Some(*workspace)).await?;
        let template = self.library().template(course, version).await?;
        let files = differing(&shelf, *root, template.tree(), device).await?;
        Ok(files.unwrap_or_default())
    }
}

/// `None` if it is too much. Both trees are in the same order and read side by side.
async fn differing(
    shelf: &Shelf,
    root: BlobId,
    template: &Tree,
    device: &DeviceName,
) -> Result<Option<Vec<SavedFile>>, Trouble> {
    let mut entries = entries(shelf, root);
    let mut template = template.iter().peekable();
    let mut files = Vec::new();
    let saved = |path: &progy_core::RelPath, state| SavedFile {
        path: path.clone(),
        state,
        device: device.clone(),
    };
    while let Some((path, item)) = shelf.next(&mut entries).await? {
        let Some(state) = state(&item) else { continue };
        while let Some((gone, _)) = template.next_if(|(there, _)| **there < path) {
            files.push(saved(gone, FileState::Deleted));
        }
        let there = template.next_if(|(there, _)| **there == path);
        if there.map(|(_, entry)| state_of(entry)).as_ref() != Some(&state) {
            files.push(saved(&path, state));
        }
        if files.len() > limits::LISTED_FILES {
            return Ok(None);
        }
    }
    files.extend(template.map(|(gone, _)| saved(gone, FileState::Deleted)));
    Ok(Some(files).filter(|files| files.len() <= limits::LISTED_FILES))
}

/// What a path holds; an empty folder is nothing that other strategies have.
fn state(item: &Item) -> Option<FileState> {
    match item {
        Item::File(file) => Some(FileState::File {
            hash: file.content.hash,
            size: file.content.size,
            executable: file.executable,
        }),
        Item::Symlink(target) => Some(FileState::Link { target: target.as_str().to_owned() }),
        Item::Folder => None,
    }
}
