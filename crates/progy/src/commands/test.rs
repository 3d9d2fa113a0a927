//! `progy test [LESSON]`: runs the lesson's runner; a pass completes the lesson and saves.
//!
//! What is run comes from the course's package, not from the learner's copy of `course.json`. The
//! workspace is not kept from other commands while the runner runs.

mod gate;
mod pick;
mod report;
mod show;
mod trust;

use std::path::{Path, PathBuf};
use std::time::Duration;

use progy_client::runner::{Limits, Run, RunnerError};
use progy_core::course::{Lesson, Manifest, Outline};
use progy_core::progress::Progress;
use progy_core::{CourseId, LessonId, RelPath};

use crate::cli::TestArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::signals::Signals;
use crate::workspace::Workspace;

/// How long a failed attempt may take to reach the server; later it goes with the next save.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lesson that is checked, and its course.
struct Subject {
    root: PathBuf,
    course: CourseId,
    manifest: Manifest,
    /// Hash of the course's package.
    package: String,
    lesson: Lesson,
}

pub(crate) async fn run(context: &Context, args: &TestArgs) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    let Some(subject) = subject(context, args).await? else {
        say!(context, "all-passed");
        return Ok(Exit::Done);
    };
    // A lesson without anything to edit is there to be read.
    let outcome = if subject.lesson.main.is_some() {
        let run = subject.run(context)?;
        trust::require(context, &run, &subject, args.trust)?;
        let text = text!(context, "testing", lesson = subject.lesson.id);
        let _working = context.terminal.working(text);
        let mut unheard = |_, _: &[u8]| {};
        tokio::select! {
            outcome = run.execute(&mut unheard) => {
                Some(outcome.map_err(|error| cannot_run(context, error))?)
            }
            // Dropping the run ends what it has started.
            () = signals.asked() => return Err(fail!(Exit::Failed, "test-stopped")),
        }
    } else {
        None
    };
    if !args.json {
        show::show(context, &subject.lesson, outcome.as_ref());
    }
    report::record(context, args.json, &subject, outcome).await
}

/// What is to be checked; `None` if everything is passed. Lets go of the workspace again.
async fn subject(context: &Context, args: &TestArgs) -> Result<Option<Subject>, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    engine.prepare(remote.as_ref()).await?;
    let template = engine.template()?;
    let outline = template.outline()?;
    let progress = &engine.state().progress;
    let lesson = match chosen(&workspace, outline, progress, args.lesson.as_deref()) {
        Ok(lesson) => lesson.clone(),
        Err(pick::Unclear::NothingLeft) if !args.json => return Ok(None),
        Err(unclear) => return Err(unclear_failure(&unclear)),
    };
    let manifest = template.manifest().clone();
    if let Some(first) = gate::first_to_pass(outline, manifest.progression, progress, &lesson) {
        return Err(fail!(Exit::Failed, "lesson-locked", lesson = lesson.id, first = first));
    }
    Ok(Some(Subject {
        root: workspace.root().to_owned(),
        course: engine.course().clone(),
        manifest,
        package: template.package_hash(&workspace.disk)?,
        lesson,
    }))
}

/// The lesson that is named, or that of the current folder, or the next one.
fn chosen<'o>(
    workspace: &Workspace,
    outline: &'o Outline,
    progress: &Progress,
    named: Option<&str>,
) -> Result<&'o Lesson, pick::Unclear> {
    let path = |text: &str| {
        let name = workspace.name_of(Path::new(text)).ok()?;
        RelPath::new(&name).ok()
    };
    match named {
        Some(name) => pick::named(outline, name)
            .or_else(|unclear| path(name).and_then(|at| outline.lesson_of(&at)).ok_or(unclear)),
        None => path(".")
            .and_then(|here| outline.lesson_of(&here))
            .map_or_else(|| pick::next(outline, progress), Ok),
    }
}

fn unclear_failure(unclear: &pick::Unclear) -> Failure {
    let list = |ids: &[LessonId]| {
        let ids: Vec<&str> = ids.iter().map(LessonId::as_str).collect();
        ids.join(", ")
    };
    match unclear {
        pick::Unclear::NothingLeft => fail!(Exit::Failed, "all-passed"),
        pick::Unclear::Unknown { name, near } if near.is_empty() => {
            fail!(Exit::Failed, "no-lesson", lesson = name)
        }
        pick::Unclear::Unknown { name, near } => {
            fail!(Exit::Failed, "no-lesson-but", lesson = name, near = list(near))
        }
        pick::Unclear::Several { name, fitting } => {
            fail!(Exit::Failed, "several-lessons", lesson = name, fitting = list(fitting))
        }
    }
}

impl Subject {
    fn run<'s>(&'s self, context: &'s Context) -> Result<Run<'s>, Failure> {
        let runner = self.manifest.runner(self.lesson.runner.as_deref());
        let runner =
            runner.ok_or_else(|| fail!(Exit::Failed, "no-runner", lesson = self.lesson.id))?;
        Ok(Run {
            runner,
            lesson: &self.lesson,
            course: &self.course,
            guide: self.manifest.setup.guide.as_ref(),
            workspace: &self.root,
            variables: &context.variables,
            limits: Limits::default(),
        })
    }
}

/// A runner that could not run says nothing about the learner's solution.
fn cannot_run(context: &Context, error: RunnerError) -> Failure {
    match error {
        RunnerError::Invalid { runner, why } => {
            fail!(Exit::Failed, "runner-invalid", runner = runner, reason = why)
        }
        RunnerError::MissingProgram { program, guide: Some(guide) } => {
            fail!(Exit::Failed, "program-missing-guide", program = program, guide = guide)
        }
        RunnerError::MissingProgram { program, guide: None } => {
            fail!(Exit::Failed, "program-missing", program = program)
        }
        RunnerError::Start { program, source } => {
            fail!(Exit::Failed, "program-not-started", program = program, reason = source)
        }
        RunnerError::Docker { output, .. } => {
            context.terminal.note(&show::clean(&output));
            fail!(Exit::Failed, "docker-failed")
        }
    }
}
