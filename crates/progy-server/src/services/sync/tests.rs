use progy_api::delta::{Base64, Delta};
use progy_api::limits;
use progy_api::problem::code;
use progy_core::progress::{Attempt, Day, Progress};
use progy_core::{LessonId, Timestamp};

use super::*;
use crate::Limits;
use crate::ports::Database;
use crate::ports::database::accounts::Users;
use crate::services::testing::{
    Device, HELLO, TEMPLATE, World, code, course, delete, hash, link, noise, package, path, put,
    put_delta, put_known, run, version,
};

const SOLVED: &[u8] = b"fn main() {\n    println!(\"hello\")\n}\n";

fn original() -> &'static [u8] {
    TEMPLATE[2].1.as_bytes()
}

fn moved(result: Result<SyncAnswer>) -> HeadMoved {
    match result {
        Err(ServiceError::HeadMoved(moved)) => *moved,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_saved_is_there() {
    let world = World::new();
    let mut ana = world.learner("ana");
    ana.saved(vec![put_delta(HELLO, SOLVED, original()), put("notes/día.md", b"hola")]);
    ana.saved(vec![delete("README.md"), put("empty", b"")]);
    let expected = ana.expect(&[
        (HELLO, Some(SOLVED)),
        ("notes/día.md", Some(b"hola")),
        ("README.md", None),
        ("empty", Some(b"")),
    ]);
    assert_eq!(ana.files(), expected);
}

#[test]
fn a_request_sent_again_has_the_same_answer() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let request = ana.request(vec![put(HELLO, SOLVED)]);
    let first = ana.send(&request).unwrap();
    assert_eq!(ana.send(&request).unwrap(), first);
}

#[test]
fn a_save_is_known_again_after_other_devices_published() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let mut desk = world.device(&ana.user, "desk");
    let request = ana.request(vec![put(HELLO, SOLVED)]);
    let first = ana.send(&request).unwrap();
    desk.base.clone_from(&first.head);
    let second = desk.saved(vec![put("b", b"2")]);

    let again = ana.send(&request).unwrap();
    assert_eq!((again.revision, again.head.as_ref()), (first.revision.clone(), Some(&second)));
    // Also when the device has taken the other's save in, and compresses in another way.
    let mut rebased = request.clone();
    rebased.parent = Some(second.clone());
    rebased.save.as_mut().unwrap().changes = vec![put_delta(HELLO, SOLVED, original())];
    let again = ana.send(&rebased).unwrap();
    assert_eq!((again.revision, again.head), (first.revision, Some(second)));
}

#[test]
fn a_save_id_has_one_content() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let request = ana.request(vec![put(HELLO, SOLVED)]);
    ana.send(&request).unwrap();
    let mut other = request.clone();
    other.save.as_mut().unwrap().changes = vec![put(HELLO, b"other")];
    assert_eq!(code(ana.send(&other)), code::SAVE_REUSED);
    other.parent.clone_from(&ana.base);
    assert_eq!(code(ana.send(&other)), code::SAVE_REUSED);
}

#[test]
fn whoever_is_late_hears_where_the_head_is() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let mut desk = world.device(&ana.user, "desk");
    let first = ana.saved(vec![put("a", b"1")]);
    desk.base = Some(first.clone());
    let second = ana.saved(vec![put("a", b"2")]);

    let late = moved(desk.save(vec![put("b", b"1")]));
    assert_eq!(late.head.unwrap().id, second);
    assert_eq!((late.parent_known, late.parent), (true, Some(first)));
    desk.base = None;
    let fresh = moved(desk.save(vec![put("b", b"1")]));
    assert_eq!((fresh.head.unwrap().id, fresh.parent_known), (second, true));
}

#[test]
fn a_server_restored_from_an_old_backup_gets_everything_again() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let empty = world.db.snapshot().unwrap();
    let first = ana.request(vec![put("a", b"1")]);
    ana.send(&first).unwrap();
    let second = ana.request(vec![put("b", b"2")]);
    let known = ana.send(&second).unwrap();

    world.db.restore(&empty).unwrap();
    let lost = moved(ana.save(vec![put("c", b"3")]));
    assert_eq!((lost.head, lost.parent_known), (None, false));
    // The same requests make the same revisions.
    ana.send(&first).unwrap();
    assert_eq!(ana.send(&second).unwrap(), known);
}

#[test]
fn the_announced_hash_and_size_are_checked() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let with = |change: &dyn Fn(&mut Action)| {
        let mut changed = put(HELLO, SOLVED);
        change(&mut changed.action);
        vec![changed]
    };
    let lies: [&dyn Fn(&mut Action); 4] = [
        &|action| {
            if let Action::Put { hash, .. } = action {
                *hash = ContentHash::blake3(b"other");
            }
        },
        &|action| {
            if let Action::Put { size, .. } = action {
                *size += 1;
            }
        },
        &|action| {
            if let Action::Put { content: Some(content), .. } = action {
                content.data.0.truncate(10);
            }
        },
        &|action| {
            if let Action::Put { content: Some(content), .. } = action {
                content.reference = Some(hash(original()));
                content.data = Base64(b"garbage".to_vec());
            }
        },
    ];
    for lie in lies {
        let error = ana.save(with(lie)).unwrap_err();
        assert_eq!(error.kind().1, code::WRONG_HASH);
        assert_eq!(error.problem().path, Some(path(HELLO)));
    }
    // A known content has the size that it has.
    let mut known = put_known("copy", original());
    if let Action::Put { size, .. } = &mut known.action {
        *size = 1;
    }
    assert_eq!(code(ana.save(vec![known])), code::WRONG_HASH);
    assert!(run(world.db.workspace(&UserId(ana.user.id.clone()), &course())).unwrap().is_none());
}

#[test]
fn contents_are_named_instead_of_sent_if_they_are_known() {
    let world = World::new();
    let mut ana = world.learner("ana");
    ana.saved(vec![put("a", b"mine")]);
    ana.saved(vec![delete("a"), put_known("b", b"mine"), put_known("copy.rs", original())]);
    // Sent once, for two paths.
    ana.saved(vec![put_known("first", b"twice"), put("second", b"twice")]);
    let expected = ana.expect(&[
        ("b", Some(b"mine")),
        ("copy.rs", Some(original())),
        ("first", Some(b"twice")),
        ("second", Some(b"twice")),
    ]);
    assert_eq!(ana.files(), expected);
    assert_eq!(code(ana.save(vec![put_known("c", b"unknown")])), code::UNKNOWN_REFERENCE);
    let delta = put_delta("c", b"unknown too", b"unknown");
    assert_eq!(code(ana.save(vec![delta])), code::UNKNOWN_REFERENCE);
}

#[test]
fn no_hash_leads_to_another_learners_content() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let mut bia = world.learner("bia");
    let secret = b"what only ana wrote";
    let revision = ana.saved(vec![put("secret", secret)]);
    bia.saved(vec![put("own", b"1")]);

    // As for a content that nobody has.
    for content in [&secret[..], b"what nobody wrote"] {
        let named = code(bia.save(vec![put_known("x", content)]));
        let relative = code(bia.save(vec![put_delta("x", b"what only ana wrote.", content)]));
        assert_eq!((named, relative), (code::UNKNOWN_REFERENCE, code::UNKNOWN_REFERENCE));
    }
    bia.base = Some(revision);
    assert!(!moved(bia.save(vec![])).parent_known);
}

#[test]
fn a_long_chain_of_edits_stays_readable() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let text = |n: usize| -> Vec<u8> {
        let mut bytes = noise(1, 20_000);
        bytes.extend(format!("edit {n}").into_bytes());
        bytes
    };
    ana.saved(vec![put("a", &text(0))]);
    let revisions: Vec<RevisionId> =
        (1..40).map(|n| ana.saved(vec![put_delta("a", &text(n), &text(n - 1))])).collect();
    for (n, revision) in (1..40).zip(&revisions) {
        assert_eq!(ana.files_of(revision)["a"], text(n));
    }
    let workspace = run(world.services.workspace(&ana.user, &course())).unwrap();
    for n in 0..40 {
        let chain = run(world.db.contents(workspace.id, &[hash(&text(n))])).unwrap();
        assert!(chain.len() <= 9, "{} frames for {n}", chain.len());
    }
}

#[test]
fn a_frame_with_padding_is_not_kept_as_it_is() {
    let world = World::new();
    let mut ana = world.learner("ana");
    // A skippable frame (RFC 8878, section 3.1.2) of 100,000 bytes before the content.
    let mut data = [&[0x50, 0x2a, 0x4d, 0x18][..], &100_000u32.to_le_bytes()].concat();
    data.extend(vec![0; 100_000]);
    let mut change = put("a", b"small");
    if let Action::Put { content: Some(content), .. } = &mut change.action {
        data.extend(&content.data.0);
        *content = Delta { reference: None, data: Base64(data) };
    }
    if ana.save(vec![change]).is_ok() {
        let workspace = run(world.services.workspace(&ana.user, &course())).unwrap();
        let kept = run(world.db.contents(workspace.id, &[hash(b"small")])).unwrap();
        assert!(kept[0].data.len() < 100);
    }
}

#[test]
fn a_course_version_is_changed_by_what_differs_from_its_template() {
    let world = World::new();
    let mut ana = world.learner("ana");
    ana.saved(vec![put(HELLO, SOLVED), put("notes", b"mine"), put_known("kept", original())]);
    let mut newer = TEMPLATE.to_vec();
    newer[0].1 = "# Rust, second edition\n";
    newer.push(("content/01_intro/03_new/exercise.rs", "fn new() {}\n"));
    world.publish("2.0.0", &newer);

    ana.version = version("2.0.0");
    assert_eq!(code(ana.save(vec![])), code::BAD_REQUEST);
    let changes =
        || vec![put(HELLO, SOLVED), put_known("notes", b"mine"), put_known("kept", original())];
    let upgrade = ana.whole(changes());
    let answer = ana.send(&upgrade).unwrap();
    // course.json, README.md and the new lesson; nothing that the learner has.
    assert_eq!(answer.revision.unwrap().files_changed, 3);
    let files = ana.files();
    assert_eq!(files[HELLO], SOLVED);
    assert_eq!(files["README.md"], newer[0].1.as_bytes());
    assert_eq!(files["notes"], b"mine");
    assert_eq!(files["kept"], original());
    assert!(files.contains_key("content/01_intro/03_new/exercise.rs"));

    // Back again, which the old contents allow.
    ana.version = version("1.0.0");
    let back = ana.whole(changes());
    ana.send(&back).unwrap();
    let kept: [(&str, Option<&[u8]>); 3] =
        [(HELLO, Some(SOLVED)), ("notes", Some(b"mine")), ("kept", Some(original()))];
    assert_eq!(ana.files(), ana.expect(&kept));
}

#[test]
fn since_the_template_replaces_everything() {
    let world = World::new();
    let mut ana = world.learner("ana");
    ana.saved(vec![put(HELLO, SOLVED), put("a", b"1"), delete("README.md")]);
    let request = ana.whole(vec![put_known("a", b"1"), put("b", b"2")]);
    let answer = ana.send(&request).unwrap();
    assert_eq!(answer.revision.unwrap().files_changed, 3);
    assert_eq!(ana.files(), ana.expect(&[("a", Some(b"1")), ("b", Some(b"2"))]));
}

#[test]
fn limits() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let large = vec![0; usize::try_from(limits::PATCH_FILE).unwrap() + 1];
    let error = ana.save(vec![put("large", &large)]).unwrap_err();
    assert_eq!(error.kind().1, code::FILE_TOO_LARGE);
    assert_eq!(error.problem().path, Some(path("large")));

    let full = &large[1..];
    for n in 0..10 {
        ana.saved(vec![put(&format!("f{n}"), full)]);
    }
    assert_eq!(code(ana.save(vec![put("more", b"x")])), code::WORKSPACE_TOO_LARGE);
    ana.saved(vec![delete("f0"), put("more", b"x")]);

    let many: Vec<_> = (0..=limits::SYNC_CHANGES).map(|n| delete(&format!("{n}"))).collect();
    assert_eq!(code(ana.save(many)), code::TOO_LARGE);
    let mut talkative = ana.request(vec![]);
    talkative.save.as_mut().unwrap().message = "é".repeat(limits::MESSAGE + 1);
    assert_eq!(code(ana.send(&talkative)), code::BAD_REQUEST);
    talkative.save.as_mut().unwrap().message = "é".repeat(limits::MESSAGE);
    ana.send(&talkative).unwrap();
}

#[test]
fn a_used_up_quota_refuses_and_keeps_what_is_there() {
    let world = World::with(Limits { quota: 30_000, ..Limits::default() });
    let mut ana = world.learner("ana");
    ana.saved(vec![put("a", &noise(1, 20_000))]);
    let head = ana.base.clone();
    assert_eq!(code(ana.save(vec![put("b", &noise(2, 20_000))])), code::QUOTA_EXCEEDED);
    assert_eq!(ana.base, head);
    // What is known costs nothing again.
    ana.saved(vec![put_known("b", &noise(1, 20_000))]);
    world.learner("bia").saved(vec![put("b", &noise(2, 20_000))]);
}

#[test]
fn changes_that_make_no_tree() {
    let world = World::new();
    let mut ana = world.learner("ana");
    ana.saved(vec![put("dir/file", b"1")]);
    for bad in [
        vec![put("README.md/below", b"x")],
        vec![put("content", b"x")],
        vec![put("dir", b"x")],
        vec![put("dir/file/below", b"x")],
        vec![link("content/01_intro", "x")],
        vec![put("twice", b"1"), put("twice", b"2")],
        vec![put(".progy/lock", b"x")],
        vec![put("progy.toml", b"x")],
        vec![link("out", "../../etc/passwd")],
        vec![link("private", ".progy/state")],
    ] {
        let paths: Vec<_> = bad.iter().map(|change| change.path.clone()).collect();
        assert_eq!(code(ana.save(bad)), code::INVALID_CHANGE, "{paths:?}");
    }
    ana.saved(vec![delete("dir/file"), put("dir", b"a file now")]);
    ana.saved(vec![delete("README.md"), put("README.md/part", b"a folder now")]);
    assert_eq!(code(ana.save(vec![put("README.md", b"x")])), code::INVALID_CHANGE);
    ana.saved(vec![link("link", "dir"), delete("never/there")]);
}

#[test]
fn what_equals_the_template_is_not_kept() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let first = ana.save(vec![put(HELLO, SOLVED), delete("README.md")]).unwrap();
    assert_eq!(first.revision.unwrap().files_changed, 2);
    let readme = TEMPLATE[0].1.as_bytes();
    let second = ana.save(vec![put(HELLO, original()), put_known("README.md", readme)]).unwrap();
    assert_eq!(second.revision.unwrap().files_changed, 2);
    let document = run(world.services.progress(&ana.user, &course(), None)).unwrap();
    assert!(document.files.is_empty());
    assert_eq!(ana.files(), ana.expect(&[]));
    let third = ana.save(vec![put(HELLO, original())]).unwrap();
    assert_eq!(third.revision.unwrap().files_changed, 0);
}

#[test]
fn each_file_names_the_device_that_changed_it_last() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let mut desk = world.device(&ana.user, "desk");
    ana.saved(vec![put("a", b"1"), put("b", b"1")]);
    desk.base.clone_from(&ana.base);
    desk.saved(vec![put("b", b"2"), put("a", b"1")]);
    let request = desk.whole(vec![put("a", b"1"), put("b", b"2"), put("c", b"3")]);
    desk.send(&request).unwrap();
    let document = run(world.services.progress(&ana.user, &course(), None)).unwrap();
    let devices: Vec<(&str, &str)> =
        document.files.iter().map(|file| (file.path.as_str(), file.device.as_str())).collect();
    assert_eq!(devices, [("a", "laptop"), ("b", "desk"), ("c", "desk")]);
}

fn passed(device: &Device<'_>, lesson: &str) -> Progress {
    let attempt = Attempt { at: Timestamp(1), day: Day::of(Timestamp(1)), passed: true, xp: 10 };
    let mut progress = Progress::default();
    let id = progy_core::DeviceId::new(&format!("{:032x}", device.user.username.len())).unwrap();
    progress.record_attempt(&LessonId::new(lesson).unwrap(), &id, attempt);
    progress
}

#[test]
fn progress_travels_with_and_without_a_save() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let mut request = ana.request(vec![]);
    let save = request.save.take();
    request.progress = Some(passed(&ana, "01_intro/01_hello"));
    let answer = ana.send(&request).unwrap();
    assert_eq!((answer.revision, answer.head), (None, None));
    let document = run(world.services.progress(&ana.user, &course(), None)).unwrap();
    assert_eq!((document.head, document.progress_digest), (None, answer.progress_digest));

    request.save = save;
    request.progress = Some(passed(&ana, "01_intro/02_sum"));
    ana.send(&request).unwrap();
    let document = run(world.services.progress(&ana.user, &course(), None)).unwrap();
    assert_eq!(document.records.passed_count(), 2);
    assert_eq!(document.head.map(|head| head.id), ana.base);
}

#[test]
fn what_is_not_there() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let mut request = ana.request(vec![]);
    request.version = version("9.9.9");
    assert_eq!(code(ana.send(&request)), code::NO_COURSE);
    request.save = None;
    assert_eq!(code(ana.send(&request)), code::NO_COURSE);
    for strategy in [Strategy::Git, Strategy::Snapshot] {
        request.strategy = strategy;
        assert_eq!(code(ana.send(&request)), code::NO_COURSE);
    }
    request.strategy = Strategy::Container;
    assert_eq!(code(ana.send(&request)), code::OTHER_STRATEGY);

    let services = &world.services;
    let unknown = progy_core::CourseId::new("unknown").unwrap();
    assert_eq!(code(run(services.progress(&ana.user, &unknown, None))), code::NO_COURSE);
    assert_eq!(code(run(services.progress(&ana.user, &course(), None))), code::NO_PROGRESS);
    let base = RevisionId::new("0123456789abcdef").unwrap();
    ana.saved(vec![]);
    let document = run(services.progress(&ana.user, &course(), Some(&base))).unwrap();
    assert!(!document.base_known);
    let document = run(services.progress(&ana.user, &course(), ana.base.as_ref())).unwrap();
    assert!(document.base_known);
}

#[test]
fn ten_small_edits_cost_little_for_any_size_of_template() {
    let world = World::new();
    let root = run(world.db.user_by_name("root")).unwrap().unwrap();
    let source = |n: usize| {
        (0..60).fold(String::new(), |text, line| {
            text + &format!("fn lesson_{n}_{line}(value: u32) -> u32 {{ todo!() }}\n")
        })
    };
    let files: Vec<(String, String)> =
        (0..2_000).map(|n| (format!("content/m/{n:04}/exercise.rs"), source(n))).collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let id = progy_core::CourseId::new("large").unwrap();
    let packed = package("large", "1.0.0", &files);
    run(world.services.publish(&root, &id, &version("1.0.0"), packed)).unwrap();

    let before = world.db.snapshot().unwrap().len();
    let learners = 20;
    for learner in 0..learners {
        let mut ana = world.learner(&format!("learner-{learner}"));
        for (path, text) in files.iter().step_by(200) {
            let edited = text.replacen("todo!()", "value + 1", 1 + learner % 5);
            let change = put_delta(path, edited.as_bytes(), text.as_bytes());
            let mut request = ana.request(vec![change]);
            request.course = id.clone();
            ana.send(&request).unwrap();
        }
    }
    let each = (world.db.snapshot().unwrap().len() - before) / learners;
    println!("{each} bytes for a learner who saved 10 small edits one by one");
    assert!(each < 10_000, "{each} bytes");
}
