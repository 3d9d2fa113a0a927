//! What a learner does to a workspace, on purpose or not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::os::unix::ffi::OsStrExt;

use world::{Device, World, assert_equal, settle};

const HELLO: &str = "content/01_intro/01_hello/exercise.rs";

/// A server with the course, and a learner's token.
fn world() -> (World, String) {
    let world = World::new();
    world.publish_example("rust-basics");
    let token = world.add_user("ana", "learner");
    (world, token)
}

fn started(world: &World, token: &str, name: &str) -> Device {
    let device = world.device_with(name, token);
    device.run(&["init", "-c", "rust-basics"]).code_in(&[0, 3]);
    device
}

#[test]
fn files_that_are_there_become_edits() {
    let (world, token) = world();
    let device = world.device_with("a", &token);
    device.write(HELLO, "mine\n");
    device.write("notes.md", "mine too\n");
    device.run(&["init", "-c", "rust-basics"]).ok().says("notes.md");
    assert_eq!(device.read(HELLO), "mine\n");
    device.run(&["save"]).ok();
    let other = started(&world, &token, "b");
    assert_eq!((other.read(HELLO), other.read("notes.md")), ("mine\n".into(), "mine too\n".into()));
}

#[test]
fn init_where_the_course_is_already_is_a_sync() {
    let (world, token) = world();
    let (a, b) = (started(&world, &token, "a"), started(&world, &token, "b"));
    a.write(HELLO, "from a\n");
    a.run(&["save"]).ok();
    b.run(&["init", "-c", "rust-basics"]).ok();
    assert_equal(&[&a, &b]);
    world.publish_example("python-data");
    b.run(&["init", "-c", "python-data"]).code(1).fails_clearly();
    assert_equal(&[&a, &b]);
}

#[test]
fn restoring_over_other_files_keeps_both_versions() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    a.write(HELLO, "saved\n");
    a.run(&["save"]).ok();
    let b = world.device_with("b", &token);
    b.write(HELLO, "was here\n");
    b.run(&["init", "-c", "rust-basics", "--yes"]).code(3);
    let texts: Vec<String> = b
        .files()
        .into_iter()
        .filter(|(path, _)| path.starts_with(HELLO))
        .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        .collect();
    assert_eq!(texts, ["was here\n", "saved\n"]);
}

#[test]
fn a_fresh_start_keeps_the_old_line_in_the_history() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    let template = a.read(HELLO);
    a.write(HELLO, "old line\n");
    a.run(&["save", "-m", "old line"]).ok();
    let b = world.device_with("b", &token);
    b.run(&["init", "-c", "rust-basics", "--fresh"]).ok();
    assert_eq!(b.read(HELLO), template);
    let log = b.run(&["log", "--json"]).ok().json();
    let revisions = log.as_array().unwrap();
    let old = revisions.iter().find(|revision| revision["message"] == "old line").unwrap();
    b.run(&["restore", old["id"].as_str().unwrap()]).ok();
    assert_eq!(b.read(HELLO), "old line\n");
    settle(&[&a, &b]);
    assert_equal(&[&a, &b]);
}

#[test]
fn a_deleted_private_folder_loses_nothing() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    a.write(HELLO, "saved\n");
    a.run(&["save"]).ok();
    a.write("new.txt", "not saved yet\n");
    fs::remove_dir_all(a.at(".progy")).unwrap();
    a.run(&["status"]).code(1).fails_clearly();
    a.run(&["init", "-c", "rust-basics", "--yes"]).ok();
    a.run(&["sync"]).ok();
    assert_eq!((a.read(HELLO), a.read("new.txt")), ("saved\n".into(), "not saved yet\n".into()));
    let b = started(&world, &token, "b");
    assert_equal(&[&a, &b]);
}

#[test]
fn a_workspace_may_be_moved_and_copied_to_another_machine() {
    let (world, token) = world();
    let mut a = started(&world, &token, "a");
    a.write("first.txt", "1\n");
    a.offline().run(&["save", "-m", "queued"]).code(5);
    // Copied with everything in it, also the save that waits.
    let copy = world.device_with("copy", &token);
    fs::remove_dir(&copy.workspace).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([&a.workspace, &copy.workspace])
        .status()
        .unwrap();
    assert!(copied.success());
    // Moved.
    let moved = a.workspace.with_file_name("moved");
    fs::rename(&a.workspace, &moved).unwrap();
    a.workspace = moved;
    copy.write("second.txt", "2\n");
    a.write("third.txt", "3\n");
    a.run(&["save"]).ok();
    copy.run(&["save"]).ok();
    settle(&[&a, &copy]);
    assert_equal(&[&a, &copy]);
    assert_eq!(a.messages().iter().filter(|message| *message == "queued").count(), 1);
    for name in ["first.txt", "second.txt", "third.txt"] {
        assert!(a.exists(name));
    }
}

#[test]
fn what_cannot_travel_is_named_and_the_rest_travels() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    a.write(".env", "PASSWORD=hunter2\n");
    a.write("good.txt", "good\n");
    fs::write(a.workspace.join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt")), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", a.at("outside")).unwrap();
    std::os::unix::fs::symlink("loop", a.at("loop")).unwrap();
    let run = a.run(&["save"]).ok().says(".env").says("outside");
    assert!(run.stderr().contains("caf"), "{}", run.stderr());
    let b = started(&world, &token, "b");
    assert!(b.exists("good.txt") && !b.exists(".env") && !b.exists("outside"));
    assert!(!world.server_log().contains("hunter2"));
}

#[test]
fn a_file_over_the_limit_is_named_with_a_way_out() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    a.write("data.bin", vec![7; (1 << 20) + 1]);
    let run = a.run(&["save"]).code(1).fails_clearly();
    run.says("data.bin").says("progy strategy snapshot");
    a.remove("data.bin");
    a.write("data.bin", vec![7; 1 << 20]);
    a.run(&["save"]).ok();
    let b = started(&world, &token, "b");
    assert_equal(&[&a, &b]);
}

#[test]
fn names_modes_links_and_empty_files_travel() {
    use std::os::unix::fs::PermissionsExt;
    let (world, token) = world();
    let a = started(&world, &token, "a");
    a.write("lição/ação número 1.txt", "olá\n");
    a.write("練習.py", "print('ok')\n");
    a.write("empty", "");
    a.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(a.at("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("run.sh", a.at("link")).unwrap();
    a.run(&["save"]).ok();
    let b = started(&world, &token, "b");
    assert_equal(&[&a, &b]);
    let mode = fs::metadata(b.at("run.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o100, 0o100);
    // A change of the mode alone, a link that becomes a file, a file that becomes a folder.
    fs::set_permissions(b.at("run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    b.remove("link");
    b.write("link", "a file now\n");
    b.remove("empty");
    b.write("empty/full.txt", "x\n");
    b.run(&["save"]).ok();
    a.run(&["sync"]).ok();
    assert_equal(&[&a, &b]);
    let mode = fs::metadata(a.at("run.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o100, 0);
}

#[test]
fn a_reset_can_be_undone() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    let template = a.read(HELLO);
    a.write(HELLO, "my attempt\n");
    a.write("content/01_intro/01_hello/extra.txt", "extra\n");
    a.run(&["reset", "01_intro/01_hello"]).ok();
    assert_eq!(a.read(HELLO), template);
    let log = a.run(&["log", "--json"]).ok().json();
    let before = log.as_array().unwrap()[1]["id"].as_str().unwrap().to_owned();
    a.run(&["restore", &before, "content/01_intro/01_hello"]).ok();
    assert_eq!(a.read(HELLO), "my attempt\n");
    assert_eq!(a.read("content/01_intro/01_hello/extra.txt"), "extra\n");
}

#[test]
fn what_progy_replaced_is_in_the_trash() {
    let (world, token) = world();
    let (a, b) = (started(&world, &token, "a"), started(&world, &token, "b"));
    a.write(HELLO, "one\n");
    a.run(&["save"]).ok();
    b.run(&["sync"]).ok();
    a.write(HELLO, "two\n");
    a.run(&["save"]).ok();
    b.run(&["sync"]).ok();
    let trash = b.run(&["trash", "list", "--json"]).ok().json();
    let item = &trash.as_array().unwrap()[0];
    assert_eq!(item["path"], HELLO);
    b.run(&["trash", "restore", item["id"].as_str().unwrap()]).ok();
    assert!(b.files().values().any(|bytes| bytes == b"one\n"));
}

#[test]
fn conflicts_can_be_settled_with_markers_and_by_hand() {
    let (world, token) = world();
    let (a, b) = (started(&world, &token, "a"), started(&world, &token, "b"));
    a.write("f.txt", "same\nfrom a\n");
    b.write("f.txt", "same\nfrom b\n");
    a.run(&["save"]).ok();
    b.run(&["save"]).code(3);
    b.run(&["resolve", "f.txt", "--markers"]).code(3);
    let marked = b.read("f.txt");
    assert!(marked.starts_with("same\n<<<<<<<") && marked.contains(">>>>>>>"), "{marked}");
    b.run(&["resolve", "f.txt", "--merged"]).code(1).fails_clearly();
    b.write("f.txt", "same\nfrom a and b\n");
    b.run(&["resolve", "f.txt", "--merged"]).ok();
    settle(&[&a, &b]);
    assert_eq!(a.read("f.txt"), "same\nfrom a and b\n");
    assert_equal(&[&a, &b]);
    assert_eq!(a.status()["conflicts"].as_array().unwrap().len(), 0);
}

#[test]
fn one_learner_never_sees_another() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    a.write(HELLO, "secret of ana\n");
    a.run(&["save"]).ok();
    let revision = a.status()["base"].as_str().unwrap().to_owned();
    let other = world.add_user("bia", "learner");
    let (status, body) = world.curl(&other, "GET", "/api/progress/rust-basics", None);
    assert_eq!(status, 404);
    assert!(body.contains("no_progress"), "{body}");
    let path = format!("/api/workspaces/rust-basics/revisions/{revision}");
    let (theirs, unknown) = (
        world.curl(&other, "GET", &path, None),
        world.curl(&other, "GET", &path.replace(&revision, &"0".repeat(revision.len())), None),
    );
    assert_eq!((theirs.0, unknown.0), (404, 404));
    let (status, _) = world.curl("wrong", "GET", "/api/progress/rust-basics", None);
    assert_eq!(status, 401);
    let stranger = Device { token: "wrong".to_owned(), ..a.clone() };
    stranger.write("more.txt", "x\n");
    stranger.run(&["save"]).code(4).fails_clearly();
    a.run(&["sync"]).ok();
    assert!(a.exists("more.txt"));
}
