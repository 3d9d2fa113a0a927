//! What a result leads to: progress, a save, and what the learner hears of it.

use progy_client::Error;
use progy_client::engine::lessons::Step;
use progy_client::engine::{Engine, Intent, Report};
use progy_client::remote::Remote;
use progy_client::runner::Outcome;
use progy_core::LessonId;
use progy_core::course::srp::{Diagnostic, TestResult};
use progy_core::course::{Lesson, Outline};
use serde::Serialize;

use super::{PATIENCE, Subject, pick};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::messages::printable;
use crate::outcome::{self, Before};
use crate::terminal::Colour;
use crate::workspace::Workspace;

/// The result, for programs.
#[derive(Serialize)]
struct Document<'a> {
    lesson: &'a LessonId,
    success: bool,
    summary: &'a str,
    tests: &'a [TestResult],
    diagnostics: &'a [Diagnostic],
    /// What this run earned.
    xp: u32,
    /// Whether a revision was recorded for it, published or not.
    saved: bool,
}

/// Records the attempt; a pass saves.
pub(super) async fn record(
    context: &Context,
    json: bool,
    subject: &Subject,
    ran: Option<Outcome>,
) -> Result<Exit, Failure> {
    let result = ran.map_or_else(read, |ran| ran.report);
    let workspace = Workspace::open(context, subject.root.clone()).await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    let lesson = &subject.lesson;
    let step = engine.record_attempt(&lesson.id, result.success, lesson.xp)?;
    let before = Before::of(&engine);
    let queued = engine.state().queue.len();
    let saved = match step {
        Step::Tried => {
            // If it does not arrive now, it goes out with the next save.
            let _ = tokio::time::timeout(PATIENCE, engine.share_progress(remote.as_ref())).await;
            Ok(Report::default())
        }
        Step::Completed | Step::Again => {
            save(context, &mut engine, remote.as_ref(), lesson, step).await
        }
    };
    if json {
        let recorded = engine.state().queue.len() > queued;
        context.terminal.json(&Document {
            lesson: &lesson.id,
            success: result.success,
            summary: &result.summary,
            tests: &result.tests,
            diagnostics: &result.diagnostics,
            xp: if step == Step::Completed { lesson.xp } else { 0 },
            saved: saved.as_ref().map_or(recorded, |report| report.saved),
        })?;
    }
    if step == Step::Tried {
        let file = lesson.main.as_ref().unwrap_or(&lesson.folder);
        note!(context, "test-failed", file = file, lesson = lesson.id);
        return Ok(Exit::Failed);
    }
    if json {
        return finish(context, &mut engine, saved);
    }
    let template = engine.template()?;
    let outline = template.outline()?;
    praise(context, &engine, outline, lesson, step);
    outcome::tell(context, &mut engine, &before, saved, false)
}

/// What comes of a lesson that is only read.
fn read() -> progy_core::course::srp::Report {
    progy_core::course::srp::Report { success: true, ..Default::default() }
}

async fn save(
    context: &Context,
    engine: &mut Engine<'_>,
    remote: &dyn Remote,
    lesson: &Lesson,
    step: Step,
) -> Result<Report, Error> {
    // The contract's words, in every language.
    let intent = Intent {
        message: format!("Lesson {}: Completed", lesson.id),
        lesson: Some(lesson.id.clone()),
        even_if_unchanged: step == Step::Completed,
    };
    let _working = context.terminal.working(text!(context, "saving"));
    engine.save(remote, &intent).await
}

/// The end of a run whose result was given as a document.
fn finish(
    context: &Context,
    engine: &mut Engine<'_>,
    saved: Result<Report, Error>,
) -> Result<Exit, Failure> {
    context.tell(engine.notices());
    match saved {
        Err(Error::Unreachable(reason)) => {
            let count = engine.state().queue.len();
            Err(fail!(Exit::Unreachable, "queued", count = count, reason = reason))
        }
        Err(error) => Err(error.into()),
        Ok(_) => {
            let waiting = engine.conflicts()?;
            let copies: Vec<_> = waiting.into_iter().map(|waiting| waiting.copy).collect();
            Ok(outcome::conflicts_wait(context, &copies))
        }
    }
}

/// Says what was achieved, and what comes next.
fn praise(context: &Context, engine: &Engine<'_>, outline: &Outline, lesson: &Lesson, step: Step) {
    let terminal = &context.terminal;
    let progress = &engine.state().progress;
    let text = match step {
        Step::Completed => {
            text!(context, "lesson-completed", lesson = lesson.id, count = lesson.xp)
        }
        Step::Again | Step::Tried => text!(context, "lesson-again", lesson = lesson.id),
    };
    terminal.line(&terminal.paint(Colour::Green, &text));
    let module = outline
        .modules
        .iter()
        .find(|module| module.lessons.iter().any(|other| other.id == lesson.id));
    if let Some(module) = module
        && step == Step::Completed
        && module.lessons.iter().all(|other| progress.has_passed(&other.id))
    {
        let title = printable(&module.title);
        say!(context, "module-completed", module = title);
        if let Some(message) = &module.completion_message {
            terminal.line(&printable(message));
        }
    }
    match pick::next(outline, progress) {
        Ok(next) => say!(context, "next-lesson", lesson = next.id),
        Err(_) => say!(context, "course-completed"),
    }
}
