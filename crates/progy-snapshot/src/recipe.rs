//! The list of a file's chunks, itself cut into blobs.
//!
//! A list that grows long is cut where the names of its chunks say so, and a list of those lists is
//! made, and so on: the recipe of a file of any size is written and read with a few kilobytes of
//! memory, and an edit makes only the lists above it new.

use crate::blob::{self, MAX_BLOB};
use crate::encoding::{Decoder, Malformed, put_number};
use crate::{Blob, BlobId, BlobSink, BlobSource, Error, Kind, Result};

/// A list's first byte.
const TAG: u8 = b'r';
const VERSION: u8 = 1;
/// No list ends before this many items, but the last of its level.
const MIN_ITEMS: usize = 64;
/// No list has more items.
const MAX_ITEMS: usize = 1024;
/// A list ends behind an item whose name ends with this many zero bits: one in 256.
const END_BITS: u8 = 0xff;
/// Lists are not nested deeper: 64 to the power of 8 chunks are more than there can be.
const MAX_LEVEL: u8 = 8;

/// One item of a list: a chunk, or a list of a lower level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Its blob.
    pub id: BlobId,
    /// How many bytes of the file it stands for; not 0.
    pub len: u64,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// 0 for a list of chunks, otherwise one more than the lists that it lists.
    pub level: u8,
    /// The items, in the order of the file; at least one.
    pub items: Vec<Item>,
}

impl List {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![TAG, VERSION, self.level];
        put_number(&mut bytes, self.items.len() as u64);
        for item in &self.items {
            put_number(&mut bytes, item.len);
            bytes.extend_from_slice(item.id.as_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> std::result::Result<Self, Malformed> {
        let mut decoder = Decoder::new(bytes);
        decoder.header(TAG, VERSION)?;
        let level = decoder.byte()?;
        if level > MAX_LEVEL {
            return Err("its level is too high");
        }
        let count = decoder.count(MAX_ITEMS)?;
        if count == 0 {
            return Err("it lists nothing");
        }
        let mut items = Vec::with_capacity(count);
        let mut total = 0_u64;
        for _ in 0..count {
            let len = decoder.number()?;
            if len == 0 || level == 0 && len > MAX_BLOB as u64 {
                return Err("a length is out of bounds");
            }
            total = total.checked_add(len).ok_or("its lengths are too large")?;
            items.push(Item { id: BlobId::from_bytes(decoder.array()?), len });
        }
        decoder.end()?;
        Ok(Self { level, items })
    }

    /// The list in `bytes`, whose name is `id`. That they have this name is not checked here.
    pub fn parse(id: BlobId, bytes: &[u8]) -> Result<Self> {
        Self::decode(bytes).map_err(|reason| Error::Malformed { id, reason })
    }

    /// How many bytes of the file it stands for.
    pub fn len(&self) -> u64 {
        self.items.iter().map(|item| item.len).sum()
    }

    /// Never: a list without items cannot be read.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// Makes the recipe of one file from its chunks.
#[derive(Debug, Default)]
pub struct RecipeBuilder {
    /// What no list has taken up yet, for each level.
    levels: Vec<Vec<Item>>,
}

impl RecipeBuilder {
    /// Of a file without chunks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next chunk. Lists that are complete go to `sink`.
    pub fn push(&mut self, chunk: Item, sink: &mut dyn BlobSink) -> Result<()> {
        self.push_at(0, chunk, sink)
    }

    fn push_at(&mut self, mut level: usize, mut item: Item, sink: &mut dyn BlobSink) -> Result<()> {
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(items) = self.levels.get_mut(level) else { return Ok(()) };
            items.push(item);
            let [.., last] = item.id.as_bytes();
            let ends = *last & END_BITS == 0 && items.len() >= MIN_ITEMS;
            if !ends && items.len() < MAX_ITEMS {
                return Ok(());
            }
            item = emit(level, std::mem::take(items), sink)?;
            level += 1;
        }
    }

    /// The only item: a chunk with `true`, or the topmost list with `false`. `None` of an empty file.
    pub fn finish(mut self, sink: &mut dyn BlobSink) -> Result<Option<(Item, bool)>> {
        let mut level = 0;
        while let Some(items) = self.levels.get_mut(level) {
            let items = std::mem::take(items);
            let top = level + 1 == self.levels.len();
            match items.as_slice() {
                [only] if top => return Ok(Some((*only, level == 0))),
                [] => {}
                _ => {
                    let item = emit(level, items, sink)?;
                    self.push_at(level + 1, item, sink)?;
                }
            }
            level += 1;
        }
        Ok(None)
    }
}

fn emit(level: usize, items: Vec<Item>, sink: &mut dyn BlobSink) -> Result<Item> {
    let level = u8::try_from(level).unwrap_or(u8::MAX);
    if level > MAX_LEVEL {
        return Err(Error::WrongContent("it is too large"));
    }
    let list = List { level, items };
    let bytes = list.encode();
    let id = BlobId::of(&bytes);
    sink.put(Kind::Recipe, id, &bytes)?;
    Ok(Item { id, len: list.len() })
}

/// The chunks of a recipe, in order, read as they are asked for.
///
/// Lengths are held against those that the lists above claim, so that what comes is never more than
/// the length that was asked for; at most one list of each level is in memory. After
/// [`Error::Missing`] it goes on where it was, once the source has what was missing; after any other
/// error it ends.
#[derive(Debug)]
pub struct Chunks<'a, S: ?Sized> {
    source: &'a S,
    /// Items that are still to come, of each open list, the next one last; with the level of what
    /// they name, or `None` for the top, whose level is not known before it is read.
    open: Vec<(Option<u8>, Vec<Item>)>,
    /// Lists that were read since they were last taken.
    lists: Vec<Blob>,
}

impl<'a, S: BlobSource + ?Sized> Chunks<'a, S> {
    /// Those of the list `top`, of a file of `len` bytes.
    pub fn new(source: &'a S, top: BlobId, len: u64) -> Self {
        Self { source, open: vec![(None, vec![Item { id: top, len }])], lists: Vec::new() }
    }

    /// The lists that were read since this was last asked.
    pub fn take_lists(&mut self) -> Vec<Blob> {
        std::mem::take(&mut self.lists)
    }

    fn step(&mut self) -> Result<Option<Item>> {
        while let Some((level, items)) = self.open.last_mut() {
            let level = *level;
            let Some(item) = items.pop() else {
                self.open.pop();
                continue;
            };
            if level == Some(0) {
                return Ok(Some(item));
            }
            let bytes = match blob::checked(self.source, &item.id) {
                Ok(bytes) => bytes,
                Err(error) => {
                    items.push(item);
                    return Err(error);
                }
            };
            let list = List::parse(item.id, &bytes)?;
            let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            self.lists.push(Blob { id: item.id, kind: Kind::Recipe, len });
            let reason = match level {
                Some(level) if list.level + 1 != level => Some("it is of another level"),
                _ if list.len() != item.len => Some("its length is not what was announced"),
                _ => None,
            };
            if let Some(reason) = reason {
                return Err(Error::Malformed { id: item.id, reason });
            }
            let mut items = list.items;
            items.reverse();
            self.open.push((Some(list.level), items));
        }
        Ok(None)
    }
}

impl<S: BlobSource + ?Sized> Iterator for Chunks<'_, S> {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Result<Item>> {
        let step = self.step();
        if step.as_ref().is_err_and(|error| !matches!(error, Error::Missing(_))) {
            self.open.clear();
        }
        step.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryBlobs;

    fn item(n: u64) -> Item {
        Item { id: BlobId::of(&n.to_le_bytes()), len: n % 1000 + 1 }
    }

    fn build(items: &[Item]) -> (MemoryBlobs, Option<(Item, bool)>) {
        let mut blobs = MemoryBlobs::default();
        let mut builder = RecipeBuilder::new();
        for item in items {
            builder.push(*item, &mut blobs).unwrap();
        }
        let top = builder.finish(&mut blobs).unwrap();
        (blobs, top)
    }

    #[test]
    fn what_goes_in_comes_out() {
        for count in [2, 63, 64, 65, 1024, 1025, 100_000] {
            let items: Vec<_> = (0..count).map(item).collect();
            let (blobs, top) = build(&items);
            let (top, single) = top.unwrap();
            assert!(!single);
            assert_eq!(top.len, items.iter().map(|item| item.len).sum::<u64>());
            let read: Result<Vec<_>> = Chunks::new(&blobs, top.id, top.len).collect();
            assert_eq!(read.unwrap(), items);
        }
        assert_eq!(build(&[]).1, None);
        assert_eq!(build(&[item(1)]).1, Some((item(1), true)));
    }

    #[test]
    fn an_edit_makes_one_list_of_each_level_new() {
        let mut items: Vec<_> = (0..50_000).map(item).collect();
        let (before, _) = build(&items);
        items.insert(25_000, item(1_000_000));
        let (after, _) = build(&items);
        let new: usize = after
            .blobs
            .iter()
            .filter(|(id, _)| !before.blobs.contains_key(*id))
            .map(|(_, (_, bytes))| bytes.len())
            .sum();
        assert!(after.blobs.len() > 100 && new < 60_000, "{new}");
    }

    #[test]
    fn lies_about_lengths_and_levels_are_found() {
        let items: Vec<_> = (0..2000).map(item).collect();
        let (mut blobs, top) = build(&items);
        let (top, _) = top.unwrap();
        assert!(Chunks::new(&blobs, top.id, top.len + 1).next().unwrap().is_err());

        let list = List { level: 3, items: vec![top] };
        let bytes = list.encode();
        let id = BlobId::of(&bytes);
        blobs.put(Kind::Recipe, id, &bytes).unwrap();
        let mut chunks = Chunks::new(&blobs, id, top.len);
        assert!(matches!(chunks.next(), Some(Err(Error::Malformed { .. }))));
        assert!(chunks.next().is_none());
    }

    #[test]
    fn chunks_go_on_once_what_was_missing_is_there() {
        struct Fetching(MemoryBlobs, std::cell::RefCell<std::collections::HashSet<BlobId>>);
        impl BlobSource for Fetching {
            fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
                if self.1.borrow_mut().insert(*id) {
                    Err(Error::Missing(*id))
                } else {
                    self.0.blob(id)
                }
            }
        }
        let items: Vec<_> = (0..20_000).map(item).collect();
        let (blobs, top) = build(&items);
        let (top, _) = top.unwrap();
        let fetching = Fetching(blobs, std::cell::RefCell::default());
        let chunks = Chunks::new(&fetching, top.id, top.len);
        let come: Vec<_> = chunks.filter_map(Result::ok).collect();
        assert_eq!(come, items);
    }

    #[test]
    fn a_list_has_one_form() {
        let list = List { level: 0, items: vec![item(1), item(2)] };
        let good = list.encode();
        assert_eq!(List::decode(&good), Ok(list.clone()));
        for len in 0..good.len() {
            assert!(List::decode(&good[..len]).is_err());
        }
        let more = [&good[..], &[0]].concat();
        assert!(List::decode(&more).is_err());
        let empty = List { level: 0, items: vec![] };
        assert!(List::decode(&empty.encode()).is_err());
        let nothing = List { level: 0, items: vec![Item { len: 0, ..item(1) }] };
        assert!(List::decode(&nothing.encode()).is_err());
    }
}
