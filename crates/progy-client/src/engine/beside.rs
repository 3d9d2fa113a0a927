//! The history that some strategies keep beside the files: Git's branch.
//!
//! Progy's own memory ([`crate::state`]) leads; the branch is brought to the tip afterwards. Both
//! places, where the branch was and where it is to be, are remembered, so that a crash between is
//! told from a learner who moved the branch by hand. What the learner made by hand is taken for what
//! it is: saves that wait, on top of the newest published state that the branch holds.

use std::collections::{BTreeMap, BTreeSet};

use progy_core::{RevisionId, SaveId, Tree};

use super::Engine;
use super::exchange::{Line, Onto};
use crate::Result;
use crate::remote::{Beside, Moved, Recorded, Remote, Seal, Show};
use crate::state::{Base, Queued};

impl Engine<'_> {
    /// Whether anything was ever saved in this workspace.
    pub(super) fn has_begun(&self) -> bool {
        self.state.base.revision.is_some() || !self.state.queue.is_empty()
    }

    /// Makes `save` part of the history beside the files, on top of `parent`, whose files are
    /// `before`. Its contents are kept already.
    pub(super) fn seal(
        &mut self,
        remote: &dyn Remote,
        parent: Option<&RevisionId>,
        before: &Tree,
        save: Queued,
    ) -> Result<Queued> {
        let files = self.tree_of(&save.overlay, &save.version)?;
        let sources = self.sources(None);
        let sealed = remote.seal(&Seal {
            parent,
            save: &save,
            before,
            files: &files,
            origin: save.sealed.as_ref(),
            content: &|hash| sources.get(hash),
        })?;
        Ok(Queued { sealed, ..save })
    }

    /// Seals saves that are put on top of `base`, each on top of the one before.
    pub(super) fn seal_line(
        &mut self,
        remote: &dyn Remote,
        base: &Base,
        queue: Vec<Queued>,
    ) -> Result<Vec<Queued>> {
        let mut parent = base.revision.clone();
        let mut before = match parent {
            Some(_) => self.tree_of(&base.overlay, &base.version)?,
            None => Tree::new(),
        };
        let mut sealed = Vec::with_capacity(queue.len());
        for save in queue {
            let save = self.seal(remote, parent.as_ref(), &before, save)?;
            before = self.tree_of(&save.overlay, &save.version)?;
            parent.clone_from(&save.sealed);
            sealed.push(save);
        }
        Ok(sealed)
    }

    /// Brings the history beside the files to the tip, once the files have followed it.
    pub(super) fn show(&mut self, remote: &dyn Remote) -> Result<()> {
        let Some(tip) = self.state.tip().cloned() else { return Ok(()) };
        if !self.state.unapplied.is_empty() || self.state.shown.as_ref() == Some(&tip) {
            return Ok(());
        }
        let files = self.tip()?;
        let index = &self.index;
        let shown = remote.show(&Show {
            from: self.state.shown.as_ref(),
            tip: &tip,
            files: &files,
            seen: &|path, hash| index.meta(path, hash),
        });
        match shown {
            Ok(true) => self.state.shown = Some(tip),
            Ok(false) => {}
            // Everything is safe in our own memory; the next command looks at what is there.
            Err(error) => tracing::warn!(%error, "the history beside the files did not follow"),
        }
        Ok(())
    }

    /// Takes in what the learner did to the history beside the files since it was last shown.
    pub(super) async fn look_beside(&mut self, remote: &dyn Remote) -> Result<()> {
        let left = [self.state.shown.as_ref(), self.state.tip()];
        match remote.beside(&left).await? {
            Beside::Nothing => Ok(()),
            Beside::AsLeft(at) => {
                self.state.shown = at;
                self.show(remote)
            }
            Beside::Moved(moved) => self.take_in(remote, *moved).await,
        }
    }

    /// The branch is the learner's word: what it holds becomes base and queue, and the files are
    /// seen as changes of it. Saves of ours that it never showed are put on top.
    pub(super) async fn take_in(&mut self, remote: &dyn Remote, moved: Moved) -> Result<()> {
        let Moved { at, base, saves } = moved;
        let made: BTreeSet<SaveId> = saves.iter().map(|made| made.revision.save.clone()).collect();
        let unshown = self.unshown(&made)?;
        let (old_tip, here) = (self.tip()?, self.device.name.clone());
        let base = match base {
            Some(recorded) => Base::from(recorded),
            None => Base::new(self.state.base.version.clone()),
        };
        self.fetch_template(&base.version, remote).await?;
        let mut queue = Vec::new();
        for Recorded { revision, overlay, folders, .. } in saves {
            self.fetch_template(&revision.version, remote).await?;
            queue.push(Queued {
                id: revision.save,
                message: revision.message,
                lesson: revision.lesson,
                saved_at: revision.saved_at,
                version: revision.version,
                overlay,
                folders,
                sealed: Some(revision.id),
            });
        }
        let newest =
            queue.last().map_or_else(|| base.clone(), |save| save.as_base(save.sealed.clone()));
        let checked_out = self.tree_of(&newest.overlay, &newest.version)?;
        if let Some(line) = unshown {
            let onto = Onto {
                base: &newest,
                files: &checked_out,
                devices: &BTreeMap::new(),
                device: &here,
            };
            queue.extend(self.on_top(remote, line, &onto, &[&old_tip, &checked_out]).await?);
        }
        self.state.shown = Some(at);
        self.take_over(base, queue, &checked_out)?;
        self.write_settings()
    }

    /// Saves that wait and that the history beside the files has not shown, nor holds among those
    /// that were made there.
    fn unshown(&mut self, made: &BTreeSet<SaveId>) -> Result<Option<Line>> {
        let queue = self.state.queue.clone();
        let shown = self.state.shown.as_ref();
        let is_there = |save: &Queued| {
            made.contains(&save.id) || (shown.is_some() && save.sealed.as_ref() == shown)
        };
        let known = queue.iter().rposition(is_there).map_or(0, |at| at + 1);
        let (before, unshown) = queue.split_at(known);
        if unshown.is_empty() {
            return Ok(None);
        }
        let (base, folders) = match before.last() {
            Some(save) => (self.tree_of(&save.overlay, &save.version)?, save.folders.clone()),
            None => (self.base_tree()?, self.state.base.folders.clone()),
        };
        let queue = unshown.to_vec();
        Ok(Some(Line { base, folders, queue }))
    }
}
