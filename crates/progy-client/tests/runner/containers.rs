//! Containers, with a stand-in for Docker that notes what it is asked for: this machine has no
//! Docker to ask, so that what a real one makes of it is not tested here.

use std::path::Path;

use super::*;

struct Fake {
    workspace: Workspace,
}

impl Fake {
    fn new(run: &str) -> Self {
        let mut workspace = Workspace::new();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runner");
        let path = format!("{}:{}", here.display(), std::env::var("PATH").unwrap());
        let log = workspace.path("docker.log").display().to_string();
        workspace.variables.clear();
        workspace.set("PATH", &path);
        workspace.set("FAKE_DOCKER_LOG", &log);
        workspace.set("FAKE_DOCKER_RUN", run);
        workspace.set("PROGY_TOKEN", "secret");
        Self { workspace }
    }

    /// The calls so far, each with its arguments; the name that was made up is `NAME`.
    fn calls(&self) -> Vec<Vec<String>> {
        let log = fs::read_to_string(self.workspace.path("docker.log")).unwrap_or_default();
        let environment = fs::read_to_string(self.workspace.path("docker.log.env")).unwrap();
        assert!(!environment.contains("secret"));
        let calm = |word: &str| {
            let made_up = word.strip_prefix("progy-").is_some_and(|digits| {
                digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            });
            if made_up { "NAME".to_owned() } else { word.to_owned() }
        };
        let calls = log.split_terminator("--\n");
        calls.map(|call| call.lines().map(calm).collect()).collect()
    }
}

fn runner(extra: &Value) -> Value {
    let mut runner = json!({"type": "docker-file", "image_tag": "tester:1",
        "command": "python3 /runner.py {{id}} {{dir}} '{{file}}'"});
    runner.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    runner
}

#[tokio::test]
async fn an_image_is_made_and_run_without_network() {
    let fake = Fake::new(
        "echo '__SRP_BEGIN__'; echo '{\"success\": true, \"summary\": \"ok\"}'; echo '__SRP_END__'",
    );
    let outcome = fake.workspace.run(runner(&json!({}))).await.unwrap();
    assert_eq!(outcome.report.summary, "ok");
    let root = fake.workspace.dir.path().display().to_string();
    let user = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&root).unwrap());
    let group = std::os::unix::fs::MetadataExt::gid(&fs::metadata(&root).unwrap());
    let mount = format!("type=bind,\"source={}\",target=/workspace", root.replace('"', "\"\""));
    let [build, run] = &fake.calls()[..] else { panic!("{:?}", fake.calls()) };
    assert_eq!(build[..], ["build", "-t", "tester:1", "-f", &format!("{root}/Dockerfile"), "."]);
    let mut expected = vec!["run", "--rm", "--init", "--name", "NAME", "--network", "none"];
    let user = format!("{user}:{group}");
    expected.extend(["--mount", &mount, "--user", &user, "--env", "HOME=/tmp"]);
    expected.extend(["--workdir", "/workspace", "tester:1"]);
    let lesson = "/workspace/content/01_intro/01_hello";
    let file = format!("{lesson}/exercise.sh");
    expected.extend(["python3", "/runner.py", "01_intro/01_hello", lesson, &file]);
    assert_eq!(run[..], expected);
}

#[tokio::test]
async fn what_a_course_may_choose() {
    let fake = Fake::new("true");
    let choice =
        json!({"network_access": true, "dockerfile": "runner/Dockerfile", "cwd": "{{dir}}"});
    fake.workspace.run(runner(&choice)).await.unwrap();
    let calls = fake.calls();
    assert!(calls[0].iter().any(|word| word.ends_with("/runner/Dockerfile")));
    assert!(!calls[1].contains(&"--network".to_owned()));
    assert!(calls[1].contains(&"/workspace/content/01_intro/01_hello".to_owned()));

    let fake = Fake::new("true");
    fake.workspace.run(json!({"type": "docker-local", "id": "My Runner"})).await.unwrap();
    let [build, run] = &fake.calls()[..] else { panic!("{:?}", fake.calls()) };
    assert_eq!(build[2], "progy-ana-sh-my-runner");
    assert_eq!(run.last().unwrap(), "progy-ana-sh-my-runner", "the image says what to run");
}

#[tokio::test]
async fn a_course_cannot_smuggle_options() {
    let fake = Fake::new("true");
    for runner in [
        runner(&json!({"image_tag": "--privileged"})),
        json!({"type": "docker-compose", "service_to_run": "--volume=/:/host", "command": "x"}),
    ] {
        let error = fake.workspace.run(runner).await.unwrap_err();
        assert!(matches!(error, RunnerError::Invalid { .. }), "{error}");
    }
}

#[tokio::test]
async fn one_service_of_a_group() {
    let fake = Fake::new("echo fine");
    let runner = json!({"type": "docker-compose", "compose_file": "compose.yml",
        "service_to_run": "tester", "command": "check {{exercise}}"});
    let outcome = fake.workspace.run(runner.clone()).await.unwrap();
    assert!(outcome.report.success);
    let file = fake.workspace.path("compose.yml").display().to_string();
    let expected = [
        "compose", "-f", &file, "run", "--rm", "-T", "--name", "NAME", "tester", "check",
        "01_hello",
    ];
    assert_eq!(fake.calls(), [expected]);
}

#[tokio::test]
async fn an_image_that_cannot_be_made_is_no_failed_lesson() {
    let mut fake = Fake::new("true");
    fake.workspace.set("FAKE_DOCKER_BUILD", "echo no such base image >&2; exit 1");
    let error = fake.workspace.run(runner(&json!({}))).await.unwrap_err().to_string();
    assert!(error.contains("no such base image"), "{error}");
    assert_eq!(fake.calls().len(), 1);

    let fake = Fake::new("echo daemon is gone >&2; exit 125");
    let error = fake.workspace.run(runner(&json!({}))).await.unwrap_err().to_string();
    assert!(error.contains("daemon is gone"), "{error}");
}

#[tokio::test]
async fn without_docker_the_error_says_so() {
    let mut workspace = Workspace::new();
    workspace.variables.clear();
    workspace.set("PATH", "/nowhere");
    let error = workspace.run(runner(&json!({}))).await.unwrap_err();
    let RunnerError::MissingProgram { program, .. } = error else { panic!("{error}") };
    assert_eq!(program, "docker");
}

#[tokio::test]
async fn a_container_whose_time_is_over_is_removed() {
    let mut fake = Fake::new("exec sleep 1000");
    fake.workspace.limit = Duration::from_millis(300);
    let outcome = fake.workspace.run(runner(&json!({}))).await.unwrap();
    assert_eq!(outcome.ended, Ended::TimedOut);
    assert_eq!(fake.calls().last().unwrap()[..], ["rm", "--force", "NAME"]);
}

#[tokio::test]
async fn a_container_is_removed_when_the_learner_gives_up() {
    let fake = Fake::new("exec sleep 1000");
    let run = fake.workspace.run(runner(&json!({})));
    assert!(tokio::time::timeout(Duration::from_secs(2), run).await.is_err());
    let start = Instant::now();
    while fake.calls().last().is_none_or(|call| call[..] != ["rm", "--force", "NAME"]) {
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", fake.calls());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
