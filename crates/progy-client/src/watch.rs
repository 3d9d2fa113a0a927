//! Noticing that the learner has changed something, and when it is time to save it.

mod debounce;
mod poll;

use std::path::{Path, PathBuf};
use std::sync::mpsc as threads;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

pub use debounce::Debounce;

/// Folders at the top of a workspace in which nothing is the learner's doing.
const OWN: [&str; 2] = [".progy", ".git"];

/// Tells of changes below a folder.
///
/// The system reports them where it can. Where it cannot, or no longer (every user has only so many
/// watches), the files are looked at every two seconds instead.
#[derive(Debug)]
pub struct Watcher {
    changes: mpsc::Receiver<()>,
    shared: Arc<Shared>,
    _system: Option<RecommendedWatcher>,
    /// Dropped with the watcher, which ends the polling thread.
    _alive: threads::Sender<()>,
}

struct Shared {
    root: PathBuf,
    counts: Box<dyn Fn(&Path) -> bool + Send + Sync>,
    changed: mpsc::Sender<()>,
    /// What the polling thread waits on; taken when it starts.
    until: Mutex<Option<threads::Receiver<()>>>,
    interval: Duration,
}

impl Watcher {
    /// Watches everything below `root` but `.progy` and `.git`.
    pub fn new(root: &Path) -> Self {
        Self::with_filter(root, |_| true)
    }

    /// Watches what `counts`, given paths relative to `root`. A folder that does not count hides
    /// what is below it from polling, but not from the system's reports: `counts` is asked for each
    /// path.
    pub fn with_filter(
        root: &Path,
        counts: impl Fn(&Path) -> bool + Send + Sync + 'static,
    ) -> Self {
        let (watcher, shared) = Self::deaf(root, Box::new(counts), poll::INTERVAL);
        let for_system = Arc::clone(&shared);
        let system = notify::recommended_watcher(move |event| for_system.heard(event));
        let system = system.and_then(|mut system| {
            system.watch(&shared.root, RecursiveMode::Recursive)?;
            Ok(system)
        });
        match system {
            Ok(system) => Self { _system: Some(system), ..watcher },
            Err(error) => {
                shared.fall_back(&error);
                watcher
            }
        }
    }

    fn deaf(
        root: &Path,
        counts: Box<dyn Fn(&Path) -> bool + Send + Sync>,
        interval: Duration,
    ) -> (Self, Arc<Shared>) {
        // One pending "changed" says as much as many.
        let (sender, changes) = mpsc::channel(1);
        let (alive, until) = threads::channel();
        let shared = Arc::new(Shared {
            // Some systems report paths with links resolved.
            root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
            counts,
            changed: sender,
            until: Mutex::new(Some(until)),
            interval,
        });
        let watcher = Self { changes, shared: Arc::clone(&shared), _system: None, _alive: alive };
        (watcher, shared)
    }

    /// Waits until something has changed since the last call. May be cancelled.
    pub async fn changed(&mut self) {
        // The sender lives in `shared`, so this never ends without a change.
        self.changes.recv().await;
    }

    /// Whether the files are being looked at every two seconds.
    pub fn is_polling(&self) -> bool {
        self.shared.until.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Shared {
    fn heard(self: &Arc<Self>, event: notify::Result<Event>) {
        match event {
            Err(error) => self.fall_back(&error),
            Ok(event) => {
                if event.need_rescan() || self.is_change(&event) {
                    self.tell();
                }
                if is_departure(event.kind) && event.paths.contains(&self.root) {
                    // What the system watches now goes by another name, or is gone.
                    self.fall_back(&notify::Error::path_not_found());
                }
            }
        }
    }

    /// Reading is no change; a scan would set off the next one.
    fn is_change(&self, event: &Event) -> bool {
        let is_write = match event.kind {
            EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
            _ => true,
        };
        is_write && event.paths.iter().any(|path| self.is_watched(path))
    }

    fn is_watched(&self, path: &Path) -> bool {
        match path.strip_prefix(&self.root) {
            Ok(path) => self.counts(path),
            Err(_) => true,
        }
    }

    /// Whether a change at `path`, relative to the root, is one that is waited for.
    fn counts(&self, path: &Path) -> bool {
        match path.components().next() {
            None => false,
            Some(first) => !OWN.iter().any(|own| first.as_os_str() == *own) && (self.counts)(path),
        }
    }

    fn tell(&self) {
        // Full means that it has been told already.
        let _ = self.changed.try_send(());
    }

    /// Looks at the files from now on; the first call counts.
    fn fall_back(self: &Arc<Self>, error: &notify::Error) {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(until) = until else { return };
        tracing::debug!(%error, "watching by polling");
        let shared = Arc::clone(self);
        std::thread::spawn(move || poll::run(&shared, &until));
    }
}

fn is_departure(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Remove(_)
            | EventKind::Modify(ModifyKind::Name(RenameMode::From | RenameMode::Any))
    )
}

#[cfg(test)]
mod tests;
