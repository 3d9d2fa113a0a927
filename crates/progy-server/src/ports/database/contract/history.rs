use super::*;

/// A pseudo-random number, the same in every run.
fn chance(n: u32) -> usize {
    (n.wrapping_mul(2_654_435_761) >> 8) as usize
}

pub(super) async fn any_revision_can_be_read(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let mut overlays: Vec<(RevisionSummary, Overlay)> = Vec::new();
    for n in 1..=200 {
        let (parent, before) = match overlays.last() {
            Some((head, overlay)) => (Some(head.id.clone()), overlay.clone()),
            None => (None, Overlay::new()),
        };
        let mut save = ana.save(n, parent.as_ref());
        save.overlay = before;
        let name = format!("f{}", chance(n) % 23);
        if chance(n + 1000).is_multiple_of(3) {
            save.overlay.remove(&name);
            save.changes = Some(vec![(path(&name), OverlayChange::Unset)]);
        } else {
            let device = ["laptop", "desk"][chance(n + 2000) % 2];
            set(&mut save, &name, &file(&n.to_le_bytes(), device));
        }
        let overlay = save.overlay.clone();
        overlays.push((ana.publish(save).await, overlay));
    }
    let workspace = ana.workspace().await.unwrap();
    assert_eq!(workspace.overlay, overlays.last().unwrap().1);
    for (summary, overlay) in overlays {
        let revision = db.revision(workspace.id, &summary.id).await.unwrap().unwrap();
        assert_eq!(revision.overlay, overlay, "{}", summary.message);
        assert_eq!(revision.summary, summary);
    }
    let unknown = RevisionId::new(&id(404)).unwrap();
    assert_eq!(db.revision(workspace.id, &unknown).await.unwrap(), None);
}

pub(super) async fn a_change_of_version_is_a_keyframe(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let mut save = ana.save(1, None);
    set(&mut save, "a", &file(b"1", "laptop"));
    let first = ana.publish(save.clone()).await;
    let mut upgrade = ana.save(2, Some(&first.id));
    upgrade.version = Version::new(2, 0, 0);
    upgrade.overlay.insert(path("b"), file(b"2", "laptop"));
    upgrade.changes = None;
    let second = ana.publish(upgrade.clone()).await;

    let workspace = ana.workspace().await.unwrap();
    assert_eq!(workspace.version, Version::new(2, 0, 0));
    for (revision, overlay) in [(first, save.overlay), (second, upgrade.overlay)] {
        let found = db.revision(workspace.id, &revision.id).await.unwrap().unwrap();
        assert_eq!(found.overlay, overlay);
    }
}

pub(super) async fn pages_go_back_to_the_first(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let mut head: Option<RevisionId> = None;
    for n in 1..=5 {
        head = Some(ana.publish(ana.save(n, head.as_ref())).await.id);
    }
    let workspace = ana.workspace().await.unwrap();
    let page = async |before: Option<&RevisionId>| {
        db.revisions(workspace.id, before, 2).await.unwrap().map(|revisions| {
            revisions
                .into_iter()
                .map(|revision| (revision.message, revision.id))
                .collect::<Vec<_>>()
        })
    };
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let revisions = page(before.as_ref()).await.unwrap();
        let Some((_, oldest)) = revisions.last() else { break };
        before = Some(oldest.clone());
        seen.extend(revisions.into_iter().map(|(message, _)| message));
    }
    assert_eq!(seen, ["save 5", "save 4", "save 3", "save 2", "save 1"]);
    assert_eq!(page(Some(&RevisionId::new(&id(404)).unwrap())).await, None);
}

pub(super) async fn contents_come_with_all_that_they_need(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let of_template =
        Base::Template { version: Version::new(1, 0, 0), hash: ContentHash::blake3(b"template") };
    let one = content(b"one", of_template, 0);
    let two = content(b"two", Base::Content(one.hash), 1);
    let three = content(b"three", Base::Content(two.hash), 2);
    let alone = content(b"alone", Base::Alone, 0);
    let all = [&one, &two, &three, &alone];
    let contents = all.map(Clone::clone).to_vec();
    let first = ana.publish(CommitRevision { contents, ..ana.save(1, None) }).await;
    // What is there already stays as it is.
    let other = StoredContent { data: b"other".to_vec(), ..alone.clone() };
    let again = CommitRevision { contents: vec![other], ..ana.save(2, Some(&first.id)) };
    ana.publish(again).await;

    let workspace = ana.workspace().await.unwrap().id;
    let get = async |wanted: &[&StoredContent]| {
        let hashes: Vec<ContentHash> = wanted.iter().map(|content| content.hash).collect();
        let mut found = db.contents(workspace, &hashes).await.unwrap();
        found.sort_by_key(|content| content.hash);
        found
    };
    assert_eq!(get(&[&two]).await, [one.clone(), two.clone()]);
    let mut everything = all.map(Clone::clone).to_vec();
    everything.sort_by_key(|content| content.hash);
    assert_eq!(get(&[&three, &alone, &two, &three]).await, everything);
    assert_eq!(get(&[&alone]).await, std::slice::from_ref(&alone));
    assert!(get(&[&content(b"unknown", Base::Alone, 0)]).await.is_empty());
    assert!(get(&[]).await.is_empty());
}

pub(super) async fn nothing_of_another_learner_is_known(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let secret = content(b"secret", Base::Alone, 0);
    let save = CommitRevision { contents: vec![secret.clone()], ..ana.save(1, None) };
    let revision = ana.publish(save).await;
    let bia = Learner { db, user: UserId("id-of-bia".into()) };
    add_user(db, &user("bia")).await;
    bia.publish(bia.save(2, None)).await;

    let workspace = bia.workspace().await.unwrap();
    assert_eq!(workspace.head.map(|head| head.message), Some("save 2".to_owned()));
    assert!(db.contents(workspace.id, &[secret.hash]).await.unwrap().is_empty());
    assert_eq!(db.revision(workspace.id, &revision.id).await.unwrap(), None);
    assert!(!db.knows_revision(workspace.id, &revision.id).await.unwrap());
    assert_eq!(db.saved(workspace.id, &revision.save).await.unwrap(), None);
    assert_eq!(db.revisions(workspace.id, Some(&revision.id), 9).await.unwrap(), None);
    let standing = db.standing(&bia.user, &course(), Some(&revision.id)).await.unwrap();
    assert!(!standing.unwrap().base_known);
}
