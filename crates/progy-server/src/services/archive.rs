//! A revision as a `.tar.gz`.

use std::collections::{BTreeMap, HashSet, btree_map};
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use futures_util::stream;
use progy_api::account::User;
use progy_api::history::FileState;
use progy_core::{ContentHash, CourseId, RelPath, RevisionId, Timestamp, Tree};
use tar::{Builder, EntryType, Header};

use super::Services;
use super::contents::Library;
use super::snapshots::files::SnapshotTree;
use super::sync::draft::state_of;
use super::templates::Template;
use crate::ports::database::{Overlay, UserId, WorkspaceId};
use crate::ports::objects::ByteStream;
use crate::{Result, ServiceError};

/// How much is sent at once, in bytes; about.
pub(super) const CHUNK: usize = 64 << 10;
/// The unit of tar's layout, in bytes.
const BLOCK: u64 = 512;

impl Services {
    /// All files of a revision, template and changes together, as a `.tar.gz` in bounded memory.
    ///
    /// An error on the way cuts the stream short.
    pub async fn archive(
        &self,
        user: &User,
        course: &CourseId,
        revision: &RevisionId,
    ) -> Result<ByteStream> {
        let workspace = self.workspace(user, course).await?;
        let revision = self.db.revision(workspace.id, revision).await?;
        let revision = revision.ok_or(ServiceError::NoRevision)?;
        if revision.summary.id.is_commit() {
            return self.git_archive(user, course, &revision.summary).await;
        }
        if let Some(root) = revision.root {
            let (user, version) = (UserId(user.id.clone()), &revision.summary.version);
            let tree = SnapshotTree { user: &user, course, version, workspace: workspace.id, root };
            return self.snapshot_archive(&tree).await;
        }
        let library = self.library();
        let template = library.template(course, &revision.summary.version).await?;
        let archive = Archive {
            files: merged(template.tree(), &revision.overlay).into_iter(),
            open: None,
            builder: Some(Builder::new(GzEncoder::new(Vec::new(), Compression::fast()))),
            seconds: seconds(revision.summary.saved_at),
            library,
            template,
            course: course.clone(),
            workspace: workspace.id,
        };
        Ok(stream::try_unfold(archive, Archive::next).boxed())
    }
}

/// An archive that is being written.
struct Archive {
    library: Library,
    course: CourseId,
    template: Arc<Template>,
    workspace: WorkspaceId,
    seconds: u64,
    /// What is still to come.
    files: btree_map::IntoIter<RelPath, FileState>,
    /// The file of the template that is being written, and its next part.
    open: Option<(ContentHash, usize)>,
    /// Writes to memory, from which it is sent; gone once the archive is whole.
    builder: Option<Builder<GzEncoder<Vec<u8>>>>,
}

impl Archive {
    /// The next bytes, if there are any.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        while let Some(mut builder) = self.builder.take() {
            if !self.step(&mut builder).await.map_err(io::Error::other)? {
                let rest = builder.into_inner()?.finish()?;
                return Ok(Some((rest.into(), self)));
            }
            let ready = builder.get_mut().get_mut();
            let full = if ready.len() >= CHUNK { std::mem::take(ready) } else { Vec::new() };
            self.builder = Some(builder);
            if !full.is_empty() {
                return Ok(Some((full.into(), self)));
            }
        }
        Ok(None)
    }

    /// Writes one file, or one part of a large one. False if there is nothing left.
    async fn step(&mut self, builder: &mut Builder<GzEncoder<Vec<u8>>>) -> Result<bool> {
        if let Some((hash, chunk)) = self.open {
            let place = self.template.place(&hash).filter(|place| chunk < place.chunks());
            let Some(place) = place else {
                self.open = None;
                return Ok(true);
            };
            let bytes = self.library.chunk(&self.template, &hash, chunk).await?;
            let last = chunk + 1 == place.chunks();
            write_part(builder, &bytes, last.then_some(place.size))?;
            self.open = Some((hash, chunk + 1)).filter(|_| !last);
            return Ok(true);
        }
        let Some((path, state)) = self.files.next() else { return Ok(false) };
        self.begin(builder, &path, &state).await?;
        Ok(true)
    }

    async fn begin(
        &mut self,
        builder: &mut Builder<GzEncoder<Vec<u8>>>,
        path: &RelPath,
        state: &FileState,
    ) -> Result<()> {
        let mut header = Header::new_gnu();
        header.set_mtime(self.seconds);
        match state {
            FileState::Deleted => {}
            FileState::Link { target } => {
                header.set_entry_type(EntryType::Symlink);
                header.set_mode(0o777);
                header.set_size(0);
                builder.append_link(&mut header, path.as_str(), target).map_err(failed)?;
            }
            FileState::File { hash, size, executable } => {
                header.set_entry_type(EntryType::Regular);
                header.set_mode(if *executable { 0o755 } else { 0o644 });
                header.set_size(*size);
                if self.template.place(hash).is_some() {
                    // The header alone; the parts follow.
                    builder.append_data(&mut header, path.as_str(), io::empty()).map_err(failed)?;
                    self.open = Some((*hash, 0));
                } else {
                    let bytes = self.content(hash).await?;
                    builder
                        .append_data(&mut header, path.as_str(), bytes.as_ref())
                        .map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    async fn content(&self, hash: &ContentHash) -> Result<Bytes> {
        let hashes = HashSet::from([*hash]);
        let contents = self.library.contents(&self.course, Some(self.workspace), &hashes).await?;
        let bytes = contents.bytes(hash).await?;
        bytes.ok_or_else(|| ServiceError::internal(format!("the content {hash} is missing")))
    }
}

/// A time as headers have it.
pub(super) fn seconds(at: Timestamp) -> u64 {
    // The largest time that one holds.
    u64::try_from(at.0 / 1000).unwrap_or(0).min(0o777_7777_7777)
}

/// Writes a part of a file behind its header, and after the last the padding for its `size`.
pub(super) fn write_part(
    builder: &mut Builder<GzEncoder<Vec<u8>>>,
    bytes: &[u8],
    size: Option<u64>,
) -> Result<()> {
    let out = builder.get_mut();
    out.write_all(bytes).map_err(failed)?;
    if let Some(size) = size {
        let padding = usize::try_from(size.next_multiple_of(BLOCK) - size).unwrap_or(0);
        out.write_all(&vec![0; padding]).map_err(failed)?;
    }
    Ok(())
}

pub(super) fn failed(error: io::Error) -> ServiceError {
    ServiceError::internal(error)
}

/// The files of a workspace.
fn merged(template: &Tree, overlay: &Overlay) -> BTreeMap<RelPath, FileState> {
    let mut files: BTreeMap<RelPath, FileState> =
        template.iter().map(|(path, entry)| (path.clone(), state_of(entry))).collect();
    for (path, entry) in overlay {
        files.insert(path.clone(), entry.state.clone());
    }
    files.retain(|_, state| *state != FileState::Deleted);
    files
}
