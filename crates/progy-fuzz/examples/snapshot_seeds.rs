//! Writes the seeds of snapshots: `cargo run -p progy-fuzz --example snapshot_seeds`.

#![allow(clippy::unwrap_used, reason = "a tool for developers: it fails by panicking")]

use std::fs;
use std::path::Path;

use progy_core::{ContentHash, LinkTarget, RelPath};
use progy_snapshot::file::{Content, Recipe};
use progy_snapshot::pack::{Index, PackWriter};
use progy_snapshot::recipe::{Item as Listed, RecipeBuilder};
use progy_snapshot::tree::{FileItem, Item, TreeBuilder};
use progy_snapshot::{BlobId, BlobSource, Kind, MemoryBlobs};

/// Length of the index, its hash, version and magic.
const TRAILER: usize = 4 + 32 + 1 + 8;
const HEADER: usize = 9;

fn main() {
    packs();
    lists();
    nodes();
}

fn put(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

fn packs() {
    let large = vec![0; 70_000];
    let packs: [(&str, &[&[u8]]); 4] = [
        ("empty", &[]),
        ("one", &[b"fn main() {}\n"]),
        ("some", &[b"", b"fn main() {}\n", b"fn main() { }\n", &[7; 300]]),
        ("two-frames", &[&large, b"hello"]),
    ];
    for (name, blobs) in packs {
        let mut writer = PackWriter::new(Vec::new(), 3).unwrap();
        for (number, bytes) in blobs.iter().enumerate() {
            let kind = [Kind::Chunk, Kind::Tree, Kind::Recipe][number % 3];
            writer.add(kind, BlobId::of(bytes), bytes).unwrap();
        }
        let (pack, _) = writer.finish().unwrap();
        put("snapshot_pack", name, &pack);
        let index = Index::from_pack(&pack).unwrap();
        let ends = (0..index.frames()).map(|frame| index.range(u32::try_from(frame).unwrap()).end);
        let end = usize::try_from(ends.max().unwrap_or(HEADER as u64)).unwrap();
        let (frames, rest) = (&pack[HEADER..end], &pack[end..pack.len() - TRAILER]);
        put("snapshot_frames", name, &[frames, b"%%\n", rest].concat());
    }
    let bomb = zstd::bulk::compress(&vec![0; 32 << 20], 3).unwrap();
    let mut index = vec![1];
    let mut len = bomb.len();
    while len >= 0x80 {
        index.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
        len >>= 7;
    }
    index.extend([u8::try_from(len).unwrap(), 1, 0, 1]);
    index.extend_from_slice(BlobId::of(b"x").as_bytes());
    put("snapshot_frames", "bomb", &[&bomb[..], b"%%\n", &index].concat());
}

fn lists() {
    for count in [2, 100, 2000_u64] {
        let mut blobs = MemoryBlobs::default();
        let mut builder = RecipeBuilder::new();
        for n in 0..count {
            let chunk = Listed { id: BlobId::of(&n.to_le_bytes()), len: n * 1000 + 1 };
            builder.push(chunk, &mut blobs).unwrap();
        }
        let (top, _) = builder.finish(&mut blobs).unwrap().unwrap();
        put("snapshot_list", &format!("of-{count}"), &blobs.blob(&top.id).unwrap());
    }
}

fn nodes() {
    let path = |text: &str| RelPath::new(text).unwrap();
    let file = |text: &str, recipe| {
        let content = Content { hash: ContentHash::blake3(text.as_bytes()), size: 9, recipe };
        Item::File(FileItem { content, executable: text.len() > 1, modified: 1 << 60 })
    };
    let link = LinkTarget::new(&path("link"), "src/main.rs").unwrap();
    let lists = Recipe::Lists(BlobId::of(b"list"));
    let trees: [(&str, Vec<(&str, Item)>); 4] = [
        ("empty", vec![]),
        ("one", vec![("main.rs", file("x", Recipe::Whole))]),
        ("one-deep", vec![("a/b/c/d", file("x", Recipe::Whole)), ("a/b/e", Item::Folder)]),
        (
            "typical",
            vec![
                ("data/large", file("large", lists)),
                ("empty", Item::Folder),
                ("link", Item::Symlink(link)),
                ("lição/exercício.rs", file("x", Recipe::Whole)),
                ("src/lib.rs", file("y", Recipe::Whole)),
                ("src/main.rs", file("main", Recipe::Whole)),
            ],
        ),
    ];
    for (name, entries) in trees {
        let mut blobs = MemoryBlobs::default();
        let mut builder = TreeBuilder::new();
        for (at, item) in entries {
            builder.push(&path(at), &item, &mut blobs).unwrap();
        }
        let root = builder.finish(&mut blobs).unwrap();
        put("snapshot_node", name, &blobs.blob(&root).unwrap());
    }
    let mut blobs = MemoryBlobs::default();
    let mut builder = TreeBuilder::new();
    for n in 0..2000 {
        let at = path(&format!("{n:04}"));
        builder.push(&at, &file("x", Recipe::Whole), &mut blobs).unwrap();
    }
    let root = builder.finish(&mut blobs).unwrap();
    put("snapshot_node", "of-nodes", &blobs.blob(&root).unwrap());
}
