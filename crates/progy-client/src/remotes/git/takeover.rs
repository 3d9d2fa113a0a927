//! What was saved by another strategy becomes commits.
//!
//! A commit follows from its revision alone: the files, the message, the device and the time, all of
//! which any device reads from the server. Two devices that bring the same history make the same
//! commits, and it does not matter which of them is first, or where one of them stops.

use std::collections::BTreeMap;

use progy_core::git::{Kind, ObjectId};
use progy_core::{ContentHash, Entry, HashKind, RevisionId, Tree};

use super::commits::Draft;
use super::{Api, GitApi, GitRemote, RevisionSummary, object};
use crate::details::Details;
use crate::names::{Names, named};
use crate::pages::Pages;
use crate::remote::{Gathered, Recorded, Remote, Wanted};
use crate::state::{Folders, Overlay, Queued, overlaid};
use crate::template::Template;
use crate::{Error, Result};

/// How often another device may be in the way.
const TRIES: u32 = 4;

/// Revisions that are no commits yet.
struct Former {
    /// What the oldest of them follows.
    parent: Option<ObjectId>,
    /// Newest first.
    revisions: Vec<RevisionSummary>,
}

/// The commits of [`Former`] as they are made.
struct Making {
    parent: Option<ObjectId>,
    files: Tree,
    /// What contents of the other strategy are called here.
    names: Names,
}

impl<A: Api + GitApi> GitRemote<'_, A> {
    /// Pushes what the other strategy saved, if nobody has done it yet.
    pub(super) async fn bring_history(&self, from: &[&dyn Remote]) -> Result<()> {
        // Who commits is known once the repository is settled.
        self.access().await?;
        for _ in 0..TRIES {
            let former = self.former(from).await?;
            // What else was pushed is on record as soon as the server has looked: then the files of
            // this device are put on top of it.
            if former.revisions.is_empty() || self.host_head().await? != former.parent {
                return Ok(());
            }
            let Some(newest) = self.commits_of(&former, from).await? else { continue };
            if self.push_history(former.parent, newest).await? {
                return Ok(());
            }
        }
        Err(Error::Busy)
    }

    async fn former(&self, from: &[&dyn Remote]) -> Result<Former> {
        let mut revisions = Vec::new();
        // All of them know the whole list.
        let Some(first) = from.first() else { return Ok(Former { parent: None, revisions }) };
        let mut history = Pages::of(*first);
        while let Some(page) = history.next().await? {
            for revision in page {
                if revision.id.is_commit() {
                    return Ok(Former { parent: Some(object(&revision.id)?), revisions });
                }
                revisions.push(revision);
            }
        }
        Ok(Former { parent: None, revisions })
    }

    /// Makes the commits; `None` if the revisions have become commits meanwhile.
    async fn commits_of(&self, former: &Former, from: &[&dyn Remote]) -> Result<Option<ObjectId>> {
        let files = match &former.parent {
            Some(parent) => self.repository()?.tree(parent)?,
            None => Tree::new(),
        };
        let mut making = Making { parent: former.parent, files, names: Names::new() };
        for revision in former.revisions.iter().rev() {
            let Some((recorded, from)) = recorded_by(from, &revision.id).await? else {
                return Ok(None);
            };
            let hashes = crate::contents::hashes(recorded.overlay.values());
            if recorded.revision.id != revision.id
                || hashes.iter().any(|hash| hash.kind() == HashKind::GitBlob)
            {
                return Ok(None);
            }
            self.commit_of_revision(recorded, from, &mut making).await?;
        }
        Ok(making.parent)
    }

    async fn commit_of_revision(
        &self,
        Recorded { revision, overlay, details, .. }: Recorded,
        from: &dyn Remote,
        making: &mut Making,
    ) -> Result<()> {
        let template = self.template(&revision.version).await?;
        let wanted = wanted(&overlay, &details, making);
        let bytes = self.contents_of(&revision, wanted, from, making).await?;
        let overlay = named(overlay, HashKind::GitBlob, &making.names)?;
        let files = overlaid(template.tree(), &overlay)?;
        let save = Queued {
            id: revision.save,
            message: revision.message,
            lesson: revision.lesson,
            saved_at: revision.saved_at,
            version: revision.version,
            overlay: Overlay::new(),
            folders: Folders::new(),
            sealed: None,
        };
        let repository = self.repository()?;
        let commit = self.write_commit(&Draft {
            parent: making.parent,
            save: &save,
            before: &making.files,
            files: &files,
            origin: None,
            device: &revision.device,
            // Where the device was is not on record.
            offset: 0,
            content: &|hash| {
                let of_template = || template.content(self.disk, hash).ok().flatten();
                let written = || {
                    let blob = ObjectId::try_from(hash).ok()?;
                    repository.read(&blob, Kind::Blob).ok().flatten()
                };
                bytes.get(hash).cloned().or_else(of_template).or_else(written)
            },
        })?;
        making.parent = Some(commit);
        making.files = files;
        Ok(())
    }

    /// Fetches the contents of a revision that no revision before it had, by their names here.
    async fn contents_of(
        &self,
        revision: &RevisionSummary,
        wanted: Vec<Wanted>,
        from: &dyn Remote,
        making: &mut Making,
    ) -> Result<BTreeMap<ContentHash, Vec<u8>>> {
        let mut bytes = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(bytes);
        }
        // The server counts on the template being here.
        let template = Template::fetch(self.disk, &revision.version, from).await?;
        let here = |hash: &ContentHash| template.content(self.disk, hash).ok().flatten();
        let mut gathered = Gathered::default();
        from.fetch(&revision.version, &wanted, &here, &mut gathered).await?;
        for want in wanted {
            let Some(content) = gathered.get(&want.hash) else { continue };
            let name = HashKind::GitBlob.hash(&content);
            making.names.insert(want.hash, name);
            bytes.insert(name, content);
        }
        Ok(bytes)
    }
}

/// A revision, and the remote that carried it.
async fn recorded_by<'f>(
    from: &[&'f dyn Remote],
    id: &RevisionId,
) -> Result<Option<(Recorded, &'f dyn Remote)>> {
    for remote in from {
        match remote.revision(id).await {
            Err(Error::OtherStrategy(_)) => {}
            found => return Ok(found?.map(|recorded| (recorded, *remote))),
        }
    }
    Ok(None)
}

/// The contents of a revision that have no name here yet.
fn wanted(overlay: &Overlay, details: &Details, making: &Making) -> Vec<Wanted> {
    let files = overlay.values().flatten().filter_map(Entry::as_file);
    let new = files.filter(|file| !making.names.contains_key(&file.hash));
    let mut wanted: Vec<Wanted> = new.map(|file| Wanted::with(file, details)).collect();
    wanted.sort();
    wanted.dedup();
    wanted
}
