//! Noticing changes by looking, where the system does not report them.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::Shared;

/// How often to look.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// Looks until the other end of `until` is dropped.
pub(super) fn run(shared: &Shared, until: &Receiver<()>) {
    let mut seen = fingerprint(shared);
    // What happened before the first look is not known.
    shared.tell();
    while let Err(RecvTimeoutError::Timeout) = until.recv_timeout(shared.interval) {
        let now = fingerprint(shared);
        if now != seen {
            seen = now;
            shared.tell();
        }
    }
}

/// A number that changes when a name, size, time or permission below the root does; it needs no
/// memory however many files there are.
fn fingerprint(shared: &Shared) -> u64 {
    let mut sum = 0_u64;
    let mut folders = vec![shared.root.clone()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(below) = path.strip_prefix(&shared.root) else { continue };
            if !shared.counts(below) {
                continue;
            }
            let Ok(meta) = entry.metadata() else { continue };
            sum = sum.wrapping_add(digest(below, &meta));
            if meta.is_dir() {
                folders.push(path);
            }
        }
    }
    sum
}

fn digest(path: &Path, meta: &Metadata) -> u64 {
    let mut hasher = DefaultHasher::new();
    (path, meta.is_dir()).hash(&mut hasher);
    if !meta.is_dir() {
        (meta.len(), meta.modified().ok()).hash(&mut hasher);
        #[cfg(unix)]
        std::os::unix::fs::MetadataExt::mode(meta).hash(&mut hasher);
    }
    hasher.finish()
}
