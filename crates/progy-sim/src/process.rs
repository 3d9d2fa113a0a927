//! One command, as the program runs it on a device.

use std::cell::RefCell;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;

use progy_client::disk::Disk;
use progy_client::engine::conflicts::Resolution;
use progy_client::engine::start::From;
use progy_client::engine::{Device, Engine, Intent};
use progy_client::remote::Remote;
use progy_client::remotes::git::{GitRemote, Known};
use progy_client::remotes::patch::PatchRemote;
use progy_client::remotes::snapshot::SnapshotRemote;
use progy_client::remotes::switching::Switching;
use progy_client::state::State;
use progy_client::{Error, Result, trash};
use progy_core::progress::Progress;
use progy_core::{CourseId, Entry, Strategy};

use crate::client::Client;
use crate::course;
use crate::env::SimEnv;
use crate::line::Line;
use crate::rng::Rng;
use crate::script::Command;

/// A command and all that it is given.
pub(crate) struct Job {
    pub(crate) command: Command,
    pub(crate) device: Device,
    pub(crate) course: CourseId,
    pub(crate) disk: Box<dyn Disk>,
    pub(crate) env: SimEnv,
    pub(crate) api: Client<Line>,
    pub(crate) rng: Rng,
    /// Where the repository is, if the workspace is carried by Git.
    pub(crate) git: Option<PathBuf>,
    /// Whether the strategy may change.
    pub(crate) changes: bool,
    /// Whether it may change to `snapshot`, too.
    pub(crate) snapshot: bool,
    /// The strategy of a workspace that begins.
    pub(crate) first: Strategy,
}

/// What a command that came to its end tells.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The progress that it knew of at its end.
    pub(crate) progress: Option<Progress>,
}

/// A command at work.
pub(crate) type Running = Pin<Box<dyn Future<Output = (Told, Result<()>)>>>;

/// Begins a command.
pub(crate) fn run(job: Job) -> Running {
    Box::pin(async move {
        let told = Rc::new(RefCell::new(Told::default()));
        let result = work(job, &told).await;
        (told.take(), result)
    })
}

async fn work(job: Job, told: &RefCell<Told>) -> Result<()> {
    let Job { command, device, course, disk, env, api, mut rng, git, changes, snapshot, first } =
        job;
    let with_snapshot = snapshot;
    let (id, device_name) = (device.id.clone(), device.name.clone());
    let patch = PatchRemote {
        api: &api,
        course: course.clone(),
        device: id.clone(),
        device_name: device_name.clone(),
    };
    let git = git.map(|root| GitRemote {
        api: &api,
        disk: &*disk,
        root,
        course: course.clone(),
        device: id,
        device_name,
        offset: 0,
        helper: String::new(),
        known: Known::default(),
    });
    let snapshot = SnapshotRemote {
        api: &api,
        disk: &*disk,
        course: course.clone(),
        device: device.id.clone(),
        device_name: device.name.clone(),
    };
    let remote: Box<dyn Remote> = match git {
        None if first == Strategy::Snapshot => Box::new(snapshot),
        None => Box::new(patch),
        Some(git) if !changes => Box::new(git),
        Some(git) => {
            let known = State::load(&*disk).map(|state| state.strategy).ok();
            let begun = match known {
                Some(known) => known,
                // As the program asks before it makes a workspace.
                None => patch.carried_by().await?.unwrap_or(first),
            };
            let (patch, git) = (Box::new(patch), Box::new(git));
            let switching = match begun {
                Strategy::Git => Switching::new(git).or(patch),
                Strategy::Snapshot => Switching::new(Box::new(snapshot.clone())).or(patch).or(git),
                _ => Switching::new(patch).or(git),
            };
            Box::new(if with_snapshot { switching.or(Box::new(snapshot)) } else { switching })
        }
    };
    let remote = remote.as_ref();
    let mut engine = match Engine::open(&*disk, &env, device.clone()) {
        Err(Error::NoWorkspace) => {
            let from = if command == Command::StartOver { From::Fresh } else { From::Resume };
            let (engine, _) = Engine::start(&*disk, &env, device, course, from, remote).await?;
            engine
        }
        opened => opened?,
    };
    engine.prepare(remote).await?;
    let result = act(&mut engine, remote, command, &*disk, &mut rng).await;
    told.borrow_mut().progress = Some(engine.state().progress.clone());
    result
}

async fn act(
    engine: &mut Engine<'_>,
    remote: &dyn Remote,
    command: Command,
    disk: &dyn Disk,
    rng: &mut Rng,
) -> Result<()> {
    match command {
        Command::Save => engine.save(remote, &Intent::new("save")).await.map(drop),
        Command::Sync => engine.sync(remote, &Intent::new("sync")).await.map(drop),
        Command::Test => {
            let lesson = course::lesson(rng.below(3));
            let passed = rng.percent(70);
            engine.record_attempt(&lesson, passed, 10)?;
            if passed {
                let message = format!("Lesson {lesson}: Completed");
                let lesson = Some(lesson);
                let intent = Intent { message, lesson, even_if_unchanged: true };
                engine.save(remote, &intent).await?;
            }
            Ok(())
        }
        Command::Reset => {
            let what = match rng.below(4) {
                0 => "notes.txt".to_owned(),
                n => course::lesson(n).to_string(),
            };
            engine.reset(remote, &what).await.map(drop)
        }
        Command::Restore => {
            let page = remote.log(None, 50).await?;
            let Some(revision) = rng.pick(&page.revisions) else { return Ok(()) };
            let paths = match rng.below(3) {
                0 => vec!["content/01_intro".to_owned()],
                _ => Vec::new(),
            };
            engine.restore(remote, revision.id.as_str(), &paths).await.map(drop)
        }
        Command::StartOver => {
            engine.sync(remote, &Intent::new("Before starting over")).await?;
            let mut report = progy_client::engine::Report::default();
            engine.start_over(remote, &mut report).await?;
            engine.save(remote, &Intent::new("save")).await.map(drop)
        }
        Command::Upgrade => engine.upgrade(remote).await.map(drop),
        Command::Resolve => {
            let conflicts = engine.conflicts()?;
            let Some(conflict) = rng.pick(&conflicts) else { return Ok(()) };
            let all =
                [Resolution::Mine, Resolution::Theirs, Resolution::Merged, Resolution::Markers];
            let how = *rng.pick(&all).unwrap_or(&Resolution::Mine);
            engine.resolve(remote, conflict.copy.as_str(), how).await.map(drop)
        }
        Command::Change => {
            let others: Vec<Strategy> = [Strategy::Patch, Strategy::Git, Strategy::Snapshot]
                .into_iter()
                .filter(|other| *other != engine.strategy() && remote.by(*other).is_some())
                .collect();
            let Some(other) = rng.pick(&others).copied() else { return Ok(()) };
            engine.change_strategy(remote, other, &Intent::new("change")).await.map(drop)
        }
        Command::TrashRestore => {
            let items = trash::list(disk)?;
            let Some(item) = rng.pick(&items) else { return Ok(()) };
            trash::restore(disk, &item.id).map(drop)
        }
    }
}

/// Whether a command may take the learner's lines out of the files, because that is what it is for.
pub(crate) fn takes_away(command: Command) -> bool {
    match command {
        Command::Save
        | Command::Sync
        | Command::Test
        | Command::Upgrade
        | Command::Change
        | Command::TrashRestore => false,
        Command::Reset | Command::Restore | Command::StartOver | Command::Resolve => true,
    }
}

/// The contents that a state names.
pub(crate) fn named<'a>(
    overlays: impl Iterator<Item = &'a progy_client::state::Overlay>,
) -> impl Iterator<Item = progy_core::ContentHash> {
    overlays.flat_map(|overlay| overlay.values()).flatten().filter_map(|entry| match entry {
        Entry::File(file) => Some(file.hash),
        Entry::Symlink(_) => None,
    })
}
