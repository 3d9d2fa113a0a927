//! Whole projects: everything in them comes back as it was, on any device.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use world::project::{assert_as_seen, noise};
use world::{Device, World, assert_equal, rustlings, settle};

const TOKEN_OF: &str = "ana";

struct Begun {
    world: World,
    laptop: Device,
    token: String,
}

fn begin() -> Begun {
    let world = World::new();
    let token = world.add_user(TOKEN_OF, "learner");
    world.publish(&rustlings::course(world.folder.path()));
    let laptop = world.device_with("laptop", &token);
    laptop.run(&["init", "-c", "rustlings", "--strategy", "snapshot"]).ok();
    Begun { world, laptop, token }
}

#[test]
fn a_project_is_as_it_was_on_every_device() {
    let Begun { world, laptop, token } = begin();
    laptop.write("src/main.rs", "fn main() {}\n");
    laptop.write("data/large.bin", noise(1, 3_000_000));
    laptop.write("data/empty", "");
    laptop.write("Olá mundo/ação – 学习.txt", "ç\n");
    laptop.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(laptop.at("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../src/main.rs", laptop.at("data/link")).unwrap();
    fs::create_dir_all(laptop.at("out/deep/er")).unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::new(1_577_934_245, 123_456_789);
    fs::File::options()
        .write(true)
        .open(laptop.at("src/main.rs"))
        .unwrap()
        .set_modified(then)
        .unwrap();
    laptop.write("node_modules/left-pad/index.js", "module.exports = 1\n");
    laptop.run(&["save", "-m", "a project"]).ok();
    laptop.run(&["save"]).ok().says("nothing new");

    let desktop = world.device_with("desktop", &token);
    desktop.run(&["init", "-c", "rustlings", "--yes"]).ok();
    assert!(!desktop.exists("node_modules"));
    assert_eq!(fs::metadata(desktop.at("src/main.rs")).unwrap().modified().unwrap(), then);
    let tablet = world.device_with("tablet", &token);
    tablet.run(&["init", "-c", "rustlings", "--yes"]).ok();
    assert_as_seen(&desktop, &tablet);
    assert_as_seen(&desktop, &laptop);

    // Two devices go on without a server: a clean merge, an edit in a large file, a conflict, a
    // folder that goes and one that comes.
    desktop.write("src/lib.rs", "pub fn f() {}\n");
    let mut edited = noise(1, 3_000_000);
    edited.splice(1_500_000..1_500_000, *b"in the middle");
    desktop.write("data/large.bin", &edited);
    desktop.write("run.sh", noise(2, 1000));
    fs::remove_dir(desktop.at("out/deep/er")).unwrap();
    desktop.offline().run(&["save"]).code(5);
    tablet.write("src/main.rs", "fn main() { println!(); }\n");
    tablet.write("run.sh", noise(3, 1000));
    fs::create_dir(tablet.at("also empty")).unwrap();
    tablet.offline().run(&["save"]).code(5);
    settle(&[&desktop, &tablet, &laptop]);
    assert_equal(&[&desktop, &tablet]);
    assert_eq!(fs::read(laptop.at("data/large.bin")).unwrap(), edited);
    assert_eq!(laptop.read("src/main.rs"), "fn main() { println!(); }\n");
    assert!(laptop.at("also empty").is_dir() && laptop.at("out/deep").is_dir());
    assert!(!laptop.exists("out/deep/er"));
    assert!(laptop.exists("node_modules/left-pad/index.js"));
    let copies = laptop.status()["conflicts"].as_array().unwrap().len();
    assert_eq!(copies, 1, "{}", laptop.status());
    assert_as_seen(&desktop, &tablet);
    assert_as_seen(&desktop, &laptop);
}

#[test]
fn starting_over_keeps_the_old_line_of_work() {
    let Begun { world, laptop, token } = begin();
    laptop.write("idea.txt", "the first\n");
    laptop.write("large.bin", noise(4, 500_000));
    laptop.run(&["save", "-m", "first line"]).ok();
    let desktop = world.device_with("desktop", &token);
    desktop.run(&["init", "-c", "rustlings", "--fresh"]).ok();
    assert!(!desktop.exists("idea.txt") && !desktop.exists("large.bin"));
    let log = desktop.run(&["log", "--json"]).ok().json();
    let line = log.as_array().unwrap().iter().find(|r| r["message"] == "first line").unwrap();
    desktop.run(&["restore", line["id"].as_str().unwrap()]).ok();
    assert_eq!(desktop.read("idea.txt"), "the first\n");
    assert_eq!(fs::read(desktop.at("large.bin")).unwrap(), noise(4, 500_000));
    settle(&[&laptop, &desktop]);
    assert_equal(&[&laptop, &desktop]);
}

#[test]
fn a_workspace_becomes_a_snapshot_and_something_else_again() {
    let world = World::new();
    let token = world.add_user(TOKEN_OF, "learner");
    world.publish(&rustlings::course(world.folder.path()));
    let laptop = world.device_with("laptop", &token);
    let desktop = world.device_with("desktop", &token);
    laptop.run(&["init", "-c", "rustlings"]).ok();
    laptop.write("notes.txt", "by patch\n");
    laptop.run(&["save", "-m", "by patch"]).ok();
    desktop.run(&["init", "-c", "rustlings", "--yes"]).ok();
    // What patch does not carry is carried now.
    laptop.run(&["strategy", "snapshot"]).ok();
    laptop.write("large.bin", noise(5, 2_000_000));
    laptop.write("notes.txt", "by snapshot\n");
    laptop.run(&["save", "-m", "by snapshot"]).ok();
    settle(&[&desktop]);
    assert_equal(&[&laptop, &desktop]);
    // It does not fit into a patch, and nothing is changed by trying.
    desktop.run(&["strategy", "patch"]).code(1).says("large.bin");
    desktop.remove("large.bin");
    for strategy in ["patch", "git", "snapshot"] {
        desktop.run(&["strategy", strategy]).ok();
        desktop.write("notes.txt", format!("then by {strategy}\n"));
        desktop.run(&["save"]).ok();
        settle(&[&laptop, &desktop]);
        assert_equal(&[&laptop, &desktop]);
        assert_eq!(laptop.status()["strategy"], strategy);
    }
    let log = laptop.run(&["log", "--json"]).ok().json();
    let of = |message: &str| {
        let found = log.as_array().unwrap().iter().find(|r| r["message"] == message);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    laptop.run(&["restore", &of("by patch"), "notes.txt"]).ok();
    assert_eq!(laptop.read("notes.txt"), "by patch\n");
    laptop.run(&["restore", &of("by snapshot")]).ok();
    assert_eq!(laptop.read("notes.txt"), "by snapshot\n");
    assert_eq!(fs::read(laptop.at("large.bin")).unwrap(), noise(5, 2_000_000));
}
