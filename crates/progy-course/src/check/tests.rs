use super::*;
use std::fs;
use std::io::Cursor;

/// The findings of a course with these files beside a good manifest.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let good = [
        ("course.json", r#"{"name": "x", "runner": {"command": "true"}}"#),
        ("content/01_a/01_b/README.md", "# B"),
        ("content/01_a/01_b/exercise.rs", ""),
    ];
    for (path, text) in good.iter().chain(files) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let level = |finding: &Finding| match finding.level {
        FindingLevel::Error => "error",
        FindingLevel::Warning => "warning",
    };
    check(dir.path()).iter().map(|finding| format!("{}: {finding}", level(finding))).collect()
}

#[test]
fn a_good_course() {
    assert_eq!(findings(&[]), [""; 0]);
}

#[test]
fn a_missing_or_broken_manifest() {
    let empty = tempfile::tempdir().unwrap();
    let found = check(empty.path());
    assert_eq!(found[0].to_string(), "course.json: expected this file at the top of the course");
    assert_eq!(
        findings(&[("course.json", r#"{"name": 1}"#)]),
        ["error: course.json: `name`: expected a text, found 1"]
    );
    assert!(findings(&[("course.json", "{")])[0].starts_with("error: course.json: EOF"));
    assert!(check(Path::new("/does/not/exist"))[0].message.contains("No such file"));
}

#[test]
fn what_the_manifest_speaks_of() {
    let found = findings(&[(
        "course.json",
        r#"{
            "name": "x",
            "runners": [
                {"id": "a", "command": "./run {{file}} {{lesson}}"},
                {"id": "b", "type": "docker-file"},
                {"id": "c", "type": "docker-file", "image_tag": "rust:1"},
                {"id": "d", "type": "docker-compose", "service_to_run": "s"},
                {"id": "e", "command": "{{id}}"}
            ],
            "setup": {"guide": "SETUP.md"},
            "environment": {"devcontainer": ".devcontainer/devcontainer.json"},
            "sync": {"ignore": ["[z-a]"], "retention": {"keep_dayly_days": 365}}
        }"#,
    )]);
    let expected = [
        "warning: course.json: `runners[0].command`: expected {{id}}, {{exercise}}, {{module}}, \
         {{dir}} or {{file}}, found {{lesson}}, which stays as it is",
        "warning: course.json: `runners[0].command`: there is no run; the setup must build it",
        "error: course.json: `runners[1].dockerfile`: expected a file of the course, but there is \
         no Dockerfile",
        "warning: course.json: `runners[2].dockerfile`: there is no Dockerfile; rust:1 must be a \
         ready image",
        "error: course.json: `runners[3].compose_file`: expected a file of the course, but there \
         is no docker-compose.yml",
        "error: course.json: `setup.guide`: expected a file of the course, but there is no SETUP.md",
        "error: course.json: `environment.devcontainer`: expected a file of the course, but there \
         is no .devcontainer/devcontainer.json",
    ];
    assert_eq!(found[..expected.len()], expected);
    let [glob, retention] = &found[expected.len()..] else { panic!("{found:#?}") };
    assert!(glob.starts_with("error: course.json: `sync.ignore`: "), "{glob}");
    let expected = "error: course.json: `sync.retention.keep_dayly_days`: expected no other field than \
                    `keep_all_days`, `keep_hourly_days` and `keep_daily_days`";
    assert_eq!(retention, expected);
}

#[test]
fn lessons() {
    let found = findings(&[
        ("content/01_a/02_c/notes/.keep", ""),
        ("content/01_a/03_d/README.md", ""),
        ("content/01_a/03_d/quiz.json", "[{]"),
        ("content/01_a/04_e/main.py", ""),
        ("content/02_b/info.toml", "[module]\ntitle = 7"),
        ("content/03_c/01_x/README.md", ""),
        ("content/03_c/01_x/x.py", ""),
        (
            "content/03_c/info.toml",
            "[module]\nprerequisites = [\"module:01_a\", \"module:09_z\"]\n[exercises]\n\
             01_x = {runner = \"gpu\", prerequisites = [\"quiz:01_a/03_d:80\", \"01_a\"]}\n\
             02_y = \"Y\"",
        ),
        ("content/03_c/01_x/.env", "TOKEN=1"),
        ("content/03_c/01_x/.env.example", "TOKEN="),
    ]);
    let expected = [
        "warning: content/03_c/01_x/.env: expected no secrets in a course; every learner receives \
         this file",
        "error: content/02_b/info.toml: `module.title`: expected a text, found 7",
        "warning: content/01_a/02_c: expected a README.md with the lesson's text",
        "warning: content/01_a/02_c: expected a file for the learner to edit, such as exercise.rs",
        "error: content/01_a/03_d/quiz.json: expected JSON: key must be a string at line 1 column 3",
        "warning: content/01_a/04_e: expected a README.md with the lesson's text",
        "warning: content/03_c/info.toml: `module.prerequisites`: expected module:NAME, \
         exercise:ID or quiz:ID:SCORE of this course, found \"module:09_z\"",
        "error: content/03_c/info.toml: `exercises.01_x.runner`: expected the id of a runner in \
         course.json, found \"gpu\"",
        "warning: content/03_c/info.toml: `exercises.01_x.prerequisites`: expected module:NAME, \
         exercise:ID or quiz:ID:SCORE of this course, found \"01_a\"",
        "warning: content/03_c/info.toml: `exercises.02_y`: expected the name of a lesson's folder \
         beside this file",
    ];
    assert_eq!(found, expected);
}

#[test]
fn folders_without_lessons_or_with_wrong_names() {
    let found = findings(&[("course.json", r#"{"name": "x", "content": {"exercises": "lib"}}"#)]);
    assert_eq!(
        found.last().unwrap(),
        "error: lib: expected a lesson, a folder such as 01_intro/01_hello"
    );
    let found = findings(&[("content/01_a/02_a b/x.rs", "")]);
    assert!(
        found[0].starts_with("error: content/01_a/02_a b: expected a folder name"),
        "{found:?}"
    );
    let found = findings(&[("content/02_flat/README.md", ""), ("content/02_flat/x.rs", "")]);
    assert!(found[0].ends_with("found both"), "{found:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn every_name_that_cannot_be_packed() {
    let found = findings(&[("aux.c", ""), ("README.md", ""), ("readme.md", ""), ("a\\b", "")]);
    let files: Vec<&str> = found.iter().map(|text| text.split(": ").nth(1).unwrap()).collect();
    assert_eq!(files, ["a\\b", "aux.c", "readme.md"], "{found:#?}");
}

#[test]
fn a_package() {
    let dir = tempfile::tempdir().unwrap();
    let course = dir.path().join("course");
    fs::create_dir_all(course.join("content/01_a/01_b")).unwrap();
    fs::write(course.join("course.json"), r#"{"name": "x", "runner": {"command": "true"}}"#)
        .unwrap();
    fs::write(course.join("content/01_a/01_b/exercise.rs"), "fn main() {}").unwrap();
    let mut out = Cursor::new(Vec::new());
    crate::pack(&course, &mut out).unwrap();
    let mut bytes = out.into_inner();

    let package = dir.path().join("x.progy");
    fs::write(&package, &bytes).unwrap();
    let [finding] = check(&package).try_into().unwrap();
    assert_eq!(
        finding.to_string(),
        "content/01_a/01_b: expected a README.md with the lesson's text"
    );

    // The content of the first entry, behind its header of 30 bytes and its name.
    bytes[30 + "content/01_a/01_b/exercise.rs".len() + 3] ^= 1;
    fs::write(&package, &bytes).unwrap();
    let last = check(&package).pop().unwrap();
    assert_eq!(last.level, FindingLevel::Error);
    assert!(last.message.contains("exercise.rs is damaged"), "{last}");
}
