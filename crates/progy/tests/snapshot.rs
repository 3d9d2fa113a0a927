//! Whole projects: everything in them comes back as it was, on any device.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::{Duration, SystemTime};

use world::project::{assert_as_seen, noise};
use world::relay::Relay;
use world::{Device, Run, World, assert_equal, rustlings, settle};

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
fn after_a_restore_it_is_told_what_to_run() {
    let Begun { world, laptop, token } = begin();
    laptop.write("web/package-lock.json", "{}\n");
    laptop.write("web/node_modules/left-pad/index.js", "module.exports = 1\n");
    laptop.write("tool/uv.lock", "version = 1\n");
    laptop.write("api/go.sum", "\n");
    laptop.run(&["save", "-m", "before"]).ok();
    laptop.write("idea.txt", "later\n");
    assert!(!laptop.run(&["save"]).ok().stdout().contains("uv sync"));
    let log = laptop.run(&["log", "--json"]).ok().json();
    let before = log.as_array().unwrap().iter().find(|r| r["message"] == "before").unwrap();
    let before = before["id"].as_str().unwrap();

    // On another device nothing of it is there,
    let desktop = world.device_with("desktop", &token);
    let begun = desktop.run(&["init", "-c", "rustlings", "--yes"]).ok();
    let begun = begun.says("In web/: npm ci").says("In tool/: uv sync");
    begun.says("In api/: go mod download");
    // and where it is there nothing is said of it.
    desktop.write("web/node_modules/left-pad/index.js", "module.exports = 1\n");
    let synced = desktop.run(&["init", "-c", "rustlings"]).ok().says("In tool/: uv sync");
    assert!(!synced.stdout().contains("npm ci"));
    assert!(!desktop.run(&["sync"]).ok().stdout().contains("uv sync"));
    let restored = laptop.run(&["restore", before]).ok().says("In tool/: uv sync");
    assert!(!restored.stdout().contains("npm ci") && !restored.stdout().contains("go mod"));
    let json = desktop.run(&["restore", before, "--json"]).ok().json();
    let tool = serde_json::json!({ "folder": "tool", "command": "uv sync" });
    assert!(json["to_run"].as_array().unwrap().contains(&tool), "{json}");
    assert_eq!(desktop.run(&["sync", "--json"]).ok().json().get("to_run"), None);
}

/// Makes a pipe. Whoever opens it waits for somebody at its other end, who never comes.
fn pipe(device: &Device, path: &str) {
    assert!(Command::new("mkfifo").arg(device.at(path)).status().unwrap().success());
}

#[test]
fn what_cannot_be_carried_is_told_and_never_opened() {
    let Begun { world, laptop, token } = begin();
    laptop.write("data.txt", "one\n");
    laptop.write("run/notes.txt", "mine\n");
    let listener = UnixListener::bind(laptop.at("run/app.sock")).unwrap();
    laptop.run(&["save"]).ok().says("run/app.sock is a socket, a pipe or a device");
    for path in ["run/.gitignore", "run/b", "run/c"] {
        pipe(&laptop, path);
    }
    let told = "4 files are sockets, pipes or devices, so they are not synced: \
                run/.gitignore, run/app.sock, run/b and 1 more";
    laptop.run(&["save"]).ok().says(told);
    let status = laptop.run(&["status"]).ok();
    let listed = "4 files are not synced, since they are sockets, pipes or devices:\n  \
                  run/.gitignore\n  run/app.sock\n  run/b\n  run/c\n";
    assert!(status.stdout().ends_with(listed), "{}", status.stdout());
    assert_eq!(status.stderr(), "", "told once");
    let mut portuguese = laptop.command(&["status"]);
    portuguese.env("PROGY_LANG", "pt-BR");
    let said = Run::of(portuguese, &["status"]).ok();
    said.says("4 arquivos não são sincronizados, porque são sockets");
    let paths = ["run/.gitignore", "run/app.sock", "run/b", "run/c"];
    let special = paths.map(|path| serde_json::json!({ "path": path, "why": "special" }));
    assert_eq!(laptop.status()["changed"], serde_json::json!([]));
    assert_eq!(laptop.status()["not_carried"], serde_json::json!(special));
    let saved = laptop.run(&["save", "--json"]).ok().json();
    assert_eq!(saved["not_carried"], serde_json::json!(special));
    let desktop = world.device_with("desktop", &token);
    desktop.run(&["init", "-c", "rustlings", "--yes"]).ok();
    assert!(desktop.exists("run/notes.txt") && !desktop.exists("run/app.sock"));

    // One that took the place of a file stays, and the file comes back once there is room for it.
    laptop.remove("data.txt");
    pipe(&laptop, "data.txt");
    laptop.run(&["save"]).ok().says("data.txt");
    desktop.write("data.txt", "two\n");
    desktop.run(&["save"]).ok();
    laptop.run(&["sync"]).ok().says("5 files are sockets, pipes or devices");
    laptop.remove("data.txt");
    laptop.run(&["sync"]).ok();
    assert_eq!(
        (laptop.read("data.txt"), desktop.read("data.txt")),
        ("two\n".into(), "two\n".into())
    );
    assert!(laptop.exists("run/c"));
    drop(listener);

    // Nor does anybody wait where the settings should be.
    laptop.remove("progy.toml");
    pipe(&laptop, "progy.toml");
    laptop.run(&["save"]).code(1).fails_clearly().says("progy.toml");
    laptop.remove("progy.toml");
    laptop.run(&["save"]).ok();
    assert!(laptop.exists("progy.toml"));
}

/// Runs a command that succeeds; how many bytes have passed to the server and back.
#[track_caller]
fn traffic(relay: &Relay, device: &Device, args: &[&str]) -> u64 {
    relay.before(device).run(args).ok();
    let (up, down) = (relay.up.passed(), relay.down.passed());
    println!("{args:?} of {}: {up} bytes up, {down} down", device.name);
    up + down
}

#[test]
fn what_moves_is_what_differs_and_not_the_tree() {
    let Begun { world, laptop, token } = begin();
    for n in 0..5_000 {
        laptop.write(&format!("big/part_{}/file_{n}.txt", n % 50), format!("{n}\n"));
    }
    laptop.run(&["save"]).ok();
    let desktop = world.device_with("desktop", &token);
    desktop.run(&["init", "-c", "rustlings", "--yes"]).ok();

    let relay = Relay::to(&world);
    for round in 0..3 {
        laptop.write("big/part_7/file_57.txt", format!("edited {round}\n"));
        assert!(traffic(&relay, &laptop, &["save"]) < 12_000);
        // Two revisions that this device has not seen.
        if round != 1 {
            assert!(traffic(&relay, &desktop, &["sync"]) < 16_000);
        }
    }
    // Another name for all of it: contents are not sent.
    fs::rename(laptop.at("big"), laptop.at("large")).unwrap();
    assert!(traffic(&relay, &laptop, &["save"]) < 30_000);
    assert!(traffic(&relay, &desktop, &["sync"]) < 30_000);
    assert_equal(&[&laptop, &desktop]);
    assert_as_seen(&desktop, &laptop);
}

/// Bytes that a file takes on the disk.
#[cfg(target_os = "linux")]
fn allocated(device: &Device, path: &str) -> u64 {
    use std::os::unix::fs::MetadataExt;
    device.at(path).metadata().unwrap().blocks() * 512
}

#[test]
#[cfg(target_os = "linux")]
fn a_sparse_file_takes_no_more_elsewhere() {
    use std::io::{Seek, SeekFrom, Write};
    let Begun { world, laptop, token } = begin();
    let mut file = fs::File::create(laptop.at("disk.img")).unwrap();
    for at in [5_000_000, 70_000_001, 100_000_000] {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(b"something").unwrap();
    }
    file.set_len(128 << 20).unwrap();
    drop(file);
    fs::File::create(laptop.at("zeros")).unwrap().set_len(3 << 20).unwrap();
    laptop.run(&["save"]).ok();

    let desktop = world.device_with("desktop", &token);
    desktop.run(&["init", "-c", "rustlings", "--yes"]).ok();
    assert_equal(&[&laptop, &desktop]);
    assert!(allocated(&desktop, "disk.img") < 1 << 20, "{}", allocated(&desktop, "disk.img"));
    assert_eq!(desktop.at("zeros").metadata().unwrap().len(), 3 << 20);
    assert!(allocated(&desktop, "zeros") < 1 << 20, "{}", allocated(&desktop, "zeros"));
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
    laptop.write("large.bin", noise(5, 2_000_000));
    laptop.run(&["save"]).code(1).says("progy strategy snapshot");
    laptop.run(&["strategy", "git"]).ok();
    laptop.run(&["strategy", "patch"]).code(1).says("large.bin");
    laptop.run(&["strategy", "snapshot"]).ok();
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

#[test]
fn on_a_terminal_the_learner_is_asked_whether_to_go_on() {
    let Begun { world, laptop, token } = begin();
    laptop.write("idea.txt", "the first\n");
    laptop.run(&["save"]).ok();
    let desktop = world.device_with("desktop", &token);
    let init = ["init", "-c", "rustlings"];
    let (code, seen) = desktop.at_terminal("pt-BR", &init, "continuar");
    let asked =
        "Deseja continuar de onde parou (snapshot: agora mesmo, laptop) ou iniciar do zero?";
    assert!(seen.contains(asked), "{seen}");
    assert!(code == 0 && desktop.read("idea.txt") == "the first\n", "{seen}");
    // Whoever has said it before is not asked.
    let tablet = world.device_with("tablet", &token);
    let (code, seen) = tablet.at_terminal("en", &[&init[..], &["--resume"]].concat(), "");
    assert!(code == 0 && !seen.contains("start over?") && tablet.exists("idea.txt"), "{seen}");
    let phone = world.device_with("phone", &token);
    let (code, seen) = phone.at_terminal("en", &init, "start over");
    let asked = "continue where you left off (snapshot: just now, laptop) or start over?";
    assert!(code == 0 && seen.contains(asked) && !phone.exists("idea.txt"), "{seen}");
}
