//! `progy dev`: what is written on one device appears on the other, without a command.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::process::{Child, Command, Stdio};

use world::{Device, World, assert_equal, eventually};

fn dev(device: &Device) -> Child {
    device.command(&["dev"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn interrupt(child: &mut Child) -> i32 {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap().code().unwrap()
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
