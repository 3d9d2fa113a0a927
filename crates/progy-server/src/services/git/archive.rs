//! A commit as a `.tar.gz`.

use std::io;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt, stream};
use progy_api::account::User;
use progy_api::history::RevisionSummary;
use progy_core::CourseId;
use progy_core::git::{Mode, ObjectId};
use tar::{Builder, EntryType, Header};

use super::reading::{Kept, whole};
use crate::ports::git_host::difference::Folders;
use crate::ports::git_host::objects::{self, Objects};
use crate::ports::objects::ByteStream;
use crate::services::Services;
use crate::services::archive::{CHUNK, failed, seconds, write_part};
use crate::{Result, ServiceError};

type Out = Builder<GzEncoder<Vec<u8>>>;

impl Services {
    /// All files of a commit as a `.tar.gz` in bounded memory.
    ///
    /// Not by `git archive`: that leaves out and rewrites what the learner's attributes say.
    pub(in crate::services) async fn git_archive(
        &self,
        user: &User,
        course: &CourseId,
        revision: &RevisionSummary,
    ) -> Result<ByteStream> {
        let commit = ObjectId::try_from(&revision.id).map_err(ServiceError::internal)?;
        let objects = self.open_repository(user, course).await?;
        let mut objects = objects.ok_or(ServiceError::NoRevision)?;
        let tree = objects::commit(objects.as_mut(), commit).await?.tree;
        let files = Folders::new(objects.as_mut(), None).difference(None, tree).await?;
        let files = whole(files)?;
        let files: Vec<Kept> =
            files.into_iter().filter_map(|file| Kept::of(&file.path, file.after?)).collect();
        let archive = Archive {
            objects,
            files: files.into_iter(),
            open: None,
            builder: Some(Builder::new(GzEncoder::new(Vec::new(), Compression::fast()))),
            seconds: seconds(revision.saved_at),
        };
        Ok(stream::try_unfold(archive, Archive::next).boxed())
    }
}

/// An archive that is being written.
struct Archive {
    objects: Box<dyn Objects>,
    /// What is still to come.
    files: std::vec::IntoIter<Kept>,
    /// The size of the file that is being written, and how much of it is missing.
    open: Option<(u64, u64)>,
    /// Writes to memory, from which it is sent; gone once the archive is whole.
    builder: Option<Out>,
    seconds: u64,
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

    /// Writes one header, or a part of a file. False if there is nothing left.
    async fn step(&mut self, builder: &mut Out) -> Result<bool> {
        if let Some((size, left)) = self.open {
            let part = self.objects.next().await?;
            let left = left.saturating_sub(part.len() as u64);
            let last = left == 0 || part.is_empty();
            write_part(builder, &part, last.then_some(size))?;
            self.open = Some((size, left)).filter(|_| !last);
            return Ok(true);
        }
        let Some(file) = self.files.next() else { return Ok(false) };
        self.begin(builder, &file).await?;
        Ok(true)
    }

    async fn begin(&mut self, builder: &mut Out, file: &Kept) -> Result<()> {
        let mut header = Header::new_gnu();
        header.set_mtime(self.seconds);
        if file.leaf.mode == Mode::Symlink {
            // One that leads out of the workspace is left out, as on every device.
            let Some(target) = file.target(self.objects.as_mut()).await? else { return Ok(()) };
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            header.set_size(0);
            return builder
                .append_link(&mut header, file.path.as_str(), target.as_str())
                .map_err(failed);
        }
        let size = self.objects.begin(file.leaf.id).await?;
        let size = size.ok_or_else(|| {
            ServiceError::internal(format!("{} is missing in a repository", file.leaf.id))
        })?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(if file.leaf.mode == Mode::Executable { 0o755 } else { 0o644 });
        header.set_size(size);
        // The header alone; the parts follow.
        builder.append_data(&mut header, file.path.as_str(), io::empty()).map_err(failed)?;
        self.open = Some((size, size)).filter(|_| size > 0);
        Ok(())
    }
}
