//! Courses.

use progy_core::CourseId;
use semver::Version;
use serde::{Deserialize, Serialize};

/// Answer of `GET /api/courses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CourseList {
    /// The courses, by id.
    pub courses: Vec<CourseSummary>,
}

/// One course, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CourseSummary {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: CourseId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// The newest version (a pre-release only if there is nothing else).
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub latest: Version,
}

/// Answer of `GET /api/courses/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CourseDocument {
    /// The course.
    #[serde(flatten)]
    pub course: CourseSummary,
    /// Its versions, newest first.
    pub versions: Vec<CourseVersion>,
}

/// One published version; also the answer of `PUT /api/courses/{id}/versions/{version}` (201, or
/// 200 if the same package was there).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CourseVersion {
    /// The version.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: Version,
    /// The size of the package in bytes.
    pub size: u64,
    /// BLAKE3 of the package, 64 hexadecimal digits; also the `ETag` of the download.
    pub hash: String,
    /// How many files its template has.
    pub files: u64,
    /// Milliseconds since 1970.
    pub published_at: i64,
}
