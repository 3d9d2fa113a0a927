use progy_core::{DeviceName, RevisionId, Strategy, Timestamp};

use super::laptop::Model;
use super::*;
use crate::ports::Database;
use crate::ports::database::Snapshots;
use crate::ports::database::{
    ChangeOutcome, Claim, Note, NoteOutcome, NotedRevision, StrategyChange,
};
use crate::services::testing::{HELLO, World, code, course, noise, put, run, version};

const DAY: i64 = 24 * 3_600_000;
/// What the repository takes, in bytes.
const REPOSITORY: u64 = 70_000;

#[test]
fn from_patch_to_snapshot_and_back() {
    let world = World::new();
    let mut patching = world.learner("ana");
    let first = patching.saved(vec![put(HELLO, b"by patch")]);
    let mut ana = Laptop::of(&world, patching.user.clone());
    let files = patching.files();
    let mut model: Model<'_> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();

    let root = ana.tree(&model);
    ana.put(&ana.pack(&ana.missing(root))).unwrap();
    let mut change = ana.request(root);
    change.parent = Some(first.clone());
    assert_eq!(code(ana.commit(&change)), "other_strategy");
    change.from = Some(Strategy::Git);
    assert_eq!(code(ana.commit(&change)), "other_strategy");
    change.from = Some(Strategy::Patch);
    let second = ana.commit(&change).unwrap().revision.unwrap().id;
    assert_eq!(code(patching.save(vec![put(HELLO, b"late")])), "other_strategy");
    model.insert("more", b"more");
    let third = ana.saved(&model);
    ana.holds(&third, &model);
    assert_eq!(patching.files_of(&first), files);

    patching.base = Some(third.clone());
    let mut back = patching.whole(vec![put(HELLO, b"by patch"), put("more", b"more")]);
    back.from = Some(Strategy::Snapshot);
    let fourth = patching.send(&back).unwrap().revision.unwrap().id;
    let standing = run(world.services.progress(&patching.user, &course(), Some(&second))).unwrap();
    assert_eq!((standing.strategy, standing.root), (Strategy::Patch, None));
    assert!(standing.base_known && standing.files.len() == 2);
    assert_eq!(patching.files_of(&fourth).len(), model.len());
    ana.holds(&third, &model);
    let old = run(world.services.revision(&patching.user, &course(), &third)).unwrap();
    assert!(old.root.is_some());

    ana.base = Some((fourth, ana.base.as_ref().unwrap().1));
    let mut again = ana.request(root);
    again.from = Some(Strategy::Patch);
    let fifth = ana.commit(&again).unwrap().revision.unwrap().id;
    assert_eq!(patching.files_of(&fifth), files);
}

#[test]
fn a_workspace_begins_as_a_snapshot_with_progress_alone() {
    let world = World::new();
    let mut patching = world.learner("ana");
    let mut merge = patching.request(Vec::new());
    (merge.save, merge.strategy) = (None, Strategy::Snapshot);
    run(world.services.sync(&patching.user, merge.clone())).unwrap();
    let standing = run(world.services.progress(&patching.user, &course(), None)).unwrap();
    assert_eq!((standing.strategy, standing.head), (Strategy::Snapshot, None));
    let mut ana = Laptop::of(&world, patching.user.clone());
    ana.saved(&Model::from([("a", &b"one"[..])]));
    run(world.services.sync(&patching.user, merge.clone())).unwrap();
    merge.strategy = Strategy::Patch;
    assert_eq!(code(run(world.services.sync(&patching.user, merge))), "other_strategy");
}

#[test]
fn a_strategy_is_chosen_freely_before_the_first_save_only() {
    use progy_api::history::StrategyRequest;
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let change = |ana: &Laptop<'_>, strategy| {
        let head = ana.base.as_ref().map(|(id, _)| id.clone());
        let request = StrategyRequest { strategy, head };
        run(world.services.change_strategy(&ana.user, &course(), &request))
    };
    change(&ana, Strategy::Snapshot).unwrap();
    change(&ana, Strategy::Patch).unwrap();
    ana.saved(&Model::from([("a", &b"one"[..])]));
    change(&ana, Strategy::Snapshot).unwrap();
    assert_eq!(code(change(&ana, Strategy::Patch)), "other_strategy");
}

fn commit_id(n: usize) -> RevisionId {
    RevisionId::new(&format!("{n:040x}")).unwrap()
}

/// As the history comes into a repository: a commit for each save, and perhaps one more.
fn note(ana: &Laptop<'_>, saves: &[progy_core::SaveId], after: &RevisionId) -> Note {
    let noted = |(n, save): (usize, &progy_core::SaveId)| NotedRevision {
        id: commit_id(n),
        save: save.clone(),
        device: DeviceName::new("git").unwrap(),
        message: format!("commit {n}"),
        lesson: None,
        saved_at: Timestamp(0),
        version: version("1.0.0"),
        files_changed: 1,
        bytes: 10,
    };
    Note {
        user: UserId(ana.user.id.clone()),
        course: course(),
        after: Some(after.clone()),
        anew: false,
        revisions: saves.iter().enumerate().map(noted).collect(),
        stored: REPOSITORY,
        received_at: ana.world.services.clock.now(),
    }
}

#[test]
fn from_snapshot_to_git_and_back() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let user = UserId(ana.user.id.clone());
    let used = || run(world.db.used(&user)).unwrap();
    let (one, two) = (noise(1, 60_000), noise(2, 60_000));
    let first = ana.saved(&Model::from([("one", &one[..])]));
    let second = ana.saved(&Model::from([("one", &one[..]), ("two", &two[..])]));
    let packed = || run(world.db.packed(&user)).unwrap();
    assert!(packed() > 120_000, "{}", packed());

    let claim = Claim {
        user: user.clone(),
        course: course(),
        strategy: Strategy::Git,
        version: version("1.0.0"),
    };
    let change = StrategyChange { claim, head: Some(second.clone()) };
    assert_eq!(run(world.db.change_strategy(change)).unwrap(), ChangeOutcome::Changed);
    // There is room for the repository, whatever the packs hold.
    assert!(used() < 5_000, "{}", used());
    ana.holds(&second, &Model::from([("one", &one[..]), ("two", &two[..])]));
    let id = run(world.db.workspace(&user, &course())).unwrap().unwrap().id;
    let listed = || run(world.db.revisions(id, None, 9)).unwrap().unwrap();
    let mut saves: Vec<_> = listed().into_iter().rev().map(|revision| revision.save).collect();
    saves.push(progy_core::SaveId::new(&"c".repeat(32)).unwrap());
    let outcome = run(world.db.note(note(&ana, &saves, &second))).unwrap();
    assert!(matches!(outcome, NoteOutcome::Noted(Some(_))), "{outcome:?}");
    assert_eq!(used(), REPOSITORY);

    // The way back is open for as long as snapshots are kept. Then the packs go, and commits stay.
    world.clock.pass(20 * DAY);
    run(world.services.keep_snapshots_up()).unwrap();
    let trees = run(world.db.needed(run(world.services.own_store(&user)).unwrap().id)).unwrap();
    assert_eq!(trees.revisions.len(), 1, "one of the two of that day");
    world.clock.pass(100 * DAY);
    run(world.services.keep_snapshots_up()).unwrap();
    world.clock.pass(DAY);
    run(world.services.keep_snapshots_up()).unwrap();
    assert_eq!(super::damage::packs_of(&world, &user.0), []);
    assert_eq!((used(), packed()), (REPOSITORY, 0));
    let ids: Vec<RevisionId> = listed().into_iter().map(|revision| revision.id).collect();
    assert_eq!(ids, [commit_id(2), commit_id(1), commit_id(0)]);
    assert!(run(world.db.knows_revision(id, &first)).unwrap());

    // Back: all files are sent again, since none is here.
    let model = Model::from([("one", &one[..]), ("two", &two[..])]);
    let root = ana.tree(&model);
    ana.base = None;
    let missing = ana.missing(root);
    assert!(missing.contains(&BlobId::of(&one)) || missing.len() > 2);
    ana.put(&ana.pack(&missing)).unwrap();
    let mut back = ana.request(root);
    (back.parent, back.from) = (Some(commit_id(2)), Some(Strategy::Git));
    let third = ana.commit(&back).unwrap().revision.unwrap().id;
    ana.holds(&third, &model);
    assert!(packed() > 120_000);
    assert_eq!(listed().len(), 4);
}

#[test]
fn what_a_repository_forgets_is_a_snapshot_again_or_has_expired() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let user = UserId(ana.user.id.clone());
    let (one, two) = (Model::from([("a", &b"one"[..])]), Model::from([("a", &b"two"[..])]));
    let first = ana.saved(&one);
    world.clock.pass(90 * DAY);
    let second = ana.saved(&two);
    let claim = Claim {
        user: user.clone(),
        course: course(),
        strategy: Strategy::Git,
        version: version("1.0.0"),
    };
    let change = StrategyChange { claim, head: Some(second.clone()) };
    run(world.db.change_strategy(change)).unwrap();
    let id = run(world.db.workspace(&user, &course())).unwrap().unwrap().id;
    let listed = || run(world.db.revisions(id, None, 9)).unwrap().unwrap();
    let mut saves: Vec<_> = listed().into_iter().rev().map(|revision| revision.save).collect();
    saves.push(progy_core::SaveId::new(&"c".repeat(32)).unwrap());
    run(world.db.note(note(&ana, &saves, &second))).unwrap();
    world.clock.pass(10 * DAY);
    assert_eq!(run(world.services.keep_snapshots_up()).unwrap().expired, 1);
    assert_eq!(listed().len(), 3);

    let gone = Note { anew: true, ..note(&ana, &[], &commit_id(2)) };
    let NoteOutcome::Noted(Some(head)) = run(world.db.note(gone)).unwrap() else { panic!() };
    assert_eq!(head.id, second);
    assert_eq!(listed().len(), 1);
    ana.holds(&second, &two);
    assert!(run(world.services.revision(&ana.user, &course(), &first)).is_err());
}
