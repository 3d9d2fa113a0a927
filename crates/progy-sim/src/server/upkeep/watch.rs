//! Who watches what is taken away: whether it may be, and whether all that is needed stays.
//!
//! What it knows of the rules it does not have from the services: which revisions may expire is said here
//! once more, in other words, and what they need was noted when they came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use progy_core::RevisionId;
use progy_server::Services;
use progy_server::ports::database::snapshots::{
    Owner, PackNumber, PackRow, PackState, Rooted, Snapshots, Store, StoreId,
};
use progy_server::ports::objects::ObjectKey;
use progy_server::ports::{Database, ObjectStore};
use progy_snapshot::exchange::Needs;
use progy_snapshot::pack::{Index, PackId, Tail};
use progy_snapshot::{BlobId, BlobSink, MemoryBlobs};

use super::super::gate::Gate;
use super::super::{Answer, Request, ready, services};
use super::Ground;
use crate::ledger::{self, Token};
use crate::trace::locked;

const HOUR: i64 = 60 * 60 * 1_000;
const DAY: i64 = 24 * HOUR;
/// More than there ever are.
const ALL: u32 = 10_000;

/// What was noted of a revision when it came.
struct Known {
    parent: Option<RevisionId>,
    root: BlobId,
    needs: Vec<BlobId>,
    tokens: BTreeSet<Token>,
    has_lesson: bool,
}

pub(crate) struct Watch {
    ground: Ground,
    /// For a look at everything: it is not what is watched.
    services: Services,
    /// Everything that was ever in a pack.
    blobs: MemoryBlobs,
    read: BTreeMap<PackNumber, Option<PackId>>,
    /// Packs that were taken out, and when, in milliseconds: who reads them may go on for an hour.
    taken_out: BTreeMap<PackNumber, (i64, StoreId)>,
    known: BTreeMap<RevisionId, Known>,
    /// What there was at the last look.
    listed: Vec<Rooted>,
    /// Revisions that expired, and what each followed.
    pub(crate) expired: BTreeMap<RevisionId, Option<RevisionId>>,
    /// What devices were told has arrived, and when, in milliseconds.
    sent: Vec<(i64, Vec<BlobId>)>,
    /// Whether something went since this was asked last.
    changed: bool,
    /// Whether lessons are reset: then one that was completed may not be any more.
    pub(crate) resets: bool,
}

/// Whether a revision may expire of which these are the later ones.
fn may_go(revision: &Rooted, later: &[Rooted], now: i64) -> bool {
    let age = now - revision.received_at.0;
    if revision.is_head || revision.completes_lesson || age <= DAY {
        return false;
    }
    if age > 92 * DAY {
        return true;
    }
    let every = if age <= 7 * DAY { HOUR } else { DAY };
    let span = |revision: &Rooted| revision.received_at.0.div_euclid(every);
    later.iter().any(|other| span(other) == span(revision))
}

impl Watch {
    pub(crate) fn new(ground: Ground) -> Self {
        let gate = Arc::new(Gate::new(Arc::clone(&ground.database), None));
        let services = services(&gate, &ground.objects, &ground.shared, None);
        Self {
            ground,
            services,
            blobs: MemoryBlobs::default(),
            read: BTreeMap::new(),
            taken_out: BTreeMap::new(),
            known: BTreeMap::new(),
            listed: Vec::new(),
            expired: BTreeMap::new(),
            sent: Vec::new(),
            changed: false,
            resets: false,
        }
    }

    /// A backup took the place of everything.
    pub(crate) fn begin_anew(&mut self) {
        let (known, expired) = (std::mem::take(&mut self.known), std::mem::take(&mut self.expired));
        let resets = self.resets;
        *self = Self { known, expired, resets, ..Self::new(self.ground.clone()) };
        self.listed = self.needed();
        self.look(true);
        for revision in &self.listed {
            self.expired.remove(&revision.revision);
        }
    }

    /// Whether something went since this was asked last.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn wrong(&self, what: String) {
        self.ground.shared.wrong(what);
    }

    fn now(&self) -> i64 {
        self.ground.shared.now() / 1_000_000
    }

    fn stores(&self) -> Vec<Store> {
        let stores = ready(self.ground.database.stores(StoreId(0), ALL));
        stores.and_then(Result::ok).unwrap_or_default()
    }

    fn rows(&self, store: StoreId) -> Vec<PackRow> {
        let rows = ready(self.ground.database.packs(store, PackNumber(0), ALL));
        rows.and_then(Result::ok).unwrap_or_default()
    }

    /// Every revision of the learner that has a tree, oldest first.
    fn needed(&self) -> Vec<Rooted> {
        let owner = Owner::Learner(self.ground.learner.clone());
        let store = self.stores().into_iter().find(|store| store.owner == owner);
        let needed = store.and_then(|store| ready(self.ground.database.needed(store.id)));
        needed.and_then(Result::ok).map(|needed| needed.revisions).unwrap_or_default()
    }

    fn object(&self, store: StoreId, number: PackNumber) -> Option<(ObjectKey, u64)> {
        let key = format!("snapshots/{}/{}.pack", store.0, number.0);
        let key = ObjectKey::new(key).ok()?;
        let size = ready(self.ground.objects.size(&key))?.ok()??;
        Some((key, size))
    }

    /// A request was answered.
    pub(crate) fn saw(&mut self, request: &Request, answer: Option<&Answer>) {
        match (request, answer) {
            (Request::PutPack { body, .. }, Some(Answer::Good(_))) => {
                let blobs = Index::from_pack(body).map(|index| index.blobs().to_vec());
                let blobs = blobs.unwrap_or_default().into_iter().map(|blob| blob.id).collect();
                self.sent.push((self.now(), blobs));
            }
            // Whether or not the answer ever left.
            (Request::Commit { .. }, _) => self.look(false),
            _ => {}
        }
    }

    /// Compares what there is with what there was.
    pub(crate) fn look(&mut self, thoroughly: bool) {
        self.read_packs();
        let before = std::mem::take(&mut self.listed);
        let now_there = self.needed();
        for revision in &now_there {
            self.learn(revision);
        }
        self.judge(before, &now_there);
        self.listed = now_there;
        self.all_there();
        if thoroughly {
            match ready(self.services.fsck(false)) {
                Some(Ok(found)) => {
                    for damage in found.damage {
                        self.wrong(format!("fsck: {damage:?}"));
                    }
                }
                other => self.wrong(format!("fsck cannot be run: {other:?}")),
            }
        }
    }

    fn read_packs(&mut self) {
        for row in self.stores().iter().flat_map(|store| self.rows(store.id)).collect::<Vec<_>>() {
            if row.state == PackState::Gone && self.read.remove(&row.number).is_some() {
                self.taken_out.insert(row.number, (row.at.0, row.store));
            }
            if row.state != PackState::There || self.read.get(&row.number) == Some(&row.name) {
                continue;
            }
            self.read.insert(row.number, row.name);
            // What is not whole is found by who looks for its blobs.
            let Some((key, size)) = self.object(row.store, row.number) else { continue };
            let bytes = ready(self.ground.objects.get_range(&key, 0..size));
            let Some(Ok(Some(bytes))) = bytes else { continue };
            let Ok(index) = Index::from_pack(&bytes) else { continue };
            let blobs = &mut self.blobs;
            let _ = index.each_of_pack(&bytes, |blob, bytes| match bytes {
                Some(bytes) => blobs.put(blob.kind, blob.id, bytes),
                None => Ok(()),
            });
        }
    }

    fn learn(&mut self, rooted: &Rooted) {
        if let Some(known) = self.known.get(&rooted.revision) {
            if known.root != rooted.root {
                self.wrong(format!("{} has another tree", rooted.revision));
            }
            return;
        }
        let found = ready(self.ground.database.revision(rooted.workspace, &rooted.revision));
        let Some(Ok(Some(found))) = found else {
            return self.wrong(format!("{} is needed and not listed", rooted.revision));
        };
        let needs: Result<Vec<BlobId>, _> =
            Needs::new(&self.blobs, None, rooted.root).map(|need| Ok(need?.blob.id)).collect();
        let needs = needs.unwrap_or_else(|error: progy_snapshot::Error| {
            self.wrong(format!("{} was committed, and lacks something: {error}", rooted.revision));
            Vec::new()
        });
        let bytes = needs.iter().filter_map(|id| self.blobs.blobs.get(id));
        let tokens = bytes.flat_map(|(_, bytes)| ledger::tokens(bytes)).collect();
        let known = Known {
            parent: found.summary.parent,
            root: rooted.root,
            needs,
            tokens,
            has_lesson: found.summary.lesson.is_some(),
        };
        self.known.insert(rooted.revision.clone(), known);
    }

    /// Whether what expired might, and what that means for the learner's lines.
    fn judge(&mut self, before: Vec<Rooted>, now_there: &[Rooted]) {
        let ids: BTreeSet<&RevisionId> = now_there.iter().map(|one| &one.revision).collect();
        let mut all = before;
        let old: BTreeSet<RevisionId> = all.iter().map(|one| one.revision.clone()).collect();
        all.extend(now_there.iter().filter(|one| !old.contains(&one.revision)).cloned());
        // Which one is the head may have changed as well.
        if let (Some(head), false) = (now_there.last(), all.is_empty()) {
            for one in &mut all {
                one.is_head = one.revision == head.revision;
            }
        }
        let mut gone = BTreeSet::new();
        for (at, one) in all.iter().enumerate().filter(|(_, one)| !ids.contains(&one.revision)) {
            let Some(known) = self.known.get(&one.revision) else { continue };
            if !may_go(one, &all[at + 1..], self.now()) || (known.has_lesson && !self.resets) {
                self.wrong(format!("{} expired, and must be kept", one.revision));
            }
            self.ground.shared.trace.say(|| format!("{} expires", one.revision));
            gone.extend(&known.tokens);
            self.expired.insert(one.revision.clone(), known.parent.clone());
            self.changed = true;
        }
        let kept = ids.iter().filter_map(|id| self.known.get(*id));
        for token in kept.flat_map(|known| &known.tokens) {
            gone.remove(token);
        }
        locked(&self.ground.shared.ledger).expired(&gone);
    }

    /// Everything is found that a revision needs or that was sent within a day; and what was taken out
    /// within an hour can still be read.
    fn all_there(&mut self) {
        let now = self.now();
        self.sent.retain(|(at, _)| now - at <= DAY);
        self.taken_out.retain(|_, (at, _)| now - *at <= HOUR);
        for (number, (_, store)) in &self.taken_out {
            if self.object(*store, *number).is_none() {
                self.wrong(format!("pack {} may be read, and is deleted", number.0));
            }
        }
        let stores: Vec<StoreId> = self.stores().iter().map(|store| store.id).collect();
        let mut whole = BTreeMap::new();
        let needs = self.listed.iter().filter_map(|one| {
            let known = self.known.get(&one.revision)?;
            Some((format!("revision {}", one.revision), &known.needs))
        });
        let sent = self.sent.iter().map(|(at, blobs)| (format!("what was sent at {at}"), blobs));
        let mut wrong = Vec::new();
        for (what, blobs) in needs.chain(sent) {
            let places = ready(self.ground.database.find_blobs(&stores, blobs));
            let places = places.and_then(Result::ok).unwrap_or_default();
            for (blob, place) in blobs.iter().zip(places) {
                let is_whole = place.is_some_and(|place| {
                    *whole.entry(place.pack).or_insert_with(|| self.is_whole(place.pack))
                });
                if !is_whole {
                    wrong.push(format!("{what} needs {blob}, which is not there"));
                }
            }
        }
        for what in wrong {
            self.wrong(what);
        }
    }

    fn is_whole(&self, pack: PackNumber) -> bool {
        let row = ready(self.ground.database.pack(pack)).and_then(Result::ok).flatten();
        row.is_some_and(|row| {
            let size = self.object(row.store, row.number).map(|(_, size)| size);
            row.state == PackState::There && size == Some(row.size)
        })
    }

    /// When nothing is on its way, and servers have had time: what is there is needed.
    pub(crate) fn nothing_left(&mut self) {
        self.look(true);
        for (at, one) in self.listed.iter().enumerate() {
            if may_go(one, &self.listed[at + 1..], self.now()) {
                self.wrong(format!("{} is kept for too long", one.revision));
            }
        }
        let known = self.listed.iter().filter_map(|one| self.known.get(&one.revision));
        let needed: BTreeSet<BlobId> = known.flat_map(|known| known.needs.clone()).collect();
        let mut objects = 0;
        for store in self.stores() {
            let rows = self.rows(store.id);
            objects += rows.len();
            for row in rows {
                self.pack_is_needed(&store, &row, &needed);
            }
        }
        let there = ready(self.ground.objects.list("snapshots/"));
        let there = there.and_then(Result::ok).unwrap_or_default().len();
        if there != objects {
            self.wrong(format!("there are {there} objects of {objects} packs"));
        }
    }

    fn pack_is_needed(&self, store: &Store, row: &PackRow, needed: &BTreeSet<BlobId>) {
        let number = row.number.0;
        if row.state != PackState::There {
            return self.wrong(format!("pack {number} stays {:?}", row.state));
        }
        if !matches!(store.owner, Owner::Learner(_)) {
            return;
        }
        let row = ready(self.ground.database.pack(row.number)).and_then(Result::ok).flatten();
        let index = row.and_then(|row| Index::from_tail(&row.tail, row.size).ok());
        let Some(Tail::Index(index)) = index else {
            return self.wrong(format!("pack {number} cannot be read"));
        };
        let share = |blobs: &mut dyn Iterator<Item = &progy_snapshot::Blob>| -> u64 {
            blobs.map(|blob| u64::from(blob.len.max(1))).sum()
        };
        let used = share(&mut index.blobs().iter().filter(|blob| needed.contains(&blob.id)));
        let all = share(&mut index.blobs().iter());
        if used * 2 < all {
            self.wrong(format!("of {all} bytes in pack {number} {used} are needed"));
        }
    }
}
