//! Whole projects under bad conditions: ended programs, full disks, cut lines, two devices at once.
//!
//! Where a program is ended or its disk is full, see `world/kill.rs`; `PROGY_KILL_ALL=1 cargo test -p
//! progy --test snapshot_kills` tries every place.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use world::kill::{self, Counted, Fate, Fault};
use world::project::{assert_as_seen, noise, seen, seen_without_times, write_project};
use world::relay::Relay;
use world::{Device, Run, World, assert_equal, settle};

const COURSE: &str = "rust-basics";
/// How a device goes on with what another has begun.
const RESUME: [&str; 4] = ["init", "-c", COURSE, "--yes"];
/// A pack, in bytes: what has arrived of an upload or a download is known in such pieces.
const PACK: u64 = 16 << 20;

struct Begun {
    world: World,
    laptop: Device,
    token: String,
}

impl Begun {
    fn device(&self, name: &str) -> Device {
        self.world.device_with(name, &self.token)
    }

    /// A device that has the work.
    fn resumed(&self, name: &str) -> Device {
        let device = self.device(name);
        device.run(&RESUME).ok();
        device
    }
}

fn begin() -> Begun {
    let world = World::new();
    world.publish_example(COURSE);
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    laptop.run(&["init", "-c", COURSE, "--strategy", "snapshot"]).ok();
    Begun { world, laptop, token }
}

/// Bytes, modes, times, links and folders are the same.
#[track_caller]
fn assert_same(devices: &[&Device]) {
    assert_equal(devices);
    for device in &devices[1..] {
        assert_as_seen(device, devices[0]);
    }
}

/// Ends a command at a call; what a failure is about is printed.
fn kill_at(device: &Device, args: &[&str], at: usize) {
    match kill::with_fault(device, args, Counted::Workspace, Fault::Kill(at)) {
        Fate::Killed(call) => println!("{args:?} was killed at call {at}: {call}"),
        Fate::Lived(run, calls) => {
            println!("{args:?} made only {calls} calls");
            run.code_in(&[0, 3]);
        }
    }
}

/// Nothing waits, and nothing is left of what was interrupted.
#[track_caller]
fn assert_settled(device: &Device) {
    let status = device.status();
    assert_eq!((&status["queued"], &status["behind"]), (&0.into(), &0.into()), "{status}");
    assert_eq!(status["changed"], serde_json::json!([]), "{status}");
    for left in ["journal", "packs/new", "packs/come"] {
        assert!(!device.at(".progy").join(left).exists(), "{left} is left");
    }
}

#[test]
fn an_upload_killed_anywhere_goes_on() {
    let begun = begin();
    let laptop = &begun.laptop;
    // Nothing of it is on the server yet: each time the save is like a first one.
    let ready = |number: usize| write_project(laptop, number as u64, 200, 1 << 20);
    ready(0);
    let calls = kill::calls_of(laptop, &["save"], Counted::Workspace);
    let desktop = begun.resumed("desktop");
    for (n, at) in kill::spread(calls, 24, 5).into_iter().enumerate() {
        ready(n + 1);
        let (message, there) = (format!("try {n}"), (laptop.files(), seen(laptop)));
        let save = ["save", "-m", &message];
        kill_at(laptop, &save, at);
        assert!((laptop.files(), seen(laptop)) == there, "the learner's files are touched");
        // Before the next command the learner goes on.
        laptop.write("project/later.txt", format!("later than {n}\n"));
        laptop.run(&save).ok();
        assert_settled(laptop);
        if n % 4 == 3 {
            desktop.run(&["sync"]).ok();
            assert_same(&[laptop, &desktop]);
        }
    }
    let messages = laptop.messages();
    for n in 0..24 {
        assert!(messages.contains(&format!("try {n}")), "{messages:?}");
    }
    let phone = begun.resumed("phone");
    desktop.run(&["sync"]).ok();
    assert_same(&[laptop, &desktop, &phone]);
}

#[test]
fn a_restore_killed_anywhere_goes_on() {
    let begun = begin();
    let laptop = &begun.laptop;
    write_project(laptop, 1, 200, 2 << 20);
    laptop.run(&["save"]).ok();
    let first = begun.device("first");
    let calls = kill::calls_of(&first, &RESUME, Counted::Workspace);
    assert_same(&[laptop, &first]);
    for (n, at) in kill::spread(calls, 18, 6).into_iter().enumerate() {
        let device = begun.device(&format!("device-{n}"));
        kill_at(&device, &RESUME, at);
        // Before the next command the learner writes: something new, or to what is there already.
        let mine = format!("mine {n}\n");
        let path = if n % 3 == 0 { "project/src/part_00/file_000.rs" } else { "mine.txt" };
        let old = if device.exists(path) { device.read(path) } else { String::new() };
        if n % 3 < 2 {
            device.write(path, old + &mine);
        }
        device.run(&RESUME).code_in(&[0, 3]);
        assert_settled(&device);
        laptop.run(&["sync"]).code_in(&[0, 3]);
        assert_same(&[laptop, &device]);
        if n % 3 < 2 {
            assert!(is_anywhere(laptop, &mine), "{mine:?} is gone");
        }
    }
    settle(&[&first]);
    assert_same(&[laptop, &first]);
}

/// Whether some file that travels holds this text.
fn is_anywhere(device: &Device, text: &str) -> bool {
    device.files().values().any(|bytes| String::from_utf8_lossy(bytes).contains(text))
}

#[test]
fn a_way_back_killed_anywhere_goes_on() {
    let begun = begin();
    let laptop = &begun.laptop;
    let of_seed = |seed: u64| {
        write_project(laptop, seed, 120, 1 << 20);
        let message = format!("seed {seed}");
        laptop.run(&["save", "-m", &message]).ok();
        let log = laptop.run(&["log", "--json"]).ok().json();
        (log[0]["id"].as_str().unwrap().to_owned(), laptop.files())
    };
    let states = [of_seed(1), of_seed(2)];
    let calls = kill::calls_of(laptop, &["restore", &states[0].0], Counted::Workspace);
    for (n, at) in kill::spread(calls, 8, 7).into_iter().enumerate() {
        let (revision, files) = &states[(n + 1) % 2];
        let restore = ["restore", revision];
        kill_at(laptop, &restore, at);
        laptop.run(&restore).ok();
        assert_settled(laptop);
        assert!(laptop.files() == *files, "try {n} restored something else");
    }
    let desktop = begun.resumed("desktop");
    assert_same(&[laptop, &desktop]);
}

#[test]
fn what_has_arrived_is_not_sent_again() {
    let begun = begin();
    let laptop = &begun.laptop;
    let size = 40 << 20;
    for n in 0..5 {
        laptop.write(&format!("data/{n}.bin"), noise(n, size / 5));
    }
    let relay = Relay::to(&begun.world);
    // Of the pack that is cut all is sent again, of the others nothing.
    let most = size as u64 + PACK + (2 << 20);
    let cut = 30 << 20;
    relay.up.cut_after(cut);
    relay.before(laptop).run(&["save"]).code(5).fails_clearly();
    let before_cut = relay.up.passed();
    relay.up.mend();
    relay.before(laptop).run(&["save"]).ok();
    let after_cut = relay.up.passed();
    println!("up: {before_cut} bytes, then {after_cut} of {size}");
    assert!(before_cut >= cut && before_cut + after_cut < most);

    let desktop = begun.device("desktop");
    relay.down.cut_after(cut);
    relay.before(&desktop).run(&RESUME).code(5).fails_clearly();
    let before_cut = relay.down.passed();
    relay.down.mend();
    relay.before(&desktop).run(&RESUME).ok();
    let after_cut = relay.down.passed();
    println!("down: {before_cut} bytes, then {after_cut} of {size}");
    assert!(before_cut >= cut && before_cut + after_cut < most);
    assert_same(&[laptop, &desktop]);
}

#[test]
fn a_server_killed_at_any_moment_loses_nothing() {
    let Begun { mut world, laptop, token } = begin();
    write_project(&laptop, 99, 60, 600_000);
    laptop.run(&["save"]).ok();
    let desktop = world.device_with("desktop", &token);
    desktop.run(&RESUME).ok();
    let mut answered = 0;
    for round in 0..14 {
        write_project(&laptop, round, 60, 600_000);
        // A save takes some 300 ms here; which moment is met is another one in each run.
        let moment = Duration::from_millis(round * 25);
        let save = std::thread::scope(|scope| {
            let save = scope.spawn(|| laptop.run(&["save"]));
            std::thread::sleep(moment);
            world.kill();
            save.join().unwrap()
        });
        // Acknowledged, or kept here until the server is there again.
        let save = save.code_in(&[0, 5]);
        answered += usize::from(save.exit() == 0);
        world.start();
        if save.exit() == 0 {
            desktop.run(&["sync"]).ok();
            assert_same(&[&laptop, &desktop]);
        }
        laptop.run(&["save"]).ok();
        assert_settled(&laptop);
        desktop.run(&["sync"]).ok();
        assert_same(&[&laptop, &desktop]);
    }
    println!("{answered} of 14 saves were answered before the server was killed");
    world.stop();
    let mut fsck = Command::new(world::PROGY);
    fsck.args(["admin", "fsck", "--data"]).arg(world.data());
    Run::of(fsck, &["admin", "fsck"]).ok();
    world.start();
    let tablet = world.device_with("tablet", &token);
    tablet.run(&RESUME).ok();
    assert_same(&[&laptop, &tablet]);
}

/// A command whose disk becomes full at a call fails clearly, or needed no more room.
fn fill_at(device: &Device, args: &[&str], at: usize) -> i32 {
    let Fate::Lived(run, _) =
        kill::with_fault(device, args, Counted::Workspace, Fault::FullDisk(at))
    else {
        panic!("{args:?} was killed")
    };
    println!("{args:?} with a disk that was full from call {at} on: {}", run.stderr().trim());
    match run.exit() {
        0 => run.ok(),
        // It says why, and what to do.
        _ => run.code(1).fails_clearly().says("no room left on this disk").says("Nothing was lost"),
    }
    .exit()
}

#[test]
fn a_save_on_a_full_disk_loses_nothing() {
    let begun = begin();
    let laptop = &begun.laptop;
    write_project(laptop, 0, 100, 3 << 20);
    let calls = kill::calls_of(laptop, &["save"], Counted::Workspace);
    let mut failed = 0;
    for (n, at) in kill::spread(calls, 8, 8).into_iter().enumerate() {
        write_project(laptop, n as u64 + 1, 100, 3 << 20);
        let there = (laptop.files(), seen(laptop));
        failed += fill_at(laptop, &["save"], at);
        assert!((laptop.files(), seen(laptop)) == there, "the learner's files are touched");
        laptop.run(&["save"]).ok();
        assert_settled(laptop);
    }
    assert!(failed >= 4, "only {failed} saves noticed that the disk was full");
    let desktop = begun.resumed("desktop");
    assert_same(&[laptop, &desktop]);
}

#[test]
fn a_restore_on_a_full_disk_loses_nothing() {
    let begun = begin();
    let laptop = &begun.laptop;
    write_project(laptop, 0, 100, 3 << 20);
    laptop.run(&["save"]).ok();
    let desktop = begun.device("desktop");
    let calls = kill::calls_of(&desktop, &RESUME, Counted::Workspace);
    let mut failed = 0;
    for (n, at) in kill::spread(calls, 6, 9).into_iter().enumerate() {
        let device = begun.device(&format!("device-{n}"));
        failed += fill_at(&device, &RESUME, at);
        device.run(&RESUME).ok();
        assert_settled(&device);
        assert_same(&[laptop, &device]);
    }
    // Where work is already: what comes in is written beside it, or not at all.
    write_project(laptop, 1, 100, 3 << 20);
    laptop.run(&["save"]).ok();
    let tablet = begun.resumed("tablet");
    desktop.write("of the desktop.txt", "mine\n");
    let calls = kill::calls_of(&desktop, &["sync"], Counted::Workspace);
    for (n, at) in kill::spread(calls, 6, 10).into_iter().enumerate() {
        write_project(laptop, n as u64 + 2, 100, 3 << 20);
        laptop.run(&["sync"]).ok();
        tablet.write("mine.txt", format!("mine {n}\n"));
        let there = tablet.files();
        failed += fill_at(&tablet, &["sync"], at);
        assert_each_is_one_of(&tablet, &there, &laptop.files());
        tablet.run(&["sync"]).ok();
        assert_settled(&tablet);
        laptop.run(&["sync"]).ok();
        assert_same(&[laptop, &tablet]);
        assert!(is_anywhere(laptop, &format!("mine {n}\n")));
    }
    assert!(failed >= 6, "only {failed} commands noticed that the disk was full");
}

/// Every file is what it was before or what it is to be, and the learner's own is what it was.
#[track_caller]
fn assert_each_is_one_of(
    device: &Device,
    before: &BTreeMap<String, Vec<u8>>,
    after: &BTreeMap<String, Vec<u8>>,
) {
    for (path, bytes) in device.files() {
        let is_one = [before, after].iter().any(|files| files.get(&path) == Some(&bytes));
        assert!(is_one, "{path} is neither what it was nor what it is to be");
    }
    assert_eq!(device.read("mine.txt").as_bytes(), before["mine.txt"]);
}

#[test]
fn two_devices_that_save_at_the_same_time_lose_nothing() {
    let begun = begin();
    let laptop = &begun.laptop;
    write_project(laptop, 1, 60, 1 << 20);
    laptop.write("shared.txt", "begun\n");
    laptop.run(&["save"]).ok();
    let desktop = begun.resumed("desktop");
    let mut written = Vec::new();
    for round in 0..8 {
        for device in [laptop, &desktop] {
            let text = format!("round {round} on {}\n", device.name);
            // Its own; one that both write to; one at whose other end the other writes.
            device.write(&format!("project/{}.bin", device.name), noise(round, 600_000));
            device.write(&format!("project/{}/{round}.txt", device.name), format!("own {text}"));
            let shared = device.read("shared.txt");
            device.write("shared.txt", shared + "shared " + &text);
            let path = format!("project/src/part_{round:02}/file_{round:03}.rs");
            let old = device.read(&path);
            let is_laptop = device.name == "laptop";
            let both =
                if is_laptop { format!("// {text}{old}") } else { format!("{old}// {text}") };
            device.write(&path, both);
            for kind in ["own", "shared", "//"] {
                written.push(format!("{kind} {text}"));
            }
        }
        // One deletes what the other edits.
        let path = format!("project/src/part_{:02}/file_{:03}.rs", round + 10, round + 30);
        laptop.remove(&path);
        let kept = format!("kept in round {round}\n");
        desktop.write(&path, &kept);
        written.push(kept);
        std::thread::scope(|scope| {
            for device in [laptop, &desktop] {
                scope.spawn(|| device.run(&["save"]).code_in(&[0, 3]));
            }
        });
    }
    let tablet = begun.device("tablet");
    tablet.run(&RESUME).code_in(&[0, 3]);
    settle(&[laptop, &desktop, &tablet]);
    assert_equal(&[laptop, &desktop, &tablet]);
    // What was merged is as old as the merge where that was made, and as its revision elsewhere.
    for device in [&desktop, &tablet] {
        assert_eq!(seen_without_times(device), seen_without_times(laptop));
    }
    for text in written {
        assert!(is_anywhere(laptop, &text), "{text:?} is gone");
    }
}

/// Builds a project, without a network; what cargo said.
fn build(device: &Device, project: &str) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--offline"]).current_dir(device.at(project));
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"] {
        command.env_remove(name);
    }
    command.env("CARGO_TERM_COLOR", "never");
    Run::of(command, &["(cargo build)"]).ok().stderr()
}

#[test]
fn a_cargo_project_is_fresh_where_it_is_restored() {
    let begun = begin();
    let laptop = &begun.laptop;
    let manifest = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n{rest}")
    };
    let depends = "[dependencies]\nshapes = { path = \"shapes\" }\n\n[workspace]\n";
    laptop.write("app/Cargo.toml", manifest("app", depends));
    laptop.write("app/shapes/Cargo.toml", manifest("shapes", ""));
    laptop.write("app/shapes/src/lib.rs", "mod circle;\npub use circle::area;\n");
    laptop.write("app/shapes/src/circle.rs", "pub fn area(r: f64) -> f64 {\n    3.14 * r * r\n}\n");
    laptop.write(
        "app/build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=words/hello.txt\");\n}\n",
    );
    laptop.write("app/words/hello.txt", "hello\n");
    laptop.write(
        "app/src/main.rs",
        "fn main() {\n    print!(\"{}\", include_str!(\"../words/hello.txt\"));\n    \
         println!(\"{}\", shapes::area(1.0));\n}\n",
    );
    assert!(build(laptop, "app").contains("Compiling shapes"));
    assert!(laptop.exists("app/target/debug/app"));
    laptop.run(&["save"]).ok();

    let desktop = begun.resumed("desktop");
    assert!(!desktop.exists("app/target"), "what is built travelled");
    assert!(desktop.exists("app/Cargo.lock"));
    assert_same(&[laptop, &desktop]);
    // As if it had been built there: cargo compares the times of the sources with those of the build.
    let copied = Command::new("cp")
        .arg("-a")
        .args([laptop.at("app/target"), desktop.at("app/target")])
        .status()
        .unwrap();
    assert!(copied.success());
    let said = build(&desktop, "app");
    assert!(!said.contains("Compiling") && said.contains("Finished"), "{said}");
    // That it would have noticed a newer source.
    let lib = fs::File::options().write(true).open(desktop.at("app/shapes/src/circle.rs")).unwrap();
    lib.set_modified(std::time::SystemTime::now()).unwrap();
    drop(lib);
    assert!(build(&desktop, "app").contains("Compiling shapes"));
}
