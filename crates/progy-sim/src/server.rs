//! The server: the real services over the real database in memory, one request at a time.

mod faulty;
mod gate;
mod history;
mod host;
pub(crate) mod repo;
mod upkeep;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Cursor;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use futures_util::{StreamExt, TryStreamExt};
use progy_api::account::{Role, User};
use progy_api::git::{Author, GitHostKind, Repo};
use progy_api::history::{ContentsRequest, StrategyRequest};
use progy_api::snapshot::{BlobsRequest, CommitRequest, HaveRequest};
use progy_api::sync::SyncRequest;
use progy_core::git::ObjectId;
use progy_core::git::wire::Service;
use progy_core::{ContentHash, CourseId, HashKind, RevisionId, Timestamp};
use progy_server::ports::database::UserId;
use progy_server::ports::database::sqlite::Sqlite;
use progy_server::ports::git_host::RepoName;
use progy_server::ports::objects::memory::MemoryObjects;
use progy_server::ports::{Clock, Entropy, ObjectStore, PortError};
use progy_server::services::git::Repositories;
use progy_server::services::snapshots::upload::Upload;
use progy_server::{Limits, ServiceError, Services};
use progy_snapshot::pack::PackId;
use semver::Version;
use serde::Serialize;

use crate::course;
use crate::machine::Shared;
use crate::rng::Rng;
use crate::sabotage::Sabotage;
use crate::script::Carried;
pub(crate) use gate::Accident;
use gate::{Gate, GatedObjects};
pub(crate) use history::Kept;
use repo::Host;
use upkeep::{Ground, Upkeep};

/// What a device asks, as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Sync(Vec<u8>),
    Progress { course: CourseId, base: Option<RevisionId> },
    Contents { course: CourseId, body: Vec<u8> },
    Revisions { course: CourseId, before: Option<RevisionId>, limit: u32 },
    Revision { course: CourseId, revision: RevisionId },
    Strategy { course: CourseId, body: Vec<u8> },
    Course(CourseId),
    Package(CourseId, Version),
    Have { course: CourseId, body: Vec<u8> },
    PutPack { course: CourseId, pack: ContentHash, body: Vec<u8> },
    Blobs { course: CourseId, body: Vec<u8> },
    Commit { course: CourseId, body: Vec<u8> },
    EnsureRepo(CourseId),
    Advertise(Service),
    UploadPack(Vec<u8>),
    ReceivePack(Vec<u8>),
}

impl Request {
    fn is_for_git(&self) -> bool {
        matches!(self, Self::Advertise(_) | Self::UploadPack(_) | Self::ReceivePack(_))
    }
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Success, with its body.
    Good(Vec<u8>),
    /// A problem document.
    Refused(Vec<u8>),
    /// Nothing: the request or the answer was lost, or the server stopped.
    Nothing,
}

/// The true time: the server's clock is right.
struct ServerClock(Arc<Shared>);

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.now() / 1_000_000)
    }
}

/// Nothing that the simulation does asks for secrets.
struct NoSecrets;

impl Entropy for NoSecrets {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        for (place, byte) in bytes.iter_mut().zip(Rng::new(7).bytes().into_iter().cycle()) {
            *place = byte;
        }
        Ok(())
    }
}

/// A server on which both courses are published in their first version, from which every run starts.
struct Begun {
    database: Vec<u8>,
    objects: Arc<MemoryObjects>,
    user: User,
}

/// A copy of what the server keeps.
struct Backup {
    database: Vec<u8>,
    objects: Arc<MemoryObjects>,
    main: Option<ObjectId>,
}

pub(crate) struct Server {
    shared: Arc<Shared>,
    database: Arc<Sqlite>,
    gate: Arc<Gate>,
    objects: Arc<MemoryObjects>,
    services: Services,
    user: User,
    backups: Vec<Backup>,
    /// Other servers, which look after the snapshots.
    upkeep: Option<Upkeep>,
    /// Where saves are kept if the workspace is carried by Git.
    git: Option<Arc<Host>>,
    carried: Carried,
    /// How many versions of the course are published.
    pub(crate) published: u64,
    names_files: bool,
}

/// Runs what never waits.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn services(
    gate: &Arc<Gate>,
    objects: &Arc<MemoryObjects>,
    shared: &Arc<Shared>,
    git: Option<&Arc<Host>>,
) -> Services {
    let clock = Arc::new(ServerClock(Arc::clone(shared)));
    let limits = Limits { tree_cache: 1 << 20, content_cache: 1 << 20, ..Limits::default() };
    let services = Services::new(
        Arc::<Gate>::clone(gate),
        gate.accounts(),
        Arc::new(GatedObjects { inner: Arc::clone(objects), gate: Arc::clone(gate) }),
        clock,
        Arc::new(NoSecrets),
        limits,
    );
    match git {
        Some(git) => {
            let host = host::Shared(Arc::clone(git));
            services.with_git(Repositories::elsewhere(Arc::new(host)))
        }
        None => services,
    }
}

fn begun() -> Result<&'static Begun, String> {
    static BEGUN: OnceLock<Result<Begun, String>> = OnceLock::new();
    BEGUN.get_or_init(begin).as_ref().map_err(Clone::clone)
}

fn begin() -> Result<Begun, String> {
    let objects = Arc::new(MemoryObjects::new());
    let database = Arc::new(Sqlite::in_memory().map_err(|error| error.to_string())?);
    let gate = Arc::new(Gate::new(Arc::clone(&database), None));
    let services = services(&gate, &objects, &Arc::new(Shared::new(false)), None);
    let user = ready(services.add_user("ana", None, Role::Admin));
    let user = user.ok_or("waits")?.map_err(|error| error.to_string())?;
    for names_files in [false, true] {
        publish(&services, &user, names_files, 1)?;
    }
    let database = database.snapshot().map_err(|error| error.to_string())?;
    Ok(Begun { database, objects, user })
}

fn publish(services: &Services, user: &User, names_files: bool, n: u64) -> Result<(), String> {
    let package = Cursor::new(course::package(names_files, n));
    let (id, version) = (course::id(names_files), course::version(n));
    let published = ready(services.publish(user, &id, &version, package));
    published.ok_or("waits")?.map(drop).map_err(|error| error.to_string())
}

impl Server {
    pub(crate) fn new(
        shared: Arc<Shared>,
        names_files: bool,
        carried: Carried,
        sabotage: Option<Sabotage>,
    ) -> Result<Self, String> {
        let git = matches!(carried, Carried::Git | Carried::Either)
            .then(Host::new)
            .transpose()?
            .map(Arc::new);
        let begun = begun()?;
        let database = Sqlite::in_memory().map_err(|error| error.to_string())?;
        database.restore(&begun.database).map_err(|error| error.to_string())?;
        let database = Arc::new(database);
        let gate = Arc::new(Gate::new(Arc::clone(&database), sabotage));
        let objects = Arc::new(begun.objects.copy());
        let noted = git.as_ref().filter(|_| carried == Carried::Either);
        let services = services(&gate, &objects, &shared, noted);
        let user = begun.user.clone();
        let backups = Vec::new();
        Ok(Self {
            shared,
            database,
            gate,
            objects,
            services,
            user,
            backups,
            upkeep: None,
            git,
            carried,
            published: 1,
            names_files,
        })
    }

    /// From now on other servers may look after the snapshots. With `resets` a completed lesson may be
    /// none any more.
    pub(crate) fn begin_upkeep(&mut self, sabotage: Option<Sabotage>, resets: bool) {
        let mut upkeep = Upkeep::new(Ground {
            shared: Arc::clone(&self.shared),
            database: Arc::clone(&self.database),
            objects: Arc::clone(&self.objects),
            learner: UserId(self.user.id.clone()),
            sabotage,
        });
        upkeep.watch.resets = resets;
        self.upkeep = Some(upkeep);
    }

    /// The other servers, if there are any.
    pub(crate) fn upkeep(&mut self) -> Option<&mut Upkeep> {
        self.upkeep.as_mut()
    }

    /// Those of the other servers that are at work.
    pub(crate) fn at_work(&self) -> Vec<usize> {
        self.upkeep.as_ref().map(Upkeep::at_work).unwrap_or_default()
    }

    /// The revisions that have expired, and what each followed.
    pub(crate) fn expired(&self) -> BTreeMap<RevisionId, Option<RevisionId>> {
        let upkeep = self.upkeep.as_ref();
        upkeep.map(|upkeep| upkeep.watch.expired.clone()).unwrap_or_default()
    }

    /// How contents are named now.
    pub(crate) fn hash_kind(&self) -> HashKind {
        match self.carried {
            Carried::Patch | Carried::Snapshot => HashKind::Blake3,
            Carried::Git => HashKind::GitBlob,
            Carried::Either => match self.head() {
                Ok(Some((head, _))) if head.is_commit() => HashKind::GitBlob,
                _ => HashKind::Blake3,
            },
        }
    }

    /// Where the repository is, if there may be one.
    pub(crate) fn repository(&self) -> Option<&Path> {
        self.git.as_ref().map(|git| git.folder())
    }

    /// The repository, if it is all that there is of the workspace.
    fn only_git(&self) -> Option<&Host> {
        self.git.as_deref().filter(|_| self.carried == Carried::Git)
    }

    pub(crate) fn course(&self) -> CourseId {
        course::id(self.names_files)
    }

    /// The author publishes the next version, if there is one.
    pub(crate) fn publish_next(&mut self) {
        if self.published < course::VERSIONS {
            self.published += 1;
            self.publish_all();
        }
    }

    fn publish_all(&self) {
        self.gate.begin(None);
        for n in 1..=self.published {
            if let Err(error) = publish(&self.services, &self.user, self.names_files, n) {
                self.shared.wrong(format!("version {n} of the course is refused: {error}"));
            }
        }
    }

    pub(crate) fn back_up(&mut self) {
        match self.database.snapshot() {
            Ok(database) => {
                let main = self.git.as_ref().and_then(|git| git.main());
                let objects = Arc::new(self.objects.copy());
                self.backups.push(Backup { database, objects, main });
            }
            Err(error) => self.shared.wrong(format!("no backup can be made: {error}")),
        }
    }

    /// One of the backups takes the database's place; what the author published since is published
    /// again. False if there is none.
    pub(crate) fn restore_backup(&mut self, rng: &mut Rng) -> bool {
        let Some(backup) = rng.pick(&self.backups) else { return false };
        let restored = self.database.restore(&backup.database).map_err(|error| error.to_string());
        let git = self.git.as_ref().map_or(Ok(()), |git| git.set_main(backup.main));
        let objects = put_back(&backup.objects, &self.objects);
        if let Err(error) = restored.and(git).and(objects) {
            self.shared.wrong(format!("a backup cannot be restored: {error}"));
        }
        self.restart();
        self.publish_all();
        if let Some(upkeep) = &mut self.upkeep {
            upkeep.begin_anew();
        }
        true
    }

    /// The process ends, and another one begins with what was durable.
    pub(crate) fn restart(&mut self) {
        let noted = self.git.as_ref().filter(|_| self.carried == Carried::Either);
        self.services = services(&self.gate, &self.objects, &self.shared, noted);
    }

    fn crash(&mut self) {
        self.shared.trace.say(|| "the server stops".to_owned());
        if let Some(faulty) = &self.gate.faulty {
            faulty.crash();
        }
        self.restart();
    }

    /// Answers a request, unless the accident prevents it.
    pub(crate) fn handle(&mut self, request: &Request, accident: Option<Accident>) -> Answer {
        if request.is_for_git()
            && self.carried == Carried::Git
            && let Some(answer) = self.git_accident(request, accident)
        {
            return answer;
        }
        self.gate.begin(accident);
        let mut others = self.upkeep.take();
        let answer = self.answer_beside(request, others.as_mut());
        self.gate.begin(None);
        if let Some(others) = &mut others {
            others.watch.saw(request, answer.as_ref());
        }
        self.upkeep = others;
        answer.unwrap_or_else(|| {
            self.crash();
            Answer::Nothing
        })
    }

    /// Answers a request, while other servers go on between its calls; `None` if the server stops.
    fn answer_beside(&self, request: &Request, others: Option<&mut Upkeep>) -> Option<Answer> {
        let Some(others) = others.filter(|others| !others.at_work().is_empty()) else {
            return ready(self.answer(request));
        };
        self.gate.step(true);
        let mut answer = pin!(self.answer(request));
        let answer = loop {
            match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => break Some(answer),
                Poll::Pending if self.gate.has_stopped() => break None,
                Poll::Pending => others.go_on_meanwhile(),
            }
        };
        self.gate.step(false);
        answer
    }

    /// What becomes of a request for the repository in an accident: it has no database.
    fn git_accident(&mut self, request: &Request, accident: Option<Accident>) -> Option<Answer> {
        match accident? {
            Accident::Before(_) => self.crash(),
            Accident::After(_) => {
                self.handle(request, None);
                self.crash();
            }
            Accident::Busy => {}
        }
        Some(Answer::Nothing)
    }

    async fn answer_git(&self, request: &Request) -> Option<Answer> {
        let git = self.git.as_ref()?;
        if self.carried == Carried::Either {
            if let Request::Advertise(Service::ReceivePack) | Request::ReceivePack(_) = request
                && let Err(error) = self.services.check_push(&self.repo_name()).await
            {
                return Some(refused(&error));
            }
            if let Request::ReceivePack(body) = request {
                return Some(self.take_push(git, body).await);
            }
        }
        match request {
            Request::EnsureRepo(course) => Some(body_of(Ok(Repo {
                repo_url: Host::url(course),
                html_url: Host::url(course),
                created: git.main().is_none(),
                host: GitHostKind::Embedded,
                author: Author { name: "ana".to_owned(), email: "ana@localhost".to_owned() },
            }))),
            Request::Advertise(service) => Some(Answer::Good(git.advertise(*service))),
            Request::UploadPack(body) => git.upload_pack(body).map(Answer::Good),
            Request::ReceivePack(body) => Some(Answer::Good(git.receive_pack(body))),
            _ => None,
        }
    }

    fn repo_name(&self) -> RepoName {
        RepoName {
            user: UserId(self.user.id.clone()),
            username: self.user.username.clone(),
            course: self.course(),
        }
    }

    /// Takes a push and its note, as the embedded host's route does.
    async fn take_push(&self, git: &Host, body: &[u8]) -> Answer {
        let repo = self.repo_name();
        if let Err(error) = self.services.claim_push(&repo).await {
            return refused(&error);
        }
        let answer = git.receive_pack(body);
        match self.services.take_note(&repo).await {
            Err(ServiceError::OtherStrategy(_)) => Answer::Nothing,
            _ => Answer::Good(answer),
        }
    }

    async fn answer(&self, request: &Request) -> Answer {
        let (services, user) = (&self.services, &self.user);
        match request {
            Request::Sync(body) => {
                let Ok(mut request) = serde_json::from_slice::<SyncRequest>(body) else {
                    return self.garbage("sync");
                };
                if let Some(faulty) = &self.gate.faulty {
                    let id = UserId(user.id.clone());
                    if let Ok(Some(answer)) = faulty.receive(&id, &mut request).await {
                        return body_of(Ok(answer));
                    }
                }
                body_of(services.sync(user, request).await)
            }
            Request::Progress { course, base } => {
                body_of(services.progress(user, course, base.as_ref()).await)
            }
            Request::Contents { course, body } => {
                let Ok(request) = serde_json::from_slice::<ContentsRequest>(body) else {
                    return self.garbage("contents");
                };
                body_of(services.contents(user, course, &request).await)
            }
            Request::Revisions { course, before, limit } => {
                body_of(services.revisions(user, course, before.as_ref(), *limit).await)
            }
            Request::Revision { course, revision } => {
                body_of(services.revision(user, course, revision).await)
            }
            Request::Strategy { course, body } => {
                let Ok(request) = serde_json::from_slice::<StrategyRequest>(body) else {
                    return self.garbage("strategy");
                };
                body_of(services.change_strategy(user, course, &request).await)
            }
            Request::Course(course) => body_of(services.course(course).await),
            Request::Package(course, version) => match self.package(course, version).await {
                Ok(bytes) => Answer::Good(bytes),
                Err(error) => refused(&error),
            },
            Request::Have { course, body } => {
                let Ok(request) = serde_json::from_slice::<HaveRequest>(body) else {
                    return self.garbage("have");
                };
                body_of(services.have(user, course, &request).await)
            }
            Request::PutPack { course, pack, body } => self.take_pack(course, pack, body).await,
            Request::Blobs { course, body } => {
                let Ok(request) = serde_json::from_slice::<BlobsRequest>(body) else {
                    return self.garbage("blobs");
                };
                match self.blobs(course, &request).await {
                    Ok(pack) => Answer::Good(pack),
                    Err(error) => refused(&error),
                }
            }
            Request::Commit { course, body } => {
                let Ok(request) = serde_json::from_slice::<CommitRequest>(body) else {
                    return self.garbage("commit");
                };
                body_of(services.commit_snapshot(user, course, &request).await)
            }
            Request::EnsureRepo(_)
            | Request::Advertise(_)
            | Request::UploadPack(_)
            | Request::ReceivePack(_) => self.answer_git(request).await.unwrap_or(Answer::Nothing),
        }
    }

    async fn take_pack(&self, course: &CourseId, pack: &ContentHash, body: &[u8]) -> Answer {
        let Ok(name) = pack.as_bytes().try_into() else { return self.garbage("packs") };
        let pieces: Vec<std::io::Result<bytes::Bytes>> =
            body.chunks(600).map(|piece| Ok(bytes::Bytes::copy_from_slice(piece))).collect();
        let body = futures_util::stream::iter(pieces).boxed();
        let name = PackId::from_bytes(name);
        let received = self.services.receive_pack(&self.user, course, name, body).await;
        body_of(match received {
            Ok(Upload::Known(answer)) => Ok(answer),
            Ok(Upload::Arrived(arrived)) => self.services.take_pack(arrived).await,
            Err(error) => Err(error),
        })
    }

    async fn blobs(
        &self,
        course: &CourseId,
        request: &BlobsRequest,
    ) -> Result<Vec<u8>, ServiceError> {
        let pack = self.services.blobs(&self.user, course, request).await?;
        let pieces: Vec<bytes::Bytes> = pack.try_collect().await.map_err(ServiceError::internal)?;
        Ok(pieces.concat())
    }

    async fn package(&self, course: &CourseId, version: &Version) -> Result<Vec<u8>, ServiceError> {
        let download = self.services.package(course, version).await?;
        let pieces: Vec<bytes::Bytes> =
            download.body.try_collect().await.map_err(ServiceError::internal)?;
        Ok(pieces.concat())
    }

    fn garbage(&self, route: &str) -> Answer {
        self.shared.wrong(format!("the server cannot read a request for {route}"));
        Answer::Nothing
    }
}

/// Every object of a backup is there again, as it was.
fn put_back(backup: &MemoryObjects, objects: &MemoryObjects) -> Result<(), String> {
    ready(async {
        for key in backup.list("").await? {
            if let Some(object) = backup.get(&key).await? {
                objects.put(&key, object.body).await?;
            }
        }
        Ok(())
    })
    .ok_or("waits")?
    .map_err(|error: PortError| error.to_string())
}

fn body_of<T: Serialize>(result: Result<T, ServiceError>) -> Answer {
    match result {
        Ok(value) => Answer::Good(serde_json::to_vec(&value).unwrap_or_default()),
        Err(error) => refused(&error),
    }
}

fn refused(error: &ServiceError) -> Answer {
    Answer::Refused(serde_json::to_vec(&error.problem()).unwrap_or_default())
}
