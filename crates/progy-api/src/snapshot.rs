//! Projects of any size (`/api/snapshots/{course}/…`), for the strategy `snapshot`.
//!
//! What a blob, a pack and a tree are, byte by byte: `docs/formats.md`. A save is sent in three steps,
//! each of which may be repeated: the device asks which blobs are there ([`HaveRequest`]), sends packs
//! with those that are not (`PUT …/packs/{pack}`), and names the root of the tree ([`CommitRequest`]).
//! Everything is about the learner who asks: blobs of others are not there, those of the course are.

use progy_core::progress::Progress;
use progy_core::{
    ContentHash, DeviceId, DeviceName, LessonId, RevisionId, SaveId, Strategy, Timestamp,
};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::delta::Base64;

/// Body of `POST /api/snapshots/{course}/have`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HaveRequest {
    /// The course version whose files count as being there.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: Version,
    /// The blobs' names one behind the other, 32 bytes each, at most [`crate::limits::BLOBS`] of them.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Byte))]
    pub names: Base64,
}

/// Answer of `POST /api/snapshots/{course}/have`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HaveAnswer {
    /// One bit for each name, in their order, the lowest of the first byte first: whether it is there.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Byte))]
    pub there: Base64,
}

/// Answer of `PUT /api/snapshots/{course}/packs/{pack}`, where `{pack}` is the BLAKE3 hash of the body
/// in 64 hexadecimal digits: every blob in it was checked, and is kept from now on for a day, or for as
/// long as a revision needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PackAnswer {
    /// How many blobs it has.
    pub blobs: u32,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Body of `POST /api/snapshots/{course}/blobs`. The answer is a pack that holds, beside others, those
/// that are asked for and there: as many as fit into [`crate::limits::BLOBS_ANSWER`], in the order asked
/// for, and at least one. What is left out is asked for again; what then does not come is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlobsRequest {
    /// The course version whose files count as being there.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: Version,
    /// The blobs' names one behind the other, 32 bytes each, at most [`crate::limits::BLOBS`] of them.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Byte))]
    pub names: Base64,
    /// Whether the recipes and nodes are wanted as well that these name, and those that they name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deep: bool,
    /// The root of a tree whose recipes and nodes the device has: `deep` stops at them.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<ContentHash>,
}

/// Body of `POST /api/snapshots/{course}/commit`.
///
/// The same request sent again has the same answer: a save is known by its [`SaveId`]. The answer is
/// that of `POST /api/sync`; 409 `head_moved` if `parent` is not the head; 409 `unknown_blobs` with some
/// of their `names` if the tree needs blobs that are not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommitRequest {
    /// The course version that the files belong to.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: Version,
    /// How the workspace was carried until now, if this save changes that: it is refused with
    /// `other_strategy` if that is not so.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Strategy>,
    /// The device's id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceId,
    /// The device's name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device_name: DeviceName,
    /// The revision that this one follows; absent for the first.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RevisionId>,
    /// Names this act of saving.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub save: SaveId,
    /// What the learner, or Progy, says of it.
    pub message: String,
    /// The lesson that it is about.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<LessonId>,
    /// By the device's clock: milliseconds since 1970.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub saved_at: Timestamp,
    /// The name of the tree's root: all files of the workspace, not only what differs from the template.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub root: ContentHash,
    /// Progress records that the server may not have.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}
