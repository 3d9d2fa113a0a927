//! One workspace, kept in step with the server and the other devices until it is enough.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use progy_api::history::RevisionSummary;
use progy_client::Error;
use progy_client::disk::RealDisk;
use progy_client::disk::real::Lock;
use progy_client::engine::{Intent, Report, conflict_copies};
use progy_client::scan::Notice;
use progy_client::state::State;
use progy_client::template::Template;
use progy_client::watch::{Debounce, Watcher};
use progy_core::rules::{Rules, Verdict};
use progy_core::{CourseId, RelPath, RevisionId};
use tokio::process::Child;

use super::feed::{self, News};
use super::standing::{Remark, Standing, Weight, weight};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::messages::printable;
use crate::outcome;
use crate::signals::Signals;
use crate::terminal::Colour;
use crate::workspace::Workspace;

/// Held by the one `progy dev` of a workspace.
const LOCK: &str = ".progy/dev.lock";
/// How long to wait before the server is tried again that failed over a good connection.
const RETRY: Duration = Duration::from_secs(15);
/// How many names of files are shown for one save of another device.
const SHOWN: usize = 10;

/// A workspace that is kept in step.
pub(crate) struct Session<'c> {
    context: &'c Context,
    root: PathBuf,
    course: CourseId,
    rules: Option<Rules>,
    _lock: Lock,
    ending: Ending,
    standing: Standing,
    debounce: Debounce,
    retry: Option<Instant>,
    /// The newest save that the server told of.
    heard: Option<RevisionSummary>,
    /// What is said when the terminal is free again; `None` while it is.
    kept: Option<Vec<String>>,
}

/// Until when a session goes on.
pub(crate) enum Until {
    /// The process is asked to end.
    Asked,
    /// The editor that has the terminal ends.
    EditorEnds(Child),
}

/// What ends a session.
struct Ending {
    signals: Signals,
    until: Until,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    GoOn,
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Records and publishes.
    Save,
    /// Also asks what others have published.
    Sync,
}

/// What came of an act.
struct Done {
    ended: Result<Report, Failure>,
    /// Whether something was recorded, also if it could not be published.
    saved: bool,
    queued: usize,
    base: Option<RevisionId>,
    conflicts: Vec<RelPath>,
    notices: Vec<Notice>,
}

impl Ending {
    /// May be cancelled.
    async fn over(&mut self) {
        match &mut self.until {
            Until::Asked => self.signals.asked().await,
            Until::EditorEnds(editor) => tokio::select! {
                _ = editor.wait() => {}
                () = self.signals.asked_from_outside() => {}
            },
        }
    }
}

impl<'c> Session<'c> {
    /// A session in the workspace of the current folder; `None` if another process has one there.
    pub(crate) fn begin(context: &'c Context) -> Result<Option<Self>, Failure> {
        let root = context.find_workspace()?;
        let disk = RealDisk::new(&root);
        let state = State::load(&disk)?;
        let Some(lock) = disk.lock(LOCK).map_err(Error::disk(LOCK))? else { return Ok(None) };
        // Only to be spared reports on files that nobody saves.
        let template =
            Template::load(&disk, state.version(), state.strategy.hash_kind()).ok().flatten();
        let debounce = Debounce::of(state.strategy);
        Ok(Some(Self {
            context,
            root,
            course: state.course,
            rules: template.map(|template| template.rules().clone()),
            _lock: lock,
            ending: Ending { signals: Signals::new()?, until: Until::Asked },
            standing: Standing::default(),
            debounce,
            retry: None,
            heard: None,
            kept: None,
        }))
    }

    /// Where the workspace is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Brings in what is new, before an editor opens the files. False if that is enough.
    pub(crate) async fn sync(&mut self) -> Result<bool, Failure> {
        Ok(self.act(Act::Sync).await? == Flow::GoOn)
    }

    /// Keeps the workspace in step until `until`, then saves once more.
    pub(crate) async fn run(mut self, until: Until) -> Result<Exit, Failure> {
        if let Until::EditorEnds(_) = until {
            self.kept = Some(Vec::new());
        }
        self.ending.until = until;
        // Watched first, so that nothing is missed that happens during the first sync.
        let mut watcher = Watcher::with_filter(&self.root, filter(self.rules.clone()));
        let (context, course) = (self.context, self.course.clone());
        let mut news = feed::news(context, &course);
        let mut flow = self.act(Act::Sync).await?;
        while flow == Flow::GoOn {
            let (save_at, retry_at) = (self.debounce.deadline(), self.retry);
            flow = tokio::select! {
                () = self.ending.over() => Flow::Stop,
                () = watcher.changed() => {
                    self.debounce.changed(Instant::now());
                    Flow::GoOn
                }
                Some(news) = news.next() => self.hear(news).await?,
                () = at(save_at) => {
                    let is_due = self.debounce.take_due(Instant::now());
                    if is_due { self.act(Act::Save).await? } else { Flow::GoOn }
                }
                () = at(retry_at) => self.act(Act::Sync).await?,
            };
        }
        self.end().await
    }

    async fn hear(&mut self, news: News) -> Result<Flow, Failure> {
        match news {
            News::Connected if self.standing.has_missed_something() => self.act(Act::Sync).await,
            News::Head(event) if self.standing.is_news(&event.head.id) => {
                self.heard = Some(event.head);
                self.act(Act::Sync).await
            }
            News::Connected | News::Head(_) => Ok(Flow::GoOn),
            News::Lost { failure, tries } => {
                let remark = match weight(&failure) {
                    Weight::Offline => self.standing.is_lost_for_good(tries),
                    _ => self.standing.failed(failure.text(&self.context.messages)),
                };
                self.remark(remark, &failure);
                Ok(Flow::GoOn)
            }
        }
    }

    /// Does something in the workspace, and says what came of it. Fails only where there is nothing
    /// to go on with.
    async fn act(&mut self, act: Act) -> Result<Flow, Failure> {
        self.retry = None;
        let began = Instant::now();
        let done = tokio::select! {
            done = perform(self.context, &self.root, act) => done,
            // What is cut off here is as safe as if the machine had lost its power.
            () = self.ending.over() => return Ok(Flow::Stop),
        };
        match done {
            Ok(done) => {
                if done.ended.is_ok() {
                    self.debounce.saved(Instant::now(), began.elapsed());
                }
                self.settle(act, done)
            }
            Err(failure) => self.trouble(failure).map(|()| Flow::GoOn),
        }
    }

    fn settle(&mut self, act: Act, done: Done) -> Result<Flow, Failure> {
        if self.kept.is_none() {
            self.context.tell(&done.notices);
        }
        match done.ended {
            Ok(report) => {
                let contact = act == Act::Sync || !report.published.is_empty();
                if let Some(Remark::Back) = self.standing.went_well(done.base, contact) {
                    self.say(&text!(self.context, "dev-back"));
                }
                self.tell(&report);
                if !report.received.is_empty() && !done.conflicts.is_empty() {
                    let count = done.conflicts.len();
                    self.say(&text!(self.context, "conflicts-wait", count = count));
                }
            }
            Err(failure) if weight(&failure) == Weight::Offline => {
                if done.saved {
                    self.say(&text!(self.context, "dev-saved-here", count = done.queued));
                }
                let remark = self.standing.went_without_server(done.queued);
                self.remark(remark, &failure);
                self.retry = Some(Instant::now() + RETRY);
            }
            Err(failure) => self.trouble(failure)?,
        }
        Ok(Flow::GoOn)
    }

    fn tell(&mut self, report: &Report) {
        if report.recovered {
            self.say(&text!(self.context, "recovered"));
        }
        let heard = self.heard.take();
        if !report.received.is_empty() {
            let heading = match heard {
                Some(save) => text!(
                    self.context,
                    "dev-received",
                    device = save.device,
                    message = printable(&save.message)
                ),
                None => text!(self.context, "received", count = report.received.len()),
            };
            self.say(&heading);
            for change in report.received.iter().take(SHOWN) {
                self.put(format!("      {}", outcome::changed_line(self.context, change)));
            }
            if let Some(more @ 1..) = report.received.len().checked_sub(SHOWN) {
                self.put(format!("      {}", text!(self.context, "and-more", count = more)));
            }
        }
        if let Some(revision) = report.published.last() {
            let count = report.published.len();
            let revision = outcome::short(revision);
            let text = text!(self.context, "published", count = count, revision = revision);
            self.say(&self.context.terminal.paint(Colour::Green, &text));
        }
    }

    /// A failure that the session outlives, or does not.
    fn trouble(&mut self, failure: Failure) -> Result<(), Failure> {
        match weight(&failure) {
            Weight::Fatal => return Err(failure),
            Weight::Soon => self.debounce.changed(Instant::now()),
            Weight::Offline | Weight::Passing => {}
        }
        let remark = self.standing.failed(failure.text(&self.context.messages));
        self.remark(remark, &failure);
        Ok(())
    }

    fn remark(&mut self, remark: Option<Remark>, failure: &Failure) {
        match remark {
            None => {}
            Some(Remark::Gone) => self.say(&text!(self.context, "dev-gone")),
            Some(Remark::Back) => self.say(&text!(self.context, "dev-back")),
            Some(Remark::Trouble) => {
                let text = failure.text(&self.context.messages);
                self.say(&self.context.terminal.paint(Colour::Yellow, &text));
            }
        }
    }

    /// A line with the time.
    fn say(&mut self, text: &str) {
        let now = jiff::Zoned::now().strftime("%H:%M").to_string();
        let now = self.context.terminal.paint(Colour::Dim, &now);
        self.put(format!("{now} {text}"));
    }

    fn put(&mut self, line: String) {
        match &mut self.kept {
            Some(kept) => kept.push(line),
            None => self.context.terminal.line(&line),
        }
    }

    /// The last save. Whoever asks a second time does not wait for the server.
    pub(crate) async fn end(mut self) -> Result<Exit, Failure> {
        for line in self.kept.take().unwrap_or_default() {
            self.context.terminal.line(&line);
        }
        let context = self.context;
        let done = tokio::select! {
            done = perform(context, &self.root, Act::Save) => done?,
            () = self.ending.signals.asked() => return self.leave(),
        };
        context.tell(&done.notices);
        match done.ended {
            Ok(report) => self.tell(&report),
            Err(failure) if failure.exit == Exit::Unreachable && done.queued > 0 => {
                return Err(fail!(Exit::Unreachable, "dev-queued", count = done.queued));
            }
            // There is nothing that waits for it.
            Err(failure) if failure.exit == Exit::Unreachable => {}
            Err(failure) => return Err(failure),
        }
        say!(context, "dev-ends");
        Ok(outcome::conflicts_wait(context, &done.conflicts))
    }

    fn leave(&self) -> Result<Exit, Failure> {
        let state = State::load(&RealDisk::new(&self.root))?;
        match state.queue.len() {
            0 => Ok(Exit::Done),
            count => Err(fail!(Exit::Unreachable, "dev-queued", count = count)),
        }
    }
}

/// One act in the workspace, which no other process may use meanwhile.
async fn perform(context: &Context, root: &Path, act: Act) -> Result<Done, Failure> {
    let workspace = Workspace::open(context, root.to_owned()).await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    let intent = Intent::new(text!(context, "message-dev"));
    let newest = |queue: &[progy_client::state::Queued]| queue.last().map(|save| save.id.clone());
    let waiting = newest(&engine.state().queue);
    let ended = match act {
        Act::Save => engine.save(remote.as_ref(), &intent).await,
        Act::Sync => engine.sync(remote.as_ref(), &intent).await,
    };
    let saved = match &ended {
        Ok(report) => report.saved,
        Err(_) => newest(&engine.state().queue) != waiting,
    };
    let conflicts = engine.unsaved().map(|unsaved| conflict_copies(&unsaved.tree));
    Ok(Done {
        ended: ended.map_err(Failure::from),
        saved,
        queued: engine.state().queue.len(),
        base: engine.state().base.revision.clone(),
        conflicts: conflicts.unwrap_or_default(),
        notices: engine.notices().iter().cloned().collect(),
    })
}

/// Which changes may be of files that are saved: those below ignored folders are not.
fn filter(rules: Option<Rules>) -> impl Fn(&Path) -> bool + Send + Sync + 'static {
    let scope = rules.map(|rules| rules.root());
    move |path| {
        let text = path.to_str().map(|text| text.replace('\\', "/"));
        let path = text.and_then(|text| RelPath::new(&text).ok());
        match (&scope, path) {
            (Some(scope), Some(path)) => scope.verdict(&path, false) == Verdict::Synced,
            // To look in vain costs little.
            _ => true,
        }
    }
}

/// Done at `time`; never, if there is none.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use progy_core::rules::SyncRules;

    use super::*;

    #[test]
    fn what_tools_make_is_not_waited_for() {
        let counts = filter(Some(Rules::new(&SyncRules::default()).unwrap()));
        assert!(counts(Path::new("content/01_a/01_b/exercise.rs")));
        for path in ["runner/target/debug/x", "node_modules/x/y", ".git/index"] {
            assert!(!counts(Path::new(path)), "{path}");
        }
        assert!(filter(None)(Path::new("runner/target/debug/x")));
    }
}
