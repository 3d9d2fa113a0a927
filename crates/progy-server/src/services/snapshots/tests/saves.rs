use progy_api::history::FileState;
use progy_core::{LessonId, SaveId};
use progy_snapshot::pack::PackId;
use progy_snapshot::{BlobSource, Kind};

use super::laptop::Model;
use super::*;
use crate::ports::database::snapshots::Snapshots as _;
use crate::services::Limits;
use crate::services::testing::{HELLO, TEMPLATE, World, code, course, noise, run, version};

fn template() -> Model<'static> {
    TEMPLATE.iter().map(|(path, text)| (*path, text.as_bytes())).collect()
}

#[test]
fn the_first_save_makes_the_workspace_and_the_template_costs_nothing() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let large = noise(1, 900_000);
    let mut model = template();
    model.insert("data/large.bin", &large);
    model.insert("bin/run", b"#!/bin/sh\n");
    model.insert("empty/", b"");
    model.insert("nothing.txt", b"");
    model.insert("link", b"->bin/run");
    let root = ana.tree(&model);
    let missing = ana.missing(root);
    let of_template = BlobId::of(TEMPLATE[2].1.as_bytes());
    assert!(!missing.contains(&of_template) && missing.len() > 5);
    let sent = ana.put(&ana.pack(&missing)).unwrap();
    let request = ana.request(root);
    let answer = ana.commit(&request).unwrap();
    let revision = answer.revision.unwrap();
    assert_eq!(revision.bytes, sent.bytes);
    assert_eq!(revision.files_changed, u32::try_from(model.len()).unwrap() - 1);
    ana.holds(&revision.id, &model);
    let archive = ana.archive(&revision.id);
    assert_eq!((archive["bin/run"].mode, archive[HELLO].mode), (0o755, 0o644));

    // What the document says of it.
    let document = run(world.services.progress(&ana.user, &course(), None)).unwrap();
    assert_eq!(
        (document.strategy, document.root),
        (progy_core::Strategy::Snapshot, Some(request.root))
    );
    let paths: Vec<&str> = document.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["bin/run", "course.json", "data/large.bin", "link", "nothing.txt"]);
    assert_eq!(document.files[1].state, FileState::Deleted);
    let short = run(world.services.progress_listed(&ana.user, &course(), None, false)).unwrap();
    assert!(short.files.is_empty() && short.root == document.root);
    let listed = run(world.services.revision(&ana.user, &course(), &revision.id)).unwrap();
    assert_eq!((listed.files, listed.root), (document.files, document.root));
}

#[test]
fn an_edit_sends_little_and_reads_little() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let texts: Vec<String> = (0..3000).map(|n| format!("file {n}\n")).collect();
    let paths: Vec<String> = (0..3000).map(|n| format!("src/{:02}/f{n}.txt", n % 30)).collect();
    let mut model: Model<'_> =
        paths.iter().map(String::as_str).zip(texts.iter().map(String::as_bytes)).collect();
    let first = ana.saved(&model);
    let first_root = ana.base.as_ref().unwrap().1;
    model.insert("src/07/f7.txt", b"another text\n");
    model.remove("src/08/f8.txt");
    let root = ana.tree(&model);
    let missing = ana.missing(root);
    assert!(missing.len() < 10, "{}", missing.len());
    let second = ana.save(&model).unwrap().revision.unwrap();
    assert_eq!(second.files_changed, 2);
    assert!(second.bytes < 20_000, "{}", second.bytes);
    ana.holds(&second.id, &model);
    assert_eq!(ana.archive(&first).len(), 3000);

    // Another device fetches what it does not have.
    let whole = ana.fetch(&[root], true, None).unwrap();
    let changed = ana.fetch(&[root], true, Some(first_root)).unwrap();
    let nodes = |blobs: &std::collections::BTreeMap<BlobId, (Kind, Vec<u8>)>| {
        blobs.values().filter(|(kind, _)| *kind == Kind::Tree).count()
    };
    assert!(nodes(&whole) > 40 && nodes(&changed) < 10, "{} {}", nodes(&whole), nodes(&changed));
    let mut seen = Vec::new();
    let mut frontier = progy_snapshot::exchange::Frontier::new(root);
    let mut fetched = progy_snapshot::MemoryBlobs::default();
    fetched.blobs.extend(whole);
    seen.extend(frontier.round(&fetched, 100).unwrap());
    assert!(seen.is_empty(), "all nodes came at once");
    let asked = BlobId::of(b"another text\n");
    assert_eq!(ana.fetch(&[asked], false, None).unwrap()[&asked].1, b"another text\n");
}

#[test]
fn what_is_missing_is_named() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let large = noise(2, 700_000);
    let root = ana.tree(&Model::from([("a", &b"one"[..]), ("large", &large)]));
    let request = ana.request(root);
    let Err(ServiceError::UnknownBlobs(names)) = ana.commit(&request) else { panic!() };
    assert_eq!(names, [root]);
    ana.put(&ana.pack(&[root])).unwrap();
    // Chunks are named even where a list is missing.
    let refused = ana.commit(&request);
    let Err(ServiceError::UnknownBlobs(names)) = refused else { panic!("{refused:?}") };
    assert!(names.contains(&BlobId::of(b"one")) && names.len() == 2);
    ana.put(&ana.pack(&names)).unwrap();
    let refused = ana.commit(&request);
    let Err(ServiceError::UnknownBlobs(names)) = refused else { panic!("{refused:?}") };
    assert!(names.len() > 4);
    let problem = ServiceError::UnknownBlobs(names.clone()).problem();
    assert_eq!(problem.names.unwrap().0.len(), names.len() * 32);
    ana.put(&ana.pack(&names)).unwrap();
    let revision = ana.commit(&request).unwrap().revision.unwrap();
    assert_eq!(ana.archive(&revision.id)["large"].bytes, large);
}

#[test]
fn the_same_save_again_and_another_under_its_name() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    ana.saved(&Model::from([("a", &b"one"[..])]));
    let root = ana.tree(&Model::from([("a", &b"two"[..])]));
    ana.put(&ana.pack(&ana.missing(root))).unwrap();
    let request = ana.request(root);
    let first = ana.commit(&request).unwrap();
    assert_eq!(ana.commit(&request).unwrap(), first);
    let mut other = request.clone();
    other.message = "another".to_owned();
    assert_eq!(code(ana.commit(&other)), "save_reused");
    other.save = SaveId::new(&"e".repeat(32)).unwrap();
    let Err(ServiceError::HeadMoved(moved)) = ana.commit(&other) else { panic!() };
    assert!(moved.head == first.revision && moved.parent_known);
    other.parent = Some("0123456789abcdef".parse().unwrap());
    let Err(ServiceError::HeadMoved(moved)) = ana.commit(&other) else { panic!() };
    assert!(!moved.parent_known);
}

#[test]
fn learners_do_not_meet() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let revision = ana.saved(&Model::from([("secret", &b"anas words"[..])]));
    let root = ana.base.as_ref().unwrap().1;
    let secret = BlobId::of(b"anas words");
    assert_eq!(ana.have(&[secret, root]), [true, true]);

    let mut bia = Laptop::new(&world, "bia");
    bia.saved(&Model::from([("mine", &b"bias words"[..])]));
    assert_eq!(bia.have(&[secret, root]), [false, false]);
    assert!(bia.fetch(&[secret, root], true, Some(root)).unwrap().is_empty());
    bia.base = None;
    let request = bia.request(root);
    let mut first = Laptop::new(&world, "caio");
    assert_eq!(code(first.commit(&request)), "unknown_blobs");
    assert_eq!(
        code(run(world.services.archive(&bia.user, &course(), &revision)).map(|_| ())),
        "no_revision"
    );
}

#[test]
fn blobs_of_another_course_are_the_learners_own() {
    let world = World::new();
    let other = CourseId::new("sql").unwrap();
    let root = run(crate::ports::database::accounts::Users::user_by_name(&*world.db, "root"));
    let package = crate::services::testing::package("sql", "1.0.0", &[("q.sql", "select 1;\n")]);
    run(world.services.publish(&root.unwrap().unwrap(), &other, &version("1.0.0"), package))
        .unwrap();
    let mut ana = Laptop::new(&world, "ana");
    ana.saved(&Model::from([("a", &b"shared"[..])]));
    ana.course = other.clone();
    ana.base = None;
    assert_eq!(ana.have(&[BlobId::of(b"shared"), BlobId::of(b"select 1;\n")]), [true, true]);
    ana.course = course();
    assert_eq!(ana.have(&[BlobId::of(b"select 1;\n")]), [false]);
    ana.course = CourseId::new("nothing").unwrap();
    let pack = ana.pack(&[BlobId::of(b"shared")]);
    assert_eq!(code(ana.put(&pack)), "no_course");
}

#[test]
fn packs_are_held_to_their_name_and_to_the_quota() {
    let world = World::with(Limits { packs: 200_000, ..Limits::default() });
    let mut ana = Laptop::new(&world, "ana");
    let (one, two) = (noise(3, 90_000), noise(4, 190_000));
    let root = ana.tree(&Model::from([("one", &one[..])]));
    let pack = ana.pack(&ana.missing(root));
    assert_eq!(code(ana.put_as(PackId::of(b"x"), &pack)), "wrong_hash");
    for cut in [0, 5, 100, pack.len() - 1] {
        assert_eq!(code(ana.put(&pack[..cut])), "wrong_hash");
    }
    let mut broken = pack.clone();
    broken[20_000] ^= 1;
    assert_eq!(code(ana.put(&broken)), "wrong_hash");
    assert_eq!(ana.have(&[root]), [false]);

    let answer = ana.put(&pack).unwrap();
    assert_eq!(ana.put(&pack).unwrap(), answer);
    let packed = run(world.db.packed(&UserId(ana.user.id.clone()))).unwrap();
    assert_eq!(packed, answer.bytes, "the same pack is there once");
    let large = ana.tree(&Model::from([("two", &two[..])]));
    let more = ana.pack(&ana.missing(large));
    assert_eq!(code(ana.put(&more)), "quota_exceeded");
    assert_eq!(ana.have(&[large]), [false]);
    let request = ana.request(root);
    ana.commit(&request).unwrap();
    let objects = run(crate::ports::ObjectStore::list(&*world.objects, "snapshots/")).unwrap();
    assert_eq!(objects.len(), 2, "of the template and of the one pack: {objects:?}");
}

#[test]
fn an_upgrade_keeps_what_comes_from_the_version_before() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let mut model = template();
    model.insert("mine", b"my words");
    ana.saved(&model);
    world.publish("2.0.0", &[("README.md", "# All new\n")]);
    ana.version = version("2.0.0");
    model.insert("README.md", b"# All new\n");
    let revision = ana.saved(&model);
    ana.holds(&revision, &model);
    let old = BlobId::of(TEMPLATE[2].1.as_bytes());
    assert_eq!(ana.fetch(&[old], false, None).unwrap()[&old].1, TEMPLATE[2].1.as_bytes());
}

#[test]
fn no_tree_that_a_workspace_must_not_have() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    // A chunk that says that it is a node.
    let chunk = ana.tree(&Model::from([("a", &b"t\x01\x00\x05garbage"[..])]));
    let garbage = BlobId::of(b"t\x01\x00\x05garbage");
    ana.put(&ana.pack(&[garbage, chunk])).unwrap();
    let request = ana.request(garbage);
    assert_eq!(code(ana.commit(&request)), "invalid_change");
    let mut long = ana.request(chunk);
    long.message = "x".repeat(501);
    assert_eq!(code(ana.commit(&long)), "bad_request");
    let mut git = ana.request(chunk);
    git.root = progy_core::ContentHash::git_blob(b"");
    assert_eq!(code(ana.commit(&git)), "bad_request");
    let mut lesson = ana.request(chunk);
    lesson.lesson = Some(LessonId::new("01_intro/01_hello").unwrap());
    ana.commit(&lesson).unwrap();
    assert!(ana.blobs.blob(&chunk).is_ok());
}
