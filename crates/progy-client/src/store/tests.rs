use std::collections::BTreeSet;

use progy_core::{ContentHash, HashKind};

use super::Store;
use crate::disk::{Disk, RealDisk};
use crate::layout;

const LIMIT: u64 = 64 << 20;

struct Folder {
    disk: RealDisk,
    _folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { disk: RealDisk::new(folder.path()), _folder: folder }
    }

    fn keep(&self, contents: &[&[u8]], kind: HashKind) -> Vec<ContentHash> {
        let store = Store::new(&self.disk);
        let mut batch = store.batch();
        let mut names = Vec::new();
        for bytes in contents {
            let name = kind.hash(bytes);
            batch.put(&name, bytes).unwrap();
            names.push(name);
        }
        batch.finish().unwrap();
        names
    }

    fn files(&self) -> Vec<String> {
        let listed = self.disk.list(layout::PACKS).unwrap();
        listed.into_iter().map(|item| item.name.unwrap()).collect()
    }
}

/// Bytes that do not compress, different for each seed.
fn noise(seed: u8, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

#[test]
fn contents_of_any_size_are_found_by_another_process() {
    for kind in [HashKind::Blake3, HashKind::GitBlob] {
        let folder = Folder::new();
        let contents = [vec![], b"a".to_vec(), noise(1, 70_000), noise(2, 20 << 20)];
        let slices: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
        let names = folder.keep(&slices, kind);
        let store = Store::new(&folder.disk);
        for (name, bytes) in names.iter().zip(&contents) {
            assert!(store.keeps(name));
            assert!(store.get(name, LIMIT).as_ref() == Some(bytes));
            let mut written = Vec::new();
            assert!(store.write_to(name, &mut written).unwrap());
            assert!(written == *bytes);
        }
        assert!(!store.keeps(&kind.hash(b"never kept")));
        assert!(store.get(&names[3], 1 << 20).is_none(), "it is larger than the limit");
    }
}

#[test]
fn what_was_not_finished_is_not_there_and_does_no_harm() {
    let folder = Folder::new();
    let store = Store::new(&folder.disk);
    let name = ContentHash::blake3(b"lost");
    let mut batch = store.batch();
    batch.put(&name, b"lost").unwrap();
    drop(batch);
    assert!(!store.keeps(&name));
    let kept = folder.keep(&[b"kept"], HashKind::Blake3);
    assert!(Store::new(&folder.disk).keeps(&kept[0]));
}

#[test]
fn a_content_is_kept_once() {
    let folder = Folder::new();
    let large = noise(1, 300_000);
    folder.keep(&[&large, b"small"], HashKind::Blake3);
    let before = folder.files();
    folder.keep(&[b"small"], HashKind::Blake3);
    assert_eq!(folder.files(), before);
    let again = folder.keep(&[&large, b"small"], HashKind::GitBlob);
    let store = Store::new(&folder.disk);
    assert!(again.iter().all(|name| store.keeps(name)), "under both names");
    let bytes: u64 =
        folder.disk.list(layout::PACKS).unwrap().iter().map(|item| item.meta.size).sum();
    assert!(bytes < 310_000, "and not twice: {bytes}");
}

#[test]
fn a_damaged_pack_is_as_good_as_none() {
    let folder = Folder::new();
    let bytes = noise(1, 50_000);
    let names = folder.keep(&[&bytes], HashKind::Blake3);
    let path = format!("{}/{}", layout::PACKS, folder.files()[0]);
    let whole = folder.disk.read(&path, LIMIT).unwrap();
    for at in [0, 20_000, whole.len() - 20, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        folder.disk.write(&path, &damaged, false).unwrap();
        // Nobody reads what a pack begins with: its name tells what it is.
        assert_eq!(Store::new(&folder.disk).keeps(&names[0]), at == 0, "{at}");
    }
    for end in [0, 1, 20_000, whole.len() - 1] {
        folder.disk.write(&path, &whole[..end], false).unwrap();
        assert!(!Store::new(&folder.disk).keeps(&names[0]), "{end}");
    }
    // What is kept anew takes the place of the damage.
    folder.keep(&[&bytes], HashKind::Blake3);
    assert!(Store::new(&folder.disk).keeps(&names[0]));
}

#[test]
fn only_what_is_needed_stays() {
    let folder = Folder::new();
    let contents: Vec<Vec<u8>> = (0..40).map(|n| noise(n, 30_000 + usize::from(n))).collect();
    let mut names = Vec::new();
    for pair in contents.chunks(2) {
        names.extend(folder.keep(&[&pair[0], &pair[1]], HashKind::Blake3));
    }
    let git = folder.keep(&[&contents[0], b"only here"], HashKind::GitBlob);
    assert!(folder.files().len() > 20);
    let needed: BTreeSet<ContentHash> = names.iter().step_by(3).chain(&git).copied().collect();
    for _ in 0..2 {
        Store::new(&folder.disk).collect(&needed).unwrap();
        let store = Store::new(&folder.disk);
        assert!(needed.iter().all(|name| store.keeps(name)));
        assert!(names.iter().filter(|name| !needed.contains(name)).count() > 20);
        let bytes: u64 =
            folder.disk.list(layout::PACKS).unwrap().iter().map(|item| item.meta.size).sum();
        assert!(bytes < 14 * 30_100 * 2, "less than half is waste: {bytes}");
    }
    assert!(folder.files().len() < 20, "small packs are put together");
    Store::new(&folder.disk).collect(&BTreeSet::new()).unwrap();
    assert_eq!(folder.files(), Vec::<String>::new());
}

#[test]
fn a_content_that_others_share_chunks_with_survives_them() {
    let folder = Folder::new();
    let one = noise(1, 2 << 20);
    let mut other = one.clone();
    other.extend_from_slice(b"more");
    folder.keep(&[&one], HashKind::Blake3);
    let longer = folder.keep(&[&other], HashKind::Blake3)[0];
    Store::new(&folder.disk).collect(&BTreeSet::from([longer])).unwrap();
    let store = Store::new(&folder.disk);
    assert!(store.get(&longer, LIMIT).is_some_and(|bytes| bytes == other));
}
