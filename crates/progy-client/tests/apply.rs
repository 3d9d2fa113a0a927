//! Applying changes to real files: what the plan did not see stays, what it replaces is kept.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use progy_client::apply::{self, Applied, apply};
use progy_client::disk::RealDisk;
use progy_client::env::SystemEnv;
use progy_client::index::Index;
use progy_client::scan::{Scan, scan};
use progy_client::trash;
use progy_core::diff::diff;
use progy_core::rules::{Rules, SyncRules};
use progy_core::{Change, Entry, RelPath, Tree};

struct Folder {
    folder: tempfile::TempDir,
    disk: RealDisk,
}

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::new(folder.path());
        let this = Self { folder, disk };
        for (path, text) in files {
            this.write(path, text);
        }
        this
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    fn scan(&self) -> Scan {
        let rules = Rules::new(&SyncRules::default()).unwrap();
        scan(&self.disk, &rules, &mut Index::default(), &[]).unwrap()
    }

    /// Applies what leads from the scan to a tree of texts.
    fn apply(&self, scan: &Scan, to: &[(&str, &str)]) -> Applied {
        let texts: Vec<(RelPath, String)> = to
            .iter()
            .map(|(path, text)| (RelPath::new(path).unwrap(), (*text).to_owned()))
            .collect();
        let tree = Tree::from_entries(
            texts.iter().map(|(path, text)| (path.clone(), Entry::file(text.as_bytes()))),
        );
        let changes: Vec<Change> = diff(&scan.tree, &tree.unwrap());
        let content = |path: &RelPath, _: &progy_core::FileEntry, to: &mut dyn Write| {
            to.write_all(texts.iter().find(|(at, _)| at == path).unwrap().1.as_bytes()).unwrap();
            Ok(())
        };
        let applied = apply(&self.disk, &SystemEnv, scan, &changes, content).unwrap();
        apply::finish(&self.disk).unwrap();
        applied
    }

    fn trashed(&self) -> Vec<String> {
        let mut paths: Vec<String> =
            trash::list(&self.disk).unwrap().iter().map(|item| item.path.to_string()).collect();
        paths.sort();
        paths
    }
}

#[test]
fn files_come_change_and_go_and_the_old_ones_are_in_the_trash() {
    let folder = Folder::with(&[("a", "1"), ("b/c", "1"), ("d", "1")]);
    let applied = folder.apply(&folder.scan(), &[("a", "2"), ("d", "1"), ("e/f", "2")]);
    assert_eq!((applied.done.len(), applied.changed.len(), applied.blocked.len()), (3, 0, 0));
    assert_eq!((folder.read("a"), folder.read("e/f")), ("2".to_owned(), "2".to_owned()));
    assert!(!folder.at("b").exists(), "an emptied folder goes with its last file");
    assert_eq!(folder.trashed(), ["a", "b/c"]);
    assert!(!folder.at(".progy/journal").exists());
}

#[test]
fn an_edit_that_the_plan_did_not_see_stays() {
    let folder = Folder::with(&[("a", "1"), ("b", "1")]);
    let scan = folder.scan();
    folder.write("a", "newer");
    folder.write("c", "mine");
    fs::remove_file(folder.at("b")).unwrap();
    let applied = folder.apply(&scan, &[("a", "2"), ("b", "2"), ("c", "2")]);
    assert!(applied.done.is_empty());
    assert_eq!(applied.changed.len(), 3);
    assert_eq!((folder.read("a"), folder.read("c")), ("newer".to_owned(), "mine".to_owned()));
    assert!(!folder.at("b").exists());
    assert!(folder.trashed().is_empty());
}

#[test]
fn a_file_becomes_a_folder_and_back() {
    let folder = Folder::with(&[("a", "1")]);
    folder.apply(&folder.scan(), &[("a/b", "2")]);
    assert_eq!(folder.read("a/b"), "2");
    folder.apply(&folder.scan(), &[("a", "3")]);
    assert_eq!(folder.read("a"), "3");
}

#[test]
fn what_does_not_travel_goes_to_the_trash_with_its_folder() {
    let folder = Folder::with(&[("a/b", "1"), ("a/node_modules/x", "x")]);
    let applied = folder.apply(&folder.scan(), &[("a", "2")]);
    assert_eq!(applied.done.len(), 2);
    assert_eq!(folder.read("a"), "2");
    let kept = trash::list(&folder.disk).unwrap();
    let folder_item = kept.iter().find(|item| item.id.ends_with(".folder")).unwrap();
    assert!(folder.at(&format!(".progy/trash/{}/node_modules/x", folder_item.id)).exists());
}

#[test]
fn a_folder_in_which_the_learner_wrote_meanwhile_stays() {
    let folder = Folder::with(&[("a/b", "1")]);
    let scan = folder.scan();
    folder.write("a/b", "newer");
    let applied = folder.apply(&scan, &[("a", "2")]);
    assert_eq!(applied.changed.len(), 2);
    assert_eq!(folder.read("a/b"), "newer");
}

#[test]
fn trash_gives_back() {
    let folder = Folder::with(&[("a", "old")]);
    folder.apply(&folder.scan(), &[("a", "new")]);
    let id = trash::list(&folder.disk).unwrap()[0].id.clone();
    let to = trash::restore(&folder.disk, &id).unwrap();
    assert_eq!(to.as_str(), "a.restored");
    assert_eq!((folder.read("a"), folder.read("a.restored")), ("new".to_owned(), "old".to_owned()));
}

#[test]
fn a_crash_after_the_changes_is_recovered_from_the_journal() {
    let folder = Folder::with(&[("a", "1")]);
    let scan = folder.scan();
    let path = RelPath::new("a").unwrap();
    let change = Change {
        path: path.clone(),
        before: scan.tree.get("a").cloned(),
        after: Some(Entry::file(b"2")),
    };
    // No `finish`: the process dies here.
    apply(&folder.disk, &SystemEnv, &scan, &[change], |_, _, to| {
        to.write_all(b"2").unwrap();
        Ok(())
    })
    .unwrap();
    assert_eq!(apply::recover(&folder.disk).unwrap(), [path]);
    apply::finish(&folder.disk).unwrap();
    assert!(apply::recover(&folder.disk).unwrap().is_empty());
    assert_eq!(folder.trashed(), ["a"]);
}

#[test]
fn content_that_cannot_be_had_changes_nothing() {
    let folder = Folder::with(&[("a", "1"), ("b", "1")]);
    let scan = folder.scan();
    let changes: Vec<Change> = ["a", "b"]
        .map(|path| Change {
            path: RelPath::new(path).unwrap(),
            before: scan.tree.get(path).cloned(),
            after: Some(Entry::file(b"2")),
        })
        .to_vec();
    let result = apply(&folder.disk, &SystemEnv, &scan, &changes, |path, _, to| {
        if path.as_str() == "b" {
            Err(progy_client::Error::MissingContent(path.clone()))
        } else {
            to.write_all(b"2").unwrap();
            Ok(())
        }
    });
    assert!(result.is_err());
    assert_eq!((folder.read("a"), folder.read("b")), ("1".to_owned(), "1".to_owned()));
    assert!(folder.trashed().is_empty());
}
