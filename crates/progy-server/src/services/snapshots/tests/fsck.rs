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
    let Damage::Pack { object, what } = &found.damage[0] else { panic!() };
    assert!(*object == key.to_string() && what.contains(&chunk.to_string()));
    let Damage::Blob { blob, revision: of, learner, .. } = &found.damage[1] else { panic!() };
    assert_eq!((blob, of, learner), (&chunk.to_string(), &revision, &ana.user.id));

    // The device has it: sent again, all of the revision is there.
    ana.put(&ana.pack(&[chunk])).unwrap();
    let found = fsck(&world, false);
    assert_eq!(found.damage.len(), 1, "the pack alone: {found:?}");
    ana.holds(&revision, &model);

    // The other pack goes bad, and the first becomes whole again: repaired from there.
    let newest = packs_of(&world, &ana.user.id).into_iter().find(|other| *other != key).unwrap();
    spoil(&world, &key, 7_000);
    spoil(&world, &newest, 7_000);
    let found = fsck(&world, true);
    assert_eq!((found.damage.len(), found.repaired), (1, 1), "{found:?}");
    run(world.objects.delete(&newest)).unwrap();
    ana.holds(&revision, &model);
}
