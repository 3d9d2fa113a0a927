//! `progy demo` runs anywhere, and leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The command in a folder for temporary files of its own, as on a device that never saw Progy.
fn demo(temporary: &tempfile::TempDir, language: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_progy"));
    command
        .arg("demo")
        .current_dir(temporary.path())
        .env("TMPDIR", temporary.path())
        .env("PROGY_LANG", language)
        // What belongs to the learner's own Progy does not count.
        .env("PROGY_TOKEN", "wrong")
        .env("PROGY_API_URL", "http://127.0.0.1:9")
        .env("PROGY_CONFIG_DIR", "/does/not/exist")
        .stdin(Stdio::null());
    command
}

fn left_over(temporary: &tempfile::TempDir) -> usize {
    fs::read_dir(temporary.path()).unwrap().count()
}

#[test]
fn nothing_is_lost_and_nothing_is_left_over() {
    for (language, end) in [("en", "Nothing was lost."), ("pt-BR", "Nada se perdeu.")] {
        let temporary = tempfile::tempdir().unwrap();
        let output = demo(&temporary, language).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains(end), "{said}");
        assert!(said.contains("01_intro/01_hello") && said.contains("✓ greets_progy"), "{said}");
        assert_eq!(left_over(&temporary), 0);
    }
}

#[test]
fn without_a_compiler_it_goes_on_without_checking_lessons() {
    let temporary = tempfile::tempdir().unwrap();
    let output = demo(&temporary, "en").env("PATH", "/does/not/exist").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Going on without") && said.contains("Nothing was lost."), "{said}");
}

#[test]
fn when_it_is_stopped_it_cleans_up() {
    let temporary = tempfile::tempdir().unwrap();
    let mut child =
        demo(&temporary, "en").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while left_over(&temporary) == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(left_over(&temporary), 0);
}
