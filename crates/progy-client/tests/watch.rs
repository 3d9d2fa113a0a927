//! Watching a real folder through the system.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails fails the test")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use progy_client::watch::Watcher;

async fn notices(watcher: &mut Watcher) -> bool {
    let noticed = tokio::time::timeout(Duration::from_secs(10), watcher.changed()).await.is_ok();
    settle(watcher).await;
    noticed
}

/// One change comes as several reports.
async fn settle(watcher: &mut Watcher) {
    while tokio::time::timeout(Duration::from_millis(100), watcher.changed()).await.is_ok() {}
}

async fn stays_quiet(watcher: &mut Watcher) -> bool {
    tokio::time::timeout(Duration::from_millis(300), watcher.changed()).await.is_err()
}

fn workspace() -> (tempfile::TempDir, impl Fn(&str) -> std::path::PathBuf) {
    let at = tempfile::tempdir().unwrap();
    let root = at.path().join("workspace");
    for folder in [".progy", ".git", "content/01_a"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("content/01_a/exercise.rs"), "fn main() {}").unwrap();
    (at, move |path| root.join(path))
}

#[tokio::test]
async fn what_the_learner_does_is_noticed() {
    let (_at, path) = workspace();
    let mut watcher = Watcher::new(&path(""));
    assert!(stays_quiet(&mut watcher).await);

    fs::write(path("content/01_a/exercise.rs"), "fn main() { }").unwrap();
    assert!(notices(&mut watcher).await, "an edit");
    fs::create_dir_all(path("content/02_b/deep")).unwrap();
    assert!(notices(&mut watcher).await, "a new folder");
    fs::write(path("content/02_b/deep/file"), "x").unwrap();
    assert!(notices(&mut watcher).await, "a file in a new folder");
    fs::rename(path("content/02_b"), path("content/03_c")).unwrap();
    assert!(notices(&mut watcher).await, "a folder with another name");
    fs::write(path("content/03_c/deep/file"), "y").unwrap();
    assert!(notices(&mut watcher).await, "a file in a folder with another name");
    fs::remove_dir_all(path("content/03_c")).unwrap();
    assert!(notices(&mut watcher).await, "a folder less");
    fs::write(path("content/01_a/.new"), "x").unwrap();
    settle(&mut watcher).await;
    fs::rename(path("content/01_a/.new"), path("content/01_a/exercise.rs")).unwrap();
    assert!(notices(&mut watcher).await, "an editor that saves by renaming");
    assert!(!watcher.is_polling());
}

#[tokio::test]
async fn reading_and_progys_own_files_are_no_change() {
    let (_at, path) = workspace();
    let mut watcher = Watcher::with_filter(&path(""), |path: &Path| !path.starts_with("target"));
    fs::create_dir(path("target")).unwrap();
    fs::write(path("target/x"), "x").unwrap();
    fs::write(path(".progy/state"), "x").unwrap();
    fs::write(path(".git/index"), "x").unwrap();
    fs::read(path("content/01_a/exercise.rs")).unwrap();
    assert_eq!(fs::read_dir(path("content")).unwrap().count(), 1);
    assert!(stays_quiet(&mut watcher).await);
    fs::rename(path(".progy/state"), path("content/restored")).unwrap();
    assert!(notices(&mut watcher).await, "a file that progy puts in its place");
}

#[tokio::test]
async fn a_workspace_that_goes_and_comes_back_is_watched_again() {
    let (at, path) = workspace();
    let mut watcher = Watcher::new(&path(""));
    fs::rename(path(""), at.path().join("elsewhere")).unwrap();
    assert!(notices(&mut watcher).await);
    assert!(watcher.is_polling());
    fs::rename(at.path().join("elsewhere"), path("")).unwrap();
    settle(&mut watcher).await;
    fs::write(path("content/new"), "x").unwrap();
    assert!(notices(&mut watcher).await);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_waited_for() {
    let at = tempfile::tempdir().unwrap();
    let root = at.path().join("later");
    let mut watcher = Watcher::new(&root);
    assert!(watcher.is_polling());
    settle(&mut watcher).await;
    fs::create_dir(&root).unwrap();
    fs::write(root.join("file"), "x").unwrap();
    assert!(notices(&mut watcher).await);
}
