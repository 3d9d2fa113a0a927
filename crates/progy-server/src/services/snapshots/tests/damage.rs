use futures_util::{StreamExt, TryStreamExt, stream};

use super::laptop::Model;
use super::*;
use crate::ports::ObjectStore;
use crate::ports::objects::ObjectKey;
use crate::services::testing::{World, code, course, noise, run};

/// Changes a byte of an object.
pub(super) fn spoil(world: &World, key: &ObjectKey, at: usize) {
    let object = run(world.objects.get(key)).unwrap().unwrap();
    let mut bytes = run(object.body.try_collect::<Vec<_>>()).unwrap().concat();
    bytes[at] ^= 0x55;
    run(world.objects.put(key, stream::iter([Ok(bytes.into())]).boxed())).unwrap();
}

/// The objects of learners' packs.
pub(super) fn packs_of(world: &World, user: &str) -> Vec<ObjectKey> {
    let store = run(world.services.own_store(&UserId(user.to_owned()))).unwrap().id;
    run(world.objects.list(&format!("snapshots/{}/", store.0))).unwrap()
}

#[test]
fn a_damaged_chunk_cuts_the_archive_short() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let large = noise(9, 400_000);
    let revision = ana.saved(&Model::from([("large", &large[..])]));
    let [key] = &packs_of(&world, &ana.user.id)[..] else { panic!() };
    spoil(&world, key, 200_000);
    let archive = run(world.services.archive(&ana.user, &course(), &revision)).unwrap();
    let error = run(archive.try_collect::<Vec<_>>()).unwrap_err();
    let named = format!("{:?}", error.into_inner().unwrap());
    let chunks = ana.blobs.blobs.keys().filter(|id| named.contains(&id.to_string()));
    assert_eq!(chunks.count(), 1, "{named}");
}

#[test]
fn a_damaged_node_is_an_error_until_it_is_sent_again() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let revision = ana.saved(&Model::from([("a", &b"words"[..])]));
    let root = ana.base.as_ref().unwrap().1;
    let [key] = &packs_of(&world, &ana.user.id)[..] else { panic!() };
    // Nodes are behind chunks, in a frame of their own: right before the index.
    let size = run(world.objects.size(key)).unwrap().unwrap();
    let at = usize::try_from(size).unwrap() - 150;
    spoil(&world, key, at);
    let opened = run(world.services.archive(&ana.user, &course(), &revision)).unwrap();
    assert!(run(opened.try_collect::<Vec<_>>()).is_err());
    assert_eq!(code(ana.fetch(&[root], true, None)), "internal");
    let fresh = ana.pack(&[root, BlobId::of(b"words")]);
    assert_ne!(fresh.len(), 0);
    // Another pack with the same blob: from then on it is read there.
    let mut more = ana.tree(&Model::from([("a", &b"other words"[..])]));
    std::mem::swap(&mut more, &mut ana.base.as_mut().unwrap().1);
    let other = ana.pack(&[root, BlobId::of(b"other words"), BlobId::of(b"words")]);
    ana.put(&other).unwrap();
    ana.holds(&revision, &Model::from([("a", &b"words"[..])]));
}
