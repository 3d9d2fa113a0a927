//! A device that saves trees, as the client does: it asks, sends what is missing, and commits.

use std::collections::BTreeMap;

use futures_util::stream;
use futures_util::{StreamExt, TryStreamExt};
use progy_api::account::{Role, User};
use progy_api::delta::Base64;
use progy_api::snapshot::{BlobsRequest, CommitRequest, HaveRequest, PackAnswer};
use progy_api::sync::SyncAnswer;
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, LinkTarget, RelPath, RevisionId, SaveId, Timestamp,
};
use progy_snapshot::exchange::{Answer, Needs};
use progy_snapshot::file::Splitter;
use progy_snapshot::pack::{Index, PackId, PackWriter};
use progy_snapshot::tree::{FileItem, Item, TreeBuilder};
use progy_snapshot::{BlobId, Kind, MemoryBlobs};
use semver::Version;

use crate::Result;
use crate::services::snapshots::upload::Upload;
use crate::services::testing::{Unpacked, World, course, run, unpacked, version};

pub(in super::super) struct Laptop<'a> {
    pub(in super::super) world: &'a World,
    pub(in super::super) user: User,
    pub(in super::super) course: CourseId,
    pub(in super::super) version: Version,
    /// Every blob that it ever made.
    pub(in super::super) blobs: MemoryBlobs,
    /// The last tree that was committed.
    pub(in super::super) base: Option<(RevisionId, BlobId)>,
    saves: u32,
}

/// A tree to be: paths with contents. One that ends with `/` is an empty folder, a content that begins
/// with `->` a link, and a path that begins with `bin/` can be run.
pub(in super::super) type Model<'a> = BTreeMap<&'a str, &'a [u8]>;

impl<'a> Laptop<'a> {
    pub(in super::super) fn new(world: &'a World, name: &str) -> Self {
        Self::of(world, world.user(name, Role::Learner))
    }

    pub(in super::super) fn of(world: &'a World, user: User) -> Self {
        Self {
            world,
            user,
            course: course(),
            version: version("1.0.0"),
            blobs: MemoryBlobs::default(),
            base: None,
            saves: 0,
        }
    }

    /// Makes the blobs of a tree; gives its root.
    pub(in super::super) fn tree(&mut self, model: &Model<'_>) -> BlobId {
        let (mut builder, mut splitter) = (TreeBuilder::new(), Splitter::new());
        let mut sorted: Vec<_> = model.iter().collect();
        sorted.sort();
        for (path, bytes) in sorted {
            let at = RelPath::new(path.trim_end_matches('/')).unwrap();
            let item = if path.ends_with('/') {
                Item::Folder
            } else if let Some(target) = bytes.strip_prefix(b"->") {
                let target = std::str::from_utf8(target).unwrap();
                Item::Symlink(LinkTarget::new(&at, target).unwrap())
            } else {
                let size = bytes.len() as u64;
                let content = splitter.split(&mut &**bytes, size, &mut self.blobs).unwrap();
                let executable = path.starts_with("bin/");
                Item::File(FileItem { content, executable, modified: 1_600_000_000_000_000_000 })
            };
            builder.push(&at, &item, &mut self.blobs).unwrap();
        }
        builder.finish(&mut self.blobs).unwrap()
    }

    pub(in super::super) fn have(&self, names: &[BlobId]) -> Vec<bool> {
        let names = Base64(names.iter().flat_map(|name| *name.as_bytes()).collect());
        let request = HaveRequest { version: self.version.clone(), names };
        let count = request.names.0.len() / 32;
        let answer = run(self.world.services.have(&self.user, &self.course, &request)).unwrap();
        let answer = Answer::from_bytes(answer.there.0);
        (0..count).map(|n| answer.has(n)).collect()
    }

    /// What a tree needs that the server does not have.
    pub(in super::super) fn missing(&self, root: BlobId) -> Vec<BlobId> {
        let base = self.base.as_ref().map(|(_, root)| *root);
        let needed: Vec<BlobId> =
            Needs::new(&self.blobs, base, root).map(|needed| needed.unwrap().blob.id).collect();
        let there: Vec<bool> = needed.chunks(4096).flat_map(|part| self.have(part)).collect();
        needed.into_iter().zip(there).filter(|(_, there)| !there).map(|(id, _)| id).collect()
    }

    /// A pack of some of its blobs.
    pub(in super::super) fn pack(&self, blobs: &[BlobId]) -> Vec<u8> {
        let mut writer = PackWriter::new(Vec::new(), 3).unwrap();
        for id in blobs {
            let (kind, bytes) = &self.blobs.blobs[id];
            writer.add(*kind, *id, bytes).unwrap();
        }
        writer.finish().unwrap().0
    }

    pub(in super::super) fn put(&self, pack: &[u8]) -> Result<PackAnswer> {
        self.put_as(PackId::of(pack), pack)
    }

    pub(in super::super) fn put_as(&self, name: PackId, pack: &[u8]) -> Result<PackAnswer> {
        let pieces: Vec<_> = pack.chunks(1000).map(|piece| Ok(piece.to_vec().into())).collect();
        let body = stream::iter(pieces).boxed();
        let services = &self.world.services;
        match run(services.receive_pack(&self.user, &self.course, name, body))? {
            Upload::Known(answer) => Ok(answer),
            Upload::Arrived(arrived) => run(services.take_pack(arrived)),
        }
    }

    pub(in super::super) fn request(&mut self, root: BlobId) -> CommitRequest {
        self.saves += 1;
        let name = format!("{}{}", self.user.username, self.saves);
        let save = ContentHash::blake3(name.as_bytes()).to_string();
        CommitRequest {
            version: self.version.clone(),
            from: None,
            device: DeviceId::new(&"d".repeat(32)).unwrap(),
            device_name: DeviceName::new("laptop").unwrap(),
            parent: self.base.as_ref().map(|(id, _)| id.clone()),
            save: SaveId::new(&save[..32]).unwrap(),
            message: format!("save {}", self.saves),
            lesson: None,
            saved_at: Timestamp(i64::from(self.saves) * 1000),
            root: ContentHash::from_blake3((*root.as_bytes()).into()),
            progress: None,
        }
    }

    pub(in super::super) fn commit(&mut self, request: &CommitRequest) -> Result<SyncAnswer> {
        let services = &self.world.services;
        let answer = run(services.commit_snapshot(&self.user, &self.course, request))?;
        let root = BlobId::of_content(&request.root).unwrap();
        self.base = answer.head.clone().map(|head| (head, root));
        Ok(answer)
    }

    /// Saves a tree; gives the revision.
    pub(in super::super) fn save(&mut self, model: &Model<'_>) -> Result<SyncAnswer> {
        let root = self.tree(model);
        let missing = self.missing(root);
        if !missing.is_empty() {
            self.put(&self.pack(&missing))?;
        }
        let request = self.request(root);
        self.commit(&request)
    }

    pub(in super::super) fn saved(&mut self, model: &Model<'_>) -> RevisionId {
        self.save(model).unwrap().revision.unwrap().id
    }

    /// Blobs as the server sends them, every one of them checked.
    pub(in super::super) fn fetch(
        &self,
        names: &[BlobId],
        deep: bool,
        known: Option<BlobId>,
    ) -> Result<BTreeMap<BlobId, (Kind, Vec<u8>)>> {
        let request = BlobsRequest {
            version: self.version.clone(),
            names: Base64(names.iter().flat_map(|name| *name.as_bytes()).collect()),
            deep,
            known: known.map(|root| ContentHash::from_blake3((*root.as_bytes()).into())),
        };
        let body = run(self.world.services.blobs(&self.user, &self.course, &request))?;
        let pieces: std::io::Result<Vec<_>> = run(body.try_collect());
        let pack = pieces.map_err(crate::ServiceError::internal)?.concat();
        let index = Index::from_pack(&pack).unwrap();
        let mut blobs = BTreeMap::new();
        for frame in 0..u32::try_from(index.frames()).unwrap() {
            let range = index.range(frame);
            let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            let take = |blob: &progy_snapshot::Blob, bytes: Option<&[u8]>| {
                blobs.insert(blob.id, (blob.kind, bytes.unwrap().to_vec()));
                Ok(())
            };
            index.each(frame, &pack[range], take).unwrap();
        }
        Ok(blobs)
    }

    /// All files of a revision, as its archive has them.
    pub(in super::super) fn archive(&self, revision: &RevisionId) -> BTreeMap<String, Unpacked> {
        let services = &self.world.services;
        unpacked(run(services.archive(&self.user, &self.course, revision)).unwrap())
    }

    /// Whether a revision holds just this.
    #[track_caller]
    pub(in super::super) fn holds(&self, revision: &RevisionId, model: &Model<'_>) {
        let archive = self.archive(revision);
        let found: Vec<&str> = archive.keys().map(String::as_str).collect();
        let mut expected: Vec<&str> = model.keys().copied().collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
        for (path, file) in &archive {
            let bytes = model[path.as_str()];
            match bytes.strip_prefix(b"->") {
                Some(target) => assert_eq!(file.link.as_deref().unwrap().as_bytes(), target),
                None => assert!(file.bytes == bytes, "{path}"),
            }
        }
    }
}
