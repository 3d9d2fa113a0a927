//! A workspace that this process works in.

use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use progy_client::api::http::HttpApi;
use progy_client::disk::RealDisk;
use progy_client::disk::real::Lock;
use progy_client::engine::{Device, Engine};
use progy_client::env::SystemEnv;
use progy_client::remote::Remote;
use progy_client::remotes::git::{GitRemote, Known};
use progy_client::remotes::patch::PatchRemote;
use progy_client::remotes::snapshot::SnapshotRemote;
use progy_client::remotes::switching::Switching;
use progy_client::{Error, layout};
use progy_core::{CourseId, Strategy};

use crate::commands::git_credential;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;

/// How long to wait for another progy command in the same workspace.
const LOCK_WAIT: Duration = Duration::from_secs(15);
/// After that the learner is told what is waited for.
const LOCK_SILENCE: Duration = Duration::from_millis(500);
const LOCK_LOOK: Duration = Duration::from_millis(50);

/// A workspace and everything around it. No other process works in it until this is dropped; a
/// command that stays open keeps it only while it does something.
pub(crate) struct Workspace {
    pub(crate) disk: RealDisk,
    pub(crate) env: SystemEnv,
    pub(crate) device: Device,
    pub(crate) api: HttpApi,
    _lock: Lock,
}

impl Workspace {
    /// Takes the lock of the folder `root`, which exists, and reads the settings.
    pub(crate) async fn open(context: &Context, root: PathBuf) -> Result<Self, Failure> {
        let (device, api) = (context.device()?, context.api_if_logged_in()?);
        let disk = RealDisk::new(root);
        let lock = lock(context, &disk).await?;
        Ok(Self { disk, env: SystemEnv, device, api, _lock: lock })
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        self.disk.root()
    }

    /// The engine, after finishing what a crash has interrupted.
    pub(crate) fn engine(&self) -> Result<Engine<'_>, Failure> {
        let engine = Engine::open(&self.disk, &self.env, self.device.clone())?;
        let is_settling = self.root().join(layout::SETTLING).is_file();
        if !is_settling {
            Settings::read(self.root()).check_strategy(engine.strategy())?;
        }
        engine.write_settings()?;
        Ok(engine)
    }

    /// The server's side of the engine's workspace.
    pub(crate) fn remote(&self, engine: &Engine<'_>) -> Result<Box<dyn Remote + '_>, Failure> {
        self.remote_of(engine.course(), engine.strategy())
    }

    /// The server's side of the workspace of `course`, which `strategy` carries so far.
    pub(crate) fn remote_of(
        &self,
        course: &CourseId,
        strategy: Strategy,
    ) -> Result<Box<dyn Remote + '_>, Failure> {
        let remote = |strategy| self.only(course, strategy);
        let Some(first) = remote(strategy) else {
            return Err(fail!(Exit::Failed, "strategy-later", strategy = strategy));
        };
        // Another device may have changed the strategy.
        let others =
            [Strategy::Patch, Strategy::Snapshot, Strategy::Git].into_iter().filter_map(remote);
        Ok(Box::new(others.fold(Switching::new(first), Switching::or)))
    }

    /// The server's side of the workspace, as `strategy` alone carries it, if that is known here.
    fn only(&self, course: &CourseId, strategy: Strategy) -> Option<Box<dyn Remote + '_>> {
        let (device, device_name) = (self.device.id.clone(), self.device.name.clone());
        let (api, course) = (&self.api, course.clone());
        match strategy {
            Strategy::Patch => Some(Box::new(PatchRemote { api, course, device, device_name })),
            Strategy::Git => Some(Box::new(GitRemote {
                api,
                disk: &self.disk,
                root: self.root().to_owned(),
                course,
                device,
                device_name,
                offset: self.env.utc_offset(),
                helper: git_credential::helper(),
                known: Known::default(),
            })),
            Strategy::Snapshot => {
                let disk = &self.disk;
                Some(Box::new(SnapshotRemote { api, disk, course, device, device_name }))
            }
            Strategy::Container => None,
        }
    }

    /// What a path on the command line is called in the workspace. It is seen from the current
    /// folder; one that exists only as seen from the root is meant so.
    pub(crate) fn name_of(&self, path: &Path) -> Result<String, Failure> {
        let outside = || fail!(Exit::Failed, "outside", path = path.display());
        let here = std::env::current_dir().map_err(|_| outside())?;
        let (seen_here, seen_from_root) = (here.join(path), self.root().join(path));
        let exists = |path: &Path| path.symlink_metadata().is_ok();
        let meant =
            if !exists(&seen_here) && exists(&seen_from_root) { seen_from_root } else { seen_here };
        let meant = normal(&meant);
        let inside = meant.strip_prefix(self.root()).map_err(|_| outside())?;
        let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
        Ok(parts.ok_or_else(outside)?.join("/"))
    }
}

/// `path` without `.` and `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    normal
}

async fn lock(context: &Context, disk: &RealDisk) -> Result<Lock, Failure> {
    let start = Instant::now();
    let mut told = false;
    loop {
        if let Some(lock) = disk.lock(layout::LOCK).map_err(Error::disk(layout::LOCK))? {
            return Ok(lock);
        }
        if start.elapsed() > LOCK_WAIT {
            return Err(Error::Locked.into());
        }
        if !told && start.elapsed() > LOCK_SILENCE {
            note!(context, "waiting-for-lock");
            told = true;
        }
        tokio::time::sleep(LOCK_LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_normal() {
        for (path, expected) in [("/a/./b/../c/", "/a/c"), ("/../a", "/a"), ("/a//b", "/a/b")] {
            assert_eq!(normal(Path::new(path)), Path::new(expected));
        }
    }
}
