//! Packs, recipes and tree nodes of snapshots.

use std::ops::Range;

use progy_core::RelPath;
use progy_snapshot::blob::MAX_BLOB;
use progy_snapshot::exchange::links;
use progy_snapshot::pack::{Index, PackWriter, Tail};
use progy_snapshot::recipe::{Chunks, List};
use progy_snapshot::tree::{Diff, Edit, Item, TreeBuilder, entries, update};
use progy_snapshot::{Blob, BlobId, BlobSink, Error, Kind, MemoryBlobs};

use crate::parts;

/// What is between the magic and the index of a pack that has one.
const MAGIC: &[u8] = b"progyPCK\x01";

/// A pack as it comes, whole and only its end.
pub fn snapshot_pack(data: &[u8]) {
    if let Ok(Tail::Needs(more)) = Index::from_tail(data, 1 << 20) {
        assert!(more > data.len() as u64 && more <= 1 << 20);
    }
    if let Ok(index) = Index::from_pack(data) {
        assert_is_index(&index, data);
    }
}

/// Frames and the index over them, in a pack whose index has the right hash.
pub fn snapshot_frames(data: &[u8]) {
    let [frames, index] = parts::<2>(data);
    let mut pack = [MAGIC, frames, index].concat();
    let Ok(len) = u32::try_from(index.len()) else { return };
    pack.extend_from_slice(&len.to_le_bytes());
    pack.extend_from_slice(blake3::hash(index).as_bytes());
    pack.extend(MAGIC.iter().rev().take(1).chain(MAGIC.iter().take(8)));
    if let Ok(index) = Index::from_pack(&pack) {
        assert_is_index(&index, &pack);
    }
}

fn slice(bytes: &[u8], range: Range<u64>) -> &[u8] {
    let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
    bytes.get(start.expect("small")..end.expect("small")).expect("frames lie in the pack")
}

/// Every blob that is read is right, and all that is read can be packed again.
fn assert_is_index(index: &Index, pack: &[u8]) {
    let mut again = PackWriter::new(Vec::new(), 1).expect("a pack begins");
    let mut read = Vec::new();
    for frame in 0..u32::try_from(index.frames()).expect("few") {
        let bytes = slice(pack, index.range(frame));
        let take = |blob: &Blob, found: Option<&[u8]>| {
            if let Some(found) = found {
                assert!(blob.id.is_of(found) && blob.len as usize == found.len());
                assert!(found.len() <= MAX_BLOB);
                assert_eq!(index.blob(&blob.id, bytes).ok().as_deref(), Some(found));
                again.add(blob.kind, blob.id, found)?;
                read.push(*blob);
            } else {
                let error = index.blob(&blob.id, bytes);
                assert!(matches!(error, Err(Error::Damaged(id)) if id == blob.id));
            }
            Ok(())
        };
        index.each(frame, bytes, take).expect("what was read can be packed");
    }
    let (bytes, written) = again.finish().expect("a pack ends");
    assert_eq!(written.blobs, read.len());
    let mut found = Index::from_pack(&bytes).expect("what was packed is a pack").blobs().to_vec();
    found.sort();
    read.sort();
    assert_eq!(found, read);
}

/// A list of chunks or of lists.
pub fn snapshot_list(data: &[u8]) {
    let id = BlobId::of(data);
    let Ok(list) = List::parse(id, data) else { return };
    assert_eq!(list.encode(), data, "a list has one form");
    assert_eq!(links(Kind::Recipe, data).expect("a list").len(), list.items.len());
    let len = list.len();
    let level = list.level;
    let blobs = only(Kind::Recipe, id, data);
    let mut chunks = Chunks::new(&blobs, id, len);
    if level == 0 {
        let read: Result<Vec<_>, Error> = chunks.collect();
        assert!(read.is_ok_and(|read| read == list.items));
    } else {
        // It waits for the list, however often it is asked.
        assert!(chunks.by_ref().take(3).all(|read| matches!(read, Err(Error::Missing(_)))));
        assert!(chunks.next().is_some());
    }
    assert!(matches!(Chunks::new(&blobs, id, len ^ 1).next(), Some(Err(_))));
}

/// A tree's node, as the root of a tree of which there is nothing else.
pub fn snapshot_node(data: &[u8]) {
    let id = BlobId::of(data);
    let named = links(Kind::Tree, data);
    let mut blobs = only(Kind::Tree, id, data);
    let read: Result<Vec<(RelPath, Item)>, Error> = entries(&blobs, id).collect();
    let Ok(read) = read else { return };
    assert!(named.is_ok(), "what can be walked can be followed");

    let mut builder = TreeBuilder::new();
    for (path, item) in &read {
        builder.push(path, item, &mut blobs).expect("what is in a tree can be put into one");
    }
    let built = builder.finish(&mut blobs).expect("a tree ends");
    assert_eq!(Diff::new(&blobs, Some(id), Some(built)).count(), 0, "the same entries");

    let Some(((first, item), rest)) = read.split_first() else { return };
    let edit = if *item == Item::Folder { Edit::RemoveFolder } else { Edit::Remove };
    let mut made = MemoryBlobs::default();
    let less = update(&blobs, Some(id), [(first.clone(), edit)], &mut made);
    let less = less.expect("what is in a tree can be taken out");
    blobs.blobs.extend(made.blobs);
    let left: Result<Vec<_>, Error> = entries(&blobs, less).collect();
    assert!(left.expect("an update gives a tree") == rest);
}

fn only(kind: Kind, id: BlobId, bytes: &[u8]) -> MemoryBlobs {
    let mut blobs = MemoryBlobs::default();
    blobs.put(kind, id, bytes).expect("memory takes blobs");
    blobs
}
