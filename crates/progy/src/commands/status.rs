//! `progy status`: what has changed, and where you stand.

use std::time::Duration;

use progy_client::Error;
use progy_client::engine::Engine;
use progy_client::engine::status::{Behind, Status};
use progy_client::remote::Remote;
use progy_client::scan::Notice;
use progy_core::{CourseId, RelPath, RevisionId, Strategy};
use semver::Version;
use serde::Serialize;

use crate::cli::JsonArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::outcome::{self, Changed, NotCarried, short};
use crate::terminal::Colour;
use crate::workspace::Workspace;

/// How long the server may take to say how far it is ahead.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The document of the contract.
#[derive(Serialize)]
struct Document<'a> {
    course: &'a CourseId,
    version: &'a Version,
    strategy: Strategy,
    base: Option<&'a RevisionId>,
    head: Option<&'a RevisionId>,
    ahead: usize,
    behind: usize,
    changed: Vec<Changed<'a>>,
    conflicts: &'a [RelPath],
    queued: usize,
    not_carried: Vec<NotCarried<'a>>,
    progress: Done,
}

#[derive(Serialize)]
struct Done {
    done: usize,
    total: usize,
}

pub(crate) async fn run(context: &Context, args: &JsonArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    fetch_what_lacks(&mut engine, remote.as_ref()).await;
    let base = engine.state().base.revision.clone();
    let (course, strategy) = (engine.course().clone(), engine.strategy());
    let (unsaved, answer) = std::thread::scope(|scope| {
        let asked = scope.spawn(|| ask(&workspace, &course, strategy, base.as_ref()));
        let unsaved = engine.unsaved();
        (unsaved, asked.join().unwrap_or_else(|_| Err(unanswered())))
    });
    let why_not = answer.as_ref().err().map(Unanswered::of);
    let status = engine.status(unsaved?, answer.ok())?;
    if args.json {
        context.tell(engine.notices());
        let document = Document {
            course: engine.course(),
            version: &status.version,
            strategy: status.strategy,
            base: status.base.as_ref(),
            head: status.head.as_ref(),
            ahead: status.ahead,
            behind: status.behind,
            changed: status.changed.iter().map(Changed::from).collect(),
            conflicts: &status.conflicts,
            queued: status.queued,
            not_carried: engine.notices().iter().map(NotCarried::from).collect(),
            progress: Done { done: status.done, total: status.total },
        };
        context.terminal.json(&document)?;
    } else {
        let (special, others): (Vec<_>, Vec<_>) =
            engine.notices().iter().partition(|notice| matches!(notice, Notice::Special(_)));
        context.tell(others);
        show(context, engine.course(), &status, why_not);
        show_special(context, &special);
    }
    Ok(Exit::Done)
}

/// Fetches course packages that are not on this device, if the server gives them soon. Without
/// them the look at the files says what is missing.
async fn fetch_what_lacks(engine: &mut Engine<'_>, remote: &dyn Remote) {
    let _ = tokio::time::timeout(PATIENCE, engine.prepare(remote)).await;
}

/// What the server says, if it says it soon. On a thread of its own, while the files are looked at.
fn ask(
    workspace: &Workspace,
    course: &CourseId,
    strategy: Strategy,
    base: Option<&RevisionId>,
) -> Result<Behind, Error> {
    let remote = workspace.remote_of(course, strategy).map_err(|_| unanswered())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|_| unanswered())?;
    runtime.block_on(async {
        let asked = tokio::time::timeout(PATIENCE, Behind::ask(remote.as_ref(), base)).await;
        asked.unwrap_or_else(|_| Err(unanswered()))
    })
}

fn unanswered() -> Error {
    Error::Unreachable(String::new())
}

/// Why the server did not say how far it is ahead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unanswered {
    NoLogin,
    NoAnswer,
}

impl Unanswered {
    fn of(error: &Error) -> Self {
        if matches!(error, Error::NotLoggedIn | Error::Keyring(_)) {
            Self::NoLogin
        } else {
            Self::NoAnswer
        }
    }
}

fn show(context: &Context, course: &CourseId, status: &Status, why_not: Option<Unanswered>) {
    let terminal = &context.terminal;
    let title = text!(context, "status-course", course = course, version = status.version);
    terminal.line(&terminal.paint(Colour::Bold, &title));
    say!(context, "status-progress", count = status.done, total = status.total);
    match &status.base {
        Some(base) => say!(context, "status-base", revision = short(base)),
        None => say!(context, "status-no-base"),
    }
    match why_not {
        Some(Unanswered::NoLogin) => note!(context, "status-no-login"),
        Some(Unanswered::NoAnswer) => note!(context, "status-offline"),
        None => {}
    }
    if status.behind > 0 {
        say!(context, "status-behind", count = status.behind);
    }
    if status.queued > 0 {
        say!(context, "status-queued", count = status.queued);
    }
    if status.changed.is_empty() {
        say!(context, "status-clean");
    } else {
        say!(context, "status-changed", count = status.changed.len());
        for change in &status.changed {
            terminal.line(&format!("  {}", outcome::changed_line(context, change)));
        }
    }
    if !status.conflicts.is_empty() {
        say!(context, "conflicts-wait", count = status.conflicts.len());
        for copy in &status.conflicts {
            terminal.line(&format!("  {copy}"));
        }
    }
}

/// What nobody can carry, whatever the rules say.
fn show_special(context: &Context, special: &[&Notice]) {
    if special.is_empty() {
        return;
    }
    say!(context, "status-special", count = special.len());
    outcome::list(context, special, |notice| NotCarried::from(*notice).path.to_owned());
}
