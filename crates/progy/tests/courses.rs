//! Courses: published, hostile, filtered, sequential; and the commands around accounts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::process::Command;

use world::{Device, World, assert_equal, repository, rustlings};

const FIRST: &str = "content/01_files/01_first_numbers/exercise.py";
const SECOND: &str = "01_files/02_read_csv";

fn device(world: &World, name: &str, user: &str, role: &str) -> Device {
    world.device_with(name, &world.add_user(user, role))
}

/// A copy of an example course that may be changed.
fn example(world: &World, name: &str) -> std::path::PathBuf {
    let copy = world.folder.path().join("courses").join(name);
    rustlings::copy(&repository().join("courses").join(name), &copy);
    copy
}

fn set(course: &std::path::Path, key: &str, value: serde_json::Value) {
    let at = course.join("course.json");
    let mut manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&at).unwrap()).unwrap();
    manifest[key] = value;
    fs::write(at, manifest.to_string()).unwrap();
}

/// A zip file made by Python, with names that our own packer would refuse.
fn zip(world: &World, script: &str) -> String {
    let at = world.folder.path().join("made.progy").to_str().unwrap().to_owned();
    let program = format!(
        "import zipfile, json, stat\nz = zipfile.ZipFile({at:?}, 'w', zipfile.ZIP_DEFLATED)\n\
         z.writestr('course.json', json.dumps({{'id': 'evil', 'name': 'Evil', 'version': '1.0.0', \
         'runners': [{{'id': 'r', 'command': 'true'}}]}}))\n\
         z.writestr('content/01_a/README.md', 'x')\n{script}\nz.close()\n"
    );
    let made = Command::new("python3").args(["-c", &program]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    at
}

#[test]
fn a_course_that_names_its_files_carries_only_those() {
    let world = World::new();
    world.publish_example("python-data");
    let token = world.add_user("ana", "learner");
    let (a, b) = (world.device_with("a", &token), world.device_with("b", &token));
    a.run(&["init", "-c", "python-data"]).ok();
    let readme = FIRST.replace("exercise.py", "README.md");
    let text = a.read(&readme);
    a.write(FIRST, "# mine\n");
    a.write(&readme, "scribbled\n");
    a.write("notes.txt", "not named by the course\n");
    let changed = a.status()["changed"].as_array().unwrap().clone();
    assert_eq!(changed.len(), 1, "{changed:?}");
    a.run(&["save"]).ok();
    b.run(&["init", "-c", "python-data"]).ok();
    assert_eq!((b.read(FIRST), b.read(&readme)), ("# mine\n".to_owned(), text));
    assert!(!b.exists("notes.txt"));
    // A conflict copy of a named file travels as the file does.
    a.write(FIRST, "# a\n");
    b.write(FIRST, "# b\n");
    a.run(&["save"]).ok();
    b.run(&["save"]).code(3);
    a.run(&["sync"]).code(3);
    assert_eq!(a.status()["conflicts"], b.status()["conflicts"]);
    assert_eq!(
        (a.read(&readme), a.read("notes.txt")),
        ("scribbled\n".into(), "not named by the course\n".into())
    );
}

#[test]
fn a_sequential_course_opens_lesson_by_lesson() {
    let world = World::new();
    world.publish_example("python-data");
    let a = device(&world, "a", "ana", "learner");
    a.run(&["init", "-c", "python-data"]).ok();
    a.run(&["test", SECOND, "--trust"]).code(1).fails_clearly();
    let solution =
        repository().join("courses/solutions/python-data/01_files/01_first_numbers/exercise.py");
    a.write(FIRST, fs::read(solution).unwrap());
    let run = a.run(&["test", "--trust", "--json"]).ok();
    let report = run.json();
    assert_eq!(
        (&report["lesson"], &report["success"]),
        (&"01_files/01_first_numbers".into(), &true.into())
    );
    a.run(&["test", SECOND]).code(1).says(SECOND);
    assert_eq!(a.status()["progress"]["done"], 1);
}

#[test]
fn code_of_a_course_runs_only_after_consent() {
    let world = World::new();
    world.publish_example("rust-basics");
    let a = device(&world, "a", "ana", "learner");
    a.run(&["init", "-c", "rust-basics"]).ok();
    a.run(&["test", "01_intro/01_hello"]).code(1).says("--trust");
    assert!(!a.exists("runner/target"), "it ran");
}

#[test]
fn versions_are_immutable_and_scopes_are_kept() {
    let world = World::new();
    let author = device(&world, "author", "ana", "author");
    let learner = device(&world, "learner", "bia", "learner");
    let course = example(&world, "rust-basics");
    let path = course.to_str().unwrap().to_owned();
    author.run(&["course", "publish", &path]).code(1).fails_clearly();
    set(&course, "id", "@bia/rust".into());
    author.run(&["course", "publish", &path]).code(1).fails_clearly();
    set(&course, "id", "@ana/rust".into());
    learner.run(&["course", "publish", &path]).code(1).fails_clearly();
    author.run(&["course", "publish", &path]).ok();
    author.run(&["course", "publish", &path]).ok();
    fs::write(course.join("SETUP.md"), "changed").unwrap();
    author.run(&["course", "publish", &path]).code(1).fails_clearly();
    let list = learner.run(&["course", "list", "--json"]).ok().json();
    assert!(list.to_string().contains("@ana/rust"), "{list}");
    learner.run(&["init", "-c", "@ana/rust"]).ok();
    learner.write("x.txt", "x\n");
    learner.run(&["save"]).ok();
    let (status, body) = world.curl(&learner.token, "GET", "/api/progress/@ana%2Frust", None);
    assert_eq!(status, 200, "{body}");
    let progress: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&progress["strategy"], &progress["files"][0]["path"]),
        (&"patch".into(), &"x.txt".into())
    );
}

#[test]
fn hostile_packages_are_refused_on_both_sides() {
    let world = World::new();
    let admin = device(&world, "admin", "chief", "admin");
    let scripts = [
        "z.writestr('../evil.txt', 'x')",
        "z.writestr('/etc/evil.txt', 'x')",
        "z.writestr('content/a\\\\..\\\\evil.txt', 'x')",
        "i = zipfile.ZipInfo('link'); i.external_attr = (stat.S_IFLNK | 0o777) << 16; z.writestr(i, '/etc/passwd')",
        "z.writestr('content/A.txt', 'x'); z.writestr('content/a.txt', 'x')",
        "z.writestr('content/aux.txt', 'x')",
        "z.writestr('.progy/state', 'x')",
        "z.writestr('content/01_a', 'x')",
        "z.writestr('zeros', bytes(1100 << 20))",
    ];
    for script in scripts {
        let package = zip(&world, script);
        admin.run(&["course", "check", &package]).code(1);
        admin.run(&["course", "publish", &package]).code(1).fails_clearly();
        // Past the client's own check, straight to the server.
        let url = format!("{}/api/courses/evil/versions/1.0.0", world.url());
        let put = Command::new("curl")
            .args(["-sS", "-T", &package, "-o", "/dev/null", "-w", "%{http_code}"])
            .args(["-H", &format!("Authorization: Bearer {}", admin.token), &url])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&put.stdout), "422", "{script}");
    }
    let bytes = fs::read(zip(&world, "")).unwrap();
    let cut = world.folder.path().join("cut.progy");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    admin.run(&["course", "publish", cut.to_str().unwrap()]).code(1).fails_clearly();
    let list = admin.run(&["course", "list", "--json"]).ok().json();
    assert!(!list.to_string().contains("evil"), "{list}");
}

#[test]
fn a_broken_course_is_refused_with_file_field_and_what_was_expected() {
    let world = World::new();
    let admin = device(&world, "admin", "chief", "admin");
    let course = example(&world, "rust-basics");
    set(&course, "version", "one".into());
    let run = admin.run(&["course", "check", course.to_str().unwrap()]).code(1);
    run.says("course.json").says("version");
    fs::write(course.join("course.json"), "{").unwrap();
    admin.run(&["course", "check", course.to_str().unwrap()]).code(1).says("course.json");
    fs::remove_file(course.join("course.json")).unwrap();
    admin.run(&["course", "publish", course.to_str().unwrap()]).code(1).fails_clearly();
}

#[test]
fn a_token_is_stored_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let a = device(&world, "a", "ana", "learner");
    let plain = |args: &[&str]| {
        let mut command = a.command(args);
        command.env_remove("PROGY_TOKEN").output().unwrap()
    };
    assert_eq!(plain(&["whoami"]).status.code(), Some(4));
    let login = plain(&["login", "--token", &a.token]);
    assert!(login.status.success(), "{login:?}");
    assert!(!String::from_utf8_lossy(&login.stdout).contains(&a.token));
    let who = plain(&["whoami", "--json"]);
    let who: serde_json::Value = serde_json::from_slice(&who.stdout).unwrap();
    assert_eq!(who["name"], "ana");
    let mut secret = 0;
    for item in fs::read_dir(&a.home).unwrap() {
        let item = item.unwrap();
        if item.file_type().unwrap().is_file()
            && fs::read_to_string(item.path()).unwrap().contains(&a.token)
        {
            secret += 1;
            assert_eq!(item.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    assert_eq!(secret, 1);
    assert!(plain(&["logout"]).status.success());
    assert_eq!(plain(&["whoami"]).status.code(), Some(4));
    assert_eq!(plain(&["login", "--token", "wrong"]).status.code(), Some(4));
    assert!(!world.server_log().contains(&a.token));
}

#[test]
fn wrong_usage_and_missing_things_have_their_codes() {
    let world = World::new();
    world.publish_example("rust-basics");
    let a = device(&world, "a", "ana", "learner");
    a.run(&["frobnicate"]).code(2);
    a.run(&["restore"]).code(2);
    a.run(&["status"]).code(1).fails_clearly();
    a.run(&["init", "-c", "no-such-course"]).code(1).fails_clearly();
    a.run(&["init", "-c", "../evil"]).code_in(&[1, 2]).fails_clearly();
    a.offline().run(&["init", "-c", "rust-basics"]).code(5).fails_clearly();
    a.run(&["init", "-c", "rust-basics"]).ok();
    a.run(&["restore", "0123456789abcdef"]).code(1).fails_clearly();
    a.run(&["resolve", "nothing", "--mine"]).code(1).fails_clearly();
    a.run(&["reset", "99_no/99_lesson"]).code(1).fails_clearly();
    a.run(&["strategy"]).ok().says("patch");
    a.run(&["completions", "bash"]).ok().says("progy");
    a.run(&["upgrade"]).ok();
    a.run(&["doctor", "--json"]).code_in(&[0, 1]).json();
    for args in [["log", "--json"], ["conflicts", "--json"], ["status", "--json"]] {
        a.run(&args).ok().json();
    }
    let b = device(&world, "b", "bia", "learner");
    b.run(&["init", "-c", "rust-basics"]).ok();
    assert_equal(&[&a, &b]);
}
