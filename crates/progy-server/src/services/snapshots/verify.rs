//! Whether all that a tree needs is there.
//!
//! Only what differs from the parent's tree is looked at: all that the parent's needs is there, because
//! it was looked at when that was committed, and nothing that a revision needs is ever taken out.

use std::collections::{BTreeSet, HashSet};

use progy_api::limits;
use progy_snapshot::file::{Content, Recipe};
use progy_snapshot::recipe::{Chunks, Item as Piece};
use progy_snapshot::tree::{Change, Diff, Item};
use progy_snapshot::{BlobId, Error};

use super::shelf::{Shelf, Trouble};
use crate::ports::database::snapshots::{PackNumber, StoreId};

/// Names that are looked up at once.
const BATCH: usize = 1024;
/// So many names are remembered, so that the same blob is not looked up again.
const REMEMBERED: usize = 1 << 16;

/// A tree of which everything is there.
#[derive(Debug, Default)]
pub(super) struct Verified {
    /// How many files differ from the parent's.
    pub(super) files_changed: u32,
    /// The learner's packs that have blobs which the parent's tree did not need.
    pub(super) packs: BTreeSet<PackNumber>,
}

/// What came of looking.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Nothing is missing.
    Whole(Verified),
    /// These are, and perhaps others.
    Missing(Vec<BlobId>),
}

/// Looks at the tree with the root `new`, which follows that with the root `old`. `own` is the
/// learner's store.
pub(super) async fn verify(
    shelf: &Shelf,
    own: StoreId,
    old: Option<BlobId>,
    new: BlobId,
) -> Result<Verdict, Trouble> {
    let mut look = Look {
        shelf,
        own,
        verified: Verified::default(),
        waiting: Vec::new(),
        seen: HashSet::new(),
        missing: BTreeSet::new(),
    };
    let walked = look.walk(old, new).await;
    match walked.and(look.settle().await) {
        Ok(()) => {}
        // Without it nobody knows what else is.
        Err(Trouble::Missing(id)) => {
            look.missing.insert(id);
        }
        Err(other) => return Err(other),
    }
    Ok(if look.missing.is_empty() {
        Verdict::Whole(look.verified)
    } else {
        Verdict::Missing(look.missing.into_iter().collect())
    })
}

struct Look<'a> {
    shelf: &'a Shelf,
    own: StoreId,
    verified: Verified,
    /// Blobs that are still to be looked up, with the length that they must have, if it is known.
    waiting: Vec<(BlobId, Option<u64>)>,
    seen: HashSet<(BlobId, Option<u64>)>,
    missing: BTreeSet<BlobId>,
}

impl Look<'_> {
    async fn walk(&mut self, old: Option<BlobId>, new: BlobId) -> Result<(), Trouble> {
        let mut diff = Diff::new(self.shelf, old, Some(new));
        while let Some(change) = self.shelf.next(&mut diff).await? {
            for node in diff.take_nodes() {
                self.need(node.id, None).await?;
            }
            self.change(&change).await?;
            if self.missing.len() >= limits::BLOBS {
                return Ok(());
            }
        }
        for node in diff.take_nodes() {
            self.need(node.id, None).await?;
        }
        Ok(())
    }

    async fn change(&mut self, change: &Change) -> Result<(), Trouble> {
        let of_file = !matches!(
            (&change.before, &change.after),
            (None | Some(Item::Folder), None | Some(Item::Folder))
        );
        if of_file && !change.is_of_time_only() {
            self.verified.files_changed = self.verified.files_changed.saturating_add(1);
        }
        let content =
            |item: &Option<Item>| item.as_ref().and_then(Item::as_file).map(|file| file.content);
        match content(&change.after) {
            Some(after) if Some(after) != content(&change.before) => self.content(&after).await,
            _ => Ok(()),
        }
    }

    async fn content(&mut self, content: &Content) -> Result<(), Trouble> {
        match content.recipe {
            Recipe::Whole if content.size == 0 => {
                let right = *content == Content::empty();
                let why = "an empty file has the hash of another";
                if right { Ok(()) } else { Err(Trouble::Wrong(Error::WrongContent(why))) }
            }
            Recipe::Whole => {
                let id = BlobId::of_content(&content.hash);
                let why = Trouble::Wrong(Error::WrongContent("it is named as Git does"));
                self.need(id.ok_or(why)?, Some(content.size)).await
            }
            Recipe::Lists(top) => {
                let mut chunks = Chunks::new(self.shelf, top, content.size);
                let mut left = content.size;
                while let Some(Piece { id, len }) = self.shelf.next(&mut chunks).await? {
                    for list in chunks.take_lists() {
                        self.need(list.id, None).await?;
                    }
                    left = left.saturating_sub(len);
                    self.need(id, Some(len)).await?;
                    if self.missing.len() >= limits::BLOBS {
                        return Ok(());
                    }
                }
                let why = "its chunks are not all of it";
                if left == 0 { Ok(()) } else { Err(Trouble::Wrong(Error::WrongContent(why))) }
            }
        }
    }

    async fn need(&mut self, id: BlobId, len: Option<u64>) -> Result<(), Trouble> {
        if self.seen.len() >= REMEMBERED {
            self.seen.clear();
        }
        if self.seen.insert((id, len)) {
            self.waiting.push((id, len));
        }
        if self.waiting.len() >= BATCH { self.settle().await } else { Ok(()) }
    }

    async fn settle(&mut self) -> Result<(), Trouble> {
        let waiting = std::mem::take(&mut self.waiting);
        let ids: Vec<BlobId> = waiting.iter().map(|(id, _)| *id).collect();
        for ((id, len), place) in waiting.into_iter().zip(self.shelf.find(&ids).await?) {
            let Some(place) = place else {
                self.missing.insert(id);
                continue;
            };
            if len.is_some_and(|len| len != u64::from(place.len)) {
                let why = "a chunk has another length";
                return Err(Trouble::Wrong(Error::WrongContent(why)));
            }
            if place.store == self.own {
                self.verified.packs.insert(place.pack);
            }
        }
        Ok(())
    }
}
