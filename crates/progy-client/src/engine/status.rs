//! Where things stand.

use progy_core::{Change, RelPath, RevisionId, Strategy};
use semver::Version;

use super::commit::Unsaved;
use super::{Engine, conflict_copies};
use crate::Result;
use crate::remote::Remote;

/// What `progy status` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The course version.
    pub version: Version,
    /// How the workspace is carried.
    pub strategy: Strategy,
    /// What this device and the server last agreed on.
    pub base: Option<RevisionId>,
    /// The newest revision that is known of.
    pub head: Option<RevisionId>,
    /// Saves that wait, and one more if files have changed since.
    pub ahead: usize,
    /// Revisions that this device does not have.
    pub behind: usize,
    /// Files that were changed since the last save.
    pub changed: Vec<Change>,
    /// Conflict copies that wait.
    pub conflicts: Vec<RelPath>,
    /// Saves that wait to be published.
    pub queued: usize,
    /// Lessons passed.
    pub done: usize,
    /// Lessons of the course.
    pub total: usize,
}

/// How far the server is ahead of this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The newest revision.
    pub head: Option<RevisionId>,
    /// How many revisions there are since our base, at most one page.
    pub revisions: usize,
}

impl Behind {
    /// Asks the server how far it is ahead of `base`. Needs nothing of the device, so that the files
    /// can be looked at meanwhile.
    pub async fn ask(remote: &dyn Remote, base: Option<&RevisionId>) -> Result<Self> {
        let page = remote.log(None, progy_api::limits::PAGE).await?;
        let revisions = page
            .revisions
            .iter()
            .position(|revision| Some(&revision.id) == base)
            .unwrap_or(page.revisions.len());
        Ok(Self { head: page.revisions.first().map(|head| head.id.clone()), revisions })
    }
}

impl Engine<'_> {
    /// Where the workspace stands; `behind` as far as it is known.
    pub fn status(&mut self, unsaved: Unsaved, behind: Option<Behind>) -> Result<Status> {
        let template = self.template()?;
        let outline = template.outline()?;
        let state = &self.state;
        let behind = behind.unwrap_or_else(|| Behind {
            head: state.seen_head.clone(),
            revisions: usize::from(state.seen_head != state.base.revision),
        });
        let done = outline.lessons().filter(|l| state.progress.has_passed(&l.id)).count();
        Ok(Status {
            version: state.version().clone(),
            strategy: state.strategy,
            base: state.base.revision.clone(),
            head: behind.head,
            ahead: state.queue.len() + usize::from(!unsaved.changes.is_empty()),
            behind: behind.revisions,
            changed: unsaved.changes,
            conflicts: conflict_copies(&unsaved.tree),
            queued: state.queue.len(),
            done,
            total: outline.lessons().count(),
        })
    }
}
