//! What the formats cost, on made-up data: run with `--release`, or under the profile `sim`.
//!
//! Prints throughput of cutting, hashing and packing, how small blobs are packed best, and how large
//! the nodes of large trees are. With `large N` it packs one file of N gibibytes instead, so that
//! its memory can be watched. No test depends on it.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "an example for developers, whose figures are rounded"
)]

use std::cell::Cell;
use std::io::Write as _;
use std::time::{Duration, Instant};

use progy_core::{ContentHash, RelPath};
use progy_snapshot::file::{Content, Recipe, Splitter};
use progy_snapshot::pack::PackWriter;
use progy_snapshot::tree::{Diff, Edit, FileItem, Item, TreeBuilder, update};
use progy_snapshot::{BlobId, BlobSink, BlobSource, Kind, MemoryBlobs, Result};

/// Text that compresses about as source code does.
fn text(seed: u64, len: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "let ", "value", " = ", "self.", "count", "();\n", "fn ", "result", "(&mut ", "String",
        ") ", "{\n    ", "}\n", "match ", "index", " => ",
    ];
    let mut noise = vec![0; len / 4 + 8];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut noise);
    let mut bytes = Vec::with_capacity(len + 8);
    for byte in noise {
        bytes.extend_from_slice(WORDS[usize::from(byte % 16)].as_bytes());
        if byte >= 224 {
            write!(bytes, "{:x}", u64::from(byte) * seed).unwrap();
        }
        if bytes.len() >= len {
            break;
        }
    }
    bytes.truncate(len);
    bytes
}

struct ToPacks {
    writer: Option<PackWriter<std::io::Sink>>,
    packs: usize,
    bytes: u64,
}

impl ToPacks {
    fn new() -> Self {
        Self { writer: None, packs: 0, bytes: 0 }
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            self.bytes += writer.finish()?.1.len;
            self.packs += 1;
        }
        Ok(())
    }
}

impl BlobSink for ToPacks {
    fn put(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(PackWriter::new(std::io::sink(), 3)?),
        };
        writer.add(kind, id, bytes)?;
        if writer.is_full() { self.finish() } else { Ok(()) }
    }
}

struct Nowhere;

impl BlobSink for Nowhere {
    fn put(&mut self, _: Kind, _: BlobId, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

struct Counting<'a>(&'a MemoryBlobs, Cell<usize>, Cell<usize>);

impl BlobSource for Counting<'_> {
    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        let bytes = self.0.blob(id)?;
        self.1.set(self.1.get() + 1);
        self.2.set(self.2.get() + bytes.len());
        Ok(bytes)
    }
}

fn rate(bytes: usize, took: Duration) -> f64 {
    bytes as f64 / took.as_secs_f64() / 1e6
}

fn throughput() {
    let data: Vec<_> = (1..=16).map(|n| text(n, 16 << 20)).collect();
    let total: usize = data.iter().map(Vec::len).sum();
    let mut splitter = Splitter::new();
    let begun = Instant::now();
    for bytes in &data {
        splitter.split(&mut &bytes[..], bytes.len() as u64, &mut Nowhere).unwrap();
    }
    println!("cut and hash twice: {:.0} MB/s", rate(total, begun.elapsed()));
    let mut packs = ToPacks::new();
    let begun = Instant::now();
    for bytes in &data {
        splitter.split(&mut &bytes[..], bytes.len() as u64, &mut packs).unwrap();
    }
    packs.finish().unwrap();
    println!(
        "cut, hash, compress, pack: {:.0} MB/s, {} MB to {} MB in {} packs",
        rate(total, begun.elapsed()),
        total >> 20,
        packs.bytes >> 20,
        packs.packs
    );
}

/// Small files one by one, with a dictionary of the first of them, and in frames of several sizes.
fn small_blobs() {
    let files: Vec<_> = (1..=4000_u64).map(|n| text(n, 300 + (n as usize * 37) % 3000)).collect();
    let total: usize = files.iter().map(Vec::len).sum();
    let mut plain = zstd::bulk::Compressor::new(3).unwrap();
    let compress = |name: &str, compressor: &mut zstd::bulk::Compressor, at_least: usize| {
        let begun = Instant::now();
        let (mut packed, mut frame) = (0, Vec::new());
        for file in &files {
            frame.extend_from_slice(file);
            if frame.len() >= at_least {
                packed += compressor.compress(&frame).unwrap().len();
                frame.clear();
            }
        }
        packed += compressor.compress(&frame).unwrap().len();
        println!(
            "small files {name}: {} KB to {} KB, {:.0} MB/s",
            total >> 10,
            packed >> 10,
            rate(total, begun.elapsed())
        );
    };
    compress("one by one", &mut plain, 0);
    let dictionary = files[..64].concat();
    let mut with = zstd::bulk::Compressor::with_dictionary(3, &dictionary).unwrap();
    compress("with a dictionary", &mut with, 0);
    for size in [16, 64, 128, 512] {
        compress(&format!("in frames of {size} KiB"), &mut plain, size << 10);
    }
}

fn file(n: u64) -> Item {
    let hash = ContentHash::blake3(&n.to_le_bytes());
    let content = Content { hash, size: n % 5000 + 1, recipe: Recipe::Whole };
    Item::File(FileItem {
        content,
        executable: false,
        modified: 1_700_000_000_000_000_000 + n as i64,
    })
}

fn tree(name: &str, paths: &[String]) {
    let mut blobs = MemoryBlobs::default();
    let begun = Instant::now();
    let mut builder = TreeBuilder::new();
    for (n, path) in paths.iter().enumerate() {
        builder.push(&RelPath::new(path).unwrap(), &file(n as u64), &mut blobs).unwrap();
    }
    let root = builder.finish(&mut blobs).unwrap();
    let took = begun.elapsed();
    let bytes: usize = blobs.blobs.values().map(|(_, bytes)| bytes.len()).sum();
    println!(
        "{name}: {} entries, {} nodes, {} KB, {took:.0?}",
        paths.len(),
        blobs.blobs.len(),
        bytes >> 10
    );

    let source = Counting(&blobs, Cell::new(0), Cell::new(0));
    let mut made = MemoryBlobs::default();
    let edited = RelPath::new(&paths[paths.len() / 2]).unwrap();
    let begun = Instant::now();
    let new = update(&source, Some(root), [(edited, Edit::Put(file(1 << 40)))], &mut made).unwrap();
    let took = begun.elapsed();
    let bytes: usize = made.blobs.values().map(|(_, bytes)| bytes.len()).sum();
    println!(
        "  one edit: reads {} nodes, {} KB; writes {} nodes, {:.1} KB; {took:.0?}",
        source.1.get(),
        source.2.get() >> 10,
        made.blobs.len(),
        bytes as f64 / 1024.0
    );
    blobs.blobs.extend(made.blobs);
    let source = Counting(&blobs, Cell::new(0), Cell::new(0));
    let begun = Instant::now();
    let found = Diff::new(&source, Some(root), Some(new)).count();
    println!(
        "  diff: {found} change, reads {} nodes, {} KB; {:.0?}",
        source.1.get(),
        source.2.get() >> 10,
        begun.elapsed()
    );
    let begun = Instant::now();
    let count = Diff::new(&blobs, None, Some(new)).count();
    println!("  walk: {count} entries in {:.0?}", begun.elapsed());
}

/// Bytes without pattern, as many as there are left.
struct Noise(u64, u64);

impl std::io::Read for Noise {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let len = to.len().min(usize::try_from(self.1).unwrap_or(usize::MAX));
        let to = &mut to[..len];
        for eight in to.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            eight.copy_from_slice(&self.0.to_le_bytes()[..eight.len()]);
        }
        self.1 -= len as u64;
        Ok(len)
    }
}

fn large(gibibytes: u64) {
    let size = gibibytes << 30;
    let mut packs = ToPacks::new();
    let begun = Instant::now();
    let content = Splitter::new().split(&mut Noise(1, size), size, &mut packs).unwrap();
    packs.finish().unwrap();
    println!(
        "{} bytes: {:.0} MB/s, {} packs, {} bytes",
        content.size,
        rate(size as usize, begun.elapsed()),
        packs.packs,
        packs.bytes
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("large") {
        return large(arguments.next().map_or(10, |text| text.parse().unwrap()));
    }
    throughput();
    small_blobs();
    let tiny: Vec<String> =
        (0..100_000).map(|n| format!("src/{:04}/{:06}.txt", n / 50, n)).collect();
    tree("100,000 tiny files in folders of 50", &tiny);
    let few: Vec<String> = (0..100_000).map(|n| format!("src/{:05}/{:06}.txt", n / 5, n)).collect();
    tree("100,000 tiny files in folders of 5", &few);
    let one: Vec<String> = (0..500_000).map(|n| format!("data/{n:06}.json")).collect();
    tree("500,000 files in one folder", &one);
    let deep: Vec<String> = (0..500_000)
        .map(|n| format!("a/{:02}/{:03}/{:04}/{n:06}.json", n / 50_000, n / 2000, n / 50))
        .collect();
    tree("500,000 files, five deep", &deep);
}
