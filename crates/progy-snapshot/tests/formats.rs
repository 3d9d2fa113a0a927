//! `docs/formats.md` says what the code does: every vector of the page.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use progy_core::{ContentHash, LinkTarget, RelPath};
use progy_snapshot::chunk::{Chunker, Sizes};
use progy_snapshot::exchange::links;
use progy_snapshot::file::{Content, Recipe};
use progy_snapshot::pack::{Index, PackId, PackWriter};
use progy_snapshot::recipe::{Item as Listed, RecipeBuilder};
use progy_snapshot::tree::{FileItem, Item, TreeBuilder};
use progy_snapshot::{BlobId, BlobSource, Kind, MemoryBlobs};

fn noise(text: &str, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(text.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cuts(bytes: &[u8], sizes: Sizes) -> String {
    let mut lengths = Vec::new();
    let take = |chunk: &[u8]| {
        lengths.push(chunk.len().to_string());
        Ok(())
    };
    Chunker::new().cut(&mut &bytes[..], sizes, take).unwrap();
    lengths.join(" ")
}

fn file(bytes: &[u8], executable: bool, modified: i64) -> Item {
    let hash = ContentHash::blake3(bytes);
    let content = Content { hash, size: bytes.len() as u64, recipe: Recipe::Whole };
    Item::File(FileItem { content, executable, modified })
}

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn recipe(items: &[Listed], blobs: &mut MemoryBlobs) -> BlobId {
    let mut builder = RecipeBuilder::new();
    for item in items {
        builder.push(*item, blobs).unwrap();
    }
    builder.finish(blobs).unwrap().unwrap().0.id
}

fn computed() -> Vec<(&'static str, String)> {
    let mut blobs = MemoryBlobs::default();
    let listed = |text: &[u8]| Listed { id: BlobId::of(text), len: text.len() as u64 };
    let two = recipe(&[listed(b"abc"), listed(b"hello")], &mut blobs);
    let many: Vec<_> = (0..5000_u64)
        .map(|n| Listed { id: BlobId::of(&n.to_le_bytes()), len: n % 1000 + 1 })
        .collect();
    let many = recipe(&many, &mut blobs);

    let mut tree = TreeBuilder::new();
    let link = LinkTarget::new(&path("link"), "src/run").unwrap();
    for (at, item) in [
        ("empty", Item::Folder),
        ("link", Item::Symlink(link)),
        ("src/lib", file(b"", false, -1)),
        ("src/run", file(b"hello", true, 1_700_000_000_123_456_789)),
    ] {
        tree.push(&path(at), &item, &mut blobs).unwrap();
    }
    let small = tree.finish(&mut blobs).unwrap();

    let mut tree = TreeBuilder::new();
    for n in 0..10_000_u64 {
        let at = path(&format!("{:02}/{n:05}", n / 5000));
        tree.push(&at, &file(&n.to_le_bytes(), false, 0), &mut blobs).unwrap();
    }
    let large = tree.finish(&mut blobs).unwrap();
    vec![
        ("cuts of noise(`chunks`, 1 MiB)", cuts(&noise("chunks", 1 << 20), Sizes::SMALL)),
        (
            "the same as a large file: noise(`chunks`, 16 MiB)",
            cuts(&noise("chunks", 16 << 20), Sizes::LARGE),
        ),
        ("list of the chunks `abc` and `hello`", hex(&blobs.blob(&two).unwrap())),
        ("its name", two.to_string()),
        (
            "topmost list of 5,000 chunks *n* from 0 on, as if *n* mod 1,000 + 1 long",
            many.to_string(),
        ),
        (
            "root of the empty folder `empty`, the link `link` to `src/run`, the empty file `src/lib` of time −1 and the executable file `src/run` with `hello` of time 1,700,000,000,123,456,789",
            hex(&blobs.blob(&small).unwrap()),
        ),
        ("its name", small.to_string()),
        (
            "root of 10,000 files of time 0 with *n*: `00/00000` to `00/04999`, `01/05000` to `01/09999`",
            large.to_string(),
        ),
    ]
}

/// The rows of the page's last table.
fn page() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, vectors) = page.split_once("## Vectors").unwrap();
    let rows = vectors.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix("` |"));
    rows.map(|row| {
        let (what, value) = row.rsplit_once(" | `").unwrap();
        (what.to_owned(), value.to_owned())
    })
    .collect()
}

#[test]
fn what_is_written_is_what_the_page_says() {
    let mut found = page();
    found.pop();
    let expected: Vec<_> =
        computed().into_iter().map(|(what, value)| (what.to_owned(), value)).collect();
    let shown: String =
        expected.iter().map(|(what, value)| format!("| {what} | `{value}` |\n")).collect();
    assert!(found == expected, "the page should say\n{shown}");
}

/// Packs are only read: another zstd may pack the same blobs otherwise.
#[test]
fn the_pack_of_the_page_is_read() {
    let mut writer = PackWriter::new(Vec::new(), 3).unwrap();
    writer.add(Kind::Chunk, BlobId::of(b"abc"), b"abc").unwrap();
    writer.add(Kind::Chunk, BlobId::of(b"hello"), b"hello").unwrap();
    let (written, _) = writer.finish().unwrap();

    let (what, value) = page().pop().unwrap();
    let shown = format!("| a pack with the chunks `abc` and `hello` | `{}` |", hex(&written));
    assert_eq!(what, "a pack with the chunks `abc` and `hello`", "the page should say\n{shown}");
    let bytes: Vec<u8> = (0..value.len() / 2)
        .map(|at| u8::from_str_radix(&value[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    for bytes in [bytes, written] {
        let index = Index::from_pack(&bytes).unwrap();
        let range = index.range(0);
        let frame =
            &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
        for text in [&b"abc"[..], b"hello"] {
            assert_eq!(index.blob(&BlobId::of(text), frame).unwrap(), text);
        }
        assert_eq!(PackId::of(&bytes).to_string().len(), 64);
    }
}

#[test]
fn links_name_what_is_needed() {
    let mut blobs = MemoryBlobs::default();
    let items: Vec<_> =
        (0..3000_u64).map(|n| Listed { id: BlobId::of(&n.to_le_bytes()), len: 1 }).collect();
    let top = recipe(&items, &mut blobs);
    let mut kinds = BTreeMap::new();
    let mut left = vec![(Kind::Recipe, top)];
    while let Some((kind, id)) = left.pop() {
        *kinds.entry(kind).or_insert(0) += 1;
        if kind != Kind::Chunk {
            left.extend(links(kind, &blobs.blob(&id).unwrap()).unwrap());
        }
    }
    assert_eq!(kinds[&Kind::Chunk], 3000);
    assert_eq!(kinds[&Kind::Recipe], blobs.blobs.len());
}
