//! A learner's project: files of all kinds, and everything that is to be seen of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Device;

/// Bytes that do not compress, the same in every run.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = 2 * seed + 1;
    let next = |state: &mut u64| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        state.to_le_bytes()
    };
    (0..len.div_ceil(8)).flat_map(|_| next(&mut state)).take(len).collect()
}

/// Puts a project in the place of the one that was there: `files` small ones in twenty folders, one of
/// `large` bytes, scripts, links, folders with nothing in them, old times. Another seed, other contents.
pub(crate) fn write_project(device: &Device, seed: u64, files: usize, large: usize) {
    let root = device.at("project");
    if root.exists() {
        fs::remove_dir_all(&root).unwrap();
    }
    let then = SystemTime::UNIX_EPOCH + Duration::new(1_577_934_245 + seed, 123_456_789);
    for n in 0..files {
        let path = format!("project/src/part_{:02}/file_{n:03}.rs", n % 20);
        device.write(&path, format!("// {seed}\npub fn f{n}() {{}}\n").repeat(1 + n % 40));
        let file = fs::File::options().write(true).open(device.at(&path)).unwrap();
        file.set_modified(then + Duration::from_secs(n as u64)).unwrap();
    }
    device.write("project/data/large.bin", noise(seed, large));
    device.write("project/data/empty", "");
    // A content that stays is not saved again for its time.
    let empty = fs::File::options().write(true).open(device.at("project/data/empty")).unwrap();
    empty.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    device.write("project/run.sh", format!("#!/bin/sh\n# {seed}\n"));
    fs::set_permissions(device.at("project/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink(format!("../src/part_{:02}", seed % 20), device.at("project/data/link")).unwrap();
    fs::create_dir_all(device.at(&format!("project/out/{}/deep", seed % 3))).unwrap();
}

/// What a path is beside its content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Folder,
    Link(String),
    File { executable: bool, modified: SystemTime },
}

/// Everything in a workspace that travels, with folders, links, modes and times.
pub(crate) fn seen(device: &Device) -> BTreeMap<String, Seen> {
    fn walk(root: &Path, at: &Path, found: &mut BTreeMap<String, Seen>) {
        for item in fs::read_dir(at).unwrap() {
            let item = item.unwrap();
            let path = item.path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let last = item.file_name();
            if matches!(last.to_str(), Some(".progy" | "progy.toml" | "node_modules" | "target")) {
                continue;
            }
            let meta = path.symlink_metadata().unwrap();
            let seen = if meta.is_dir() {
                walk(root, &path, found);
                Seen::Folder
            } else if meta.is_symlink() {
                Seen::Link(fs::read_link(&path).unwrap().to_str().unwrap().to_owned())
            } else {
                let executable = meta.permissions().mode() & 0o100 != 0;
                Seen::File { executable, modified: meta.modified().unwrap() }
            };
            found.insert(name, seen);
        }
    }
    let mut found = BTreeMap::new();
    walk(&device.at(""), &device.at(""), &mut found);
    found
}

/// As [`seen`], without times.
pub(crate) fn seen_without_times(device: &Device) -> BTreeMap<String, Seen> {
    let mut seen = seen(device);
    for seen in seen.values_mut() {
        if let Seen::File { modified, .. } = seen {
            *modified = SystemTime::UNIX_EPOCH;
        }
    }
    seen
}

/// A copy that a conflict has left is as old as its revision elsewhere, and new where it was made.
#[track_caller]
pub(crate) fn assert_as_seen(one: &Device, other: &Device) {
    let (one, other) = (seen(one), seen(other));
    let differ =
        |path: &&String| !path.contains(".conflict-") && one.get(*path) != other.get(*path);
    let differing: Vec<_> = one
        .keys()
        .chain(other.keys())
        .filter(differ)
        .map(|path| (path, one.get(path), other.get(path)))
        .collect();
    assert!(differing.is_empty(), "{differing:#?}");
}
