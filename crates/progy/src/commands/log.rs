//! `progy log`: the revisions, newest first.

use progy_api::history::RevisionSummary;
use progy_client::engine::Engine;
use progy_client::pages::Pages;
use progy_core::{DeviceName, LessonId, RevisionId};
use serde::Serialize;

use crate::cli::LogArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::human;
use crate::messages::printable;
use crate::outcome::short;
use crate::terminal::Colour;

/// One revision, as the contract has it.
#[derive(Serialize)]
struct Line {
    id: RevisionId,
    parent: Option<RevisionId>,
    device: DeviceName,
    message: String,
    lesson: Option<LessonId>,
    /// Milliseconds since 1970.
    saved_at: i64,
    files_changed: u32,
    bytes: u64,
}

impl From<RevisionSummary> for Line {
    fn from(revision: RevisionSummary) -> Self {
        Self {
            id: revision.id,
            parent: revision.parent,
            device: revision.device,
            message: revision.message,
            lesson: revision.lesson,
            saved_at: revision.saved_at.millis(),
            files_changed: revision.files_changed,
            bytes: revision.bytes,
        }
    }
}

pub(crate) async fn run(context: &Context, args: &LogArgs) -> Result<Exit, Failure> {
    context.api()?;
    let workspace = context.workspace().await?;
    let engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    let mut lines = Vec::new();
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut is_empty = true;
    let mut history = Pages::of(remote.as_ref());
    if !args.json {
        show_waiting(context, &engine);
    }
    while left > 0 && !context.terminal.has_had_enough() {
        let Some(revisions) = history.next().await? else { break };
        is_empty &= revisions.is_empty();
        for revision in revisions.into_iter().take(left) {
            left -= 1;
            if args.json {
                lines.push(Line::from(revision));
            } else {
                show(context, &engine, &revision);
            }
        }
    }
    if args.json {
        context.terminal.json(&lines)?;
    } else if is_empty && engine.state().queue.is_empty() {
        say!(context, "log-empty");
    }
    Ok(Exit::Done)
}

fn show_waiting(context: &Context, engine: &Engine<'_>) {
    for save in engine.state().queue.iter().rev() {
        let id = context.terminal.paint(Colour::Yellow, &text!(context, "log-waiting"));
        let (message, when) = (printable(&save.message), human::ago(context, save.saved_at));
        context.terminal.line(&format!("{id}  {message}  ({when})"));
    }
}

fn show(context: &Context, engine: &Engine<'_>, revision: &RevisionSummary) {
    let terminal = &context.terminal;
    let id = terminal.paint(Colour::Cyan, short(&revision.id));
    let is_base = engine.state().base.revision.as_ref() == Some(&revision.id);
    let here = if is_base { text!(context, "log-here") } else { String::new() };
    // A completed lesson's message names it already.
    let lesson =
        revision.lesson.as_ref().filter(|lesson| !revision.message.contains(lesson.as_str()));
    let lesson = lesson.map(|lesson| format!("{lesson}: ")).unwrap_or_default();
    let message = printable(&revision.message);
    terminal.line(&format!("{id}  {lesson}{message}{here}"));
    let details = text!(
        context,
        "log-details",
        device = revision.device,
        when = human::ago(context, revision.saved_at),
        count = revision.files_changed,
        size = human::size(revision.bytes)
    );
    terminal.line(&format!("          {}", terminal.paint(Colour::Dim, &details)));
}
