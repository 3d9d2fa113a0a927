//! What this device lacks comes here.

use std::collections::HashSet;

use progy_api::delta::Base64;
use progy_api::limits;
use progy_api::snapshot::BlobsRequest;
use progy_core::HashKind;
use progy_snapshot::exchange::Frontier;
use progy_snapshot::file::{self, Content, Recipe};
use progy_snapshot::pack::Index;
use progy_snapshot::{Blob, BlobId, BlobSink, BlobSource, Kind, MemoryBlobs};

use super::trees::{ONE_CHUNK, Trees, hash_of, no_tree};
use super::{Api, Sink, SnapshotApi, SnapshotRemote, Version, Wanted};
use crate::{Error, Result};

/// So many names of a tree's nodes are looked for in one round.
const ROUND: usize = limits::BLOBS;

impl<A: Api + SnapshotApi> SnapshotRemote<'_, A> {
    /// The nodes of a tree, beside those that are in `trees`, which is then told of it.
    pub(super) async fn nodes(
        &self,
        version: &Version,
        root: BlobId,
        trees: &mut Trees,
    ) -> Result<()> {
        let mut frontier = Frontier::of_nodes(root);
        loop {
            let missing = frontier.round(&trees.nodes, ROUND).map_err(no_tree)?;
            if missing.is_empty() {
                trees.newest = Some(root);
                return Ok(());
            }
            let names: Vec<BlobId> = missing.into_iter().map(|(_, id)| id).collect();
            self.lists(version, &names, trees.newest, &mut trees.nodes).await?;
            if !names.iter().any(|id| trees.nodes.blobs.contains_key(id)) {
                return Err(Error::InvalidTree("a part of a tree is not there".to_owned()));
            }
        }
    }

    /// Asks for nodes or recipes with all that they name and the tree `known` does not have, and
    /// takes what comes.
    async fn lists(
        &self,
        version: &Version,
        names: &[BlobId],
        known: Option<BlobId>,
        to: &mut MemoryBlobs,
    ) -> Result<()> {
        let pack = self.ask(version, names, Asked::Deep { known }).await?;
        each(&pack, |blob, bytes| {
            if blob.kind == Kind::Chunk {
                return Ok(());
            }
            to.put(blob.kind, blob.id, bytes)
        })
    }

    async fn ask(&self, version: &Version, names: &[BlobId], asked: Asked) -> Result<Vec<u8>> {
        let names = names.iter().flat_map(|id| *id.as_bytes()).collect();
        let (deep, known) = match asked {
            Asked::These => (false, None),
            Asked::Deep { known } => (true, known.as_ref().map(hash_of)),
        };
        let request = BlobsRequest { version: version.clone(), names: Base64(names), deep, known };
        let pack = self.api.blobs(&self.course, &request).await?;
        match Index::from_pack(&pack) {
            Ok(_) => Ok(pack),
            Err(error) => Err(Error::Unreachable(format!("the answer was cut off: {error}"))),
        }
    }

    /// Fetches contents; those that the server does not have are left out.
    pub(super) async fn fetch_contents(
        &self,
        version: &Version,
        wanted: &[Wanted],
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let contents: Vec<Content> = wanted.iter().filter_map(content).collect();
        let lists = self.recipes(version, &contents).await?;
        let mut missing = Vec::new();
        let mut asked = HashSet::new();
        for content in &contents {
            for chunk in file::chunks(&lists, content) {
                // A content whose lists are not to be had is not to be had.
                let Ok(chunk) = chunk else { break };
                if !sink.has(&chunk.id) && asked.insert(chunk.id) {
                    missing.push(chunk.id);
                }
            }
        }
        self.fetch_chunks(version, missing, sink).await?;
        let mut lists_of: Vec<(&BlobId, &(Kind, Vec<u8>))> = lists.blobs.iter().collect();
        lists_of.sort_by_key(|(id, _)| **id);
        for (id, (kind, bytes)) in lists_of {
            sink.blob(*kind, *id, bytes)?;
        }
        for content in contents {
            let mut chunks = file::chunks(&lists, &content);
            if chunks.all(|chunk| chunk.is_ok_and(|chunk| sink.has(&chunk.id))) {
                sink.name(&content);
            }
        }
        Ok(())
    }

    /// The lists of contents that have any.
    async fn recipes(&self, version: &Version, contents: &[Content]) -> Result<MemoryBlobs> {
        let mut lists = MemoryBlobs::default();
        let tops: Vec<BlobId> = contents
            .iter()
            .filter_map(|content| match content.recipe {
                Recipe::Lists(top) => Some(top),
                Recipe::Whole => None,
            })
            .collect();
        for batch in tops.chunks(limits::BLOBS) {
            let mut left = batch.to_vec();
            while !left.is_empty() {
                self.lists(version, &left, None, &mut lists).await?;
                let before = left.len();
                left.retain(|top| !is_whole(&lists, top));
                if left.len() == before {
                    break; // Those that are left are not there.
                }
            }
        }
        Ok(lists)
    }

    async fn fetch_chunks(
        &self,
        version: &Version,
        mut missing: Vec<BlobId>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        // What is asked for and does not come is not there, unless the answer was full.
        while !missing.is_empty() {
            let batch: Vec<BlobId> = missing.iter().take(limits::BLOBS).copied().collect();
            let pack = self.ask(version, &batch, Asked::These).await?;
            let came = sink.pack(pack)?;
            let before = missing.len();
            missing.retain(|id| !came.contains(id));
            if missing.len() == before {
                missing.drain(..batch.len());
            }
        }
        Ok(())
    }
}

/// How much is asked for.
enum Asked {
    /// What is named.
    These,
    /// Lists and nodes below it too, but those of the tree with the root `known`.
    Deep { known: Option<BlobId> },
}

/// Whether all lists below `top` are there.
fn is_whole(lists: &MemoryBlobs, top: &BlobId) -> bool {
    let mut left = vec![*top];
    while let Some(id) = left.pop() {
        let Ok(bytes) = lists.blob(&id) else { return false };
        let Ok(links) = progy_snapshot::exchange::links(Kind::Recipe, &bytes) else { return false };
        left.extend(links.into_iter().filter(|(kind, _)| *kind != Kind::Chunk).map(|(_, id)| id));
    }
    true
}

/// How a wanted content is put together. One of which that is not known is taken for a single chunk.
/// `None` if it has Git's name: snapshots have none of those, not even an empty one.
fn content(wanted: &Wanted) -> Option<Content> {
    if wanted.hash.kind() != HashKind::Blake3 {
        return None;
    }
    let recipe = match wanted.recipe.flatten().filter(|_| wanted.size > ONE_CHUNK) {
        Some(top) => Recipe::Lists(BlobId::of_content(&top)?),
        None => Recipe::Whole,
    };
    Some(Content { hash: wanted.hash, size: wanted.size, recipe })
}

/// Gives every blob of a pack to `take`. A damaged one ends it.
fn each(
    pack: &[u8],
    mut take: impl FnMut(&Blob, &[u8]) -> progy_snapshot::Result<()>,
) -> Result<()> {
    let index = Index::from_pack(pack).map_err(no_tree)?;
    index
        .each_of_pack(pack, |blob, bytes| match bytes {
            Some(bytes) => take(blob, bytes),
            None => Err(progy_snapshot::Error::Damaged(blob.id)),
        })
        .map_err(no_tree)
}
