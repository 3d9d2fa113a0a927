//! What a scan sees, on this machine's file system.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use progy_client::disk::RealDisk;
use progy_client::index::Index;
use progy_client::scan::{Notice, Scan, scan};
use progy_core::rules::{Rules, SyncRules};
use progy_core::{ContentHash, Entry, RelPath, Tree};

struct Folder {
    folder: tempfile::TempDir,
    index: Index,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), index: Index::default() }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let at = self.at(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
    }

    fn scan(&mut self, tracked: &Tree) -> Scan {
        let rules = Rules::new(&SyncRules::default()).unwrap();
        scan(&RealDisk::new(self.folder.path()), &rules, &mut self.index, &[tracked]).unwrap()
    }

    fn paths(&mut self) -> Vec<String> {
        self.scan(&Tree::new()).tree.iter().map(|(path, _)| path.to_string()).collect()
    }
}

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

/// Permissions mean nothing to root.
fn is_root() -> bool {
    let probe = tempfile::tempdir().unwrap();
    let file = probe.path().join("closed");
    fs::write(&file, "x").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    fs::read(&file).is_ok()
}

#[test]
fn files_links_and_modes() {
    let mut folder = Folder::new();
    folder.write("a/b.txt", "text");
    folder.write("run.sh", "x");
    fs::set_permissions(folder.at("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("a/b.txt", folder.at("link")).unwrap();
    let tree = folder.scan(&Tree::new()).tree;
    assert_eq!(tree.get("a/b.txt"), Some(&Entry::file(b"text")));
    assert!(tree.get("run.sh").unwrap().as_file().unwrap().executable);
    assert!(
        matches!(tree.get("link"), Some(Entry::Symlink(target)) if target.as_str() == "a/b.txt")
    );
}

#[test]
fn what_never_travels() {
    let mut folder = Folder::new();
    for name in
        ["node_modules/x", "target/y", ".git/config", ".progy/state", "progy.toml", "a/dist/z"]
    {
        folder.write(name, "x");
    }
    folder.write(".gitignore", "*.log\n");
    folder.write("x.log", "x");
    folder.write("src/main.rs", "x");
    assert_eq!(folder.paths(), [".gitignore", "src/main.rs"]);
}

#[test]
fn a_file_that_travels_goes_on_when_it_becomes_ignored() {
    let mut folder = Folder::new();
    folder.write("logs/x.log", "x");
    let tracked = folder.scan(&Tree::new()).tree;
    folder.write(".gitignore", "logs\n");
    folder.write("logs/y.log", "y");
    let tree = folder.scan(&tracked).tree;
    assert!(tree.get("logs/x.log").is_some() && tree.get("logs/y.log").is_none());
    fs::remove_file(folder.at("logs/x.log")).unwrap();
    assert!(folder.scan(&tracked).tree.get("logs/x.log").is_none());
}

#[test]
fn secrets_are_named_and_left() {
    let mut folder = Folder::new();
    folder.write(".env", "PASSWORD=1");
    let scan = folder.scan(&Tree::new());
    assert!(scan.tree.is_empty() && scan.unknown.contains(&path(".env")));
    assert_eq!(scan.notices, [Notice::Secret(path(".env"))]);
}

#[test]
fn what_cannot_be_carried_is_named() {
    let mut folder = Folder::new();
    let bad = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    fs::write(folder.folder.path().join(bad), "x").unwrap();
    fs::write(folder.at("back\\slash"), "x").unwrap();
    symlink("/etc/passwd", folder.at("out")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.at("pipe")).status().unwrap();
    assert!(made.success());
    let scan = folder.scan(&Tree::new());
    assert!(scan.tree.is_empty());
    let bad_names = scan.notices.iter().filter(|n| matches!(n, Notice::BadName(_))).count();
    assert_eq!(bad_names, 2);
    assert!(scan.notices.contains(&Notice::LinkOutside(path("out"))));
    assert!(scan.notices.contains(&Notice::Special(path("pipe"))));
}

#[test]
fn links_in_a_circle_end() {
    let mut folder = Folder::new();
    fs::create_dir(folder.at("a")).unwrap();
    symlink("../a", folder.at("a/again")).unwrap();
    symlink("y", folder.at("x")).unwrap();
    symlink("x", folder.at("y")).unwrap();
    assert_eq!(folder.paths(), ["a/again", "x", "y"]);
}

#[test]
fn unreadable_files_and_folders_are_unknown_not_deleted() {
    if is_root() {
        // As root everything can be read; the simulation refuses paths on its own disk.
        return;
    }
    let mut folder = Folder::new();
    folder.write("a", "x");
    folder.write("b/c", "x");
    let tracked = folder.scan(&Tree::new()).tree;
    fs::write(folder.at("a"), "changed").unwrap();
    fs::set_permissions(folder.at("a"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(folder.at("b"), fs::Permissions::from_mode(0o000)).unwrap();
    let scan = folder.scan(&tracked);
    fs::set_permissions(folder.at("b"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(scan.unknown.contains(&path("a")) && scan.unknown.contains(&path("b/c")));
}

#[test]
fn a_change_of_the_same_size_within_one_tick_is_seen() {
    let mut folder = Folder::new();
    for n in 0..200_u32 {
        let (before, after) = (format!("{n:08}"), format!("{:08}", n + 1_000_000));
        folder.write("a", &before);
        folder.scan(&Tree::new());
        folder.write("a", &after);
        let tree = folder.scan(&Tree::new()).tree;
        let hash = tree.get("a").unwrap().as_file().unwrap().hash;
        assert_eq!(hash, ContentHash::blake3(after.as_bytes()), "round {n}");
    }
}

#[test]
fn a_restored_time_does_not_hide_a_change() {
    let mut folder = Folder::new();
    folder.write("a", "one");
    std::thread::sleep(std::time::Duration::from_millis(20));
    folder.scan(&Tree::new());
    let time = fs::metadata(folder.at("a")).unwrap().modified().unwrap();
    folder.write("a", "two");
    fs::File::options().write(true).open(folder.at("a")).unwrap().set_modified(time).unwrap();
    let tree = folder.scan(&Tree::new()).tree;
    assert_eq!(tree.get("a"), Some(&Entry::file(b"two")));
}

#[test]
fn unchanged_files_are_not_read() {
    let mut folder = Folder::new();
    folder.write("a", "text");
    std::thread::sleep(std::time::Duration::from_millis(20));
    folder.scan(&Tree::new());
    folder.scan(&Tree::new());
    // The index knows the file: its hash is there without opening it.
    let disk = RealDisk::new(folder.folder.path());
    let meta = progy_client::disk::Disk::meta(&disk, "a").unwrap().unwrap();
    assert_eq!(folder.index.hash(&path("a"), &meta), Some(ContentHash::blake3(b"text")));
    assert!(Path::new(&folder.at("a")).exists());
}

#[test]
fn nested_ignore_files_count_where_they_are() {
    let mut folder = Folder::new();
    folder.write("a/.progyignore", "*.tmp\n");
    folder.write("a/x.tmp", "x");
    folder.write("b/x.tmp", "x");
    assert_eq!(folder.paths(), ["a/.progyignore", "b/x.tmp"]);
}
