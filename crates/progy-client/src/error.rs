//! What can go wrong on a device: a variant for each thing that a caller can do something about.

use progy_core::{CourseId, RelPath};
use semver::Version;

use crate::api::ApiError;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation did not end well. Whatever it is, nothing that the learner wrote is lost.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("{path}: {source}")]
    Disk {
        /// Relative to the workspace.
        path: String,
        /// What it said.
        source: std::io::Error,
    },
    /// A file of Progy's own is damaged.
    #[error("{0} is damaged")]
    Damaged(String),
    /// A file of Progy's own comes from a newer version of Progy.
    #[error("{0} was written by a newer version of Progy")]
    FromTheFuture(String),
    /// There is no workspace here.
    #[error("this folder is no workspace")]
    NoWorkspace,
    /// Another process works in this workspace.
    #[error("another progy command is working in this workspace")]
    Locked,
    /// The server cannot be reached; what was saved is queued.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The token is missing, unknown or revoked.
    #[error("not logged in")]
    NotLoggedIn,
    /// The learner has to link an account at another service; the text says which and why.
    #[error("{0}")]
    LinkNeeded(String),
    /// The token is in the system's keyring, which does not give it out.
    #[error("the system's keyring does not give out the login: {0}")]
    Keyring(String),
    /// The server has no such course.
    #[error("there is no course {0}")]
    NoCourse(CourseId),
    /// The course has no such version.
    #[error("course {0} has no version {1}")]
    NoVersion(CourseId, Version),
    /// The course's package is damaged or hostile.
    #[error("the package of the course is not valid: {0}")]
    BadPackage(String),
    /// A file is larger than the strategy carries.
    #[error("{path} has {size} bytes; this strategy carries files up to {limit}")]
    FileTooLarge {
        /// The file.
        path: RelPath,
        /// In bytes.
        size: u64,
        /// In bytes.
        limit: u64,
    },
    /// All that differs from the template is larger than the strategy carries.
    #[error(
        "the workspace differs from its template by {size} bytes; this strategy carries {limit}"
    )]
    WorkspaceTooLarge {
        /// In bytes.
        size: u64,
        /// In bytes.
        limit: u64,
    },
    /// The learner's quota on the server is used up.
    #[error("the quota on the server is used up")]
    QuotaExceeded,
    /// The workspace is carried by another strategy.
    #[error("the workspace is carried by another strategy: {0}")]
    OtherStrategy(String),
    /// Files change faster than they can be read.
    #[error("{0} keeps changing")]
    KeepsChanging(RelPath),
    /// There are conflict markers in a file that was said to be merged.
    #[error("{0} still holds conflict markers")]
    KeepsMarkers(RelPath),
    /// Other devices publish faster than this one.
    #[error("other devices keep publishing")]
    Busy,
    /// No revision has that id, or several begin with it.
    #[error("no single revision is called {0}")]
    NoRevision(String),
    /// No lesson or file has that name.
    #[error("there is no lesson or file {0}")]
    NoSuchPath(String),
    /// The content of a file cannot be had from anywhere.
    #[error("the content of {0} is not to be had")]
    MissingContent(RelPath),
    /// The workspace's repository cannot be used as it is.
    #[error(transparent)]
    Git(#[from] progy_git::Error),
    /// The folder is a Git repository of something else.
    #[error("this folder is a Git repository already")]
    ForeignRepository,
    /// The Git host took the request and refused the save.
    #[error("the Git host refused: {0}")]
    GitHost(String),
    /// The server sent what makes no valid tree.
    #[error("the server sent invalid files: {0}")]
    InvalidTree(String),
    /// The server refused for another reason.
    #[error("{}", .0.detail.as_deref().unwrap_or(&.0.title))]
    Refused(Box<progy_api::problem::Problem>),
}

impl Error {
    /// Wraps an error of the file system at `path`.
    pub fn disk(path: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { path, source }
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        use progy_api::problem::code;
        match error {
            ApiError::Unreachable(why) => Self::Unreachable(why),
            ApiError::Unauthorized => Self::NotLoggedIn,
            ApiError::Keyring(why) => Self::Keyring(why),
            ApiError::HeadMoved(_) => Self::Busy,
            ApiError::Disk(source) => Self::Disk { path: String::new(), source },
            ApiError::Problem(problem) => match problem.code.as_str() {
                code::UNAUTHORIZED => Self::NotLoggedIn,
                code::LINK_NEEDED => Self::LinkNeeded(problem.detail.unwrap_or(problem.title)),
                code::QUOTA_EXCEEDED => Self::QuotaExceeded,
                code::UNAVAILABLE | code::TIMEOUT => Self::Unreachable(problem.title),
                code::OTHER_STRATEGY => {
                    Self::OtherStrategy(problem.detail.unwrap_or(problem.title))
                }
                _ => Self::Refused(problem),
            },
        }
    }
}
