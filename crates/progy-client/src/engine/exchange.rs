//! Saves are published, and other devices' saves come in.

use std::collections::BTreeMap;

use progy_core::diff::diff;
use progy_core::folders::merge_folders;
use progy_core::{Change, DeviceName, Entry, RelPath, Strategy, Tree};
use semver::Version;

use super::checkout::Sides;
use super::{Engine, Intent, Report};
use crate::contents;
use crate::remote::{Head, Publish, PublishError, Remote, Standing};
use crate::state::{Base, Folders, Overlay, Queued, overlaid, overlay};
use crate::{Error, Result};

/// How often a publish that another device was faster than is tried again.
const TRY_AGAIN: u32 = 64;

/// Whose changes came in last; names conflict copies.
#[derive(Debug, Clone)]
struct Authors {
    devices: BTreeMap<RelPath, DeviceName>,
    head: DeviceName,
}

/// Saves that wait, and the state that the first of them follows.
pub(super) struct Line {
    pub(super) base: Tree,
    pub(super) folders: Folders,
    pub(super) queue: Vec<Queued>,
}

/// A state that saves are put on top of.
pub(super) struct Onto<'o> {
    pub(super) base: &'o Base,
    pub(super) files: &'o Tree,
    /// Which device changed a path; otherwise `device`.
    pub(super) devices: &'o BTreeMap<RelPath, DeviceName>,
    pub(super) device: &'o DeviceName,
}

impl Engine<'_> {
    /// Records the files, and publishes what waits.
    ///
    /// If the server cannot be reached the error says so; what was recorded waits in the queue.
    pub async fn save(&mut self, remote: &dyn Remote, intent: &Intent) -> Result<Report> {
        let mut report = Report::default();
        self.look_beside(remote).await?;
        if !self.state.unapplied.is_empty() {
            // A checkout was interrupted. What was edited meanwhile is merged before it is recorded;
            // without a server, or with one that lost what it told of, what can be recorded is
            // recorded all the same.
            match self.follow(remote, None, &mut report).await {
                Err(Error::Unreachable(_) | Error::MissingContent(_)) => {}
                other => other?,
            }
        }
        report.saved = self.commit(remote, intent)?;
        self.publish(remote, &mut report).await?;
        Ok(report)
    }

    /// Brings in what other devices saved, and publishes what is not yet: queued saves, and the
    /// files as they are now, with the message of `intent`.
    pub async fn sync(&mut self, remote: &dyn Remote, intent: &Intent) -> Result<Report> {
        let mut report = Report::default();
        self.sync_into(&mut report, remote, intent).await?;
        Ok(report)
    }

    /// Also tells in `report` what was done before an error.
    pub(super) async fn sync_into(
        &mut self,
        report: &mut Report,
        remote: &dyn Remote,
        intent: &Intent,
    ) -> Result<()> {
        self.look_beside(remote).await?;
        let pulled = self.pull_after_publishing(remote, report).await;
        // Without a server the files are recorded all the same.
        if let Err(error) = pulled {
            if matches!(error, Error::Unreachable(_)) {
                self.commit(remote, intent)?;
            }
            return Err(error);
        }
        report.saved |= self.commit(remote, intent)?;
        self.publish(remote, report).await
    }

    async fn pull_after_publishing(
        &mut self,
        remote: &dyn Remote,
        report: &mut Report,
    ) -> Result<()> {
        // A save whose answer was lost must be known as published before it is merged with itself.
        self.publish(remote, report).await?;
        let authors = self.pull(remote, report).await?;
        match self.follow(remote, authors, report).await {
            Err(Error::MissingContent(_)) => self.publish(remote, report).await,
            other => other,
        }
    }

    async fn follow(
        &mut self,
        remote: &dyn Remote,
        authors: Option<Authors>,
        report: &mut Report,
    ) -> Result<()> {
        let authors = authors.unwrap_or_else(|| Authors {
            devices: BTreeMap::new(),
            head: self.device.name.clone(),
        });
        report.received.extend(self.checkout(remote, &authors.devices, &authors.head).await?);
        if self.state.strategy == Strategy::Snapshot {
            // Whole projects are not kept a second time.
            self.collect_garbage()?;
        }
        // Another device may have upgraded the course.
        self.write_settings()
    }

    /// Publishes what waits, oldest first, merging whenever another device was faster; then the
    /// files follow.
    ///
    /// A server that lacks a content it has told of was put back to an older state. The next pull
    /// finds that out, so one is tried before the learner hears of it.
    pub(super) async fn publish(&mut self, remote: &dyn Remote, report: &mut Report) -> Result<()> {
        self.prepare(remote).await?;
        let authors = match self.publish_queue(remote, report).await {
            // What the server has as well may be published already: no merge before that is known.
            Err(Error::MissingContent(_)) if self.lacks_nothing(remote).await? => {
                self.publish_queue(remote, report).await?
            }
            Err(Error::MissingContent(_)) => self.pull(remote, report).await?,
            other => other?,
        };
        match self.follow(remote, authors, report).await {
            Err(Error::MissingContent(_)) => {}
            other => return other,
        }
        self.pull(remote, report).await?;
        let authors = self.publish_queue(remote, report).await?;
        self.follow(remote, authors, report).await
    }

    async fn publish_queue(
        &mut self,
        remote: &dyn Remote,
        report: &mut Report,
    ) -> Result<Option<Authors>> {
        let mut authors = None;
        let mut digest = None;
        let mut behind = false;
        let mut tries = 0;
        while !self.state.queue.is_empty() {
            match self.publish_first(remote).await {
                Ok(published) => {
                    behind = published.head != published.revision.id;
                    report.published.push(published.revision.id);
                    digest = published.progress_digest.or(digest);
                }
                Err(PublishError::HeadMoved) if tries < TRY_AGAIN => {
                    tries += 1;
                    authors = self.pull(remote, report).await?.or(authors);
                }
                Err(PublishError::HeadMoved) => return Err(Error::Busy),
                Err(PublishError::SaveReused) => {
                    // A copy of this workspace on another machine published under the same id.
                    let mut queue = self.state.queue.clone();
                    if let Some(save) = queue.first_mut() {
                        save.id = self.env.save_id();
                    }
                    let base = self.state.base.clone();
                    self.state.queue = self.seal_line(remote, &base, queue)?;
                    self.state.store(self.disk)?;
                }
                Err(PublishError::Other(Error::OtherStrategy(_))) if tries < TRY_AGAIN => {
                    tries += 1;
                    self.follow_strategy(remote).await?;
                    behind = true;
                }
                Err(PublishError::Other(error)) => return Err(error),
            }
        }
        if !self.unsent_progress().is_empty() {
            digest = loop {
                match self.publish_progress(remote).await {
                    Err(Error::OtherStrategy(_)) if tries < TRY_AGAIN => {
                        tries += 1;
                        self.follow_strategy(remote).await?;
                        behind = true;
                    }
                    other => break Some(other?),
                }
            };
        }
        let is_other = digest.is_some_and(|digest| digest != self.state.progress.digest());
        if behind || is_other {
            authors = self.pull(remote, report).await?.or(authors);
        }
        Ok(authors)
    }

    pub(super) fn unsent_progress(&self) -> progy_core::progress::Progress {
        self.state.progress.missing_from(&self.state.progress_sent)
    }

    pub(super) async fn publish_progress(&mut self, remote: &dyn Remote) -> Result<String> {
        let unsent = self.unsent_progress();
        let version = self.state.version().clone();
        let digest = remote.publish_progress(&version, &unsent).await?;
        self.state.progress_sent.join(&unsent);
        self.state.store(self.disk)?;
        Ok(digest)
    }

    async fn publish_first(
        &mut self,
        remote: &dyn Remote,
    ) -> std::result::Result<crate::remote::Published, PublishError> {
        let Some((save, rest)) = self.state.queue.split_first() else {
            return Err(Error::Busy.into());
        };
        let (save, rest) = (save.clone(), rest.to_vec());
        let template = self.fetch_template(&save.version, remote).await?;
        let progress = self.unsent_progress();
        let published = {
            let sources = self.sources(None);
            let publish = Publish {
                parent: &self.state.base,
                save: &save,
                rest: &rest,
                template: template.tree(),
                progress: &progress,
                details: &self.state.details,
                content: &|hash| sources.get(hash),
                from: None,
            };
            remote.publish(&publish).await?
        };
        self.state.queue.remove(0);
        self.state.move_base(save.as_base(Some(published.revision.id.clone())));
        self.state.seen_head = Some(published.head.clone());
        self.state.progress_sent.join(&progress);
        self.state.details.learn(published.details.clone());
        self.forget_details()?;
        self.state.store(self.disk)?;
        if self.env.random().first().is_some_and(|byte| byte % 16 == 0) {
            self.collect_garbage()?;
        }
        Ok(published)
    }

    /// The head as the server has it, by whichever strategy the workspace is carried now.
    async fn ask_head(&mut self, remote: &dyn Remote) -> Result<Option<Head>> {
        for _ in 0..TRY_AGAIN {
            let here = Standing { base: &self.state.base, details: &self.state.details };
            match remote.head(Some(here)).await {
                Err(Error::OtherStrategy(_)) => self.follow_strategy(remote).await?,
                other => return other,
            }
        }
        Err(Error::Busy)
    }

    /// Takes over the server's head as the new base, with the saves that wait on top of it. The
    /// files follow in [`Engine::checkout`].
    async fn pull(&mut self, remote: &dyn Remote, report: &mut Report) -> Result<Option<Authors>> {
        let head = self.ask_head(remote).await?;
        let base = self.state.base.revision.clone();
        let Some(head) = head else {
            return self.adopt_lost(remote, None, report).await.map(|()| None);
        };
        let before = self.state.clone();
        self.state.details.learn(head.details.clone());
        self.state.progress.join(&head.progress);
        // Not joined: a server that was restored from a backup may have less than it had.
        self.state.progress_sent = head.progress.clone();
        self.state.seen_head = head.revision.as_ref().map(|revision| revision.id.clone());
        let head_id = head.revision.as_ref().map(|revision| &revision.id);
        if base.is_some() && !(head.base_known && head_id.is_some()) {
            self.adopt_lost(remote, Some(&head), report).await?;
        } else if head_id == base.as_ref() {
            if self.state != before {
                self.state.store(self.disk)?;
            }
            return Ok(None);
        } else {
            let folders = self.state.base.folders.clone();
            let queue = self.state.queue.clone();
            let line = Line { base: self.base_tree()?, folders, queue };
            self.rebase(remote, line, Some(&head)).await?;
        }
        Ok(head.revision.map(|revision| Authors { devices: head.devices, head: revision.device }))
    }

    /// Puts the saves of `line` on top of `head`, and makes that the new base and tip in one step.
    pub(super) async fn rebase(
        &mut self,
        remote: &dyn Remote,
        line: Line,
        head: Option<&Head>,
    ) -> Result<()> {
        let old_tip = self.tip()?;
        let before_tip = self.checked_out(&old_tip)?;
        let (base, head_device, devices) =
            if let Some(head @ Head { revision: Some(revision), .. }) = head {
                (head.base(), revision.device.clone(), head.devices.clone())
            } else {
                let base = Base::new(self.state.base.version.clone());
                (base, self.device.name.clone(), BTreeMap::new())
            };
        let template = self.fetch_template(&base.version, remote).await?;
        let files = overlaid(template.tree(), &base.overlay)?;
        let onto = Onto { base: &base, files: &files, devices: &devices, device: &head_device };
        let queue = self.on_top(remote, line, &onto, &[&old_tip, &before_tip]).await?;
        self.take_over(base, queue, &before_tip)
    }

    /// Puts the saves of `line` on top of a state, each by the planner. Their contents are kept.
    pub(super) async fn on_top(
        &mut self,
        remote: &dyn Remote,
        line: Line,
        onto: &Onto<'_>,
        tracked: &[&Tree],
    ) -> Result<Vec<Queued>> {
        let Onto { base, files, devices, device } = *onto;
        let scan = self.scan(tracked)?;
        let mut queue = Vec::new();
        let (mut before, mut onto) = (line.base, files.clone());
        let mut onto_version = base.version.clone();
        let (mut before_folders, mut onto_folders) = (line.folders, base.folders.clone());
        for save in line.queue {
            let save_template = self.fetch_template(&save.version, remote).await?;
            let saved = overlaid(save_template.tree(), &save.overlay)?;
            let sides =
                Sides { base: &before, local: &saved, remote: &onto, devices, head_device: device };
            let merged = self.planned(&sides, Some(&scan), remote).await?.merged;
            before = saved;
            let folders = merge_folders(&before_folders, &save.folders, &onto_folders);
            before_folders = save.folders.clone();
            // The newer course version of the two stays; upgrades do not go back.
            onto_version = onto_version.max(save.version.clone());
            if merged == onto && folders == onto_folders && save.lesson.is_none() {
                continue; // Everything in it is there already.
            }
            let template = self.fetch_template(&onto_version, remote).await?;
            let overlay = overlay(template.tree(), &merged);
            onto_folders.clone_from(&folders);
            queue.push(Queued { version: onto_version.clone(), overlay, folders, ..save });
            onto = merged;
        }
        self.keep_rebased(&queue, &onto_version, &base.overlay, &scan, remote).await?;
        self.seal_line(remote, base, queue)
    }

    /// Keeps the bytes of rebased saves, which may name results of merges.
    async fn keep_rebased(
        &mut self,
        queue: &[Queued],
        version: &Version,
        head: &Overlay,
        scan: &crate::scan::Scan,
        remote: &dyn Remote,
    ) -> Result<()> {
        let on_server = contents::hashes(head.values());
        let mut changes = Vec::new();
        for (path, entry) in queue.iter().flat_map(|save| &save.overlay) {
            let file = entry.as_ref().and_then(Entry::as_file);
            if file.is_some_and(|file| !on_server.contains(&file.hash)) {
                changes.push(Change { path: path.clone(), before: None, after: entry.clone() });
            }
        }
        self.fetch_contents(version, &changes, Some(scan), remote).await?;
        let sources = self.sources(Some(scan));
        let mut batch = self.store.batch();
        for change in &changes {
            let Some(file) = change.after.as_ref().and_then(Entry::as_file) else { continue };
            if sources.templates.iter().any(|template| template.has(&file.hash)) {
                continue;
            }
            if !sources.keep(&file.hash, &mut batch)? {
                return Err(Error::MissingContent(change.path.clone()));
            }
        }
        batch.finish()
    }

    /// Writes the new base and queue, and which files have to follow: one atomic step.
    pub(super) fn take_over(
        &mut self,
        base: Base,
        queue: Vec<Queued>,
        checked_out: &Tree,
    ) -> Result<()> {
        self.state.move_base(base);
        self.state.queue = queue;
        self.settle_times()?;
        self.state.unapplied.clear();
        let tip = self.tip()?;
        self.state.unapplied =
            diff(&tip, checked_out).into_iter().map(|change| (change.path, change.after)).collect();
        self.state.store(self.disk)
    }
}
