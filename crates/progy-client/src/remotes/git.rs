//! The `git` strategy: the workspace is a Git repository, a save is a commit and a push.
//!
//! - `commits`: saves become commits, and commits are read as saves;
//! - `host`: what is said to the host: fetch, push, and how to come in;
//! - `takeover`: what was saved by another strategy becomes commits;
//! - `by_hand`: what a learner made of the repository with stock Git.
//!
//! A commit that waits is part of the local branch already; pushing it needs no new decision. The
//! server's own record of the workspace (`/api/progress`, `progy log` elsewhere) follows the
//! repository.

mod by_hand;
mod commits;
mod host;
mod takeover;

pub use host::KnownRepo;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;

use async_trait::async_trait;
use progy_api::history::{RevisionPage, RevisionSummary};
use progy_api::limits;
use progy_api::sync::SyncRequest;
use progy_core::git::{Kind, ObjectId};
use progy_core::progress::Progress;
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, Entry, HashKind, RelPath, RevisionId, SaveId,
    Strategy,
};
use progy_git::{Repository, Stat};
use semver::Version;

use crate::api::{Api, GitApi, RepoAccess};
use crate::details::Details;
use crate::disk::Disk;
use crate::remote::{
    Beside, Head, Publish, PublishError, Published, Recorded, Remote, Seal, Show, Sink, Source,
    Standing, Wanted,
};
use crate::remotes::registry;
use crate::state::{Folders, Overlay};
use crate::template::Template;
use crate::{Error, Result};

/// How far back is looked for the device that changed a path last, in commits.
const AUTHORS: usize = 64;

/// A workspace in a repository on some Git host.
pub struct GitRemote<'a, A> {
    /// The server.
    pub api: &'a A,
    /// The workspace's file system.
    pub disk: &'a dyn Disk,
    /// The workspace's folder, in which libgit2 keeps `.git`.
    pub root: PathBuf,
    /// The course.
    pub course: CourseId,
    /// This device's id.
    pub device: DeviceId,
    /// This device's name.
    pub device_name: DeviceName,
    /// The clock's distance from UTC in minutes, for the dates of commits.
    pub offset: i32,
    /// The command that stock Git asks for a login.
    pub helper: String,
    /// What this process has learned.
    pub known: Known,
}

/// What a process has learned of a repository.
#[derive(Default)]
pub struct Known {
    repository: OnceCell<Repository>,
    access: RefCell<Option<RepoAccess>>,
    /// The host had this commit when it was asked last.
    head: Cell<Option<ObjectId>>,
    templates: RefCell<BTreeMap<Version, Rc<Template>>>,
}

impl<A> std::fmt::Debug for GitRemote<'_, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitRemote").field("course", &self.course).finish_non_exhaustive()
    }
}

impl<A: Api + GitApi> GitRemote<'_, A> {
    fn repository(&self) -> Result<&Repository> {
        if let Some(repository) = self.known.repository.get() {
            return Ok(repository);
        }
        let repository = Repository::open_or_init(&self.root)?;
        Ok(self.known.repository.get_or_init(|| repository))
    }

    /// The template of a course version, fetched if it is not on this device.
    async fn template(&self, version: &Version) -> Result<Rc<Template>> {
        if let Some(template) = self.known.templates.borrow().get(version) {
            return Ok(Rc::clone(template));
        }
        let template = Rc::new(Template::fetch(self.disk, version, self).await?);
        self.known.templates.borrow_mut().insert(version.clone(), Rc::clone(&template));
        Ok(template)
    }

    /// A commit with what it differs in from the template of its course version.
    async fn recorded(&self, commit: &ObjectId) -> Result<Recorded> {
        let revision = self.summary(commit)?;
        let files = self.repository()?.tree(commit)?;
        let template = self.template(&revision.version).await?;
        let overlay = crate::state::overlay(template.tree(), &files);
        let (folders, details) = (Folders::new(), Details::default());
        Ok(Recorded { revision, overlay, folders, details })
    }

    /// Progress that the server may not have.
    fn envelope(&self, version: &Version, progress: &Progress) -> SyncRequest {
        SyncRequest {
            course: self.course.clone(),
            version: version.clone(),
            strategy: Strategy::Git,
            from: None,
            device: self.device.clone(),
            device_name: self.device_name.clone(),
            parent: None,
            save: None,
            progress: (!progress.is_empty()).then(|| progress.clone()),
        }
    }

    /// Which device last changed a path, of those that changed since `base`.
    fn devices(
        &self,
        base: Option<ObjectId>,
        head: &ObjectId,
    ) -> Result<BTreeMap<RelPath, DeviceName>> {
        let repository = self.repository()?;
        let mut devices = BTreeMap::new();
        for (id, commit) in repository.log(head, AUTHORS)? {
            if Some(id) == base {
                break;
            }
            let device = commit.facts.device.unwrap_or_else(commits::by_hand);
            for path in repository.changed_paths(&id)? {
                if let Ok(path) = RelPath::new(&path) {
                    devices.entry(path).or_insert_with(|| device.clone());
                }
            }
        }
        Ok(devices)
    }

    async fn published(&self, commit: &ObjectId, publish: &Publish<'_>) -> Result<Published> {
        let head = self.known.head.get().unwrap_or(*commit);
        let revision = self.summary(commit)?;
        let progress_digest = if publish.progress.is_empty() {
            None
        } else {
            Some(self.publish_progress(&publish.save.version, publish.progress).await?)
        };
        let (head, details) = (head.revision(), Details::default());
        Ok(Published { revision, head, progress_digest, details })
    }

    /// A page of the history that ends with `from`.
    fn page(&self, from: Option<ObjectId>, limit: u32) -> Result<RevisionPage> {
        let Some(from) = from else {
            return Ok(RevisionPage { revisions: Vec::new(), more: false });
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut commits = self.repository()?.log(&from, limit.saturating_add(1))?;
        let more = commits.len() > limit;
        commits.truncate(limit);
        let revisions = commits.iter().map(|(id, _)| self.summary(id)).collect::<Result<_>>()?;
        Ok(RevisionPage { revisions, more })
    }
}

fn object(revision: &RevisionId) -> Result<ObjectId> {
    ObjectId::try_from(revision).map_err(|_| Error::NoRevision(revision.to_string()))
}

#[async_trait(?Send)]
impl<A: Api + GitApi> Remote for GitRemote<'_, A> {
    fn strategy(&self) -> Strategy {
        Strategy::Git
    }

    async fn take_history(&self, from: &[&dyn Remote]) -> Result<()> {
        self.bring_history(from).await
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
        let files = overlay
            .iter()
            .filter_map(|(path, entry)| Some((path, entry.as_ref().and_then(Entry::as_file)?)));
        let limit = limits::GIT_FILE;
        let large = files.into_iter().find(|(_, file)| file.size > limit);
        large.map_or(Ok(()), |(path, file)| {
            Err(Error::FileTooLarge { path: path.clone(), size: file.size, limit })
        })
    }

    async fn head(&self, here: Option<Standing<'_>>) -> Result<Option<Head>> {
        let base = here.and_then(|here| here.revision());
        let main = self.host_head().await?;
        let document = self.api.progress(&self.course, None).await?;
        if let Some(document) = &document {
            registry::require(Strategy::Git, document)?;
        }
        let Some(main) = main else {
            return Ok(document.map(|document| Head {
                revision: None,
                version: document.version,
                overlay: Overlay::new(),
                folders: Folders::new(),
                details: Details::default(),
                devices: BTreeMap::new(),
                base_known: base.is_none(),
                progress: document.records,
            }));
        };
        let repository = self.repository()?;
        let base_known = match base {
            // One that is no commit is of another history.
            Some(base) => {
                object(base).is_ok_and(|b| repository.follows(&main, &b).unwrap_or(false))
            }
            None => true,
        };
        let base = base.and_then(|base| object(base).ok());
        let progress = document.map(|document| document.records).unwrap_or_default();
        let is_base = base.as_ref() == Some(&main);
        let (revision, overlay) = if is_base {
            (self.outline(&main)?, Overlay::new())
        } else {
            let recorded = self.recorded(&main).await?;
            (recorded.revision, recorded.overlay)
        };
        let devices = if is_base { BTreeMap::new() } else { self.devices(base, &main)? };
        let version = revision.version.clone();
        let revision = Some(revision);
        Ok(Some(Head {
            revision,
            version,
            overlay,
            devices,
            base_known,
            folders: Folders::new(),
            details: Details::default(),
            progress,
        }))
    }

    fn seal(&self, seal: &Seal<'_>) -> Result<Option<RevisionId>> {
        self.seal_commit(seal).map(|commit| Some(commit.revision()))
    }

    async fn beside(&self, left: &[Option<&RevisionId>]) -> Result<Beside> {
        self.look_by_hand(left).await
    }

    fn show(&self, show: &Show<'_>) -> Result<bool> {
        let repository = self.repository()?;
        let seen = |path: &RelPath| {
            let Some(Entry::File(file)) = show.files.get(path.as_str()) else { return None };
            let meta = (show.seen)(path, &file.hash)?;
            Some(Stat {
                modified: meta.modified,
                changed: meta.changed,
                inode: meta.inode,
                size: meta.size,
            })
        };
        // In this order: a kill between leaves what looks like files that were added.
        repository.write_index(show.files, seen)?;
        let from = show.from.map(object).transpose()?;
        repository.move_main(from, object(show.tip)?, "progy: save")?;
        Ok(true)
    }

    async fn publish(&self, publish: &Publish<'_>) -> std::result::Result<Published, PublishError> {
        let commit = if let Some(sealed) = &publish.save.sealed {
            object(sealed)?
        } else {
            // Who commits is known once the repository is settled.
            self.access().await?;
            if publish.parent.revision.as_ref().is_some_and(|parent| object(parent).is_err()) {
                return Err(PublishError::HeadMoved);
            }
            self.seal_for(publish)?
        };
        let newest = publish.rest.last().and_then(|save| save.sealed.as_ref());
        let newest = newest.map_or(Ok(commit), object)?;
        // What was pushed by this process a moment ago, along with the saves before it.
        let pushed = self.known.head.get();
        if !publish.rest.is_empty() || pushed != Some(commit) {
            self.push(publish, commit, newest).await?;
        }
        Ok(self.published(&commit, publish).await?)
    }

    async fn publish_progress(&self, version: &Version, progress: &Progress) -> Result<String> {
        Ok(self.api.sync(&self.envelope(version, progress)).await?.progress_digest)
    }

    async fn revision(&self, id: &RevisionId) -> Result<Option<Recorded>> {
        let commit = match object(id) {
            Ok(commit) => commit,
            // From before the workspace came to be carried by Git: it is a commit now.
            Err(_) => match self.api.revision(&self.course, id).await? {
                Some(found) if found.revision.id.is_commit() => object(&found.revision.id)?,
                _ => return Ok(None),
            },
        };
        let repository = self.repository()?;
        let mut head = repository.published()?;
        if head.is_none() || repository.read(&commit, Kind::Commit)?.is_none() {
            head = self.host_head().await?;
        }
        let Some(head) = head else { return Ok(None) };
        if repository.read(&commit, Kind::Commit)?.is_none()
            || !repository.follows(&head, &commit)?
        {
            return Ok(None);
        }
        self.recorded(&commit).await.map(Some)
    }

    async fn log(&self, before: Option<&RevisionId>, limit: u32) -> Result<RevisionPage> {
        let repository = self.repository()?;
        if let Some(before) = before {
            let commit = repository.commit(&object(before)?)?;
            return self.page(commit.and_then(|commit| commit.parents.first().copied()), limit);
        }
        let head = match self.host_head().await {
            // The history is here as well, as far as it was fetched.
            Err(Error::Unreachable(why)) => {
                let known = repository.published()?;
                Some(known.ok_or(Error::Unreachable(why))?)
            }
            other => other?,
        };
        self.page(head, limit)
    }

    async fn fetch(
        &self,
        _: &Version,
        wanted: &[Wanted],
        _: &Source<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let repository = self.repository()?;
        let mut asked = false;
        for want in wanted.iter().filter(|want| want.hash.kind() == HashKind::GitBlob) {
            let Ok(blob) = ObjectId::try_from(&want.hash) else { continue };
            let mut bytes = repository.read(&blob, Kind::Blob)?;
            if bytes.is_none() && !asked {
                asked = true;
                self.host_head().await?;
                bytes = repository.read(&blob, Kind::Blob)?;
            }
            if let Some(bytes) = bytes {
                sink.content(&ContentHash::from(blob), bytes)?;
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
