//! A server to test, and what a learner would have in it.

use std::io::Cursor;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hyper::Method;
use progy_api::account::Role;
use progy_api::delta::{Base64, Delta, compress};
use progy_api::sync::{Action, FileChange, Save, Since, SyncAnswer, SyncRequest};
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, RelPath, RevisionId, SaveId, Strategy, Timestamp,
};
use progy_server::{Config, ServerError, admin, serve_until};
use semver::Version;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Answer, Request};
use crate::log;

/// A running server, which ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) config: Config,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServerError>>,
    folder: TempDir,
}

impl Server {
    /// With the defaults.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With some of the defaults changed.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        log::collect();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: "127.0.0.1:0".to_owned(),
            data: folder.path().join("data"),
            ..Config::default()
        };
        change(&mut config);
        let (stop, stopped) = oneshot::channel();
        let (listening, address) = oneshot::channel();
        let done = tokio::spawn(serve_until(
            config.clone(),
            move |address| listening.send(address).unwrap(),
            async move {
                let _ = stopped.await;
            },
        ));
        let address = address.await.expect("the server starts");
        Self { address, config, stop, done, folder }
    }

    /// Asks the server to stop.
    pub(crate) fn stop(self) -> Stopping {
        self.stop.send(()).unwrap();
        Stopping { done: self.done, folder: self.folder }
    }

    /// A request.
    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        Request::new(self.address, method, path)
    }

    /// A GET request.
    pub(crate) fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub(crate) fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// A PUT request.
    pub(crate) fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    /// The token of a new user.
    pub(crate) async fn token(&self, name: &str, role: Role) -> String {
        admin::add_user(&self.config, name, None, role).await.unwrap();
        admin::create_token(&self.config, name).await.unwrap()
    }

    /// The token of a learner named `ana`, in a server with the course `intro` 1.0.0.
    pub(crate) async fn learner(&self) -> String {
        let admin = self.token("root", Role::Admin).await;
        self.publish(&admin, "intro", package("intro", "1.0.0")).await.json::<serde_json::Value>();
        self.token("ana", Role::Learner).await
    }

    /// Publishes version 1.0.0 of a course, whose id is percent-encoded here.
    pub(crate) async fn publish(&self, token: &str, id: &str, package: Vec<u8>) -> Answer {
        let path = format!("/api/courses/{}/versions/1.0.0", id.replace('/', "%2F"));
        self.put(&path).token(token).body(package).send().await
    }

    /// Sends a save.
    pub(crate) async fn sync(&self, token: &str, request: &SyncRequest) -> Answer {
        self.post("/api/sync").token(token).json(request).send().await
    }

    /// Saves `content` as the lesson's file, after `parent`.
    pub(crate) async fn save(
        &self,
        token: &str,
        content: &[u8],
        parent: Option<&RevisionId>,
    ) -> SyncAnswer {
        self.sync(token, &save(content, parent)).await.json()
    }
}

/// A server that was asked to stop.
pub(crate) struct Stopping {
    done: JoinHandle<Result<(), ServerError>>,
    folder: TempDir,
}

impl Stopping {
    /// Whether it has.
    pub(crate) fn is_over(&self) -> bool {
        self.done.is_finished()
    }

    /// Waits until it has. The folder of its configuration goes when this is dropped.
    pub(crate) async fn over(self) -> TempDir {
        let done = tokio::time::timeout(Duration::from_secs(10), self.done).await;
        done.expect("it stops").unwrap().unwrap();
        self.folder
    }
}

/// The file that learners edit in the courses of these tests.
pub(crate) const EXERCISE: &str = "content/01_hello/exercise.txt";
/// What it holds at first.
pub(crate) const TEMPLATE: &[u8] = b"say hello here\n";

/// A course's package.
pub(crate) fn package(id: &str, version: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    let manifest = serde_json::json!({
        "id": id,
        "name": "Intro",
        "version": version,
        "runners": [{ "id": "run", "type": "process", "command": "true", "args": [] }],
    });
    write("course.json", manifest.to_string().as_bytes());
    write("content/01_hello/README.md", b"# Hello\n");
    write(EXERCISE, TEMPLATE);
    pack(folder.path())
}

fn pack(folder: &Path) -> Vec<u8> {
    let mut packed = Cursor::new(Vec::new());
    progy_course::pack(folder, &mut packed).unwrap();
    packed.into_inner()
}

/// A request that saves `content` as the lesson's file of `intro`, after `parent`.
pub(crate) fn save(content: &[u8], parent: Option<&RevisionId>) -> SyncRequest {
    let hash = ContentHash::blake3(content);
    let data = Base64(compress(content, None, 3).unwrap());
    let id = format!("{hash}{}", parent.map_or("", RevisionId::as_str));
    let id = ContentHash::blake3(id.as_bytes()).to_string();
    SyncRequest {
        course: CourseId::new("intro").unwrap(),
        version: Version::new(1, 0, 0),
        from: None,
        strategy: Strategy::Patch,
        device: DeviceId::new(&"d".repeat(32)).unwrap(),
        device_name: DeviceName::new("laptop").unwrap(),
        parent: parent.cloned(),
        save: Some(Save {
            id: SaveId::new(&id[..32]).unwrap(),
            message: "a save".to_owned(),
            lesson: None,
            saved_at: Timestamp(1_700_000_000_000),
            since: if parent.is_some() { Since::Parent } else { Since::Template },
            changes: vec![FileChange {
                path: RelPath::new(EXERCISE).unwrap(),
                action: Action::Put {
                    hash,
                    size: content.len() as u64,
                    executable: false,
                    content: Some(Delta { reference: None, data }),
                },
            }],
        }),
        progress: None,
    }
}
