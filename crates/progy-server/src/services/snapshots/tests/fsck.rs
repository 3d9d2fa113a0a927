//! Damage is found, named, and repaired where there is another copy.

use super::damage::{packs_of, spoil};
use super::laptop::Model;
use super::*;
use crate::ports::ObjectStore;
use crate::services::testing::{World, noise, run};

fn fsck(world: &World, repair: bool) -> Findings {
    run(world.services.fsck(repair)).unwrap()
}

#[test]
fn a_sound_store_is_fine() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    ana.saved(&Model::from([("a", &b"one"[..])]));
    ana.saved(&Model::from([("a", &b"two"[..])]));
    let found = fsck(&world, false);
    assert_eq!((found.packs, found.revisions), (3, 2));
    assert!(found.damage.is_empty() && found.blobs > 6);
}

#[test]
fn damage_is_named_and_repaired_from_another_pack() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let large = noise(5, 14_000);
    let model = Model::from([("large", &large[..])]);
    let revision = ana.saved(&model);
    let chunk = BlobId::of(&large);
    let [key] = &packs_of(&world, &ana.user.id)[..] else { panic!() };
    let key = key.clone();
    spoil(&world, &key, 7_000);
    let found = fsck(&world, true);
    assert_eq!((found.damage.len(), found.repaired), (2, 0), "{found:?}");
    let Damage::Pack { object, what, .. } = &found.damage[0] else { panic!() };
    assert!(*object == key.to_string() && what.contains(&chunk.to_string()));
    let Damage::Blob { blob, revision: of, learner, .. } = &found.damage[1] else { panic!() };
    assert_eq!((blob, of, learner), (&chunk.to_string(), &revision, &ana.user.username));

    // Nobody is told any more that it is there: the device has it, and sends it again.
    assert_eq!(ana.have(&[chunk]), [false]);
    ana.put(&ana.pack(&[chunk])).unwrap();
    assert_eq!(fsck(&world, false).damage, []);
    ana.holds(&revision, &model);
    world.clock.pass(2 * 3_600_000);
    run(world.services.keep_snapshots_up()).unwrap();
    assert!(!packs_of(&world, &ana.user.id).contains(&key));
    ana.holds(&revision, &model);
}

#[test]
fn what_is_whole_in_another_pack_is_read_there() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let large = noise(5, 14_000);
    let (chunk, model) = (BlobId::of(&large), Model::from([("large", &large[..])]));
    ana.tree(&model);
    ana.put(&ana.pack(&[chunk])).unwrap();
    let root = ana.tree(&model);
    let other = [chunk, root].to_vec();
    ana.put(&ana.pack(&other)).unwrap();
    let request = ana.request(root);
    let revision = ana.commit(&request).unwrap().revision.unwrap().id;
    for key in packs_of(&world, &ana.user.id) {
        spoil(&world, &key, 7_000);
        let found = fsck(&world, false);
        assert_eq!((found.damage.len(), found.repaired), (1, 0), "{found:?}");
        let found = fsck(&world, true);
        assert_eq!((found.damage.len(), found.left(), found.repaired), (1, 0, 1), "{found:?}");
        assert_eq!(fsck(&world, false).damage, []);
        ana.holds(&revision, &model);
        ana.put(&ana.pack(&[chunk])).unwrap();
    }
}

#[test]
fn a_pack_without_its_object_waits_for_it() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let model = Model::from([("a", &b"one"[..])]);
    let root = ana.tree(&model);
    let pack = ana.pack(&ana.missing(root));
    ana.put(&pack).unwrap();
    let request = ana.request(root);
    let revision = ana.commit(&request).unwrap().revision.unwrap().id;
    let [key] = &packs_of(&world, &ana.user.id)[..] else { panic!() };
    run(world.objects.delete(key)).unwrap();
    let found = fsck(&world, true);
    assert_eq!((found.left(), found.repaired), (2, 0), "{found:?}");
    // The same pack again is what was missing.
    ana.put(&pack).unwrap();
    assert_eq!(fsck(&world, false).damage, []);
    ana.holds(&revision, &model);
}
