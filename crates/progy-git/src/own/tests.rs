#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::process::Command;

use super::*;
use crate::{Error, Repository};

fn git(root: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("git")
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.org"])
        .args(arguments)
        .current_dir(root)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", root)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// A repository with one commit, that stock Git made.
fn begun() -> (tempfile::TempDir, Repository) {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::open_or_init(folder.path()).unwrap();
    let (done, said) = git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "one"]);
    assert!(done, "{said}");
    (folder, repository)
}

/// Ours as a kill leaves it: its lock is there, and nobody holds it.
fn killed(repository: &Repository, name: &str) {
    std::mem::forget(repository.own.lock(name).unwrap());
}

#[test]
fn a_lock_that_a_kill_left_is_taken_away_by_who_comes_next() {
    let (folder, repository) = begun();
    for name in REPLACED {
        killed(&repository, name);
        assert!(lock_of(&repository.own.at(name)).exists());
        assert!(repository.check().is_err());
    }
    fs::write(repository.own.beside("copy").unwrap(), "half").unwrap();
    fs::write(repository.own.folder_beside("pack").unwrap().join("pack_git2_1"), "half").unwrap();
    // Whoever only looks changes nothing.
    assert!(Repository::open(folder.path()).unwrap().unwrap().check().is_err());
    let next = Repository::open_or_init(folder.path()).unwrap();
    next.check().unwrap();
    let left: Vec<_> = fs::read_dir(folder.path().join(".git/progy")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "two"]).0);
}

#[test]
fn a_copy_of_a_lock_of_ours_is_known_too() {
    let (folder, repository) = begun();
    killed(&repository, INDEX);
    let lock = folder.path().join(".git/index.lock");
    let bytes = fs::read(&lock).unwrap();
    fs::remove_file(&lock).unwrap();
    fs::write(&lock, bytes).unwrap();
    Repository::open_or_init(folder.path()).unwrap().check().unwrap();
}

#[test]
fn another_programs_lock_stays_whatever_is_in_it() {
    let (folder, repository) = begun();
    let head = fs::read(folder.path().join(".git/refs/heads/main")).unwrap();
    let sentence = SENTENCE.as_bytes();
    let beginning = &sentence[..sentence.len() - 1];
    let more = [sentence, b"\n"].concat();
    for name in REPLACED {
        let lock = lock_of(&repository.own.at(name));
        fs::create_dir_all(lock.parent().unwrap()).unwrap();
        for bytes in [b"", &head[..], b"DIRC\0\0\0\x02", beginning, &more] {
            fs::write(&lock, bytes).unwrap();
            let next = Repository::open_or_init(folder.path()).unwrap();
            let (checked, taken) = (next.check(), next.own.lock(name).map(drop));
            for refused in [checked, taken] {
                let Err(Error::Obstacle(Obstacle::Locked(shown))) = refused else {
                    panic!("{name}: {refused:?}")
                };
                assert_eq!(shown, format!(".git/{name}.lock"));
            }
            assert_eq!(fs::read(&lock).unwrap(), bytes);
        }
        fs::remove_file(lock).unwrap();
    }
}

#[test]
fn stock_git_waits_for_ours_as_for_its_own() {
    let (folder, repository) = begun();
    let root = folder.path();
    fs::write(root.join("a"), "a").unwrap();
    for (name, command) in [
        (INDEX, &["add", "a"][..]),
        (CONFIG, &["config", "a.b", "c"]),
        (BRANCH, &["commit", "-q", "--allow-empty", "-m", "two"]),
        (PUBLISHED, &["update-ref", PUBLISHED, "HEAD"]),
    ] {
        let held = repository.own.lock(name).unwrap();
        let (done, said) = git(root, command);
        assert!(!done && said.contains("lock"), "{command:?}: {said}");
        drop(held);
        assert!(git(root, command).0);
    }
}

#[test]
fn of_two_that_move_the_branch_at_once_one_moves_it() {
    let (folder, repository) = begun();
    let root = folder.path();
    let commit = |message: &str| {
        let old = git(root, &["rev-parse", "main"]).1.trim().to_owned();
        let tree = format!("{old}^{{tree}}");
        let (done, new) = git(root, &["commit-tree", "-m", message, "-p", &old, &tree]);
        assert!(done, "{new}");
        (old, new.trim().to_owned())
    };
    let (mut ours, mut theirs) = (0, 0);
    std::thread::scope(|scope| {
        let stock = scope.spawn(|| {
            let moves = |n: &i32| {
                let (old, new) = commit(&format!("theirs {n}"));
                git(root, &["update-ref", BRANCH, &new, &old]).0
            };
            (0..25).filter(moves).count()
        });
        for n in 0..25 {
            let (old, new) = commit(&format!("ours {n}"));
            match repository.move_main(Some(old.parse().unwrap()), new.parse().unwrap(), "ours") {
                Ok(()) => ours += 1,
                Err(Error::Moved | Error::Obstacle(Obstacle::Locked(_))) => {}
                Err(error) => panic!("{error}"),
            }
        }
        theirs = stock.join().unwrap();
    });
    assert!(ours > 0 && theirs > 0, "{ours} {theirs}");
    let all = (1 + ours + theirs).to_string();
    assert_eq!(git(root, &["rev-list", "--count", "main"]).1.trim(), all);
    // Each is in the log, too.
    let log = git(root, &["log", "-g", "--format=%H", "main"]).1;
    assert_eq!(log.lines().count().to_string(), all, "{log}");
}

#[test]
fn a_log_whose_last_line_a_kill_cut_short_goes_on() {
    let (folder, repository) = begun();
    let root = folder.path();
    let path = root.join(".git/logs/refs/heads/main");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], &whole[..60]].concat()).unwrap();
    let old = repository.main().unwrap().unwrap();
    let tree = git(root, &["rev-parse", "main^{tree}"]).1;
    let new = git(root, &["commit-tree", "-m", "two", "-p", "main", tree.trim()]).1;
    repository.move_main(Some(old), new.trim().parse().unwrap(), "two").unwrap();
    let log = git(root, &["log", "-g", "--format=%gs", "main"]).1;
    assert_eq!(log, "two\ncommit (initial): one\n");
    assert_eq!(git(root, &["fsck", "--strict"]), (true, String::new()));
}

#[test]
fn a_repository_that_was_never_finished_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    // As a kill leaves it: in our folder, and with some of its parts in their places.
    for path in [".git/progy/new/.git/refs", ".git/objects/info"] {
        fs::create_dir_all(folder.path().join(path)).unwrap();
    }
    fs::write(folder.path().join(".git/progy/new/.git/HEAD.lock"), "ref").unwrap();
    assert!(Repository::open(folder.path()).unwrap().is_none());
    let repository = Repository::open_or_init(folder.path()).unwrap();
    assert_eq!(repository.main().unwrap(), None);
    assert!(git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "one"]).0);
    assert_eq!(git(folder.path(), &["fsck", "--strict"]), (true, String::new()));
    assert!(!folder.path().join(".git/progy/new").exists());
}
