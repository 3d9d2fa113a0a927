//! A kill in the middle of what Progy does in `.git`: the next command goes on by itself.
//!
//! Each act is ended at each of its calls on a file there (see `world/kill.rs`); by default at some of
//! them, others each time. `PROGY_KILL_ALL=1 cargo test -p progy --test kills` tries all.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::path::Path;

use world::kill::{self, Counted, Fate, Fault};
use world::{Device, World, assert_equal, settle};

const COURSE: &str = "rust-basics";

/// A learner's work on two devices, as a repository.
struct Begun {
    world: World,
    laptop: Device,
    desktop: Device,
    token: String,
}

fn begin() -> Begun {
    let world = World::new();
    world.publish_example(COURSE);
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    let desktop = world.device_with("desktop", &token);
    laptop.run(&["init", "-c", COURSE, "--strategy", "git"]).ok();
    desktop.run(&["init", "-c", COURSE]).ok();
    Begun { world, laptop, desktop, token }
}

fn git(device: &Device, arguments: &[&str]) -> String {
    let (done, text) = device.git(arguments);
    assert!(done, "git {arguments:?}: {text}");
    text
}

/// Kills an act at each call that is chosen. `ready` gives a device that is ready for it, the number
/// of the try given; `after` goes on from what was left.
fn killed_everywhere(
    act: &[&str],
    most: usize,
    mut ready: impl FnMut(usize) -> Device,
    mut after: impl FnMut(&Device, usize),
) {
    let device = ready(0);
    let calls = kill::calls_of(&device, act, Counted::Repository);
    after(&device, 0);
    for at in kill::chosen(calls, most) {
        let device = ready(at);
        match kill::with_fault(&device, act, Counted::Repository, Fault::Kill(at)) {
            // What a failure is about.
            Fate::Killed(call) => println!("{act:?} was killed at call {at}: {call}"),
            Fate::Lived(run, calls) => {
                println!("{act:?} made only {calls} calls");
                run.ok();
            }
        }
        after(&device, at);
    }
}

/// The repository is whole, holds what the files hold, and nothing is left lying about.
fn assert_whole(device: &Device) {
    assert_eq!(git(device, &["fsck", "--strict", "--no-dangling"]), "");
    assert_eq!(git(device, &["status", "--porcelain"]), "");
    assert_eq!(git(device, &["rev-parse", "--abbrev-ref", "HEAD"]), "main");
    assert_eq!(git(device, &["diff", "HEAD"]), "");
    // What only stands in the index stock Git believes to be in the files: here they are read.
    fs::remove_file(device.at(".git/index")).unwrap();
    git(device, &["reset", "-q"]);
    assert_eq!(git(device, &["status", "--porcelain"]), "");
    let left = left_over(&device.at(".git"));
    assert!(left.is_empty(), "{left:?}");
}

/// Files below `folder` that only an act at work has.
fn left_over(folder: &Path) -> Vec<String> {
    let mut left = Vec::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        let is_half = name.contains("/pack/pack_git2_") || name.contains("/.git/progy/");
        if path.is_dir() {
            left.extend(left_over(&path));
        } else if path.extension().is_some_and(|ending| ending == "lock")
            || is_half && !path.ends_with("progy/mine")
        {
            left.push(name);
        }
    }
    left
}

/// What is saved under the name is what was written.
fn assert_saved(device: &Device, path: &str, text: &str) {
    assert_eq!(device.read(path), text);
    assert_eq!(git(device, &["show", &format!("HEAD:{path}")]), text);
    assert_eq!(git(device, &["show", &format!("origin/main:{path}")]), text);
}

#[test]
fn a_save() {
    let Begun { world: _world, laptop, desktop, .. } = begin();
    let name = |at: usize| format!("notes/{at}/note.md");
    killed_everywhere(
        &["save"],
        14,
        |at| {
            laptop.write("counted.md", format!("{at}"));
            laptop.write(&name(at), format!("note {at}"));
            laptop.clone()
        },
        |laptop, at| {
            laptop.run(&["save"]).ok();
            assert_saved(laptop, "counted.md", &at.to_string());
            assert_saved(laptop, &name(at), &format!("note {at}"));
            assert_whole(laptop);
        },
    );
    settle(&[&desktop]);
    assert_equal(&[&laptop, &desktop]);
    assert_whole(&desktop);
}

#[test]
fn a_sync_that_rebases() {
    let Begun { world: _world, laptop, desktop, .. } = begin();
    killed_everywhere(
        &["sync"],
        14,
        |at| {
            desktop.write("desktop.md", format!("desktop {at}"));
            desktop.run(&["save"]).ok();
            laptop.write("laptop.md", format!("laptop {at}"));
            laptop.offline().run(&["save"]).code(5);
            laptop.write("unsaved.md", format!("unsaved {at}"));
            laptop.clone()
        },
        |laptop, at| {
            laptop.run(&["sync"]).ok();
            for file in ["desktop", "laptop", "unsaved"] {
                assert_saved(laptop, &format!("{file}.md"), &format!("{file} {at}"));
            }
            assert_whole(laptop);
            desktop.run(&["sync"]).ok();
        },
    );
    assert_equal(&[&laptop, &desktop]);
    assert_whole(&desktop);
}

#[test]
fn a_course_that_begins() {
    let Begun { world, laptop, .. } = begin();
    let init = ["init", "-c", COURSE, "--strategy", "git"];
    killed_everywhere(
        &init,
        12,
        |at| {
            let token = world.add_user(&format!("learner-{at}"), "learner");
            world.device_with(&format!("fresh-{at}"), &token)
        },
        |device, _| {
            device.run(&init).ok();
            device.run(&["sync"]).ok();
            assert_equal(&[device, &laptop]);
            assert_whole(device);
            assert_eq!(git(device, &["rev-list", "--count", "origin/main"]), "1");
        },
    );
}

#[test]
fn a_course_that_is_resumed() {
    let Begun { world, laptop, token, .. } = begin();
    laptop.write("notes.md", "notes");
    laptop.run(&["save"]).ok();
    let init = ["init", "-c", COURSE];
    killed_everywhere(
        &init,
        12,
        |at| world.device_with(&format!("resumed-{at}"), &token),
        |device, _| {
            device.run(&init).ok();
            device.run(&["sync"]).ok();
            assert_equal(&[device, &laptop]);
            assert_saved(device, "notes.md", "notes");
            assert_whole(device);
        },
    );
}

/// A device with a file that is saved and one that is not.
fn written(device: &Device, at: usize) -> Device {
    device.write("laptop.md", format!("laptop {at}"));
    device.run(&["save"]).ok();
    device.write("unsaved.md", format!("unsaved {at}"));
    device.clone()
}

/// The change of the strategy was ended by whoever came next, with what [`written`] wrote.
fn assert_changed_to(strategy: &str, device: &Device, at: usize) {
    device.run(&["sync"]).ok();
    device.run(&["strategy", strategy]).ok();
    for file in ["laptop", "unsaved"] {
        assert_saved(device, &format!("{file}.md"), &format!("{file} {at}"));
    }
    assert_whole(device);
}

#[test]
fn a_change_to_git() {
    let Begun { world: _world, laptop, desktop, .. } = begin();
    killed_everywhere(
        &["strategy", "git"],
        12,
        |at| {
            laptop.run(&["strategy", "patch"]).ok();
            // Half of the times there is no repository yet.
            if at % 2 == 0 {
                fs::remove_dir_all(laptop.at(".git")).unwrap();
            }
            written(&laptop, at)
        },
        |laptop, at| assert_changed_to("git", laptop, at),
    );
    settle(&[&desktop]);
    assert_equal(&[&laptop, &desktop]);
    assert_whole(&desktop);
}

#[test]
fn a_change_away_from_git() {
    let Begun { world: _world, laptop, desktop, .. } = begin();
    killed_everywhere(
        &["strategy", "patch"],
        12,
        |at| {
            laptop.run(&["strategy", "git"]).ok();
            written(&laptop, at)
        },
        |laptop, at| assert_changed_to("patch", laptop, at),
    );
    settle(&[&desktop]);
    assert_equal(&[&laptop, &desktop]);
}
