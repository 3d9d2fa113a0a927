//! The stand-in repository as the services see it: a [`GitHost`] without programs.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use progy_api::git::{GitAccess, GitHostKind};
use progy_core::git::{Kind, Object, ObjectId};
use progy_server::ports::git_host::objects::{Found, Objects};
use progy_server::ports::git_host::{Ensured, GitHostError, Pass, RepoName, Result};
use progy_server::ports::{GitHost, PortError};

use super::repo::Host;

/// A repository that is read.
struct Reading {
    host: Arc<Host>,
    begun: Option<Vec<u8>>,
}

/// The host, shared with the server that it is part of.
#[derive(Debug)]
pub(crate) struct Shared(pub(crate) Arc<Host>);

#[async_trait]
impl GitHost for Shared {
    fn kind(&self) -> GitHostKind {
        GitHostKind::Embedded
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn ensure(&self, repo: &RepoName, _: &str) -> Result<Ensured> {
        let url = Host::url(&repo.course);
        let created = self.0.main().is_none();
        Ok(Ensured { repo_url: url.clone(), html_url: url, created })
    }

    async fn pass(&self, _: &RepoName, _: GitAccess, _: &str) -> Result<Pass> {
        Err(GitHostError::Unavailable("devices come in by their own login".to_owned()))
    }

    async fn head(&self, _: &RepoName) -> Result<Option<ObjectId>> {
        Ok(self.0.main())
    }

    async fn open(&self, _: &RepoName) -> Result<Option<Box<dyn Objects>>> {
        Ok(Some(Box::new(Reading { host: Arc::clone(&self.0), begun: None })))
    }

    async fn stored(&self, _: &RepoName) -> Result<u64> {
        Ok(0)
    }

    async fn delete(&self, _: &RepoName) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Objects for Reading {
    async fn look(&mut self, ids: &[ObjectId]) -> progy_server::ports::Result<Vec<Option<Found>>> {
        let look = |id: &ObjectId| {
            let object = self.host.object(id)?;
            Some(Found { kind: Some(object.kind), size: object.bytes.len() as u64 })
        };
        Ok(ids.iter().map(look).collect())
    }

    async fn read(
        &mut self,
        id: ObjectId,
        limit: u64,
    ) -> progy_server::ports::Result<Option<Object>> {
        Ok(self.host.object(&id).filter(|object| object.bytes.len() as u64 <= limit))
    }

    async fn begin(&mut self, id: ObjectId) -> progy_server::ports::Result<Option<u64>> {
        let blob = self.host.object(&id).filter(|object| object.kind == Kind::Blob);
        self.begun = blob.map(|blob| blob.bytes);
        Ok(self.begun.as_ref().map(|bytes| bytes.len() as u64))
    }

    async fn next(&mut self) -> progy_server::ports::Result<Bytes> {
        let bytes = self.begun.as_mut().map(std::mem::take);
        let bytes = bytes.ok_or_else(|| PortError::Failed("nothing was begun".to_owned()))?;
        Ok(bytes.into())
    }
}
