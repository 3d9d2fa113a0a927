//! A project that is larger than the memory of the server that keeps it, and of the devices.
//!
//! `PROGY_LARGE_MB=10240 cargo test --release -p progy --test snapshot_large` takes one of 10 GiB, and
//! three times as much of the disk.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use world::project::{assert_as_seen, noise, write_project};
use world::{Device, World};

const COURSE: &str = "rust-basics";
/// What the server may take, and each device, in bytes.
const MEMORY: u64 = 300 << 20;
const BLOCK: usize = 1 << 20;

fn megabytes() -> usize {
    let size = std::env::var("PROGY_LARGE_MB").ok();
    size.map_or(384, |size| size.parse().expect("PROGY_LARGE_MB is a number"))
}

/// A file of so many blocks: half are noise, a quarter are text and a quarter were there before.
fn write_large(path: &Path, seed: usize, blocks: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = BufWriter::new(File::create(path).unwrap());
    for block in 0..blocks {
        let number = seed * 1_000_000 + block;
        let bytes = match block % 4 {
            0 | 1 => noise(number as u64, BLOCK),
            2 => format!("line {number} of a log that says the same again\n").into_bytes(),
            _ => noise(seed as u64 * 1_000_000, BLOCK),
        };
        let bytes = bytes.repeat(BLOCK / bytes.len() + 1);
        file.write_all(&bytes[..BLOCK]).unwrap();
    }
    file.flush().unwrap();
}

/// One file of half the size, some of 16 MiB for the other, and many small ones.
fn write_all(device: &Device) {
    write_project(device, 1, 1_000, 100_000);
    write_large(&device.at("project/data/half.bin"), 1, megabytes() / 2);
    for n in 0..megabytes() / 32 {
        write_large(&device.at(&format!("project/data/part_{n:03}.bin")), n + 2, 16);
    }
}

/// A memory cgroup, if this machine lets us make one (cgroups(7)): no process in it gets more.
struct Limit(Option<PathBuf>);

impl Limit {
    fn new() -> Self {
        let name = format!("progy-test-{}", std::process::id());
        let made =
            [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")]
                .into_iter()
                .find_map(|(root, limit)| {
                    let folder = Path::new(root).join(&name);
                    fs::create_dir(&folder).ok()?;
                    // In any other file system anybody can make a folder.
                    if folder.join("cgroup.procs").exists()
                        && fs::write(folder.join(limit), MEMORY.to_string()).is_ok()
                    {
                        return Some(folder);
                    }
                    fs::remove_dir(&folder).ok();
                    None
                });
        println!("limited by {made:?}; what is resident is looked at in any case");
        Self(made)
    }

    fn take(&self, pid: u32) {
        if let Some(folder) = &self.0 {
            fs::write(folder.join("cgroup.procs"), pid.to_string()).unwrap();
        }
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // The processes in it have ended; the kernel may take a moment to see that.
            for _ in 0..100 {
                if fs::remove_dir(folder).is_ok() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// The most that a process had resident, in bytes; `None` once it has ended.
fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// Runs a command to its end and sees that it never had more than it may.
#[track_caller]
fn run(device: &Device, args: &[&str]) {
    let mut command = device.command(args);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut most = 0;
    let status = loop {
        most = most.max(resident(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    println!("{args:?} had {} MiB", most >> 20);
    assert!(status.success(), "{args:?}: {status}");
    assert!(most < MEMORY, "{args:?} had {most} bytes");
}

/// Bytes of all files that the server keeps.
fn stored(folder: &Path) -> u64 {
    let items = fs::read_dir(folder).unwrap().map(|item| item.unwrap());
    items
        .map(|item| match item.metadata().unwrap() {
            meta if meta.is_dir() => stored(&item.path()),
            meta => meta.len(),
        })
        .sum()
}

/// Compares byte by byte, by a program that we did not write and that holds no file in memory.
#[track_caller]
fn assert_same(one: &Device, other: &Device) {
    let mut diff = Command::new("diff");
    diff.args(["-rq", "--no-dereference", "-x", ".progy", "-x", "progy.toml"]);
    let output = diff.args([one.at(""), other.at("")]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_as_seen(one, other);
}

#[test]
fn a_project_larger_than_the_memory_is_saved_and_restored() {
    let limit = Limit::new();
    let quota = format!("[snapshots]\nquota = {}\n", 64_u64 << 30);
    let world = World::configured(tempfile::tempdir().unwrap(), &quota);
    world.publish_example(COURSE);
    let token = world.add_user("ana", "learner");
    limit.take(world.server_pid());

    let laptop = world.device_with("laptop", &token);
    laptop.run(&["init", "-c", COURSE, "--strategy", "snapshot"]).ok();
    write_all(&laptop);
    run(&laptop, &["save"]);
    let first = stored(&world.data());

    // A few bytes in the middle of the large file, and some more at its end.
    let mut file = File::options().write(true).open(laptop.at("project/data/half.bin")).unwrap();
    file.seek(SeekFrom::Start((megabytes() as u64 / 4) << 20)).unwrap();
    file.write_all(b"an edit").unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"the end").unwrap();
    drop(file);
    run(&laptop, &["save"]);
    let grown = stored(&world.data()) - first;
    println!("stored {} MiB, {} KiB for the edit", first >> 20, grown >> 10);
    assert!(grown < 8 << 20, "an edit took {grown} bytes");

    let desktop = world.device_with("desktop", &token);
    run(&desktop, &["init", "-c", COURSE, "--yes"]);
    assert_same(&laptop, &desktop);

    let most = resident(world.server_pid()).expect("the server runs");
    println!("the server had {} MiB", most >> 20);
    assert!(most < MEMORY, "the server had {most} bytes");
}
