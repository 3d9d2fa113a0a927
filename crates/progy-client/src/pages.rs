//! The history of a workspace, page by page.

use progy_api::history::RevisionSummary;
use progy_api::limits;
use progy_core::RevisionId;

use crate::Result;
use crate::remote::Remote;

/// The history as a remote tells it, the newest revision first.
pub struct Pages<'r> {
    remote: &'r dyn Remote,
    before: Option<RevisionId>,
    more: bool,
}

impl std::fmt::Debug for Pages<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").field("before", &self.before).finish_non_exhaustive()
    }
}

impl<'r> Pages<'r> {
    /// From the head on.
    pub fn of(remote: &'r dyn Remote) -> Self {
        Self { remote, before: None, more: true }
    }

    /// The next page, at most [`limits::PAGE`] revisions; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<RevisionSummary>>> {
        if !self.more {
            return Ok(None);
        }
        let page = self.remote.log(self.before.as_ref(), limits::PAGE).await?;
        self.before = page.revisions.last().map(|revision| revision.id.clone());
        self.more = page.more && self.before.is_some();
        Ok(Some(page.revisions))
    }
}
