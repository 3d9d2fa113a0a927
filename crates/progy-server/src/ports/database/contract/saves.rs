use futures_util::{FutureExt, StreamExt, future};
use progy_core::LessonId;
use progy_core::progress::{Attempt, Day, Progress};

use super::*;
use crate::ports::database::MergeProgress;

pub(super) async fn the_first_save_makes_the_workspace(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    assert_eq!(ana.workspace().await, None);
    let mut save = ana.save(1, None);
    save.lesson = Some(LessonId::new("01_intro/01_hello").unwrap());
    set(&mut save, "a.rs", &file(b"one", "laptop"));
    let revision = ana.publish(save.clone()).await;
    assert_eq!(revision.id, save.id);
    assert_eq!((revision.parent.clone(), revision.message.as_str()), (None, "save 1"));

    let workspace = ana.workspace().await.unwrap();
    assert_eq!(workspace.head, Some(revision));
    assert_eq!(workspace.overlay, save.overlay);
    assert_eq!((workspace.strategy, workspace.version), (Strategy::Patch, Version::new(1, 0, 0)));
}

pub(super) async fn a_save_is_known_again(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let revision = ana.publish(ana.save(1, None)).await;
    let again = ana.commit(ana.save(1, None)).await;
    let CommitOutcome::Duplicate { revision: known, head, .. } = again else {
        panic!("{again:?}");
    };
    assert_eq!((&known, head), (&revision, revision.id.clone()));
    let saved = db.saved(ana.workspace().await.unwrap().id, &revision.save).await.unwrap();
    assert_eq!(saved.unwrap().revision, revision);
}

pub(super) async fn a_save_is_known_again_after_others(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let first = ana.publish(ana.save(1, None)).await;
    let second = ana.publish(ana.save(2, Some(&first.id))).await;
    for parent in [None, Some(&second.id)] {
        let again = ana.commit(ana.save(1, parent)).await;
        let CommitOutcome::Duplicate { revision, head, .. } = again else { panic!("{again:?}") };
        assert_eq!((revision, head), (first.clone(), second.id.clone()));
    }
}

pub(super) async fn a_save_id_has_one_content(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let first = ana.publish(ana.save(1, None)).await;
    let other = CommitRevision { digest: [99; 32], ..ana.save(1, Some(&first.id)) };
    assert_eq!(ana.commit(other).await, CommitOutcome::SaveReused);
    assert_eq!(ana.workspace().await.unwrap().head, Some(first));
}

pub(super) async fn only_the_head_can_be_followed(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let first = ana.publish(ana.save(1, None)).await;
    let second = ana.publish(ana.save(2, Some(&first.id))).await;
    for parent in [None, Some(&first.id)] {
        let moved = CommitOutcome::HeadMoved { head: Some(second.clone()), parent_known: true };
        assert_eq!(ana.commit(ana.save(3, parent)).await, moved);
    }
    assert_eq!(ana.workspace().await.unwrap().head, Some(second));
}

pub(super) async fn a_database_that_lost_revisions_says_so(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let lost = RevisionId::new(&id(404)).unwrap();
    let odd = RevisionId::new("0123456789abcdef0").unwrap();
    let moved = |head| CommitOutcome::HeadMoved { head, parent_known: false };
    assert_eq!(ana.commit(ana.save(1, Some(&lost))).await, moved(None));
    assert_eq!(ana.workspace().await, None);
    let first = ana.publish(ana.save(1, None)).await;
    assert_eq!(ana.commit(ana.save(2, Some(&lost))).await, moved(Some(first.clone())));
    assert_eq!(ana.commit(ana.save(2, Some(&odd))).await, moved(Some(first)));
}

pub(super) async fn of_many_at_once_one_wins(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let outcomes = future::join_all((1..=40).map(|n| ana.commit(ana.save(n, None)))).await;
    let mut won = outcomes.iter().filter_map(|outcome| match outcome {
        CommitOutcome::Committed { revision, .. } => Some(revision),
        _ => None,
    });
    let winner = won.next().unwrap();
    assert_eq!(won.next(), None);
    for outcome in &outcomes {
        if let CommitOutcome::HeadMoved { head, .. } = outcome {
            assert_eq!(head.as_ref(), Some(winner));
        }
    }
    assert_eq!(ana.workspace().await.unwrap().head.as_ref(), Some(winner));
}

pub(super) async fn a_full_quota_changes_nothing(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let first = ana.publish(ana.save(1, None)).await;
    let mut save = CommitRevision { quota: 5_000, ..ana.save(2, Some(&first.id)) };
    let large = content(&[1; 10_000], Base::Alone, 0);
    save.contents.push(large.clone());
    let CommitOutcome::QuotaExceeded { used, needed } = ana.commit(save.clone()).await else {
        panic!("it was taken");
    };
    assert!(used > 0 && needed > 10_000);
    let workspace = ana.workspace().await.unwrap();
    assert_eq!(workspace.head, Some(first));
    assert!(db.contents(workspace.id, &[large.hash]).await.unwrap().is_empty());
    ana.publish(CommitRevision { quota: used + needed, ..save }).await;
}

pub(super) async fn the_quota_counts_all_workspaces_of_one_learner(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let sql = CourseId::new("sql").unwrap();
    db.publish(new_version(&sql, "1.0.0", b"sql")).await.unwrap();
    let large = vec![content(&[1; 10_000], Base::Alone, 0)];
    ana.publish(CommitRevision { contents: large.clone(), ..ana.save(1, None) }).await;
    let bia = Learner { db, user: UserId("id-of-bia".into()) };
    add_user(db, &user("bia")).await;

    let elsewhere = |learner: &Learner<'_>| CommitRevision {
        course: sql.clone(),
        contents: large.clone(),
        quota: 15_000,
        ..learner.save(1, None)
    };
    let refused = ana.commit(elsewhere(&ana)).await;
    assert!(matches!(refused, CommitOutcome::QuotaExceeded { .. }), "{refused:?}");
    bia.publish(elsewhere(&bia)).await;
}

fn passed(lesson: &str) -> Progress {
    let attempt = Attempt { at: Timestamp(1), day: Day::of(Timestamp(1)), passed: true, xp: 10 };
    let mut progress = Progress::default();
    progress.record_attempt(
        &LessonId::new(lesson).unwrap(),
        &DeviceId::new(&id(7)).unwrap(),
        attempt,
    );
    progress
}

pub(super) async fn progress_only_grows(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let (one, two, three) = (passed("1"), passed("2"), passed("3"));
    let save = CommitRevision { progress: Some(one.clone()), ..ana.save(1, None) };
    let first = ana.publish(save.clone()).await;
    let second = CommitRevision { progress: Some(two.clone()), ..ana.save(2, Some(&first.id)) };
    ana.publish(second).await;
    // A save that is known already still brings its progress.
    ana.commit(CommitRevision { progress: Some(three.clone()), ..save.clone() }).await;
    // One that is refused does not.
    let late = CommitRevision { progress: Some(passed("4")), ..ana.save(3, Some(&first.id)) };
    ana.commit(late).await;

    let mut all = one;
    all.join(&two);
    all.join(&three);
    let standing = db.standing(&ana.user, &course(), None).await.unwrap().unwrap();
    assert_eq!(standing.progress, all);
    assert!(standing.base_known);
    let again = ana.commit(save).await;
    let CommitOutcome::Duplicate { progress_digest, .. } = again else { panic!("{again:?}") };
    assert_eq!(progress_digest, all.digest());
}

pub(super) async fn progress_alone_makes_the_workspace(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let merge = |progress: Option<Progress>| MergeProgress {
        user: ana.user.clone(),
        course: course(),
        strategy: Strategy::Patch,
        version: Version::new(1, 0, 0),
        progress,
    };
    let one = passed("1");
    let merged = db.merge_progress(merge(Some(one.clone()))).await.unwrap();
    assert_eq!(merged, (one.digest(), None));
    assert_eq!(db.merge_progress(merge(None)).await.unwrap(), merged);
    assert_eq!(ana.workspace().await.unwrap().head, None);
    let first = ana.publish(ana.save(1, None)).await;
    assert_eq!(db.merge_progress(merge(None)).await.unwrap(), (one.digest(), Some(first.id)));
    let base = RevisionId::new(&id(404)).unwrap();
    let standing = db.standing(&ana.user, &course(), Some(&base)).await.unwrap().unwrap();
    assert_eq!((standing.progress, standing.base_known), (one, false));
}

pub(super) async fn subscribers_hear_of_each_head(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let mut news = db.subscribe(&ana.user, &course()).await.unwrap();
    let mut others = db.subscribe(&UserId("id-of-bia".into()), &course()).await.unwrap();
    let first = ana.publish(ana.save(1, None)).await;
    let second = ana.publish(ana.save(2, Some(&first.id))).await;
    ana.commit(ana.save(2, Some(&first.id))).await;
    ana.commit(ana.save(3, Some(&first.id))).await;
    assert_eq!(news.next().await.unwrap().head, first);
    let event = news.next().await.unwrap();
    assert_eq!((event.head, event.course), (second, course()));
    assert!(news.next().now_or_never().is_none());
    assert!(others.next().now_or_never().is_none());
}

pub(super) async fn a_slow_subscriber_hears_of_the_newest(db: &dyn Adapter) {
    let ana = Learner::new(db, "ana").await;
    let mut news = db.subscribe(&ana.user, &course()).await.unwrap();
    let mut head: Option<RevisionSummary> = None;
    for n in 1..=100 {
        let parent = head.as_ref().map(|head| &head.id);
        head = Some(ana.publish(ana.save(n, parent)).await);
    }
    let mut heard = None;
    while let Some(event) = news.next().now_or_never().flatten() {
        heard = Some(event.head);
    }
    assert_eq!(heard, head);
}
