//! Whether an object is the pack that it should be, blob by blob, in a few megabytes of memory.

use std::ops::Range;

use bytes::Bytes;
use progy_snapshot::pack::{Index, Tail};
use progy_snapshot::{Blob, BlobId};

use crate::ports::objects::ObjectKey;
use crate::ports::{ObjectStore, Result};

/// How much is read at once, in bytes, unless one frame has more.
const READ: u64 = 4 << 20;

/// Why it is none.
#[derive(Debug)]
pub(super) enum Flaw {
    /// There is no such object, or not all of it.
    Absent,
    /// It is no pack.
    NotAPack(String),
    /// These blobs have other bytes.
    Damaged(Vec<BlobId>),
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("the object is missing, or cut short"),
            Self::NotAPack(why) => f.write_str(why),
            Self::Damaged(blobs) => {
                write!(f, "{} blobs are damaged:", blobs.len())?;
                blobs.iter().take(8).try_for_each(|blob| write!(f, " {blob}"))
            }
        }
    }
}

/// The end of a pack of `size` bytes, exactly as long as its index and its trailer.
pub(super) async fn tail(
    objects: &dyn ObjectStore,
    key: &ObjectKey,
    size: u64,
) -> Result<Result<(Bytes, Index), Flaw>> {
    let mut wanted = Index::TRAILER;
    // First the trailer, which says how long the index is; then both.
    for _ in 0..2 {
        let Some(bytes) = whole(objects, key, size.saturating_sub(wanted)..size).await? else {
            return Ok(Err(Flaw::Absent));
        };
        match Index::from_tail(&bytes, size) {
            Ok(Tail::Index(index)) => return Ok(Ok((bytes, index))),
            Ok(Tail::Needs(more)) => wanted = more,
            Err(error) => return Ok(Err(Flaw::NotAPack(error.to_string()))),
        }
    }
    Ok(Err(Flaw::NotAPack("its index cannot be found".to_owned())))
}

/// Whether it begins like a pack, and every blob of `index` is what it is called.
pub(super) async fn check(
    objects: &dyn ObjectStore,
    key: &ObjectKey,
    index: &Index,
) -> Result<Result<(), Flaw>> {
    match whole(objects, key, 0..Index::HEADER).await? {
        Some(header) if Index::is_header(&header) => {}
        Some(_) => return Ok(Err(Flaw::NotAPack("it begins like none".to_owned()))),
        None => return Ok(Err(Flaw::Absent)),
    }
    let mut damaged = Vec::new();
    let mut absent = false;
    for run in runs(index) {
        let start = index.range(run.start).start;
        let Some(bytes) = whole(objects, key, start..index.range(run.end - 1).end).await? else {
            absent = true;
            damaged.extend(run.flat_map(|frame| index.blobs_of(frame)).map(|blob| blob.id));
            continue;
        };
        for frame in run {
            let Range { start: from, end } = index.range(frame);
            let frame_bytes = part(&bytes, from - start, end - start);
            let note = |blob: &Blob, bytes: Option<&[u8]>| {
                damaged.extend(bytes.is_none().then_some(blob.id));
                Ok(())
            };
            if index.each(frame, frame_bytes, note).is_err() {
                damaged.extend(index.blobs_of(frame).iter().map(|blob| blob.id));
            }
        }
    }
    Ok(match damaged.is_empty() {
        true if absent => Err(Flaw::Absent),
        true => Ok(()),
        false => Err(Flaw::Damaged(damaged)),
    })
}

/// All frames, in rows that are read at once.
fn runs(index: &Index) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for frame in 0..u32::try_from(index.frames()).unwrap_or(u32::MAX) {
        let end = index.range(frame).end;
        match runs.last_mut() {
            Some(run) if end - index.range(run.start).start <= READ => run.end = frame + 1,
            _ => runs.push(frame..frame + 1),
        }
    }
    runs
}

/// All bytes of a range, or `None`.
async fn whole(
    objects: &dyn ObjectStore,
    key: &ObjectKey,
    range: Range<u64>,
) -> Result<Option<Bytes>> {
    let wanted = range.end - range.start;
    let bytes = objects.get_range(key, range).await?;
    Ok(bytes.filter(|bytes| bytes.len() as u64 == wanted))
}

fn part(bytes: &[u8], start: u64, end: u64) -> &[u8] {
    let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
    bytes.get(at(start)..at(end)).unwrap_or_default()
}
