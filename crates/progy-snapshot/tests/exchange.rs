//! A tree on its way to a server and back.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashMap};

use progy_core::RelPath;
use progy_snapshot::exchange::{Answer, BATCH, Frontier, Location, Needs, fetches};
use progy_snapshot::file::{self, Splitter};
use progy_snapshot::pack::{Index, PackId, PackWriter};
use progy_snapshot::tree::{FileItem, Item, TreeBuilder, entries};
use progy_snapshot::{BlobId, BlobSink, BlobSource, Kind, MemoryBlobs};

type Files = BTreeMap<String, Vec<u8>>;

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn files() -> Files {
    let mut files = Files::new();
    for n in 0..700_u64 {
        files.insert(format!("src/{:02}/{n}.rs", n % 30), format!("fn main() {{ {n} }}\n").into());
    }
    files.insert("data/large.bin".into(), noise(1, 20 << 20));
    files.insert("data/copy.bin".into(), noise(1, 20 << 20));
    files.insert("empty".into(), Vec::new());
    files
}

fn snapshot(files: &Files, sink: &mut dyn BlobSink) -> BlobId {
    let mut splitter = Splitter::new();
    let mut tree = TreeBuilder::new();
    for (path, bytes) in files {
        let content = splitter.split(&mut &bytes[..], bytes.len() as u64, sink).unwrap();
        let item = FileItem { content, executable: false, modified: 1 };
        tree.push(&RelPath::new(path).unwrap(), &Item::File(item), sink).unwrap();
    }
    tree.finish(sink).unwrap()
}

/// A server that keeps packs.
#[derive(Default)]
struct Server {
    packs: HashMap<PackId, Vec<u8>>,
    places: HashMap<BlobId, Location>,
    requests: usize,
}

impl Server {
    /// Sends what is missing of `new`; how many bytes that were.
    fn save(&mut self, local: &MemoryBlobs, old: Option<BlobId>, new: BlobId) -> usize {
        let mut sent = 0;
        let mut needs = Needs::new(local, old, new);
        let mut writer = PackWriter::new(Vec::new(), 3).unwrap();
        loop {
            let batch = needs.batch(BATCH).unwrap();
            if batch.is_empty() {
                break;
            }
            let ids = batch.iter().map(|needed| &needed.blob.id);
            let answer = Answer::to(ids, |id| self.places.contains_key(id));
            for needed in answer.missing(batch) {
                let bytes = local.blob(&needed.blob.id).unwrap();
                assert_eq!(bytes.len(), needed.blob.len as usize);
                writer.add(needed.blob.kind, needed.blob.id, &bytes).unwrap();
                if writer.is_full() {
                    let next = PackWriter::new(Vec::new(), 3).unwrap();
                    sent += self.take(std::mem::replace(&mut writer, next));
                }
            }
        }
        if writer.blobs() > 0 { sent + self.take(writer) } else { sent }
    }

    fn take(&mut self, writer: PackWriter<Vec<u8>>) -> usize {
        let (bytes, written) = writer.finish().unwrap();
        let index = Index::from_pack(&bytes).unwrap();
        for blob in index.blobs() {
            let frame = index.range(index.place(&blob.id).unwrap().frame);
            self.places.insert(blob.id, Location { pack: written.id, frame });
        }
        let len = bytes.len();
        self.packs.insert(written.id, bytes);
        len
    }

    fn fetch(&mut self, wanted: impl IntoIterator<Item = BlobId>, to: &mut MemoryBlobs) {
        let wanted = wanted.into_iter().map(|id| (id, self.places[&id].clone()));
        for fetch in fetches(wanted, 64 << 10, 8 << 20) {
            self.requests += 1;
            let pack = &self.packs[&fetch.pack];
            let index = Index::from_pack(pack).unwrap();
            for (frame, ids) in fetch.frames {
                assert!(fetch.range.start <= frame.start && frame.end <= fetch.range.end);
                let bytes = &pack
                    [usize::try_from(frame.start).unwrap()..usize::try_from(frame.end).unwrap()];
                for id in ids {
                    to.put(Kind::Chunk, id, &index.blob(&id, bytes).unwrap()).unwrap();
                }
            }
        }
    }

    fn restore(&mut self, have: Option<BlobId>, root: BlobId, local: &mut MemoryBlobs) -> Files {
        let mut frontier = Frontier::new(root);
        loop {
            let missing = frontier.round(local, BATCH).unwrap();
            if missing.is_empty() {
                break;
            }
            self.fetch(missing.into_iter().map(|(_, id)| id), local);
        }
        loop {
            // What came with an earlier batch is there already; the walk begins anew, as after a crash.
            let needs = Needs::new(local, have, root).map(Result::unwrap);
            let wanted = needs.map(|needed| needed.blob.id);
            let wanted: Vec<_> =
                wanted.filter(|id| !local.blobs.contains_key(id)).take(BATCH).collect();
            if wanted.is_empty() {
                break;
            }
            self.fetch(wanted, local);
        }
        let mut files = Files::new();
        for entry in entries(local, root) {
            let (path, item) = entry.unwrap();
            let mut bytes = Vec::new();
            file::join(local, &item.as_file().unwrap().content, &mut bytes).unwrap();
            files.insert(path.to_string(), bytes);
        }
        files
    }
}

#[test]
fn there_and_back() {
    let mut server = Server::default();
    let (mut laptop, mut desktop) = (MemoryBlobs::default(), MemoryBlobs::default());
    let mut work = files();
    let first = snapshot(&work, &mut laptop);
    let sent = server.save(&laptop, None, first);
    assert!((20 << 20..21 << 20).contains(&sent), "{sent}: the copy is not sent");
    assert_eq!(server.save(&laptop, None, first), 0, "sent once");
    assert!(server.restore(None, first, &mut desktop) == work);
    assert!(server.requests < 20, "{}", server.requests);

    work.get_mut("src/07/7.rs").unwrap().extend_from_slice(b"// one line\n");
    let second = snapshot(&work, &mut laptop);
    let sent = server.save(&laptop, Some(first), second);
    assert!(sent < 5000, "{sent}");

    work.get_mut("data/large.bin").unwrap().splice(9_000_000..9_000_000, *b"one line\n");
    let third = snapshot(&work, &mut laptop);
    let sent = server.save(&laptop, Some(second), third);
    assert!(sent < 200_000, "{sent}");

    let moved: Files =
        work.iter().map(|(path, bytes)| (format!("all/{path}"), bytes.clone())).collect();
    let fourth = snapshot(&moved, &mut laptop);
    let sent = server.save(&laptop, Some(third), fourth);
    assert!(sent < 1000, "{sent}");

    assert!(server.restore(Some(first), third, &mut desktop) == work);
    assert!(server.restore(Some(third), fourth, &mut desktop) == moved);
}

#[test]
fn an_answer_that_is_too_short_only_sends_more() {
    let ids: Vec<_> = (0..20_u8).map(|n| BlobId::of(&[n])).collect();
    let answer = Answer::to(&ids, |id| ids.iter().position(|at| at == id).unwrap() % 3 == 0);
    assert_eq!(answer.as_bytes().len(), 3);
    assert!((0..20).all(|n| answer.has(n) == (n % 3 == 0)) && !answer.has(20) && !answer.has(1000));
    assert!(!Answer::from_bytes(vec![]).has(0));
}
