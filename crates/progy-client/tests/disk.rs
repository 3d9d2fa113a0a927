//! The laws of `Disk`, on this machine's file system.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::ErrorKind;
use std::os::unix::fs::symlink;

use progy_client::disk::{Disk, Kind, RealDisk};

fn workspace() -> (tempfile::TempDir, RealDisk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::new(folder.path());
    (folder, disk)
}

#[test]
fn a_file_is_placed_only_where_nothing_is() {
    let (_folder, disk) = workspace();
    disk.write(".progy/tmp/a", b"new", false).unwrap();
    disk.place(".progy/tmp/a", "deep/er/a").unwrap();
    assert_eq!(disk.read("deep/er/a", 10).unwrap(), b"new");
    disk.write(".progy/tmp/a", b"other", false).unwrap();
    let again = disk.place(".progy/tmp/a", "deep/er/a");
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(disk.read("deep/er/a", 10).unwrap(), b"new");
    assert_eq!(disk.read(".progy/tmp/a", 10).unwrap(), b"other");
}

#[test]
fn an_exchange_keeps_both() {
    let (_folder, disk) = workspace();
    disk.write("a", b"old", false).unwrap();
    disk.write(".progy/tmp/a", b"new", true).unwrap();
    disk.exchange(".progy/tmp/a", "a").unwrap();
    assert_eq!(disk.read("a", 10).unwrap(), b"new");
    assert!(disk.meta("a").unwrap().unwrap().executable);
    assert_eq!(disk.read(".progy/tmp/a", 10).unwrap(), b"old");
}

#[test]
fn no_path_leads_through_a_link() {
    let (folder, disk) = workspace();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    disk.write(".progy/tmp/a", b"new", false).unwrap();
    assert!(disk.place(".progy/tmp/a", "link/a").is_err());
    assert!(disk.read("link/secret", 100).is_err());
    assert!(disk.open("link/secret").is_err());
    assert!(disk.exchange(".progy/tmp/a", "link/secret").is_err());
    assert!(disk.remove("link/secret").is_err());
    assert_eq!(disk.meta("link/secret").unwrap(), None);
    assert_eq!(disk.meta("link").unwrap().unwrap().kind, Kind::Symlink);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn a_link_is_not_read_as_a_file() {
    let (folder, disk) = workspace();
    std::fs::write(folder.path().join("a"), "text").unwrap();
    symlink("a", folder.path().join("b")).unwrap();
    assert!(disk.read("b", 100).is_err());
    assert_eq!(disk.read_link("b").unwrap(), "a");
}

#[test]
fn a_read_stops_at_its_limit() {
    let (_folder, disk) = workspace();
    disk.write("a", &[1; 100], false).unwrap();
    assert_eq!(disk.read("a", 100).unwrap().len(), 100);
    assert_eq!(disk.read("a", 99).unwrap_err().kind(), ErrorKind::FileTooLarge);
}

#[test]
fn a_pipe_does_not_block() {
    let (folder, disk) = workspace();
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    assert!(disk.read("pipe", 10).is_err());
    assert_eq!(disk.meta("pipe").unwrap().unwrap().kind, Kind::Other);
}

#[test]
fn what_is_gone_may_be_removed_and_flushed() {
    let (_folder, disk) = workspace();
    disk.remove("a").unwrap();
    disk.remove_folder("a/b").unwrap();
    disk.remove_all("a").unwrap();
    disk.write("a/b", b"x", false).unwrap();
    disk.flush(&["a/b", "a/gone", "a/b/now-a-file", "gone/deep/er"]).unwrap();
    let many: Vec<String> = (0..40).map(|n| format!("a/{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    disk.flush(&many).unwrap();
    assert_eq!(disk.remove_folder("a").unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
}

#[test]
fn the_lock_has_one_owner() {
    let (folder, disk) = workspace();
    let first = disk.lock(".progy/lock").unwrap();
    assert!(first.is_some());
    let other = RealDisk::new(folder.path());
    assert!(other.lock(".progy/lock").unwrap().is_none());
    drop(first);
    assert!(other.lock(".progy/lock").unwrap().is_some());
}

#[test]
fn the_private_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, disk) = workspace();
    disk.write(".progy/tmp/a", b"x", false).unwrap();
    let mode = std::fs::metadata(folder.path().join(".progy")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn modes_follow_the_readable_bits() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, disk) = workspace();
    let path = folder.path().join("a");
    std::fs::write(&path, "x").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    disk.set_executable("a", true).unwrap();
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o750);
    disk.set_executable("a", false).unwrap();
    assert_eq!(mode(), 0o640);
}

#[test]
fn file_time_never_goes_back() {
    let (_folder, disk) = workspace();
    let first = disk.file_time().unwrap();
    disk.write("a", b"x", false).unwrap();
    let written = disk.meta("a").unwrap().unwrap().modified;
    let second = disk.file_time().unwrap();
    assert!(first <= written && written <= second);
}
