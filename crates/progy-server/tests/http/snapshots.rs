//! Projects of any size over HTTP.

use std::io::Read;

use progy_api::delta::Base64;
use progy_api::progress::ProgressDocument;
use progy_api::snapshot::{BlobsRequest, CommitRequest, HaveAnswer, HaveRequest, PackAnswer};
use progy_api::sync::SyncAnswer;
use progy_core::{ContentHash, DeviceId, DeviceName, RelPath, RevisionId, SaveId, Timestamp};
use progy_snapshot::file::Splitter;
use progy_snapshot::pack::{Index, PackId, PackWriter};
use progy_snapshot::tree::{FileItem, Item, TreeBuilder};
use progy_snapshot::{BlobId, MemoryBlobs};
use semver::Version;
use serde_json::json;

use crate::client::Answer;
use crate::server::{Server, TEMPLATE};

/// A tree and the one pack that brings all of it.
pub(crate) struct Snapshot {
    pub(crate) root: BlobId,
    pub(crate) name: PackId,
    pub(crate) pack: Vec<u8>,
}

impl Snapshot {
    /// Of these files, in order.
    pub(crate) fn of(files: &[(&str, &[u8])]) -> Self {
        let (mut blobs, mut builder) = (MemoryBlobs::default(), TreeBuilder::new());
        for (path, bytes) in files {
            let size = bytes.len() as u64;
            let content = Splitter::new().split(&mut &**bytes, size, &mut blobs).unwrap();
            let item = Item::File(FileItem { content, executable: false, modified: 0 });
            builder.push(&RelPath::new(path).unwrap(), &item, &mut blobs).unwrap();
        }
        let root = builder.finish(&mut blobs).unwrap();
        let mut writer = PackWriter::new(Vec::new(), 3).unwrap();
        for (id, (kind, bytes)) in &blobs.blobs {
            writer.add(*kind, *id, bytes).unwrap();
        }
        let (pack, written) = writer.finish().unwrap();
        Self { root, name: written.id, pack }
    }

    pub(crate) async fn put(&self, server: &Server, token: &str, course: &str) -> Answer {
        let path = format!("/api/snapshots/{course}/packs/{}", self.name);
        server.put(&path).token(token).body(self.pack.clone()).send().await
    }

    /// Sends and commits it as the first revision.
    pub(crate) async fn save(&self, server: &Server, token: &str, course: &str) -> SyncAnswer {
        self.put(server, token, course).await.json::<PackAnswer>();
        let path = format!("/api/snapshots/{course}/commit");
        server.post(&path).token(token).json(&self.commit(None)).send().await.json()
    }

    pub(crate) fn commit(&self, parent: Option<&RevisionId>) -> CommitRequest {
        let root = ContentHash::from_blake3((*self.root.as_bytes()).into());
        CommitRequest {
            version: Version::new(1, 0, 0),
            from: None,
            device: DeviceId::new(&"d".repeat(32)).unwrap(),
            device_name: DeviceName::new("laptop").unwrap(),
            parent: parent.cloned(),
            save: SaveId::new(&root.to_string()[..32]).unwrap(),
            message: "a snapshot".to_owned(),
            lesson: None,
            saved_at: Timestamp(1_700_000_000_000),
            root,
            progress: None,
        }
    }
}

fn names(blobs: &[BlobId]) -> Base64 {
    Base64(blobs.iter().flat_map(|blob| *blob.as_bytes()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_goes_there_and_comes_back() {
    let server = Server::start().await;
    let token = server.learner().await;
    let large = vec![7; 3 << 20];
    let snapshot = Snapshot::of(&[("README.md", b"mine\n"), ("large.bin", &large)]);
    let have = HaveRequest {
        version: Version::new(1, 0, 0),
        names: names(&[snapshot.root, BlobId::of(TEMPLATE)]),
    };
    let ask = || server.post("/api/snapshots/intro/have").token(&token).json(&have);
    assert_eq!(ask().send().await.json::<HaveAnswer>().there.0, [0b10]);
    let first = snapshot.save(&server, &token, "intro").await;
    assert_eq!(ask().send().await.json::<HaveAnswer>().there.0, [0b11]);
    let again: SyncAnswer = snapshot.save(&server, &token, "intro").await;
    assert_eq!(first, again);

    let standing = "/api/progress/intro?files=none";
    let standing: ProgressDocument = server.get(standing).token(&token).send().await.json();
    assert_eq!(standing.root.unwrap().to_string(), snapshot.root.to_string());
    assert!(standing.files.is_empty());
    let blobs = BlobsRequest {
        version: Version::new(1, 0, 0),
        names: names(&[snapshot.root]),
        deep: true,
        known: None,
    };
    let pack = server.post("/api/snapshots/intro/blobs").token(&token).json(&blobs).send().await;
    assert_eq!(pack.header("content-type"), "application/octet-stream");
    assert!(Index::from_pack(&pack.body).unwrap().place(&snapshot.root).is_some());

    let revision = first.head.unwrap();
    let path = format!("/api/workspaces/intro/revisions/{revision}/archive.tar.gz");
    let archive = server.get(&path).token(&token).send().await;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&archive.body[..]));
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut bytes = Vec::new();
        entry.unwrap().read_to_end(&mut bytes).unwrap();
        found.push(bytes);
    }
    assert!(found == [b"mine\n".to_vec(), large]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused() {
    let server = Server::start().await;
    let token = server.learner().await;
    let snapshot = Snapshot::of(&[("a", b"one")]);
    let commit = server.post("/api/snapshots/intro/commit").token(&token);
    let problem = commit.json(&snapshot.commit(None)).send().await.problem(409, "unknown_blobs");
    assert_eq!(problem.names, Some(names(&[snapshot.root])));

    let path = |name: &str| format!("/api/snapshots/intro/packs/{name}");
    let put = |name: &str, body: Vec<u8>| server.put(&path(name)).token(&token).body(body).send();
    let name = snapshot.name.to_string();
    put(&name, b"another".to_vec()).await.problem(422, "wrong_hash");
    put(&name[..40], snapshot.pack.clone()).await.problem(400, "bad_request");
    put("nothing", Vec::new()).await.problem(400, "bad_request");
    put(&name, vec![0; (24 << 20) + 1]).await.problem(413, "too_large");
    snapshot.put(&server, &token, "nowhere").await.problem(404, "no_course");

    for route in ["have", "blobs"] {
        let ask = |names: Base64| {
            let path = format!("/api/snapshots/intro/{route}");
            server
                .post(&path)
                .token(&token)
                .json(&json!({ "version": "1.0.0", "names": names }))
                .send()
        };
        ask(Base64(vec![0; 33])).await.problem(400, "bad_request");
        ask(Base64(vec![0; 4097 * 32])).await.problem(413, "too_large");
    }
}
