//! An answer with blobs, written as it is read.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use progy_snapshot::Blob;
use progy_snapshot::pack::PackWriter;

use super::plan::Frame;
use crate::services::snapshots::packs::Packs;
use crate::services::snapshots::pour::Spout;
use crate::{Result, ServiceError};

/// How much is read at once, in bytes, unless one frame has more.
const READ: u64 = 1 << 20;
/// For the few blobs that cannot be taken over with their frame.
const LEVEL: i32 = 3;

/// Where a pack is written to, and taken from.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pipe {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes a pack of these frames. Who reads it checks every blob; here only nothing may be missing.
pub(super) async fn write(packs: Packs, frames: Vec<Frame>, spout: Spout) -> Result<()> {
    let pipe = Pipe::default();
    let mut pack = PackWriter::new(pipe.clone(), LEVEL).map_err(ServiceError::internal)?;
    for run in runs(&frames) {
        let Some(rows) = frames.get(run) else { continue };
        let [Frame { file, number: first }, ..] = rows else { continue };
        let range = file.index.range(*first);
        let end = rows.last().map_or(range.end, |frame| file.index.range(frame.number).end);
        let bytes = packs.read(file, range.start..end).await?;
        for frame in rows {
            let Range { start, end } = file.index.range(frame.number);
            let at = |offset: u64| usize::try_from(offset - range.start).unwrap_or(usize::MAX);
            let bytes = bytes.get(at(start)..at(end)).unwrap_or_default();
            add(&mut pack, frame, bytes)?;
        }
        // Who asked has gone.
        if spout.send(pipe.take()).await.is_err() {
            return Ok(());
        }
    }
    pack.finish().map_err(ServiceError::internal)?;
    drop(spout.send(pipe.take()).await);
    Ok(())
}

fn add(pack: &mut PackWriter<Pipe>, frame: &Frame, bytes: &[u8]) -> Result<()> {
    let index = &frame.file.index;
    let blobs = index.blobs_of(frame.number);
    if pack.add_frame(bytes, blobs).map_err(ServiceError::internal)? {
        return Ok(());
    }
    // One of its blobs came with another frame already: the others one by one.
    let mut damaged = None;
    let take = |blob: &Blob, bytes: Option<&[u8]>| {
        if let Some(bytes) = bytes {
            return pack.add(blob.kind, blob.id, bytes);
        }
        damaged = Some(blob.id);
        Ok(())
    };
    index.each(frame.number, bytes, take).map_err(ServiceError::internal)?;
    match damaged {
        Some(id) => {
            Err(ServiceError::internal(format!("blob {id} in {} is damaged", frame.file.key)))
        }
        None => Ok(()),
    }
}

/// Rows of frames that follow each other in one pack.
fn runs(frames: &[Frame]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        let range = frame.file.index.range(frame.number);
        if let Some(run) = runs.last_mut()
            && let (Some(first), Some(last)) = (frames.get(run.start), frames.get(run.end - 1))
            && last.file.number == frame.file.number
            && last.number + 1 == frame.number
            && range.end - first.file.index.range(first.number).start <= READ
        {
            run.end = at + 1;
        } else {
            runs.push(at..at + 1);
        }
    }
    runs
}
