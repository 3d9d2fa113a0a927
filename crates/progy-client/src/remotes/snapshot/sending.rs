//! What the server lacks goes there.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use progy_api::delta::Base64;
use progy_api::limits;
use progy_api::snapshot::HaveRequest;
use progy_core::{ContentHash, Entry, RelPath};
use progy_snapshot::exchange::Answer;
use progy_snapshot::file::{self, Content, Recipe};
use progy_snapshot::pack::{PackId, PackWriter};
use progy_snapshot::recipe::Chunks;
use progy_snapshot::{Blob, BlobId, BlobSource, Kind, MemoryBlobs};

use super::trees::{Made, no_tree};
use super::{Api, Publish, SnapshotApi, SnapshotRemote, Store, Version};
use crate::{Error, Result, contents};

/// Zstandard's level for what is packed to be sent.
const LEVEL: i32 = 3;

/// What the server is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// What is not in the revision before.
    WhatIsNew,
    /// All of the tree: what is in the revision before was lost.
    Everything,
}

/// Blobs of a save on this device.
struct Here<'h> {
    made: &'h MemoryBlobs,
    store: &'h Store<'h>,
}

impl BlobSource for Here<'_> {
    fn blob(&self, id: &BlobId) -> progy_snapshot::Result<Vec<u8>> {
        self.made.blob(id).or_else(|_| self.store.blob(id))
    }
}

impl<A: Api + SnapshotApi> SnapshotRemote<'_, A> {
    /// Sends what a tree needs and the server does not have.
    pub(super) async fn send(
        &self,
        publish: &Publish<'_>,
        made: &Made,
        store: &Store<'_>,
        asking: Asking,
    ) -> Result<()> {
        let contents = new_contents(publish, made, asking);
        self.keep(publish, store, &contents)?;
        let here = Here { made: &made.nodes, store };
        let mut needed = Vec::new();
        for content in contents.values().map(|(_, content)| content) {
            needed.extend(blobs(&here, content)?);
        }
        let there = match asking {
            Asking::WhatIsNew => self.parents_nodes(publish, store).await?,
            Asking::Everything => MemoryBlobs::default(),
        };
        let nodes = made.nodes.blobs.iter().map(|(id, (kind, _))| (*id, *kind));
        let nodes = nodes.filter(|(id, _)| !there.blobs.contains_key(id));
        let mut nodes: Vec<(BlobId, Kind)> = nodes.collect();
        nodes.sort();
        needed.extend(nodes);
        let missing = self.missing(&publish.save.version, needed).await?;
        self.send_packs(&here, missing).await
    }

    /// The nodes of the tree that a save follows: the server has them, and is not asked.
    async fn parents_nodes(&self, publish: &Publish<'_>, store: &Store<'_>) -> Result<MemoryBlobs> {
        let base = publish.parent;
        if publish.from.is_some() || base.revision.is_none() {
            return Ok(MemoryBlobs::default());
        }
        let template = self.fetched_template(&base.version).await?;
        Ok(super::trees::of_base(base, publish.details, template.tree(), store)?.nodes)
    }

    /// Sees to it that contents are in the store: chunks are sent from there.
    fn keep(&self, publish: &Publish<'_>, store: &Store<'_>, contents: &Contents) -> Result<()> {
        let mut batch = store.batch();
        for (hash, (path, _)) in contents.iter().filter(|(hash, _)| !store.keeps(hash)) {
            if !contents::keep_file(self.disk, path, hash, &mut batch)? {
                let bytes = (publish.content)(hash);
                batch.put(hash, &bytes.ok_or_else(|| Error::MissingContent(path.clone()))?)?;
            }
        }
        batch.finish()
    }

    /// What of these blobs the server does not have, in the same order.
    async fn missing(
        &self,
        version: &Version,
        needed: Vec<(BlobId, Kind)>,
    ) -> Result<Vec<(BlobId, Kind)>> {
        let mut missing = Vec::new();
        let mut asked = HashSet::new();
        let needed: Vec<_> = needed.into_iter().filter(|(id, _)| asked.insert(*id)).collect();
        for batch in needed.chunks(limits::BLOBS) {
            let names = batch.iter().flat_map(|(id, _)| *id.as_bytes()).collect();
            let request = HaveRequest { version: version.clone(), names: Base64(names) };
            let answer = self.api.have(&self.course, &request).await?;
            let there = Answer::from_bytes(answer.there.0);
            let lacks = batch.iter().enumerate().filter(|(number, _)| !there.has(*number));
            missing.extend(lacks.map(|(_, needed)| *needed));
        }
        Ok(missing)
    }

    async fn send_packs(&self, here: &Here<'_>, missing: Vec<(BlobId, Kind)>) -> Result<()> {
        let mut left: BTreeSet<BlobId> = missing.iter().map(|(id, _)| *id).collect();
        // A pack of which the server has nothing goes there as it is.
        for (id, blobs) in here.store.packs() {
            if !blobs.is_empty() && blobs.iter().all(|blob| left.contains(blob)) {
                let Some(bytes) = here.store.pack(&id) else { continue };
                self.api.put_pack(&self.course, &hash(&id), bytes).await?;
                for blob in &blobs {
                    left.remove(blob);
                }
            }
        }
        let mut writer: Option<PackWriter<Vec<u8>>> = None;
        for (id, kind) in missing.into_iter().filter(|(id, _)| left.contains(id)) {
            let mut pack = match writer.take() {
                Some(pack) => pack,
                None => PackWriter::new(Vec::new(), LEVEL).map_err(no_tree)?,
            };
            let bytes = here.blob(&id).map_err(no_tree)?;
            pack.add(kind, id, &bytes).map_err(no_tree)?;
            if pack.is_full() { self.send_pack(pack).await? } else { writer = Some(pack) }
        }
        match writer {
            Some(pack) => self.send_pack(pack).await,
            None => Ok(()),
        }
    }

    async fn send_pack(&self, pack: PackWriter<Vec<u8>>) -> Result<()> {
        let (bytes, written) = pack.finish().map_err(no_tree)?;
        self.api.put_pack(&self.course, &hash(&written.id), bytes).await?;
        Ok(())
    }
}

fn hash(pack: &PackId) -> ContentHash {
    ContentHash::from_blake3((*pack.as_bytes()).into())
}

/// Contents to be sent, each with a path that holds it.
type Contents = BTreeMap<ContentHash, (RelPath, Content)>;

/// The contents of a tree that the server may not have.
fn new_contents(publish: &Publish<'_>, made: &Made, asking: Asking) -> Contents {
    let template = publish.template.iter().filter_map(|(_, entry)| Some(entry.as_file()?.hash));
    let mut there: HashSet<ContentHash> = template.collect();
    if asking == Asking::WhatIsNew && publish.from.is_none() {
        there.extend(contents::hashes(publish.parent.overlay.values()));
    }
    let mut new = Contents::new();
    for (path, entry) in &made.files {
        let Entry::File(file) = entry else { continue };
        let content = made.contents.get(&file.hash).filter(|content| content.size > 0);
        if let Some(content) = content.filter(|_| !there.contains(&file.hash)) {
            new.entry(file.hash).or_insert_with(|| (path.clone(), *content));
        }
    }
    new
}

/// The chunks and lists of a content.
fn blobs(here: &Here<'_>, content: &Content) -> Result<Vec<(BlobId, Kind)>> {
    let mut blobs = Vec::new();
    let Recipe::Lists(top) = content.recipe else {
        for chunk in file::chunks(here, content) {
            blobs.push((chunk.map_err(no_tree)?.id, Kind::Chunk));
        }
        return Ok(blobs);
    };
    let mut chunks = Chunks::new(here, top, content.size);
    while let Some(chunk) = chunks.next() {
        let lists = chunks.take_lists();
        blobs.extend(lists.into_iter().map(|Blob { id, kind, .. }| (id, kind)));
        blobs.push((chunk.map_err(no_tree)?.id, Kind::Chunk));
    }
    Ok(blobs)
}
