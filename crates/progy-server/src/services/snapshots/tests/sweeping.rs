//! Blobs go while learners save.

use progy_api::snapshot::CommitRequest;
use progy_core::{CourseId, LessonId, RevisionId, Timestamp};

use super::damage::packs_of;
use super::laptop::Model;
use super::*;
use crate::ports::ObjectStore;
use crate::ports::database::Snapshots;
use crate::ports::database::snapshots::PackState;
use crate::services::Limits;
use crate::services::testing::{World, course, noise, run, version};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn sweep(world: &World) -> Swept {
    run(world.services.keep_snapshots_up()).unwrap()
}

fn used(ana: &Laptop<'_>) -> u64 {
    run(ana.world.db.packed(&UserId(ana.user.id.clone()))).unwrap()
}

#[test]
fn what_expires_goes_and_what_is_needed_stays() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let kept = noise(1, 300_000);
    let mut revisions = Vec::new();
    // Ten days, every ten minutes of an hour of each.
    for n in 0..60_u64 {
        let text = format!("version {n}");
        let passing = noise(100 + n, 20_000);
        let model = Model::from([
            ("kept", &kept[..]),
            ("text", text.as_bytes()),
            ("passing", &passing[..]),
        ]);
        revisions.push(ana.saved(&model));
        world.clock.pass(if n % 6 == 5 { 23 * HOUR + 10 * 60_000 } else { 10 * 60_000 });
    }
    let before = used(&ana);
    let done = sweep(&world);
    assert!(done.expired > 40 && done.taken_out > 30, "{done:?}");
    let page = run(world.services.revisions(&ana.user, &course(), None, 100)).unwrap();
    assert_eq!(page.revisions.len(), 60 - done.expired);
    for revision in &page.revisions {
        assert_eq!(ana.archive(&revision.id)["kept"].bytes, kept);
    }
    let gone = revisions.iter().filter(|id| page.revisions.iter().all(|left| left.id != **id));
    for id in gone {
        let standing = run(world.services.progress(&ana.user, &course(), Some(id))).unwrap();
        assert!(standing.base_known);
        let refused = run(world.services.revision(&ana.user, &course(), id)).unwrap_err();
        assert_eq!(refused.kind().1, "no_revision");
    }
    assert!(used(&ana) < before / 2, "{} of {before}", used(&ana));
    // The objects go an hour later, and then there is nothing left to do.
    let objects = packs_of(&world, &ana.user.id).len();
    world.clock.pass(2 * HOUR);
    assert!(sweep(&world).deleted > 30);
    assert!(packs_of(&world, &ana.user.id).len() < objects);
    world.clock.pass(2 * HOUR);
    let nothing = Swept { stores: 2, ..Swept::default() };
    sweep(&world);
    assert_eq!(sweep(&world), nothing);
    let last = format!("version {}", 59);
    assert_eq!(ana.archive(&revisions[59])["text"].bytes, last.as_bytes());
}

/// Saves a tree that completes a lesson; gives the revision.
fn solved(ana: &mut Laptop<'_>, model: &Model<'_>) -> RevisionId {
    use progy_core::DeviceId;
    use progy_core::progress::{Attempt, Day, Progress};
    let lesson = LessonId::new("01_intro/01_hello").unwrap();
    let root = ana.tree(model);
    ana.put(&ana.pack(&ana.missing(root))).unwrap();
    let mut request = ana.request(root);
    let now = Timestamp(1_800_000_000_000);
    let attempt = Attempt { at: now, day: Day::of(now), passed: true, xp: 10 };
    let mut progress = Progress::default();
    progress.record_attempt(&lesson, &DeviceId::new(&"d".repeat(32)).unwrap(), attempt);
    (request.lesson, request.progress) = (Some(lesson), Some(progress));
    ana.commit(&request).unwrap().revision.unwrap().id
}

#[test]
fn a_completed_lesson_is_kept_for_ever() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    let solved = solved(&mut ana, &Model::from([("a", &b"solved"[..])]));
    let other = ana.saved(&Model::from([("a", &b"played with"[..])]));
    ana.saved(&Model::from([("a", &b"the last"[..])]));
    world.clock.pass(400 * DAY);
    assert_eq!(sweep(&world).expired, 1);
    ana.holds(&solved, &Model::from([("a", &b"solved"[..])]));
    assert!(run(world.services.revision(&ana.user, &course(), &other)).is_err());
}

/// A course in which something is saved every six hours of a hundred days, the fourth time as the
/// solution of a lesson, and then nothing for a week: how many revisions are left, and whether that one is.
fn left_of(world: &World, name: &str, course: &str, versions: &[&str]) -> (usize, bool) {
    let mut ana = Laptop::new(world, name);
    ana.course = CourseId::new(course).unwrap();
    let mut completes = None;
    for n in 0..400_usize {
        ana.version = version(versions[n * versions.len() / 400]);
        let text = n.to_string();
        let model = Model::from([("a", text.as_bytes())]);
        if n == 3 {
            completes = Some(solved(&mut ana, &model));
        } else {
            ana.saved(&model);
        }
        world.clock.pass(6 * HOUR);
    }
    world.clock.pass(7 * DAY);
    sweep(world);
    let mut listed = Vec::new();
    loop {
        let before = listed.last();
        let page = run(world.services.revisions(&ana.user, &ana.course, before, 100)).unwrap();
        if page.revisions.is_empty() {
            break;
        }
        listed.extend(page.revisions.into_iter().map(|revision| revision.id));
    }
    (listed.len(), listed.contains(&completes.unwrap()))
}

#[test]
fn each_course_has_its_own_word_on_what_is_kept() {
    let limits = Limits { course_days: 60, ..Limits::default() };
    let world = World::with(limits);
    let short =
        r#"{"retention": {"keep_all_days": 1, "keep_hourly_days": 1, "keep_daily_days": 10}}"#;
    let long = r#"{"retention": {"keep_all_days": 20, "keep_daily_days": 3000}}"#;
    world.publish_with_sync("short", "1.0.0", short);
    world.publish_with_sync("long", "1.0.0", long);
    world.publish_with_sync("says-nothing", "1.0.0", "{}");
    // Each day but those of the last week, and the lesson: it was 107 days ago, with the last save.
    let (usual, lesson) = left_of(&world, "ana", "says-nothing", &["1.0.0"]);
    assert!((84..=88).contains(&usual) && lesson, "{usual}");
    let (few, lesson) = left_of(&world, "bia", "short", &["1.0.0"]);
    assert!((3..=6).contains(&few) && lesson, "{few}");
    // All of thirteen days, and days up to the sixty that the host allows.
    let (many, lesson) = left_of(&world, "eva", "long", &["1.0.0"]);
    assert!((52 + 39..=52 + 44).contains(&many) && lesson, "{many}");
}

#[test]
fn the_version_that_the_workspace_is_at_has_the_word() {
    let world = World::new();
    let short = r#"{"retention": {"keep_hourly_days": 1, "keep_daily_days": 10}}"#;
    world.publish_with_sync("other", "1.0.0", "{}");
    world.publish_with_sync("other", "2.0.0", short);
    assert!(left_of(&world, "ana", "other", &["1.0.0"]).0 > 80);
    assert!(left_of(&world, "bia", "other", &["1.0.0", "2.0.0"]).0 < 8);
    let deaf = World::with(Limits { course_days: 0, ..Limits::default() });
    deaf.publish_with_sync("other", "2.0.0", short);
    assert!(left_of(&deaf, "ana", "other", &["2.0.0"]).0 > 80);
}

#[test]
fn what_was_sent_and_never_committed_goes_after_a_day() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    ana.saved(&Model::from([("a", &b"one"[..])]));
    let root = ana.tree(&Model::from([("b", &b"two"[..])]));
    ana.put(&ana.pack(&ana.missing(root))).unwrap();
    // An upload that stopped half-way.
    let store = run(world.services.own_store(&UserId(ana.user.id.clone()))).unwrap().id;
    let half = run(world.db.begin_pack(store, world.services.clock.now())).unwrap();
    world.clock.pass(DAY - HOUR);
    sweep(&world);
    assert_eq!(ana.have(&[root]), [true]);
    world.clock.pass(2 * HOUR);
    sweep(&world);
    assert_eq!(ana.have(&[root]), [false]);
    assert_eq!(run(world.db.pack(half)).unwrap().unwrap().state, PackState::Gone);
    world.clock.pass(2 * HOUR);
    sweep(&world);
    assert_eq!(run(world.db.pack(half)).unwrap(), None);
    assert_eq!(packs_of(&world, &ana.user.id).len(), 1);
    // And it can be sent again.
    ana.put(&ana.pack(&ana.missing(root))).unwrap();
    let request = ana.request(root);
    ana.commit(&request).unwrap();
}

#[test]
fn objects_of_nobody_are_found() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    ana.saved(&Model::from([("a", &b"one"[..])]));
    let [key] = &packs_of(&world, &ana.user.id)[..] else { panic!() };
    let (folder, _) = key.as_str().rsplit_once('/').unwrap();
    let object = |name: &str| {
        let key = crate::ports::objects::ObjectKey::new(format!("{folder}/{name}")).unwrap();
        let bytes = futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"x"))]);
        run(world.objects.put(&key, futures_util::StreamExt::boxed(bytes))).unwrap();
    };
    // One whose row is gone, and one whose number will be given one day.
    let gone = run(world.db.begin_pack(StoreId(1), Timestamp(0))).unwrap();
    object(&format!("{}.pack", gone.0));
    run(world.db.give_up_pack(gone, Timestamp(0))).unwrap();
    run(world.db.forget_packs(&[gone])).unwrap();
    object("999.pack");
    sweep(&world);
    let left = packs_of(&world, &ana.user.id);
    assert!(left.contains(key) && left.len() == 2, "{left:?}");
}

#[test]
fn an_object_that_comes_after_its_row_went_goes_too() {
    let world = World::new();
    let mut ana = Laptop::new(&world, "ana");
    ana.saved(&Model::from([("a", &b"one"[..])]));
    let store = run(world.services.own_store(&UserId(ana.user.id.clone()))).unwrap().id;
    let late = run(world.db.begin_pack(store, world.services.clock.now())).unwrap();
    for _ in 0..5 {
        world.clock.pass(2 * DAY);
        sweep(&world);
    }
    assert_eq!(run(world.db.pack(late)).unwrap(), None);
    // There is nothing left to do, and the server that took the upload dies.
    let key = packs::key(store, late).unwrap();
    let bytes = futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"late"))]);
    run(world.objects.put(&key, futures_util::StreamExt::boxed(bytes))).unwrap();
    world.clock.pass(DAY);
    sweep(&world);
    assert_eq!(packs_of(&world, &ana.user.id).len(), 1);
}

/// Chance, the same each time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// What a device was about to do.
enum Intent {
    /// It has asked, and was told that the rest is there.
    Asked { root: BlobId, missing: Vec<BlobId>, number: usize },
    /// It has sent what was missing.
    Sent { request: Box<CommitRequest>, number: usize },
}

/// In each run.
const STEPS: u32 = 120;

/// Devices of one learner ask, send and commit, each a step at a time, while days pass and blobs go.
/// Whatever is committed can be read, whole, for as long as it is listed.
#[test]
fn no_order_of_steps_loses_anything() {
    for seed in 0..8 {
        let mut dice = Dice(seed * 7919 + 1);
        let world = World::new();
        let user = world.user("ana", progy_api::account::Role::Learner);
        // A few contents come back again and again, so that what is dead is wanted anew.
        let contents: Vec<Vec<u8>> = (0..12).map(|n| noise(1000 + n, 5_000)).collect();
        let models: Vec<Model<'_>> = (0..20)
            .map(|n| {
                let pick = |k: usize| &contents[(n * 5 + k * 3) % 12][..];
                Model::from([("a", pick(0)), ("b/c", pick(1)), ("b/d", pick(2))])
            })
            .collect();
        let mut devices = [Laptop::of(&world, user.clone()), Laptop::of(&world, user.clone())];
        for device in &mut devices {
            for model in &models {
                device.tree(model);
            }
        }
        let mut intents: [Option<Intent>; 2] = [None, None];
        let mut committed = Vec::new();
        let mut head = None;
        let mut swept = false;
        for step in 0..STEPS {
            let at = usize::try_from(dice.below(2)).unwrap();
            let device = &mut devices[at];
            match dice.below(8) {
                0 => world.clock.pass(i64::try_from(dice.below(40)).unwrap() * HOUR),
                1 => swept = sweep(&world).stores > 0,
                _ => {
                    intents[at] = match intents[at].take() {
                        None => {
                            let number = usize::try_from(dice.below(20)).unwrap();
                            device.base.clone_from(&head);
                            let root = device.tree(&models[number]);
                            let missing = device.missing(root);
                            Some(Intent::Asked { root, missing, number })
                        }
                        Some(Intent::Asked { root, missing, number }) => {
                            if !missing.is_empty() {
                                device.put(&device.pack(&missing)).unwrap();
                            }
                            let request = device.request(root);
                            let mut request = Box::new(request);
                            request.save =
                                progy_core::SaveId::new(&format!("{step:032x}")).unwrap();
                            Some(Intent::Sent { request, number })
                        }
                        Some(Intent::Sent { request, number }) => match device.commit(&request) {
                            Ok(answer) => {
                                head.clone_from(&device.base);
                                committed.push((answer.revision.unwrap().id, number));
                                None
                            }
                            Err(ServiceError::UnknownBlobs(names)) => {
                                device.put(&device.pack(&names)).unwrap();
                                Some(Intent::Sent { request, number })
                            }
                            Err(ServiceError::HeadMoved(_)) => None,
                            Err(other) => panic!("seed {seed}: {other}"),
                        },
                    };
                }
            }
            // Only what was taken out can be missing.
            let swept = std::mem::take(&mut swept);
            if !swept && step + 1 < STEPS {
                continue;
            }
            let listed = match head {
                Some(_) => run(world.services.revisions(&user, &course(), None, 100)).unwrap(),
                None => continue,
            };
            for summary in &listed.revisions {
                let (_, number) = committed.iter().find(|(id, _)| *id == summary.id).unwrap();
                devices[0].holds(&summary.id, &models[*number]);
            }
        }
        assert!(committed.len() > 3, "seed {seed}");
    }
}
