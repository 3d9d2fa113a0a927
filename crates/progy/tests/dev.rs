//! `progy dev`: what is written on one device appears on the other, without a command.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use world::{Device, World, assert_equal, eventually};

fn dev(device: &Device) -> Child {
    device.command(&["dev"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn interrupt(child: &mut Child) -> i32 {
    asked_to_end(child, "INT")
}

fn asked_to_end(child: &mut Child, signal: &str) -> i32 {
    let (signal, id) = (format!("-{signal}"), child.id().to_string());
    let sent = Command::new("kill").args([signal, id]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap().code().unwrap()
}

/// The same as [`dev`], once it has said that it begins.
fn begun_dev(device: &Device) -> (Child, impl BufRead + use<>) {
    let mut command = device.command(&["dev"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    said.read_line(&mut String::new()).unwrap();
    (child, said)
}

#[test]
fn edits_travel_by_themselves() {
    let mut world = World::new();
    world.publish_example("rust-basics");
    let token = world.add_user("ana", "learner");
    let (a, b) = (world.device_with("a", &token), world.device_with("b", &token));
    a.run(&["init", "-c", "rust-basics"]).ok();
    b.run(&["init", "-c", "rust-basics"]).ok();
    b.write("before.txt", "saved before dev began\n");
    b.run(&["save"]).ok();
    let (mut on_a, mut on_b) = (dev(&a), dev(&b));
    eventually("the pull at the start", || a.exists("before.txt"));
    a.write("one.txt", "from a\n");
    eventually("a save after two quiet seconds, and its arrival", || b.exists("one.txt"));
    b.write("two.txt", "from b\n");
    eventually("the way back", || a.exists("two.txt"));
    // Another command works beside it.
    a.write("three.txt", "by hand\n");
    a.run(&["save", "-m", "by hand"]).ok();
    eventually("a save by hand arrives", || b.exists("three.txt"));
    // A second one in the same workspace is refused.
    a.run(&["dev"]).code(1).fails_clearly();
    // The server goes and comes back.
    world.kill();
    a.write("four.txt", "while the server was away\n");
    std::thread::sleep(std::time::Duration::from_secs(3));
    world.start();
    eventually("what was saved meanwhile arrives", || b.exists("four.txt"));
    // Ctrl-C saves what is there.
    a.write("last.txt", "the last words\n");
    assert_eq!(interrupt(&mut on_a), 0);
    eventually("the last words arrive", || b.exists("last.txt"));
    assert_eq!(interrupt(&mut on_b), 0);
    assert_equal(&[&a, &b]);
}

const LESSON: &str = "content/01_a/01_run/exercise.sh";

#[test]
fn a_project_is_saved_with_a_lesson_in_a_quiet_moment_and_at_the_end() {
    let world = World::new();
    let course = world.folder.path().join("course");
    let manifest = r#"{"id": "sh", "name": "Shell", "runner": {"command": "sh {{file}}"},
        "sync": {"strategy": "snapshot"}}"#;
    for (path, text) in [("course.json", manifest), (LESSON, "exit 1\n")] {
        fs::create_dir_all(course.join(path).parent().unwrap()).unwrap();
        fs::write(course.join(path), text).unwrap();
    }
    world.publish(&course);
    let token = world.add_user("ana", "learner");
    let device = |name: &str| {
        let device = world.device_with(name, &token);
        device.run(&["init", "-c", "sh", "--yes"]).ok();
        device
    };
    let laptop = device("laptop");
    assert_eq!(laptop.status()["strategy"], "snapshot");
    let found = |path: &str| {
        let found = device(&format!("looks for {path}"));
        assert_eq!(found.read(path), laptop.read(path));
        found
    };

    let (mut session, said) = begun_dev(&laptop);
    // A lesson that passes does not wait for a quiet moment.
    laptop.write(LESSON, "exit 0\n");
    laptop.write("src/large.bin", vec![7; 2_000_000]);
    laptop.run(&["test", "--trust"]).ok();
    assert_eq!(laptop.messages()[0], "Lesson 01_a/01_run: Completed");
    let desktop = found("src/large.bin");
    assert_eq!(desktop.read(LESSON), "exit 0\n");
    assert_eq!(desktop.status()["progress"]["done"], 1);
    // News come in order: after this one the session has nothing left to sync for.
    desktop.write("from the desktop", "");
    desktop.run(&["save"]).ok();
    eventually("what the desktop saved arrives", || laptop.exists("from the desktop"));

    // Files that settle do, and are one save together.
    let saves = laptop.messages().len();
    for n in 0..8 {
        laptop.write("src/notes.txt", format!("word by word: {n}\n"));
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    assert_eq!(laptop.messages().len(), saves, "not at every keystroke");
    eventually("a save in a quiet moment", || laptop.messages().len() == saves + 1);
    found("src/notes.txt");

    // And so does the end, however it comes.
    laptop.write("src/interrupted.txt", "Ctrl-C\n");
    assert_eq!(asked_to_end(&mut session, "INT"), 0);
    drop(said);
    found("src/interrupted.txt");
    for signal in ["TERM", "HUP"] {
        let (mut session, said) = begun_dev(&laptop);
        if signal == "HUP" {
            // A terminal that was closed takes what is said with it.
            drop(said);
        }
        let path = format!("src/{signal}.txt");
        laptop.write(&path, signal);
        assert_eq!(asked_to_end(&mut session, signal), 0, "{signal}");
        found(&path);
    }
}
