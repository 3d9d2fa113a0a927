//! Learners' repositories, for the strategy `git`.
//!
//! - [`access`]: who may do what with which;
//! - [`template`]: what a repository begins with;
//! - [`noting`], [`upkeep`]: what was pushed becomes revisions; [`news`]: hearing of it from another
//!   host;
//! - `reading`, `archive`: their files, from the repository.
//!
//! A repository is the truth; the database's rows are a record of it that can be made anew.

pub mod access;
mod archive;
pub mod news;
pub mod noting;
mod reading;
pub mod template;
pub mod upkeep;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use progy_api::account::User;
use progy_api::git::{
    Author, Credentials, CredentialsRequest, GitAccess, GitHostKind, GitHubCredentials, Repo,
};
use progy_core::git::Signature;
use progy_core::{CourseId, Strategy, Timestamp};
use semver::Version;
use tokio::sync::Mutex;

use super::Services;
use super::cache::Cache;
use super::github::token::{GitHubToken, GitHubTokens, TokenTrouble};
use crate::ports::database::{Claim, UserId, Workspace};
use crate::ports::git_host::embedded::{Embedded, Settings};
use crate::ports::git_host::forgejo::{self, Forgejo};
use crate::ports::git_host::github::{self, GitHubHost, Learners, LearnersToken};
use crate::ports::git_host::naming::GitTemplate;
use crate::ports::git_host::{GitHostError, RepoName};
use crate::ports::github::Scopes;
use crate::ports::{GitHost, PortError};
use crate::vault::Vault;
use crate::{Result, ServiceError};
use template::CourseTemplate;

/// What templates in Git's terms may take in memory, in bytes.
const TEMPLATES: usize = 16 << 20;
/// How long another host's word that it can work is believed, in milliseconds.
const BELIEVED: u64 = 30 * 1_000;
/// What GitHub must allow for private repositories.
const GITHUB_SCOPES: &str = "repo";

/// Who keeps the repositories.
#[derive(Clone)]
pub struct Repositories {
    host: Arc<dyn GitHost>,
    /// The host, if it is the one that this server serves itself.
    embedded: Option<Arc<Embedded>>,
    /// Templates in Git's terms.
    templates: Arc<Cache<(CourseId, Version), Arc<GitTemplate>>>,
    /// What another host answered when it was asked last whether it can work, and when.
    trouble: Arc<Mutex<Option<Answered>>>,
}

/// What a host answered, and when.
struct Answered {
    at: Timestamp,
    trouble: Option<String>,
}

impl Repositories {
    /// Kept and served by this server.
    pub fn embedded(host: Arc<Embedded>) -> Self {
        let embedded = Some(Arc::clone(&host));
        Self { embedded, ..Self::elsewhere(host) }
    }

    /// Kept elsewhere.
    pub fn elsewhere(host: Arc<dyn GitHost>) -> Self {
        let templates = Arc::new(Cache::new(TEMPLATES));
        Self { host, embedded: None, templates, trouble: Arc::default() }
    }
}

impl Services {
    /// These services with repositories.
    #[must_use]
    pub fn with_git(self, git: Repositories) -> Self {
        Self { git: Some(git), ..self }
    }

    /// A host in `folder`, over the ports that these services have.
    pub fn embedded_host(&self, folder: &Path, settings: Settings) -> Result<Embedded, PortError> {
        let tokens = Arc::clone(&self.accounts);
        Embedded::open(folder, settings, tokens, self.clock.clone(), self.entropy.clone())
    }

    /// A Forgejo, with copies of its repositories in `folder`, over the ports that these services
    /// have.
    pub fn forgejo_host(
        &self,
        folder: &Path,
        settings: forgejo::Settings,
        vault: Arc<Vault>,
    ) -> Result<Forgejo, PortError> {
        let records = Arc::clone(&self.accounts);
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        Forgejo::open(folder, settings, forgejo::Means { records, vault, clock, entropy })
    }

    /// GitHub as the host, with copies of repositories in `folder`, over the ports that these services
    /// have; `None` if nobody can sign in there.
    pub fn github_host(
        &self,
        folder: &Path,
        settings: github::Settings,
    ) -> Result<Option<GitHubHost>, PortError> {
        let Some(tokens) = self.github_tokens() else { return Ok(None) };
        let (records, clock) = (Arc::clone(&self.accounts), self.clock.clone());
        GitHubHost::open(folder, settings, Arc::new(tokens), records, clock).map(Some)
    }

    /// The host.
    pub(super) fn git_host(&self) -> Result<&Arc<dyn GitHost>> {
        self.git.as_ref().map(|git| &git.host).ok_or_else(|| {
            ServiceError::GitUnavailable("this server keeps no repositories".to_owned())
        })
    }

    /// The embedded host, if it is the one.
    pub(crate) fn embedded_git(&self) -> Result<Arc<Embedded>> {
        let embedded = self.git.as_ref().and_then(|git| git.embedded.clone());
        embedded.ok_or(ServiceError::NotFound)
    }

    /// What keeps repositories from being served, if anything does.
    pub async fn git_trouble(&self) -> Option<String> {
        let git = self.git.as_ref()?;
        if git.embedded.is_some() {
            return git.host.ping().await.err().map(|error| error.to_string());
        }
        // Anybody may ask us; another host is not asked each time. Who comes meanwhile waits.
        let mut last = git.trouble.lock().await;
        let now = self.clock.now();
        match &*last {
            Some(Answered { at, trouble }) if now.0.abs_diff(at.0) < BELIEVED => trouble.clone(),
            _ => {
                let trouble = git.host.ping().await.err().map(|error| error.to_string());
                *last = Some(Answered { at: now, trouble: trouble.clone() });
                trouble
            }
        }
    }

    /// Sees to it that the learner has a repository for a course, and that it shares what comes with
    /// the course. `site` is this server's address as the learner sees it.
    pub async fn ensure_repo(&self, user: &User, course: &CourseId, site: &str) -> Result<Repo> {
        let published = self.db.course(course).await?.ok_or(ServiceError::NoCourse)?;
        let host = self.git_host()?;
        let repo = repo_name(user, course);
        let made = host.ensure(&repo, site).await?;
        let workspace = self.db.workspace(&repo.user, course).await?;
        let begun = workspace.map(|workspace| workspace.version);
        let begun = begun.filter(|version| *version != published.latest);
        for version in [published.latest].into_iter().chain(begun) {
            let template = CourseTemplate::of(self, course, &version).await?;
            host.share(&repo, Arc::new(template)).await?;
        }
        Ok(Repo {
            repo_url: made.repo_url,
            html_url: made.html_url,
            created: made.created,
            host: host.kind(),
            author: author(user, site),
        })
    }

    /// What opens the learner's repository of a course, for a while.
    pub async fn git_credentials(
        &self,
        user: &User,
        request: &CredentialsRequest,
        site: &str,
    ) -> Result<Credentials> {
        self.db.course(&request.course).await?.ok_or(ServiceError::NoCourse)?;
        let host = self.git_host()?;
        if host.kind() == GitHostKind::GitHub {
            return Err(ServiceError::OtherHost(
                "the repositories are at GitHub; ask with GET for the token".to_owned(),
            ));
        }
        let repo = repo_name(user, &request.course);
        if host.kind() != GitHostKind::Embedded && request.access == GitAccess::Write {
            // Another host takes any push: who must not push gets nothing to push with.
            self.check_push(&repo).await?;
        }
        let pass = host.pass(&repo, request.access, site).await?;
        let expires_at = pass.expires_at.unwrap_or_else(|| self.clock.now());
        Ok(Credentials {
            git_user: pass.user,
            git_token: pass.token.into_string(),
            repo_url: pass.repo_url,
            expires_at,
        })
    }

    /// The learner's own token of GitHub, if the repositories are there.
    pub async fn github_credentials(&self, user: &User) -> Result<GitHubCredentials> {
        let kind = self.git_host()?.kind();
        if kind != GitHostKind::GitHub {
            return Err(ServiceError::OtherHost(format!(
                "the repositories are not at GitHub: the host is {kind}; ask with POST, for a course"
            )));
        }
        let token = self.github_token(user, &Scopes::parse(GITHUB_SCOPES)).await?;
        let user = github::USER.to_owned();
        Ok(GitHubCredentials { user, token: token.secret.into_string() })
    }

    /// Refuses a push into a workspace that is carried another way, or for which there is no room.
    /// Gives how many bytes there are left.
    pub async fn check_push(&self, repo: &RepoName) -> Result<u64> {
        let RepoName { user, course, .. } = repo;
        let workspace = self.db.workspace(user, course).await?;
        if let Some(Workspace { strategy, head: Some(_), .. }) = workspace {
            by_git(strategy)?;
        }
        let (used, quota) = (self.db.used(user).await?, self.limits.quota);
        if used >= quota {
            return Err(ServiceError::QuotaExceeded { used, needed: 1, quota });
        }
        Ok(quota - used)
    }

    /// Right before a push: from now on the workspace is carried by `git` alone.
    pub async fn claim_push(&self, repo: &RepoName) -> Result<()> {
        let RepoName { user, course, .. } = repo;
        let published = self.db.course(course).await?.ok_or(ServiceError::NoCourse)?;
        let (user, course) = (user.clone(), course.clone());
        let claim = Claim { user, course, strategy: Strategy::Git, version: published.latest };
        by_git(self.db.claim(claim).await?)
    }
}

fn by_git(strategy: Strategy) -> Result<()> {
    if strategy == Strategy::Git {
        return Ok(());
    }
    Err(ServiceError::OtherStrategy(format!(
        "the workspace is carried by `{strategy}`, not by `git`; `progy strategy git` changes that"
    )))
}

/// Names a learner's repository of a course.
pub(crate) fn repo_name(user: &User, course: &CourseId) -> RepoName {
    RepoName {
        user: UserId(user.id.clone()),
        username: user.username.clone(),
        course: course.clone(),
    }
}

/// Who a learner's commits are by. The address is one that nobody has: that of the account is not
/// for everybody who will read the repository one day.
fn author(user: &User, site: &str) -> Author {
    let host = site.split_once("://").map_or(site, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or(host),
    };
    let email = format!("{}@users.noreply.{host}", user.username);
    let Signature { name, email, .. } = Signature::new(&user.name, &email, 0, 0);
    Author { name, email }
}

impl From<GitHostError> for ServiceError {
    fn from(error: GitHostError) -> Self {
        match error {
            GitHostError::Unavailable(why) => Self::GitUnavailable(why),
            GitHostError::Refused(why) => Self::Forbidden(why),
            GitHostError::LinkNeeded(why) => Self::LinkNeeded(why),
            GitHostError::RateLimited(pause) => Self::RateLimited { seconds: pause.as_secs() },
            GitHostError::Port(error) => error.into(),
        }
    }
}

#[async_trait]
impl Learners for GitHubTokens {
    async fn token(&self, user: &UserId) -> Result<LearnersToken, GitHostError> {
        let token = self.token(user, &Scopes::parse(GITHUB_SCOPES)).await?;
        let GitHubToken { secret, login, expires_at } = token;
        Ok(LearnersToken { secret, login, expires_at })
    }
}

impl From<TokenTrouble> for GitHostError {
    fn from(trouble: TokenTrouble) -> Self {
        match trouble {
            TokenTrouble::NotLinked | TokenTrouble::Revoked | TokenTrouble::MissingScopes(_) => {
                Self::LinkNeeded(trouble.to_string())
            }
            TokenTrouble::RateLimited(pause) => Self::RateLimited(pause),
            trouble => Self::Unavailable(trouble.to_string()),
        }
    }
}

impl From<TokenTrouble> for ServiceError {
    fn from(trouble: TokenTrouble) -> Self {
        match trouble {
            TokenTrouble::NotConfigured | TokenTrouble::Unreachable | TokenTrouble::Busy => {
                Self::GitUnavailable(trouble.to_string())
            }
            TokenTrouble::NotLinked | TokenTrouble::Revoked | TokenTrouble::MissingScopes(_) => {
                Self::LinkNeeded(trouble.to_string())
            }
            TokenTrouble::RateLimited(pause) => Self::RateLimited { seconds: pause.as_secs() },
            TokenTrouble::Failed(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use progy_api::account::Role;

    use super::*;
    use crate::services::testing::{World, course, run};

    #[test]
    fn commits_are_by_a_name_that_git_takes() {
        let world = World::new();
        let ana = User { name: "Ana <root>\u{7}".to_owned(), ..world.user("ana", Role::Learner) };
        let of = |site| author(&ana, site);
        assert_eq!(of("https://progy.example").name, "Ana root");
        for (site, email) in [
            ("https://progy.example", "ana@users.noreply.progy.example"),
            ("http://127.0.0.1:7764", "ana@users.noreply.127.0.0.1"),
            ("http://[::1]:7764", "ana@users.noreply.::1"),
        ] {
            assert_eq!(of(site).email, email);
        }
    }

    #[test]
    fn a_server_without_repositories_says_so() {
        let world = World::new();
        let ana = world.user("ana", Role::Learner);
        let refused = run(world.services.ensure_repo(&ana, &course(), "http://x")).unwrap_err();
        assert!(matches!(refused, ServiceError::GitUnavailable(_)), "{refused}");
        let unknown = CourseId::new("nothing").unwrap();
        let refused = run(world.services.ensure_repo(&ana, &unknown, "http://x")).unwrap_err();
        assert!(matches!(refused, ServiceError::NoCourse), "{refused}");
    }
}
