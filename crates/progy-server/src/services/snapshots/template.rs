//! The files of a course version as blobs.
//!
//! They are made when somebody first needs them, by whichever server is asked. Two may do it at once,
//! and one may be killed over it: the same files are the same packs, and the store is only called
//! complete once all of them are there.

use std::collections::HashSet;
use std::io::{Seek, SeekFrom, Write};

use progy_core::{CourseId, Entry};
use progy_snapshot::file::Splitter;
use progy_snapshot::pack::{PackWriter, Written};
use progy_snapshot::{BlobId, BlobSink, Kind};
use semver::Version;
use tempfile::SpooledTempFile;

use super::checking;
use super::packs::key;
use super::upload::new_pack;
use crate::ports::database::snapshots::{Owner, PackOutcome, StoreId};
use crate::services::Services;
use crate::services::registry::stream_of;
use crate::{Result, ServiceError};

/// What is held in memory of a file or a pack, in bytes; more is on disk.
const IN_MEMORY: usize = 1 << 20;
/// Made once and read often.
const LEVEL: i32 = 9;

impl Services {
    /// The store with the files of a course version, all of them.
    pub(super) async fn template_store(
        &self,
        course: &CourseId,
        version: &Version,
    ) -> Result<StoreId> {
        let published = self.db.version(course, version).await?.ok_or(ServiceError::NoCourse)?;
        let owner = Owner::Template(published.package);
        let store = self.db.store_of(&owner).await?;
        if store.complete {
            return Ok(store.id);
        }
        // One at a time: who waits will find it made.
        let _turn = self.template_turn.lock().await;
        if !self.db.store_of(&owner).await?.complete {
            self.make_template(store.id, course, version).await?;
            self.db.complete_store(store.id).await?;
        }
        Ok(store.id)
    }

    async fn make_template(
        &self,
        store: StoreId,
        course: &CourseId,
        version: &Version,
    ) -> Result<()> {
        let library = self.library();
        let template = library.template(course, version).await?;
        let (mut splitter, mut packs) = (Splitter::new(), Packs::default());
        let mut seen = HashSet::new();
        for (_, entry) in template.tree() {
            let Entry::File(file) = entry else { continue };
            if !seen.insert(file.hash) {
                continue;
            }
            let mut content = tempfile::spooled_tempfile(IN_MEMORY);
            let chunks = template.place(&file.hash).map_or(0, |place| place.chunks());
            for chunk in 0..chunks {
                let bytes = library.chunk(&template, &file.hash, chunk).await?;
                content.write_all(&bytes).map_err(ServiceError::internal)?;
            }
            content.rewind().map_err(ServiceError::internal)?;
            let split = splitter.split(&mut content, file.size, &mut packs);
            let split = split.map_err(ServiceError::internal)?;
            if split.hash != file.hash {
                return Err(ServiceError::internal(format!("{} is damaged", template.key())));
            }
            for pack in packs.done.drain(..) {
                self.keep_template_pack(store, pack).await?;
            }
        }
        packs.finish().map_err(ServiceError::internal)?;
        for pack in packs.done {
            self.keep_template_pack(store, pack).await?;
        }
        Ok(())
    }

    async fn keep_template_pack(
        &self,
        store: StoreId,
        (mut bytes, written): (SpooledTempFile, Written),
    ) -> Result<()> {
        let number = self.db.begin_pack(store, self.clock.now()).await?;
        let key = key(store, number)?;
        bytes.seek(SeekFrom::Start(0)).map_err(ServiceError::internal)?;
        let size = self.objects.put(&key, stream_of(bytes)).await?;
        let tail = checking::tail(&*self.objects, &key, size).await?;
        let (tail, index) = tail.map_err(|flaw| ServiceError::internal(flaw.to_string()))?;
        let new = new_pack(number, written.id, size, &tail, &index, self.clock.now());
        match self.db.add_pack(new, u64::MAX).await? {
            PackOutcome::Added | PackOutcome::Known => Ok(()),
            PackOutcome::GivenUp | PackOutcome::QuotaExceeded { .. } => {
                Err(ServiceError::Unavailable(None))
            }
        }
    }
}

/// Packs that are being filled, in files. A course unpacks to some hundred megabytes at most, so that
/// `done` is a few dozen of them even when they come from a single file.
#[derive(Default)]
struct Packs {
    open: Option<PackWriter<SpooledTempFile>>,
    done: Vec<(SpooledTempFile, Written)>,
    /// What is in some pack of this store already.
    seen: HashSet<BlobId>,
}

impl Packs {
    fn finish(&mut self) -> progy_snapshot::Result<()> {
        if let Some(open) = self.open.take() {
            self.done.push(open.finish()?);
        }
        Ok(())
    }
}

impl BlobSink for Packs {
    fn put(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> progy_snapshot::Result<()> {
        if !self.seen.insert(id) {
            return Ok(());
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => PackWriter::new(tempfile::spooled_tempfile(IN_MEMORY), LEVEL)?,
        };
        open.add(kind, id, bytes)?;
        let full = open.is_full();
        self.open = Some(open);
        if full { self.finish() } else { Ok(()) }
    }
}
