//! What a save makes of a workspace: decided from its changes alone.

use std::collections::BTreeSet;

use progy_api::history::FileState;
use progy_api::limits;
use progy_api::sync::{Action, FileChange, Since};
use progy_core::rules::is_private;
use progy_core::{DeviceName, Entry, LinkTarget, RelPath, Tree};

use crate::ports::database::{Overlay, OverlayChange, OverlayEntry};
use crate::{Result, ServiceError};

/// Where a workspace stands before a save.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    /// The template of its version.
    pub(super) template: &'a Tree,
    /// What differs from it.
    pub(super) overlay: &'a Overlay,
}

/// What a save makes of a workspace.
#[derive(Debug)]
pub(super) struct Draft {
    /// All that differs from the template then.
    pub(super) overlay: Overlay,
    /// What differs from the overlay before, if that is of the same version.
    pub(super) changes: Option<Vec<(RelPath, OverlayChange)>>,
    /// How many files differ from the workspace before.
    pub(super) files_changed: u32,
}

/// Makes `changes`, said by `device`, to the workspace `before`; `template` is that of the save's
/// version. Looks at the changed paths only, however large the template.
///
/// Fails if the result would be no tree (see [`Tree`]) or be over the limits of the strategy.
pub(super) fn draft(
    template: &Tree,
    before: Option<Before<'_>>,
    since: Since,
    changes: &[FileChange],
    device: &DeviceName,
) -> Result<Draft> {
    let same_version = before.is_none_or(|before| std::ptr::eq(before.template, template));
    let nothing = Overlay::new();
    let old = before.map_or(&nothing, |before| before.overlay);
    let mut overlay = match since {
        Since::Parent => old.clone(),
        Since::Template => Overlay::new(),
    };
    let mut paths = BTreeSet::new();
    for change in changes {
        if !paths.insert(&change.path) {
            return Err(invalid(&change.path, "the path is changed twice"));
        }
        match difference(template, change)? {
            None => drop(overlay.remove(change.path.as_str())),
            Some(state) => {
                // A device that says what was known already has not changed it.
                let known = old.get(change.path.as_str()).filter(|entry| entry.state == state);
                let entry = known.cloned();
                let entry = entry.unwrap_or_else(|| OverlayEntry { state, device: device.clone() });
                overlay.insert(change.path.clone(), entry);
            }
        }
    }
    let after = Before { template, overlay: &overlay };
    paths.iter().try_for_each(|path| after.check(path))?;
    check_limits(&overlay)?;

    let files_changed = match (before, since) {
        // Nothing but what was named can have changed.
        (Some(before), Since::Parent) if same_version => {
            count(before, after, paths.iter().map(|path| path.as_str()))
        }
        (Some(before), _) => {
            let mut all: BTreeSet<&str> = old.iter().map(|(path, _)| path.as_str()).collect();
            all.extend(overlay.iter().map(|(path, _)| path.as_str()));
            if !same_version {
                all.extend(before.template.iter().map(|(path, _)| path.as_str()));
                all.extend(template.iter().map(|(path, _)| path.as_str()));
            }
            count(before, after, all.into_iter())
        }
        (None, _) => overlay.len(),
    };
    let changes = same_version.then(|| overlay_changes(old, &overlay, since, &paths));
    let files_changed = u32::try_from(files_changed).unwrap_or(u32::MAX);
    Ok(Draft { overlay, changes, files_changed })
}

/// What a change leaves at its path, if that is not what the template has there.
fn difference(template: &Tree, change: &FileChange) -> Result<Option<FileState>> {
    let there = template.get(change.path.as_str());
    let state = match &change.action {
        Action::Put { hash, size, executable, .. } => {
            FileState::File { hash: *hash, size: *size, executable: *executable }
        }
        Action::Link { target } => {
            LinkTarget::new(&change.path, target)
                .map_err(|error| invalid(&change.path, &error.to_string()))?;
            FileState::Link { target: target.clone() }
        }
        Action::Delete => return Ok(there.map(|_| FileState::Deleted)),
    };
    Ok(Some(state).filter(|state| there.map(state_of).as_ref() != Some(state)))
}

impl Before<'_> {
    /// What is at a path, if anything.
    fn at(&self, path: &str) -> Option<FileState> {
        match self.overlay.get(path) {
            Some(OverlayEntry { state: FileState::Deleted, .. }) => None,
            Some(entry) => Some(entry.state.clone()),
            None => self.template.get(path).map(state_of),
        }
    }

    fn is_there(&self, path: &str) -> bool {
        match self.overlay.get(path) {
            Some(entry) => entry.state != FileState::Deleted,
            None => self.template.get(path).is_some(),
        }
    }

    /// Whether what is at `path` may be there. If it holds for each path that was changed, and the
    /// rest was a tree, then all is.
    fn check(&self, path: &RelPath) -> Result<()> {
        if !self.is_there(path.as_str()) {
            return Ok(());
        }
        if path.parts().next().is_some_and(is_private) {
            return Err(invalid(path, "the path is kept for Progy itself"));
        }
        if let Some(file) = path.ancestors().find(|folder| self.is_there(folder)) {
            return Err(invalid(path, &format!("{file:?} is a file and cannot hold others")));
        }
        let folder = path.as_str();
        let below = self
            .overlay
            .below(folder)
            .map(|(path, _)| path)
            .chain(self.template.below(folder).map(|(path, _)| path))
            .find(|path| self.is_there(path.as_str()));
        match below {
            Some(below) => {
                Err(invalid(path, &format!("it is a file, and {:?} is below it", below.as_str())))
            }
            None => Ok(()),
        }
    }
}

fn count<'a>(before: Before<'_>, after: Before<'_>, paths: impl Iterator<Item = &'a str>) -> usize {
    paths.filter(|path| before.at(path) != after.at(path)).count()
}

fn check_limits(overlay: &Overlay) -> Result<()> {
    for (path, entry) in overlay {
        if let FileState::File { size, .. } = entry.state
            && size > limits::PATCH_FILE
        {
            let limit = limits::PATCH_FILE;
            return Err(ServiceError::FileTooLarge { path: path.clone(), size, limit });
        }
    }
    let size = overlay.total_size();
    if size > limits::PATCH_WORKSPACE {
        return Err(ServiceError::WorkspaceTooLarge(format!(
            "{size} of {} bytes",
            limits::PATCH_WORKSPACE
        )));
    }
    if overlay.len() > limits::SYNC_CHANGES {
        return Err(ServiceError::WorkspaceTooLarge(format!(
            "{} of {} files",
            overlay.len(),
            limits::SYNC_CHANGES
        )));
    }
    Ok(())
}

fn overlay_changes(
    old: &Overlay,
    new: &Overlay,
    since: Since,
    named: &BTreeSet<&RelPath>,
) -> Vec<(RelPath, OverlayChange)> {
    let candidates: BTreeSet<&RelPath> = match since {
        Since::Parent => named.iter().copied().collect(),
        Since::Template => {
            old.iter().map(|(path, _)| path).chain(new.iter().map(|(path, _)| path)).collect()
        }
    };
    candidates
        .into_iter()
        .filter(|path| old.get(path.as_str()) != new.get(path.as_str()))
        .map(|path| {
            let change = match new.get(path.as_str()) {
                Some(entry) => OverlayChange::Set(entry.clone()),
                None => OverlayChange::Unset,
            };
            (path.clone(), change)
        })
        .collect()
}

/// A template's entry in the terms of an overlay.
pub(in crate::services) fn state_of(entry: &Entry) -> FileState {
    match entry {
        Entry::File(file) => {
            FileState::File { hash: file.hash, size: file.size, executable: file.executable }
        }
        Entry::Symlink(target) => FileState::Link { target: target.as_str().to_owned() },
    }
}

fn invalid(path: &RelPath, reason: &str) -> ServiceError {
    ServiceError::InvalidChange { path: path.clone(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
