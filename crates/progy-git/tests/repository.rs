//! What stock Git says of a repository that Progy keeps.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use progy_core::git::{self, Commit, Facts, Kind, Object, ObjectId, Signature};
use progy_core::{ContentHash, Entry, FileEntry, LinkTarget, RelPath, Tree};
use progy_git::{Error, Line, Obstacle, Repository, Settings, Stat};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    repository: Repository,
}

/// What `git` prints, run in a folder and without anybody's own settings.
fn git(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap().trim().to_owned())
}

fn settings(url: &str) -> Settings {
    Settings {
        url: url.into(),
        helper: "!progy git-credential".into(),
        author: ("Ana".into(), "ana@users.noreply.localhost".into()),
        exclude: vec!["/.progy/".into(), "/progy.toml".into()],
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::open_or_init(folder.path()).unwrap();
        repository.settle(&settings("http://127.0.0.1:1/git/ana/rustlings.git")).unwrap();
        Self { folder, repository }
    }

    fn git(&self, arguments: &[&str]) -> String {
        let (ok, text) = git(self.folder.path(), arguments);
        assert!(ok, "git {arguments:?}: {text}");
        text
    }

    fn stat(&self, path: &RelPath) -> Option<Stat> {
        let meta = fs::symlink_metadata(self.folder.path().join(path.as_str())).ok()?;
        let nanos = |seconds: i64, nanos: i64| seconds * 1_000_000_000 + nanos;
        Some(Stat {
            modified: nanos(meta.mtime(), meta.mtime_nsec()),
            changed: nanos(meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
            size: meta.size(),
        })
    }

    /// Writes files beside the repository, and makes them its next commit.
    fn save(&self, files: &[(&str, &[u8])], message: &str) -> ObjectId {
        let mut entries = BTreeMap::new();
        let mut objects = Vec::new();
        for (path, bytes) in files {
            let at = self.folder.path().join(path);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(&at, bytes).unwrap();
            let executable = *path == "b/c.sh";
            if executable {
                fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
            }
            let blob = Object::new(Kind::Blob, bytes.to_vec());
            let file = FileEntry { hash: blob.id.into(), size: bytes.len() as u64, executable };
            entries.insert(RelPath::new(path).unwrap(), Entry::File(file));
            objects.push(blob);
        }
        let link = RelPath::new("link").unwrap();
        let target = LinkTarget::new(&link, files[0].0).unwrap();
        let _ = std::os::unix::fs::symlink(files[0].0, self.folder.path().join("link"));
        entries.insert(link, Entry::Symlink(target));
        let tree = Tree::from_map(entries).unwrap();
        let built = git::build(&tree).unwrap();
        let old = self.repository.main().unwrap();
        let ana = Signature::new("Ana", "ana@example.org", 1_767_600_000, 60);
        let commit = Commit {
            tree: built.root,
            parents: old.into_iter().collect(),
            author: ana.clone(),
            committer: ana,
            other: Vec::new(),
            facts: Facts { save: "ab".repeat(16).parse().ok(), ..Facts::default() },
            message: message.into(),
        };
        let commit = commit.object();
        let id = commit.id;
        objects.extend(self.repository.new_objects(built).unwrap());
        objects.push(commit);
        for file in self.repository.write(objects.into_iter().map(Ok)).unwrap() {
            assert!(self.folder.path().join(&file).is_file(), "{file}");
        }
        assert_eq!(self.repository.tree(&id).unwrap(), tree);
        self.repository.write_index(&tree, |path| self.stat(path)).unwrap();
        self.repository.move_main(old, id, "progy: save").unwrap();
        id
    }

    fn take(&self, pack: &[u8]) -> progy_git::Result<()> {
        let mut receiver = self.repository.receive_pack()?;
        std::io::Write::write_all(&mut receiver, pack)?;
        receiver.finish().map(drop)
    }
}

#[test]
fn stock_git_finds_everything_in_order() {
    let place = Place::new();
    fs::write(place.folder.path().join("progy.toml"), "").unwrap();
    let script = ("b/c.sh", &b"#!/bin/sh\n"[..]);
    let first = place.save(&[("a.rs", b"1\n"), script], "init: Start course");
    let second = place.save(&[("a.rs", b"2\n"), script], "lição um");
    assert_eq!(place.git(&["status", "--porcelain"]), "");
    assert_eq!(place.git(&["fsck", "--strict"]), "");
    assert_eq!(place.git(&["log", "--format=%s"]), "lição um\ninit: Start course");
    assert_eq!(place.git(&["log", "-1", "--format=%B"]), "lição um", "and nothing of progy's");
    assert_eq!(place.git(&["config", "user.name"]), "Ana");
    // A file becomes a folder, and the index follows.
    fs::remove_file(place.folder.path().join("a.rs")).unwrap();
    fs::remove_file(place.folder.path().join("link")).unwrap();
    place.save(&[("a.rs/x", b"3\n"), script], "a folder");
    assert_eq!(place.git(&["status", "--porcelain"]), "");

    let repository = &place.repository;
    assert_eq!(repository.changes(&second).unwrap(), (1, 2));
    assert_eq!(repository.changes(&first).unwrap().0, 3);
    let main = repository.main().unwrap().unwrap();
    let line = repository.line(Some(&first), &main).unwrap();
    assert_eq!(line, Line::Straight(vec![second, main]));
    assert_eq!(repository.log(&main, 2).unwrap().len(), 2);
    assert_eq!(repository.common(&first, &main).unwrap(), first);
    assert!(repository.follows(&main, &first).unwrap());
    assert!(!repository.follows(&first, &main).unwrap());
}

#[test]
fn many_objects_become_one_pack() {
    let place = Place::new();
    let names: Vec<String> = (0..500).map(|n| format!("dir{}/file{n}.rs", n % 7)).collect();
    let bytes: Vec<Vec<u8>> =
        (0..500).map(|n| format!("{n} ").repeat(n * 3).into_bytes()).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().zip(&bytes).map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    let first = place.save(&files, "many");
    assert_eq!(place.git(&["fsck", "--strict"]), "");
    assert_eq!(place.git(&["status", "--porcelain"]), "");
    assert!(place.git(&["count-objects", "-v"]).contains("count: 0\n"));

    // And what another repository lacks travels as one.
    let other = Place::new();
    let mut pack = Vec::new();
    place.repository.pack(&first, &[], &mut pack).unwrap();
    other.take(&pack).unwrap();
    assert_eq!(other.repository.tree(&first).unwrap(), place.repository.tree(&first).unwrap());
    files[499].1 = b"edited\n";
    let second = place.save(&files, "one edit");
    let mut small = Vec::new();
    place.repository.pack(&second, &[first], &mut small).unwrap();
    assert!(small.len() < 4000, "{} bytes for one edit", small.len());
    other.take(&small).unwrap();
    assert_eq!(other.repository.tree(&second).unwrap(), place.repository.tree(&second).unwrap());
    other.repository.move_main(None, second, "test").unwrap();
    assert_eq!(other.git(&["fsck", "--strict"]), "");
}

#[test]
fn a_damaged_pack_is_refused() {
    let place = Place::new();
    let first = place.save(&[("a", b"1\n")], "one");
    let mut pack = Vec::new();
    place.repository.pack(&first, &[], &mut pack).unwrap();
    let other = Place::new();
    for cut in [0, 5, 20, pack.len() / 2, pack.len() - 1] {
        assert!(other.take(&pack[..cut]).is_err(), "cut at {cut}");
    }
    for at in [8, 15, pack.len() / 2, pack.len() - 1] {
        let mut flipped = pack.clone();
        flipped[at] ^= 1;
        assert!(other.take(&flipped).is_err(), "flipped at {at}");
    }
    assert!(!other.repository.has(&first).unwrap());
}

#[test]
fn a_branch_that_somebody_moved_is_not_moved() {
    let place = Place::new();
    let first = place.save(&[("a", b"1\n")], "one");
    let second = place.save(&[("a", b"2\n")], "two");
    let moved = place.repository.move_main(Some(first), first, "late");
    assert!(matches!(moved, Err(Error::Moved)), "{moved:?}");
    assert!(matches!(place.repository.move_main(None, first, "late"), Err(Error::Moved)));
    assert_eq!(place.repository.main().unwrap(), Some(second));
}

fn obstacle(place: &Place) -> Option<Obstacle> {
    match place.repository.check() {
        Err(Error::Obstacle(obstacle)) => Some(obstacle),
        Ok(()) => None,
        other => panic!("{other:?}"),
    }
}

fn with_one_commit() -> Place {
    let place = Place::new();
    place.save(&[("a", b"1\n")], "one");
    assert_eq!(obstacle(&place), None);
    place
}

#[test]
fn another_branch_and_what_is_unfinished_are_recognised() {
    let place = with_one_commit();
    place.git(&["switch", "-qc", "idea"]);
    assert_eq!(obstacle(&place), Some(Obstacle::OtherBranch("idea".into())));
    place.git(&["switch", "-q", "--detach"]);
    assert_eq!(obstacle(&place), Some(Obstacle::Detached));
    place.git(&["switch", "-q", "idea"]);
    fs::write(place.folder.path().join("a"), "idea\n").unwrap();
    place.git(&["commit", "-qam", "idea"]);
    place.git(&["switch", "-q", "main"]);
    fs::write(place.folder.path().join("a"), "main\n").unwrap();
    place.git(&["commit", "-qam", "main"]);
    for (command, name) in
        [("merge", "merge"), ("cherry-pick", "cherry-pick"), ("rebase", "rebase")]
    {
        let (done, _) = git(place.folder.path(), &[command, "idea"]);
        assert!(!done, "there is a conflict");
        assert_eq!(obstacle(&place), Some(Obstacle::Unfinished(name)));
        place.git(&[command, "--abort"]);
        assert_eq!(obstacle(&place), None);
    }
}

#[test]
fn locks_filters_and_line_endings_are_recognised() {
    let place = with_one_commit();
    fs::write(place.folder.path().join(".git/index.lock"), "").unwrap();
    assert_eq!(obstacle(&place), Some(Obstacle::Locked(".git/index.lock".into())));
    let tree = place.repository.tree(&place.repository.main().unwrap().unwrap()).unwrap();
    let mut more = tree.into_map();
    let hash = ContentHash::git_blob(b"1\n");
    let file = Entry::File(FileEntry { hash, size: 2, executable: false });
    more.insert(RelPath::new("z").unwrap(), file);
    let written = place.repository.write_index(&Tree::from_map(more).unwrap(), |_| None);
    assert!(matches!(written, Err(Error::Obstacle(Obstacle::Locked(_)))), "{written:?}");

    let place = with_one_commit();
    place.git(&["config", "core.autocrlf", "true"]);
    assert_eq!(obstacle(&place), Some(Obstacle::LineEndings));

    let place = with_one_commit();
    fs::write(place.folder.path().join(".gitattributes"), "*.bin filter=lfs -text\n").unwrap();
    assert_eq!(obstacle(&place), Some(Obstacle::Filter("filter=lfs".into())));

    let place = with_one_commit();
    fs::write(place.folder.path().join("a"), "edited\n").unwrap();
    place.git(&["stash"]);
    place.git(&["branch", "other"]);
    assert_eq!(obstacle(&place), None, "a stash and other branches are nobody's concern");
    fs::write(place.folder.path().join("a"), "other\n").unwrap();
    place.git(&["commit", "-qam", "other"]);
    let (applied, _) = git(place.folder.path(), &["stash", "pop"]);
    assert!(!applied);
    assert_eq!(obstacle(&place), Some(Obstacle::Unmerged));
}

#[test]
fn what_no_workspace_can_hold_is_named() {
    let place = with_one_commit();
    fs::write(place.folder.path().join("progy.toml"), "").unwrap();
    place.git(&["add", "-f", "progy.toml"]);
    place.git(&["commit", "-qm", "by force"]);
    let main = place.repository.main().unwrap().unwrap();
    assert!(matches!(place.repository.tree(&main), Err(Error::Unfit(..))));
    let place = with_one_commit();
    let commit = place.git(&["rev-parse", "HEAD"]);
    place.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},sub")]);
    place.git(&["commit", "-qm", "a submodule"]);
    let main = place.repository.main().unwrap().unwrap();
    let tree = place.repository.tree(&main);
    assert!(matches!(&tree, Err(Error::Unfit(path, _)) if path == "sub"), "{tree:?}");
}

#[test]
fn settling_twice_changes_nothing_and_keeps_what_is_the_learners() {
    let place = Place::new();
    let config = place.folder.path().join(".git/config");
    let exclude = place.folder.path().join(".git/info/exclude");
    place.git(&["config", "user.name", "Aninha"]);
    fs::write(&exclude, format!("mine.txt\n{}", fs::read_to_string(&exclude).unwrap())).unwrap();
    let here = "http://127.0.0.1:1/git/ana/x.git";
    place.repository.settle(&settings(here)).unwrap();
    let before = (fs::read_to_string(&config).unwrap(), fs::read_to_string(&exclude).unwrap());
    place.repository.settle(&settings(here)).unwrap();
    assert_eq!(fs::read_to_string(&config).unwrap(), before.0);
    assert_eq!(fs::read_to_string(&exclude).unwrap(), before.1);
    assert!(before.1.starts_with("mine.txt\n"), "{}", before.1);
    assert_eq!(before.1.matches("/.progy/").count(), 1);
    assert_eq!(place.git(&["config", "user.name"]), "Aninha");
    let helpers = place.git(&["config", "--get-all", "credential.http://127.0.0.1:1.helper"]);
    assert_eq!(helpers, "!progy git-credential");
    place.repository.settle(&settings("https://git.example.org/ana/x.git")).unwrap();
    assert_eq!(place.git(&["remote", "get-url", "origin"]), "https://git.example.org/ana/x.git");
}

#[test]
fn addresses_and_lines_of_the_learners_that_nobody_expects_are_settled() {
    let place = Place::new();
    place.git(&["remote", "set-url", "--add", "origin", "https://other.example/x.git"]);
    let exclude = place.folder.path().join(".git/info/exclude");
    let latin = [b"# li\xe7\xe3o\n*.o\n".to_vec(), fs::read(&exclude).unwrap()].concat();
    fs::write(&exclude, [&latin[..], b"*.log"].concat()).unwrap();
    let here = "https://git.example.org/ana/x.git";
    place.repository.settle(&settings(here)).unwrap();
    assert_eq!(place.git(&["remote", "get-url", "--all", "origin"]), here);
    assert_eq!(fs::read(&exclude).unwrap(), [&latin[..], b"*.log"].concat());

    // Where the mark of the end is gone, nothing behind the first one is thrown away.
    fs::write(&exclude, b"a\n# Kept by progy:\nmine\n").unwrap();
    place.repository.settle(&settings(here)).unwrap();
    let text = fs::read_to_string(&exclude).unwrap();
    assert!(text.starts_with("a\n# Kept by progy:\n/.progy/\n"), "{text}");
    assert!(text.ends_with("# Until here.\nmine\n"), "{text}");
}

#[test]
fn names_without_values_stop_with_a_reason() {
    let append = |text: &str| {
        let place = with_one_commit();
        let config = place.folder.path().join(".git/config");
        fs::write(&config, format!("{}\n{text}\n", fs::read_to_string(&config).unwrap())).unwrap();
        place
    };
    let place = append("[extensions]\n\tobjectFormat");
    assert!(matches!(Repository::open(place.folder.path()), Err(Error::Other(_))));
    let place = append("[remote \"origin\"]\n\turl\n\turl");
    let repository = Repository::open(place.folder.path()).unwrap().unwrap();
    let settled = repository.settle(&settings("https://git.example.org/ana/x.git"));
    assert!(matches!(settled, Err(Error::Other(_))), "{settled:?}");
}

#[test]
fn folders_that_hold_each_other_many_times_are_refused() {
    let place = Place::new();
    let repository = &place.repository;
    let mut folder = Object::new(Kind::Tree, Vec::new());
    repository.write([Ok(folder.clone())].into_iter()).unwrap();
    for _ in 0..20 {
        let entry = |name: &str| [b"40000 ", name.as_bytes(), b"\0", folder.id.as_bytes()].concat();
        folder = Object::new(Kind::Tree, [entry("a"), entry("b")].concat());
        repository.write([Ok(folder.clone())].into_iter()).unwrap();
    }
    let ana = Signature::new("Ana", "ana@example.org", 0, 0);
    let commit = Commit {
        tree: folder.id,
        parents: Vec::new(),
        author: ana.clone(),
        committer: ana,
        other: Vec::new(),
        facts: Facts::default(),
        message: "a bomb".into(),
    };
    let commit = commit.object();
    let id = commit.id;
    repository.write([Ok(commit)].into_iter()).unwrap();
    assert!(matches!(repository.tree(&id), Err(Error::Unfit(..))));
}
