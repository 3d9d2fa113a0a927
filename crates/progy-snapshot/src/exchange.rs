//! What has to be sent, and what fetched.
//!
//! To send: [`Needs`] walks what is new against a tree that the server has, and gives its blobs in
//! batches. The server is asked about each batch, answers with one bit a blob ([`Answer`]), and what
//! it lacks is packed. To fetch: [`Frontier`] says which lists and nodes are missing, level by level;
//! then [`Needs`], with the trees' places changed, says which chunks, and [`fetches`] puts together
//! what lies together in packs.
//!
//! What a server may answer is its business: it speaks only of blobs of the learner who asks, and of
//! the course.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use progy_core::RelPath;

use crate::file::{Content, Recipe};
use crate::pack::PackId;
use crate::recipe::{self, Chunks};
use crate::tree::{self, Diff, Item};
use crate::{Blob, BlobId, BlobSource, Error, Kind, Result};

/// So many blobs are asked about at once: their names are 128 KiB.
pub const BATCH: usize = 4096;

/// So many names are remembered, so that the same blob is not named again: some megabytes. Past that
/// a blob may be named twice, which only costs its name.
const REMEMBERED: usize = 1 << 16;

/// A blob that a tree needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Which.
    pub blob: Blob,
    /// Where its bytes are in the workspace; `None` of lists and nodes, which are in no file.
    pub at: Option<(RelPath, u64)>,
}

struct OpenFile<'a, S: ?Sized> {
    path: RelPath,
    offset: u64,
    chunks: Chunks<'a, S>,
    /// Chunks of what the path held before.
    known: HashSet<BlobId>,
}

/// The blobs that one tree needs and another may not have: all that are missing, each once as a rule,
/// and some that are not. In memory is what [`Diff`] needs, and the names of one file's old chunks.
pub struct Needs<'a, S: ?Sized> {
    source: &'a S,
    diff: Diff<'a, S>,
    file: Option<OpenFile<'a, S>>,
    ready: VecDeque<Needed>,
    seen: HashSet<BlobId>,
    ended: bool,
}

impl<'a, S: BlobSource + ?Sized> Needs<'a, S> {
    /// What the tree `new` needs, if everything that the tree `old` needs is there. `source` has the
    /// nodes and lists of both.
    pub fn new(source: &'a S, old: Option<BlobId>, new: BlobId) -> Self {
        Self {
            source,
            diff: Diff::new(source, old, Some(new)),
            file: None,
            ready: VecDeque::new(),
            seen: HashSet::new(),
            ended: false,
        }
    }

    /// The next blobs, at most `limit`; none at the end.
    pub fn batch(&mut self, limit: usize) -> Result<Vec<Needed>> {
        self.take(limit).collect()
    }

    fn add(&mut self, blob: Blob, at: Option<(RelPath, u64)>) {
        if self.seen.len() >= REMEMBERED {
            self.seen.clear();
        }
        if self.seen.insert(blob.id) {
            self.ready.push_back(Needed { blob, at });
        }
    }

    fn step(&mut self) -> Result<()> {
        if let Some(mut file) = self.file.take() {
            let next = file.chunks.next().transpose()?;
            for list in file.chunks.take_lists() {
                self.add(list, None);
            }
            if let Some(item) = next {
                if !file.known.contains(&item.id) {
                    self.add(chunk(&item)?, Some((file.path.clone(), file.offset)));
                }
                file.offset = file.offset.saturating_add(item.len);
                self.file = Some(file);
            }
            return Ok(());
        }
        let change = self.diff.next().transpose()?;
        for node in self.diff.take_nodes() {
            self.add(node, None);
        }
        let Some(change) = change else {
            self.ended = true;
            return Ok(());
        };
        let before = change.before.as_ref().and_then(Item::as_file).map(|file| file.content);
        match change.after.as_ref().and_then(Item::as_file).map(|file| file.content) {
            Some(content) if Some(content) != before => self.open(change.path, &content, before),
            _ => Ok(()),
        }
    }

    fn open(&mut self, path: RelPath, content: &Content, before: Option<Content>) -> Result<()> {
        match content.recipe {
            Recipe::Lists(top) => {
                let chunks = Chunks::new(self.source, top, content.size);
                let known = match before {
                    Some(before) => crate::file::chunks(self.source, &before)
                        .map(|item| item.map(|item| item.id))
                        .collect::<Result<_>>()?,
                    None => HashSet::new(),
                };
                self.file = Some(OpenFile { path, offset: 0, chunks, known });
            }
            Recipe::Whole if content.size > 0 => {
                for item in crate::file::chunks(self.source, content) {
                    self.add(chunk(&item?)?, Some((path.clone(), 0)));
                }
            }
            Recipe::Whole => {}
        }
        Ok(())
    }
}

fn chunk(item: &recipe::Item) -> Result<Blob> {
    let len = u32::try_from(item.len).map_err(|_| Error::WrongContent("a chunk is too long"))?;
    Ok(Blob { id: item.id, kind: Kind::Chunk, len })
}

impl<S: BlobSource + ?Sized> Iterator for Needs<'_, S> {
    type Item = Result<Needed>;

    fn next(&mut self) -> Option<Result<Needed>> {
        loop {
            if let Some(needed) = self.ready.pop_front() {
                return Some(Ok(needed));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.step() {
                self.ended = true;
                return Some(Err(error));
            }
        }
    }
}

/// Which of a batch's blobs are there: one bit for each, the lowest of the first byte first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer(Vec<u8>);

impl Answer {
    /// The answer to a batch.
    pub fn to<'b>(
        batch: impl IntoIterator<Item = &'b BlobId>,
        has: impl Fn(&BlobId) -> bool,
    ) -> Self {
        let bits: Vec<bool> = batch.into_iter().map(has).collect();
        let byte =
            |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        Self(bits.chunks(8).map(byte).collect())
    }

    /// The answer in these bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the blob with this number is there. What an answer is too short for is not: it is sent
    /// once more than needed, and nothing is lost.
    pub fn has(&self, number: usize) -> bool {
        self.0.get(number / 8).is_some_and(|byte| byte >> (number % 8) & 1 == 1)
    }

    /// What of its batch has to be sent.
    pub fn missing(&self, batch: Vec<Needed>) -> Vec<Needed> {
        let numbered = batch.into_iter().enumerate();
        numbered.filter(|(number, _)| !self.has(*number)).map(|(_, needed)| needed).collect()
    }
}

/// Every blob that a list or node names. Of a chunk: none.
pub fn links(kind: Kind, bytes: &[u8]) -> Result<Vec<(Kind, BlobId)>> {
    match kind {
        Kind::Chunk => Ok(Vec::new()),
        Kind::Tree => tree::links(bytes),
        Kind::Recipe => {
            let list = recipe::List::parse(BlobId::of(bytes), bytes)?;
            let kind = if list.level == 0 { Kind::Chunk } else { Kind::Recipe };
            Ok(list.items.iter().map(|item| (kind, item.id)).collect())
        }
    }
}

/// The lists and nodes of a tree that are not at hand, level by level: as many rounds as the tree is
/// deep, and not one for each node.
#[derive(Debug)]
pub struct Frontier {
    left: Vec<(Kind, BlobId)>,
    seen: HashSet<BlobId>,
    lists: bool,
}

impl Frontier {
    /// Of the tree with this root.
    pub fn new(root: BlobId) -> Self {
        Self { left: vec![(Kind::Tree, root)], seen: HashSet::from([root]), lists: true }
    }

    /// Of its nodes alone: the lists of its files are not followed.
    pub fn of_nodes(root: BlobId) -> Self {
        Self { lists: false, ..Self::new(root) }
    }

    /// What has to be fetched before this is asked again, at most `limit`; nothing when all is there.
    pub fn round<S: BlobSource + ?Sized>(
        &mut self,
        source: &S,
        limit: usize,
    ) -> Result<Vec<(Kind, BlobId)>> {
        let mut missing = Vec::new();
        while missing.len() < limit
            && let Some((kind, id)) = self.left.pop()
        {
            match crate::blob::checked(source, &id) {
                Ok(bytes) => {
                    let links = links(kind, &bytes)?.into_iter();
                    let followed = |kind: Kind| match kind {
                        Kind::Tree => true,
                        Kind::Recipe => self.lists,
                        Kind::Chunk => false,
                    };
                    let new = links.filter(|(kind, id)| followed(*kind) && self.seen.insert(*id));
                    self.left.extend(new);
                }
                Err(Error::Missing(_)) => missing.push((kind, id)),
                Err(error) => return Err(error),
            }
        }
        self.left.extend(&missing);
        Ok(missing)
    }
}

/// Where a blob lies among all packs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The pack.
    pub pack: PackId,
    /// The bytes of its frame there.
    pub frame: Range<u64>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Of which pack.
    pub pack: PackId,
    /// Which bytes.
    pub range: Range<u64>,
    /// The frames in it that are wanted, with the blobs that are wanted of each.
    pub frames: Vec<(Range<u64>, Vec<BlobId>)>,
}

/// Puts together what lies together: frames of one pack with at most `gap` bytes between them are one
/// request, of at most `most` bytes unless one frame has more.
pub fn fetches(
    wanted: impl IntoIterator<Item = (BlobId, Location)>,
    gap: u64,
    most: u64,
) -> Vec<Fetch> {
    let mut wanted: Vec<_> = wanted.into_iter().collect();
    wanted.sort_by_key(|(id, at)| (at.pack, at.frame.start, at.frame.end, *id));
    let mut fetches: Vec<Fetch> = Vec::new();
    for (id, Location { pack, frame }) in wanted {
        if let Some(fetch) = fetches.last_mut().filter(|fetch| fetch.pack == pack) {
            if let Some((last, ids)) = fetch.frames.last_mut()
                && *last == frame
            {
                ids.push(id);
                continue;
            }
            let near = frame.start <= fetch.range.end.saturating_add(gap);
            if near && frame.end.saturating_sub(fetch.range.start) <= most {
                fetch.range.end = fetch.range.end.max(frame.end);
                fetch.frames.push((frame, vec![id]));
                continue;
            }
        }
        fetches.push(Fetch { pack, range: frame.clone(), frames: vec![(frame, vec![id])] });
    }
    fetches
}
