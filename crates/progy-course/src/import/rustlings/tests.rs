use super::*;
use crate::check;
use progy_core::course::{Manifest, Placeholders};
use std::fs;
use std::process::Command;
use tempfile::TempDir;

const INFO: &str = r#"
format_version = 1
welcome_message = "hi"

[[exercises]]
name = "start1"
dir = "00_start"
test = false
hint = """
Look at the semicolon."""

[[exercises]]
name = "start2"
dir = "00_start"
hint = "Add."

[[exercises]]
name = "quiz1"
dir = "quizzes"
test = false
strict_clippy = true
hint = ""

[[exercises]]
name = "as_ref"
dir = "1_more"
test = false
hint = "H"
"#;

fn checkout(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn small() -> TempDir {
    checkout(&[
        ("rustlings-macros/info.toml", INFO),
        ("Cargo.toml", "[package]\nname = \"r\"\nversion = \"6.7.8\"\n"),
        ("LICENSE", "Do as you like."),
        ("exercises/00_start/README.md", "# The start\n\nSome words.\n\n## More\n"),
        ("exercises/00_start/start1.rs", "fn main() { print!(\"x\") "),
        (
            "exercises/00_start/start2.rs",
            "fn main() {}\nfn add(a: u8) -> u8 { a }\n\
             #[test]\nfn adds() { assert_eq!(add(1), 2); }\n#[test]\nfn zero() { add(0); }\n",
        ),
        (
            "exercises/quizzes/quiz1.rs",
            "fn main() { let x = 5; let y = x.clone(); print!(\"{y}\"); }",
        ),
        ("exercises/1_more/as_ref.rs", "fn main() { loop { std::hint::black_box(1); } }"),
    ])
}

fn imported(checkout: &TempDir) -> TempDir {
    let out = tempfile::tempdir().unwrap();
    import(checkout.path(), out.path(), None).unwrap();
    out
}

#[test]
fn a_checkout_becomes_a_course() {
    let out = tempfile::tempdir().unwrap();
    let course = out.path().join("course");
    let summary = import(small().path(), &course, None).unwrap();
    let version = Version::new(6, 7, 8);
    assert_eq!(summary, ImportSummary { version, modules: 3, lessons: 4, licence: true });
    assert_eq!(check(&course), []);

    let read = |path: &str| fs::read_to_string(course.join(path)).unwrap();
    assert_eq!(
        read("content/00_start/info.toml"),
        "[module]\ntitle = \"The start\"\n\n\
         [exercises]\n01_start1 = \"Start 1\"\n02_start2 = \"Start 2\"\n"
    );
    assert_eq!(
        read("runner/exercises.txt").lines().skip(1).collect::<Vec<_>>(),
        [
            "00_start/01_start1 run",
            "00_start/02_start2 test",
            "02_quizzes/01_quiz1 run strict",
            "01_more/01_as_ref run",
        ]
    );
    assert_eq!(
        read("content/00_start/01_start1/README.md"),
        "# Start 1\n\nSome words.\n\n## More\n\nEdit [`start1.rs`](start1.rs). It must compile and \
         run.\n\n```sh\nprogy test 00_start/01_start1\n```\n\n<details>\n<summary>Hint</summary>\n\n\
         Look at the semicolon.\n\n</details>\n"
    );
    assert!(read("content/00_start/02_start2/README.md").contains("*[The start](../README.md)*"));
    assert!(!read("content/02_quizzes/01_quiz1/README.md").contains("Hint"));
    assert!(read("NOTICE.md").contains("version 6.7.8"));
    assert_eq!(read("LICENSE-rustlings"), "Do as you like.");
    let manifest = Manifest::parse(read("course.json").as_bytes()).unwrap();
    assert_eq!(manifest.id.as_str(), "rustlings");
}

#[test]
fn what_is_no_checkout() {
    let error = |files: &[(&str, &str)]| {
        let out = tempfile::tempdir().unwrap();
        let error = import(checkout(files).path(), out.path(), None).unwrap_err().to_string();
        assert!(fs::read_dir(out.path()).unwrap().next().is_none());
        error
    };
    assert!(error(&[("exercises/x.rs", "")]).contains("expected info.toml or"));
    assert!(error(&[("info.toml", "")]).contains("expected a folder exercises/"));
    assert!(error(&[("info.toml", "x"), ("exercises/x", "")]).contains("info.toml: "));
    let exercise = |name: &str| format!("[[exercises]]\nname = '{name}'\nhint = ''\n");
    for (info, expected) in [
        (exercise("gone"), "gone.rs: entity not found"),
        (exercise("../../etc/passwd"), "cannot be imported"),
        (exercise("a\\b"), "cannot be imported"),
        (exercise("x").repeat(100), "from 00 to 99"),
    ] {
        let message = error(&[("info.toml", &info), ("exercises/x.rs", "")]);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let out = checkout(&[("mine", "")]);
    let error = import(small().path(), out.path(), None).unwrap_err();
    assert!(matches!(error, ImportError::NotEmpty(_)));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn the_given_version_wins() {
    let out = tempfile::tempdir().unwrap();
    let version = Version::new(9, 0, 0);
    assert_eq!(import(small().path(), out.path(), Some(version.clone())).unwrap().version, version);
}

/// Runs the course's own command for a lesson, as `progy test` would.
fn run(course: &Path, lesson: &str, file: &str) -> progy_core::course::srp::Report {
    let manifest = fs::read(course.join("course.json")).unwrap();
    let manifest = Manifest::parse(&manifest).unwrap();
    let at = Placeholders {
        id: lesson.to_owned(),
        file: course.join("content").join(lesson).join(file).display().to_string(),
        ..Placeholders::default()
    };
    let words = manifest.runner(None).unwrap().command_line(&at).unwrap();
    let output = Command::new(&words[0])
        .args(&words[1..])
        .current_dir(course)
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let report = progy_core::course::srp::parse(&text, output.status.success());
    assert_eq!(report.success, output.status.success(), "{text}");
    report
}

#[test]
fn the_runner_passes_what_is_solved_and_nothing_else() {
    let course = imported(&small());
    let course = course.path();
    let write =
        |path: &str, text: &str| fs::write(course.join("content").join(path), text).unwrap();

    let report = run(course, "00_start/01_start1", "start1.rs");
    assert_eq!(report.summary, "It does not compile yet");
    let [error] = report.diagnostics.as_slice() else { panic!("{report:?}") };
    assert_eq!(error.file.as_deref(), Some("content/00_start/01_start1/start1.rs"));
    assert_eq!(error.line, Some(1));
    write("00_start/01_start1/start1.rs", "fn main() { print!(\"x\") }");
    let report = run(course, "00_start/01_start1", "start1.rs");
    assert_eq!((&*report.summary, &*report.raw), ("It compiles and runs", "x"));

    let report = run(course, "00_start/02_start2", "start2.rs");
    assert_eq!(report.summary, "1 of 2 tests failed");
    let failed = report.tests.iter().find(|test| test.name == "adds").unwrap();
    assert!(failed.message.as_ref().unwrap().contains("left: 1"));
    write(
        "00_start/02_start2/start2.rs",
        "fn main() {}\nfn add(a: u8) -> u8 { a + 1 }\n\
         #[test]\nfn adds() { assert_eq!(add(1), 2); }\n",
    );
    assert_eq!(run(course, "00_start/02_start2", "start2.rs").summary, "1 test passed");

    let report = run(course, "02_quizzes/01_quiz1", "quiz1.rs");
    assert!(!report.success);
    assert!(report.summary.contains("Clippy"), "{report:?}");

    assert!(run(course, "09_x/01_y", "x.rs").summary.contains("09_x/01_y is not in"));
}
