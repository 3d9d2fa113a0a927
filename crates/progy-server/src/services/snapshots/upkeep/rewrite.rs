//! Packs of which little is needed become fewer.

use std::io::{Seek, SeekFrom};

use progy_snapshot::Blob;
use progy_snapshot::pack::{PackWriter, TARGET, Written};
use tempfile::SpooledTempFile;

use super::{Live, Swept};
use crate::ports::database::snapshots::{Needed, PackNumber, StoreId, Sweep};
use crate::services::Services;
use crate::services::registry::stream_of;
use crate::services::snapshots::checking;
use crate::services::snapshots::packs::{PackFile, key};
use crate::services::snapshots::upload::new_pack;
use crate::{Result, ServiceError};

/// What is held of a pack in memory, in bytes; more is on disk.
const IN_MEMORY: usize = 1 << 20;
/// For blobs whose frame is not needed whole.
const LEVEL: i32 = 9;

/// Packs that are being made, and those that they will stand for.
struct Making {
    writer: PackWriter<SpooledTempFile>,
    full: Vec<(SpooledTempFile, Written)>,
    from: Vec<PackNumber>,
}

impl Making {
    fn new() -> progy_snapshot::Result<Self> {
        Ok(Self { writer: Self::writer()?, full: Vec::new(), from: Vec::new() })
    }

    fn writer() -> progy_snapshot::Result<PackWriter<SpooledTempFile>> {
        PackWriter::new(tempfile::spooled_tempfile(IN_MEMORY), LEVEL)
    }

    fn add(&mut self, blob: &Blob, bytes: &[u8]) -> progy_snapshot::Result<()> {
        if self.writer.is_full() {
            let full = std::mem::replace(&mut self.writer, Self::writer()?);
            self.full.push(full.finish()?);
        }
        self.writer.add(blob.kind, blob.id, bytes)
    }

    fn finish(mut self) -> progy_snapshot::Result<Vec<(SpooledTempFile, Written)>> {
        self.full.push(self.writer.finish()?);
        Ok(self.full)
    }
}

impl Services {
    pub(super) async fn rewrite(
        &self,
        store: StoreId,
        needed: &Needed,
        live: &Live,
        sparse: &[PackNumber],
        done: &mut Swept,
    ) -> Result<()> {
        let mut making = Making::new().map_err(ServiceError::internal)?;
        for number in sparse {
            let Some(row) = self.db.pack(*number).await? else { continue };
            let file = PackFile::of(&row)?;
            // What is damaged is left as it is: `progy admin fsck` says so.
            if let Err(flaw) = checking::check(&*self.objects, &file.key, &file.index).await? {
                tracing::error!(pack = number.0, %flaw, "a pack is damaged");
                continue;
            }
            if !making.full.is_empty() || making.writer.len() > TARGET / 2 {
                let new = Making::new().map_err(ServiceError::internal)?;
                let full = std::mem::replace(&mut making, new);
                if !self.replace(store, needed, full, done).await? {
                    return Ok(());
                }
            }
            self.take_over(&file, live, &mut making).await?;
        }
        if making.from.is_empty() {
            return Ok(());
        }
        self.replace(store, needed, making, done).await.map(|_| ())
    }

    async fn take_over(&self, file: &PackFile, live: &Live, making: &mut Making) -> Result<()> {
        for frame in 0..u32::try_from(file.index.frames()).unwrap_or(u32::MAX) {
            let blobs = file.index.blobs_of(frame);
            if !blobs.iter().any(|blob| live.needs(&blob.id)) {
                continue;
            }
            let range = file.index.range(frame);
            let bytes = self.objects.get_range(&file.key, range).await?.unwrap_or_default();
            let take = |blob: &Blob, bytes: Option<&[u8]>| match bytes {
                Some(bytes) if live.needs(&blob.id) => making.add(blob, bytes),
                Some(_) => Ok(()),
                None => Err(progy_snapshot::Error::Damaged(blob.id)),
            };
            file.index.each(frame, &bytes, take).map_err(ServiceError::internal)?;
        }
        making.from.push(file.number);
        Ok(())
    }

    /// Puts the new pack in the place of the old ones; tells whether that could be.
    async fn replace(
        &self,
        store: StoreId,
        needed: &Needed,
        making: Making,
        done: &mut Swept,
    ) -> Result<bool> {
        let from = making.from.clone();
        let packs = making.finish().map_err(ServiceError::internal)?;
        let mut instead = Vec::new();
        for (mut bytes, written) in packs {
            bytes.seek(SeekFrom::Start(0)).map_err(ServiceError::internal)?;
            let number = self.db.begin_pack(store, self.clock.now()).await?;
            let key = key(store, number)?;
            let size = self.objects.put(&key, stream_of(bytes)).await?;
            let tail = checking::tail(&*self.objects, &key, size).await?;
            let (tail, index) = tail.map_err(|flaw| ServiceError::internal(flaw.to_string()))?;
            instead.push(new_pack(number, written.id, size, &tail, &index, self.clock.now()));
        }
        let made: Vec<PackNumber> = instead.iter().map(|pack| pack.number).collect();
        let taken_out = from.len();
        let sweep = Sweep { instead, ..self.sweep_of(store, needed, from) };
        if !self.db.sweep(sweep).await? {
            for number in made {
                self.db.give_up_pack(number, self.clock.now()).await?;
            }
            return Ok(false);
        }
        done.taken_out += taken_out;
        done.rewritten += made.len();
        Ok(true)
    }
}
