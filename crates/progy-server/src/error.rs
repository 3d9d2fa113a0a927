//! What a service answers when it does not do what was asked.

use progy_api::delta::Base64;
use progy_api::problem::{HeadMoved, Problem, code};
use progy_core::RelPath;

use crate::ports::PortError;
use crate::services::accounts::Refusal;

/// A service's result.
pub type Result<T, E = ServiceError> = std::result::Result<T, E>;

/// Why a request was not carried out: one variant for each [`code`], and the few that only the
/// command line can meet.
///
/// Messages go to the caller. None of them tells anything of another learner's data: what is unknown
/// and what belongs to somebody else read the same.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No token, or one that is unknown, revoked or expired.
    #[error("log in first: the token is missing, unknown, revoked or expired")]
    Unauthorized,
    /// The role does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// An account route refuses, in the words of Better Auth.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Tried too often.
    #[error("that was too often; try again in {seconds} seconds")]
    RateLimited {
        /// How long to wait.
        seconds: u64,
    },
    /// No such route.
    #[error("there is nothing here")]
    NotFound,
    /// No such course, or version of it.
    #[error("there is no such course, or no such version of it")]
    NoCourse,
    /// The learner never started this course.
    #[error("this course was not started yet")]
    NoProgress,
    /// No such revision in this workspace.
    #[error("this workspace has no such revision")]
    NoRevision,
    /// Another device published first.
    #[error("the workspace has moved on; merge and publish again")]
    HeadMoved(Box<HeadMoved>),
    /// The save id was used for another content.
    #[error("this save id was used for another content")]
    SaveReused,
    /// The course version exists with another content.
    #[error("this version is published already with another content; raise the version")]
    VersionExists,
    /// The workspace has another strategy.
    #[error("{0}")]
    OtherStrategy(String),
    /// More than the route takes.
    #[error("{0}")]
    TooLarge(String),
    /// A file is over the limit of the strategy.
    #[error("{path:?} has {size} bytes; a file may have {limit} under this strategy")]
    FileTooLarge {
        /// The file.
        path: RelPath,
        /// In bytes.
        size: u64,
        /// In bytes.
        limit: u64,
    },
    /// The workspace is over the limit of the strategy.
    #[error("the files that differ from the template are over the limit: {0}")]
    WorkspaceTooLarge(String),
    /// The learner's quota is used up.
    #[error("the quota is used up: {used} of {quota} bytes, and {needed} more are needed")]
    QuotaExceeded {
        /// What the learner's workspaces hold, in bytes.
        used: u64,
        /// What this request would add, in bytes.
        needed: u64,
        /// What they may hold, in bytes.
        quota: u64,
    },
    /// A reference, or a content that was not sent, is not known in this workspace.
    #[error("the content, or what it refers to, is not known here; send it without a reference")]
    UnknownReference(RelPath),
    /// The content does not have the announced hash or size, or is damaged.
    #[error("{path:?}: {reason}")]
    WrongHash {
        /// The file.
        path: RelPath,
        /// What did not agree.
        reason: String,
    },
    /// A change that makes no valid tree.
    #[error("{path:?}: {reason}")]
    InvalidChange {
        /// The file.
        path: RelPath,
        /// The rule that it breaks.
        reason: String,
    },
    /// The body is no pack, or not the one that was announced.
    #[error("{0}")]
    WrongPack(String),
    /// A tree that is none.
    #[error("{0}")]
    WrongTree(String),
    /// A tree needs blobs that are not there; these are names of some.
    #[error("the tree needs {} blobs or more that are not here; send them, and commit again", .0.len())]
    UnknownBlobs(Vec<progy_snapshot::BlobId>),
    /// The package is no valid course.
    #[error("{0}")]
    InvalidPackage(String),
    /// The request makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// The request took too long.
    #[error("the request took too long")]
    Timeout,
    /// Repositories are kept by another host than the route is for.
    #[error("{0}")]
    OtherHost(String),
    /// The learner has to link another service, or to allow more there; the text says it.
    #[error("{0}")]
    LinkNeeded(String),
    /// Repositories cannot be served.
    #[error("{0}")]
    GitUnavailable(String),
    /// A port does not answer.
    #[error("the server cannot do this right now; try again in a moment")]
    Unavailable(#[source] Option<PortError>),
    /// Our fault. The source is for the logs, not for the caller.
    #[error("something went wrong here; the server's log says more")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// `admin user add`: the name is taken.
    #[error("a user named {0:?} exists already")]
    UserExists(String),
    /// `admin token create`: there is no such user.
    #[error("there is no user named {0:?}; add it with `progy admin user add {0}`")]
    NoUser(String),
    /// `admin token revoke`: there is no such token.
    #[error(
        "no single token in force has an id that begins with {0:?}; see `progy admin token list`"
    )]
    NoToken(String),
}

impl ServiceError {
    /// An error that is our fault.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// The HTTP status, the stable code and the short text of the error.
    pub fn kind(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Unauthorized => (401, code::UNAUTHORIZED, "Unauthorized"),
            Self::Forbidden(_) => (403, code::FORBIDDEN, "Forbidden"),
            Self::Refused(refusal) => {
                let (status, code) = refusal.kind();
                (status, code, "Refused")
            }
            Self::RateLimited { .. } => (429, code::RATE_LIMITED, "Too many requests"),
            Self::NotFound | Self::NoUser(_) | Self::NoToken(_) => {
                (404, code::NOT_FOUND, "Not found")
            }
            Self::NoCourse => (404, code::NO_COURSE, "No such course"),
            Self::NoProgress => (404, code::NO_PROGRESS, "No progress"),
            Self::NoRevision => (404, code::NO_REVISION, "No such revision"),
            Self::HeadMoved(_) => (409, code::HEAD_MOVED, "The head has moved"),
            Self::SaveReused => (409, code::SAVE_REUSED, "The save id is used"),
            Self::VersionExists => (409, code::VERSION_EXISTS, "The version exists"),
            Self::OtherStrategy(_) => (409, code::OTHER_STRATEGY, "Another strategy"),
            Self::LinkNeeded(_) => (403, code::LINK_NEEDED, "Another service has to be linked"),
            Self::OtherHost(_) => (409, code::OTHER_HOST, "Another host"),
            Self::GitUnavailable(_) => (503, code::GIT_UNAVAILABLE, "No repositories"),
            Self::TooLarge(_) => (413, code::TOO_LARGE, "Too large"),
            Self::FileTooLarge { .. } => (422, code::FILE_TOO_LARGE, "The file is too large"),
            Self::WorkspaceTooLarge(_) => {
                (422, code::WORKSPACE_TOO_LARGE, "The workspace is too large")
            }
            Self::QuotaExceeded { .. } => (507, code::QUOTA_EXCEEDED, "The quota is used up"),
            Self::UnknownReference(_) => (422, code::UNKNOWN_REFERENCE, "Unknown reference"),
            Self::WrongPack(_) => (422, code::WRONG_HASH, "Wrong pack"),
            Self::WrongTree(_) => (422, code::INVALID_CHANGE, "Invalid tree"),
            Self::UnknownBlobs(_) => (409, code::UNKNOWN_BLOBS, "Unknown blobs"),
            Self::WrongHash { .. } => (422, code::WRONG_HASH, "Wrong hash"),
            Self::InvalidChange { .. } => (422, code::INVALID_CHANGE, "Invalid change"),
            Self::InvalidPackage(_) => (422, code::INVALID_PACKAGE, "Invalid package"),
            Self::BadRequest(_) | Self::UserExists(_) => (400, code::BAD_REQUEST, "Bad request"),
            Self::Timeout => (408, code::TIMEOUT, "Timeout"),
            Self::Unavailable(_) => (503, code::UNAVAILABLE, "Unavailable"),
            Self::Internal(_) => (500, code::INTERNAL, "Internal error"),
        }
    }

    /// The document that the caller gets.
    pub fn problem(&self) -> Problem {
        let (status, code, title) = self.kind();
        let moved = match self {
            Self::HeadMoved(moved) => Some((**moved).clone()),
            _ => None,
        };
        let path = match self {
            Self::FileTooLarge { path, .. }
            | Self::UnknownReference(path)
            | Self::WrongHash { path, .. }
            | Self::InvalidChange { path, .. } => Some(path.clone()),
            _ => None,
        };
        let names = match self {
            Self::UnknownBlobs(blobs) => {
                Some(Base64(blobs.iter().flat_map(|blob| *blob.as_bytes()).collect()))
            }
            _ => None,
        };
        Problem {
            kind: "about:blank".to_owned(),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            detail: Some(self.to_string()),
            message: None,
            request_id: None,
            moved,
            path,
            names,
        }
    }
}

impl From<PortError> for ServiceError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable(_) | PortError::KeyRetired => Self::Unavailable(Some(error)),
            PortError::Damaged(_) | PortError::Failed(_) => Self::internal(error),
        }
    }
}
