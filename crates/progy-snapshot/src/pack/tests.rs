//! Packs that are right, cut, damaged and made to harm.

use super::*;
use crate::encoding::put_number;
use crate::{BlobId, Error, Kind};

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn blobs() -> Vec<(Kind, Vec<u8>)> {
    let mut blobs = vec![
        (Kind::Chunk, Vec::new()),
        (Kind::Chunk, vec![0; MAX_FRAME]),
        (Kind::Chunk, noise(1, 300_000)),
    ];
    for n in 0..400 {
        blobs.push((Kind::Chunk, format!("small file number {n}\n").repeat(20).into_bytes()));
        blobs.push((Kind::Tree, noise(n, 900)));
        blobs.push((Kind::Recipe, noise(n + 1000, 90)));
    }
    blobs
}

fn pack(blobs: &[(Kind, Vec<u8>)]) -> Vec<u8> {
    let mut writer = PackWriter::new(Vec::new(), 3).unwrap();
    for (kind, bytes) in blobs {
        writer.add(*kind, BlobId::of(bytes), bytes).unwrap();
        writer.add(*kind, BlobId::of(bytes), bytes).unwrap();
    }
    let (bytes, written) = writer.finish().unwrap();
    assert_eq!(
        written,
        Written { id: PackId::of(&bytes), len: bytes.len() as u64, blobs: blobs.len() }
    );
    bytes
}

fn range(pack: &[u8], range: std::ops::Range<u64>) -> &[u8] {
    &pack[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
}

#[test]
fn each_blob_is_read_with_its_frame_alone() {
    let blobs = blobs();
    let bytes = pack(&blobs);
    let index = Index::from_pack(&bytes).unwrap();
    assert_eq!(index.blobs().len(), blobs.len());
    for (kind, blob) in &blobs {
        let id = BlobId::of(blob);
        let place = index.place(&id).unwrap();
        let frame = range(&bytes, index.range(place.frame));
        assert_eq!(index.blob(&id, frame).unwrap(), *blob);
        let found = index.blobs_of(place.frame).iter().find(|found| found.id == id).unwrap();
        assert_eq!((found.kind, found.len as usize), (*kind, blob.len()));
    }
    let mut count = 0;
    for frame in 0..u32::try_from(index.frames()).unwrap() {
        let take = |_: &crate::Blob, bytes: Option<&[u8]>| {
            count += usize::from(bytes.is_some());
            Ok(())
        };
        index.each(frame, range(&bytes, index.range(frame)), take).unwrap();
    }
    assert_eq!(count, blobs.len());
}

#[test]
fn frames_move_to_another_pack_as_they_are() {
    let bytes = pack(&blobs());
    let index = Index::from_pack(&bytes).unwrap();
    let mut writer = PackWriter::new(Vec::new(), 3).unwrap();
    for frame in (0..u32::try_from(index.frames()).unwrap()).rev() {
        let from = range(&bytes, index.range(frame));
        assert!(writer.add_frame(from, index.blobs_of(frame)).unwrap());
        assert!(!writer.add_frame(from, index.blobs_of(frame)).unwrap());
    }
    let (moved, written) = writer.finish().unwrap();
    assert_eq!((written.id, written.len), (PackId::of(&moved), moved.len() as u64));
    let after = Index::from_pack(&moved).unwrap();
    for (_, blob) in blobs() {
        let id = BlobId::of(&blob);
        let frame = range(&moved, after.range(after.place(&id).unwrap().frame));
        assert_eq!(after.blob(&id, frame).unwrap(), blob);
    }
}

#[test]
fn the_index_is_read_from_the_end() {
    let bytes = pack(&blobs());
    let whole = Index::from_pack(&bytes).unwrap();
    let len = bytes.len() as u64;
    let Tail::Needs(first) = Index::from_tail(&[], len).unwrap() else { panic!() };
    assert_eq!(first, Index::FIRST_READ);
    let Tail::Needs(needs) = Index::from_tail(&bytes[bytes.len() - 100..], len).unwrap() else {
        panic!()
    };
    let from = bytes.len() - usize::try_from(needs).unwrap();
    let Tail::Index(index) = Index::from_tail(&bytes[from..], len).unwrap() else { panic!() };
    assert_eq!(index, whole);
    assert_eq!(Index::from_pack(&pack(&[])).unwrap().blobs(), &[]);
}

#[test]
fn a_damaged_blob_is_named_and_the_others_are_read() {
    let blobs = blobs();
    let bytes = pack(&blobs);
    let index = Index::from_pack(&bytes).unwrap();
    let large = BlobId::of(&noise(1, 300_000));
    let frame = index.place(&large).unwrap().frame;
    let mut broken = range(&bytes, index.range(frame)).to_vec();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    assert!(matches!(index.blob(&large, &broken), Err(Error::Damaged(id)) if id == large));
    assert!(matches!(index.blob(&large, &broken[1..]), Err(Error::Damaged(_))));
    assert!(matches!(index.blob(&BlobId::of(b"?"), &broken), Err(Error::Missing(_))));
}

#[test]
fn no_byte_of_the_end_can_change_unseen() {
    let bytes = pack(&[(Kind::Chunk, b"hello".to_vec()), (Kind::Tree, b"world".to_vec())]);
    let index = Index::from_pack(&bytes).unwrap();
    let frames = usize::try_from(index.range(1).end).unwrap();
    for at in (0..HEADER).chain(frames..bytes.len()) {
        let mut broken = bytes.clone();
        broken[at] ^= 1;
        assert!(Index::from_pack(&broken).is_err(), "{at}");
    }
    for len in 0..bytes.len() {
        assert!(Index::from_pack(&bytes[..len]).is_err(), "{len}");
    }
}

/// A pack with this index, whatever it says.
fn forged(frames: &[u8], index: &[u8]) -> Vec<u8> {
    let mut bytes = [&MAGIC[..], &[VERSION], frames, index].concat();
    bytes.extend_from_slice(&u32::try_from(index.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(blake3::hash(index).as_bytes());
    bytes.push(VERSION);
    bytes.extend_from_slice(&MAGIC);
    bytes
}

/// Length and name.
type Claim = (u64, [u8; 32]);

fn index_of(frames: &[(u64, &[Claim])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_number(&mut bytes, frames.len() as u64);
    for (packed, blobs) in frames {
        put_number(&mut bytes, *packed);
        put_number(&mut bytes, blobs.len() as u64);
        for (len, id) in *blobs {
            bytes.push(0);
            put_number(&mut bytes, *len);
            bytes.extend_from_slice(id);
        }
    }
    bytes
}

#[test]
fn an_index_that_lies_is_refused() {
    let refused = |frames: &[u8], index: &[u8]| Index::from_pack(&forged(frames, index)).is_err();
    assert!(!refused(b"xx", &index_of(&[(2, &[(9, [1; 32])])])));
    assert!(refused(b"xx", &index_of(&[(3, &[(9, [1; 32])])])), "frames beyond the end");
    assert!(refused(b"xx", &index_of(&[(1, &[(9, [1; 32])])])), "bytes that are in no frame");
    assert!(refused(b"xx", &index_of(&[(2, &[])])), "an empty frame");
    assert!(refused(b"xx", &index_of(&[(2, &[(9, [1; 32]), (9, [1; 32])])])), "twice");
    let large = MAX_FRAME as u64;
    assert!(refused(b"xx", &index_of(&[(2, &[(large, [1; 32]), (1, [2; 32])])])), "too large");
    assert!(refused(b"xx", &index_of(&[(u64::MAX, &[(1, [1; 32])])])), "an overflow");
    assert!(refused(b"", &[0xff, 0xff, 0xff, 0xff, 0x7f]), "a count without frames");
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 3).unwrap();
    let id = BlobId::of(b"x");
    let index = index_of(&[(bomb.len() as u64, &[(1, *id.as_bytes())])]);
    let bytes = forged(&bomb, &index);
    let index = Index::from_pack(&bytes).unwrap();
    assert!(matches!(index.blob(&id, range(&bytes, index.range(0))), Err(Error::Damaged(_))));
}
