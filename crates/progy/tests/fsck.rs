//! Damage of snapshots is named, never restored, and repaired where another copy is whole.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::path::{Path, PathBuf};

use world::{PROGY, Run, World};

fn fsck(world: &World, args: &[&str]) -> Run {
    let mut command = std::process::Command::new(PROGY);
    command.args(["admin", "fsck"]).args(args).arg("--data").arg(world.data());
    command.env("PROGY_LANG", "en");
    Run::of(command, &["admin", "fsck"])
}

/// Bytes that do not compress, and that no chunk of another file has.
fn noise(seed: u8, len: usize) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

fn packs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(packs(&path));
        } else if path.extension().is_some_and(|end| end == "pack") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The pack in which some of these bytes are as they are, and where.
fn holding(world: &World, bytes: &[u8]) -> (PathBuf, usize) {
    let wanted = &bytes[bytes.len() / 2..bytes.len() / 2 + 32];
    let found = packs(&world.data().join("objects/snapshots")).into_iter().find_map(|path| {
        let pack = fs::read(&path).unwrap();
        let at = pack.windows(wanted.len()).position(|window| window == wanted)?;
        Some((path, at))
    });
    found.expect("no pack has these bytes")
}

fn flip((path, at): &(PathBuf, usize)) {
    let mut bytes = fs::read(path).unwrap();
    bytes[*at] ^= 0x55;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_flipped_byte_is_named_and_never_restored() {
    let world = World::new();
    world.publish_example("rust-basics");
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    laptop.run(&["init", "-c", "rust-basics", "--strategy", "snapshot", "--yes"]).ok();
    let (data, more) = (noise(1, 12_000), noise(2, 9_000));
    laptop.write("data.bin", &data);
    laptop.write("more.bin", &more);
    laptop.run(&["save"]).ok();
    fsck(&world, &[]).ok().says("All snapshots can be read");

    let spoiled = holding(&world, &data);
    flip(&spoiled);
    let object = spoiled.0.file_name().unwrap().to_str().unwrap().to_owned();
    let run = fsck(&world, &["--json"]).code(1);
    let report = run.json();
    assert_eq!(report["damage"][0]["kind"], "pack");
    assert!(report["damage"][0]["object"].as_str().unwrap().ends_with(&object));
    assert_eq!(report["damage"][1]["kind"], "blob");
    assert_eq!(report["damage"][1]["learner"], "ana");
    let blob = report["damage"][1]["blob"].as_str().unwrap().to_owned();
    fsck(&world, &[]).code(1).says(&blob).says(&object);

    // Another device gets what is whole or nothing, and no wrong byte.
    let tablet = world.device_with("tablet", &token);
    let run = tablet.run(&["init", "-c", "rust-basics", "--resume", "--yes"]);
    assert_ne!(run.exit(), 0, "{}{}", run.stdout(), run.stderr());
    if tablet.exists("data.bin") {
        assert_eq!(fs::read(tablet.at("data.bin")).unwrap(), data);
    }

    // There is no other copy: repaired is what is whole, and the rest is named.
    fsck(&world, &["--repair"]).code(1).says(&blob).says("Repaired");
    // The laptop has it: saved under another name, it is there again.
    laptop.write("copy.bin", &data);
    laptop.run(&["save"]).ok();
    fsck(&world, &[]).ok();
    let phone = world.device_with("phone", &token);
    phone.run(&["init", "-c", "rust-basics", "--resume", "--yes"]).ok();
    assert_eq!(fs::read(phone.at("data.bin")).unwrap(), data);
    assert_eq!(fs::read(phone.at("more.bin")).unwrap(), more);
}
