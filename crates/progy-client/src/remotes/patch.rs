//! The `patch` strategy: only what differs from the template, one small request.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use async_trait::async_trait;
use progy_api::delta::{Base64, Delta, compress, decompress};
use progy_api::history::{ContentsRequest, FileState, RevisionPage, SavedFile, Want};
use progy_api::limits;
use progy_api::problem::code;
use progy_api::sync::{Action, FileChange, Save, Since, SyncRequest};
use progy_core::progress::Progress;
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, Entry, FileEntry, LinkTarget, RelPath, RevisionId,
    SaveId, Strategy,
};
use semver::Version;

use crate::api::{Api, ApiError};
use crate::details::Details;
use crate::remote::{
    Head, Publish, PublishError, Published, Recorded, Remote, Sink, Source, Standing, Wanted,
};
use crate::remotes::registry;
use crate::state::{Folders, Overlay};
use crate::{Error, Result};

/// Zstandard's level for contents: small files, sent once.
const LEVEL: i32 = 9;

/// A workspace on the server, reached through [`Api`].
#[derive(Debug)]
pub struct PatchRemote<'a, A> {
    /// The server.
    pub api: &'a A,
    /// The course.
    pub course: CourseId,
    /// This device's id.
    pub device: DeviceId,
    /// This device's name.
    pub device_name: DeviceName,
}

/// How contents are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// As differences, and not at all where the server should have them.
    Delta,
    /// Each as a whole: the server did not have what was expected.
    Whole,
}

impl<A: Api> PatchRemote<'_, A> {
    fn request(&self, publish: &Publish<'_>, sending: Sending) -> Result<SyncRequest> {
        let save = publish.save;
        let is_same_version = publish.parent.version == save.version;
        let is_same_kind = publish.from.is_none();
        let since = if publish.parent.revision.is_some() && is_same_version && is_same_kind {
            Since::Parent
        } else {
            Since::Template
        };
        let empty = Overlay::new();
        let before = if since == Since::Parent { &publish.parent.overlay } else { &empty };
        let paths: BTreeSet<&RelPath> = before.keys().chain(save.overlay.keys()).collect();
        let known = Known::new(publish, before);
        let changes = paths
            .into_iter()
            .filter(|path| before.get(*path) != save.overlay.get(*path))
            .map(|path| {
                let after = match save.overlay.get(path) {
                    Some(after) => after.as_ref(),
                    None => publish.template.get(path.as_str()),
                };
                let action = match after {
                    None => Action::Delete,
                    Some(Entry::Symlink(target)) => {
                        Action::Link { target: target.as_str().to_owned() }
                    }
                    Some(Entry::File(file)) => known.put(path, file, sending)?,
                };
                Ok(FileChange { path: path.clone(), action })
            })
            .collect::<Result<Vec<_>>>()?;
        let save = Save {
            id: save.id.clone(),
            message: save.message.clone(),
            lesson: save.lesson.clone(),
            saved_at: save.saved_at,
            since,
            changes,
        };
        let request = self.envelope(&publish.save.version, publish.progress);
        let (parent, from) = (publish.parent.revision.clone(), publish.from);
        Ok(SyncRequest { parent, from, save: Some(save), ..request })
    }

    /// A request that carries progress alone.
    fn envelope(&self, version: &Version, progress: &Progress) -> SyncRequest {
        SyncRequest {
            course: self.course.clone(),
            version: version.clone(),
            strategy: Strategy::Patch,
            from: None,
            device: self.device.clone(),
            device_name: self.device_name.clone(),
            parent: None,
            save: None,
            progress: (!progress.is_empty()).then(|| progress.clone()),
        }
    }
}

/// What the server has, and how to express a content by it.
struct Known<'a> {
    publish: &'a Publish<'a>,
    before: &'a Overlay,
    hashes: BTreeSet<ContentHash>,
}

impl<'a> Known<'a> {
    fn new(publish: &'a Publish<'a>, before: &'a Overlay) -> Self {
        let template = publish.template.iter().map(|(_, entry)| entry);
        // The server has what the parent names, also where the save is told from another template.
        let entries = template.chain(publish.parent.overlay.values().flatten());
        let hashes = entries.filter_map(|entry| Some(entry.as_file()?.hash)).collect();
        Self { publish, before, hashes }
    }

    fn put(&self, path: &RelPath, file: &FileEntry, sending: Sending) -> Result<Action> {
        let content = if sending == Sending::Delta && self.hashes.contains(&file.hash) {
            None
        } else {
            Some(self.delta(path, file, sending)?)
        };
        let FileEntry { hash, size, executable } = *file;
        Ok(Action::Put { hash, size, executable, content })
    }

    fn delta(&self, path: &RelPath, file: &FileEntry, sending: Sending) -> Result<Delta> {
        let missing = || Error::MissingContent(path.clone());
        let content = (self.publish.content)(&file.hash).ok_or_else(missing)?;
        let similar = match self.before.get(path) {
            Some(entry) => entry.as_ref(),
            None => self.publish.template.get(path.as_str()),
        };
        let reference = similar
            .and_then(Entry::as_file)
            .filter(|_| sending == Sending::Delta)
            .and_then(|file| Some((file.hash, (self.publish.content)(&file.hash)?)));
        let bytes = reference.as_ref().map(|(_, bytes)| bytes.as_slice());
        let data = compress(&content, bytes, LEVEL).map_err(Error::disk(path.as_str()))?;
        Ok(Delta { reference: reference.map(|(hash, _)| hash), data: Base64(data) })
    }
}

#[async_trait(?Send)]
impl<A: Api> Remote for PatchRemote<'_, A> {
    fn strategy(&self) -> Strategy {
        Strategy::Patch
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

    fn admit(&self, overlay: &Overlay) -> Result<()> {
        let mut total: u64 = 0;
        for (path, entry) in overlay {
            let Some(file) = entry.as_ref().and_then(Entry::as_file) else { continue };
            if file.size > limits::PATCH_FILE {
                return Err(Error::FileTooLarge {
                    path: path.clone(),
                    size: file.size,
                    limit: limits::PATCH_FILE,
                });
            }
            total = total.saturating_add(file.size);
        }
        if total > limits::PATCH_WORKSPACE {
            return Err(Error::WorkspaceTooLarge { size: total, limit: limits::PATCH_WORKSPACE });
        }
        Ok(())
    }

    async fn head(&self, here: Option<Standing<'_>>) -> Result<Option<Head>> {
        let base = here.and_then(|here| here.revision());
        let Some(document) = self.api.progress(&self.course, base).await? else {
            return Ok(None);
        };
        registry::require(self.strategy(), &document)?;
        let (overlay, devices) = read_files(document.files)?;
        // A server that announces more than it takes would have this device unpack that much.
        self.admit(&overlay)?;
        Ok(Some(Head {
            revision: document.head,
            version: document.version,
            overlay,
            folders: Folders::new(),
            details: Details::default(),
            devices,
            base_known: document.base_known,
            progress: document.records,
        }))
    }

    async fn publish(&self, publish: &Publish<'_>) -> std::result::Result<Published, PublishError> {
        let mut answer = self.api.sync(&self.request(publish, Sending::Delta)?).await;
        if answer.as_ref().is_err_and(|error| error.is(code::UNKNOWN_REFERENCE)) {
            answer = self.api.sync(&self.request(publish, Sending::Whole)?).await;
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
        Ok(Published { revision, head, progress_digest, details: Details::default() })
    }

    async fn publish_progress(&self, version: &Version, progress: &Progress) -> Result<String> {
        Ok(self.api.sync(&self.envelope(version, progress)).await?.progress_digest)
    }

    async fn revision(&self, id: &RevisionId) -> Result<Option<Recorded>> {
        let Some(document) = self.api.revision(&self.course, id).await? else { return Ok(None) };
        if document.root.is_some() {
            return Err(Error::OtherStrategy(Strategy::Snapshot.to_string()));
        }
        let (overlay, _) = read_files(document.files)?;
        if id.is_commit() {
            // Carried by `git` before.
            let sizes = overlay.values().flatten().filter_map(|entry| Some(entry.as_file()?.size));
            if sizes.max() > Some(limits::GIT_FILE) {
                return Err(Error::InvalidTree(format!("{id} holds a file that is too large")));
            }
        } else {
            self.admit(&overlay)?;
        }
        let (folders, details) = (Folders::new(), Details::default());
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
        content: &Source<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut rest = wanted;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(batch(rest));
            rest = later;
            let wants =
                batch.iter().map(|want| Want { hash: want.hash, have: want.have }).collect();
            let request = ContentsRequest { version: version.clone(), wants };
            let answer = match self.api.contents(&self.course, &request).await {
                // The server has lost the workspace since it told of it: none of them is known.
                Err(error) if error.is(code::NO_PROGRESS) => return Ok(()),
                other => other?,
            };
            for found in answer.contents {
                // What was not asked for, or is larger than announced, is not looked at.
                let Some(want) = batch.iter().find(|want| want.hash == found.hash) else {
                    continue;
                };
                let reference = match found.delta.reference {
                    None => None,
                    Some(hash) => {
                        let Some(bytes) = content(&hash) else { continue };
                        Some(bytes)
                    }
                };
                let bytes =
                    decompress(&found.delta.data.0, reference.as_deref(), want.size, &want.hash)
                        .map_err(|error| Error::InvalidTree(error.to_string()))?;
                sink.content(&want.hash, bytes)?;
            }
        }
        Ok(())
    }

    async fn package(&self, version: &Version, out: &mut dyn Write) -> Result<String> {
        registry::package(self.api, &self.course, version, out).await
    }

    async fn newest_version(&self) -> Result<Version> {
        registry::newest_version(self.api, &self.course).await
    }
}

/// How many of `wanted` fit into one request; at least one.
fn batch(wanted: &[Wanted]) -> usize {
    let mut size: u64 = 0;
    let fitting = wanted
        .iter()
        .take(limits::CONTENTS_COUNT)
        .take_while(|want| {
            size = size.saturating_add(want.size);
            size <= limits::CONTENTS
        })
        .count();
    fitting.max(1)
}

/// The files of an answer, checked.
fn read_files(files: Vec<SavedFile>) -> Result<(Overlay, BTreeMap<RelPath, DeviceName>)> {
    let mut overlay = Overlay::new();
    let mut devices = BTreeMap::new();
    for SavedFile { path, state, device } in files {
        let entry = match state {
            FileState::File { hash, size, executable } => {
                Some(Entry::File(FileEntry { hash, size, executable }))
            }
            FileState::Link { target } => Some(Entry::Symlink(
                LinkTarget::new(&path, &target)
                    .map_err(|error| Error::InvalidTree(error.to_string()))?,
            )),
            FileState::Deleted => None,
        };
        devices.insert(path.clone(), device);
        if overlay.insert(path.clone(), entry).is_some() {
            return Err(Error::InvalidTree(format!("{path} is there twice")));
        }
    }
    Ok((overlay, devices))
}
