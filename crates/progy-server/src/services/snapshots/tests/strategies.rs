use progy_core::Strategy;

use super::laptop::Model;
use super::*;
use crate::services::testing::{HELLO, World, code, course, put, run};

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
