//! Which frames an answer is made of.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use progy_api::limits;
use progy_snapshot::pack::{MAX_BLOBS, TARGET};
use progy_snapshot::{BlobId, Kind, exchange};

use crate::ports::database::snapshots::{BlobPlace, PackNumber};
use crate::services::snapshots::packs::PackFile;
use crate::services::snapshots::shelf::Shelf;
use crate::{Result, ServiceError};

/// So many nodes and lists of a known tree are looked at, and no more: beyond that, what the device has
/// is sent once more.
const KNOWN: usize = 20_000;
/// The most bytes of frames, so that a pack with them is not full before the last: its header is left.
const MOST: u64 = {
    let most = if limits::BLOBS_ANSWER < TARGET { limits::BLOBS_ANSWER } else { TARGET };
    most - 1024
};

/// A frame of a pack.
pub(super) struct Frame {
    pub(super) file: Arc<PackFile>,
    pub(super) number: u32,
}

/// An answer that is being put together.
pub(super) struct Plan<'a> {
    shelf: &'a Shelf,
    frames: Vec<Frame>,
    chosen: HashSet<(PackNumber, u32)>,
    /// Blobs of the frames that were chosen.
    there: HashSet<BlobId>,
    bytes: u64,
    full: bool,
}

impl<'a> Plan<'a> {
    pub(super) fn new(shelf: &'a Shelf) -> Self {
        Self {
            shelf,
            frames: Vec::new(),
            chosen: HashSet::new(),
            there: HashSet::new(),
            bytes: 0,
            full: false,
        }
    }

    pub(super) fn into_frames(self) -> Vec<Frame> {
        self.frames
    }

    /// As many of these as fit, in this order.
    pub(super) async fn these(&mut self, names: &[BlobId]) -> Result<()> {
        let places = self.shelf.find(names).await?;
        for (name, place) in names.iter().zip(places) {
            if self.full {
                break;
            }
            if let Some(place) = place {
                self.add(name, place).await?;
            }
        }
        Ok(())
    }

    /// These, and the lists and nodes below them, level by level; but nothing below them that the tree
    /// `known` has at the same height.
    ///
    /// Both trees are followed only where they differ.
    pub(super) async fn deep(&mut self, names: &[BlobId], known: Option<BlobId>) -> Result<()> {
        self.these(names).await?;
        let mut seen: HashSet<BlobId> = names.iter().copied().collect();
        let mut level = self.nodes(names).await?;
        let mut known_level: Vec<(Kind, BlobId)> =
            known.map(|id| (Kind::Tree, id)).into_iter().collect();
        let mut has: HashSet<BlobId> = known.into_iter().collect();
        while !level.is_empty() && !self.full {
            let in_both: HashSet<BlobId> = level.iter().map(|(_, id)| *id).collect();
            let left = KNOWN.saturating_sub(has.len());
            let mut below_known = Vec::new();
            for (kind, id) in
                known_level.into_iter().filter(|(_, id)| !in_both.contains(id)).take(left)
            {
                let below = self.links(kind, &id).await?.unwrap_or_default();
                below_known.extend(below.into_iter().filter(|(_, id)| has.insert(*id)));
            }
            known_level = below_known;
            let mut below = Vec::new();
            for (kind, id) in level {
                // What was asked for and is not there, its owner will see missing.
                let links = self.links(kind, &id).await?.unwrap_or_default();
                let new = |(_, id): &(Kind, BlobId)| !has.contains(id) && seen.insert(*id);
                below.extend(links.into_iter().filter(new));
            }
            let ids: Vec<BlobId> = below.iter().map(|(_, id)| *id).collect();
            for part in ids.chunks(limits::BLOBS) {
                self.these(part).await?;
            }
            level = below;
        }
        Ok(())
    }

    /// Those of `names` that are lists or nodes, as their packs say.
    async fn nodes(&self, names: &[BlobId]) -> Result<Vec<(Kind, BlobId)>> {
        let mut kinds = HashMap::new();
        for place in self.shelf.find(names).await?.into_iter().flatten() {
            let Some(file) = self.shelf.packs.open(place.pack).await? else { continue };
            let nodes = file.index.blobs().iter().filter(|blob| blob.kind != Kind::Chunk);
            kinds.extend(nodes.map(|blob| (blob.id, blob.kind)));
        }
        let kind = |name: &BlobId| kinds.get(name).map(|kind| (*kind, *name));
        Ok(names.iter().filter_map(kind).collect())
    }

    /// The lists and nodes that one names; `None` if it is not there.
    async fn links(&self, kind: Kind, id: &BlobId) -> Result<Option<Vec<(Kind, BlobId)>>> {
        let Some(bytes) = self.shelf.get(id).await? else { return Ok(None) };
        let links = exchange::links(kind, &bytes).map_err(ServiceError::internal)?;
        Ok(Some(links.into_iter().filter(|(kind, _)| *kind != Kind::Chunk).collect()))
    }

    /// Chooses the frame of a blob, if there is room for it.
    async fn add(&mut self, name: &BlobId, place: BlobPlace) -> Result<()> {
        if self.there.contains(name) {
            return Ok(());
        }
        // Taken out a moment ago: it is asked for again.
        let Some(file) = self.shelf.packs.open(place.pack).await? else { return Ok(()) };
        let Some(at) = file.index.place(name) else {
            let why = format!("blob {name} is not in the index of {}", file.key);
            return Err(ServiceError::internal(why));
        };
        if self.chosen.contains(&(file.number, at.frame)) {
            return Ok(());
        }
        let range = file.index.range(at.frame);
        let bytes = self.bytes + (range.end - range.start);
        let blobs = file.index.blobs_of(at.frame);
        if !self.frames.is_empty() && (bytes > MOST || self.there.len() + blobs.len() > MAX_BLOBS) {
            self.full = true;
            return Ok(());
        }
        self.bytes = bytes;
        self.there.extend(blobs.iter().map(|blob| blob.id));
        self.chosen.insert((file.number, at.frame));
        self.frames.push(Frame { file, number: at.frame });
        Ok(())
    }
}
