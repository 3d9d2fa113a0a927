use futures_util::FutureExt;
use progy_api::delta::decompress;
use progy_api::problem::code;

use super::*;
use crate::ServiceError;
use crate::services::testing::{
    Device, HELLO, TEMPLATE, World, code, course, delete, hash, link, noise, put, put_delta,
    put_known, run, unpacked, version,
};

fn ask(device: &Device<'_>, wants: Vec<Want>) -> Result<Vec<Content>> {
    let request = ContentsRequest { version: device.version.clone(), wants };
    run(device.world.services.contents(&device.user, &course(), &request))
        .map(|answer| answer.contents)
}

fn want(bytes: &[u8], have: Option<&[u8]>) -> Want {
    Want { hash: hash(bytes), have: have.map(hash) }
}

/// Asks for one content, with what the device has; checks that it can read the answer.
fn get(device: &Device<'_>, bytes: &[u8], have: Option<&[u8]>) -> Option<Content> {
    let content = ask(device, vec![want(bytes, have)]).unwrap().pop()?;
    let on_device = TEMPLATE.iter().map(|(_, text)| text.as_bytes()).chain(have);
    let reference = content.delta.reference.map(|reference| {
        on_device.into_iter().find(|bytes| hash(bytes) == reference).expect("the device has it")
    });
    let read = decompress(&content.delta.data.0, reference, content.size, &content.hash).unwrap();
    assert_eq!(read, bytes);
    Some(content)
}

#[test]
fn contents_come_in_a_form_that_the_device_can_read() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let text = |n: u32| [noise(1, 5_000), n.to_le_bytes().to_vec()].concat();
    let original = TEMPLATE[2].1.as_bytes();
    let solved = b"fn main() {\n    // say hello\n    println!()\n}\n";
    ana.saved(vec![put("a", &text(0)), put_delta(HELLO, solved, original)]);
    ana.saved(vec![put_delta("a", &text(1), &text(0)), put_known("copy", original)]);
    ana.saved(vec![put_delta("a", &text(2), &text(1))]);

    // With nothing: alone, or relative to the template that every device has.
    assert_eq!(get(&ana, &text(0), None).unwrap().delta.reference, None);
    assert_eq!(get(&ana, &text(2), None).unwrap().delta.reference, None);
    assert_eq!(get(&ana, solved, None).unwrap().delta.reference, Some(hash(original)));
    get(&ana, original, None).unwrap();
    // With something similar: small.
    for have in [0, 1] {
        let content = get(&ana, &text(2), Some(&text(have))).unwrap();
        assert_eq!(content.delta.reference, Some(hash(&text(have))));
        assert!(content.delta.data.0.len() < 100);
    }
    get(&ana, solved, Some(original)).unwrap();
    get(&ana, original, Some(solved)).unwrap();
    get(&ana, &text(2), Some(&text(2))).unwrap();
    // With something that nobody knows here.
    assert_eq!(get(&ana, &text(2), Some(b"unknown")).unwrap().delta.reference, None);
    assert!(get(&ana, b"unknown", None).is_none());
    assert!(get(&ana, b"unknown", Some(original)).is_none());
}

#[test]
fn answers_keep_the_order_and_leave_out_the_unknown() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let mut bia = world.learner("bia");
    ana.saved(vec![put("a", b"1"), put("b", b"2")]);
    bia.saved(vec![put("c", b"3")]);
    let wants = vec![want(b"2", None), want(b"3", None), want(b"1", None)];
    let found: Vec<_> = ask(&ana, wants).unwrap().into_iter().map(|content| content.hash).collect();
    assert_eq!(found, [hash(b"2"), hash(b"1")]);
    // Nor does what another learner has help as a reference.
    assert_eq!(get(&bia, b"3", Some(b"1")).unwrap().delta.reference, None);
}

#[test]
fn too_much_at_once_is_refused() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let large: Vec<Vec<u8>> = (0..6).map(|n| noise(n, 1 << 20)).collect();
    for (n, bytes) in large.iter().enumerate() {
        ana.saved(vec![put(&format!("f{n}"), bytes)]);
    }
    let wants = |count: usize| large.iter().take(count).map(|bytes| want(bytes, None)).collect();
    assert_eq!(ask(&ana, wants(5)).unwrap().len(), 5);
    assert_eq!(code(ask(&ana, wants(6))), code::TOO_LARGE);
    let many = vec![want(b"", None); limits::CONTENTS_COUNT + 1];
    assert_eq!(code(ask(&ana, many)), code::TOO_LARGE);
    let mut elsewhere = world.device(&ana.user, "desk");
    elsewhere.version = version("9.9.9");
    assert_eq!(code(ask(&elsewhere, vec![])), code::NO_COURSE);
}

#[test]
fn revisions_come_in_pages() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let services = &world.services;
    assert_eq!(code(run(services.revisions(&ana.user, &course(), None, 9))), code::NO_PROGRESS);
    let all: Vec<RevisionId> = (0..5u8).map(|n| ana.saved(vec![put("a", &[n])])).collect();
    let page = |before: Option<&RevisionId>, limit| {
        let page = run(services.revisions(&ana.user, &course(), before, limit)).unwrap();
        let ids: Vec<RevisionId> = page.revisions.into_iter().map(|one| one.id).collect();
        (ids, page.more)
    };
    let newest_first: Vec<RevisionId> = all.iter().rev().cloned().collect();
    assert_eq!(page(None, 100), (newest_first.clone(), false));
    assert_eq!(page(None, 3), (newest_first[..3].to_vec(), true));
    assert_eq!(page(Some(&all[2]), 2), (newest_first[3..].to_vec(), false));
    assert_eq!(page(None, 0).0.len(), 1);
    let unknown = RevisionId::new("0123456789abcdef").unwrap();
    let missing = run(services.revisions(&ana.user, &course(), Some(&unknown), 2));
    assert_eq!(code(missing), code::NO_REVISION);
}

#[test]
fn a_revision_is_the_learners_own() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let mut bia = world.learner("bia");
    let first = ana.saved(vec![put("a", b"1")]);
    ana.saved(vec![put("a", b"2")]);
    bia.saved(vec![]);
    let services = &world.services;
    let document = run(services.revision(&ana.user, &course(), &first)).unwrap();
    assert_eq!((document.revision.id, document.files.len()), (first.clone(), 1));
    let unknown = RevisionId::new("0123456789abcdef").unwrap();
    for revision in [&first, &unknown] {
        let seen = run(services.revision(&bia.user, &course(), revision));
        assert_eq!(code(seen), code::NO_REVISION);
        let archived = run(services.archive(&bia.user, &course(), revision));
        assert!(matches!(archived, Err(ServiceError::NoRevision)));
    }
}

#[test]
fn an_archive_has_every_file_of_its_revision() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let deep = format!("{}/file", "long-folder-name/".repeat(12).trim_end_matches('/'));
    let mut script = put("run.sh", b"#!/bin/sh\n");
    if let progy_api::sync::Action::Put { executable, .. } = &mut script.action {
        *executable = true;
    }
    let revision = ana.saved(vec![
        put(&deep, b"deep"),
        put("large", &noise(1, 300_000)),
        script,
        link("link", "run.sh"),
        delete("README.md"),
    ]);
    let later = ana.saved(vec![delete("large")]);
    assert!(!ana.files_of(&later).contains_key("large"));

    let archive = run(world.services.archive(&ana.user, &course(), &revision)).unwrap();
    let files = unpacked(archive);
    assert_eq!(files[&deep].bytes, b"deep");
    assert_eq!(files["large"].bytes, noise(1, 300_000));
    assert_eq!((files["run.sh"].mode, files[HELLO].mode), (0o755, 0o644));
    assert_eq!(files["link"].link.as_deref(), Some("run.sh"));
    assert!(!files.contains_key("README.md"));
    assert_eq!(files[HELLO].bytes, TEMPLATE[2].1.as_bytes());
}

#[test]
fn large_files_of_a_template_come_in_parts() {
    let world = World::new();
    let large = "0123456789abcde\n".repeat(200_000);
    world.publish("2.0.0", &[("data.txt", large.as_str()), ("z", "last")]);
    let mut ana = world.learner("ana");
    ana.version = version("2.0.0");
    ana.saved(vec![put("a", b"1")]);
    let files = ana.files();
    assert!(files["data.txt"] == large.as_bytes());
    assert_eq!(files["z"], b"last");
}

#[test]
fn events_begin_with_the_head() {
    let world = World::new();
    let mut ana = world.learner("ana");
    let services = &world.services;
    let unknown = CourseId::new("unknown").unwrap();
    assert!(matches!(run(services.events(&ana.user, &unknown)), Err(ServiceError::NoCourse)));
    let mut early = run(services.events(&ana.user, &course())).unwrap();
    assert!(early.next().now_or_never().is_none());
    let first = ana.saved(vec![put("a", b"1")]);
    let mut late = run(services.events(&ana.user, &course())).unwrap();
    let second = ana.saved(vec![put("a", b"2")]);
    for events in [&mut early, &mut late] {
        for revision in [&first, &second] {
            assert_eq!(run(events.next()).unwrap().head.id, *revision);
        }
        assert!(events.next().now_or_never().is_none());
    }
}
