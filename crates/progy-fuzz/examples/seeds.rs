//! Writes the seeds that no editor can: `cargo run -p progy-fuzz --example seeds`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a tool for developers: it fails by panicking"
)]
#![allow(clippy::unnecessary_debug_formatting, reason = "a path that is no text is shown as such")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use progy_api::delta::compress;
use progy_client::state::{Base, Overlay, Queued, State};
use progy_core::progress::{Attempt, Day, Progress};
use progy_core::{
    ContentHash, CourseId, DeviceId, Entry, LessonId, LinkTarget, RelPath, RevisionId, SaveId,
    Strategy, Timestamp, Tree,
};
use semver::Version;
use serde::Serialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// As `progy_client::apply` writes its journal.
#[derive(Serialize)]
struct Journal<'a> {
    batch: &'a str,
    intents: Vec<(RelPath, Option<Entry>, Option<Entry>)>,
}

/// As `progy_client::trash` writes a list.
type Line = (RelPath, Option<Entry>, Timestamp);

/// As `progy_client::index` writes what it knows of a file.
type Known = (u64, i64, i64, u64, bool, ContentHash);

fn main() {
    trees();
    states();
    journals();
    indexes();
    deltas();
    answers();
    packages();
}

fn put(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

fn put_value(target: &str, name: &str, value: &impl Serialize) {
    put(target, name, &postcard::to_stdvec(value).unwrap());
}

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn link(at: &str, target: &str) -> Entry {
    Entry::Symlink(LinkTarget::new(&path(at), target).unwrap())
}

fn trees() {
    let tree = Tree::from_entries([
        (path("content/01_a/01_b/exercise.rs"), Entry::file(b"fn main() {}\n")),
        (path("notes/lição.md"), Entry::file("é".as_bytes())),
        (path("notes/link"), link("notes/link", "../content")),
    ]);
    put_value("tree_postcard", "typical", &tree.unwrap());
    let entries = |paths: &[&str]| -> BTreeMap<String, Entry> {
        paths.iter().map(|path| ((*path).to_owned(), Entry::file(b"x"))).collect()
    };
    put_value("tree_postcard", "empty", &entries(&[]));
    put_value("tree_postcard", "file-and-folder", &entries(&["a", "a-b", "a/b"]));
    put_value("tree_postcard", "leading-out", &entries(&["../a"]));
    put_value("tree_postcard", "private", &entries(&[".progy/state"]));
    put_value("tree_postcard", "too-many-announced", &(u64::MAX, 1_u8));
}

fn states() {
    let device = DeviceId::new(&"d".repeat(32)).unwrap();
    let lesson = LessonId::new("01_intro/01_hello").unwrap();
    let at = Timestamp(1_800_000_000_000);
    let version = Version::new(1, 2, 0);
    let mut progress = Progress::default();
    let attempt = Attempt { passed: true, xp: 10, at, day: Day::of(at) };
    progress.record_attempt(&lesson, &device, attempt);
    let course = CourseId::new("@ana/rust").unwrap();
    let fresh = State::new(course, Strategy::Patch, device, version.clone());
    put_value("device_state", "fresh", &fresh);

    let overlay = Overlay::from([
        (path("content/01_a/01_b/exercise.rs"), Some(Entry::file(b"fn main() { }\n"))),
        (path("course.json"), None),
        (path("notes/link"), Some(link("notes/link", "../content"))),
    ]);
    let revision = RevisionId::new("0123456789abcdef").unwrap();
    let mut state = fresh.clone();
    state.move_base(Base { revision: Some(revision), version: version.clone(), overlay });
    state.progress = progress;
    state.unapplied = Overlay::from([(path("a/b"), None)]);
    state.queue.push(Queued {
        id: SaveId::new(&"a".repeat(32)).unwrap(),
        message: "Olá".to_owned(),
        lesson: Some(lesson),
        saved_at: at,
        version,
        overlay: Overlay::from([(path("new.rs"), Some(Entry::file(b"x")))]),
        sealed: None,
    });
    put_value("device_state", "typical", &state);

    let mut impossible = fresh.clone();
    impossible.base.overlay = Overlay::from([
        (path(".progy/state"), Some(Entry::file(b"x"))),
        (path("course.json/x"), Some(Entry::file(b"x"))),
    ]);
    put_value("device_state", "impossible-overlay", &impossible);
    let mut long = fresh;
    let id = |n: u32| RevisionId::new(&format!("{n:016x}")).unwrap();
    long.lineage = (0..300).map(id).collect();
    long.base.revision = Some(id(999));
    put_value("device_state", "long-lineage", &long);
    put("device_state", "from-the-future", b"progySTA\x02................");
    put("device_state", "cut", b"progySTA\x01..");
}

fn journals() {
    let batch = "1800000000000-00000000";
    let intents = vec![
        (
            path("exercise.rs"),
            Some(Entry::file(b"fn main() { }\n")),
            Some(Entry::file(b"fn main() {}\n")),
        ),
        (path("a/b"), Some(Entry::file(b"b")), None),
        (path("gone"), None, None),
        (path("a/link"), None, Some(link("a/link", "b"))),
    ];
    put_value("device_journal", "typical", &Journal { batch, intents });
    put_value("device_journal", "unknown-batch", &Journal { batch: "x", intents: Vec::new() });
    for (name, batch) in [("batch-leading-out", "../.."), ("batch-is-empty", "")] {
        put_value("device_journal", name, &Journal { batch, intents: Vec::new() });
    }
    put("device_journal", "cut", b"progyJRN\x02");

    let lines: Vec<Line> = vec![
        (path("exercise.rs"), Some(Entry::file(b"replaced")), Timestamp(1_800_000_000_000)),
        (path("folder"), None, Timestamp(i64::MIN)),
        (path("a/b"), None, Timestamp(i64::MAX)),
    ];
    put_value("trash_list", "typical", &lines);
    put_value("trash_list", "empty", &Vec::<Line>::new());
    let own = vec![(path(".progy/state"), None::<Entry>, Timestamp(0)); 3];
    put_value("trash_list", "own-files", &own);
    put_value(
        "trash_list",
        "below-a-file",
        &vec![(path("exercise.rs/x"), None::<Entry>, Timestamp(0)); 2],
    );
}

fn indexes() {
    let known = |size| -> Known { (size, 1, 1, 0, false, ContentHash::blake3(b"fn main() {}\n")) };
    let files = BTreeMap::from([("exercise.rs", known(13)), ("a/b", known(u64::MAX))]);
    put_value("device_index", "typical", &files);
    put_value("device_index", "empty", &BTreeMap::<&str, Known>::new());
    put_value("device_index", "leading-out", &BTreeMap::from([("../x", known(1))]));
}

fn deltas() {
    let before: String =
        (0..40).map(|n| format!("let value_{n} = {};\n", n * 7919 % 1009)).collect();
    let after = before.replace("value_20", "other");
    let data = compress(after.as_bytes(), Some(before.as_bytes()), 3).unwrap();
    put("delta", "an-edit", &[&data, &b"%%\n"[..], before.as_bytes()].concat());
    put("delta", "alone", &compress(after.as_bytes(), None, 3).unwrap());
    put("delta", "bomb", &compress(&vec![0; 64 << 20], None, 19).unwrap());
    put("delta", "nothing", &compress(b"", None, 3).unwrap());
}

/// What a server answers for one file that really has the hash that it is said to have.
fn answers() {
    let content = b"fn main() { println!(\"hello\"); }\n";
    let hash = ContentHash::blake3(content);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/server_answers");
    let typical = fs::read_to_string(folder.join("typical")).unwrap();
    let typical = typical.replace(&"ab".repeat(32), &hash.to_string());
    let typical = typical.replace("\"size\": 13", &format!("\"size\": {}", content.len()));
    let (documents, _) = typical.rsplit_once("%%\n").unwrap();
    let with = |frame: &[u8], reference: &str, size: u64| {
        let data = serde_json::to_value(progy_api::delta::Base64(frame.to_vec())).unwrap();
        let documents = documents.replace("\"size\": 33", &format!("\"size\": {size}"));
        format!(
            "{documents}%%\n{{\"contents\": [{{\"hash\": \"{hash}\", \"size\": {size}, \
             {reference}\"data\": {data}}}]}}"
        )
    };
    let alone = compress(content, None, 3).unwrap();
    put("server_answers", "with-content", with(&alone, "", 33).as_bytes());
    let reference = format!("\"reference\": \"{hash}\", ");
    let delta = compress(content, Some(b"fn main() {}\n"), 3).unwrap();
    put("server_answers", "with-delta", with(&delta, &reference, 33).as_bytes());
    put(
        "server_answers",
        "wrong-content",
        with(&compress(b"x", None, 3).unwrap(), "", 1).as_bytes(),
    );
    let zeros = vec![0; 8 << 20];
    let bomb = with(&compress(&zeros, None, 19).unwrap(), "", 8 << 20);
    let bomb = bomb.replace(&hash.to_string(), &ContentHash::blake3(&zeros).to_string());
    put("server_answers", "bomb", bomb.as_bytes());
}

fn packages() {
    let files: [(&str, &[u8], u32); 6] = [
        ("course.json", br#"{"name": "Rust", "version": "1.2.3"}"#, 0o644),
        ("content/01_a/info.toml", b"[exercises]\n01_b = \"Bee\"", 0o644),
        ("content/01_a/01_b/exercise.rs", &[b'a'; 500], 0o644),
        ("runner/run.sh", b"#!/bin/sh", 0o755),
        ("empty", b"", 0o644),
        ("runner/target/debug/x", b"left out", 0o644),
    ];
    for (name, method) in
        [("typical", CompressionMethod::Deflated), ("stored", CompressionMethod::Stored)]
    {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes, mode) in files {
            let options = SimpleFileOptions::default().compression_method(method);
            writer.start_file(path, options.unix_permissions(mode)).unwrap();
            writer.write_all(bytes).unwrap();
        }
        put("package", name, &writer.finish().unwrap().into_inner());
    }
}
