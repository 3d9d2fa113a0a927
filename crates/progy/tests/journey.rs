//! The main job: work done on device A is there on device B. With the rustlings course, three
//! devices, offline edits on two of them, a clean merge, a conflict, a delete against an edit, and an
//! upgrade of the course; every byte is compared.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;

use world::{World, assert_equal, rustlings, settle};

#[test]
#[allow(clippy::too_many_lines, reason = "one journey, told from its beginning to its end")]
fn start_on_the_laptop_go_on_at_the_desktop() {
    let mut world = World::new();
    let course = rustlings::course(world.folder.path());
    world.publish(&course);
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    let desktop = world.device_with("desktop", &token);
    let work = world.device_with("work", &token);

    // Given a lesson that is solved and passes on the laptop
    laptop.run(&["init", "-c", "rustlings"]).ok();
    let hello = rustlings::exercise(&course, "intro2");
    laptop.run(&["test", &rustlings::lesson_id(&hello), "--trust"]).code(1);
    laptop.write(&hello, rustlings::solution("intro2"));
    laptop.run(&["test", &rustlings::lesson_id(&hello)]).ok();
    let completed = format!("Lesson {}: Completed", rustlings::lesson_id(&hello));
    assert_eq!(laptop.messages()[0], completed);

    // when the learner begins on the desktop, then everything is there
    let mut portuguese = desktop.command(&["init", "-c", "rustlings"]);
    let said = portuguese.env("PROGY_LANG", "pt-BR").output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("Progresso encontrado. Restaurando seus arquivos…"), "{said}");
    work.run(&["init", "-c", "rustlings"]).ok().says("Progress found. Restoring your files…");
    assert_equal(&[&laptop, &desktop, &work]);
    for device in [&laptop, &desktop, &work] {
        assert_eq!(device.status()["progress"]["done"], 1);
    }
    let (status, progress) = world.curl(&token, "GET", "/api/progress/rustlings", None);
    let progress: serde_json::Value = serde_json::from_str(&progress).unwrap();
    assert_eq!(status, 200);
    assert_eq!(progress["progress"]["stats"]["currentStreak"], 1);
    let exercise = &progress["progress"]["exercises"][rustlings::lesson_id(&hello)];
    assert_eq!((&exercise["status"], &exercise["attempts"]), (&"pass".into(), &2.into()));

    // Given edits on two devices that are offline, with messages of their own
    let variables = rustlings::exercise(&course, "variables1");
    let functions = rustlings::exercise(&course, "functions1");
    let conflict = rustlings::exercise(&course, "if1");
    let doomed = rustlings::exercise(&course, "if2");
    let original = laptop.read(&variables);
    laptop.offline().write(&variables, format!("// from the laptop\n{original}"));
    laptop.offline().run(&["save", "-m", "laptop one"]).code(5);
    laptop.write(&conflict, "fn laptop() {}\n");
    laptop.write("notes/laptop.md", "# Notes\n");
    laptop.remove(&doomed);
    laptop.offline().run(&["save", "-m", "laptop two"]).code(5);
    assert_eq!(laptop.offline().status()["queued"], 2);
    desktop.write(&variables, format!("{original}\n// from the desktop\n"));
    desktop.write(&conflict, "fn desktop() {}\n");
    desktop.write(&doomed, "// still needed\n");
    desktop.write(&functions, rustlings::solution("functions1"));
    desktop.offline().run(&["save", "-m", "desktop one"]).code(5);
    let id = rustlings::lesson_id(&functions);
    desktop.offline().run(&["test", &id, "--trust"]).code(5);

    // when all come back in any order, also after the server was away
    world.kill();
    world.start();
    desktop.run(&["sync"]).ok();
    laptop.run(&["sync"]).code(3);
    settle(&[&work, &desktop, &laptop]);

    // then both edits of one file are merged,
    let merged = format!("// from the laptop\n{original}\n// from the desktop\n");
    assert_eq!(work.read(&variables), merged);
    // the edit won over the deletion,
    assert_eq!(work.read(&doomed), "// still needed\n");
    // the two versions that do not merge are both there, under the same names everywhere,
    let conflicts = work.status()["conflicts"].as_array().unwrap().clone();
    assert_eq!(conflicts.len(), 1);
    let copy = conflicts[0].as_str().unwrap();
    assert!(copy.starts_with(&format!("{conflict}.conflict-desktop-")), "{copy}");
    assert_eq!(work.read(&conflict), "fn laptop() {}\n");
    assert_eq!(work.read(copy), "fn desktop() {}\n");
    // every message is in the history, and every byte is equal
    let messages = work.messages();
    for message in ["laptop one", "laptop two", "desktop one", &format!("Lesson {id}: Completed")] {
        assert_eq!(messages.iter().filter(|m| *m == message).count(), 1, "{messages:?}");
    }
    assert_eq!(work.status()["progress"]["done"], 2);
    assert_equal(&[&laptop, &desktop, &work]);

    // When the conflict is settled on one device, it is settled on all
    work.run(&["conflicts"]).ok().says(copy);
    work.run(&["resolve", &conflict, "--theirs"]).ok();
    settle(&[&laptop, &desktop]);
    assert_eq!(laptop.read(&conflict), "fn desktop() {}\n");
    assert!(!laptop.exists(copy));
    assert_equal(&[&laptop, &desktop, &work]);

    // When the course has a newer version, a new device stays with the saved one and hears of it
    let manifest = fs::read_to_string(course.join("course.json")).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let version = manifest["version"].as_str().unwrap().to_owned();
    manifest["version"] = "99.0.0".into();
    fs::write(course.join("course.json"), manifest.to_string()).unwrap();
    let readme = variables.rsplit_once('/').unwrap().0.to_owned() + "/README.md";
    fs::write(course.join(&readme), "# A better text\n").unwrap();
    let theirs = original.replace("fn main() {", "fn main() {\n    // from the course");
    assert_ne!(theirs, original);
    fs::write(course.join(&variables), &theirs).unwrap();
    world.publish(&course);
    let late = world.device_with("late", &token);
    late.run(&["init", "-c", "rustlings"]).ok().says("progy upgrade");
    assert_eq!(late.status()["version"], version);
    assert_equal(&[&laptop, &late]);

    // and when it is upgraded on one, the learner's work and the course's new text are on all
    late.run(&["upgrade"]).ok();
    assert_eq!(late.read(&readme), "# A better text\n");
    let merged = format!("// from the laptop\n{theirs}\n// from the desktop\n");
    assert_eq!(late.read(&variables), merged);
    settle(&[&laptop, &desktop, &work, &late]);
    for device in [&laptop, &desktop, &work, &late] {
        let status = device.status();
        assert_eq!(status["version"], "99.0.0");
        assert_eq!((&status["behind"], &status["queued"]), (&0.into(), &0.into()));
        assert_eq!(status["changed"].as_array().unwrap().len(), 0);
    }
    assert_equal(&[&laptop, &desktop, &work, &late]);

    // And nothing that was ever saved is out of reach
    let log = laptop.run(&["log", "--json"]).ok().json();
    let saved = |message: &str| {
        let all = log.as_array().unwrap();
        let found = all.iter().find(|revision| revision["message"] == message).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    laptop.run(&["restore", &saved("laptop two"), &conflict]).ok();
    assert_eq!(laptop.read(&conflict), "fn laptop() {}\n");
}
