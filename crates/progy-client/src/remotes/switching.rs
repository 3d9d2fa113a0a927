//! One workspace, by whichever strategy carries it at the moment.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use async_trait::async_trait;
use progy_api::history::RevisionPage;
use progy_core::progress::Progress;
use progy_core::{ContentHash, RevisionId, SaveId, Strategy};
use progy_snapshot::file::Content;
use progy_snapshot::{BlobId, Kind};
use semver::Version;

use crate::remote::{
    Beside, Head, Publish, PublishError, Published, Recorded, Remote, Seal, Show, Sink, Source,
    Standing, Wanted,
};
use crate::state::Overlay;
use crate::{Error, Result};

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

    /// Those that do not carry the workspace now and that read what they, or `git`, carried before
    /// from the server. `git` itself would begin a repository for that.
    fn others(&self) -> impl Iterator<Item = &dyn Remote> {
        let others = [Strategy::Patch, Strategy::Snapshot].into_iter();
        others.filter(|strategy| *strategy != self.current.get()).filter_map(|s| self.by(s))
    }

    #[allow(clippy::indexing_slicing, reason = "`current` is always a key: nothing is removed")]
    fn current(&self) -> &dyn Remote {
        self.remotes[&self.current.get()].as_ref()
    }
}

/// Knows which contents have come.
struct Counting<'c> {
    sink: &'c mut dyn Sink,
    came: HashSet<ContentHash>,
}

impl Sink for Counting<'_> {
    fn content(&mut self, hash: &ContentHash, bytes: Vec<u8>) -> Result<()> {
        self.came.insert(*hash);
        self.sink.content(hash, bytes)
    }

    fn pack(&mut self, pack: Vec<u8>) -> Result<HashSet<BlobId>> {
        self.sink.pack(pack)
    }

    fn blob(&mut self, kind: Kind, id: BlobId, bytes: &[u8]) -> Result<()> {
        self.sink.blob(kind, id, bytes)
    }

    fn has(&self, id: &BlobId) -> bool {
        self.sink.has(id)
    }

    fn name(&mut self, content: &Content) {
        self.came.insert(content.hash);
        self.sink.name(content);
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

    async fn take_history(&self, from: &[&dyn Remote]) -> Result<()> {
        self.current().take_history(from).await
    }

    async fn save_of(&self, revision: &RevisionId) -> Result<Option<SaveId>> {
        self.current().save_of(revision).await
    }

    fn admit(&self, overlay: &Overlay) -> Result<()> {
        self.current().admit(overlay)
    }

    async fn head(&self, here: Option<Standing<'_>>) -> Result<Option<Head>> {
        self.current().head(here).await
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
        let mut found = self.current().revision(id).await;
        for other in self.others() {
            // It is from before a change of the strategy.
            if !matches!(found, Err(Error::OtherStrategy(_))) {
                break;
            }
            found = other.revision(id).await;
        }
        found
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
        let mut counting = Counting { sink, came: HashSet::new() };
        self.current().fetch(version, wanted, content, &mut counting).await?;
        for other in self.others() {
            // They may be of a revision from before a change of the strategy.
            let is_left = |want: &&Wanted| !counting.came.contains(&want.hash);
            let left: Vec<Wanted> = wanted.iter().filter(is_left).cloned().collect();
            if !left.is_empty() {
                other.fetch(version, &left, content, &mut counting).await?;
            }
        }
        Ok(())
    }

    async fn package(&self, version: &Version, out: &mut dyn Write) -> Result<String> {
        self.current().package(version, out).await
    }

    async fn newest_version(&self) -> Result<Version> {
        self.current().newest_version().await
    }
}
