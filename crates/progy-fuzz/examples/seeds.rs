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
use progy_client::state::{Base, Folders, Overlay, Queued, State};
use progy_core::git::{self, Commit, Facts, Kind, Object, ObjectId, Signature, pkt_line};
use progy_core::progress::{Attempt, Day, Progress};
use progy_core::{
    ContentHash, CourseId, DeviceId, Entry, LessonId, LinkTarget, RelPath, RevisionId, SaveId,
    Strategy, Timestamp, Tree,
};
use progy_git::Repository;
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
    git_lines();
    git_folders();
    git_packs();
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
    let base = Base { overlay, folders: [path("empty")].into(), ..Base::new(version.clone()) };
    state.move_base(Base { revision: Some(revision), ..base });
    state.progress = progress;
    state.unapplied = Overlay::from([(path("a/b"), None)]);
    state.queue.push(Queued {
        id: SaveId::new(&"a".repeat(32)).unwrap(),
        message: "Olá".to_owned(),
        lesson: Some(lesson),
        saved_at: at,
        version,
        overlay: Overlay::from([(path("new.rs"), Some(Entry::file(b"x")))]),
        folders: Folders::new(),
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

/// Lines of Git's protocol; an empty one ends a list.
fn pkt(lines: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines {
        if line.is_empty() {
            out.extend_from_slice(pkt_line::FLUSH);
        } else {
            pkt_line::write(&mut out, line.as_bytes()).unwrap();
        }
    }
    out
}

fn git_lines() {
    let (one, two, nothing) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
    let list = |rest: &[&str]| pkt(&[&["# service=git-receive-pack\n", ""], rest].concat());
    let pack = [&pkt(&[&format!("ACK {one}\n"), "NAK\n"]), &b"PACK0123456789"[..]].concat();
    let done = pkt(&["unpack ok\n", "ok refs/heads/main\n", ""]);
    let refused = pkt(&["unpack ok\n", "ng refs/heads/main non-fast-forward\n", ""]);
    let wire = |parts: [&[u8]; 3]| parts.join(&b"%%\n"[..]);
    let host = list(&[
        &format!("{one} refs/heads/main\0report-status ofs-delta thin-pack agent=git/2.47.3\n"),
        &format!("{two} .have\n"),
        "shallow 3333333333333333333333333333333333333333\n",
        "",
    ]);
    put("git_wire", "typical", &wire([&host, &pack, &done]));
    let empty = list(&[&format!("{nothing} capabilities^{{}}\0report-status\n"), ""]);
    put("git_wire", "empty", &wire([&empty, &pkt(&["ERR no such commit\n"]), &refused]));
    let zero = list(&[&format!("{nothing} refs/heads/main\0report-status\n"), ""]);
    let full = pkt(&["unpack index-pack abnormal exit\n", "ng refs/heads/main unpacker error\n"]);
    put("git_wire", "main-is-nothing", &wire([&zero, b"0008NAK\n", &full]));
    let told = pkt(&["ERR \u{1b}[31mgo \u{202e}away\u{0}\n"]);
    put("git_wire", "told", &wire([&told, &told, &told]));
    let odd = format!("{one} refs/heads/main\0\0 \u{a0}report-status\u{2028}x\0y\n");
    put("git_wire", "odd-capabilities", &wire([&list(&[&odd, ""]), b"0004PACK", b"0000"]));

    put("pkt_lines", "typical", &host);
    put("pkt_lines", "version-2", b"000eversion 2\n00010000000200040005a");
    put("pkt_lines", "capitals", b"000Ahello\n000ahello\n");
    put("pkt_lines", "cut", b"0009wan");
    put("pkt_lines", "too-long", b"fff1x");
    let longest = "x".repeat(pkt_line::MAX);
    put("pkt_lines", "longest", &pkt(&[&longest, ""]));
    put("pkt_lines", "signed", b"+00ahello\n");
}

/// A folder as it lies in Git.
fn folder(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entry =
        |(mode, name): &(&str, &[u8])| [mode.as_bytes(), b" ", *name, b"\0", &[b'i'; 20]].concat();
    entries.iter().flat_map(entry).collect()
}

fn git_folders() {
    let file = "100644";
    let typical: [(&str, &[u8]); 5] = [
        (file, b".gitignore"),
        (file, b"a-b"),
        ("40000", b"a"),
        ("120000", b"link>a-b"),
        ("100755", b"run.sh"),
    ];
    put("git_tree", "typical", &folder(&typical));
    for (name, entry) in [
        ("dot-git", (file, &b".GiT"[..])),
        ("dot-git-short", ("40000", b"GIT~1")),
        ("dot-git-hfs", ("40000", ".g\u{200c}it".as_bytes())),
        ("dot-git-stream", (file, b".git::$INDEX_ALLOCATION")),
        ("dot-git-dots", ("40000", b".git. .")),
        ("private", ("40000", b".progy")),
        ("above", ("40000", b"..")),
        ("slash", (file, b"a/../../b")),
        ("link-out", ("120000", b"link>/etc/passwd")),
        ("no-unicode", (file, b"\xff\xfe")),
        ("submodule", ("160000", b"module")),
        ("old-mode", ("100664", b"group")),
        ("long", (file, &[b'a'; 300])),
    ] {
        put("git_tree", name, &folder(&[entry]));
    }
    put("git_tree", "twice", &folder(&[(file, b"a"), (file, b"a")]));
    put("git_tree", "file-and-folder", &folder(&[(file, b"a"), ("40000", b"a")]));
    put("git_tree", "wrong-order", &folder(&[("40000", b"b"), (file, b"a")]));
    put("git_tree", "same-but-for-case", &folder(&[(file, b"A"), (file, b"a")]));
    put("git_tree", "cut", &folder(&[(file, b"a")])[..20]);
    // Each folder holds the one below many times: more paths than there are bytes on any disk.
    let names: Vec<String> = (0..40).map(|n| format!("{n:02}")).collect();
    let bomb: Vec<_> = names.iter().map(|name| ("40000", name.as_bytes())).collect();
    put("git_tree", "bomb", &folder(&bomb));
    let files = [(file, &b"file"[..])];
    put("git_tree", "bomb-of-files", &[folder(&bomb), folder(&files)].concat());
}

fn git_packs() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::open_or_init(folder.path()).unwrap();
    let text: String =
        (0..200).map(|n| format!("let value_{n} = {};\n", n * 7919 % 1009)).collect();
    let blobs = [text.clone(), text.replace("value_20", "other"), "x".to_owned()];
    let blobs = blobs.map(|text| Object::new(Kind::Blob, text.into_bytes()));
    let entries = ["a", "b", "c/d"].into_iter().zip(&blobs).map(|(at, blob)| {
        let size = blob.bytes.len() as u64;
        let hash = blob.id.into();
        (path(at), Entry::File(progy_core::FileEntry { hash, size, executable: false }))
    });
    let built = git::build(&Tree::from_entries(entries).unwrap()).unwrap();
    let ana = Signature::new("Ana", "ana@example.org", 1_800_000_000, 0);
    let commit = Commit {
        tree: built.root,
        parents: Vec::new(),
        author: ana.clone(),
        committer: ana,
        other: Vec::new(),
        facts: Facts::default(),
        message: "Save".to_owned(),
    };
    put("git_commit", "plain", &commit.object().bytes);
    let lesson = LessonId::new("01_intro/01_hello").ok();
    let course = CourseId::new("@ana/rust").ok().zip(Some(Version::new(1, 2, 0)));
    let save = SaveId::new(&"a".repeat(32)).ok();
    let typical = Commit {
        parents: vec![ObjectId::from_bytes([1; 20]), ObjectId::from_bytes([2; 20])],
        other: vec![
            "encoding ISO-8859-1".to_owned(),
            "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----"
                .to_owned(),
        ],
        facts: Facts { save, lesson, course, ..Facts::default() },
        message: "Olá\n\ncom corpo".to_owned(),
        ..commit.clone()
    };
    put("git_commit", "typical", &typical.object().bytes);
    let text = String::from_utf8(commit.object().bytes).unwrap();
    let odd = text.replace("Ana <ana@example.org>", "<a> <<b>\n >").replace("+0000", "-9999 x");
    put("git_commit", "odd-person", odd.as_bytes());
    put("git_commit", "no-date", text.replace("1800000000 +0000", "").as_bytes());
    put("git_commit", "zeros", text.replace("Save", "a \0 \0").as_bytes());
    put("git_commit", "latin-1", &[text.as_bytes(), b"li\xe7\xe3o\n"].concat());
    put("git_commit", "no-message", text.trim_end_matches("\n\nSave\n").as_bytes());

    let commit = commit.object();
    let id = commit.id;
    let objects = built.objects.into_values().chain(blobs).chain([commit]);
    let objects: Vec<Object> = objects.collect();
    repository.write(objects.into_iter().map(Ok)).unwrap();
    let mut pack = Vec::new();
    repository.pack(&id, &[], &mut pack).unwrap();
    put("git_pack", "typical", &pack);
    put("git_pack", "cut", &pack[..pack.len() / 2]);
    put("git_pack", "empty", &[&b"PACK\0\0\0\x02\0\0\0\0"[..], &[0; 20]].concat());
    put(
        "git_pack",
        "too-many-announced",
        &[&b"PACK\0\0\0\x02\xff\xff\xff\xff"[..], &[0; 20]].concat(),
    );
    // A blob that is said to have 2^60 bytes.
    let huge = [&b"PACK\0\0\0\x02\0\0\0\x01"[..], &[0xb0], &[0xff; 7], &[0x7f], &[0; 20]].concat();
    put("git_pack", "huge", &huge);
}
