//! `progy test`: lessons are checked, passed and saved; and `open` and `doctor` around it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use world::{Device, World, eventually};

const LESSON: &str = "content/01_a/02_run/exercise.sh";

/// A course whose lessons are shell scripts, and a device that has begun it.
fn begun(world: &World) -> Device {
    let course = world.folder.path().join("course");
    let manifest = r#"{"id": "sh", "name": "Shell", "version": "1.0.0", "runner": {"command": "sh {{file}}"},
        "setup": {"checks": [{"name": "A shell", "type": "command", "command": "sh -c true"}]}}"#;
    for (path, text) in [
        ("course.json", manifest),
        ("content/01_a/01_read/README.md", "# Read this\n"),
        (LESSON, "echo 'not yet'\nexit 1\n"),
        ("content/01_a/03_long/exercise.sh", "sleep 30 &\necho $! > pid\nwait\n"),
    ] {
        let at = course.join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
    }
    world.publish(&course);
    let device = world.device_with("a", &world.add_user("ana", "learner"));
    device.run(&["init", "-c", "sh"]).ok();
    device
}

#[test]
fn a_lesson_is_tried_passed_and_saved() {
    let world = World::new();
    let a = begun(&world);
    a.run(&["test"]).ok().says("there to be read").says("Next: 01_a/02_run");
    a.run(&["test"]).code(1).says("--trust");
    a.run(&["test", "--trust"]).code(1).says("not yet").says(LESSON);
    let failed = a.run(&["test", "run", "--json"]).code(1).json();
    assert_eq!((&failed["success"], &failed["xp"]), (&false.into(), &0.into()));

    a.write(LESSON, "exit 0\n");
    let passed = a.offline().run(&["test", "01_a/02_run", "--json"]).code(5).json();
    assert_eq!((&passed["success"], &passed["saved"]), (&true.into(), &true.into()));
    a.run(&["sync"]).ok();
    assert_eq!(a.messages()[0], "Lesson 01_a/02_run: Completed");
    // Passed again, with nothing changed: no revision, no points.
    let again = a.run(&["test", "02", "--json"]).ok().json();
    assert_eq!((&again["saved"], &again["xp"]), (&false.into(), &0.into()));
    assert_eq!(a.messages().len(), 2);
    assert_eq!(a.status()["progress"]["done"], 2);

    let b = world.device_with("b", &a.token);
    b.run(&["init", "-c", "sh"]).ok();
    assert_eq!(b.status()["progress"]["done"], 2);
    b.run(&["test", "02"]).code(1).says("--trust");
}

#[test]
fn ctrl_c_ends_the_runner_and_what_it_started() {
    let world = World::new();
    let a = begun(&world);
    let mut command = a.command(&["test", "03_long", "--trust"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = || fs::read_to_string(a.at("pid")).unwrap_or_default().trim().to_owned();
    eventually("the start of the runner", || !pid().is_empty());
    // Other commands are not kept waiting.
    a.run(&["status"]).ok();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let state = format!("/proc/{}/stat", pid());
    let is_gone = || fs::read_to_string(&state).map_or(true, |stat| stat.contains(") Z "));
    eventually("the end of what it started", is_gone);
    assert_eq!(a.status()["progress"]["done"], 0);
}

/// A program called `name` that runs `script`.
fn program(world: &World, name: &str, script: &str) -> String {
    let folder = world.folder.path().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let at = folder.join(name);
    fs::write(&at, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[test]
fn a_terminal_editor_is_kept_in_step_and_ends_the_session() {
    let world = World::new();
    let a = begun(&world);
    let path = program(&world, "vim", &format!("echo 'echo edited' > {LESSON}"));
    let open = |args: &[&str]| a.command(args).env("PATH", &path).output().unwrap();
    assert_eq!(open(&["open", "--editor", "vim"]).status.code(), Some(0));
    let status = a.status();
    assert!(status["changed"].as_array().unwrap().is_empty() && status["queued"] == 0, "{status}");
    assert_eq!(a.messages().len(), 1);
    assert_eq!(open(&["open", "--editor", "no-such-editor"]).status.code(), Some(1));
}

#[test]
fn the_doctor_says_what_is_missing() {
    let world = World::new();
    let a = begun(&world);
    let status = |device: &Device, name: &str| {
        let report = device.run(&["doctor", "--json"]).code_in(&[0, 1]).json();
        let checks = report["checks"].as_array().unwrap().clone();
        let check = checks.into_iter().find(|check| check["name"] == name);
        check.map(|check| check["status"].as_str().unwrap().to_owned())
    };
    for name in ["server", "login", "clock", "settings", "workspace"] {
        assert_eq!(status(&a, name).as_deref(), Some("ok"), "{name}");
    }
    assert_eq!(status(&a, "course").as_deref(), Some("skipped"), "its code is not trusted yet");
    a.run(&["test", "02", "--trust"]).code(1);
    assert_eq!(status(&a, "course").as_deref(), Some("ok"));
    assert_eq!(status(&a.offline(), "server").as_deref(), Some("failed"));
    let stranger = Device { token: "wrong".to_owned(), ..a.clone() };
    assert_eq!(status(&stranger, "login").as_deref(), Some("failed"));
    stranger.run(&["doctor"]).code(1).says("progy login");
}
