//! Running what a course gives to check a lesson.
//!
//! A course's runner is someone else's code. It runs without a shell, without Progy's own variables
//! (one of them may hold a token), without input, for a limited time, and with all that it started
//! it ends.

mod capture;
mod docker;
mod job;
mod setup;

use std::path::{Path, PathBuf};
use std::time::Duration;

use progy_core::course::srp::{self, Report};
use progy_core::course::{CommandError, Lesson, Placeholders, Runner, RunnerKind};
use progy_core::{CourseId, RelPath};

pub use job::{Ended, Source};
pub use setup::{Checked, Finding, check_setup};

use crate::config::Variables;
use crate::platform::programs;
use job::{Finished, Job};

/// The line before a runner's report.
const MARKER: &str = "__SRP_BEGIN__";

/// One run of a lesson's runner.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// How the lesson is checked.
    pub runner: &'a Runner,
    /// The lesson.
    pub lesson: &'a Lesson,
    /// Its course.
    pub course: &'a CourseId,
    /// The course's text on what a learner needs, named when something is missing.
    pub guide: Option<&'a RelPath>,
    /// The absolute path of the workspace.
    pub workspace: &'a Path,
    /// Of which the runner sees all but Progy's own.
    pub variables: &'a Variables,
    /// How long it may take.
    pub limits: Limits,
}

/// How long a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The check itself: 60 s.
    pub run: Duration,
    /// Making the image of a container first: 30 min.
    pub build: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { run: Duration::from_mins(1), build: Duration::from_mins(30) }
    }
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The runner's result. Never a success if its time was over.
    pub report: Report,
    /// How the runner ended.
    pub ended: Ended,
    /// What it printed, both streams as they came: at most the first and the last 512 KiB.
    pub output: String,
}

/// Why a runner could not run at all. Says nothing about the learner's solution.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The course's command is none.
    #[error("the runner `{runner}` of this course cannot be used: {why}")]
    Invalid {
        /// The id of the runner.
        runner: String,
        /// What is wrong with it.
        why: String,
    },
    /// The program is not there.
    #[error("`{program}` is not installed, or not on the PATH{}", see(guide.as_ref()))]
    MissingProgram {
        /// Its name.
        program: String,
        /// Where the course says what is needed.
        guide: Option<RelPath>,
    },
    /// The program is there, but the system does not start it.
    #[error("`{program}` cannot be started: {source}")]
    Start {
        /// Its name.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The image of the course's container cannot be made, or the container not be started.
    #[error("Docker could not {what}:\n{output}")]
    Docker {
        /// What it should have done.
        what: &'static str,
        /// The last of what it printed.
        output: String,
    },
}

fn see(guide: Option<&RelPath>) -> String {
    guide.map(|guide| format!("; {guide} says what this course needs")).unwrap_or_default()
}

/// A command line, for the learner to look at and for the system to run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CommandLine {
    words: Vec<String>,
    folder: PathBuf,
}

impl Run<'_> {
    /// The commands that [`Run::execute`] will run, one a line, as one would type them: to be shown
    /// before a course runs for the first time.
    pub fn shown(&self) -> Result<Vec<String>, RunnerError> {
        let lines = if self.runner.kind == RunnerKind::Process {
            vec![self.process()?]
        } else {
            let container = self.container(docker::NAME_SHOWN)?;
            container.build.into_iter().chain([container.run]).collect()
        };
        Ok(lines.iter().map(CommandLine::shown).collect())
    }

    /// Runs it. `echo` gets what is printed, piece by piece, as it comes.
    ///
    /// When the returned future is dropped (the learner pressed Ctrl-C, say), what was started is
    /// ended.
    pub async fn execute(
        &self,
        echo: &mut dyn FnMut(Source, &[u8]),
    ) -> Result<Outcome, RunnerError> {
        let finished = match &self.runner.kind {
            RunnerKind::Process => {
                let line = self.process()?;
                self.start(&line, self.limits.run, echo).await?
            }
            _ => self.in_container(echo).await?,
        };
        Ok(self.judge(&finished))
    }

    fn judge(&self, finished: &Finished) -> Outcome {
        // Standard output alone holds the report, so that no line of the other stream gets into it.
        // Without a report the learner sees what a terminal would have shown.
        let ok = finished.ended == Ended::Exit(0);
        let output = finished.both.text();
        let stdout = finished.stdout.text();
        let has_report = stdout.contains(MARKER);
        let mut report = srp::parse(if has_report { &stdout } else { &output }, ok);
        if finished.ended == Ended::TimedOut {
            report.success = false;
            report.summary = format!("Stopped after {} s", self.limits.run.as_secs());
        }
        Outcome { report, ended: finished.ended, output }
    }

    fn process(&self) -> Result<CommandLine, RunnerError> {
        let at = Placeholders::of(self.lesson, self.workspace);
        let words = self.words(&at)?;
        let cwd = self.runner.working_dir(&at);
        let inside = || {
            let root = self.workspace.canonicalize().ok()?;
            let folder = root.join(&cwd).canonicalize().ok()?;
            (folder.is_dir() && folder.starts_with(&root)).then_some(folder)
        };
        let folder = inside()
            .ok_or_else(|| self.invalid(format!("its folder {cwd:?} is not in the workspace")))?;
        Ok(CommandLine { words, folder })
    }

    fn words(&self, at: &Placeholders) -> Result<Vec<String>, RunnerError> {
        self.runner.command_line(at).map_err(|error: CommandError| self.invalid(error.to_string()))
    }

    async fn start(
        &self,
        line: &CommandLine,
        limit: Duration,
        echo: &mut dyn FnMut(Source, &[u8]),
    ) -> Result<Finished, RunnerError> {
        let [program, args @ ..] = line.words.as_slice() else {
            return Err(self.invalid(CommandError::Empty.to_string()));
        };
        let found = programs::find(program, &line.folder, self.variables).ok_or_else(|| {
            RunnerError::MissingProgram { program: program.clone(), guide: self.guide.cloned() }
        })?;
        let job =
            Job { program: &found, args, folder: &line.folder, variables: self.variables, limit };
        job.run(echo)
            .await
            .map_err(|source| RunnerError::Start { program: program.clone(), source })
    }

    fn invalid(&self, why: String) -> RunnerError {
        RunnerError::Invalid { runner: self.runner.id.clone(), why }
    }
}

impl CommandLine {
    fn shown(&self) -> String {
        shlex::try_join(self.words.iter().map(String::as_str))
            .unwrap_or_else(|_| self.words.join(" "))
    }
}
