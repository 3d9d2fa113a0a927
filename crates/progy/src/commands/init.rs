//! `progy init -c COURSE [DIR]`: starts a course, or goes on where the learner left off.

mod folder;
mod vscode;

use progy_api::history::RevisionSummary;
use progy_api::progress::ProgressDocument;
use progy_client::Error;
use progy_client::api::Api;
use progy_client::engine::start::{From, Started};
use progy_client::engine::{Engine, Intent, Report};
use progy_client::remote::Remote;
use progy_client::state::State;
use progy_client::template::Template;
use progy_core::{DeviceName, Strategy, Timestamp};

use crate::cli::InitArgs;
use crate::commands::{strategy, sync};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::human;
use crate::outcome::{self, Before};
use crate::workspace::Workspace;

use folder::Folder;

pub(crate) async fn run(context: &Context, args: InitArgs) -> Result<Exit, Failure> {
    if let Some(wanted) = args.strategy {
        strategy::refuse(wanted)?;
    }
    let folder = Folder::choose(context, args.dir.as_deref(), &args.course)?;
    let api = context.api()?;
    if !folder.is_workspace() {
        // Asked before anything is made: a course that does not exist leaves no folder behind.
        let course = api.course(&args.course).await?;
        course.ok_or_else(|| Error::NoCourse(args.course.clone()))?;
    }
    folder.make()?;
    let ended = in_folder(context, &args, &folder).await;
    if ended.is_err() {
        folder.unmake();
    }
    ended
}

async fn in_folder(context: &Context, args: &InitArgs, folder: &Folder) -> Result<Exit, Failure> {
    let workspace = Workspace::open(context, folder.path().to_owned()).await?;
    let exit = match State::load(&workspace.disk) {
        Ok(state) if state.course == args.course => {
            refuse_another(args.strategy, state.strategy)?;
            let remote = workspace.remote_of(&args.course, state.strategy)?;
            go_on(context, args, &workspace, remote.as_ref()).await?
        }
        Ok(state) => {
            return Err(fail!(Exit::Failed, "other-course", course = state.course));
        }
        Err(Error::NoWorkspace) => begin(context, args, &workspace).await?,
        Err(error) => return Err(error.into()),
    };
    if args.editor.is_some() {
        vscode::write_task(context, workspace.root())?;
    }
    Ok(exit)
}

/// The folder is a workspace of the course already.
async fn go_on(
    context: &Context,
    args: &InitArgs,
    workspace: &Workspace,
    remote: &dyn Remote,
) -> Result<Exit, Failure> {
    let mut engine = workspace.engine()?;
    say!(context, "workspace-exists", course = args.course);
    let exit = sync::sync(context, &mut engine, remote, false).await?;
    if !args.fresh {
        outcome::tell_to_run(context, &engine.commands_to_run(&[])?);
        return Ok(exit);
    }
    let before = Before::of(&engine);
    engine.start_over(remote, &mut Report::default()).await?;
    let saved = engine.save(remote, &Intent::new(text!(context, "message-save"))).await;
    outcome::tell(context, &mut engine, &before, saved, false)
}

async fn begin(context: &Context, args: &InitArgs, workspace: &Workspace) -> Result<Exit, Failure> {
    let saved = workspace.api.progress(&args.course, None).await?;
    let strategy = how_carried(args, workspace, saved.as_ref()).await?;
    let remote = workspace.remote_of(&args.course, strategy)?;
    let remote = remote.as_ref();
    let from = where_from(context, args, saved);
    let (mut engine, started) = {
        let _working = context.terminal.working(text!(context, "fetching"));
        let device = workspace.device.clone();
        let (disk, env) = (&workspace.disk, &workspace.env);
        Engine::start(disk, env, device, args.course.clone(), from, remote).await?
    };
    context.tell(engine.notices());
    tell_started(context, &mut engine, workspace, from, &started)?;
    // A fresh start is a save of its own.
    if !engine.state().queue.is_empty() {
        let before = Before::of(&engine);
        let saved = engine.save(remote, &Intent::new(text!(context, "message-save"))).await;
        return outcome::tell(context, &mut engine, &before, saved, false);
    }
    let conflicts: Vec<_> = engine.conflicts()?.into_iter().map(|it| it.copy).collect();
    Ok(outcome::conflicts_wait(context, &conflicts))
}

/// How the workspace is carried: as it was so far, as the learner says, or as the course asks.
async fn how_carried(
    args: &InitArgs,
    workspace: &Workspace,
    saved: Option<&ProgressDocument>,
) -> Result<Strategy, Failure> {
    if let Some(saved) = saved {
        refuse_another(args.strategy, saved.strategy)?;
        return Ok(saved.strategy);
    }
    if let Some(wanted) = args.strategy {
        return Ok(wanted);
    }
    let remote = workspace.remote_of(&args.course, Strategy::Patch)?;
    let version = remote.newest_version().await?;
    let manifest = Template::fetch_manifest(&workspace.disk, &version, remote.as_ref()).await?;
    let asked = manifest.sync.strategy.filter(|asked| strategy::refuse(*asked).is_ok());
    Ok(asked.unwrap_or_default())
}

/// Refuses another strategy than the workspace has.
fn refuse_another(wanted: Option<Strategy>, has: Strategy) -> Result<(), Failure> {
    match wanted {
        Some(wanted) if wanted != has => {
            Err(fail!(Exit::Failed, "other-strategy-here", strategy = has, wanted = wanted))
        }
        _ => Ok(()),
    }
}

/// Whether to go on or to start over, and says which it is.
fn where_from(context: &Context, args: &InitArgs, saved: Option<ProgressDocument>) -> From {
    let Some(ProgressDocument { strategy, head: Some(head), .. }) = saved else {
        return From::Resume;
    };
    let asks = !(args.yes || args.resume || args.fresh);
    let chosen = if asks { ask(context, strategy, &head) } else { None };
    let from = chosen.unwrap_or(if args.fresh { From::Fresh } else { From::Resume });
    match from {
        From::Resume => say!(context, "progress-found"),
        From::Fresh => say!(context, "starting-over"),
    }
    from
}

fn ask(context: &Context, strategy: Strategy, head: &RevisionSummary) -> Option<From> {
    let question = question(context, strategy, &head.device, head.saved_at);
    let options = [text!(context, "option-resume"), text!(context, "option-fresh")];
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let chosen = context.terminal.choose(&question, &options)?;
    Some(if chosen == 0 { From::Resume } else { From::Fresh })
}

/// What is asked, so that the learner knows the work by how it is kept, its age and its device.
fn question(
    context: &Context,
    strategy: Strategy,
    device: &DeviceName,
    saved_at: Timestamp,
) -> String {
    let when = human::ago(context, saved_at);
    text!(context, "resume-or-fresh", strategy = strategy, when = when, device = device)
}

fn tell_started(
    context: &Context,
    engine: &mut Engine<'_>,
    workspace: &Workspace,
    from: From,
    started: &Started,
) -> Result<(), Failure> {
    let Started { found, adopted, version, newest, report } = started;
    let (course, folder) = (engine.course(), workspace.root().display());
    if *found && from == From::Resume {
        let count = report.received.len();
        say!(
            context,
            "restored",
            course = course,
            version = version,
            folder = folder,
            count = count
        );
        outcome::tell_to_run(context, &engine.commands_to_run(&report.received)?);
    } else {
        say!(context, "started", course = course, version = version, folder = folder);
    }
    let travels = engine.travels()?;
    let (travel, stay): (Vec<_>, Vec<_>) = adopted.iter().partition(|path| travels(path));
    if !travel.is_empty() {
        say!(context, "adopted", count = travel.len());
        outcome::list(context, &travel, ToString::to_string);
    }
    if !stay.is_empty() {
        say!(context, "not-adopted", count = stay.len());
        outcome::list(context, &stay, ToString::to_string);
    }
    if newest > version {
        say!(context, "upgrade-exists", version = newest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use progy_client::config::Language;

    use super::*;

    #[test]
    fn the_question_is_in_the_learners_words() {
        let now = jiff::Timestamp::now().as_millisecond();
        let two_hours_ago = Timestamp(now - 125 * 60_000);
        let notebook = DeviceName::from_any("notebook");
        let asked = |language, strategy| {
            question(&Context::test(language), strategy, &notebook, two_hours_ago)
        };
        assert_eq!(
            asked(Language::Portuguese, Strategy::Snapshot),
            "Deseja continuar de onde parou (snapshot: há 2 horas, notebook) ou iniciar do zero?"
        );
        assert_eq!(
            asked(Language::English, Strategy::Git),
            "Do you want to continue where you left off (git: 2 hours ago, notebook) or start over?"
        );
    }
}
