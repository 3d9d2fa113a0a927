//! The bytes behind a hash: of this workspace, or of a template that it refers to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use progy_api::delta;
use progy_core::{ContentHash, CourseId};
use semver::Version;

use super::Services;
use super::templates::{Template, Templates};
use crate::ports::Database;
use crate::ports::database::{Base, StoredContent, WorkspaceId};
use crate::{Result, ServiceError};

/// The longest chain of frames relative to each other: a content is read by decompressing at most
/// this many before its own.
pub(super) const DEEPEST: u8 = 8;

/// Where contents are looked for.
#[derive(Clone)]
pub(super) struct Library {
    db: Arc<dyn Database>,
    templates: Arc<Templates>,
}

/// Contents of one workspace, as they are stored, with all that they are relative to.
///
/// It is filled from that workspace and from templates of its course only, so that no hash, however
/// it was come by, leads to another learner's bytes.
pub(super) struct Contents {
    library: Library,
    course: CourseId,
    stored: HashMap<ContentHash, StoredContent>,
}

impl Services {
    /// Where contents are looked for.
    pub(super) fn library(&self) -> Library {
        Library { db: Arc::clone(&self.db), templates: Arc::clone(&self.templates) }
    }
}

impl Library {
    /// Those of `hashes` that the workspace holds; without a workspace, none.
    pub(super) async fn contents(
        &self,
        course: &CourseId,
        workspace: Option<WorkspaceId>,
        hashes: &HashSet<ContentHash>,
    ) -> Result<Contents> {
        let stored = match workspace {
            Some(workspace) if !hashes.is_empty() => {
                let hashes: Vec<ContentHash> = hashes.iter().copied().collect();
                self.db.contents(workspace, &hashes).await?
            }
            _ => Vec::new(),
        };
        let stored = stored.into_iter().map(|content| (content.hash, content)).collect();
        Ok(Contents { library: self.clone(), course: course.clone(), stored })
    }

    /// The template of a course version.
    pub(super) async fn template(
        &self,
        course: &CourseId,
        version: &Version,
    ) -> Result<Arc<Template>> {
        self.templates.get(course, version).await?.ok_or(ServiceError::NoCourse)
    }

    /// A file of a template, if it is not too large to be held in memory.
    pub(super) async fn original(
        &self,
        template: &Template,
        hash: &ContentHash,
    ) -> Result<Option<Bytes>> {
        Ok(self.templates.content(template, hash).await?)
    }

    /// The `chunk`th part of a file of a template.
    pub(super) async fn chunk(
        &self,
        template: &Template,
        hash: &ContentHash,
        chunk: usize,
    ) -> Result<Vec<u8>> {
        Ok(self.templates.chunk(template, hash, chunk).await?)
    }
}

impl Contents {
    /// How a content is stored.
    pub(super) fn stored(&self, hash: &ContentHash) -> Option<&StoredContent> {
        self.stored.get(hash)
    }

    /// The bytes of a content of the workspace.
    pub(super) async fn bytes(&self, hash: &ContentHash) -> Result<Option<Bytes>> {
        let mut chain = Vec::new();
        let Some(mut at) = self.stored.get(hash) else { return Ok(None) };
        let mut reference = loop {
            match &at.base {
                Base::Alone => {
                    chain.push(at);
                    break None;
                }
                Base::Template { version, hash } => {
                    let below = self.of_template(version, hash).await?;
                    if *hash != at.hash {
                        chain.push(at);
                    }
                    break Some(below);
                }
                Base::Content(below) => {
                    chain.push(at);
                    at = self.stored.get(below).ok_or_else(|| damaged(below))?;
                }
            }
            if chain.len() > usize::from(DEEPEST) + 1 {
                return Err(damaged(hash));
            }
        };
        while let Some(content) = chain.pop() {
            let bytes =
                delta::decompress(&content.data, reference.as_deref(), content.size, &content.hash)
                    .map_err(ServiceError::internal)?;
            reference = Some(bytes.into());
        }
        Ok(reference)
    }

    /// The bytes of a content of the workspace, or else of `template`, if it is not too large to be
    /// held in memory.
    pub(super) async fn bytes_or_template(
        &self,
        hash: &ContentHash,
        template: &Template,
    ) -> Result<Option<Bytes>> {
        match self.library.original(template, hash).await? {
            Some(bytes) => Ok(Some(bytes)),
            None => self.bytes(hash).await,
        }
    }

    async fn of_template(&self, version: &Version, hash: &ContentHash) -> Result<Bytes> {
        let template = self.library.template(&self.course, version).await?;
        self.library.original(&template, hash).await?.ok_or_else(|| damaged(hash))
    }
}

fn damaged(hash: &ContentHash) -> ServiceError {
    ServiceError::internal(format!("the content {hash} cannot be put together"))
}
