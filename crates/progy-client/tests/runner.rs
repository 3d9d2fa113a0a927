//! Running the runners of courses: real processes, and a stand-in for Docker.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails fails the test")]

#[path = "runner/containers.rs"]
mod containers;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use progy_client::config::Variables;
use progy_client::runner::{
    Checked, Ended, Finding, Limits, Outcome, Run, RunnerError, Source, check_setup,
};
use progy_core::course::{Lesson, Manifest};
use progy_core::{CourseId, LessonId, RelPath};
use serde_json::{Value, json};

/// A workspace with one lesson, and a way to run it.
struct Workspace {
    dir: tempfile::TempDir,
    variables: Vec<(String, String)>,
    lesson: Lesson,
    limit: Duration,
}

impl Workspace {
    fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("work, of \"ana\" ").tempdir().unwrap();
        let folder = dir.path().join("content/01_intro/01_hello");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("exercise.sh"), "echo hi\n").unwrap();
        fs::create_dir(dir.path().join("runner")).unwrap();
        let path = |text: &str| RelPath::new(text).unwrap();
        let lesson = Lesson {
            id: LessonId::new("01_intro/01_hello").unwrap(),
            title: "Hello".into(),
            xp: 0,
            tags: Vec::new(),
            difficulty: None,
            prerequisites: Vec::new(),
            runner: None,
            folder: path("content/01_intro/01_hello"),
            main: Some(path("content/01_intro/01_hello/exercise.sh")),
            has_readme: false,
            has_quiz: false,
        };
        let variables = vec![("PATH".into(), std::env::var("PATH").unwrap())];
        Self { dir, variables, lesson, limit: Duration::from_secs(20) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.into(), value.into()));
    }

    fn variables(&self) -> Variables {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    async fn run(&self, runner: Value) -> Result<Outcome, RunnerError> {
        self.run_with(runner, &mut |_, _| {}).await
    }

    async fn run_with(
        &self,
        runner: Value,
        echo: &mut dyn FnMut(Source, &[u8]),
    ) -> Result<Outcome, RunnerError> {
        let manifest = json!({"name": "A Course", "runner": runner}).to_string();
        let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
        let limits = Limits { run: self.limit, ..Limits::default() };
        let run = Run {
            runner: &manifest.runners[0],
            lesson: &self.lesson,
            course: &CourseId::new("@ana/sh").unwrap(),
            guide: Some(&RelPath::new("SETUP.md").unwrap()),
            workspace: self.dir.path(),
            variables: &self.variables(),
            limits,
        };
        assert!(!run.shown()?.is_empty());
        run.execute(echo).await
    }

    /// Runs a shell script as the course's runner.
    async fn script(&self, script: &str) -> Outcome {
        fs::write(self.path("runner/run.sh"), script).unwrap();
        self.run(json!({"command": "sh runner/run.sh {{file}}"})).await.unwrap()
    }
}

/// Processes whose numbers a script has written to the file `pids`, and which are still there.
fn alive(workspace: &Workspace) -> Vec<String> {
    let pids = fs::read_to_string(workspace.path("pids")).unwrap();
    let is_alive = |pid: &&str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // A zombie is waiting for whoever is to notice its death.
        stat.rsplit(") ").next().is_some_and(|state| !state.is_empty() && !state.starts_with('Z'))
    };
    pids.split_whitespace().filter(is_alive).map(str::to_owned).collect()
}

async fn all_end(workspace: &Workspace) {
    let start = Instant::now();
    while !alive(workspace).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(5), "{:?} are left", alive(workspace));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A runner that never ends, does not want to, and starts others that do not either.
const ENDLESS: &str = r#"
    echo before
    echo "$$" >> pids
    sh -c 'trap "" TERM INT HUP; echo $$ >> pids; (sleep 1000 & echo $! >> pids); while :; do sleep 1; done' &
    sleep 1000 &
    echo $! >> pids
    trap '' TERM INT HUP
    while :; do sleep 1; done
"#;

#[tokio::test]
async fn a_report_decides() {
    let workspace = Workspace::new();
    let report = r#"{"success": true, "summary": "1 test passed",
        "tests": [{"name": "adds", "status": "pass"}]}"#;
    let script = format!(
        "echo noise; echo more noise >&2; printf '%s\\n' '__SRP_BEGIN__' '{report}' '__SRP_END__'; exit 3"
    );
    let outcome = workspace.script(&script).await;
    assert!(outcome.report.success);
    assert_eq!(outcome.report.summary, "1 test passed");
    assert_eq!(outcome.report.tests[0].name, "adds");
    assert_eq!(outcome.ended, Ended::Exit(3));
    assert!(outcome.output.contains("more noise"));
}

#[tokio::test]
async fn without_a_report_the_exit_status_decides() {
    let workspace = Workspace::new();
    let outcome = workspace.script("echo fine; echo also >&2").await;
    assert!(outcome.report.success);
    assert!(outcome.report.raw.contains("fine\n") && outcome.report.raw.contains("also\n"));
    let outcome = workspace.script("exit 1").await;
    assert!(!outcome.report.success);
    assert_eq!(outcome.ended, Ended::Exit(1));
    let outcome = workspace.script("kill -9 $$").await;
    assert!(!outcome.report.success);
    assert_eq!(outcome.ended, Ended::Killed);
    let outcome =
        workspace.script("printf '__SRP_BEGIN__\\n{\"success\": tr\\n__SRP_END__\\n'").await;
    assert!(!outcome.report.success, "a broken report is no success");
}

#[tokio::test]
async fn placeholders_folders_and_blanks() {
    let workspace = Workspace::new();
    fs::write(workspace.path("runner/show.sh"), "pwd; for a in \"$@\"; do echo \"<$a>\"; done")
        .unwrap();
    let show = json!({
        "command": "sh", "args": ["show.sh", "{{id}}", "{{file}}", "a b; exit 7", "$HOME"],
        "cwd": "runner"
    });
    let outcome = workspace.run(show).await.unwrap();
    let root = workspace.dir.path().canonicalize().unwrap();
    let expected = format!(
        "{0}/runner\n<01_intro/01_hello>\n<{1}/content/01_intro/01_hello/exercise.sh>\n<a b; exit 7>\n<$HOME>\n",
        root.display(),
        workspace.dir.path().display()
    );
    assert_eq!(outcome.output, expected);
    let outcome =
        workspace.run(json!({"command": "sh exercise.sh", "cwd": "{{dir}}"})).await.unwrap();
    assert_eq!(outcome.output, "hi\n");
}

#[tokio::test]
async fn a_runner_stays_in_the_workspace() {
    let workspace = Workspace::new();
    std::os::unix::fs::symlink("/", workspace.path("out")).unwrap();
    for cwd in
        ["..", "/", "out", "runner/../..", "nowhere", "content/01_intro/01_hello/exercise.sh"]
    {
        let error = workspace.run(json!({"command": "true", "cwd": cwd})).await.unwrap_err();
        assert!(matches!(error, RunnerError::Invalid { .. }), "{cwd}: {error}");
    }
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let workspace = Workspace::new();
    let error = workspace.run(json!({"command": "no-such-tool {{file}}"})).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("`no-such-tool`") && text.contains("SETUP.md"), "{text}");
    let error = workspace.run(json!({"command": "./runner/missing"})).await.unwrap_err();
    assert!(matches!(error, RunnerError::MissingProgram { .. }), "{error}");
}

#[tokio::test]
async fn progys_own_variables_are_not_passed_on() {
    let mut workspace = Workspace::new();
    workspace.set("PROGY_TOKEN", "secret");
    workspace.set("OTHER", "seen");
    let outcome = workspace.script("env").await;
    assert!(outcome.output.contains("OTHER=seen"));
    assert!(!outcome.output.contains("PROGY_") && !outcome.output.contains("secret"));
}

#[tokio::test]
async fn there_is_no_input() {
    let outcome = Workspace::new().script("read line || echo none").await;
    assert_eq!(outcome.output, "none\n");
}

/// The script waits until each of its words has been heard before it says the next.
#[tokio::test]
async fn output_is_shown_as_it_comes() {
    let workspace = Workspace::new();
    let script = "wait_for() { while [ ! -e $1 ]; do sleep 0.05; done; }
        echo one; wait_for one; echo two >&2; wait_for two; echo three";
    fs::write(workspace.path("runner/run.sh"), script).unwrap();
    let mut heard = Vec::new();
    let mut echo = |source, piece: &[u8]| {
        let word = String::from_utf8_lossy(piece).trim().to_owned();
        fs::write(workspace.path(&word), "").unwrap();
        heard.push((source, word));
    };
    let runner = json!({"command": "sh runner/run.sh"});
    let outcome = workspace.run_with(runner, &mut echo).await.unwrap();
    let said: Vec<_> = heard.iter().map(|(source, word)| (*source, word.as_str())).collect();
    assert_eq!(said, [(Source::Stdout, "one"), (Source::Stderr, "two"), (Source::Stdout, "three")]);
    assert_eq!(outcome.output, "one\ntwo\nthree\n");
}

#[tokio::test]
async fn all_are_gone_when_the_time_is_over() {
    let mut workspace = Workspace::new();
    workspace.limit = Duration::from_secs(1);
    let start = Instant::now();
    let outcome = workspace.script(ENDLESS).await;
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(outcome.ended, Ended::TimedOut);
    assert!(!outcome.report.success);
    assert_eq!(outcome.output, "before\n");
    assert!(fs::read_to_string(workspace.path("pids")).unwrap().lines().count() >= 4);
    all_end(&workspace).await;
}

#[tokio::test]
async fn all_are_gone_when_the_learner_gives_up() {
    let workspace = Workspace::new();
    let given_up = tokio::time::timeout(Duration::from_secs(1), workspace.script(ENDLESS)).await;
    assert!(given_up.is_err());
    all_end(&workspace).await;
}

#[tokio::test]
async fn what_a_runner_leaves_behind_is_ended_and_not_waited_for() {
    let workspace = Workspace::new();
    let start = Instant::now();
    let outcome = workspace.script("sleep 1000 & echo $! > pids; echo done").await;
    assert_eq!((outcome.ended, &*outcome.output), (Ended::Exit(0), "done\n"));
    all_end(&workspace).await;
    // One that has left the group, and keeps the streams open.
    let outcome = workspace.script("setsid sleep 15 & echo done").await;
    assert_eq!((outcome.ended, &*outcome.output), (Ended::Exit(0), "done\n"));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn one_that_ends_when_asked_may_say_goodbye() {
    let mut workspace = Workspace::new();
    workspace.limit = Duration::from_millis(500);
    let outcome =
        workspace.script("trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done").await;
    assert_eq!(outcome.ended, Ended::TimedOut);
    assert!(outcome.output.contains("bye\n"), "{}", outcome.output);
    assert!(!outcome.report.success, "its status does not count any more");
}

#[tokio::test]
async fn a_flood_is_cut_and_the_report_after_it_counts() {
    let mut workspace = Workspace::new();
    let report = r#"{"success": true, "summary": "dry"}"#;
    let script = format!(
        "echo first; head -c 30000000 /dev/zero | tr '\\0' x; head -c 5000000 /dev/zero >&2; \
         printf '\\n%s\\n' '__SRP_BEGIN__' '{report}' '__SRP_END__'"
    );
    let outcome = workspace.script(&script).await;
    assert_eq!(outcome.report.summary, "dry");
    assert!(outcome.output.starts_with("first\n"));
    assert!(outcome.output.contains("left out") && outcome.output.len() < (1 << 20) + 100);
    workspace.limit = Duration::from_secs(1);
    let outcome = workspace.script("yes").await;
    assert_eq!(outcome.ended, Ended::TimedOut);
    assert!(outcome.output.len() < (1 << 20) + 100);
}

#[tokio::test]
async fn the_setup_of_a_learner() {
    let mut workspace = Workspace::new();
    workspace.set("PROGY_TOKEN", "secret");
    let check = |name: &str, command: &str| json!({"name": name, "command": command});
    let manifest = json!({"name": "x", "setup": {"checks": [
        check("Echo", "echo 'v 1.2'"), check("Nothing", "no-such-tool --version"),
        check("False", "sh -c 'echo broken >&2; exit 1'"), check("Env", "env"), check("None", "''"),
    ]}})
    .to_string();
    let setup = Manifest::parse(manifest.as_bytes()).unwrap().setup;
    let checked = check_setup(&setup, workspace.dir.path(), &workspace.variables()).await;
    let [echo, nothing, fails, env, none] = &checked[..] else { panic!("{checked:?}") };
    assert_eq!(*echo, Checked { name: "Echo".into(), finding: Finding::Found("v 1.2".into()) });
    assert_eq!(nothing.finding, Finding::Missing("no-such-tool".into()));
    assert_eq!(fails.finding, Finding::Failed("broken".into()));
    assert!(env.finding.is_found() && !format!("{env:?}").contains("secret"));
    assert!(!none.finding.is_found());
}
