//! Course packages: the same in every strategy.

use std::io::Write;

use progy_core::CourseId;
use semver::Version;

use crate::api::Api;
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
