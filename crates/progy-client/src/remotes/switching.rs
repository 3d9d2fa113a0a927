//! One workspace, by whichever strategy carries it at the moment.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;

use async_trait::async_trait;
use progy_api::history::RevisionPage;
use progy_core::progress::Progress;
use progy_core::{RevisionId, SaveId, Strategy};
use semver::Version;

use crate::Result;
use crate::remote::{
    Beside, Head, Publish, PublishError, Published, Recorded, Remote, Seal, Show, Sink, Source,
    Wanted,
};
use crate::state::Overlay;

/// The remotes of one workspace, one for each strategy that can carry it, of which one does.
///
/// Another device may change the strategy at any time. The engine then finds the other remote here
/// ([`Remote::by`]), and turns to it when it has taken over what this device remembers.
pub struct Switching<'a> {
    remotes: BTreeMap<Strategy, Box<dyn Remote + 'a>>,
    current: Cell<Strategy>,
}

impl std::fmt::Debug for Switching<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known: Vec<&Strategy> = self.remotes.keys().collect();
        f.debug_struct("Switching").field("current", &self.current).field("known", &known).finish()
    }
}

impl<'a> Switching<'a> {
    /// Begins with `first`.
    pub fn new(first: Box<dyn Remote + 'a>) -> Self {
        let current = first.strategy();
        Self { remotes: BTreeMap::from([(current, first)]), current: Cell::new(current) }
    }

    /// Knows `other` as well.
    #[must_use]
    pub fn or(mut self, other: Box<dyn Remote + 'a>) -> Self {
        self.remotes.entry(other.strategy()).or_insert(other);
        self
    }

    #[allow(clippy::indexing_slicing, reason = "`current` is always a key: nothing is removed")]
    fn current(&self) -> &dyn Remote {
        self.remotes[&self.current.get()].as_ref()
    }
}

#[async_trait(?Send)]
impl Remote for Switching<'_> {
    fn strategy(&self) -> Strategy {
        self.current.get()
    }

    fn by(&self, strategy: Strategy) -> Option<&dyn Remote> {
        self.remotes.get(&strategy).map(AsRef::as_ref)
    }

    fn turn_to(&self, strategy: Strategy) {
        if self.remotes.contains_key(&strategy) {
            self.current.set(strategy);
        }
    }

    async fn carried_by(&self) -> Result<Option<Strategy>> {
        self.current().carried_by().await
    }

    async fn claim(&self, head: Option<&RevisionId>) -> std::result::Result<(), PublishError> {
        self.current().claim(head).await
    }

    async fn take_history(&self, from: &dyn Remote) -> Result<()> {
        self.current().take_history(from).await
    }

    async fn save_of(&self, revision: &RevisionId) -> Result<Option<SaveId>> {
        self.current().save_of(revision).await
    }

    fn admit(&self, overlay: &Overlay) -> Result<()> {
        self.current().admit(overlay)
    }

    async fn head(&self, base: Option<&RevisionId>) -> Result<Option<Head>> {
        self.current().head(base).await
    }

    async fn publish(&self, publish: &Publish<'_>) -> std::result::Result<Published, PublishError> {
        self.current().publish(publish).await
    }

    fn seal(&self, seal: &Seal<'_>) -> Result<Option<RevisionId>> {
        self.current().seal(seal)
    }

    async fn beside(&self, left: &[Option<&RevisionId>]) -> Result<Beside> {
        self.current().beside(left).await
    }

    fn show(&self, show: &Show<'_>) -> Result<bool> {
        self.current().show(show)
    }

    async fn publish_progress(&self, version: &Version, progress: &Progress) -> Result<String> {
        self.current().publish_progress(version, progress).await
    }

    async fn revision(&self, id: &RevisionId) -> Result<Option<Recorded>> {
        self.current().revision(id).await
    }

    async fn log(&self, before: Option<&RevisionId>, limit: u32) -> Result<RevisionPage> {
        self.current().log(before, limit).await
    }

    async fn fetch(
        &self,
        version: &Version,
        wanted: &[Wanted],
        content: &Source<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        self.current().fetch(version, wanted, content, sink).await
    }

    async fn package(&self, version: &Version, out: &mut dyn Write) -> Result<String> {
        self.current().package(version, out).await
    }

    async fn newest_version(&self) -> Result<Version> {
        self.current().newest_version().await
    }
}
