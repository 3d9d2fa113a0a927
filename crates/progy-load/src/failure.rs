//! Why there is no load.

use std::path::PathBuf;

use progy_client::api::ApiError;
use progy_client::api::http::HttpError;
use progy_client::remote::PublishError;
use progy_core::CourseId;

/// Ends the run. What a server refuses while learners work does not: it is counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A load is for one's own server only.
    #[error("{0} is not on this machine; a load is for a server at 127.0.0.1 or ::1")]
    NotHere(String),
    /// The file of tokens is empty.
    #[error("there are no tokens")]
    NoTokens,
    /// No server has kept anything there.
    #[error("{} is no data folder of a server", .0.display())]
    NoData(PathBuf),
    /// The server has no such course.
    #[error("the server has no course {0}")]
    NoCourse(CourseId),
    /// The server has no course at all.
    #[error("the server has no course")]
    NoCourses,
    /// There is nothing to edit.
    #[error("the course {0} has no small text file to edit")]
    NothingToEdit(CourseId),
    /// A new learner cannot be made.
    #[error("cannot make a learner: {0}")]
    Account(String),
    /// The course cannot be read.
    #[error(transparent)]
    Package(#[from] progy_course::PackageError),
    /// The server's address is none.
    #[error(transparent)]
    Address(#[from] HttpError),
    /// The server did not answer before the learners began.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The workspace of a learner cannot be read.
    #[error(transparent)]
    Client(#[from] progy_client::Error),
    /// A learner's repository cannot be used.
    #[error(transparent)]
    Git(#[from] progy_git::Error),
    /// The server did not take the beginning of a learner's work.
    #[error("a workspace cannot begin: {0}")]
    Begin(#[from] PublishError),
    /// The system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
