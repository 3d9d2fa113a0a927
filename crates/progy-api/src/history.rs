//! Revisions, their files, and the contents of files.

use progy_core::{
    ContentHash, CourseId, DeviceName, LessonId, RelPath, RevisionId, SaveId, Strategy, Timestamp,
};
use semver::Version;
use serde::{Deserialize, Serialize};

/// One revision, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevisionSummary {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: RevisionId,
    /// The revision before it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub parent: Option<RevisionId>,
    /// The save that made it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub save: SaveId,
    /// The device that saved.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceName,
    /// What the learner, or Progy, said of it.
    pub message: String,
    /// The lesson that it is about.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub lesson: Option<LessonId>,
    /// When the device saved, by the device's clock: milliseconds since 1970.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub saved_at: Timestamp,
    /// The course version that its files belong to.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: Version,
    /// How many files differ from the parent.
    pub files_changed: u32,
    /// The size of what was sent for it, in bytes.
    pub bytes: u64,
}

/// Body of `POST /api/workspaces/{course}/strategy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StrategyRequest {
    /// How the workspace shall be carried.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub strategy: Strategy,
    /// The newest revision that the device knows; absent without one.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<RevisionId>,
}

/// Answer of `POST /api/workspaces/{course}/strategy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StrategyAnswer {
    /// How the workspace is carried now.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub strategy: Strategy,
}

/// Answer of `GET /api/workspaces/{course}/revisions?before=REV&limit=N`: newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevisionPage {
    /// The revisions.
    pub revisions: Vec<RevisionSummary>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Answer of `GET /api/workspaces/{course}/revisions/{rev}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevisionDocument {
    /// The revision.
    pub revision: RevisionSummary,
    /// What differs from the template of its course version. Under `snapshot` empty if that is more
    /// than [`crate::limits::LISTED_FILES`], or if the query says `files=none`.
    pub files: Vec<SavedFile>,
    /// Under `snapshot` the name of the tree's root.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<ContentHash>,
}

/// One path that differs from the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedFile {
    /// Where.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub path: RelPath,
    /// What is there.
    #[serde(flatten)]
    pub state: FileState,
    /// The device that changed it last.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceName,
}

/// What a path holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum FileState {
    /// A regular file.
    File {
        /// BLAKE3 of its bytes, 64 hexadecimal digits.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        hash: ContentHash,
        /// In bytes.
        size: u64,
        /// Whether its owner may run it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        executable: bool,
    },
    /// A symbolic link inside the workspace.
    Link {
        /// Where it points, relative to its folder.
        target: String,
    },
    /// The template has a file here, the learner deleted it.
    Deleted,
}

/// Body of `POST /api/workspaces/{course}/contents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContentsRequest {
    /// The course version whose template the device has; a reference may be a file of it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: Version,
    /// What is wanted: at most [`crate::limits::CONTENTS`] bytes together.
    pub wants: Vec<Want>,
}

/// One content that a device wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Want {
    /// Its hash.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub hash: ContentHash,
    /// A similar content that the device has: the answer may be a delta against it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub have: Option<ContentHash>,
}

/// Answer of `POST /api/workspaces/{course}/contents`: what the workspace has of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContentsAnswer {
    /// The contents, in the order asked for; unknown ones are left out.
    pub contents: Vec<Content>,
}

/// One content, compressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Content {
    /// Its hash.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub hash: ContentHash,
    /// Its size in bytes once decompressed.
    pub size: u64,
    /// The bytes.
    #[serde(flatten)]
    pub delta: crate::delta::Delta,
}

/// Data of one server-sent event of `GET /api/workspaces/{course}/events`; its name is `head`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeadEvent {
    /// The course.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub course: CourseId,
    /// The new head.
    pub head: RevisionSummary,
}
