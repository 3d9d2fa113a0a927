//! Runners in containers, through the `docker` command.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use progy_core::RelPath;
use progy_core::course::{Placeholders, RunnerKind};

use super::job::{Ended, Finished, Source};
use super::{CommandLine, Run, RunnerError};
use crate::config::Variables;
use crate::env::{Env, SystemEnv};
use crate::platform::{self, programs};

/// Where the workspace is inside a container.
const INSIDE: &str = "/workspace";
/// Stands for the name of a container that does not exist yet.
pub(super) const NAME_SHOWN: &str = "progy-run";
/// How long Docker may take to remove a container.
const REMOVAL: Duration = Duration::from_secs(20);
/// What `docker run` exits with if the container could not be started ("Exit status" in its
/// reference).
const NOT_STARTED: i32 = 125;
/// How much of Docker's output an error shows, in bytes.
const SHOWN: usize = 4 << 10;

/// What to run for one container.
pub(super) struct Container {
    /// Makes its image.
    pub build: Option<CommandLine>,
    /// Runs the lesson in it.
    pub run: CommandLine,
}

impl Run<'_> {
    /// The commands for a container called `name`.
    pub(super) fn container(&self, name: &str) -> Result<Container, RunnerError> {
        match &self.runner.kind {
            RunnerKind::DockerFile { dockerfile, image_tag, network_access } => {
                let image = self.image(image_tag.as_deref())?;
                let mut run = words(&["docker", "run", "--rm", "--init", "--name", name]);
                if !network_access {
                    run.extend(words(&["--network", "none"]));
                }
                run.extend(["--mount".to_owned(), self.mount()]);
                if let Some((user, group)) = platform::user_and_group() {
                    // The user has no home in the image.
                    run.extend(["--user".to_owned(), format!("{user}:{group}")]);
                    run.extend(words(&["--env", "HOME=/tmp"]));
                }
                run.extend(["--workdir".to_owned(), self.folder_inside(), image.clone()]);
                run.extend(self.words_inside()?);
                let file = self.in_workspace(dockerfile);
                let build = words(&["docker", "build", "-t", &image, "-f", &file, "."]);
                Ok(Container { build: Some(self.line(build)), run: self.line(run) })
            }
            RunnerKind::DockerCompose { compose_file, service } => {
                if service.starts_with('-') {
                    return Err(self.invalid(format!("{service:?} is no name of a service")));
                }
                let file = self.in_workspace(compose_file);
                let mut run = words(&["docker", "compose", "-f", &file, "run", "--rm", "-T"]);
                run.extend(words(&["--name", name]));
                if self.runner.cwd != "." {
                    run.extend(["--workdir".to_owned(), self.folder_inside()]);
                }
                run.push(service.clone());
                run.extend(self.words_inside()?);
                Ok(Container { build: None, run: self.line(run) })
            }
            RunnerKind::Process => Err(self.invalid("it runs in no container".to_owned())),
        }
    }

    /// Makes the image if there is one to make, and runs the container. It is removed when its time
    /// is over, and when the future is dropped.
    pub(super) async fn in_container(
        &self,
        echo: &mut dyn FnMut(Source, &[u8]),
    ) -> Result<Finished, RunnerError> {
        let id = SystemEnv.save_id();
        let name = format!("progy-{}", id.as_str().get(..12).unwrap_or_default());
        let container = self.container(&name)?;
        if let Some(build) = &container.build {
            let built = self.start(build, self.limits.build, echo).await?;
            if built.ended != Ended::Exit(0) {
                return Err(failed("make the image of this course", &built));
            }
        }
        let mut removal = Removal { name: &name, variables: self.variables, needed: true };
        let finished = self.start(&container.run, self.limits.run, echo).await?;
        match finished.ended {
            Ended::Exit(NOT_STARTED) => {
                Err(failed("start the container of this course", &finished))
            }
            Ended::Exit(_) => {
                removal.needed = false;
                Ok(finished)
            }
            Ended::Killed | Ended::TimedOut => {
                let line = self.line(removal.words());
                // Whatever comes of it, the result stands; if it fails `removal` tries again.
                let removed = self.start(&line, REMOVAL, &mut |_, _| {}).await;
                removal.needed = !removed.is_ok_and(|removed| removed.ended == Ended::Exit(0));
                Ok(finished)
            }
        }
    }

    fn line(&self, words: Vec<String>) -> CommandLine {
        CommandLine { words, folder: self.workspace.to_owned() }
    }

    fn inside(&self) -> Placeholders {
        let mut at = Placeholders::of(self.lesson, Path::new(INSIDE));
        // A path of the workspace holds no backslash but the one that Windows joins with.
        at.dir = at.dir.replace('\\', "/");
        at.file = at.file.replace('\\', "/");
        at
    }

    fn folder_inside(&self) -> String {
        match self.runner.working_dir(&self.inside()) {
            here if here == "." || here.is_empty() => INSIDE.to_owned(),
            absolute if absolute.starts_with('/') => absolute,
            relative => format!("{INSIDE}/{relative}"),
        }
    }

    /// The command in the container; without one the image says what to run.
    fn words_inside(&self) -> Result<Vec<String>, RunnerError> {
        if self.runner.command.trim().is_empty() {
            let at = self.inside();
            return Ok(self.runner.args.iter().map(|arg| at.fill(arg)).collect());
        }
        self.words(&self.inside())
    }

    fn in_workspace(&self, path: &RelPath) -> String {
        let path = path.parts().fold(self.workspace.to_owned(), |at, part| at.join(part));
        path.to_string_lossy().into_owned()
    }

    /// The value of `--mount`, which Docker reads as one line of CSV (RFC 4180).
    fn mount(&self) -> String {
        let source = format!("source={}", self.workspace.to_string_lossy());
        let source = if source.contains([',', '"', '\n']) {
            format!("\"{}\"", source.replace('"', "\"\""))
        } else {
            source
        };
        format!("type=bind,{source},target={INSIDE}")
    }

    fn image(&self, tag: Option<&str>) -> Result<String, RunnerError> {
        match tag {
            // Docker would take it for an option.
            Some(tag) if tag.starts_with('-') || tag.trim().is_empty() => {
                Err(self.invalid(format!("{tag:?} is no name of an image")))
            }
            Some(tag) => Ok(tag.to_owned()),
            None => {
                Ok(format!("progy-{}", safe(self.course.as_str()) + "-" + &safe(&self.runner.id)))
            }
        }
    }
}

/// The letters that the name of an image may hold, and no separator at an end or beside another.
fn safe(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let parts = lower.split(|c: char| !c.is_ascii_alphanumeric());
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn failed(what: &'static str, finished: &Finished) -> RunnerError {
    let output = finished.both.text();
    let start = output.ceil_char_boundary(output.len().saturating_sub(SHOWN));
    let output = output.get(start..).unwrap_or_default().trim().to_owned();
    RunnerError::Docker { what, output }
}

/// Removes a container when it is dropped. Ending `docker run` does not end the container.
struct Removal<'a> {
    name: &'a str,
    variables: &'a Variables,
    needed: bool,
}

impl Removal<'_> {
    fn words(&self) -> Vec<String> {
        words(&["docker", "rm", "--force", self.name])
    }
}

impl Drop for Removal<'_> {
    fn drop(&mut self) {
        let docker = programs::find("docker", Path::new("/"), self.variables);
        let Some(docker) = docker.filter(|_| self.needed) else { return };
        // Nobody waits for it: it outlives this process if need be.
        let _ = Command::new(docker)
            .args(self.words().iter().skip(1))
            .env_clear()
            .envs(self.variables.for_courses())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
    }
}
