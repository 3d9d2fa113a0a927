//! The strategy `git`, from the outside: our own commands and stock Git in one folder.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;

use progy_standin::forgejo::Age;
use world::{Device, World, assert_equal, eventually, rustlings, settle};

/// What stock Git prints in a device's folder.
fn git(device: &Device, arguments: &[&str]) -> String {
    let (done, text) = device.git(arguments);
    assert!(done, "git {arguments:?}: {text}");
    text
}

/// The repository is whole, and stock Git sees nothing that was not saved.
fn assert_tidy(devices: &[&Device]) {
    for device in devices {
        assert_eq!(git(device, &["fsck", "--strict", "--no-dangling"]), "");
        assert_eq!(git(device, &["status", "--porcelain"]), "");
        assert_eq!(git(device, &["rev-parse", "--abbrev-ref", "HEAD"]), "main");
    }
}

#[test]
fn a_repository_behind_the_scenes() {
    behind_the_scenes(World::new());
}

#[test]
fn a_repository_behind_the_scenes_at_forgejo() {
    for age in [Age::New, Age::Old] {
        let (world, forgejo) = World::with_forgejo(age);
        behind_the_scenes(world);
        // One account for the learner, which nobody can sign in with, and one repository in it.
        let there = forgejo.standin.world();
        let [account] = there.accounts.iter().filter(|a| !a.admin).collect::<Vec<_>>()[..] else {
            panic!("{:?}", there.accounts)
        };
        assert!(account.login.starts_with("progy-") && account.restricted);
        assert_eq!(there.repositories.len(), 1);
        assert!(there.repositories[0].private && there.repositories[0].protected);
    }
}

fn behind_the_scenes(mut world: World) {
    let course = rustlings::course(world.folder.path());
    world.publish(&course);
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    let desktop = world.device_with("desktop", &token);
    let work = world.device_with("work", &token);

    // Given a course that begins, and a lesson that is solved
    laptop.run(&["init", "-c", "rustlings", "--strategy", "git"]).ok();
    assert_eq!(git(&laptop, &["log", "--format=%s"]), "init: Start course");
    assert_tidy(&[&laptop]);
    let hello = rustlings::exercise(&course, "intro2");
    laptop.write(&hello, rustlings::solution("intro2"));
    laptop.run(&["test", &rustlings::lesson_id(&hello), "--trust"]).ok();
    let completed = format!("Lesson {}: Completed", rustlings::lesson_id(&hello));
    assert_eq!(git(&laptop, &["log", "-1", "--format=%B"]), completed);
    assert_eq!(git(&laptop, &["log", "-1", "--format=%an"]), "ana");
    assert_eq!(git(&laptop, &["rev-parse", "origin/main"]), git(&laptop, &["rev-parse", "main"]));
    laptop.run(&["save"]).ok();
    assert_eq!(git(&laptop, &["rev-list", "--count", "main"]), "2", "nothing to commit");

    // when the same command runs elsewhere, then the work is there with its history
    desktop.run(&["init", "-c", "rustlings"]).ok();
    work.run(&["init", "-c", "rustlings", "--strategy", "git"]).ok();
    assert_equal(&[&laptop, &desktop, &work]);
    assert_tidy(&[&laptop, &desktop, &work]);
    assert_eq!(git(&work, &["log", "--format=%H"]), git(&laptop, &["log", "--format=%H"]));
    assert_eq!(desktop.status()["strategy"], "git");
    assert_eq!(desktop.status()["progress"]["done"], 1);

    // Given edits on two devices that are offline
    let variables = rustlings::exercise(&course, "variables1");
    let conflict = rustlings::exercise(&course, "if1");
    let doomed = rustlings::exercise(&course, "if2");
    let original = laptop.read(&variables);
    laptop.offline().write(&variables, format!("// from the laptop\n{original}"));
    laptop.offline().run(&["save", "-m", "laptop one"]).code(5);
    laptop.write(&conflict, "fn laptop() {}\n");
    laptop.write("notes/laptop.md", "# Notes\n");
    laptop.remove(&doomed);
    laptop.offline().run(&["save", "-m", "laptop two"]).code(5);
    assert_eq!(git(&laptop, &["log", "-2", "--format=%s"]), "laptop two\nlaptop one");
    assert_tidy(&[&laptop]);
    desktop.write(&variables, format!("{original}\n// from the desktop\n"));
    desktop.write(&conflict, "fn desktop() {}\n");
    desktop.write(&doomed, "// still needed\n");
    desktop.offline().run(&["save", "-m", "desktop one"]).code(5);

    // when all come back, also after the server was away
    world.kill();
    world.start();
    desktop.run(&["sync"]).ok();
    laptop.run(&["sync"]).code(3);
    settle(&[&work, &desktop, &laptop]);

    // then both edits are merged, both versions are there, and the messages and authors stayed
    let merged = format!("// from the laptop\n{original}\n// from the desktop\n");
    assert_eq!(work.read(&variables), merged);
    assert_eq!(work.read(&doomed), "// still needed\n");
    assert_eq!(work.read("notes/laptop.md"), "# Notes\n");
    assert_equal(&[&laptop, &desktop, &work]);
    assert_tidy(&[&laptop, &desktop, &work]);
    let messages = git(&work, &["log", "--format=%s"]);
    for message in ["laptop one", "laptop two", "desktop one"] {
        assert!(messages.lines().any(|line| line == message), "{messages}");
    }
    assert_eq!(git(&work, &["log", "--format=%s", "--merges"]), "");
    let copies = work.run(&["conflicts", "--json"]).ok().json();
    assert_eq!(copies.as_array().unwrap().len(), 1, "{copies}");
    assert_eq!(
        laptop.run(&["log", "--json"]).ok().json(),
        work.run(&["log", "--json"]).ok().json()
    );
}

#[test]
fn stock_git_works_in_the_folder_without_a_question() {
    stock_git(&World::new());
}

#[test]
fn stock_git_works_with_forgejo_without_a_question() {
    let (world, forgejo) = World::with_forgejo(Age::New);
    stock_git(&world);
    assert_eq!(forgejo.standin.world().repositories[0].hooks.len(), 1);
}

#[test]
fn a_push_to_forgejo_by_hand_reaches_who_listens() {
    // Told by a webhook; and asked for, where there is none.
    for (seconds, is_told) in [(3600, true), (1, false)] {
        let (world, forgejo) = World::with_forgejo_asked_every(seconds, Age::New);
        let course = rustlings::course(world.folder.path());
        world.publish(&course);
        let token = world.add_user("ana", "learner");
        let laptop = world.device_with("laptop", &token);
        laptop.run(&["init", "-c", "rustlings", "--strategy", "git"]).ok();
        if !is_told {
            forgejo.standin.world().repositories[0].hooks.clear();
        }
        let events = world.events(&token, "rustlings");
        events.tell_of(&git(&laptop, &["rev-parse", "HEAD"]));
        laptop.write(&rustlings::exercise(&course, "variables1"), "// by hand\n");
        git(&laptop, &["commit", "-qam", "by hand"]);
        git(&laptop, &["push", "-q"]);
        events.tell_of(&git(&laptop, &["rev-parse", "HEAD"]));
    }
}

fn stock_git(world: &World) {
    let course = rustlings::course(world.folder.path());
    world.publish(&course);
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    let desktop = world.device_with("desktop", &token);
    laptop.run(&["init", "-c", "rustlings", "--strategy", "git"]).ok();
    desktop.run(&["init", "-c", "rustlings"]).ok();
    let file = rustlings::exercise(&course, "variables1");

    // A commit and a push by hand,
    laptop.write(&file, "// by hand\n");
    git(&laptop, &["commit", "-qam", "by hand\n\nwith a body"]);
    git(&laptop, &["push", "-q"]);
    let by_hand = git(&laptop, &["rev-parse", "HEAD"]);
    // are noticed by the server and come to the desktop,
    desktop.run(&["sync"]).ok();
    assert_eq!(desktop.read(&file), "// by hand\n");
    assert_eq!(git(&desktop, &["rev-parse", "HEAD"]), by_hand);
    let log = desktop.run(&["log", "--json"]).ok().json();
    assert_eq!(log[0]["message"], "by hand\n\nwith a body");
    let revisions = || world.curl(&token, "GET", "/api/workspaces/rustlings/revisions", None);
    eventually("the server's note of a push", || revisions().1.contains(&by_hand));
    let (status, document) = world.curl(&token, "GET", "/api/progress/rustlings", None);
    assert_eq!(status, 200);
    assert!(document.contains(&by_hand) && document.contains(&file), "{document}");
    // and the laptop finds everything in order.
    laptop.run(&["sync"]).ok();
    assert_eq!(git(&laptop, &["rev-parse", "HEAD"]), by_hand);

    // A save of the desktop comes by `git pull`, over an edit that is not committed.
    desktop.write("notes.md", "from the desktop\n");
    desktop.run(&["save", "-m", "a note"]).ok();
    git(&laptop, &["pull", "-q"]);
    assert_eq!(laptop.read("notes.md"), "from the desktop\n");
    laptop.run(&["save"]).ok();
    assert_eq!(laptop.status()["behind"], 0);
    assert_eq!(laptop.status()["ahead"], 0);

    // A commit by hand that was not pushed is published by the next save, as it is.
    laptop.write(&file, "// again by hand\n");
    git(&laptop, &["commit", "-qam", "again by hand"]);
    let again = git(&laptop, &["rev-parse", "HEAD"]);
    laptop.write("more.md", "more\n");
    laptop.run(&["save", "-m", "more"]).ok();
    assert_eq!(git(&laptop, &["rev-parse", "HEAD~"]), again);
    settle(&[&desktop, &laptop]);
    assert_equal(&[&laptop, &desktop]);
    assert_tidy(&[&laptop, &desktop]);
    // No secret is anywhere in the repository's own files.
    let config = fs::read_to_string(laptop.at(".git/config")).unwrap();
    assert!(!config.contains(&token) && !config.contains("progyg_"), "{config}");
}

#[test]
fn whatever_was_done_by_hand_is_carried_on_or_named() {
    let world = World::new();
    let course = rustlings::course(world.folder.path());
    world.publish(&course);
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    let desktop = world.device_with("desktop", &token);
    laptop.run(&["init", "-c", "rustlings", "--strategy", "git"]).ok();
    desktop.run(&["init", "-c", "rustlings"]).ok();
    let file = rustlings::exercise(&course, "variables1");

    // Stopped with one sentence, having changed nothing.
    let refused = |what: &str| {
        let before = (laptop.files(), git(&laptop, &["rev-parse", "HEAD"]));
        laptop.run(&["save", "-m", "refused"]).code(1).says(what);
        laptop.run(&["sync"]).code(1).says(what);
        assert_eq!((laptop.files(), git(&laptop, &["rev-parse", "HEAD"])), before);
    };
    laptop.write(&file, "// one\n");
    git(&laptop, &["switch", "-qc", "idea"]);
    refused("git switch main");
    git(&laptop, &["commit", "-qam", "an idea"]);
    git(&laptop, &["switch", "-q", "--detach"]);
    refused("git switch main");
    git(&laptop, &["switch", "-q", "main"]);
    laptop.write(&file, "// two\n");
    git(&laptop, &["commit", "-qam", "another"]);
    assert!(!laptop.git(&["merge", "idea"]).0);
    refused("git merge --abort");
    git(&laptop, &["merge", "--abort"]);
    for lock in ["index", "config", "refs/heads/main", "refs/remotes/origin/main"] {
        let lock = format!(".git/{lock}.lock");
        fs::write(laptop.at(&lock), "").unwrap();
        refused(&format!("delete the file {lock},"));
        fs::remove_file(laptop.at(&lock)).unwrap();
    }
    git(&laptop, &["config", "core.autocrlf", "true"]);
    refused("core.autocrlf false");
    git(&laptop, &["config", "core.autocrlf", "false"]);
    laptop.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    refused("filter=lfs");
    laptop.remove(".gitattributes");

    // Carried on with.
    laptop.run(&["save", "-m", "now"]).ok();
    git(&laptop, &["commit", "-q", "--amend", "--allow-empty", "-m", "amended after the push"]);
    laptop.write("notes.md", "a note\n");
    laptop.run(&["save", "-m", "after amending"]).ok();
    laptop.write(&file, "// stashed\n");
    git(&laptop, &["stash"]);
    laptop.run(&["sync"]).ok();
    git(&laptop, &["stash", "pop"]);
    laptop.run(&["save", "-m", "from the stash"]).ok();
    git(&laptop, &["reset", "-q", "--hard", "HEAD~2"]);
    laptop.run(&["sync"]).ok();
    assert_eq!(laptop.read(&file), "// stashed\n", "what was published comes back");
    git(&laptop, &["branch", "-m", "idea", "renamed"]);
    laptop.write("offline.md", "offline\n");
    laptop.offline().run(&["save", "-m", "offline"]).code(5);
    git(&laptop, &["reset", "-q", "--soft", "HEAD~"]);
    laptop.run(&["save", "-m", "again"]).ok();
    fs::write(laptop.at(".git/shallow"), git(&laptop, &["rev-parse", "HEAD~"]) + "\n").unwrap();
    laptop.write("shallow.md", "shallow\n");
    laptop.run(&["save", "-m", "from a shallow repository"]).ok();
    fs::remove_file(laptop.at(".git/shallow")).unwrap();
    settle(&[&desktop, &laptop]);
    assert_equal(&[&laptop, &desktop]);
    assert_tidy(&[&laptop, &desktop]);

    // A merge by hand travels as it is.
    git(&laptop, &["switch", "-qc", "side"]);
    laptop.write("side.md", "side\n");
    git(&laptop, &["add", "-A"]);
    git(&laptop, &["commit", "-qm", "on the side"]);
    git(&laptop, &["switch", "-q", "main"]);
    laptop.write("main.md", "main\n");
    git(&laptop, &["add", "-A"]);
    git(&laptop, &["commit", "-qm", "on main"]);
    git(&laptop, &["merge", "-q", "--no-edit", "side"]);
    let merge = git(&laptop, &["rev-parse", "HEAD"]);
    laptop.run(&["save"]).ok();
    settle(&[&desktop, &laptop]);
    assert_eq!(git(&desktop, &["rev-parse", "HEAD"]), merge);
    assert_equal(&[&laptop, &desktop]);
    assert_tidy(&[&laptop, &desktop]);
}

#[test]
fn a_course_may_ask_for_git_and_a_folder_may_be_taken() {
    let world = World::new();
    let course = rustlings::course(world.folder.path());
    let manifest = course.join("course.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["sync"]["strategy"] = "git".into();
    fs::write(&manifest, json.to_string()).unwrap();
    world.publish(&course);
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    git(&laptop, &["init", "-q", "-b", "main"]);
    git(&laptop, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    laptop.run(&["init", "-c", "rustlings"]).code(1).says("Git repository already");
    assert_eq!(git(&laptop, &["log", "--format=%s"]), "mine");
    fs::remove_dir_all(laptop.at(".git")).unwrap();
    laptop.run(&["init", "-c", "rustlings"]).ok();
    assert_eq!(laptop.status()["strategy"], "git");
    let desktop = world.device_with("desktop", &token);
    desktop.run(&["init", "-c", "rustlings", "--strategy", "patch"]).code(1).says("git");
    assert_tidy(&[&laptop]);
}

#[test]
fn large_saves_that_wait_are_merged_and_change_strategy() {
    let world = World::new();
    world.publish(&rustlings::course(world.folder.path()));
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    let desktop = world.device_with("desktop", &token);
    laptop.run(&["init", "-c", "rustlings", "--strategy", "git"]).ok();
    let write_all = |text: &str| {
        for number in 0..150 {
            laptop.write(&format!("notes/{number}.md"), format!("{number}\n{text}\nend\n"));
        }
    };
    // Given two large saves of the same files that wait,
    write_all("first");
    laptop.offline().run(&["save", "-m", "first"]).code(5);
    write_all("second");
    laptop.offline().run(&["save", "-m", "second"]).code(5);
    assert_tidy(&[&laptop]);
    // and another device's edit of one of them,
    desktop.run(&["init", "-c", "rustlings"]).ok();
    desktop.write("notes/7.md", "7\nfirst\nend\nfrom the desktop\n");
    desktop.run(&["save", "-m", "desktop"]).ok();
    laptop.run(&["sync"]).code_in(&[0, 3]);
    settle(&[&desktop, &laptop]);
    assert_equal(&[&laptop, &desktop]);
    assert_tidy(&[&laptop, &desktop]);
    // when the strategy changes while two more wait, the earlier of them is not lost either.
    write_all("third");
    laptop.offline().run(&["save", "-m", "third"]).code(5);
    write_all("fourth");
    laptop.offline().run(&["save", "-m", "fourth"]).code(5);
    desktop.run(&["strategy", "patch"]).code_in(&[0, 3]);
    laptop.run(&["sync"]).code_in(&[0, 3]);
    settle(&[&desktop, &laptop]);
    assert_equal(&[&laptop, &desktop]);
    let log = laptop.run(&["log", "--json"]).ok().json();
    let third = log.as_array().unwrap().iter().find(|revision| revision["message"] == "third");
    let third = third.unwrap()["id"].as_str().unwrap();
    desktop.run(&["restore", third, "notes/149.md"]).code_in(&[0, 3]);
    assert_eq!(desktop.read("notes/149.md"), "149\nthird\nend\n");
}
