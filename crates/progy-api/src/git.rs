//! Git repositories of learners (`/api/git/…`), for the strategy `git`.
//!
//! Every answer is about a repository of the one who asks. Addresses never hold a secret.

use progy_core::{CourseId, Timestamp};
use serde::{Deserialize, Serialize};

/// Body of `POST /api/git/ensure-repo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnsureRepoRequest {
    /// The course; it is published.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub course: CourseId,
}

/// Answer of `POST /api/git/ensure-repo`: the repository is there, private, and empty if it is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Repo {
    /// Where to clone from and push to, over HTTP.
    pub repo_url: String,
    /// A page for people.
    pub html_url: String,
    /// Whether this request made it.
    pub created: bool,
    /// Who keeps it.
    pub host: GitHostKind,
    /// Who the learner's commits are by.
    pub author: Author,
}

/// Who keeps the repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum GitHostKind {
    /// The server itself. It takes the login of the API (`Authorization: Bearer`) as well as
    /// [`Credentials`].
    Embedded,
    /// A Forgejo or Gitea beside it.
    Forgejo,
    /// GitHub, in the learner's own account.
    GitHub,
}

impl GitHostKind {
    /// The name that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Forgejo => "forgejo",
            Self::GitHub => "github",
        }
    }
}

impl std::fmt::Display for GitHostKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name and an address as commits hold them: without `<`, `>` and line breaks, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Author {
    /// The account's display name.
    pub name: String,
    /// An address that reaches nobody: the account's own is not shown to who reads the repository.
    pub email: String,
}

/// Body of `POST /api/git/credentials`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CredentialsRequest {
    /// The course whose repository they open.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub course: CourseId,
    /// For what.
    #[serde(default)]
    pub access: GitAccess,
}

/// What credentials allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum GitAccess {
    /// Cloning and fetching.
    Read,
    /// That, and pushing.
    #[default]
    Write,
}

impl GitAccess {
    /// The name that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Answer of `POST /api/git/credentials`: for Basic authentication, for a short time, and for one
/// repository if the host can do that. The host is not GitHub.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// The user name.
    pub git_user: String,
    /// The password.
    pub git_token: String,
    /// The repository.
    pub repo_url: String,
    /// When they end.
    #[serde(with = "crate::time")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
}

/// Answer of `GET /api/git/credentials`: the learner's own token of GitHub.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GitHubCredentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { git_user, git_token: _, repo_url, expires_at } = self;
        f.debug_struct("Credentials")
            .field("git_user", git_user)
            .field("repo_url", repo_url)
            .field("expires_at", expires_at)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for GitHubCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHubCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_nothing_special_may_write() {
        let asked: CredentialsRequest = serde_json::from_str(r#"{"course":"sql"}"#).unwrap();
        assert_eq!(asked.access, GitAccess::Write);
        for access in [GitAccess::Read, GitAccess::Write] {
            assert_eq!(serde_json::to_value(access).unwrap(), access.as_str());
        }
        for host in [GitHostKind::Embedded, GitHostKind::Forgejo, GitHostKind::GitHub] {
            assert_eq!(serde_json::to_value(host).unwrap(), host.as_str());
        }
    }

    #[test]
    fn tokens_are_not_shown() {
        let credentials = Credentials {
            git_user: "progy".into(),
            git_token: "progyg_verysecret".into(),
            repo_url: "https://progy.example/git/ana/sql.git".into(),
            expires_at: Timestamp(0),
        };
        let github = GitHubCredentials { user: "x".into(), token: "gho_verysecret".into() };
        assert!(!format!("{credentials:?} {github:?}").contains("secret"));
        let text = serde_json::to_string(&credentials).unwrap();
        assert!(text.contains("progyg_verysecret") && text.contains("1970-01-01T00:00:00"));
    }
}
