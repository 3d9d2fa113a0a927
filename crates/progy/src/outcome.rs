//! What is said after an operation: the same for saving, syncing and everything made of them.

use progy_client::Error;
use progy_client::engine::{Engine, Report};
use progy_client::scan::Notice;
use progy_core::dependencies::ToRun;
use progy_core::diff::ChangeKind;
use progy_core::{Change, RelPath, RevisionId, Strategy};
use semver::Version;
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::terminal::Colour;

/// How many names are listed before "and 12 more".
const SHOWN: usize = 10;

/// What an operation did, for programs.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    saved: bool,
    published: &'a [RevisionId],
    received: Vec<Changed<'a>>,
    conflicts: &'a [RelPath],
    queued: usize,
    not_carried: Vec<NotCarried<'a>>,
    /// Only after a restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_run: Option<Vec<Command<'a>>>,
}

/// What to run where, for programs.
#[derive(Debug, Serialize)]
struct Command<'a> {
    /// Below the workspace's root, which is `.`.
    folder: &'a str,
    command: &'a str,
}

impl<'a> From<&'a ToRun> for Command<'a> {
    fn from(to_run: &'a ToRun) -> Self {
        let folder = to_run.folder.as_ref().map_or(".", RelPath::as_str);
        Self { folder, command: to_run.command }
    }
}

/// One file that is not carried, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct NotCarried<'a> {
    pub(crate) path: &'a str,
    why: &'static str,
}

impl<'a> From<&'a Notice> for NotCarried<'a> {
    fn from(notice: &'a Notice) -> Self {
        let (path, why) = match notice {
            Notice::Secret(path) => (path.as_str(), "secret"),
            Notice::BadName(name) => (name.as_str(), "bad_name"),
            Notice::Unreadable(name) => (name.as_str(), "unreadable"),
            Notice::Special(path) => (path.as_str(), "special"),
            Notice::LinkOutside(path) => (path.as_str(), "link_outside"),
            Notice::CannotHold(path) => (path.as_str(), "cannot_hold"),
        };
        Self { path, why }
    }
}

/// One changed file, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Changed<'a> {
    path: &'a RelPath,
    change: &'static str,
}

impl<'a> From<&'a Change> for Changed<'a> {
    fn from(change: &'a Change) -> Self {
        let kind = match change.kind() {
            ChangeKind::Added => "added",
            ChangeKind::Modified => "modified",
            ChangeKind::Deleted => "deleted",
        };
        Self { path: &change.path, change: kind }
    }
}

/// Where a workspace stood before an operation.
pub(crate) struct Before {
    /// How many saves waited.
    queued: usize,
    /// The course version.
    version: Version,
    /// How the workspace was carried.
    strategy: Strategy,
}

impl Before {
    pub(crate) fn of(engine: &Engine<'_>) -> Self {
        let state = engine.state();
        Self {
            queued: state.queue.len(),
            version: state.version().clone(),
            strategy: state.strategy,
        }
    }
}

/// Says how an operation of the engine ended.
pub(crate) fn tell(
    context: &Context,
    engine: &mut Engine<'_>,
    before: &Before,
    ended: Result<Report, Error>,
    json: bool,
) -> Result<Exit, Failure> {
    tell_all(context, engine, before, ended, json, false)
}

/// Says how a restore ended, and how to get back what did not come with it.
pub(crate) fn tell_restored(
    context: &Context,
    engine: &mut Engine<'_>,
    before: &Before,
    ended: Result<Report, Error>,
    json: bool,
) -> Result<Exit, Failure> {
    tell_all(context, engine, before, ended, json, true)
}

fn tell_all(
    context: &Context,
    engine: &mut Engine<'_>,
    before: &Before,
    ended: Result<Report, Error>,
    json: bool,
    restored: bool,
) -> Result<Exit, Failure> {
    let waiting = engine.state().queue.len();
    let (report, unreachable) = match ended {
        Ok(report) => (report, None),
        Err(Error::Unreachable(why)) => {
            (Report { saved: waiting > before.queued, ..Report::default() }, Some(why))
        }
        Err(error) => {
            context.tell(engine.notices());
            return Err(error.into());
        }
    };
    let conflicts = engine.recorded_conflicts(&report)?;
    let to_run = if restored { Some(engine.commands_to_run(&report.received)?) } else { None };
    context.tell(engine.notices());
    if json {
        context.terminal.json(&Outcome {
            saved: report.saved,
            published: &report.published,
            received: report.received.iter().map(Changed::from).collect(),
            conflicts: &conflicts,
            queued: waiting,
            not_carried: engine.notices().iter().map(NotCarried::from).collect(),
            to_run: to_run.as_ref().map(|to_run| to_run.iter().map(Command::from).collect()),
        })?;
    } else {
        if *engine.state().version() != before.version {
            say!(context, "new-version", version = engine.state().version());
        }
        let strategy = engine.strategy();
        if strategy != before.strategy {
            say!(context, "strategy-now", strategy = strategy);
        }
        tell_report(context, &report, unreachable.is_some());
        tell_to_run(context, &to_run.unwrap_or_default());
    }
    if let Some(reason) = unreachable {
        return Err(match waiting {
            0 => fail!(Exit::Unreachable, "unreachable", reason = reason),
            _ => fail!(Exit::Unreachable, "queued", count = waiting, reason = reason),
        });
    }
    Ok(conflicts_wait(context, &conflicts))
}

fn tell_report(context: &Context, report: &Report, is_unreachable: bool) {
    if report.recovered {
        note!(context, "recovered");
    }
    if !report.received.is_empty() {
        say!(context, "received", count = report.received.len());
        list_changes(context, &report.received);
    }
    match report.published.last() {
        Some(revision) => {
            let text = text!(
                context,
                "published",
                count = report.published.len(),
                revision = short(revision)
            );
            context.terminal.line(&context.terminal.paint(Colour::Green, &text));
        }
        None if report.received.is_empty() && !report.saved && !is_unreachable => {
            say!(context, "up-to-date");
        }
        None if report.saved => say!(context, "saved-here"),
        None => {}
    }
}

/// Says how to get back what does not travel, if it is not here.
pub(crate) fn tell_to_run(context: &Context, to_run: &[ToRun]) {
    if to_run.is_empty() {
        return;
    }
    say!(context, "to-run");
    list(context, to_run, |ToRun { folder, command }| match folder {
        Some(folder) => text!(context, "to-run-in", folder = folder, command = command),
        None => text!(context, "to-run-here", command = command),
    });
}

/// Says that conflict copies are waiting, if there are any; with the exit code that follows.
pub(crate) fn conflicts_wait(context: &Context, copies: &[RelPath]) -> Exit {
    if copies.is_empty() {
        return Exit::Done;
    }
    note!(context, "conflicts-wait", count = copies.len());
    for copy in copies.iter().take(SHOWN) {
        context.terminal.note(&format!("  {copy}"));
    }
    Exit::Conflicts
}

/// Lists changed files, the first few by name.
pub(crate) fn list_changes(context: &Context, changes: &[Change]) {
    list(context, changes, |change| changed_line(context, change));
}

/// One line for one changed file.
pub(crate) fn changed_line(context: &Context, change: &Change) -> String {
    let (sign, colour) = match change.kind() {
        ChangeKind::Added => ("+", Colour::Green),
        ChangeKind::Modified => ("~", Colour::Yellow),
        ChangeKind::Deleted => ("-", Colour::Red),
    };
    format!("{} {}", context.terminal.paint(colour, sign), change.path)
}

/// Lists the first few of `items`, and how many more there are.
pub(crate) fn list<T>(context: &Context, items: &[T], line: impl Fn(&T) -> String) {
    for item in items.iter().take(SHOWN) {
        context.terminal.line(&format!("  {}", line(item)));
    }
    if let Some(more) = items.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        context.terminal.line(&format!("  {}", text!(context, "and-more", count = more)));
    }
}

/// A revision's id as people see it.
pub(crate) fn short(revision: &RevisionId) -> &str {
    revision.as_str().get(..8).unwrap_or(revision.as_str())
}
