//! Who is at work at the same time: devices that save, readers, and servers that sweep.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use progy_api::account::User;
use progy_api::delta::Base64;
use progy_api::snapshot::{BlobsRequest, CommitRequest, HaveRequest};
use progy_core::{ContentHash, DeviceId, DeviceName, RevisionId, SaveId, Timestamp};
use progy_snapshot::exchange::{Answer, Needs};
use progy_snapshot::pack::{Index, PackId, PackWriter};
use progy_snapshot::{BlobId, MemoryBlobs};

use super::super::laptop::Model;
use crate::ServiceError;
use crate::ports::Database;
use crate::ports::database::Snapshots;
use crate::ports::database::UserId;
use crate::ports::database::snapshots::StoreId;
use crate::ports::database::sqlite::Sqlite;
use crate::services::Services;
use crate::services::snapshots::upload::Upload;
use crate::services::testing::{StandingClock, course, run, unpacked, version};

/// No answer may count on objects for longer than this, in milliseconds.
const HOUR: i64 = 3_600_000;

/// One of the trees that are saved again and again.
pub(super) struct Tree {
    pub(super) root: BlobId,
    /// All that it needs.
    pub(super) blobs: Vec<BlobId>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    pub(super) fn of(model: &Model<'_>, root: BlobId, blobs: &MemoryBlobs) -> Self {
        let needs = Needs::new(blobs, None, root).map(|needed| needed.unwrap().blob.id);
        let files = model.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()));
        Self { root, blobs: needs.collect(), files: files.collect() }
    }
}

/// What came of it all.
#[derive(Default)]
pub(super) struct Log {
    pub(super) committed: BTreeMap<RevisionId, usize>,
    /// What was acknowledged as sent, and when it was begun.
    pub(super) sent: Vec<(Timestamp, Vec<BlobId>)>,
    /// How often a commit was answered so.
    pub(super) unknown: u32,
    pub(super) moved: u32,
    pub(super) read: u32,
    pub(super) taken_out: usize,
    pub(super) rewritten: usize,
    /// What must never be.
    pub(super) fault: Option<String>,
    saves: u64,
}

/// What all of them share.
pub(super) struct Shared {
    pub(super) user: User,
    pub(super) store: StoreId,
    pub(super) trees: Vec<Tree>,
    pub(super) blobs: MemoryBlobs,
    pub(super) clock: Arc<StandingClock>,
    pub(super) db: Arc<Sqlite>,
    pub(super) log: RefCell<Log>,
}

impl Shared {
    pub(super) fn now(&self) -> Timestamp {
        crate::ports::Clock::now(&*self.clock)
    }

    fn fault(&self, what: String) {
        self.log.borrow_mut().fault.get_or_insert(what);
    }

    fn pack(&self, blobs: &[BlobId]) -> Vec<u8> {
        let mut writer = PackWriter::new(Vec::new(), 1).unwrap();
        for id in blobs {
            let (kind, bytes) = &self.blobs.blobs[id];
            writer.add(*kind, *id, bytes).unwrap();
        }
        writer.finish().unwrap().0
    }

    /// A revision that can be restored, chosen by `number`, and which tree it has.
    fn some_revision(&self, number: usize) -> Option<(RevisionId, usize)> {
        let needed = run(self.db.needed(self.store)).unwrap().revisions;
        let chosen = needed.get(number.checked_rem(needed.len())?)?;
        let tree = *self.log.borrow().committed.get(&chosen.revision)?;
        Some((chosen.revision.clone(), tree))
    }

    /// Whether a reader who began then may be disappointed: it took too long, or the revision expired.
    fn excused(&self, began: Timestamp, revision: &RevisionId) -> bool {
        let needed = run(self.db.needed(self.store)).unwrap().revisions;
        self.now().0 - began.0 >= HOUR || needed.iter().all(|one| one.revision != *revision)
    }
}

fn names(blobs: &[BlobId]) -> Base64 {
    Base64(blobs.iter().flat_map(|name| *name.as_bytes()).collect())
}

/// A device saves a tree onto the head, and tries again where the server asks for more.
pub(super) async fn save(shared: Rc<Shared>, services: Rc<Services>, number: usize) {
    let began = shared.now();
    match try_save(&shared, &services, number).await {
        Ok(revision) => drop(shared.log.borrow_mut().committed.insert(revision, number)),
        Err(ServiceError::HeadMoved(_)) => shared.log.borrow_mut().moved += 1,
        Err(ServiceError::Unavailable(_) | ServiceError::UnknownBlobs(_)) => {}
        Err(_) if shared.now().0 - began.0 >= HOUR => {}
        Err(other) => shared.fault(format!("a save was refused: {other:?}")),
    }
}

async fn try_save(
    shared: &Shared,
    services: &Services,
    number: usize,
) -> Result<RevisionId, ServiceError> {
    let (tree, user) = (&shared.trees[number], UserId(shared.user.id.clone()));
    let workspace = run(shared.db.workspace(&user, &course())).unwrap();
    let base = workspace.as_ref().and_then(|workspace| workspace.root);
    let head = workspace.and_then(|workspace| workspace.head).map(|head| head.id);
    let needed: Vec<BlobId> =
        Needs::new(&shared.blobs, base, tree.root).map(|needed| needed.unwrap().blob.id).collect();
    let request = HaveRequest { version: version("1.0.0"), names: names(&needed) };
    let answer = services.have(&shared.user, &course(), &request).await?;
    let answer = Answer::from_bytes(answer.there.0);
    let missing = needed.iter().enumerate().filter(|(n, _)| !answer.has(*n));
    let mut missing: Vec<BlobId> = missing.map(|(_, id)| *id).collect();
    let save = {
        let mut log = shared.log.borrow_mut();
        log.saves += 1;
        log.saves
    };
    let request = CommitRequest {
        version: version("1.0.0"),
        from: None,
        device: DeviceId::new(&"d".repeat(32)).unwrap(),
        device_name: DeviceName::new("laptop").unwrap(),
        parent: head,
        save: SaveId::new(&format!("{save:032x}")).unwrap(),
        message: format!("save {save}"),
        lesson: None,
        saved_at: shared.now(),
        root: ContentHash::from_blake3((*tree.root.as_bytes()).into()),
        progress: None,
    };
    for _ in 0..3 {
        if !missing.is_empty() {
            send(shared, services, &missing).await?;
        }
        match services.commit_snapshot(&shared.user, &course(), &request).await {
            Ok(answer) => return Ok(answer.revision.unwrap().id),
            Err(ServiceError::UnknownBlobs(unknown)) => {
                shared.log.borrow_mut().unknown += 1;
                missing = unknown;
            }
            Err(other) => return Err(other),
        }
    }
    Err(ServiceError::UnknownBlobs(missing))
}

async fn send(shared: &Shared, services: &Services, blobs: &[BlobId]) -> Result<(), ServiceError> {
    let (began, pack) = (shared.now(), shared.pack(blobs));
    let name = PackId::of(&pack);
    let body = stream::iter([Ok(pack.into())]).boxed();
    if let Upload::Arrived(arrived) =
        services.receive_pack(&shared.user, &course(), name, body).await?
    {
        services.take_pack(arrived).await?;
    }
    shared.log.borrow_mut().sent.push((began, blobs.to_vec()));
    Ok(())
}

/// A device that did not hear the answer sends what it sent once more.
pub(super) async fn send_again(shared: Rc<Shared>, services: Rc<Services>, number: usize) {
    let sent = {
        let log = shared.log.borrow();
        let Some(number) = number.checked_rem(log.sent.len()) else { return };
        log.sent[number].1.clone()
    };
    let began = shared.now();
    match send(&shared, &services, &sent).await {
        Ok(()) | Err(ServiceError::Unavailable(_)) => {}
        Err(_) if shared.now().0 - began.0 >= HOUR => {}
        Err(other) => shared.fault(format!("a pack was refused: {other:?}")),
    }
}

/// Somebody downloads a revision as an archive.
pub(super) async fn archive(shared: Rc<Shared>, services: Rc<Services>, number: usize) {
    let Some((revision, tree)) = shared.some_revision(number) else { return };
    let began = shared.now();
    let read = async {
        let body = services.archive(&shared.user, &course(), &revision).await?;
        body.try_collect::<Vec<_>>().await.map_err(ServiceError::internal)
    };
    match read.await {
        Ok(pieces) => {
            let found = unpacked(stream::iter([Ok(pieces.concat().into())]).boxed());
            let found: BTreeMap<String, Vec<u8>> =
                found.into_iter().map(|(path, file)| (path, file.bytes)).collect();
            if found != shared.trees[tree].files {
                shared.fault(format!("{revision} has other files"));
            }
            shared.log.borrow_mut().read += 1;
        }
        Err(_) if shared.excused(began, &revision) => {}
        Err(error) => shared.fault(format!("{revision} cannot be read: {error:?}")),
    }
}

/// A device asks for all blobs of a revision at once.
pub(super) async fn restore(shared: Rc<Shared>, services: Rc<Services>, number: usize) {
    let Some((revision, tree)) = shared.some_revision(number) else { return };
    let (began, blobs) = (shared.now(), &shared.trees[tree].blobs);
    let names = names(blobs);
    let request = BlobsRequest { version: version("1.0.0"), names, deep: false, known: None };
    let read = async {
        let body = services.blobs(&shared.user, &course(), &request).await?;
        body.try_collect::<Vec<_>>().await.map_err(ServiceError::internal)
    };
    match read.await {
        // What was taken elsewhere meanwhile is asked for again.
        Ok(pieces) => {
            if let Err(error) = Index::from_pack(&pieces.concat()) {
                shared.fault(format!("no pack is the answer: {error}"));
            }
            shared.log.borrow_mut().read += 1;
        }
        Err(_) if shared.excused(began, &revision) => {}
        Err(error) => shared.fault(format!("{revision} cannot be restored: {error:?}")),
    }
}

/// A server looks after all stores.
pub(super) async fn sweep(shared: Rc<Shared>, services: Rc<Services>) {
    match services.keep_snapshots_up().await {
        Ok(done) => {
            let mut log = shared.log.borrow_mut();
            log.taken_out += done.taken_out;
            log.rewritten += done.rewritten;
        }
        Err(error) => shared.fault(format!("a sweep failed: {error:?}")),
    }
}
