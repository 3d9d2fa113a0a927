//! A Forgejo or Gitea beside the server: a shadow account for each learner, a private repository for
//! each of their courses, and tokens that are replaced twice an hour.
//!
//! - `api`: its routes; `answer`: what they answer; `decide`: what follows from that;
//! - `tokens`: what opens a repository; `hooks`: hearing of pushes.
//!
//! # Crashes
//!
//! Each method may end after any request. What was made is found again by its name and is taken up
//! where it was left: an account by our address, a repository by its owner, a token by the note that
//! was written before it was made. A repository is noted last, so that one that is on record has all
//! that it is to have; [`GitHost::keep_up`] looks whether that is still so.

mod answer;
mod api;
mod decide;
mod hooks;
mod tokens;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use progy_api::git::{GitAccess, GitHostKind};
use progy_core::git::ObjectId;
use progy_core::{CourseId, Timestamp};
use reqwest::Url;

use self::answer::ApiError;
use self::api::{Account, Api, Repository};
use self::decide::{AboutAccount, about_account, about_repository, email};
use super::mirror::{self, MirrorError, Mirrors, Seen, Want};
use super::smart::{Login, SmartError};
use super::told::{self, Told};
use super::{Ensured, GitHost, GitHostError, Heard, Objects, Pass, RepoName, Result, names};
use crate::ports::database::UserId;
use crate::ports::database::accounts::{HostAccount, HostRepo};
use crate::ports::{Accounts, Clock, Entropy, PortError};
use crate::secret::Secret;
use crate::vault::Vault;

/// How long a note that a device wants a repository is as good as new, in milliseconds.
const ASKED: i64 = 10 * 60 * 1_000;
/// Repositories that are listed at once.
const AT_ONCE: u32 = 500;

/// How a Forgejo is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where this server finds it.
    pub root: Url,
    /// Where learners find it.
    pub public: Url,
    /// A token of one of its administrators.
    pub token: Secret,
    /// Where it finds this server, to tell it of pushes; without, it is asked.
    pub told_at: Option<String>,
    /// What copies of its repositories may take.
    pub mirror: mirror::Settings,
}

/// What the adapter works with.
#[derive(Clone)]
pub struct Means {
    /// What is noted.
    pub records: Arc<dyn Accounts>,
    /// For the tokens.
    pub vault: Arc<Vault>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

/// A [`GitHost`] that is a Forgejo or a Gitea.
pub struct Forgejo {
    api: Api,
    mirrors: Mirrors,
    settings: Settings,
    means: Means,
    /// What it is called in notes.
    host: String,
}

impl Forgejo {
    /// With copies of repositories below `folder`. Connects when it is first asked for something.
    pub fn open(folder: &Path, settings: Settings, means: Means) -> Result<Self, PortError> {
        let Settings { root, token, mirror, .. } = &settings;
        Ok(Self {
            api: Api::new(root, token.clone()),
            mirrors: Mirrors::open(folder, mirror.clone(), root)?,
            host: format!("forgejo {}", settings.public.as_str().trim_end_matches('/')),
            settings,
            means,
        })
    }

    fn now(&self) -> Timestamp {
        self.means.clock.now()
    }

    /// 256 bits of chance that nobody will ever read.
    fn password(&self) -> Result<Secret, PortError> {
        let mut chance = [0; 32];
        self.means.entropy.fill(&mut chance)?;
        // Some servers want several kinds of characters.
        Ok(Secret::new(format!("{}aA1!", URL_SAFE_NO_PAD.encode(chance))))
    }

    /// The learner's account, as it is to be.
    async fn account(&self, user: &UserId) -> Result<Account> {
        let login = names::account(user);
        let noted = self.means.records.host_account(&self.host, user).await?;
        let known = noted.as_ref().map(|account| account.remote_id);
        let mut found = self.api.account(&login).await?;
        if found.is_none() {
            found = self.renamed_account(&login, known).await?;
        }
        let account = match found {
            Some(account) => account,
            None => {
                match self.api.create_account(&login, &email(&login), &self.password()?).await {
                    // Another server, or this one before it crashed, was faster.
                    Err(ApiError::Refused(why)) => match self.api.account(&login).await? {
                        Some(account) => account,
                        None => return Err(ApiError::Refused(why).into()),
                    },
                    made => made?,
                }
            }
        };
        match about_account(&account, known) {
            AboutAccount::Fine => {}
            AboutAccount::Mend => self.api.mend_account(&account.login).await?,
            AboutAccount::Foreign => {
                tracing::error!(login, "somebody else has the name of a learner's account");
                return Err(GitHostError::Unavailable(
                    "the account for your repositories is somebody else's; ask who runs the server"
                        .to_owned(),
                ));
            }
        }
        let now = HostAccount {
            user: user.clone(),
            host: self.host.clone(),
            remote_id: account.id,
            login: account.login.clone(),
        };
        if noted.as_ref() != Some(&now) {
            self.means.records.put_host_account(&now).await?;
        }
        Ok(account)
    }

    /// The account that is on record, given its name back.
    async fn renamed_account(&self, login: &str, known: Option<i64>) -> Result<Option<Account>> {
        let Some(known) = known else { return Ok(None) };
        let Some(found) = self.api.account_called(known).await? else { return Ok(None) };
        tracing::warn!(login, now = found.login, "an account was renamed; it gets its name back");
        self.api.rename_account(&found.login, login).await?;
        Ok(self.api.account(login).await?)
    }

    /// The learner's repository of a course, as it is to be, and whether it was just made.
    async fn repository(&self, owner: &str, repo: &RepoName) -> Result<(Repository, bool)> {
        let name = names::repository(&repo.course);
        let mut found = self.api.repository(owner, &name).await?;
        if found.is_none() {
            found = self.renamed_repository(owner, &name, repo).await?;
        }
        if let Some(found) = found {
            if let Some(edit) = about_repository(&found, &name) {
                tracing::warn!(owner, name, "a repository was changed; it is set right");
                self.api.edit_repository(owner, &found.name, &edit).await?;
            }
            return Ok((found, false));
        }
        match self.api.create_repository(owner, &name).await {
            Ok(made) => {
                // What cannot be said when one is made.
                if let Some(edit) = about_repository(&made, &name) {
                    self.api.edit_repository(owner, &made.name, &edit).await?;
                }
                Ok((made, true))
            }
            Err(ApiError::Refused(why)) => match self.api.repository(owner, &name).await? {
                Some(found) => Ok((found, false)),
                None => Err(ApiError::Refused(why).into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// The repository that is on record, if it has another name by now and the same owner.
    async fn renamed_repository(
        &self,
        owner: &str,
        name: &str,
        repo: &RepoName,
    ) -> Result<Option<Repository>> {
        let noted = self.noted(repo).await?;
        let Some(noted) = noted else { return Ok(None) };
        let found = self.api.repository_called(noted.remote_id).await?;
        let found = found.filter(|found| found.owner.login.eq_ignore_ascii_case(owner));
        if let Some(found) = &found {
            tracing::warn!(owner, name, now = found.name, "a repository was renamed");
        }
        Ok(found)
    }

    async fn noted(&self, repo: &RepoName) -> Result<Option<HostRepo>, PortError> {
        self.means.records.host_repo(&self.host, &repo.user, &repo.course).await
    }

    /// All that a repository is to be, whatever is on record of it.
    async fn bring_about(&self, repo: &RepoName, thorough: bool) -> Result<(HostRepo, bool)> {
        let account = self.account(&repo.user).await?;
        let (repository, created) = self.repository(&account.login, repo).await?;
        let noted = self.noted(repo).await?;
        let same = noted.filter(|noted| noted.remote_id == repository.id);
        if same.is_none() || thorough {
            self.protect(&account.login, repo).await?;
            self.settle_hook(&account.login, repo).await?;
        }
        let now = HostRepo {
            user: repo.user.clone(),
            course: repo.course.clone(),
            host: self.host.clone(),
            remote_id: repository.id,
            owner: account.login,
            name: names::repository(&repo.course),
            asked_at: if thorough {
                same.as_ref().map_or_else(|| self.now(), |same| same.asked_at)
            } else {
                self.now()
            },
        };
        if same.is_none_or(|same| HostRepo { asked_at: now.asked_at, ..same } != now) || !thorough {
            self.means.records.put_host_repo(&now).await?;
        }
        Ok((now, created))
    }

    /// No force push and no deletion of `main`. A server that has no such rules goes without.
    async fn protect(&self, owner: &str, repo: &RepoName) -> Result<()> {
        let name = names::repository(&repo.course);
        let done = match self.api.is_protected(owner, &name).await {
            Ok(true) => Ok(()),
            Ok(false) => self.api.protect(owner, &name).await,
            Err(error) => Err(error),
        };
        match done {
            Err(error @ (ApiError::NotFound | ApiError::Refused(_) | ApiError::Forbidden(_))) => {
                tracing::warn!(%error, owner, name, "main is not protected");
                Ok(())
            }
            done => Ok(done?),
        }
    }

    /// Where a repository is found, by learners or by this server.
    fn address(root: &Url, repo: &HostRepo) -> String {
        let root = root.as_str().trim_end_matches('/');
        format!("{root}/{}/{}.git", repo.owner, repo.name)
    }

    /// Notes that a device wants the repository, if that is news.
    async fn note_asked(&self, noted: HostRepo) -> Result<(), PortError> {
        let now = self.now();
        if now.0.saturating_sub(noted.asked_at.0) < ASKED {
            return Ok(());
        }
        self.means.records.put_host_repo(&HostRepo { asked_at: now, ..noted }).await
    }

    /// Reads from a repository that is on record, with a token of its own; once more with another
    /// token if that counts no more. `None` if it is not there.
    async fn look(&self, repo: &RepoName, want: Want) -> Result<Option<Seen>> {
        let Some(noted) = self.noted(repo).await? else { return Ok(None) };
        let url = Self::address(&self.settings.root, &noted);
        let mut again = true;
        loop {
            let token = match self.token(&noted, GitAccess::Read).await {
                Err(ApiError::NotFound) => return Ok(None),
                token => token?,
            };
            let login = Login { user: noted.owner.clone(), token: token.secret };
            match self.mirrors.look(repo, &url, &login, want).await {
                Err(MirrorError::Host(SmartError::Unauthorized)) if again => {
                    again = false;
                    self.end_tokens(repo).await?;
                }
                // The answer to a token that may not see it, too.
                Err(MirrorError::Host(SmartError::NotFound)) => {
                    let there = self.api.repository(&noted.owner, &noted.name).await?;
                    match there {
                        None => return Ok(None),
                        Some(_) if again => {
                            again = false;
                            self.end_tokens(repo).await?;
                        }
                        Some(_) => return Err(SmartError::NotFound.into()),
                    }
                }
                done => return Ok(Some(done?)),
            }
        }
    }
}

#[async_trait]
impl GitHost for Forgejo {
    fn kind(&self) -> GitHostKind {
        GitHostKind::Forgejo
    }

    async fn ping(&self) -> Result<()> {
        self.mirrors.program()?;
        let own = self.api.own_account().await?;
        if own.is_admin {
            return Ok(());
        }
        Err(GitHostError::Unavailable(
            "the token for Forgejo is not one of an administrator".to_owned(),
        ))
    }

    async fn ensure(&self, repo: &RepoName, _: &str) -> Result<Ensured> {
        let (noted, created) = self.bring_about(repo, false).await?;
        let repo_url = Self::address(&self.settings.public, &noted);
        // Nobody can sign in there as the learner: there is no page for them.
        let html_url = repo_url.trim_end_matches(".git").to_owned();
        Ok(Ensured { repo_url, html_url, created })
    }

    async fn pass(&self, repo: &RepoName, access: GitAccess, _: &str) -> Result<Pass> {
        let noted = match self.noted(repo).await? {
            Some(noted) => noted,
            None => self.bring_about(repo, false).await?.0,
        };
        let (noted, token) = match self.checked_token(&noted, access).await {
            Ok(token) => (noted, token),
            // The account or the repository went.
            Err(ApiError::NotFound) => {
                let (noted, _) = self.bring_about(repo, false).await?;
                let token = self.checked_token(&noted, access).await?;
                (noted, token)
            }
            Err(error) => return Err(error.into()),
        };
        self.delete_ended().await;
        let repo_url = Self::address(&self.settings.public, &noted);
        let user = noted.owner.clone();
        self.note_asked(noted).await?;
        Ok(Pass { user, token: token.secret, repo_url, expires_at: Some(token.ends_at) })
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
        if self.noted(repo).await?.is_some() {
            self.bring_about(repo, true).await?;
            self.delete_strays(repo).await?;
        }
        self.mirrors.keep_up(repo).await?;
        // What it takes is not on this server's disk.
        Ok(false)
    }

    async fn tidy(&self) -> Result<()> {
        self.delete_ended().await;
        self.mirrors.tidy().await?;
        Ok(())
    }

    async fn hear(&self, heard: &Heard<'_>) -> Result<Option<Vec<(UserId, CourseId)>>> {
        let id = match told::told(&self.hook_secret(), heard) {
            None => return Ok(None),
            Some(Told::Other) => return Ok(Some(Vec::new())),
            Some(Told::PushTo(id)) => id,
        };
        let repos = self.means.records.host_repos_called(&self.host, id).await?;
        Ok(Some(repos.into_iter().map(|repo| (repo.user, repo.course)).collect()))
    }

    async fn wanted_since(&self, since: Timestamp) -> Result<Vec<(UserId, CourseId)>> {
        super::wanted_since(self.means.records.as_ref(), &self.host, since, AT_ONCE).await
    }

    async fn delete(&self, repo: &RepoName) -> Result<()> {
        let Some(noted) = self.noted(repo).await? else { return Ok(()) };
        self.api.delete_repository(&noted.owner, &noted.name).await?;
        self.end_tokens(repo).await?;
        self.means.records.forget_host_repo(&self.host, &repo.user, &repo.course).await?;
        Ok(self.mirrors.forget(repo).await?)
    }
}
