//! What is said to the host: fetch, push, and how to come in.

use std::io::{Seek, Write};
use std::path::Path;

use progy_api::git::{Credentials, GitHostKind};
use progy_api::problem::code;
use progy_core::git::wire::{self, Advertised, FetchAnswer, Report, Service};
use progy_core::git::{Kind, ObjectId};
use progy_core::{Tree, rules};
use progy_git::{Repository, Settings};
use semver::Version;

use super::{Api, GitApi, GitRemote};
use crate::api::{ApiError, PushBody, RepoAccess};
use crate::remote::{Publish, PublishError};
use crate::{Error, Result, layout};

/// How many commits of each branch are named to a host as known.
const HAVES: usize = 64;
/// How often a push that was overtaken or refused for an unclear reason is looked at again.
const PUSH_AGAIN: u32 = 4;
/// How far back is looked for a save that was published under the same id.
const SAVES: usize = 256;
/// Where the repository is, as Progy remembers it beside what the learner may change.
const URL: &str = "url";
const HOST: &str = "host";

#[allow(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn garbled(error: impl ToString) -> Error {
    Error::Unreachable(error.to_string())
}

impl<A: Api + GitApi> GitRemote<'_, A> {
    /// How to come in. The first time the server makes sure that the repository is there.
    pub(super) async fn access(&self) -> Result<RepoAccess> {
        if let Some(access) = self.known.access.borrow().as_ref() {
            return Ok(access.clone());
        }
        let repository = self.repository()?;
        let known = repository.note(URL)?.zip(repository.note(HOST)?);
        let known = known.map(|(url, host)| (url, parse_host(&host)));
        // A server that moved knows its repositories under another address.
        let is_current = |url: &str, host| host != GitHostKind::Embedded || self.api.is_at(url);
        let (url, host) = match known {
            Some((url, host)) if is_current(&url, host) => (url, host),
            _ => self.ensure().await?,
        };
        let login = match host {
            GitHostKind::Embedded => None,
            other => Some(self.api.git_credentials(&self.course, other).await?),
        };
        let moved = |login: &Credentials| !login.repo_url.is_empty() && login.repo_url != url;
        let url = if login.as_ref().is_some_and(moved) { self.ensure().await?.0 } else { url };
        let access = RepoAccess { url, login };
        self.known.access.replace(Some(access.clone()));
        Ok(access)
    }

    /// Has the server make sure that the repository is there, and settles ours to go with it.
    async fn ensure(&self) -> Result<(String, GitHostKind)> {
        let repo = self.api.ensure_repo(&self.course).await?;
        let repository = self.repository()?;
        repository.settle(&Settings {
            url: repo.repo_url.clone(),
            helper: self.helper.clone(),
            author: (repo.author.name, repo.author.email),
            exclude: never_saved(),
        })?;
        repository.set_note(URL, &repo.repo_url)?;
        repository.set_note(HOST, repo.host.as_str())?;
        Ok((repo.repo_url, repo.host))
    }

    /// Asks the host what it has.
    async fn advertised(&self, service: Service) -> Result<Advertised> {
        let access = self.access().await?;
        let answer = match self.api.advertise(&access, service).await {
            // Renamed or deleted since: the server knows where it is now, or makes it anew.
            Err(ApiError::Problem(problem)) if problem.status == 404 => {
                self.known.access.replace(None);
                self.ensure().await?;
                let access = self.access().await?;
                self.api.advertise(&access, service).await
            }
            // The login has ended since.
            Err(ApiError::Problem(problem)) if problem.status == 401 => {
                self.known.access.replace(None);
                let access = self.access().await?;
                self.api.advertise(&access, service).await
            }
            other => other,
        };
        let answer = answer.map_err(|error| match error {
            ApiError::Problem(problem) if matches!(problem.status, 401 | 403) => {
                Error::GitHost(problem.title)
            }
            other => other.into(),
        });
        let advertised = Advertised::parse(service, &answer?).map_err(garbled)?;
        self.known.head.set(advertised.main);
        Ok(advertised)
    }

    /// The newest commit on the host, with all that leads to it fetched.
    pub(super) async fn host_head(&self) -> Result<Option<ObjectId>> {
        let advertised = self.advertised(Service::UploadPack).await?;
        let Some(main) = advertised.main else { return self.give_back().await };
        self.bring(&advertised, main).await?;
        Ok(Some(main))
    }

    /// A host that has nothing gets what it had, as far as it is known here: somebody has deleted the
    /// repository there, and it was made anew.
    async fn give_back(&self) -> Result<Option<ObjectId>> {
        let Some(had) = self.repository()?.published()? else { return Ok(None) };
        let advertised = self.advertised(Service::ReceivePack).await?;
        if let Some(main) = advertised.main {
            // Another device was faster.
            self.bring(&advertised, main).await?;
            return Ok(Some(main));
        }
        match self.send(&advertised, had, &[]).await? {
            Report::Done => self.pushed(had).await.map(|()| Some(had)),
            Report::Refused(words) => Err(Error::GitHost(words)),
        }
    }

    /// Remembers that the host has `newest` now, and tells the server.
    async fn pushed(&self, newest: ObjectId) -> Result<()> {
        self.repository()?.set_published(newest, "progy: push")?;
        self.known.head.set(Some(newest));
        self.tell().await
    }

    /// Tells the server of a push that it did not see. If that fails it finds out later, unless the
    /// push counts for nothing because the workspace is carried another way by now.
    async fn tell(&self) -> Result<()> {
        let elsewhere = self.known.access.borrow().as_ref().is_some_and(|a| a.login.is_some());
        if elsewhere
            && let Err(error) = self.api.pushed(&self.course).await
            && error.is(code::OTHER_STRATEGY)
        {
            return Err(error.into());
        }
        Ok(())
    }

    /// Fetches `commit`, which the host has, unless it is here.
    async fn bring(&self, advertised: &Advertised, commit: ObjectId) -> Result<()> {
        let repository = self.repository()?;
        if repository.read(&commit, Kind::Commit)?.is_none() {
            let haves = repository.recent(HAVES)?;
            let request = wire::fetch_request(advertised, commit, &haves).map_err(garbled)?;
            let access = self.access().await?;
            let mut receiver = repository.receive_pack()?;
            let mut answer = FetchAnswer::default();
            self.api
                .upload_pack(&access, request, &mut |piece| {
                    let pack = answer.pack_in(piece).map_err(std::io::Error::other)?;
                    receiver.write_all(pack)
                })
                .await?;
            if !answer.has_pack() {
                return Err(garbled("the Git host sent no pack"));
            }
            let files = receiver.finish().map_err(|error| match error {
                progy_git::Error::Pack(why) => garbled(why),
                other => other.into(),
            })?;
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            self.disk.flush(&files).map_err(Error::disk(".git/objects"))?;
        }
        Ok(repository.set_published(commit, "progy: fetch")?)
    }

    /// Brings the host's branch to `newest`, which follows `commit`, which follows the parent.
    ///
    /// If the host has `commit` already, nothing is pushed.
    pub(super) async fn push(
        &self,
        publish: &Publish<'_>,
        commit: ObjectId,
        newest: ObjectId,
    ) -> std::result::Result<(), PublishError> {
        let parent = publish.parent.revision.as_ref().map(super::object).transpose()?;
        let mut refused = String::new();
        for _ in 0..PUSH_AGAIN {
            let advertised = self.advertised(Service::ReceivePack).await?;
            if advertised.main != parent {
                return self.overtaken(&advertised, publish, commit).await;
            }
            self.refuse_reused(parent, publish, commit)?;
            let template = (&publish.save.version, publish.template);
            match self.push_once(&advertised, Some(template), newest).await? {
                Report::Done => return Ok(self.pushed(newest).await?),
                Report::Refused(words) => refused = words,
            }
        }
        Err(Error::GitHost(refused).into())
    }

    /// Brings the host's branch from `parent` to `newest`. False if another device was faster.
    pub(super) async fn push_history(
        &self,
        parent: Option<ObjectId>,
        newest: ObjectId,
    ) -> Result<bool> {
        let advertised = self.advertised(Service::ReceivePack).await?;
        if advertised.main != parent {
            return Ok(false);
        }
        match self.push_once(&advertised, None, newest).await? {
            Report::Done => self.pushed(newest).await.map(|()| true),
            Report::Refused(words) => {
                let is_overtaken = self.advertised(Service::ReceivePack).await?.main != parent;
                if is_overtaken { Ok(false) } else { Err(Error::GitHost(words)) }
            }
        }
    }

    async fn push_once(
        &self,
        advertised: &Advertised,
        template: Option<(&Version, &Tree)>,
        newest: ObjectId,
    ) -> Result<Report> {
        let mut known: Vec<ObjectId> = advertised.main.into_iter().collect();
        if advertised.main.is_none() && !advertised.others.is_empty() {
            // A host that shares the template's objects need not be sent them.
            let template = match template {
                Some((version, tree)) => self.template_commit(version, tree)?,
                None => None,
            };
            known.extend(template.filter(|commit| advertised.others.contains(commit)));
        }
        self.send(advertised, newest, &known).await
    }

    /// Asks the host to bring its branch to `newest`, and sends what leads to it and not to `known`.
    async fn send(
        &self,
        advertised: &Advertised,
        newest: ObjectId,
        known: &[ObjectId],
    ) -> Result<Report> {
        let head = wire::push_request(advertised, advertised.main, newest).map_err(garbled)?;
        let mut pack = tempfile::tempfile().map_err(Error::disk(".git"))?;
        self.repository()?.pack(&newest, known, &mut pack)?;
        let length = pack.stream_position().map_err(Error::disk(".git"))?;
        pack.rewind().map_err(Error::disk(".git"))?;
        let access = self.access().await?;
        let body = PushBody { head, pack, length };
        let answer = self.api.receive_pack(&access, body).await?;
        wire::push_report(&answer).map_err(garbled)
    }

    /// The host is elsewhere than the save's parent: it may have the save all the same.
    async fn overtaken(
        &self,
        advertised: &Advertised,
        publish: &Publish<'_>,
        commit: ObjectId,
    ) -> std::result::Result<(), PublishError> {
        let Some(main) = advertised.main else { return Err(PublishError::HeadMoved) };
        self.bring(advertised, main).await?;
        if self.repository()?.follows(&main, &commit).map_err(Error::from)? {
            return Ok(());
        }
        self.refuse_reused(Some(main), publish, commit)?;
        Err(PublishError::HeadMoved)
    }

    /// A save id stands for one content: another commit under the same id was made by a copy of this
    /// workspace.
    fn refuse_reused(
        &self,
        from: Option<ObjectId>,
        publish: &Publish<'_>,
        commit: ObjectId,
    ) -> std::result::Result<(), PublishError> {
        let Some(from) = from else { return Ok(()) };
        let repository = self.repository()?;
        let history = repository.log(&from, SAVES).map_err(Error::from)?;
        let is_ours = |id: &ObjectId| *id == commit;
        let used = history
            .iter()
            .any(|(id, other)| other.facts.save.as_ref() == Some(&publish.save.id) && !is_ours(id));
        if used { Err(PublishError::SaveReused) } else { Ok(()) }
    }
}

/// The repository of a workspace, as it was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRepo {
    /// Where it is published.
    pub url: String,
    /// By whom it is kept.
    pub host: GitHostKind,
}

impl KnownRepo {
    /// That of the workspace at `root`; `None` if it has none, or was never settled.
    pub fn of(root: &Path) -> Result<Option<Self>> {
        let Some(repository) = Repository::open(root)? else { return Ok(None) };
        let (url, host) = (repository.note(URL)?, repository.note(HOST)?);
        Ok(url.zip(host).map(|(url, host)| Self { url, host: parse_host(&host) }))
    }
}

fn parse_host(name: &str) -> GitHostKind {
    let known = [GitHostKind::Forgejo, GitHostKind::GitHub];
    known.into_iter().find(|host| host.as_str() == name).unwrap_or(GitHostKind::Embedded)
}

/// What stock Git should not offer to commit: the same that progy leaves alone.
fn never_saved() -> Vec<String> {
    let own = [format!("/{}/", layout::FOLDER), format!("/{}", layout::SETTINGS)];
    own.into_iter().chain(rules::never_synced()).collect()
}
