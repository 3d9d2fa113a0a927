//! The workspace comes to be carried another way.
//!
//! The server's word counts. A device that asks for another strategy changes it there, at the head
//! that it knows; every device, that one too, then follows: it takes over what it remembers, base and
//! the saves that wait, in the terms of the new strategy. Only the names of contents and of revisions
//! change thereby, so that the planner goes on as if nothing had happened. Until the new memory is
//! written, in one step, the old one stands, and a crash means to begin again.

use std::collections::BTreeMap;

use progy_api::history::RevisionSummary;
use progy_core::{ContentHash, Entry, HashKind, RevisionId, Strategy};
use semver::Version;

use super::{Engine, Intent, Report};
use crate::index::Index;
use crate::names::{Names, named, named_where_known, renamed};
use crate::pages::Pages;
use crate::remote::{Head, Publish, PublishError, Recorded, Remote, Wanted};
use crate::state::{Base, Overlay, Queued, State, overlay};
use crate::{Error, Result, layout};

/// How often a device that was slower than another tries again.
const TRY_AGAIN: u32 = 16;

impl Engine<'_> {
    /// Has the workspace carried by `wanted` from now on, on every device. Everything is saved and
    /// brought in first, with the message of `intent`.
    pub async fn change_strategy(
        &mut self,
        remote: &dyn Remote,
        wanted: Strategy,
        intent: &Intent,
    ) -> Result<Report> {
        let mut report = Report::default();
        for _ in 0..TRY_AGAIN {
            let synced = self.sync_into(&mut report, remote, intent).await;
            if self.state.strategy == wanted {
                return synced.map(|()| report);
            }
            let to = remote.by(wanted).ok_or_else(|| Error::OtherStrategy(wanted.to_string()))?;
            match synced {
                // What is too large for one strategy is why another is wanted. The files wait as they
                // are for that one to save them.
                Err(Error::FileTooLarge { .. } | Error::WorkspaceTooLarge { .. }) => {
                    let unsaved = self.unsaved()?;
                    to.admit(&overlay(self.template()?.tree(), &unsaved.tree))?;
                }
                other => other?,
            }
            match self.change_now(remote, to, &mut report).await {
                // Another device may have been there before, or may have changed it otherwise.
                Ok(())
                | Err(
                    PublishError::HeadMoved
                    | PublishError::SaveReused
                    | PublishError::Other(Error::OtherStrategy(_)),
                ) => {}
                Err(PublishError::Other(error)) => return Err(error),
            }
        }
        Err(Error::Busy)
    }

    async fn change_now(
        &mut self,
        remote: &dyn Remote,
        to: &dyn Remote,
        report: &mut Report,
    ) -> std::result::Result<(), PublishError> {
        to.admit(self.state.overlay())?;
        // What stands in the way here is found before anything is changed.
        self.look_aside(to).await?;
        if to.strategy() == Strategy::Git || self.state.base.revision.is_none() {
            to.claim(self.state.base.revision.as_ref()).await?;
        } else {
            let published = self.publish_changed(remote, to).await?;
            report.published.push(published);
        }
        Ok(self.follow_strategy(remote).await?)
    }

    /// Publishes the head again, in the terms of the new strategy.
    async fn publish_changed(
        &mut self,
        remote: &dyn Remote,
        to: &dyn Remote,
    ) -> std::result::Result<RevisionId, PublishError> {
        let kind = to.strategy().hash_kind();
        let (base, from) = (self.state.base.clone(), self.state.strategy);
        self.bring_all(&base, remote).await?;
        let names = self.rename([&base.overlay], kind, &base.version, remote).await?;
        let overlay = named(base.overlay.clone(), kind, &names)?;
        let template = crate::template::Template::fetch(self.disk, &base.version, to).await?;
        let message = format!("Change strategy to {}", to.strategy());
        let save = self.new_save(&Intent::new(message), Base { overlay, ..base.clone() });
        let progress = self.unsent_progress();
        let published = {
            let sources = self.sources(None);
            let publish = Publish {
                parent: &base,
                save: &save,
                rest: &[],
                template: template.tree(),
                progress: &progress,
                details: &self.state.details,
                content: &|hash| {
                    let of_template = || template.content(self.disk, hash).ok().flatten();
                    sources.get(hash).or_else(of_template)
                },
                from: Some(from),
            };
            to.publish(&publish).await?
        };
        Ok(published.revision.id)
    }

    /// Has this device keep all contents of a state, which is to be sent as a whole.
    async fn bring_all(&mut self, state: &Base, remote: &dyn Remote) -> Result<()> {
        let tip = self.tip()?;
        let scan = self.scan(&[&tip])?;
        let files = state.overlay.values().flatten().filter_map(Entry::as_file);
        let wanted = files.map(|file| Wanted::with(file, &self.state.details)).collect();
        self.fetch_wanted(&state.version, wanted, Some(&scan), remote).await
    }

    /// Takes over what this device remembers into the strategy that the server names.
    ///
    /// [`Error::OtherStrategy`] if this program does not know that one.
    pub(super) async fn follow_strategy(&mut self, remote: &dyn Remote) -> Result<()> {
        for _ in 0..TRY_AGAIN {
            let Some(wanted) = remote.carried_by().await? else { return Ok(()) };
            let unknown = || Error::OtherStrategy(wanted.to_string());
            let to = remote.by(wanted).ok_or_else(unknown)?;
            match self.follow_to(remote, to).await {
                // Another device has changed it again.
                Err(Error::OtherStrategy(_)) => {}
                other => return other,
            }
        }
        Err(Error::Busy)
    }

    async fn follow_to(&mut self, remote: &dyn Remote, to: &dyn Remote) -> Result<()> {
        let (here, wanted) = (self.state.strategy, to.strategy());
        let unknown = || Error::OtherStrategy(here.to_string());
        if here != wanted {
            self.look_aside(to).await?;
        }
        take_history(remote, to).await?;
        if here != wanted {
            let from = remote.by(here).ok_or_else(unknown)?;
            self.carry_over(remote, from, to).await?;
            remote.turn_to(wanted);
        }
        self.look_beside(remote).await
    }

    /// Fails if a history beside the files cannot be begun here, or not be gone on with.
    async fn look_aside(&self, to: &dyn Remote) -> Result<()> {
        to.beside(&[self.state.shown.as_ref(), self.state.tip()]).await.map(drop)
    }

    /// Writes a new memory, in the terms of `to`, in the place of the one in the terms of `from`.
    async fn carry_over(
        &mut self,
        remote: &dyn Remote,
        from: &dyn Remote,
        to: &dyn Remote,
    ) -> Result<()> {
        let kind = to.strategy().hash_kind();
        let before = self.state.clone();
        let (recorded, published) = self.newest_published(remote, from, to).await?;
        let queue = before.queue.get(published..).unwrap_or_default().to_vec();
        let base = match &recorded {
            Some(recorded) => &recorded.overlay,
            None => &before.base.overlay,
        };
        let unapplied = Overlay::clone(&before.unapplied);
        let overlays = queue.iter().map(|save| &save.overlay).chain([base, &unapplied]);
        let names = self.rename(overlays, kind, before.version(), remote).await?;
        let is_known = recorded.is_some() || before.base.revision.is_none();
        let base = match recorded {
            Some(mut recorded) => {
                recorded.overlay = named(recorded.overlay, kind, &names)?;
                Base::from(recorded)
            }
            // The server does not know it: what this device has of it is put on top of what it does
            // know. What this device never had of it is as in the template then.
            None => Base {
                overlay: named_where_known(before.base.overlay, kind, &names),
                ..before.base
            },
        };
        let queue = queue
            .into_iter()
            .map(|save| {
                let overlay = named(save.overlay, kind, &names)?;
                Ok(Queued { overlay, sealed: None, ..save })
            })
            .collect::<Result<Vec<_>>>()?;
        // A file that held something which is nowhere any more was edited since: it looks new.
        let unapplied = unapplied
            .into_iter()
            .map(|(path, entry)| (path, entry.and_then(|entry| renamed(entry, kind, &names))))
            .collect();

        let old = self.turn(State { strategy: to.strategy(), unapplied, ..self.state.clone() });
        let queue = match self.sealed_in(to, &base, is_known, queue).await {
            Ok(queue) => queue,
            Err(error) => {
                self.turn(old);
                return Err(error);
            }
        };
        self.state.move_base(base);
        self.state.queue = queue;
        self.settle_times()?;
        // From here on the settings may be behind.
        let fails = || Error::disk(layout::SETTLING);
        self.disk.write(layout::SETTLING, b"", false).map_err(fails())?;
        self.disk.flush(&[layout::SETTLING]).map_err(fails())?;
        self.state.store(self.disk)?;
        self.write_settings()
    }

    /// The saves, sealed if it is known what they follow. If not, the next pull finds that out.
    async fn sealed_in(
        &mut self,
        to: &dyn Remote,
        base: &Base,
        is_known: bool,
        queue: Vec<Queued>,
    ) -> Result<Vec<Queued>> {
        for version in queue.iter().map(|save| &save.version).chain([&base.version]) {
            self.fetch_template(version, to).await?;
        }
        if is_known { self.seal_line(to, base, queue) } else { Ok(queue) }
    }

    /// Goes on with another memory, of another strategy; gives the one before.
    fn turn(&mut self, state: State) -> State {
        self.templates.clear();
        self.merged.clear();
        self.index = Index::load(self.disk, state.strategy.hash_kind());
        std::mem::replace(&mut self.state, state)
    }

    /// The newest state of this device that is in the history of `to`, and how many of the saves
    /// that wait are in it: those whose answer was lost.
    async fn newest_published(
        &self,
        remote: &dyn Remote,
        from: &dyn Remote,
        to: &dyn Remote,
    ) -> Result<(Option<Recorded>, usize)> {
        let Some(base) = &self.state.base.revision else {
            if self.state.queue.is_empty() {
                return Ok((None, 0));
            }
            return self.look_for(remote, to, |_| false).await;
        };
        let save = from.save_of(base).await?;
        let is_base =
            |found: &RevisionSummary| found.id == *base || Some(&found.save) == save.as_ref();
        self.look_for(remote, to, is_base).await
    }

    async fn look_for(
        &self,
        remote: &dyn Remote,
        to: &dyn Remote,
        is_base: impl Fn(&RevisionSummary) -> bool,
    ) -> Result<(Option<Recorded>, usize)> {
        // What is known here of the history is not enough.
        to.head(None).await?;
        let mut history = Pages::of(to);
        while let Some(revisions) = history.next().await? {
            for revision in revisions {
                let waits = self.state.queue.iter().rposition(|save| save.id == revision.save);
                if waits.is_some() || is_base(&revision) {
                    let published = waits.map_or(0, |at| at + 1);
                    let found = match to.revision(&revision.id).await {
                        Err(Error::OtherStrategy(_)) => remote.revision(&revision.id).await,
                        found => found,
                    };
                    return Ok((found?, published));
                }
            }
        }
        Ok((None, 0))
    }

    /// A revision in the terms of this workspace's strategy, also one from before a change of it.
    pub(super) async fn recorded(
        &mut self,
        remote: &dyn Remote,
        id: &RevisionId,
    ) -> Result<Option<Recorded>> {
        let Some(mut recorded) = remote.revision(id).await? else {
            return Ok(None);
        };
        self.state.details.learn(recorded.details.clone());
        let kind = self.hash_kind();
        let version = &recorded.revision.version;
        let names = self.rename([&recorded.overlay], kind, version, remote).await?;
        recorded.overlay = named(recorded.overlay, kind, &names)?;
        Ok(Some(recorded))
    }

    /// Keeps the contents that the overlays name under their names of another kind. Those that can be
    /// had nowhere are left out.
    async fn rename<'o>(
        &mut self,
        overlays: impl IntoIterator<Item = &'o Overlay>,
        kind: HashKind,
        version: &Version,
        remote: &dyn Remote,
    ) -> Result<Names> {
        let entries = overlays.into_iter().flat_map(Overlay::values).flatten();
        let files = entries.filter_map(Entry::as_file).filter(|file| file.hash.kind() != kind);
        let wanted: BTreeMap<ContentHash, Wanted> =
            files.map(|file| (file.hash, Wanted::with(file, &self.state.details))).collect();
        let mut names = Names::new();
        if wanted.is_empty() {
            return Ok(names);
        }
        let tip = self.tip()?;
        let scan = self.scan(&[&tip])?;
        let all = wanted.values().cloned().collect();
        self.fetch_wanted(version, all, Some(&scan), remote).await?;
        let sources = self.sources(Some(&scan));
        let mut batch = self.store.batch();
        for hash in wanted.into_keys() {
            let Some(bytes) = sources.get(&hash) else { continue };
            let name = kind.hash(&bytes);
            batch.put(&name, &bytes)?;
            names.insert(hash, name);
        }
        batch.finish()?;
        Ok(names)
    }
}

/// Brings the history to `to`, from the remotes that may have it.
pub(super) async fn take_history(remote: &dyn Remote, to: &dyn Remote) -> Result<()> {
    let others = [Strategy::Patch, Strategy::Snapshot];
    let from: Vec<&dyn Remote> = others.into_iter().filter_map(|s| remote.by(s)).collect();
    if from.is_empty() { Ok(()) } else { to.take_history(&from).await }
}

/// The head of a workspace that this device does not have yet; the remote turns to the strategy
/// that carries it.
pub(super) async fn head_of_any(remote: &dyn Remote) -> Result<Option<Head>> {
    for _ in 0..TRY_AGAIN {
        match remote.head(None).await {
            Err(Error::OtherStrategy(_)) => {}
            other => return other,
        }
        let Some(wanted) = remote.carried_by().await? else { continue };
        let unknown = || Error::OtherStrategy(wanted.to_string());
        remote.by(wanted).ok_or_else(unknown)?;
        remote.turn_to(wanted);
        // Another device may have changed it and not have got to bring the history along.
        match take_history(remote, remote).await {
            Err(Error::OtherStrategy(_)) => {}
            other => other?,
        }
    }
    Err(Error::Busy)
}
