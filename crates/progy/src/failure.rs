//! How a run ends, and what is said when it ends badly.

use std::fmt::Display;

use progy_client::Error;
use progy_client::api::ApiError;
use progy_client::api::http::HttpError;
use progy_client::config::ConfigError;
use progy_core::RelPath;
use progy_git::{Error as GitError, Obstacle};

use crate::human;

/// How a run ends: the codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    Usage,
    /// Done, but conflict copies are waiting.
    Conflicts,
    NotLoggedIn,
    /// Local work is safe and queued.
    Unreachable,
}

impl Exit {
    /// What the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Conflicts => 3,
            Self::NotLoggedIn => 4,
            Self::Unreachable => 5,
        }
    }
}

/// A run that ends badly: its exit code, and a message of the catalogue that says what happened,
/// that the work is safe, and what to run next. Made by `fail!`.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) key: &'static str,
    variables: Vec<(&'static str, String)>,
}

impl Failure {
    pub(crate) fn new(
        exit: Exit,
        key: &'static str,
        variables: Vec<(&'static str, String)>,
    ) -> Self {
        Self { exit, key, variables }
    }

    /// The message in the learner's language, one line.
    pub(crate) fn text(&self, messages: &crate::messages::Messages) -> String {
        let variables: Vec<(&str, &dyn Display)> =
            self.variables.iter().map(|(name, value)| (*name, value as &dyn Display)).collect();
        messages.text(self.key, &variables)
    }
}

/// Whether a disk, or somebody's part of it, has no room.
fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        use Exit::{Failed, NotLoggedIn, Unreachable};
        match error {
            Error::Disk { source, .. } if is_full(&source) => fail!(Failed, "disk-full"),
            Error::Disk { path, source } => {
                fail!(Failed, "disk-failed", path = path, reason = source)
            }
            Error::Damaged(what) => fail!(Failed, "damaged", what = what),
            Error::FromTheFuture(what) => fail!(Failed, "from-the-future", what = what),
            Error::NoWorkspace => fail!(Failed, "no-workspace"),
            Error::Locked => fail!(Failed, "locked"),
            Error::Unreachable(why) => fail!(Unreachable, "unreachable", reason = why),
            Error::NotLoggedIn => fail!(NotLoggedIn, "not-logged-in"),
            Error::LinkNeeded(why) => fail!(NotLoggedIn, "link-needed", reason = why),
            Error::Keyring(why) => fail!(NotLoggedIn, "keyring-closed", reason = why),
            Error::NoCourse(course) => fail!(Failed, "no-course", course = course),
            Error::NoVersion(course, version) => {
                fail!(Failed, "no-version", course = course, version = version)
            }
            Error::BadPackage(why) => fail!(Failed, "bad-package", reason = why),
            Error::FileTooLarge { path, size, limit } => too_large(&path, size, limit),
            Error::WorkspaceTooLarge { size, limit } => fail!(
                Failed,
                "workspace-too-large",
                size = human::size(size),
                limit = human::size(limit)
            ),
            Error::QuotaExceeded => fail!(Failed, "quota-exceeded"),
            Error::OtherStrategy(what) => fail!(Failed, "other-strategy", strategy = what),
            Error::KeepsChanging(path) => fail!(Failed, "keeps-changing", path = path),
            Error::KeepsMarkers(path) => fail!(Failed, "keeps-markers", path = path),
            Error::Busy => fail!(Failed, "busy"),
            Error::NoRevision(text) => fail!(Failed, "no-revision", revision = text),
            Error::NoSuchPath(path) => fail!(Failed, "no-such-path", path = path),
            Error::MissingContent(path) => fail!(Failed, "missing-content", path = path),
            Error::Git(error) => git(error),
            Error::ForeignRepository => fail!(Failed, "foreign-repository"),
            Error::GitHost(why) => fail!(Failed, "git-host-refused", reason = why),
            Error::InvalidTree(why) => fail!(Failed, "invalid-tree", reason = why),
            Error::Refused(problem) => {
                let why = problem.detail.as_deref().unwrap_or(&problem.title);
                fail!(Failed, "refused", reason = why, code = problem.code)
            }
        }
    }
}

fn git(error: GitError) -> Failure {
    use Exit::Failed;
    match error {
        GitError::Obstacle(obstacle) => match obstacle {
            Obstacle::OtherBranch(branch) => fail!(Failed, "git-other-branch", branch = branch),
            Obstacle::Detached => fail!(Failed, "git-detached"),
            Obstacle::Unfinished(what) => fail!(Failed, "git-unfinished", what = what),
            Obstacle::Locked(lock) => fail!(Failed, "git-locked", lock = lock),
            Obstacle::Unmerged => fail!(Failed, "git-unmerged"),
            Obstacle::LineEndings => fail!(Failed, "git-line-endings"),
            Obstacle::Filter(filter) => fail!(Failed, "git-filter", filter = filter),
            Obstacle::Unrelated => fail!(Failed, "git-unrelated"),
            Obstacle::Shallow => fail!(Failed, "git-shallow"),
        },
        GitError::Unfit(path, why) => fail!(Failed, "git-unfit", path = path, reason = why),
        GitError::UnfitPath(error) => fail!(Failed, "git-unfit-path", reason = error),
        GitError::Object(id, why) => fail!(Failed, "git-object", id = id, reason = why),
        GitError::Moved => fail!(Failed, "git-moved"),
        GitError::Pack(why) => fail!(Exit::Unreachable, "unreachable", reason = why),
        GitError::Other(why) => fail!(Failed, "git-failed", reason = why),
    }
}

fn too_large(path: &RelPath, size: u64, limit: u64) -> Failure {
    fail!(
        Exit::Failed,
        "file-too-large",
        path = path,
        size = human::size(size),
        limit = human::size(limit)
    )
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Error::from(error).into()
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::NoHome => fail!(Exit::Failed, "no-home"),
            ConfigError::Io { path, source } => {
                fail!(Exit::Failed, "config-io", path = path.display(), reason = source)
            }
            ConfigError::Damaged { path, message } => {
                let message = message.lines().collect::<Vec<_>>().join(" ");
                fail!(Exit::Failed, "config-damaged", path = path.display(), reason = message)
            }
            ConfigError::Keyring(error) => {
                fail!(Exit::NotLoggedIn, "keyring-closed", reason = error)
            }
            ConfigError::Server(error) => fail!(Exit::Failed, "bad-server", reason = error),
        }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Address(error) => fail!(Exit::Failed, "bad-server", reason = error),
            HttpError::Token => fail!(Exit::NotLoggedIn, "bad-token"),
        }
    }
}
