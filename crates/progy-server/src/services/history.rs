//! Revisions, the contents of their files, and news of new ones.

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, future};
use progy_api::account::User;
use progy_api::delta::{self, Base64, Delta};
use progy_api::history::{
    Content, ContentsAnswer, ContentsRequest, HeadEvent, RevisionDocument, RevisionPage, Want,
};
use progy_api::limits;
use progy_core::{ContentHash, CourseId, HashKind, RevisionId};

use super::Services;
use super::contents::Contents;
use super::snapshots::files::{SnapshotTree, content_hash};
use super::templates::Template;
use crate::ports::database::{Base, StoredContent, UserId};
use crate::{Result, ServiceError};

/// For contents that are compressed for one device.
const LEVEL: i32 = 3;

impl Services {
    /// A page of revisions older than `before`, newest first; `limit` is cut to
    /// [`limits::PAGE`].
    pub async fn revisions(
        &self,
        user: &User,
        course: &CourseId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<RevisionPage> {
        let workspace = self.workspace(user, course).await?;
        let limit = limit.clamp(1, limits::PAGE);
        let revisions = self.db.revisions(workspace.id, before, limit + 1).await?;
        let mut revisions = revisions.ok_or(ServiceError::NoRevision)?;
        let asked = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = revisions.len() > asked;
        revisions.truncate(asked);
        Ok(RevisionPage { revisions, more })
    }

    /// One revision with what differs from its template.
    pub async fn revision(
        &self,
        user: &User,
        course: &CourseId,
        revision: &RevisionId,
    ) -> Result<RevisionDocument> {
        self.revision_listed(user, course, revision, true).await
    }

    /// One revision. What a snapshot differs in from its template is only told if it is `listed`.
    pub async fn revision_listed(
        &self,
        user: &User,
        course: &CourseId,
        revision: &RevisionId,
        listed: bool,
    ) -> Result<RevisionDocument> {
        let workspace = self.workspace(user, course).await?;
        let id = revision;
        let revision = self.db.revision(workspace.id, id).await?;
        let revision = revision.ok_or(ServiceError::NoRevision)?;
        let files = if revision.summary.id.is_commit() {
            self.git_files(user, course, &revision.summary).await?
        } else if let Some(root) = revision.root {
            let (user, version) = (UserId(user.id.clone()), &revision.summary.version);
            let tree = SnapshotTree { user: &user, course, version, workspace: workspace.id, root };
            if listed {
                match self.snapshot_files(&tree, &revision.summary.device).await {
                    Ok(files) => files,
                    // It may have expired, and been swept, while it was read.
                    Err(_) if self.db.revision(workspace.id, id).await?.is_none() => {
                        return Err(ServiceError::NoRevision);
                    }
                    Err(error) => return Err(error),
                }
            } else {
                Vec::new()
            }
        } else {
            revision.overlay.into_saved()
        };
        let root = revision.root.filter(|_| !revision.summary.id.is_commit()).map(content_hash);
        Ok(RevisionDocument { revision: revision.summary, files, root })
    }

    /// Contents of files of this workspace, or of the template that the device has.
    pub async fn contents(
        &self,
        user: &User,
        course: &CourseId,
        request: &ContentsRequest,
    ) -> Result<ContentsAnswer> {
        let (wants, most) = (&request.wants, limits::CONTENTS_COUNT);
        if wants.len() > most {
            let count = wants.len();
            return Err(ServiceError::TooLarge(format!(
                "{count} contents; ask for {most} at once"
            )));
        }
        let workspace = self.workspace(user, course).await?;
        let library = self.library();
        let template = library.template(course, &request.version).await?;
        let (blobs, wants): (Vec<&Want>, Vec<&Want>) =
            wants.iter().partition(|want| want.hash.kind() == HashKind::GitBlob);
        if wants.is_empty() && !blobs.is_empty() {
            return Ok(ContentsAnswer { contents: self.git_contents(user, course, &blobs).await? });
        }
        if !blobs.is_empty() {
            return Err(ServiceError::BadRequest("the hashes are of two kinds".to_owned()));
        }
        let hashes: HashSet<ContentHash> =
            wants.iter().flat_map(|want| [Some(want.hash), want.have]).flatten().collect();
        let known = library.contents(course, Some(workspace.id), &hashes).await?;
        let answerer = Answerer { known, template: &template };
        let (mut contents, mut total) = (Vec::new(), 0);
        for want in wants {
            if total > limits::CONTENTS {
                let most = limits::CONTENTS;
                return Err(ServiceError::TooLarge(format!("ask for {most} bytes at once")));
            }
            let Some(content) = answerer.answer(want).await? else { continue };
            total += content.size;
            contents.push(content);
        }
        Ok(ContentsAnswer { contents })
    }

    /// The head as it is now, if there is one, and then each new one. Ends when the server stops.
    ///
    /// A reader that lags gets the newest.
    pub async fn events(
        &self,
        user: &User,
        course: &CourseId,
    ) -> Result<BoxStream<'static, HeadEvent>> {
        let id = UserId(user.id.clone());
        // Before the head is read, so that none is missed in between.
        let news = self.db.subscribe(&id, course).await?;
        let head = match self.db.workspace(&id, course).await? {
            Some(workspace) => {
                self.catch_up(user, &workspace, course).await;
                self.db.workspace(&id, course).await?.and_then(|workspace| workspace.head)
            }
            None if self.db.course(course).await?.is_some() => None,
            None => return Err(ServiceError::NoCourse),
        };
        let course = course.clone();
        let first = head.map(|head| HeadEvent { course, head });
        let each_once = |last: &mut Option<RevisionId>, event: HeadEvent| {
            let again = last.replace(event.head.id.clone()).as_ref() == Some(&event.head.id);
            future::ready(Some((!again).then_some(event)))
        };
        let events = stream::iter(first).chain(news).scan(None, each_once);
        Ok(events.filter_map(future::ready).boxed())
    }
}

struct Answerer<'a> {
    known: Contents,
    template: &'a Template,
}

impl Answerer<'_> {
    /// The content that is wanted, in the form that is cheapest to send among those that are cheap
    /// to make; `None` if it is not known here.
    async fn answer(&self, want: &Want) -> Result<Option<Content>> {
        let stored = self.known.stored(&want.hash);
        if let Some(content) = stored.and_then(|stored| self.as_stored(stored, want.have)) {
            return Ok(Some(content));
        }
        let bytes = match stored {
            Some(_) => self.known.bytes(&want.hash).await?,
            None => self.known.bytes_or_template(&want.hash, self.template).await?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let reference = self.reference(want).await?;
        let data = delta::compress(&bytes, reference.as_deref(), LEVEL);
        let data = Base64(data.map_err(ServiceError::internal)?);
        let reference = want.have.filter(|_| reference.is_some());
        let delta = Delta { reference, data };
        Ok(Some(Content { hash: want.hash, size: bytes.len() as u64, delta }))
    }

    /// The stored frame as it is, if the device can read it and would not get a smaller one.
    fn as_stored(&self, stored: &StoredContent, have: Option<ContentHash>) -> Option<Content> {
        let reference = match &stored.base {
            Base::Alone => None,
            // The frame of a content that is a template's file is empty.
            Base::Template { hash, .. } if *hash == stored.hash => return None,
            Base::Content(hash) | Base::Template { hash, .. } => Some(*hash),
        };
        let readable = match (reference, have) {
            (reference, Some(have)) => reference == Some(have),
            (None, None) => true,
            (Some(reference), None) => self.template.place(&reference).is_some(),
        };
        readable.then(|| Content {
            hash: stored.hash,
            size: stored.size,
            delta: Delta { reference, data: Base64(stored.data.clone()) },
        })
    }

    /// The bytes of what the device has, if that is known here and is something else.
    async fn reference(&self, want: &Want) -> Result<Option<Bytes>> {
        match want.have {
            Some(have) if have != want.hash => {
                self.known.bytes_or_template(&have, self.template).await
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
