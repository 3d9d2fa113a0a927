//! What a repository begins with: the files of a course version.

use std::sync::Arc;

use async_trait::async_trait;
use progy_core::{ContentHash, CourseId, Tree};
use semver::Version;

use crate::ports::git_host::Template;
use crate::ports::{PortError, Result as PortResult};
use crate::services::Services;
use crate::services::templates::{Template as Pack, Templates};
use crate::{Result, ServiceError};

/// The files of a course version, as the services have them.
pub struct CourseTemplate {
    course: CourseId,
    version: Version,
    package: ContentHash,
    pack: Arc<Pack>,
    templates: Arc<Templates>,
}

impl CourseTemplate {
    /// That of a version that is published.
    pub(super) async fn of(
        services: &Services,
        course: &CourseId,
        version: &Version,
    ) -> Result<Self> {
        let published = services.db.version(course, version).await?;
        let published = published.ok_or(ServiceError::NoCourse)?;
        let pack = services.library().template(course, version).await?;
        let templates = Arc::clone(&services.templates);
        let (course, version) = (course.clone(), version.clone());
        Ok(Self { course, version, package: published.package, pack, templates })
    }
}

#[async_trait]
impl Template for CourseTemplate {
    fn course(&self) -> &CourseId {
        &self.course
    }

    fn version(&self) -> &Version {
        &self.version
    }

    fn package(&self) -> &ContentHash {
        &self.package
    }

    fn tree(&self) -> &Tree {
        self.pack.tree()
    }

    async fn part(&self, content: &ContentHash, part: usize) -> PortResult<Option<Vec<u8>>> {
        let place = self.pack.place(content);
        let place = place.ok_or_else(|| PortError::Damaged(format!("no content {content}")))?;
        if part >= place.chunks() {
            return Ok(None);
        }
        self.templates.chunk(&self.pack, content, part).await.map(Some)
    }
}
