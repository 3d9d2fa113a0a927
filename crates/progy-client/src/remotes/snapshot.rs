//! The `snapshot` strategy: whole projects, cut into chunks that are sent once.
//!
//! A revision is the root of a tree of all files (`trees`); what it needs and the server does not
//! have goes there in packs (`sending`), what a checkout needs comes in packs (`fetching`).
//! `docs/formats.md` has every byte.

mod fetching;
mod sending;
mod trees;

use std::collections::BTreeMap;
use std::io::Write;

use async_trait::async_trait;
use progy_api::history::{RevisionPage, RevisionSummary};
use progy_api::problem::code;
use progy_api::snapshot::CommitRequest;
use progy_api::sync::SyncRequest;
use progy_core::progress::Progress;
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, RelPath, RevisionId, SaveId, Strategy,
};
use progy_snapshot::BlobId;
use semver::Version;

use crate::api::{Api, ApiError, SnapshotApi};
use crate::disk::Disk;
use crate::remote::{
    Head, Publish, PublishError, Published, Recorded, Remote, Sink, Source, Standing, Wanted,
};
use crate::remotes::registry;
use crate::state::Overlay;
use crate::store::Store;
use crate::template::Template;
use crate::{Error, Result};

use sending::Asking;
use trees::Trees;

/// So many revisions are looked at to tell which device changed a path.
const LOOK_BACK: usize = 32;
/// How often the head is asked for if it expires while it is read: that takes a device that sleeps over it.
const TRY_AGAIN: usize = 3;

/// A workspace on the server, reached through [`Api`] and [`SnapshotApi`].
pub struct SnapshotRemote<'a, A> {
    /// The server.
    pub api: &'a A,
    /// The workspace on this device: templates and packs are read there.
    pub disk: &'a dyn Disk,
    /// The course.
    pub course: CourseId,
    /// This device's id.
    pub device: DeviceId,
    /// This device's name.
    pub device_name: DeviceName,
}

impl<A> Clone for SnapshotRemote<'_, A> {
    fn clone(&self) -> Self {
        let Self { api, disk, course, device, device_name } = self;
        let (course, device) = (course.clone(), device.clone());
        Self { api: *api, disk: *disk, course, device, device_name: device_name.clone() }
    }
}

impl<A> std::fmt::Debug for SnapshotRemote<'_, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotRemote").field("course", &self.course).finish_non_exhaustive()
    }
}

impl<A: Api + SnapshotApi> SnapshotRemote<'_, A> {
    /// The course version's template, fetched if it is not on this device.
    async fn fetched_template(&self, version: &Version) -> Result<Template> {
        Template::fetch(self.disk, version, self).await
    }

    fn commit_request(&self, publish: &Publish<'_>, root: BlobId) -> CommitRequest {
        let save = publish.save;
        CommitRequest {
            version: save.version.clone(),
            from: publish.from,
            device: self.device.clone(),
            device_name: self.device_name.clone(),
            parent: publish.parent.revision.clone(),
            save: save.id.clone(),
            message: save.message.clone(),
            lesson: save.lesson.clone(),
            saved_at: save.saved_at,
            root: trees::hash_of(&root),
            progress: (!publish.progress.is_empty()).then(|| publish.progress.clone()),
        }
    }

    async fn recorded_at(
        &self,
        version: &Version,
        root: Option<ContentHash>,
        trees: &mut Trees,
    ) -> Result<trees::Read> {
        let root = root.and_then(|root| BlobId::of_content(&root));
        let root = root.ok_or_else(|| {
            Error::InvalidTree("a revision of this workspace has no tree".to_owned())
        })?;
        self.nodes(version, root, trees).await?;
        let template = self.fetched_template(version).await?;
        trees::read(&trees.nodes, root, template.tree())
    }

    /// The tree of what a device knows; none of one that knows nothing.
    async fn known_trees(&self, here: Option<Standing<'_>>) -> Result<Trees> {
        let Some(Standing { base, details }) = here.filter(|here| here.revision().is_some()) else {
            return Ok(Trees::default());
        };
        let template = self.fetched_template(&base.version).await?;
        trees::of_base(base, details, template.tree(), &Store::new(self.disk))
    }

    /// As [`Self::recorded_at`], of a revision that the server named a moment ago; `None` if it has
    /// expired since.
    async fn recorded_still(
        &self,
        revision: &RevisionId,
        version: &Version,
        root: Option<ContentHash>,
        trees: &mut Trees,
    ) -> Result<Option<trees::Read>> {
        match self.recorded_at(version, root, trees).await {
            Err(Error::InvalidTree(why)) => {
                match self.api.revision(&self.course, revision).await? {
                    Some(_) => Err(Error::InvalidTree(why)),
                    None => Ok(None),
                }
            }
            read => read.map(Some),
        }
    }

    /// Which device last changed a path of the head, of which the overlay and the tree are known. How
    /// far that is looked into depends on `base`: what was there before is not asked for.
    async fn devices(
        &self,
        base: Option<&RevisionId>,
        head: &RevisionSummary,
        overlay: &Overlay,
        trees: &mut Trees,
    ) -> Result<BTreeMap<RelPath, DeviceName>> {
        let (mut revision, mut files) = (head.clone(), overlay.clone());
        let mut devices = BTreeMap::new();
        for _ in 0..LOOK_BACK {
            let Some(before) = revision.parent.as_ref().filter(|parent| Some(*parent) != base)
            else {
                break;
            };
            let Some(document) = self.api.revision(&self.course, before).await? else { break };
            // One of another strategy, or of another template.
            if document.root.is_none() || document.revision.version != revision.version {
                break;
            }
            let version = &document.revision.version;
            let read = self.recorded_still(before, version, document.root, trees).await?;
            let Some(read) = read else { break };
            let paths = files.keys().chain(read.overlay.keys());
            let changed = paths.filter(|path| files.get(*path) != read.overlay.get(*path));
            for path in changed {
                devices.entry(path.clone()).or_insert_with(|| revision.device.clone());
            }
            (revision, files) = (document.revision, read.overlay);
        }
        for path in overlay.keys() {
            devices.entry(path.clone()).or_insert_with(|| revision.device.clone());
        }
        Ok(devices)
    }
}

#[async_trait(?Send)]
impl<A: Api + SnapshotApi> Remote for SnapshotRemote<'_, A> {
    fn strategy(&self) -> Strategy {
        Strategy::Snapshot
    }

    async fn carried_by(&self) -> Result<Option<Strategy>> {
        registry::carried_by(self.api, &self.course).await
    }

    async fn claim(&self, head: Option<&RevisionId>) -> std::result::Result<(), PublishError> {
        registry::claim(self.api, &self.course, self.strategy(), head).await
    }

    async fn save_of(&self, revision: &RevisionId) -> Result<Option<SaveId>> {
        registry::save_of(self.api, &self.course, revision).await
    }

    fn admit(&self, _: &Overlay) -> Result<()> {
        Ok(())
    }

    async fn head(&self, here: Option<Standing<'_>>) -> Result<Option<Head>> {
        let base = here.and_then(|here| here.revision());
        for _ in 0..TRY_AGAIN {
            let Some(document) = self.api.progress(&self.course, base).await? else {
                return Ok(None);
            };
            registry::require(self.strategy(), &document)?;
            let is_base = document.head.as_ref().map(|head| &head.id) == base;
            let (mut read, mut devices) = (trees::Read::default(), BTreeMap::new());
            if let Some(head) = document.head.as_ref().filter(|_| !is_base) {
                let (version, mut trees) = (&document.version, self.known_trees(here).await?);
                let found = self.recorded_still(&head.id, version, document.root, &mut trees);
                // There is another head by now.
                let Some(found) = found.await? else { continue };
                devices = self.devices(base, head, &found.overlay, &mut trees).await?;
                read = found;
            }
            return Ok(Some(Head {
                revision: document.head,
                version: document.version,
                overlay: read.overlay,
                folders: read.folders,
                details: read.details,
                devices,
                base_known: document.base_known,
                progress: document.records,
            }));
        }
        Err(Error::Busy)
    }

    async fn publish(&self, publish: &Publish<'_>) -> std::result::Result<Published, PublishError> {
        let store = Store::new(self.disk);
        let template = self.fetched_template(&publish.save.version).await?;
        let made = trees::made(publish, &template, &store, self.disk)?;
        self.send(publish, &made, &store, Asking::WhatIsNew).await?;
        let request = self.commit_request(publish, made.root);
        let mut answer = self.api.commit(&self.course, &request).await;
        if answer.as_ref().is_err_and(|error| error.is(code::UNKNOWN_BLOBS)) {
            // The server has less than its revisions said.
            self.send(publish, &made, &store, Asking::Everything).await?;
            answer = self.api.commit(&self.course, &request).await;
        }
        let answer = answer.map_err(|error| match error {
            ApiError::HeadMoved(_) => PublishError::HeadMoved,
            error if error.is(code::SAVE_REUSED) => PublishError::SaveReused,
            error => PublishError::Other(error.into()),
        })?;
        let revision = answer
            .revision
            .ok_or_else(|| Error::Unreachable("the answer names no revision".to_owned()))?;
        let head = answer.head.unwrap_or_else(|| revision.id.clone());
        let progress_digest = Some(answer.progress_digest);
        Ok(Published { revision, head, progress_digest, details: made.details() })
    }

    async fn publish_progress(&self, version: &Version, progress: &Progress) -> Result<String> {
        let request = SyncRequest {
            course: self.course.clone(),
            version: version.clone(),
            strategy: self.strategy(),
            from: None,
            device: self.device.clone(),
            device_name: self.device_name.clone(),
            parent: None,
            save: None,
            progress: (!progress.is_empty()).then(|| progress.clone()),
        };
        Ok(self.api.sync(&request).await?.progress_digest)
    }

    async fn revision(&self, id: &RevisionId) -> Result<Option<Recorded>> {
        let Some(document) = self.api.revision(&self.course, id).await? else { return Ok(None) };
        if document.root.is_none() {
            return Err(Error::OtherStrategy(Strategy::Patch.to_string()));
        }
        let (version, trees) = (&document.revision.version, &mut Trees::default());
        let read = self.recorded_still(id, version, document.root, trees).await?;
        let Some(trees::Read { overlay, folders, details }) = read else { return Ok(None) };
        Ok(Some(Recorded { revision: document.revision, overlay, folders, details }))
    }

    async fn log(&self, before: Option<&RevisionId>, limit: u32) -> Result<RevisionPage> {
        match self.api.revisions(&self.course, before, limit).await {
            // A workspace that was never started has no history.
            Err(error) if error.is(code::NO_PROGRESS) => {
                Ok(RevisionPage { revisions: Vec::new(), more: false })
            }
            other => Ok(other?),
        }
    }

    async fn fetch(
        &self,
        version: &Version,
        wanted: &[Wanted],
        _: &Source<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        self.fetch_contents(version, wanted, sink).await
    }

    async fn package(&self, version: &Version, out: &mut dyn Write) -> Result<String> {
        registry::package(self.api, &self.course, version, out).await
    }

    async fn newest_version(&self) -> Result<Version> {
        registry::newest_version(self.api, &self.course).await
    }
}
