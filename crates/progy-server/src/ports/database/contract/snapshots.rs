use progy_snapshot::BlobId;
use progy_snapshot::Kind;
use progy_snapshot::pack::{Index, PackId, PackWriter, Tail};

use super::*;
use crate::ports::database::snapshots::{
    NewPack, Owner, PackNumber, PackOutcome, PackState, SnapshotCommit, Store, StoreId, Sweep,
};

fn blob(text: &str) -> BlobId {
    BlobId::of(text.as_bytes())
}

/// A pack of these blobs, as it is written down.
fn packed(number: PackNumber, texts: &[&str], now: i64) -> NewPack {
    let mut writer = PackWriter::new(Vec::new(), 3).unwrap();
    for text in texts {
        writer.add(Kind::Chunk, blob(text), text.as_bytes()).unwrap();
    }
    let (bytes, written) = writer.finish().unwrap();
    let Ok(Tail::Index(index)) = Index::from_tail(&bytes, written.len) else { panic!() };
    let blobs = index.blobs().iter().map(|blob| (blob.id, blob.len)).collect();
    let (name, size, now) = (written.id, written.len, Timestamp(now));
    NewPack { number, name, size, tail: bytes, blobs, now }
}

async fn store(ana: &Learner<'_>) -> Store {
    ana.db.store_of(&Owner::Learner(ana.user.clone())).await.unwrap()
}

async fn add(ana: &Learner<'_>, texts: &[&str], now: i64) -> PackNumber {
    let id = store(ana).await.id;
    let number = ana.db.begin_pack(id, Timestamp(now)).await.unwrap();
    let new = packed(number, texts, now);
    assert_eq!(ana.db.add_pack(new, u64::MAX).await.unwrap(), PackOutcome::Added);
    number
}

async fn has(db: &dyn Adapter, store: StoreId, texts: &[&str]) -> Vec<bool> {
    let names: Vec<BlobId> = texts.iter().map(|text| blob(text)).collect();
    let places = db.find_blobs(&[store], &names).await.unwrap();
    places.iter().map(Option::is_some).collect()
}

fn snapshot(ana: &Learner<'_>, n: u32, parent: Option<&RevisionId>, at: &Store) -> CommitRevision {
    let root = blob(&format!("root {n}"));
    let tree = SnapshotCommit { root, store: at.id, swept: at.swept, packs: Vec::new() };
    let strategy = Strategy::Snapshot;
    CommitRevision { strategy, snapshot: Some(tree), changes: None, ..ana.save(n, parent) }
}

pub(super) async fn blobs_are_found_in_the_stores_that_are_asked(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    add_user(db, &user("bia")).await;
    let bia = Learner { db, user: UserId("id-of-bia".into()) };
    let (anas, bias) = (store(&ana).await, store(&bia).await);
    assert_eq!(store(&ana).await, anas);
    assert!(anas.id != bias.id && !anas.complete);
    let number = add(&ana, &["one", "two"], 5).await;
    assert_eq!(has(db, anas.id, &["one", "three", "two"]).await, [true, false, true]);
    assert_eq!(has(db, bias.id, &["one"]).await, [false]);
    let names = [blob("one")];
    let [Some(place)] = db.find_blobs(&[bias.id, anas.id], &names).await.unwrap()[..] else {
        panic!()
    };
    assert_eq!((place.store, place.pack, place.len), (anas.id, number, 3));
    let later = add(&ana, &["one", "more"], 6).await;
    let places = db.places(&[anas.id], &names[0]).await.unwrap();
    assert_eq!(places.iter().map(|place| place.pack).collect::<Vec<_>>(), [later, number]);

    let package = ContentHash::blake3(b"package");
    let template = db.store_of(&Owner::Template(package)).await.unwrap();
    db.complete_store(template.id).await.unwrap();
    let stores = db.stores(StoreId(0), 9).await.unwrap();
    assert_eq!(stores.len(), 3);
    assert!(stores[2].complete && stores[2].owner == Owner::Template(package));
    assert_eq!(db.stores(bias.id, 1).await.unwrap(), stores[2..]);
}

pub(super) async fn a_pack_is_there_once_and_counts(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let id = store(&ana).await.id;
    let first = db.begin_pack(id, Timestamp(1)).await.unwrap();
    let row = db.pack(first).await.unwrap().unwrap();
    assert_eq!((row.state, row.at, row.name), (PackState::Coming, Timestamp(1), None));
    let new = packed(first, &["one"], 2);
    let refused = db.add_pack(new.clone(), 10).await.unwrap();
    assert_eq!(refused, PackOutcome::QuotaExceeded { used: 0 });
    assert_eq!(db.add_pack(new.clone(), u64::MAX).await.unwrap(), PackOutcome::GivenUp);
    assert_eq!(has(db, id, &["one"]).await, [false]);

    let second = db.begin_pack(id, Timestamp(2)).await.unwrap();
    assert!(second > first && db.last_pack().await.unwrap() == second);
    let new = NewPack { number: second, ..new };
    assert_eq!(db.add_pack(new.clone(), new.size).await.unwrap(), PackOutcome::Added);
    assert_eq!(db.packed(&ana.user).await.unwrap(), new.size);
    assert_eq!(db.used(&ana.user).await.unwrap(), 0);
    let third = db.begin_pack(id, Timestamp(3)).await.unwrap();
    let again = NewPack { number: third, now: Timestamp(7), ..new.clone() };
    assert_eq!(db.add_pack(again, u64::MAX).await.unwrap(), PackOutcome::Known);
    let row = db.pack(second).await.unwrap().unwrap();
    assert_eq!((row.at, row.tail, row.size), (Timestamp(7), new.tail, new.size));
    assert!(db.touch_pack(id, &new.name, Timestamp(6)).await.unwrap().is_some());
    assert!(db.touch_pack(id, &PackId::of(b""), Timestamp(6)).await.unwrap().is_none());
    let states: Vec<_> = db.packs(id, PackNumber(0), 9).await.unwrap();
    let states: Vec<_> = states.iter().map(|row| row.state).collect();
    assert_eq!(states, [PackState::Gone, PackState::There, PackState::Gone]);
    db.forget_packs(&[first, second, third]).await.unwrap();
    assert!(db.pack(first).await.unwrap().is_none() && db.pack(second).await.unwrap().is_some());
}

pub(super) async fn a_snapshot_is_built_on_what_is_there(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let number = add(&ana, &["one"], 1).await;
    let at = store(&ana).await;
    let size = db.pack(number).await.unwrap().unwrap().size;
    let mut save = snapshot(&ana, 1, None, &at);
    save.snapshot.as_mut().unwrap().packs = vec![number];
    let first = ana.publish(save.clone()).await;
    assert_eq!(first.bytes, 10 + size);
    assert!(matches!(ana.commit(save).await, CommitOutcome::Duplicate { .. }));
    let mut second = snapshot(&ana, 2, Some(&first.id), &at);
    second.snapshot.as_mut().unwrap().packs = vec![number];
    assert_eq!(ana.publish(second).await.bytes, 10, "a pack is sent once");
    let workspace = ana.workspace().await.unwrap();
    assert_eq!(workspace.root, Some(blob("root 2")));
    let revision = db.revision(workspace.id, &first.id).await.unwrap().unwrap();
    assert_eq!(revision.root, Some(blob("root 1")));
    assert_eq!(db.versions_used(workspace.id).await.unwrap(), [Version::new(1, 0, 0)]);
    let needed = db.needed(at.id).await.unwrap();
    let roots: Vec<_> = needed.revisions.iter().map(|one| (one.root, one.is_head)).collect();
    assert_eq!(roots, [(blob("root 1"), false), (blob("root 2"), true)]);
    assert_eq!(needed.committed, 2);
}

pub(super) async fn sweeps_and_commits_notice_each_other(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let dead = add(&ana, &["dead"], 1).await;
    let fresh = add(&ana, &["fresh"], 100).await;
    let before = store(&ana).await;
    let sweep = |committed| Sweep {
        store: before.id,
        committed,
        packs: vec![dead, fresh],
        untouched: Timestamp(50),
        instead: Vec::new(),
        now: Timestamp(200),
    };
    let first = ana.publish(snapshot(&ana, 1, None, &before)).await;
    assert!(!db.sweep(sweep(0)).await.unwrap(), "there is a commit that it knows nothing of");
    assert!(db.sweep(sweep(1)).await.unwrap());
    assert_eq!(has(db, before.id, &["dead", "fresh"]).await, [false, true]);
    assert_eq!(db.pack(dead).await.unwrap().unwrap().state, PackState::Gone);
    let late = snapshot(&ana, 2, Some(&first.id), &before);
    assert_eq!(ana.commit(late.clone()).await, CommitOutcome::Swept);
    // What is known already is answered first.
    let again = ana.commit(snapshot(&ana, 1, None, &before)).await;
    assert!(matches!(again, CommitOutcome::Duplicate { .. }));
    ana.publish(snapshot(&ana, 2, Some(&first.id), &store(&ana).await)).await;

    // What is left of a pack goes on in another.
    let old = add(&ana, &["live", "waste"], 1).await;
    let number = db.begin_pack(before.id, Timestamp(300)).await.unwrap();
    let rewrite =
        Sweep { packs: vec![old], instead: vec![packed(number, &["live"], 300)], ..sweep(2) };
    assert!(db.sweep(rewrite.clone()).await.unwrap());
    assert_eq!(has(db, before.id, &["live", "waste"]).await, [true, false]);
    assert!(!db.sweep(rewrite).await.unwrap(), "the number is not coming any more");
}

pub(super) async fn a_revision_that_expired_is_still_known(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let at = store(&ana).await;
    let first = ana.publish(snapshot(&ana, 1, None, &at)).await;
    let second = ana.publish(snapshot(&ana, 2, Some(&first.id), &at)).await;
    let third = ana.publish(snapshot(&ana, 3, Some(&second.id), &at)).await;
    let id = ana.workspace().await.unwrap().id;
    let all = [first.id.clone(), second.id.clone(), third.id.clone()];
    db.expire(id, &all, Timestamp(9)).await.unwrap();
    assert!(db.knows_revision(id, &first.id).await.unwrap());
    let standing = db.standing(&ana.user, &course(), Some(&first.id)).await.unwrap().unwrap();
    assert!(standing.base_known);
    assert_eq!(db.revision(id, &first.id).await.unwrap(), None);
    assert_eq!(db.revisions(id, None, 9).await.unwrap(), Some(vec![third.clone()]));
    assert_eq!(db.revisions(id, Some(&second.id), 9).await.unwrap(), Some(Vec::new()));
    let needed = db.needed(at.id).await.unwrap().revisions;
    assert_eq!(needed.iter().map(|one| &one.revision).collect::<Vec<_>>(), [&third.id]);
    assert!(db.saved(id, &first.save).await.unwrap().is_some());
    let moved = ana.commit(snapshot(&ana, 4, Some(&first.id), &at)).await;
    assert_eq!(moved, CommitOutcome::HeadMoved { head: Some(third), parent_known: true });
}
