//! A small world to test services in: no disk, no runtime, a clock that stands still.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use futures_util::{FutureExt, TryStreamExt};
use progy_api::account::{Role, User};
use progy_api::delta::{Base64, Delta, compress};
use progy_api::sync::{Action, FileChange, Save, Since, SyncAnswer, SyncRequest};
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, RelPath, RevisionId, SaveId, Strategy, Timestamp,
};
use semver::Version;

use super::{Limits, Services};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::objects::ByteStream;
use crate::ports::objects::memory::MemoryObjects;
use crate::ports::{Clock, Entropy, Result as PortResult};
use crate::{Result, ServiceError};

/// Runs what needs neither a runtime nor a thread.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("everything is in memory, so nothing has to wait")
}

/// A clock that stands still until it is moved.
pub(crate) struct StandingClock(AtomicI64);

impl StandingClock {
    /// One that shows this time.
    pub(crate) fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Lets time pass, in milliseconds.
    pub(crate) fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) -> PortResult<()> {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        let mut xof = blake3::Hasher::new().update(&n.to_le_bytes()).finalize_xof();
        xof.fill(bytes);
        Ok(())
    }
}

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The template that every world begins with, but for `course.json`.
pub(crate) const TEMPLATE: [(&str, &str); 4] = [
    ("README.md", "# Rust basics\n\nRead each lesson, then solve it.\n"),
    ("content/01_intro/01_hello/README.md", "Say hello.\n"),
    ("content/01_intro/01_hello/exercise.rs", "fn main() {\n    // say hello\n    todo!()\n}\n"),
    (
        "content/01_intro/02_sum/exercise.rs",
        "pub fn sum(a: i32, b: i32) -> i32 {\n    todo!()\n}\n",
    ),
];

pub(crate) const HELLO: &str = "content/01_intro/01_hello/exercise.rs";

pub(crate) struct World {
    pub(crate) services: Services,
    pub(crate) db: Arc<Sqlite>,
    pub(crate) objects: Arc<MemoryObjects>,
    pub(crate) clock: Arc<StandingClock>,
    devices: AtomicU32,
}

impl World {
    /// A server with the course `rust-basics` 1.0.0.
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let db = Arc::new(Sqlite::in_memory().unwrap());
        let objects = Arc::new(MemoryObjects::new());
        let clock = Arc::new(StandingClock::at(Timestamp(1_800_000_000_000)));
        let entropy = Arc::new(Counting::default());
        let services =
            Services::new(db.clone(), db.clone(), objects.clone(), clock.clone(), entropy, limits);
        let world = Self { services, db, objects, clock, devices: AtomicU32::new(0) };
        let root = world.user("root", Role::Admin);
        let package = package("rust-basics", "1.0.0", &TEMPLATE);
        run(world.services.publish(&root, &course(), &version("1.0.0"), package)).unwrap();
        world
    }

    pub(crate) fn user(&self, name: &str, role: Role) -> User {
        run(self.services.add_user(name, None, role)).unwrap()
    }

    /// Publishes another version.
    pub(crate) fn publish(&self, number: &str, files: &[(&str, &str)]) {
        use crate::ports::database::accounts::Users;
        let root = run(self.db.user_by_name("root")).unwrap().unwrap();
        let package = package("rust-basics", number, files);
        run(self.services.publish(&root, &course(), &version(number), package)).unwrap();
    }

    /// Publishes a course of its own, whose manifest says this under `sync`.
    pub(crate) fn publish_with_sync(&self, id: &str, number: &str, sync: &str) {
        use crate::ports::database::accounts::Users;
        let root = run(self.db.user_by_name("root")).unwrap().unwrap();
        let manifest = format!(r#"{{"id":"{id}","name":"x","version":"{number}","sync":{sync}}}"#);
        let files = Files::from([("course.json".to_owned(), manifest.into_bytes())]);
        let id = CourseId::new(id).unwrap();
        run(self.services.publish(&root, &id, &version(number), packed(files))).unwrap();
    }

    /// A device of a new learner.
    pub(crate) fn learner(&self, name: &str) -> Device<'_> {
        let user = self.user(name, Role::Learner);
        self.device(&user, "laptop")
    }

    pub(crate) fn device(&self, user: &User, name: &str) -> Device<'_> {
        let number = self.devices.fetch_add(1, Ordering::Relaxed);
        Device {
            world: self,
            user: user.clone(),
            name: DeviceName::new(name).unwrap(),
            number,
            saves: 0,
            version: version("1.0.0"),
            base: None,
        }
    }
}

/// One device, which knows its base.
pub(crate) struct Device<'a> {
    pub(crate) world: &'a World,
    pub(crate) user: User,
    pub(crate) version: Version,
    pub(crate) base: Option<RevisionId>,
    name: DeviceName,
    number: u32,
    saves: u32,
}

impl Device<'_> {
    /// A request that would publish `changes` onto the base.
    pub(crate) fn request(&mut self, changes: Vec<FileChange>) -> SyncRequest {
        self.saves += 1;
        let save = Save {
            id: SaveId::new(&format!("{:016x}{:016x}", self.number, self.saves)).unwrap(),
            message: format!("save {}", self.saves),
            lesson: None,
            saved_at: Timestamp(i64::from(self.saves) * 1000),
            since: Since::Parent,
            changes,
        };
        SyncRequest {
            course: course(),
            version: self.version.clone(),
            from: None,
            strategy: Strategy::Patch,
            device: DeviceId::new(&format!("{:032x}", self.number)).unwrap(),
            device_name: self.name.clone(),
            parent: self.base.clone(),
            save: Some(save),
            progress: None,
        }
    }

    /// As [`Self::request`], with all that differs from the template.
    pub(crate) fn whole(&mut self, changes: Vec<FileChange>) -> SyncRequest {
        let mut request = self.request(changes);
        request.save.as_mut().unwrap().since = Since::Template;
        request
    }

    pub(crate) fn send(&mut self, request: &SyncRequest) -> Result<SyncAnswer> {
        let answer = run(self.world.services.sync(&self.user, request.clone()))?;
        self.base.clone_from(&answer.head);
        Ok(answer)
    }

    /// Publishes onto the base.
    pub(crate) fn save(&mut self, changes: Vec<FileChange>) -> Result<SyncAnswer> {
        let request = self.request(changes);
        self.send(&request)
    }

    /// Publishes what must be taken; gives the revision.
    pub(crate) fn saved(&mut self, changes: Vec<FileChange>) -> RevisionId {
        self.save(changes).unwrap().revision.unwrap().id
    }

    /// All files of the head.
    pub(crate) fn files(&self) -> Files {
        self.files_of(self.base.as_ref().unwrap())
    }

    /// All files of a revision, as its archive has them.
    pub(crate) fn files_of(&self, revision: &RevisionId) -> Files {
        let archive = run(self.world.services.archive(&self.user, &course(), revision)).unwrap();
        unpacked(archive).into_iter().map(|(path, file)| (path, file.bytes)).collect()
    }

    /// The template of 1.0.0 with other contents at some paths, and some paths gone.
    pub(crate) fn expect(&self, changed: &[(&str, Option<&[u8]>)]) -> Files {
        let mut files = template_files(&self.version.to_string(), &TEMPLATE);
        for (path, bytes) in changed {
            match bytes {
                Some(bytes) => drop(files.insert((*path).to_owned(), bytes.to_vec())),
                None => drop(files.remove(*path)),
            }
        }
        files
    }
}

pub(crate) struct Unpacked {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) link: Option<String>,
}

/// What an archive holds.
pub(crate) fn unpacked(archive: ByteStream) -> BTreeMap<String, Unpacked> {
    let bytes = run(archive.try_collect::<Vec<_>>()).unwrap().concat();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let unpack = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let link = entry.link_name().unwrap().map(|link| link.to_str().unwrap().to_owned());
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        (path, Unpacked { bytes, mode: entry.header().mode().unwrap(), link })
    };
    archive.entries().unwrap().map(unpack).collect()
}

pub(crate) fn course() -> CourseId {
    CourseId::new("rust-basics").unwrap()
}

pub(crate) fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn manifest(id: &str, version: &str) -> Vec<u8> {
    format!(
        r#"{{"id":"{id}","name":"A course","description":"Of {version}","version":"{version}"}}"#
    )
    .into_bytes()
}

pub(crate) fn template_files(version: &str, files: &[(&str, &str)]) -> Files {
    let mut all: Files =
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    all.insert("course.json".to_owned(), manifest("rust-basics", version));
    all
}

/// A packed course.
pub(crate) fn package(id: &str, version: &str, files: &[(&str, &str)]) -> Cursor<Vec<u8>> {
    let mut all = template_files(version, files);
    all.insert("course.json".to_owned(), manifest(id, version));
    packed(all)
}

fn packed(files: Files) -> Cursor<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let mut package = Cursor::new(Vec::new());
    progy_course::pack(folder.path(), &mut package).unwrap();
    package
}

pub(crate) fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

pub(crate) fn hash(bytes: &[u8]) -> ContentHash {
    ContentHash::blake3(bytes)
}

fn put_with(at: &str, bytes: &[u8], content: Option<Delta>) -> FileChange {
    let size = bytes.len() as u64;
    let action = Action::Put { hash: hash(bytes), size, executable: false, content };
    FileChange { path: path(at), action }
}

/// A file that is sent whole.
pub(crate) fn put(at: &str, bytes: &[u8]) -> FileChange {
    let data = Base64(compress(bytes, None, 3).unwrap());
    put_with(at, bytes, Some(Delta { reference: None, data }))
}

/// A file that is sent as what differs from `reference`.
pub(crate) fn put_delta(at: &str, bytes: &[u8], reference: &[u8]) -> FileChange {
    let data = Base64(compress(bytes, Some(reference), 3).unwrap());
    put_with(at, bytes, Some(Delta { reference: Some(hash(reference)), data }))
}

/// A file whose content the server should know.
pub(crate) fn put_known(at: &str, bytes: &[u8]) -> FileChange {
    put_with(at, bytes, None)
}

pub(crate) fn delete(at: &str) -> FileChange {
    FileChange { path: path(at), action: Action::Delete }
}

pub(crate) fn link(at: &str, target: &str) -> FileChange {
    FileChange { path: path(at), action: Action::Link { target: target.to_owned() } }
}

/// The code of what failed.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> &'static str {
    result.unwrap_err().kind().1
}

/// Text that compresses badly, the same for the same seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}
