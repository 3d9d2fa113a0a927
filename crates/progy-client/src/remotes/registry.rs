//! What is asked of the server itself: the same in every strategy.

use std::io::Write;

use progy_api::history::StrategyRequest;
use progy_api::progress::ProgressDocument;
use progy_core::{CourseId, RevisionId, SaveId, Strategy};
use semver::Version;

use crate::api::{Api, ApiError};
use crate::remote::PublishError;
use crate::{Error, Result};

/// Writes the package of a course version to `out`. Returns the BLAKE3 hash that the registry has
/// for it.
pub(super) async fn package(
    api: &impl Api,
    course: &CourseId,
    version: &Version,
    out: &mut dyn Write,
) -> Result<String> {
    let document = api.course(course).await?;
    let document = document.ok_or_else(|| Error::NoCourse(course.clone()))?;
    let published = document
        .versions
        .into_iter()
        .find(|published| published.version == *version)
        .ok_or_else(|| Error::NoVersion(course.clone(), version.clone()))?;
    api.package(course, version, out).await?;
    Ok(published.hash)
}

/// The newest version of the course.
pub(super) async fn newest_version(api: &impl Api, course: &CourseId) -> Result<Version> {
    let document = api.course(course).await?;
    let document = document.ok_or_else(|| Error::NoCourse(course.clone()))?;
    Ok(document.course.latest)
}

/// How the server says that the workspace is carried.
pub(super) async fn carried_by(api: &impl Api, course: &CourseId) -> Result<Option<Strategy>> {
    Ok(api.progress(course, None).await?.map(|document| document.strategy))
}

/// Has the server carry the workspace by `strategy`.
pub(super) async fn claim(
    api: &impl Api,
    course: &CourseId,
    strategy: Strategy,
    head: Option<&RevisionId>,
) -> std::result::Result<(), PublishError> {
    let request = StrategyRequest { strategy, head: head.cloned() };
    match api.change_strategy(course, &request).await {
        Ok(_) => Ok(()),
        Err(ApiError::HeadMoved(_)) => Err(PublishError::HeadMoved),
        Err(error) => Err(PublishError::Other(error.into())),
    }
}

/// The save that a revision recorded.
pub(super) async fn save_of(
    api: &impl Api,
    course: &CourseId,
    revision: &RevisionId,
) -> Result<Option<SaveId>> {
    Ok(api.revision(course, revision).await?.map(|found| found.revision.save))
}

/// Refuses a workspace whose revisions are not where `strategy` looks for them.
pub(super) fn require(strategy: Strategy, document: &ProgressDocument) -> Result<()> {
    let Some(head) = &document.head else { return Ok(()) };
    // Until somebody has brought the history into the repository the head is from before.
    if document.strategy == strategy && head.id.is_commit() == (strategy == Strategy::Git) {
        return Ok(());
    }
    Err(Error::OtherStrategy(document.strategy.to_string()))
}
