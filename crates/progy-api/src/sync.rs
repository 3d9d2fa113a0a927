//! Publishing a save.

use progy_core::progress::Progress;
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, LessonId, RelPath, RevisionId, SaveId, Strategy,
    Timestamp,
};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::delta::Delta;
use crate::history::RevisionSummary;

/// Body of `POST /api/sync`.
///
/// The same request sent again has the same answer: a save is known by its [`SaveId`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncRequest {
    /// The course.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub course: CourseId,
    /// The course version that the files belong to.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: Version,
    /// How the workspace is carried.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    #[serde(default)]
    pub strategy: Strategy,
    /// How the workspace was carried until now, if this save changes that: it is refused with
    /// `other_strategy` if that is not so. Ignored without `save`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Strategy>,
    /// The device's id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceId,
    /// The device's name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device_name: DeviceName,
    /// The revision that this one follows; absent for the first. Ignored without `save`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RevisionId>,
    /// The save; absent if only progress is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save: Option<Save>,
    /// Progress records that the server may not have.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// One state to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Save {
    /// Names this act of saving.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: SaveId,
    /// What the learner, or Progy, says of it.
    pub message: String,
    /// The lesson that it is about.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<LessonId>,
    /// By the device's clock: milliseconds since 1970.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub saved_at: Timestamp,
    /// What `changes` are relative to.
    pub since: Since,
    /// The files that differ.
    pub changes: Vec<FileChange>,
}

/// What the changes of a save are relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Since {
    /// The parent revision, of the same course version.
    Parent,
    /// The template of `version`: the changes are all that differs from it. For the first save, and
    /// for one that changes the course version.
    Template,
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileChange {
    /// Where.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub path: RelPath,
    /// What is there now.
    #[serde(flatten)]
    pub action: Action,
}

/// What a change puts at its path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Action {
    /// A file.
    Put {
        /// BLAKE3 of its bytes.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        hash: ContentHash,
        /// In bytes.
        size: u64,
        /// Whether its owner may run it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        executable: bool,
        /// The bytes; absent if the template or an earlier revision of this workspace has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Delta>,
    },
    /// A symbolic link inside the workspace.
    Link {
        /// Where it points, relative to its folder.
        target: String,
    },
    /// Nothing.
    Delete,
}

/// Answer of `POST /api/sync` (200).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncAnswer {
    /// The revision that the save became; absent if none was sent.
    pub revision: Option<RevisionSummary>,
    /// The head after it. Another one than `revision` if the save had been published before, and
    /// other devices have published since.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub head: Option<RevisionId>,
    /// Digest of the merged progress; a device whose own differs asks for it.
    pub progress_digest: String,
}

impl Action {
    /// Hash and size, if this is a file.
    pub fn file(&self) -> Option<(ContentHash, u64)> {
        match self {
            Self::Put { hash, size, .. } => Some((*hash, *size)),
            Self::Link { .. } | Self::Delete => None,
        }
    }
}
