//! One node: a part of a folder's list, or a list of such parts.

use progy_core::ContentHash;

use crate::blob;
use crate::encoding::{Decoder, Malformed, put_number};
use crate::file::{Content, Recipe};
use crate::{BlobId, BlobSource, Error, Kind, Result};

use super::FileItem;

const TAG: u8 = b't';
const VERSION: u8 = 1;

/// No node ends before this many items, but the last of its level.
pub(super) const MIN_ITEMS: usize = 32;
/// No node has more items. With the longest names and links it stays below a megabyte.
pub(super) const MAX_ITEMS: usize = 512;
/// A node ends behind a name whose hash is a multiple of this.
const END_AT: u32 = 64;
/// Nodes are not nested deeper within one folder: 32 to the power of 7 names are 34 thousand million.
const MAX_LEVEL: u8 = 7;
/// A folder whose only node has fewer than [`MIN_ITEMS`] items and at most this many bytes lies in
/// the node of the folder above.
const MAX_INLINE: usize = 512;
/// A name and, of a folder, its `/`.
const MAX_KEY: usize = 256;
/// The longest target of a link, in bytes.
const MAX_TARGET: usize = 1024;

const FILE: u8 = 0;
const FILE_OF_LISTS: u8 = 1;
const EXECUTABLE: u8 = 2;
const LINK: u8 = 4;
const FOLDER_HERE: u8 = 5;
const FOLDER: u8 = 6;

/// What stands behind a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    File(FileItem),
    /// Where a link points; not checked before its path is known.
    Link(String),
    Folder(Folder),
}

/// Where a folder's topmost node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Folder {
    /// Here are its bytes.
    Here(Vec<u8>),
    /// In a blob.
    Stored(BlobId),
}

/// The items of a node. A folder's key ends with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Items {
    Entries(Vec<(String, Held)>),
    /// Nodes with their last key.
    Nodes(Vec<(String, BlobId)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// 0 for a list of names, otherwise one more than that of the nodes which it lists.
    pub(super) level: u8,
    pub(super) items: Items,
}

impl Folder {
    /// A folder with nothing in it.
    pub(super) fn empty() -> Self {
        Self::Here(vec![TAG, VERSION, 0, 0])
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::empty()
    }

    /// Reads its topmost node.
    pub(super) fn open(&self, source: &(impl BlobSource + ?Sized)) -> Result<Node> {
        match self {
            Self::Here(bytes) => {
                let (id, node) = (BlobId::of(bytes), Node::parse(BlobId::of(bytes), bytes)?);
                if lies_above(node.level, node.len(), bytes.len()) {
                    return Ok(node);
                }
                Err(Error::Malformed { id, reason: "it should not lie in the node above" })
            }
            Self::Stored(id) => Node::load(source, id),
        }
    }
}

/// Whether a folder whose only node has `count` items and `len` bytes lies in the node above.
pub(super) fn lies_above(level: u8, count: usize, len: usize) -> bool {
    level == 0 && count < MIN_ITEMS && len <= MAX_INLINE
}

/// Whether a node of `level` ends behind its item number `count`, whose key is `key`.
///
/// Each level looks at other bits, so that the ends of one are not those of the next.
pub(super) fn ends(level: u8, count: usize, key: &str) -> bool {
    if count < MIN_ITEMS {
        return false;
    }
    let hash = blake3::hash(key.as_bytes());
    let at = usize::from(level) * 4;
    let bits = hash.as_bytes().get(at..).and_then(|bytes| bytes.first_chunk::<4>());
    count >= MAX_ITEMS || bits.is_some_and(|bits| u32::from_le_bytes(*bits) % END_AT == 0)
}

/// The bytes of a node while it grows.
#[derive(Debug, Default)]
pub(super) struct Writer {
    body: Vec<u8>,
    pub(super) count: usize,
    pub(super) last: String,
}

impl Writer {
    fn key(&mut self, key: &str) {
        let shared = shared(&self.last, key);
        put_number(&mut self.body, shared as u64);
        let rest = key.as_bytes().get(shared..).unwrap_or_default();
        put_number(&mut self.body, rest.len() as u64);
        self.body.extend_from_slice(rest);
        self.last.clear();
        self.last.push_str(key);
        self.count += 1;
    }

    pub(super) fn node(&mut self, last: &str, id: &BlobId) {
        self.key(last);
        self.body.extend_from_slice(id.as_bytes());
    }

    pub(super) fn entry(&mut self, key: &str, held: &Held) {
        self.key(key);
        let body = &mut self.body;
        match held {
            Held::File(file) => {
                let executable = if file.executable { EXECUTABLE } else { 0 };
                let (kind, lists) = match file.content.recipe {
                    Recipe::Whole => (FILE, None),
                    Recipe::Lists(id) => (FILE_OF_LISTS, Some(id)),
                };
                body.push(kind | executable);
                put_number(body, file.content.size);
                body.extend_from_slice(file.content.hash.as_bytes());
                body.extend_from_slice(&file.modified.to_le_bytes());
                if let Some(id) = lists {
                    body.extend_from_slice(id.as_bytes());
                }
            }
            Held::Link(target) => {
                body.push(LINK);
                put_number(body, target.len() as u64);
                body.extend_from_slice(target.as_bytes());
            }
            Held::Folder(Folder::Here(bytes)) => {
                body.push(FOLDER_HERE);
                put_number(body, bytes.len() as u64);
                body.extend_from_slice(bytes);
            }
            Held::Folder(Folder::Stored(id)) => {
                body.push(FOLDER);
                body.extend_from_slice(id.as_bytes());
            }
        }
    }

    /// The node, and a new beginning.
    pub(super) fn finish(&mut self, level: u8) -> Vec<u8> {
        let mut bytes = vec![TAG, VERSION, level];
        put_number(&mut bytes, self.count as u64);
        bytes.append(&mut self.body);
        self.count = 0;
        self.last.clear();
        bytes
    }
}

/// How many bytes both begin with.
fn shared(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

impl Node {
    /// The node in `bytes`, whose name is `id`. That they have this name is not checked here.
    pub(super) fn parse(id: BlobId, bytes: &[u8]) -> Result<Self> {
        Self::decode(bytes).map_err(|reason| Error::Malformed { id, reason })
    }

    /// Fetches a node and checks it.
    pub(super) fn load(source: &(impl BlobSource + ?Sized), id: &BlobId) -> Result<Self> {
        Self::parse(*id, &blob::checked(source, id)?)
    }

    /// Whether it is what a node above says of it: of `level`, with `last` as its last key; and whether
    /// all its keys come behind `after`.
    pub(super) fn fits(&self, level: u8, last: &str, after: &str) -> bool {
        let (first, end) = match &self.items {
            Items::Entries(items) => (items.first().map(|i| &i.0), items.last().map(|i| &i.0)),
            Items::Nodes(items) => (items.first().map(|i| &i.0), items.last().map(|i| &i.0)),
        };
        self.level == level
            && end.is_some_and(|end| end == last)
            && first.is_some_and(|first| first.as_str() > after)
    }

    pub(super) fn len(&self) -> usize {
        match &self.items {
            Items::Entries(entries) => entries.len(),
            Items::Nodes(nodes) => nodes.len(),
        }
    }

    fn decode(bytes: &[u8]) -> std::result::Result<Self, Malformed> {
        let mut decoder = Decoder::new(bytes);
        decoder.header(TAG, VERSION)?;
        let level = decoder.byte()?;
        if level > MAX_LEVEL {
            return Err("its level is too high");
        }
        let count = decoder.count(MAX_ITEMS)?;
        let mut last = String::new();
        let items = if level == 0 {
            let mut entries = Vec::with_capacity(count);
            for _ in 0..count {
                let key = key(&mut decoder, &last)?;
                let held = held(&mut decoder)?;
                if key.ends_with('/') != matches!(held, Held::Folder(_)) {
                    return Err("a name does not fit to what it holds");
                }
                last.clone_from(&key);
                entries.push((key, held));
            }
            Items::Entries(entries)
        } else {
            if count == 0 {
                return Err("it lists no nodes");
            }
            let mut nodes = Vec::with_capacity(count);
            for _ in 0..count {
                let key = key(&mut decoder, &last)?;
                last.clone_from(&key);
                nodes.push((key, BlobId::from_bytes(decoder.array()?)));
            }
            Items::Nodes(nodes)
        };
        decoder.end()?;
        Ok(Self { level, items })
    }
}

/// The next key, which is greater than the `last`.
fn key(decoder: &mut Decoder, last: &str) -> std::result::Result<String, Malformed> {
    let begins = decoder.count(last.len())?;
    let rest = decoder.count(MAX_KEY)?;
    let mut key = last.as_bytes().get(..begins).unwrap_or_default().to_vec();
    key.extend_from_slice(decoder.take(rest)?);
    let key = String::from_utf8(key).map_err(|_| "a name is no UTF-8")?;
    let name = key.strip_suffix('/').unwrap_or(&key);
    if name.is_empty() || name.contains('/') || key.len() > MAX_KEY {
        return Err("a name is no name");
    }
    if shared(last, &key) != begins {
        return Err("a name is not in its short form");
    }
    if key.as_str() <= last {
        return Err("names are out of order");
    }
    Ok(key)
}

fn held(decoder: &mut Decoder) -> std::result::Result<Held, Malformed> {
    let kind = decoder.byte()?;
    Ok(match kind {
        0..=3 => {
            let size = decoder.number()?;
            let hash = ContentHash::from_blake3(decoder.array::<32>()?.into());
            let modified = i64::from_le_bytes(decoder.array()?);
            let recipe = if kind & FILE_OF_LISTS == 0 {
                if size > blob::MAX_BLOB as u64 {
                    return Err("a file is too large for one chunk");
                }
                Recipe::Whole
            } else {
                Recipe::Lists(BlobId::from_bytes(decoder.array()?))
            };
            let content = Content { hash, size, recipe };
            Held::File(FileItem { content, executable: kind & EXECUTABLE != 0, modified })
        }
        LINK => {
            let len = decoder.count(MAX_TARGET)?;
            let target = std::str::from_utf8(decoder.take(len)?);
            Held::Link(target.map_err(|_| "a link's target is no UTF-8")?.to_owned())
        }
        FOLDER_HERE => {
            let len = decoder.count(MAX_INLINE)?;
            let bytes = decoder.take(len)?;
            // Its own items are looked at when it is opened.
            Held::Folder(Folder::Here(bytes.to_vec()))
        }
        FOLDER => Held::Folder(Folder::Stored(BlobId::from_bytes(decoder.array()?))),
        _ => return Err("an item is of an unknown kind"),
    })
}

/// Every blob that the node in `bytes` names. It is checked that they are a node.
pub fn links(bytes: &[u8]) -> Result<Vec<(Kind, BlobId)>> {
    let mut links = Vec::new();
    // Folders that lie in a node are smaller than it, so that this ends.
    let mut left = vec![Node::parse(BlobId::of(bytes), bytes)?];
    while let Some(node) = left.pop() {
        match node.items {
            Items::Nodes(nodes) => links.extend(nodes.iter().map(|(_, id)| (Kind::Tree, *id))),
            Items::Entries(entries) => {
                for (_, held) in entries {
                    match held {
                        Held::File(file) => links.extend(file_link(&file)),
                        Held::Folder(Folder::Stored(id)) => links.push((Kind::Tree, id)),
                        Held::Folder(Folder::Here(bytes)) => {
                            left.push(Node::parse(BlobId::of(&bytes), &bytes)?);
                        }
                        Held::Link(_) => {}
                    }
                }
            }
        }
    }
    Ok(links)
}

fn file_link(file: &FileItem) -> Option<(Kind, BlobId)> {
    match file.content.recipe {
        Recipe::Lists(id) => Some((Kind::Recipe, id)),
        Recipe::Whole if file.content.size == 0 => None,
        Recipe::Whole => BlobId::of_content(&file.content.hash).map(|id| (Kind::Chunk, id)),
    }
}

#[cfg(test)]
mod tests {
    use progy_core::ContentHash;
    use proptest::prelude::*;

    use super::*;

    /// What was read, written again.
    fn encode(node: &Node) -> Vec<u8> {
        let mut writer = Writer::default();
        match &node.items {
            Items::Entries(entries) => {
                for (key, held) in entries {
                    writer.entry(key, held);
                }
            }
            Items::Nodes(nodes) => {
                for (key, id) in nodes {
                    writer.node(key, id);
                }
            }
        }
        writer.finish(node.level)
    }

    fn sample() -> Node {
        let hash = ContentHash::blake3(b"x");
        let file = |recipe, executable| {
            let content = Content { hash, size: 1, recipe };
            Held::File(FileItem { content, executable, modified: -5 })
        };
        let entries = vec![
            ("a".to_owned(), file(Recipe::Whole, false)),
            ("a-b".to_owned(), file(Recipe::Lists(BlobId::of(b"l")), true)),
            ("ab/".to_owned(), Held::Folder(Folder::empty())),
            ("abc/".to_owned(), Held::Folder(Folder::Stored(BlobId::of(b"f")))),
            ("link".to_owned(), Held::Link("a".to_owned())),
        ];
        Node { level: 0, items: Items::Entries(entries) }
    }

    #[test]
    fn a_node_has_one_form() {
        let bytes = encode(&sample());
        assert_eq!(Node::decode(&bytes), Ok(sample()));
        for len in 0..bytes.len() {
            assert!(Node::decode(&bytes[..len]).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_taken_in_is_written_as_the_same(at in 0..300_usize, to in any::<u8>(), cut in 0..3_usize) {
            let mut bytes = encode(&sample());
            let at = at % bytes.len();
            bytes[at] = to;
            bytes.drain(at..(at + cut).min(bytes.len()));
            if let Ok(node) = Node::decode(&bytes) {
                prop_assert_eq!(encode(&node), bytes);
            }
        }
    }
}
