//! Real processes that die, disks that fill up, connections that break, servers that forget.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use world::relay::Relay;
use world::{Device, Random, World, assert_equal, rustlings, settle};

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
fn a_kill_at_any_moment_loses_nothing() {
    let (world, token) = world();
    let devices = [started(&world, &token, "a"), started(&world, &token, "b")];
    // The kills differ from machine to machine anyway, the rest need not.
    let mut random = Random(1);
    let mut written = Vec::new();
    for round in 0..60 {
        let device = &devices[usize::from(random.below(2) == 1)];
        let text = format!("round {round} on {}\n", device.name);
        let name = format!("file-{}.txt", random.below(12));
        let old = if device.exists(&name) { device.read(&name) } else { String::new() };
        device.write(&name, format!("{old}{text}"));
        written.push(text);
        let command = if random.below(2) == 0 { "save" } else { "sync" };
        let mut child =
            device.command(&[command]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(40_000)));
        let _ = child.kill();
        child.wait().unwrap();
    }
    settle(&[&devices[0], &devices[1]]);
    assert_equal(&[&devices[0], &devices[1]]);
    let everything: String = devices[0]
        .files()
        .values()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    for text in written {
        assert!(everything.contains(&text), "{text:?} is gone");
    }
    assert!(!devices[0].at(".progy/journal").exists());
}

#[test]
fn what_the_server_acknowledged_survives_its_death() {
    let (mut world, token) = world();
    let a = started(&world, &token, "a");
    let mut random = Random(2);
    for round in 0..12 {
        a.write("work.txt", format!("round {round}\n"));
        let child = a
            .command(&["save", "-m", &format!("round {round}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        std::thread::sleep(Duration::from_millis(random.below(60)));
        world.kill();
        let code = child.unwrap().wait().unwrap().code().unwrap();
        assert!([0, 5].contains(&code), "save ended with {code}");
        world.start();
        if code == 0 {
            let head = a.messages().first().cloned();
            assert_eq!(head, Some(format!("round {round}")));
        }
    }
    a.run(&["sync"]).ok();
    let messages = a.messages();
    for round in 0..12 {
        let wanted = format!("round {round}");
        assert_eq!(
            messages.iter().filter(|message| **message == wanted).count(),
            1,
            "{messages:?}"
        );
    }
}

#[test]
fn commands_at_once_in_one_workspace_take_turns() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    let children: Vec<_> = (0..6)
        .map(|n| {
            a.write(&format!("file-{n}.txt"), format!("{n}\n"));
            a.command(&[if n % 2 == 0 { "save" } else { "sync" }])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let b = started(&world, &token, "b");
    assert_equal(&[&a, &b]);
}

#[test]
fn a_server_from_an_old_backup_gets_everything_again() {
    let (mut world, token) = world();
    let (a, b) = (started(&world, &token, "a"), started(&world, &token, "b"));
    a.write("old.txt", "in the backup\n");
    a.run(&["save", "-m", "old"]).ok();
    b.run(&["sync"]).ok();
    world.stop();
    let backup = world.folder.path().join("backup");
    rustlings::copy(&world.data(), &backup);
    world.start();
    a.write("old.txt", "changed after the backup\n");
    a.write("new.txt", "after the backup\n");
    a.run(&["save", "-m", "after the backup"]).ok();
    world.stop();
    fs::remove_dir_all(world.data()).unwrap();
    rustlings::copy(&backup, &world.data());
    world.start();
    // Another device works on what the server still has; then the first one comes back.
    b.write("other.txt", "from b\n");
    b.run(&["save", "-m", "from b"]).ok();
    a.write("latest.txt", "not even saved\n");
    a.run(&["sync"]).ok();
    settle(&[&b, &a]);
    assert_equal(&[&a, &b]);
    assert_eq!(b.read("old.txt"), "changed after the backup\n");
    for name in ["new.txt", "other.txt", "latest.txt"] {
        assert!(b.exists(name), "{name} is gone");
    }
}

#[test]
fn a_server_that_lost_everything_gets_everything_again() {
    let (mut world, token) = world();
    let a = started(&world, &token, "a");
    a.write("work.txt", "work\n");
    a.run(&["save"]).ok();
    world.stop();
    fs::remove_dir_all(world.data()).unwrap();
    let mut fresh = World::new();
    fresh.publish_example("rust-basics");
    let token = fresh.add_user("ana", "learner");
    let a = Device { url: fresh.url(), token, ..a };
    a.run(&["sync"]).ok();
    let b = started(&fresh, &a.token, "b");
    assert_equal(&[&a, &b]);
    fresh.stop();
}

#[test]
fn a_connection_that_breaks_anywhere_is_picked_up() {
    let (world, token) = world();
    let relay = Relay::to(&world);
    let a = relay.before(&world.device_with("a", &token));
    for bytes in [0, 1, 50, 200, 700, 3_000] {
        relay.down.cut_after(bytes);
        a.run(&["init", "-c", "rust-basics"]).code_in(&[0, 5]);
    }
    relay.down.mend();
    a.run(&["init", "-c", "rust-basics"]).ok();
    for bytes in [0, 1, 20, 100, 300, 400, 600, 5_000] {
        relay.down.cut_after(bytes);
        a.write("work.txt", format!("{bytes} bytes\n"));
        a.run(&["save", "-m", &format!("{bytes} bytes")]).code_in(&[0, 5]).fails_or_is_quiet();
    }
    relay.down.mend();
    a.run(&["sync"]).ok();
    let messages = a.messages();
    for bytes in [0, 1, 20, 100, 300, 400, 600, 5_000] {
        let wanted = format!("{bytes} bytes");
        assert_eq!(
            messages.iter().filter(|message| **message == wanted).count(),
            1,
            "{messages:?}"
        );
    }
    let b = started(&world, &token, "b");
    assert_equal(&[&a, &b]);
}

/// Mounts a file system of `kilobytes`; unmounted when dropped. Needs the right to mount.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn new(at: std::path::PathBuf, kilobytes: u32) -> Self {
        fs::create_dir_all(&at).unwrap();
        let options = format!("size={kilobytes}k");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&at).status();
        assert!(mounted.unwrap().success(), "a small file system needs the right to mount");
        Self(at)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_named_and_loses_nothing() {
    let (world, token) = world();
    let a = started(&world, &token, "a");
    let mut small = world.device_with("small", &token);
    let disk = SmallDisk::new(world.folder.path().join("small-disk"), 600);
    small.workspace = disk.0.join("work");
    fs::create_dir_all(&small.workspace).unwrap();
    small.run(&["init", "-c", "rust-basics"]).ok();
    small.write("mine.txt", "mine\n");
    small.run(&["save"]).ok();
    // More comes in than fits.
    for n in 0..4 {
        let bytes: Vec<u8> = (0..200_000_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> (n + 13)).to_le_bytes()[0])
            .collect();
        a.write(&format!("big-{n}.bin"), bytes);
    }
    a.run(&["sync"]).ok();
    small.write("mine.txt", "mine, edited\n");
    small.run(&["sync"]).code(1).fails_clearly();
    assert_eq!(small.read("mine.txt"), "mine, edited\n");
    for n in 0..4 {
        let name = format!("big-{n}.bin");
        assert!(!small.exists(&name) || fs::read(small.at(&name)).unwrap().len() == 200_000);
    }
    // With room again everything goes on.
    let grown =
        Command::new("mount").args(["-o", "remount,size=8m"]).arg(&disk.0).status().unwrap();
    assert!(grown.success());
    small.run(&["sync"]).ok();
    a.run(&["sync"]).ok();
    assert_equal(&[&a, &small]);
}

#[test]
fn a_folder_that_may_not_be_written_waits() {
    let (world, token) = world();
    let (a, b) = (started(&world, &token, "a"), started(&world, &token, "b"));
    a.write("docs/x.txt", "1\n");
    a.run(&["save"]).ok();
    b.run(&["sync"]).ok();
    a.write("docs/x.txt", "2\n");
    a.write("free.txt", "2\n");
    a.run(&["save"]).ok();
    // A read-only file system over the folder: not even root may write.
    let docs = b.at("docs");
    let at = docs.to_str().unwrap();
    let mount =
        |args: &[&str]| assert!(Command::new("mount").args(args).status().unwrap().success());
    mount(&["--bind", at, at]);
    mount(&["-o", "remount,bind,ro", at]);
    let run = b.run(&["sync"]);
    let unmounted = Command::new("umount").arg(at).status().unwrap();
    assert!(unmounted.success());
    run.code_in(&[0, 1]).says("docs/x.txt");
    assert_eq!((b.read("docs/x.txt"), b.read("free.txt")), ("1\n".into(), "2\n".into()));
    b.run(&["sync"]).ok();
    assert_eq!(b.read("docs/x.txt"), "2\n");
    assert_equal(&[&a, &b]);
}
