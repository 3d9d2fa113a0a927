//! The server has lost revisions: it was restored from a backup, or lost everything.
//!
//! What this device has of them is published again, on top of the newest revision that both know.

use std::collections::BTreeSet;

use progy_core::{ContentHash, Entry, RelPath, RevisionId, Tree};

use super::exchange::Line;
use super::{Engine, Intent, Report};
use crate::Result;
use crate::contents;
use crate::pages::Pages;
use crate::remote::{Head, Recorded, Remote, Wanted};
use crate::state::{Base, Folders, Overlay, Queued, overlaid};

/// How many pages of history are looked through for a revision that both sides know.
const PAGES: u32 = 20;

impl Engine<'_> {
    /// Puts what this device has on top of `head`, whose history does not have our base, as a save
    /// of its own.
    pub(super) async fn adopt_lost(
        &mut self,
        remote: &dyn Remote,
        head: Option<&Head>,
        report: &mut Report,
    ) -> Result<()> {
        if self.state.base.revision.is_none() {
            return Ok(()); // Never published: there is nothing that could have been lost.
        }
        report.recovered = true;
        if head.is_none() {
            self.state.progress_sent = progy_core::progress::Progress::default();
        }
        let (base, mut queue) = self.without_what_never_came(remote).await?;
        let ours = self.tree_of(&base.overlay, &base.version)?;
        let ancestor = self.common_ancestor(remote, &base).await?;
        if ours != ancestor {
            let save = self.new_save(&Intent::new("Recovered"), base);
            self.keep_overlay(&save)?;
            queue.insert(0, save);
        }
        let line = Line { base: ancestor, folders: Folders::new(), queue };
        self.rebase(remote, line, head).await
    }

    /// Base and queue, without the contents that the server told of and lost before this device
    /// fetched them: where they belong is what the files last agreed on, or the template's.
    async fn without_what_never_came(
        &mut self,
        remote: &dyn Remote,
    ) -> Result<(Base, Vec<Queued>)> {
        let (mut base, mut queue) = (self.state.base.clone(), self.state.queue.clone());
        let lost = self.lost(remote, &base, &queue).await?;
        if lost.is_empty() {
            return Ok((base, queue));
        }
        let lines = queue.iter_mut().map(|save| (&save.version, &mut save.overlay));
        for (version, overlay) in lines.chain([(&base.version, &mut base.overlay)]) {
            let template = self.template_of(version)?;
            let paths = take_out(overlay, &lost);
            let tree = overlaid(template.tree(), overlay)?;
            for path in paths {
                let Some(before) = self.state.unapplied.get(&path) else { continue };
                if before.as_ref() != template.tree().get(path.as_str())
                    && !is_any_in(before.as_ref(), &lost)
                    && has_room(&tree, &path)
                {
                    overlay.insert(path, before.clone());
                }
            }
        }
        Ok((base, queue))
    }

    /// Whether all contents that base and queue name are here, or could be fetched now.
    pub(super) async fn lacks_nothing(&mut self, remote: &dyn Remote) -> Result<bool> {
        let (base, queue) = (self.state.base.clone(), self.state.queue.clone());
        Ok(self.lost(remote, &base, &queue).await?.is_empty())
    }

    /// The contents that base and queue name and that can be had nowhere.
    async fn lost(
        &mut self,
        remote: &dyn Remote,
        base: &Base,
        queue: &[Queued],
    ) -> Result<BTreeSet<ContentHash>> {
        let overlays = || queue.iter().map(|save| &save.overlay).chain([&base.overlay]);
        let tip = self.tip()?;
        let scan = self.scan(&[&tip])?;
        let missing = |engine: &Self| -> BTreeSet<ContentHash> {
            let sources = engine.sources(Some(&scan));
            let named = contents::hashes(overlays().flat_map(Overlay::values));
            named.into_iter().filter(|hash| sources.get(hash).is_none()).collect()
        };
        let wanted = missing(self);
        if wanted.is_empty() {
            return Ok(wanted);
        }
        let files = overlays().flat_map(Overlay::values).flatten().filter_map(Entry::as_file);
        let wanted = files
            .filter(|file| wanted.contains(&file.hash))
            .map(|file| Wanted::with(file, &self.state.details))
            .collect();
        let version = self.state.version().clone();
        self.fetch_wanted(&version, wanted, Some(&scan), remote).await?;
        Ok(missing(self))
    }

    /// The files of the newest revision that was our base and that the server knows; without one,
    /// the template.
    async fn common_ancestor(&mut self, remote: &dyn Remote, base: &Base) -> Result<Tree> {
        let (version, overlay) = match self.common_revision(remote).await? {
            Some(recorded) => (recorded.revision.version, recorded.overlay),
            None => (base.version.clone(), Overlay::new()),
        };
        let template = self.fetch_template(&version, remote).await?;
        overlaid(template.tree(), &overlay)
    }

    async fn common_revision(&mut self, remote: &dyn Remote) -> Result<Option<Recorded>> {
        let mut history = Pages::of(remote);
        for _ in 0..PAGES {
            let Some(revisions) = history.next().await? else { break };
            let ours = |id: &RevisionId| self.state.lineage.contains(id);
            if let Some(common) = revisions.iter().find(|revision| ours(&revision.id)) {
                return self.recorded(remote, &common.id).await;
            }
        }
        Ok(None)
    }

    /// Makes sure that this device has the bytes of a save, while they are still in its files.
    fn keep_overlay(&mut self, save: &Queued) -> Result<()> {
        let tip = self.tip()?;
        let scan = self.scan(&[&tip])?;
        let sources = self.sources(Some(&scan));
        let mut batch = self.store.batch();
        for file in save.overlay.values().flatten().filter_map(Entry::as_file) {
            if !sources.templates.iter().any(|template| template.has(&file.hash)) {
                sources.keep(&file.hash, &mut batch)?;
            }
        }
        batch.finish()
    }
}

/// Takes out what is lost, and says where that was: there the overlay says what the template does.
fn take_out(overlay: &mut Overlay, lost: &BTreeSet<ContentHash>) -> Vec<RelPath> {
    overlay
        .extract_if(.., |_, entry| is_any_in(entry.as_ref(), lost))
        .map(|(path, _)| path)
        .collect()
}

fn is_any_in(entry: Option<&Entry>, hashes: &BTreeSet<ContentHash>) -> bool {
    entry.and_then(Entry::as_file).is_some_and(|file| hashes.contains(&file.hash))
}

/// Whether nothing of the tree lies below `path`, or has the place of one of its folders.
fn has_room(tree: &Tree, path: &RelPath) -> bool {
    tree.below(path.as_str()).next().is_none()
        && path.ancestors().all(|folder| tree.get(folder).is_none())
}
