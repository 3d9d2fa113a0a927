//! GitHub: a repository for each course in the learner's own account, by the learner's own token.
//!
//! A repository is known by its id, so that it may be renamed and moved. One that has our name and is
//! not on record is taken for ours only if it is private, and is empty or begins with the commit that
//! starts this very course; any other is somebody's work and is never written.

mod api;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use progy_api::git::{GitAccess, GitHostKind};
use progy_core::git::ObjectId;
use progy_core::{CourseId, Timestamp};
use reqwest::Url;

use self::api::{Api, Hooks, Repository};
use super::mirror::{self, MirrorError, Mirrors, Seen, Want};
use super::objects::commit;
use super::smart::{Login, SmartError};
use super::told::{self, Told};
use super::{Ensured, GitHost, GitHostError, Heard, Objects, Pass, RepoName, Result, names};
use crate::ports::database::UserId;
use crate::ports::database::accounts::HostRepo;
use crate::ports::github::GitHubError;
use crate::ports::{Accounts, Clock, PortError};
use crate::secret::Secret;

/// The user name that GitHub wants with a token.
pub const USER: &str = "x-access-token";
/// How long a note that a device wants a repository is as good as new, in milliseconds.
const ASKED: i64 = 10 * 60 * 1_000;
/// Repositories that are listed at once.
const AT_ONCE: u32 = 500;
/// Commits that are gone back to find the first one.
const HISTORY: usize = 20_000;
/// What the secret of webhooks is derived for, from the secret of the application.
const PURPOSE: &str = "progy 2026 the secret of webhooks at github";

/// A learner's token, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnersToken {
    /// The token.
    pub secret: Secret,
    /// The learner's login name at GitHub.
    pub login: String,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

/// Where learners' tokens come from.
#[async_trait]
pub trait Learners: Send + Sync {
    /// A token that GitHub took a moment ago, with which it allows private repositories.
    async fn token(&self, user: &UserId) -> Result<LearnersToken>;
}

/// How GitHub is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where repositories are: `https://github.com`.
    pub base: Url,
    /// Where the API is.
    pub api: Url,
    /// A secret that all servers have which hear webhooks.
    pub secret: Secret,
    /// Where GitHub finds this server, to tell it of pushes; without, it is asked.
    pub told_at: Option<String>,
    /// What copies of repositories may take.
    pub mirror: mirror::Settings,
}

/// A [`GitHost`] that is GitHub, or a GitHub Enterprise server.
pub struct GitHubHost {
    api: Api,
    mirrors: Mirrors,
    settings: Settings,
    learners: Arc<dyn Learners>,
    records: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    /// What it is called in notes.
    host: String,
}

/// Whether a repository that is not on record may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Ours,
    Foreign,
}

impl GitHubHost {
    /// With copies of repositories below `folder`. Connects when it is first asked for something.
    pub fn open(
        folder: &Path,
        settings: Settings,
        learners: Arc<dyn Learners>,
        records: Arc<dyn Accounts>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PortError> {
        Ok(Self {
            api: Api::new(settings.api.clone(), clock.clone()),
            mirrors: Mirrors::open(folder, settings.mirror.clone(), &settings.base)?,
            host: format!("github {}", settings.base.as_str().trim_end_matches('/')),
            settings,
            learners,
            records,
            clock,
        })
    }

    async fn noted(&self, repo: &RepoName) -> Result<Option<HostRepo>, PortError> {
        self.records.host_repo(&self.host, &repo.user, &repo.course).await
    }

    fn address(&self, owner: &str, name: &str) -> String {
        let root = self.settings.base.as_str().trim_end_matches('/');
        format!("{root}/{owner}/{name}.git")
    }

    /// The repository that is on record, wherever it is by now.
    async fn known(&self, token: &LearnersToken, noted: &HostRepo) -> Result<Option<Repository>> {
        let found = self.api.repository(&token.secret, &noted.owner, &noted.name).await;
        Ok(found.map_err(refused)?.filter(|found| found.id == noted.remote_id))
    }

    /// The learner's repository, made if need be; whether it was.
    async fn bring_about(
        &self,
        repo: &RepoName,
        token: &LearnersToken,
    ) -> Result<(HostRepo, bool)> {
        let noted = self.noted(repo).await?;
        if let Some(noted) = &noted
            && let Some(found) = self.known(token, noted).await?
        {
            return Ok((self.note(repo, found, false).await?, false));
        }
        let name = names::repository(&repo.course);
        let about = format!("My work in the course {}, kept by Progy", repo.course);
        let (repository, created) = match self.api.create(&token.secret, &name, &about).await {
            Ok(Some(made)) => (made, true),
            Ok(None) => {
                let found = self.adopted(repo, token, &name).await?;
                (found.ok_or_else(|| not_ours(token, &name))?, false)
            }
            // What a token may not do is answered like this, too; scopes were looked at before. The
            // learner may have made one, as the message says.
            Err(GitHubError::NotFound | GitHubError::Forbidden(_)) => {
                let found = self.adopted(repo, token, &name).await?;
                (found.ok_or_else(|| to_be_made(&name))?, false)
            }
            Err(error) => return Err(refused(error)),
        };
        let noted = self.note(repo, repository, true).await?;
        self.settle_hook(token, &noted, Hooks::Made).await;
        Ok((noted, created))
    }

    /// The repository that has our name already, if there is one, which has to be ours.
    async fn adopted(
        &self,
        repo: &RepoName,
        token: &LearnersToken,
        name: &str,
    ) -> Result<Option<Repository>> {
        let found = self.api.repository(&token.secret, &token.login, name).await;
        let Some(found) = found.map_err(refused)? else { return Ok(None) };
        if found.owner.login.eq_ignore_ascii_case(&token.login)
            && found.private
            && self.standing(repo, token, &found).await? == Standing::Ours
        {
            return Ok(Some(found));
        }
        Err(not_ours(token, name))
    }

    /// Whether a repository is empty, or begins as ours do.
    async fn standing(
        &self,
        repo: &RepoName,
        token: &LearnersToken,
        found: &Repository,
    ) -> Result<Standing> {
        let url = self.address(&found.owner.login, &found.name);
        let login = Login { user: USER.to_owned(), token: token.secret.clone() };
        let seen = self.mirrors.look(repo, &url, &login, Want::Objects).await;
        let standing = match seen {
            Ok(Seen { head: None, empty, .. }) => {
                if empty {
                    Standing::Ours
                } else {
                    Standing::Foreign
                }
            }
            Ok(Seen { head: Some(head), objects: Some(mut objects), .. }) => {
                if begins_with(objects.as_mut(), head, &repo.course).await? {
                    Standing::Ours
                } else {
                    Standing::Foreign
                }
            }
            Ok(Seen { objects: None, .. }) | Err(MirrorError::Unfit(_)) => Standing::Foreign,
            Err(error) => return Err(error.into()),
        };
        if standing == Standing::Foreign {
            self.mirrors.forget(repo).await?;
        }
        Ok(standing)
    }

    async fn note(&self, repo: &RepoName, found: Repository, anew: bool) -> Result<HostRepo> {
        if found.archived {
            return Err(GitHostError::Refused(format!(
                "your repository {}/{} is archived at GitHub, so nothing can be saved in it; end \
                 that there and run the command again",
                found.owner.login, found.name
            )));
        }
        let now = HostRepo {
            user: repo.user.clone(),
            course: repo.course.clone(),
            host: self.host.clone(),
            remote_id: found.id,
            owner: found.owner.login,
            name: found.name,
            asked_at: self.clock.now(),
        };
        if anew {
            // A copy would be one of another repository.
            self.mirrors.forget(repo).await?;
        }
        self.records.put_host_repo(&now).await?;
        Ok(now)
    }

    /// Has GitHub tell us of pushes, if the learner's token lets us. Without, it is asked.
    async fn settle_hook(&self, token: &LearnersToken, noted: &HostRepo, hooks: Hooks) {
        let Some(site) = &self.settings.told_at else { return };
        let secret = told::secret(PURPOSE, &self.settings.secret);
        let Some(address) = told::address(site, GitHostKind::GitHub, &secret) else { return };
        let place = (noted.owner.as_str(), noted.name.as_str());
        let settled = self.api.settle_hook(&token.secret, place, &address, &secret, hooks).await;
        if let Err(error) = settled {
            tracing::info!(%error, "GitHub is asked for pushes, it does not tell of them");
        }
    }

    /// Reads from the repository that is on record; `None` if it is not there.
    async fn look(&self, repo: &RepoName, want: Want) -> Result<Option<Seen>> {
        let Some(mut noted) = self.noted(repo).await? else { return Ok(None) };
        let token = self.learners.token(&repo.user).await?;
        let mut again = true;
        loop {
            let url = self.address(&noted.owner, &noted.name);
            let login = Login { user: USER.to_owned(), token: token.secret.clone() };
            match self.mirrors.look(repo, &url, &login, want).await {
                Err(MirrorError::Host(SmartError::NotFound)) if again => {
                    again = false;
                    // Renamed, or gone.
                    let Some(found) = self.known(&token, &noted).await? else { return Ok(None) };
                    let asked_at = noted.asked_at;
                    let (owner, name) = (found.owner.login, found.name);
                    noted = HostRepo { owner, name, asked_at, ..noted };
                    self.records.put_host_repo(&noted).await?;
                }
                Err(MirrorError::Host(SmartError::NotFound)) => return Ok(None),
                Err(MirrorError::Host(SmartError::Unauthorized)) => {
                    return Err(refused(GitHubError::Unauthorized));
                }
                done => return Ok(Some(done?)),
            }
        }
    }
}

/// Whether the history of `head` begins with the start of this course.
async fn begins_with(objects: &mut dyn Objects, head: ObjectId, course: &CourseId) -> Result<bool> {
    let mut next = head;
    for _ in 0..HISTORY {
        let this = commit(objects, next).await?;
        match this.parents.first() {
            Some(parent) => next = *parent,
            None => return Ok(this.facts.course.is_some_and(|(begun, _)| begun == *course)),
        }
    }
    Ok(false)
}

fn not_ours(token: &LearnersToken, name: &str) -> GitHostError {
    GitHostError::Refused(format!(
        "your repository {}/{name} at GitHub is not one that Progy made, so it stays as it is; \
         rename it there and run the command again",
        token.login
    ))
}

fn to_be_made(name: &str) -> GitHostError {
    GitHostError::Refused(format!(
        "GitHub does not let us make a repository; make an empty private one called {name} there, \
         let this application use it, and run the command again"
    ))
}

/// What GitHub's refusals are to a learner.
fn refused(error: GitHubError) -> GitHostError {
    match error {
        GitHubError::Unauthorized => GitHostError::LinkNeeded(
            "GitHub does not accept the token any more; link GitHub again on the account page"
                .to_owned(),
        ),
        GitHubError::RateLimited(pause) => GitHostError::RateLimited(pause),
        GitHubError::Forbidden(why) => {
            tracing::warn!(why, "GitHub forbids something");
            GitHostError::Refused(
                "GitHub does not allow it; let this application use your repositories there"
                    .to_owned(),
            )
        }
        error => {
            tracing::warn!(%error, "GitHub, as the host of repositories");
            GitHostError::Unavailable("GitHub cannot be reached; try again later".to_owned())
        }
    }
}

#[async_trait]
impl GitHost for GitHubHost {
    fn kind(&self) -> GitHostKind {
        GitHostKind::GitHub
    }

    async fn ping(&self) -> Result<()> {
        self.mirrors.program().map(drop)
    }

    async fn ensure(&self, repo: &RepoName, _: &str) -> Result<Ensured> {
        let token = self.learners.token(&repo.user).await?;
        let (noted, created) = self.bring_about(repo, &token).await?;
        let repo_url = self.address(&noted.owner, &noted.name);
        let html_url = repo_url.trim_end_matches(".git").to_owned();
        Ok(Ensured { repo_url, html_url, created })
    }

    async fn pass(&self, repo: &RepoName, _: GitAccess, _: &str) -> Result<Pass> {
        let token = self.learners.token(&repo.user).await?;
        let noted = match self.noted(repo).await? {
            Some(noted) => noted,
            None => self.bring_about(repo, &token).await?.0,
        };
        let repo_url = self.address(&noted.owner, &noted.name);
        let now = self.clock.now();
        if now.0.saturating_sub(noted.asked_at.0) >= ASKED {
            self.records.put_host_repo(&HostRepo { asked_at: now, ..noted }).await?;
        }
        let LearnersToken { secret, expires_at, .. } = token;
        Ok(Pass { user: USER.to_owned(), token: secret, repo_url, expires_at })
    }

    async fn head(&self, repo: &RepoName) -> Result<Option<ObjectId>> {
        Ok(self.look(repo, Want::Head).await?.and_then(|seen| seen.head))
    }

    async fn open(&self, repo: &RepoName) -> Result<Option<Box<dyn Objects>>> {
        Ok(self.look(repo, Want::Objects).await?.and_then(|seen| seen.objects))
    }

    async fn stored(&self, _: &RepoName) -> Result<u64> {
        Ok(0)
    }

    async fn keep_up(&self, repo: &RepoName) -> Result<bool> {
        if self.settings.told_at.is_some()
            && let Some(noted) = self.noted(repo).await?
        {
            let token = self.learners.token(&repo.user).await?;
            self.settle_hook(&token, &noted, Hooks::Renewed).await;
        }
        self.mirrors.keep_up(repo).await?;
        // What it takes is not on this server's disk.
        Ok(false)
    }

    async fn tidy(&self) -> Result<()> {
        self.mirrors.tidy().await?;
        Ok(())
    }

    async fn hear(&self, heard: &Heard<'_>) -> Result<Option<Vec<(UserId, CourseId)>>> {
        let secret = told::secret(PURPOSE, &self.settings.secret);
        let id = match told::told(&secret, heard) {
            None => return Ok(None),
            Some(Told::Other) => return Ok(Some(Vec::new())),
            Some(Told::PushTo(id)) => id,
        };
        let repos = self.records.host_repos_called(&self.host, id).await?;
        Ok(Some(repos.into_iter().map(|repo| (repo.user, repo.course)).collect()))
    }

    async fn wanted_since(&self, since: Timestamp) -> Result<Vec<(UserId, CourseId)>> {
        super::wanted_since(self.records.as_ref(), &self.host, since, AT_ONCE).await
    }

    /// Forgets the repository: it is the learner's, and only they delete it.
    async fn delete(&self, repo: &RepoName) -> Result<()> {
        self.records.forget_host_repo(&self.host, &repo.user, &repo.course).await?;
        Ok(self.mirrors.forget(repo).await?)
    }
}
