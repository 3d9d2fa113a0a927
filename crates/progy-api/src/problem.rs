//! Errors as RFC 9457 problem documents.

use progy_core::RevisionId;
use serde::{Deserialize, Serialize};

use crate::history::RevisionSummary;

/// `application/problem+json`: what went wrong, with a stable `code`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank`: the code says it all.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short text for the status.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable name of the error, one of [`code`].
    pub code: String,
    /// One sentence about this occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Of account routes: `detail` again, where Better Auth's client looks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Id of the request in the server's logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// With `head_moved`: where the workspace is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<HeadMoved>,
    /// With `file_too_large`, `invalid_change` and the like: the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub path: Option<progy_core::RelPath>,
    /// With `unknown_blobs`: some of their names one behind the other, 32 bytes each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Byte))]
    pub names: Option<crate::delta::Base64>,
}

/// The head is not the parent that a publish named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeadMoved {
    /// The newest revision; absent if the server has none (it was restored from an old backup).
    pub head: Option<RevisionSummary>,
    /// Whether the server knows the parent that was named. If not, the server has lost revisions.
    pub parent_known: bool,
    /// The parent that was named.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub parent: Option<RevisionId>,
}

/// The stable codes.
pub mod code {
    /// 401: no token, or one that is unknown, revoked or expired.
    pub const UNAUTHORIZED: &str = "unauthorized";
    /// 403: the role does not allow it.
    pub const FORBIDDEN: &str = "forbidden";
    /// 403: the token may not be used for this.
    pub const INSUFFICIENT_SCOPE: &str = "insufficient_scope";
    /// 429: tried too often; `Retry-After` says how long to wait.
    pub const RATE_LIMITED: &str = "rate_limited";
    /// 404: no such route.
    pub const NOT_FOUND: &str = "not_found";
    /// 404: no such course, or version of it.
    pub const NO_COURSE: &str = "no_course";
    /// 404: the learner never started this course.
    pub const NO_PROGRESS: &str = "no_progress";
    /// 404: no such revision in this workspace.
    pub const NO_REVISION: &str = "no_revision";
    /// 409: another device published first.
    pub const HEAD_MOVED: &str = "head_moved";
    /// 409: this save id was used for another content.
    pub const SAVE_REUSED: &str = "save_reused";
    /// 409: this course version exists with another content.
    pub const VERSION_EXISTS: &str = "version_exists";
    /// 409: the workspace has another strategy.
    pub const OTHER_STRATEGY: &str = "other_strategy";
    /// 409: repositories are kept by another host than the one that this route is for.
    pub const OTHER_HOST: &str = "other_host";
    /// 403: the learner has to link their account at another service (again), or to allow more there;
    /// `detail` says what.
    pub const LINK_NEEDED: &str = "link_needed";
    /// 503: repositories cannot be served: the program `git` is missing on the server's machine, or
    /// the host that keeps them does not answer.
    pub const GIT_UNAVAILABLE: &str = "git_unavailable";
    /// 413: the body is larger than the route takes.
    pub const TOO_LARGE: &str = "too_large";
    /// 422: a file is over the limit of the strategy.
    pub const FILE_TOO_LARGE: &str = "file_too_large";
    /// 422: the workspace is over the limit of the strategy.
    pub const WORKSPACE_TOO_LARGE: &str = "workspace_too_large";
    /// 507: the learner's quota is used up.
    pub const QUOTA_EXCEEDED: &str = "quota_exceeded";
    /// 422: a delta's reference is not known here; send the content without one.
    pub const UNKNOWN_REFERENCE: &str = "unknown_reference";
    /// 409: a tree needs blobs that are not here; send them.
    pub const UNKNOWN_BLOBS: &str = "unknown_blobs";
    /// 422: the content does not have the hash or size that was announced.
    pub const WRONG_HASH: &str = "wrong_hash";
    /// 422: a change that makes no valid tree.
    pub const INVALID_CHANGE: &str = "invalid_change";
    /// 422: the package is no valid course.
    pub const INVALID_PACKAGE: &str = "invalid_package";
    /// 400: the request could not be read.
    pub const BAD_REQUEST: &str = "bad_request";
    /// 408: the request took too long.
    pub const TIMEOUT: &str = "timeout";
    /// 503: a port does not answer, or the server is stopping.
    pub const UNAVAILABLE: &str = "unavailable";
    /// 500: our fault; the logs say more.
    pub const INTERNAL: &str = "internal";
}
