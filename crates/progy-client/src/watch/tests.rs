use std::fs;
use std::time::Instant;

use proptest::prelude::*;

use progy_core::Strategy;

use super::*;

const QUIET: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(2);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn saves_when_files_are_quiet() {
    let start = Instant::now();
    let mut debounce = Debounce::default();
    assert_eq!(debounce.deadline(), None);
    assert!(!debounce.take_due(start + seconds(1000)));
    debounce.changed(start);
    debounce.changed(start + seconds(1));
    assert_eq!(debounce.deadline(), Some(start + seconds(3)));
    assert!(!debounce.take_due(start + seconds(2)));
    assert!(debounce.take_due(start + seconds(3)));
    assert!(!debounce.take_due(start + seconds(1000)), "once");
}

#[test]
fn saves_now_and_then_while_files_keep_changing() {
    let start = Instant::now();
    let mut debounce = Debounce::default();
    let saves: Vec<u64> = (0..=600)
        .filter(|second| {
            let now = start + seconds(*second);
            debounce.changed(now);
            debounce.take_due(now)
        })
        .collect();
    assert_eq!(saves, [120, 241, 362, 483]);
}

#[test]
fn leaving_saves_what_is_not_saved() {
    let start = Instant::now();
    let mut debounce = Debounce::default();
    assert!(!debounce.take());
    debounce.changed(start);
    assert!(debounce.take());
    assert_eq!(debounce.deadline(), None);
}

#[test]
fn a_snapshot_is_taken_more_rarely() {
    let start = Instant::now();
    let mut debounce = Debounce::of(Strategy::Snapshot);
    debounce.changed(start);
    assert_eq!(debounce.deadline(), Some(start + seconds(10)));
    let saves: Vec<u64> = (0..=1000)
        .filter(|second| {
            let now = start + seconds(*second);
            debounce.changed(now);
            debounce.take_due(now)
        })
        .collect();
    assert_eq!(saves, [300, 601, 902]);
    assert_eq!(Debounce::of(Strategy::Patch), Debounce::default());
    assert_eq!(Debounce::of(Strategy::Git), Debounce::default());
}

#[test]
fn a_save_that_took_long_is_followed_by_a_rest() {
    let start = Instant::now();
    let mut debounce = Debounce::of(Strategy::Snapshot);
    // A second of work: nine of rest, in which no file would have been quiet for long enough.
    debounce.saved(start, seconds(1));
    debounce.changed(start + seconds(1));
    assert_eq!(debounce.deadline(), Some(start + seconds(11)));
    assert!(debounce.take());
    assert_eq!(debounce.deadline(), None, "a rest alone is no reason to save");
    // Twenty seconds of work.
    debounce.saved(start, seconds(20));
    debounce.changed(start + seconds(1));
    assert!(!debounce.take_due(start + seconds(179)));
    assert!(debounce.take_due(start + seconds(180)));
    // Who comes back after the rest waits as always.
    debounce.changed(start + seconds(500));
    assert_eq!(debounce.deadline(), Some(start + seconds(510)));
    // Two hours of a first upload.
    debounce.saved(start + seconds(500), seconds(7200));
    assert_eq!(debounce.deadline(), Some(start + seconds(1100)));
    // Small saves need no rest, however slow the server is.
    let mut patch = Debounce::of(Strategy::Patch);
    patch.saved(start, seconds(20));
    patch.changed(start);
    assert_eq!(patch.deadline(), Some(start + seconds(2)));
}

proptest! {
    /// However long saves take and whatever changes meanwhile: every change is saved, and saves
    /// that take less than a minute take a tenth of the time at most.
    #[test]
    fn saving_a_large_project_leaves_time_to_work(
        steps in prop::collection::vec((0_u64..20_000, 0_u64..60_000), 1..100),
    ) {
        let mut now = Instant::now();
        let mut debounce = Debounce::of(Strategy::Snapshot);
        let mut before: Option<(Instant, Duration)> = None;
        for (gap, took) in steps {
            now += Duration::from_millis(gap);
            debounce.changed(now);
            let deadline = debounce.deadline().unwrap();
            prop_assert!(deadline <= now.max(before.map_or(now, |(end, _)| end)) + seconds(610));
            if gap % 2 == 0 {
                continue;
            }
            now = now.max(deadline);
            if let Some((end, took)) = before {
                prop_assert!(now.duration_since(end) >= took * 9);
            }
            prop_assert!(debounce.take_due(now));
            now += Duration::from_millis(took);
            debounce.saved(now, Duration::from_millis(took));
            before = Some((now, Duration::from_millis(took)));
        }
    }

    /// With a loop that wakes up at each change and each deadline, every change is followed by a
    /// save: not before the files were quiet, unless the oldest change is old, and never later.
    #[test]
    fn every_change_is_saved_in_time(gaps in prop::collection::vec(0_u64..5000, 1..400)) {
        let start = Instant::now();
        let mut debounce = Debounce::default();
        let mut now = start;
        let mut first = None;
        let mut last = start;
        for gap in gaps {
            let next = now + Duration::from_millis(gap);
            while let Some(deadline) = debounce.deadline().filter(|deadline| *deadline <= next) {
                prop_assert!(deadline <= last + QUIET);
                prop_assert!(deadline <= first.unwrap() + LONGEST);
                prop_assert!(deadline == last + QUIET || deadline == first.unwrap() + LONGEST);
                prop_assert!(debounce.take_due(deadline));
                first = None;
            }
            now = next;
            last = now;
            first.get_or_insert(now);
            debounce.changed(now);
        }
        prop_assert!(debounce.deadline().is_some());
    }
}

/// A watcher that only polls, often.
fn polling(root: &Path) -> Watcher {
    let (watcher, shared) = Watcher::deaf(
        root,
        Box::new(|path| !path.starts_with("target")),
        Duration::from_millis(20),
    );
    shared.fall_back(&notify::Error::new(notify::ErrorKind::MaxFilesWatch));
    watcher
}

async fn notices(watcher: &mut Watcher) -> bool {
    tokio::time::timeout(seconds(10), watcher.changed()).await.is_ok()
}

async fn stays_quiet(watcher: &mut Watcher) -> bool {
    tokio::time::timeout(Duration::from_millis(200), watcher.changed()).await.is_err()
}

#[tokio::test]
async fn polling_notices_the_same_changes() {
    let at = tempfile::tempdir().unwrap();
    let path = |name: &str| at.path().join(name);
    for folder in [".progy", ".git", "target", "a/b"] {
        fs::create_dir_all(path(folder)).unwrap();
    }
    let mut watcher = polling(at.path());
    assert!(watcher.is_polling());
    assert!(notices(&mut watcher).await, "whatever happened before");
    for unseen in [".progy/x", ".git/x", "target/x"] {
        fs::write(path(unseen), "x").unwrap();
    }
    assert!(stays_quiet(&mut watcher).await);
    fs::write(path("a/b/file"), "x").unwrap();
    assert!(notices(&mut watcher).await, "a new file");
    fs::write(path("a/b/file"), "xx").unwrap();
    assert!(notices(&mut watcher).await, "a longer file");
    fs::rename(path("a"), path("c")).unwrap();
    assert!(notices(&mut watcher).await, "a folder with another name");
    fs::remove_file(path("c/b/file")).unwrap();
    assert!(notices(&mut watcher).await, "a file less");
    assert!(stays_quiet(&mut watcher).await);
}

#[tokio::test]
async fn an_error_of_the_system_is_survived() {
    let at = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::new(at.path());
    assert!(!watcher.is_polling());
    let limit = || Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
    watcher.shared.heard(limit());
    watcher.shared.heard(limit());
    assert!(watcher.is_polling());
    assert!(notices(&mut watcher).await);
    fs::write(at.path().join("file"), "x").unwrap();
    assert!(notices(&mut watcher).await);
}

#[test]
fn reading_is_no_change() {
    let at = tempfile::tempdir().unwrap();
    let (watcher, shared) = Watcher::deaf(at.path(), Box::new(|_| true), poll::INTERVAL);
    let event = |kind, path: &str| Event::new(kind).add_path(shared.root.join(path));
    let read = EventKind::Access(AccessKind::Open(AccessMode::Any));
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    let any = EventKind::Any;
    assert!(!shared.is_change(&event(read, "a")));
    assert!(shared.is_change(&event(written, "a")));
    assert!(shared.is_change(&event(any, "a/.git/b")));
    assert!(shared.is_change(&event(any, ".gitignore")));
    assert!(!shared.is_change(&event(any, ".git/index")));
    assert!(!shared.is_change(&event(any, ".progy")));
    assert!(!shared.is_change(&event(any, "")));
    drop(watcher);
}
