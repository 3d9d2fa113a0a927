//! A workspace changes its strategy, and no device loses anything.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use progy_standin::forgejo::Age;
use serde_json::Value;
use world::{Device, World, assert_equal, rustlings, settle};

/// Two devices of one learner in a course, carried by the default strategy.
struct Begun {
    world: World,
    laptop: Device,
    desktop: Device,
    token: String,
    /// A lesson's file.
    file: String,
}

fn begin() -> Begun {
    let world = World::new();
    let token = world.add_user("ana", "learner");
    begin_in(world, token)
}

fn begin_in(world: World, token: String) -> Begun {
    let course = rustlings::course(world.folder.path());
    world.publish(&course);
    let laptop = world.device_with("laptop", &token);
    let desktop = world.device_with("desktop", &token);
    laptop.run(&["init", "-c", "rustlings"]).ok();
    let file = rustlings::exercise(&course, "variables1");
    Begun { world, laptop, desktop, token, file }
}

/// Messages and times of all revisions, newest first.
fn history(device: &Device) -> Vec<(String, i64)> {
    let log = device.run(&["log", "--json"]).ok().json();
    let line = |revision: &Value| {
        let seconds = revision["saved_at"].as_i64().unwrap() / 1000;
        (revision["message"].as_str().unwrap().to_owned(), seconds)
    };
    log.as_array().unwrap().iter().map(line).collect()
}

fn revision(device: &Device, message: &str) -> String {
    let log = device.run(&["log", "--json"]).ok().json();
    let found = log.as_array().unwrap().iter().find(|revision| revision["message"] == message);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

fn strategy(device: &Device) -> String {
    device.run(&["strategy", "--json"]).ok().json()["strategy"].as_str().unwrap().to_owned()
}

fn git(device: &Device, arguments: &[&str]) -> String {
    let (done, text) = device.git(arguments);
    assert!(done, "git {arguments:?}: {text}");
    text
}

#[test]
fn to_git_and_back_with_all_of_the_history() {
    to_git_and_back(begin());
}

#[test]
fn to_forgejo_and_back_with_all_of_the_history() {
    let (world, forgejo) = World::with_forgejo(Age::New);
    let token = world.add_user("ana", "learner");
    to_git_and_back(begin_in(world, token));
    assert_eq!(forgejo.standin.world().repositories.len(), 1);
}

#[test]
fn to_github_and_back_with_all_of_the_history() {
    let (world, github) = World::with_github_and("[git]\nhost = \"github\"\npoll = 3600\n");
    world.linked(&github, 1);
    let token = world.token("ana-1");
    to_git_and_back(begin_in(world, token));
    let kept = github.standin.world().repositories.clone();
    let kept: Vec<_> = kept.iter().map(|it| (it.name.as_str(), it.private)).collect();
    assert_eq!(kept, [("progy-rustlings", true)]);
}

fn to_git_and_back(begun: Begun) {
    let Begun { world, laptop, desktop, token, file } = begun;
    // Given a workspace with a history, on two devices, of which one is behind and has a save that
    // waits, and edits that are in no save
    laptop.write(&file, "// one\n");
    laptop.write("notes/a.md", "# Notas\n");
    laptop.run(&["save", "-m", "one"]).ok();
    desktop.run(&["init", "-c", "rustlings"]).ok();
    let oldest = revision(&laptop, "one");
    laptop.write(&file, "// one\n// two\n");
    laptop.run(&["save", "-m", "two"]).ok();
    desktop.write("notes/b.md", "from the desktop\n");
    desktop.offline().run(&["save", "-m", "meanwhile"]).code(5);
    desktop.write("notes/c.md", "in no save\n");
    let before = history(&laptop);

    // when one of them changes the strategy,
    let told = laptop.run(&["strategy", "git"]).ok();
    assert!(told.stdout().contains("git"), "{}", told.stdout());

    // then the earlier revisions are commits with their messages, dates and devices,
    assert_eq!(strategy(&laptop), "git");
    assert_eq!(history(&laptop), before);
    let log = git(&laptop, &["log", "--format=%s %at"]);
    let lines: Vec<String> = before.iter().map(|(said, at)| format!("{said} {at}")).collect();
    assert_eq!(log, lines.join("\n"));
    assert_eq!(git(&laptop, &["status", "--porcelain"]), "");
    assert_eq!(git(&laptop, &["fsck", "--strict", "--no-dangling"]), "");
    assert_eq!(git(&laptop, &["show", "HEAD~1:notes/a.md"]), "# Notas");

    // and the other follows by itself, with what it had,
    desktop.run(&["sync"]).ok();
    laptop.run(&["sync"]).ok();
    assert_eq!(
        (strategy(&desktop).as_str(), desktop.status()["strategy"].as_str()),
        ("git", Some("git"))
    );
    assert_equal(&[&laptop, &desktop]);
    assert_eq!(laptop.read("notes/b.md"), "from the desktop\n");
    assert_eq!(laptop.read("notes/c.md"), "in no save\n");
    assert!(git(&desktop, &["log", "--format=%s"]).lines().any(|said| said == "meanwhile"));
    assert_eq!(git(&desktop, &["fsck", "--strict", "--no-dangling"]), "");

    // and what a revision was called before still names it.
    let work = world.device_with("work", &token);
    work.run(&["init", "-c", "rustlings"]).ok();
    assert_equal(&[&laptop, &work]);
    work.run(&["restore", &oldest, &file]).ok();
    assert_eq!(work.read(&file), "// one\n");
    settle(&[&laptop, &desktop]);
    let with_git = history(&work);

    // Back again: the same, from a device with a commit that was made by hand.
    desktop.write(&file, "// by hand\n");
    git(&desktop, &["commit", "-qam", "by hand"]);
    let commit = git(&desktop, &["rev-parse", "HEAD"]);
    laptop.write("notes/d.md", "not yet saved\n");
    laptop.offline().run(&["save", "-m", "on the train"]).code(5);
    desktop.run(&["strategy", "patch"]).ok();
    assert_eq!(strategy(&desktop), "patch");
    laptop.run(&["sync"]).ok();
    settle(&[&desktop, &work, &laptop]);
    assert_equal(&[&laptop, &desktop, &work]);
    assert_eq!(work.read(&file), "// by hand\n");
    assert_eq!(desktop.read("notes/d.md"), "not yet saved\n");
    for device in [&laptop, &desktop, &work] {
        assert_eq!(strategy(device), "patch");
        let now = history(device);
        assert!(now.ends_with(&with_git), "{now:?}\n{with_git:?}");
        for said in ["by hand", "on the train"] {
            assert_eq!(now.iter().filter(|(message, _)| message == said).count(), 1, "{now:?}");
        }
    }
    // A revision from Git is restored without Git.
    laptop.write(&file, "// after\n");
    laptop.run(&["save", "-m", "after"]).ok();
    laptop.run(&["restore", &commit, &file]).ok();
    assert_eq!(laptop.read(&file), "// by hand\n");
    laptop.run(&["restore", &oldest, &file]).ok();
    assert_eq!(laptop.read(&file), "// one\n");

    // And once more to Git, into the repository that is there, in which somebody has gone on.
    desktop.write("e.md", "by hand, into a repository that nobody looked at\n");
    git(&desktop, &["add", "e.md"]);
    git(&desktop, &["commit", "-qm", "by hand again"]);
    laptop.run(&["strategy", "git"]).ok();
    settle(&[&desktop, &work, &laptop]);
    assert_equal(&[&laptop, &desktop, &work]);
    assert_eq!(work.read(&file), "// one\n");
    assert!(work.read("e.md").starts_with("by hand"));
    let log = git(&work, &["log", "--format=%H"]);
    assert!(log.lines().any(|line| line == commit), "{log}");
    for device in [&laptop, &desktop, &work] {
        assert_eq!(strategy(device), "git");
        assert_eq!(git(device, &["fsck", "--strict", "--no-dangling"]), "");
        assert_eq!(git(device, &["status", "--porcelain"]), "");
    }
    assert_eq!(history(&laptop), history(&work));
}

#[test]
fn what_stands_in_the_way_changes_nothing() {
    let Begun { world: _world, laptop, file, .. } = begin();
    laptop.write(&file, "// one\n");
    laptop.run(&["save"]).ok();
    // Without a server,
    let offline = laptop.offline().run(&["strategy", "git"]).code(5);
    assert!(offline.stderr().contains("Nothing was changed"), "{}", offline.stderr());
    assert_eq!(strategy(&laptop), "patch");
    // a repository of the learner's own,
    git(&laptop, &["init", "-q", "-b", "main"]);
    git(
        &laptop,
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "mine",
        ],
    );
    let mine = git(&laptop, &["rev-parse", "HEAD"]);
    laptop.run(&["strategy", "git"]).code(1);
    assert_eq!(strategy(&laptop), "patch");
    assert_eq!(git(&laptop, &["rev-parse", "HEAD"]), mine);
    std::fs::remove_dir_all(laptop.at(".git")).unwrap();
    laptop.run(&["sync"]).ok();
    laptop.run(&["strategy", "git"]).ok();
    // and a file that is too large for the other way.
    laptop.write("large.bin", "x".repeat(2 << 20));
    laptop.run(&["save"]).ok();
    let refused = laptop.run(&["strategy", "patch"]).code(1);
    assert!(refused.stderr().contains("large.bin"), "{}", refused.stderr());
    assert_eq!(strategy(&laptop), "git");
    laptop.remove("large.bin");
    laptop.run(&["strategy", "patch"]).ok();
    assert_eq!(strategy(&laptop), "patch");
    // Later strategies are named, not imitated.
    laptop.run(&["strategy", "container"]).code(1);
}

#[test]
fn a_change_that_is_killed_anywhere_is_finished_by_whoever_comes_next() {
    for (to, from) in [("git", "patch"), ("patch", "git")] {
        for step in 0..6 {
            let Begun { world, laptop, desktop, file, .. } = begin();
            laptop.write(&file, "// one\n");
            laptop.run(&["save", "-m", "one"]).ok();
            if from == "git" {
                laptop.run(&["strategy", "git"]).ok();
            }
            desktop.run(&["init", "-c", "rustlings"]).ok();
            desktop.write("desk.md", "from the desktop\n");
            desktop.offline().run(&["save", "-m", "desk"]).code(5);
            laptop.write("lap.md", "from the laptop\n");
            let mut child = laptop
                .command(&["strategy", to])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(step * 25));
            let _ = child.kill();
            child.wait().unwrap();
            desktop.run(&["sync"]).ok();
            laptop.run(&["sync"]).ok();
            settle(&[&desktop, &laptop]);
            assert_equal(&[&laptop, &desktop]);
            assert_eq!(strategy(&laptop), strategy(&desktop), "step {step}");
            let files: BTreeMap<&str, &str> = [
                ("desk.md", "from the desktop\n"),
                ("lap.md", "from the laptop\n"),
                (&*file, "// one\n"),
            ]
            .into();
            for (path, text) in files {
                assert_eq!(laptop.read(path), text, "step {step}");
            }
            drop(world);
        }
    }
}
