//! Where a learner stands in a course.

use progy_core::progress::{Progress, Summary};
use progy_core::{ContentHash, CourseId, Strategy};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::history::{RevisionSummary, SavedFile};

/// Answer of `GET /api/progress/{course}?base=REV`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgressDocument {
    /// The course.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub course: CourseId,
    /// The course version of the head.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: Version,
    /// How the workspace is carried.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub strategy: Strategy,
    /// The newest revision; absent if only progress was ever sent.
    pub head: Option<RevisionSummary>,
    /// Whether the server knows the revision that the query names as `base`; true if it names
    /// none.
    pub base_known: bool,
    /// Statistics, exercises and quizzes, derived from `records`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub progress: Summary,
    /// The mergeable records.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub records: Progress,
    /// Digest of `records`.
    pub progress_digest: String,
    /// What the head differs in from the template of `version`. Under `snapshot` empty if that is more
    /// than [`crate::limits::LISTED_FILES`], or if the query says `files=none`.
    pub files: Vec<SavedFile>,
    /// Under `snapshot` the name of the root of the head's tree.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<ContentHash>,
}
