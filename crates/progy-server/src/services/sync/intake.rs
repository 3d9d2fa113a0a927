//! The contents that a save brings or names: checked, and made ready to be kept.

use std::collections::BTreeMap;

use bytes::Bytes;
use progy_api::delta::{self, Delta};
use progy_api::history::FileState;
use progy_api::sync::{Action, FileChange};
use progy_core::{ContentHash, CourseId, Entry, RelPath};
use semver::Version;

use crate::ports::database::{Base, Overlay, StoredContent, WorkspaceId};
use crate::services::contents::{Contents, DEEPEST, Library};
use crate::services::templates::Template;
use crate::{Result, ServiceError};

/// For contents that are compressed anew here.
const LEVEL: i32 = 3;

/// A file that a save puts.
struct Put<'a> {
    path: &'a RelPath,
    hash: ContentHash,
    size: u64,
    sent: Option<&'a Delta>,
}

/// Checks the contents of all files that `changes` put and `overlay` kept: each has the announced
/// hash and size, and is sent, or known to this workspace or its template. Gives those that the
/// workspace has to keep from now on, so that each file of its overlay, at any time, can be read
/// from its own contents.
pub(super) async fn take_in(
    library: Library,
    at: Place<'_>,
    changes: &[FileChange],
    overlay: &Overlay,
) -> Result<Vec<StoredContent>> {
    let puts: Vec<Put<'_>> =
        changes.iter().filter_map(|change| differing_put(change, overlay)).collect();
    // A content that is sent need not be looked for: if it is known, it is not kept twice.
    let needed = puts.iter().filter_map(|put| match put.sent {
        None => Some(put.hash),
        Some(sent) => sent.reference,
    });
    let known = library.contents(at.course, at.workspace, &needed.collect()).await?;
    let mut intake = Intake { library, at, known, kept: BTreeMap::new() };
    // What is sent for one path may be named by another.
    let (sent, named): (Vec<_>, Vec<_>) = puts.iter().partition(|put| put.sent.is_some());
    for put in sent.into_iter().chain(named) {
        intake.take(put).await?;
    }
    Ok(intake.kept.into_values().collect())
}

/// Where contents are looked for, and for what.
pub(super) struct Place<'a> {
    /// The course.
    pub(super) course: &'a CourseId,
    /// The version of the save.
    pub(super) version: &'a Version,
    /// Its template.
    pub(super) template: &'a Template,
    /// The workspace, if it exists.
    pub(super) workspace: Option<WorkspaceId>,
}

/// The file that a change puts, if it differs from the template.
fn differing_put<'a>(change: &'a FileChange, overlay: &Overlay) -> Option<Put<'a>> {
    let Action::Put { hash, size, content, .. } = &change.action else { return None };
    let entry = overlay.get(change.path.as_str())?;
    matches!(entry.state, FileState::File { .. }).then_some(Put {
        path: &change.path,
        hash: *hash,
        size: *size,
        sent: content.as_ref(),
    })
}

struct Intake<'a> {
    library: Library,
    at: Place<'a>,
    /// What the workspace holds of what this save refers to.
    known: Contents,
    /// What it has to keep from now on.
    kept: BTreeMap<ContentHash, StoredContent>,
}

impl Intake<'_> {
    /// Checks one file's content, and keeps it if the workspace has to.
    async fn take(&mut self, put: &Put<'_>) -> Result<()> {
        if let Some(known) = self.kept.get(&put.hash).or_else(|| self.known.stored(&put.hash)) {
            return right_size(put, known.size);
        }
        let content = if let Some(place) = self.at.template.place(&put.hash) {
            right_size(put, place.size)?;
            stored(put, self.of_template(put.hash), 0, Vec::new())
        } else {
            let sent = put.sent.ok_or_else(|| ServiceError::UnknownReference(put.path.clone()))?;
            self.decode(put, sent).await?
        };
        self.kept.insert(put.hash, content);
        Ok(())
    }

    fn of_template(&self, hash: ContentHash) -> Base {
        Base::Template { version: self.at.version.clone(), hash }
    }

    /// Decompresses what was sent, and chooses how it is kept.
    async fn decode(&self, put: &Put<'_>, sent: &Delta) -> Result<StoredContent> {
        let reference = match &sent.reference {
            None => None,
            Some(hash) => Some(self.reference(hash, put.path).await?),
        };
        let bytes = delta::decompress(&sent.data.0, reference.as_deref(), put.size, &put.hash);
        let bytes = bytes.map_err(|error| ServiceError::WrongHash {
            path: put.path.clone(),
            reason: error.to_string(),
        })?;
        // A frame that is larger than its content was made to cost room.
        let honest = sent.data.0.len() as u64 <= put.size + put.size / 128 + 64;
        match self.base(sent.reference.as_ref()) {
            Some((base, depth)) if honest => Ok(stored(put, base, depth, sent.data.0.clone())),
            _ => self.encode(put, &bytes).await,
        }
    }

    async fn reference(&self, hash: &ContentHash, path: &RelPath) -> Result<Bytes> {
        let bytes = self.known.bytes_or_template(hash, self.at.template).await?;
        bytes.ok_or_else(|| ServiceError::UnknownReference(path.clone()))
    }

    /// What a frame relative to `reference` is kept relative to, and how deep that makes it; `None`
    /// if that is too deep.
    fn base(&self, reference: Option<&ContentHash>) -> Option<(Base, u8)> {
        let Some(hash) = reference else { return Some((Base::Alone, 0)) };
        if self.at.template.place(hash).is_some() {
            return Some((self.of_template(*hash), 0));
        }
        let below = self.known.stored(hash)?;
        (below.depth < DEEPEST).then(|| (Base::Content(*hash), below.depth + 1))
    }

    /// Compresses a content against the template's file of the same path, or alone.
    async fn encode(&self, put: &Put<'_>, bytes: &[u8]) -> Result<StoredContent> {
        let tree = self.at.template.tree();
        let original = tree.get(put.path.as_str()).and_then(Entry::as_file).map(|file| file.hash);
        let reference = match original {
            Some(hash) => self.library.original(self.at.template, &hash).await?,
            None => None,
        };
        let data = delta::compress(bytes, reference.as_deref(), LEVEL);
        let data = data.map_err(ServiceError::internal)?;
        let base = match (original, reference) {
            (Some(hash), Some(_)) => self.of_template(hash),
            _ => Base::Alone,
        };
        Ok(stored(put, base, 0, data))
    }
}

fn stored(put: &Put<'_>, base: Base, depth: u8, data: Vec<u8>) -> StoredContent {
    StoredContent { hash: put.hash, size: put.size, base, depth, data }
}

fn right_size(put: &Put<'_>, size: u64) -> Result<()> {
    if put.size == size {
        return Ok(());
    }
    let reason = format!("the content has {size} bytes, not the announced {}", put.size);
    Err(ServiceError::WrongHash { path: put.path.clone(), reason })
}
