//! The record of repositories.

use futures_util::StreamExt;
use progy_api::git::GitAccess;
use progy_api::history::FileState;
use progy_core::{DeviceName, RevisionId, SaveId, Strategy, Timestamp};
use semver::Version;

use super::{Adapter, Learner, add_user, course, id, new_version, path, user};
use crate::ports::database::accounts::GitToken;
use crate::ports::database::{
    ChangeOutcome, Claim, CommitOutcome, CommitRevision, MergeProgress, Note, NoteOutcome,
    NotedRevision, Overlay, OverlayEntry, StrategyChange, UserId, WorkspaceId,
};

fn ana() -> UserId {
    UserId(user("ana").id)
}

fn commit_id(n: u32) -> RevisionId {
    RevisionId::new(&format!("{n:040x}")).unwrap()
}

fn noted(n: u32) -> NotedRevision {
    NotedRevision {
        id: commit_id(n),
        save: SaveId::new(&id(n)).unwrap(),
        device: DeviceName::new("git").unwrap(),
        message: format!("commit {n}"),
        lesson: None,
        saved_at: Timestamp(i64::from(n)),
        version: Version::new(1, 0, 0),
        files_changed: 1,
        bytes: 10,
    }
}

fn note(after: Option<u32>, commits: &[u32]) -> Note {
    Note {
        user: ana(),
        course: course(),
        after: after.map(commit_id),
        anew: false,
        revisions: commits.iter().copied().map(noted).collect(),
        stored: 5_000,
        received_at: Timestamp(77),
    }
}

fn claim(strategy: Strategy) -> Claim {
    Claim { user: ana(), course: course(), strategy, version: Version::new(1, 0, 0) }
}

/// Ana with a workspace that is carried by `git`; gives its id.
async fn begun(db: &dyn Adapter) -> WorkspaceId {
    add_user(db, &user("ana")).await;
    db.publish(new_version(&course(), "1.0.0", b"package")).await.unwrap();
    assert_eq!(db.claim(claim(Strategy::Git)).await.unwrap(), Strategy::Git);
    db.workspace(&ana(), &course()).await.unwrap().unwrap().id
}

async fn history(db: &dyn Adapter, id: WorkspaceId) -> Vec<(RevisionId, Option<RevisionId>)> {
    let all = db.revisions(id, None, 100).await.unwrap().unwrap();
    all.into_iter().map(|revision| (revision.id, revision.parent)).collect()
}

pub(super) async fn a_strategy_is_claimed_until_there_is_a_head(db: &dyn Adapter) {
    let id = begun(db).await;
    for strategy in [Strategy::Patch, Strategy::Git] {
        assert_eq!(db.claim(claim(strategy)).await.unwrap(), strategy);
    }
    assert_eq!(
        db.carried_by(Strategy::Git, WorkspaceId(0), 9).await.unwrap(),
        [(id, ana(), course())]
    );
    assert_eq!(db.carried_by(Strategy::Patch, WorkspaceId(0), 9).await.unwrap(), []);
    assert_eq!(db.carried_by(Strategy::Git, id, 9).await.unwrap(), []);
    db.note(note(None, &[1])).await.unwrap();
    assert_eq!(db.claim(claim(Strategy::Patch)).await.unwrap(), Strategy::Git);
}

pub(super) async fn commits_follow_the_head_that_was_seen(db: &dyn Adapter) {
    let id = begun(db).await;
    let outcome = db.note(note(None, &[1, 2])).await.unwrap();
    let NoteOutcome::Noted(Some(head)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((head.id.clone(), head.parent.clone()), (commit_id(2), Some(commit_id(1))));
    assert_eq!((head.files_changed, head.bytes, head.saved_at), (1, 10, Timestamp(2)));
    for stale in [None, Some(1), Some(9)] {
        assert_eq!(db.note(note(stale, &[3])).await.unwrap(), NoteOutcome::Moved);
    }
    db.note(note(Some(2), &[3])).await.unwrap();
    let line = [(3, Some(2)), (2, Some(1)), (1, None)];
    let line = line.map(|(id, parent)| (commit_id(id), parent.map(commit_id)));
    assert_eq!(history(db, id).await, line);
    let revision = db.revision(id, &commit_id(2)).await.unwrap().unwrap();
    assert!(revision.overlay.is_empty());
    let workspace = db.workspace(&ana(), &course()).await.unwrap().unwrap();
    assert_eq!(workspace.head.unwrap().id, commit_id(3));

    // Another workspace hears nothing of it, and one that is carried another way takes nothing.
    let merge = MergeProgress {
        user: UserId(user("bia").id),
        course: course(),
        strategy: Strategy::Patch,
        version: Version::new(1, 0, 0),
        progress: None,
    };
    add_user(db, &user("bia")).await;
    db.merge_progress(merge).await.unwrap();
    let bias = Note { user: UserId(user("bia").id), ..note(None, &[1]) };
    let refused = db.note(bias).await.unwrap();
    assert_eq!(refused, NoteOutcome::OtherStrategy(Strategy::Patch));
}

pub(super) async fn what_a_repository_has_lost_is_forgotten(db: &dyn Adapter) {
    let id = begun(db).await;
    db.note(note(None, &[1, 2, 3])).await.unwrap();
    let anew = Note { anew: true, ..note(Some(3), &[1, 7]) };
    db.note(anew).await.unwrap();
    let line = [(commit_id(7), Some(commit_id(1))), (commit_id(1), None)];
    assert_eq!(history(db, id).await, line);
    assert!(!db.knows_revision(id, &commit_id(2)).await.unwrap());
}

pub(super) async fn a_save_id_that_two_commits_name_is_the_first_ones(db: &dyn Adapter) {
    let id = begun(db).await;
    let copy = NotedRevision { save: noted(1).save, ..noted(0xabc) };
    let both = Note { revisions: vec![noted(1), copy], ..note(None, &[]) };
    db.note(both).await.unwrap();
    let all = db.revisions(id, None, 9).await.unwrap().unwrap();
    assert_eq!(all[1].save, noted(1).save);
    let own = commit_id(0xabc);
    assert_eq!(all[0].save.as_str(), &own.as_str()[..32]);
}

pub(super) async fn what_is_stored_counts_and_is_told(db: &dyn Adapter) {
    begun(db).await;
    let mut news = db.subscribe(&ana(), &course()).await.unwrap();
    db.note(note(None, &[1, 2])).await.unwrap();
    assert_eq!(news.next().await.unwrap().head.id, commit_id(2));
    assert_eq!(db.used(&ana()).await.unwrap(), 5_000);
    assert_eq!(db.used(&UserId("nobody".into())).await.unwrap(), 0);
}

pub(super) async fn a_token_opens_a_repository_until_it_expires(db: &dyn Adapter) {
    add_user(db, &user("ana")).await;
    let token = GitToken {
        hash: [7; 32],
        user: ana(),
        course: course(),
        access: GitAccess::Read,
        expires_at: Timestamp(100),
    };
    db.create_git_token(&token).await.unwrap();
    let found = db.git_token(&[7; 32], Timestamp(99)).await.unwrap();
    assert_eq!(found, Some((token, user("ana"))));
    assert_eq!(db.git_token(&[7; 32], Timestamp(100)).await.unwrap(), None);
    assert_eq!(db.git_token(&[8; 32], Timestamp(1)).await.unwrap(), None);
    let forgotten = db.forget(Timestamp(101), Timestamp(0)).await.unwrap();
    assert_eq!(forgotten.expired, 1);
}

fn change(strategy: Strategy, head: Option<&RevisionId>) -> StrategyChange {
    StrategyChange { claim: claim(strategy), head: head.cloned() }
}

async fn strategy(db: &dyn Adapter) -> Strategy {
    db.workspace(&ana(), &course()).await.unwrap().unwrap().strategy
}

pub(super) async fn a_workspace_changes_its_strategy_at_the_head_that_was_seen(db: &dyn Adapter) {
    let learner = Learner::new(db, "ana").await;
    let none = db.change_strategy(change(Strategy::Git, Some(&commit_id(1)))).await.unwrap();
    assert_eq!(none, ChangeOutcome::HeadMoved(None));
    let first = learner.publish(learner.save(1, None)).await;
    let stale = db.change_strategy(change(Strategy::Git, None)).await.unwrap();
    assert_eq!(stale, ChangeOutcome::HeadMoved(Some(Box::new(first.clone()))));
    assert_eq!(strategy(db).await, Strategy::Patch);
    // The same again is no error, also where the head is not known any more.
    for head in [Some(&first.id), Some(&first.id), None] {
        let done = db.change_strategy(change(Strategy::Git, head)).await.unwrap();
        assert_eq!((done, strategy(db).await), (ChangeOutcome::Changed, Strategy::Git));
    }
    let late = learner.commit(learner.save(2, Some(&first.id))).await;
    assert_eq!(late, CommitOutcome::OtherStrategy(Strategy::Git));
    db.change_strategy(change(Strategy::Patch, Some(&first.id))).await.unwrap();
    learner.publish(learner.save(2, Some(&first.id))).await;
}

/// A commit that records the same save as revision `n` did.
fn same_save(commit: u32, n: u32) -> NotedRevision {
    NotedRevision { save: SaveId::new(&id(n)).unwrap(), ..noted(commit) }
}

pub(super) async fn revisions_that_become_commits_are_found_by_both_names(db: &dyn Adapter) {
    let learner = Learner::new(db, "ana").await;
    let first = learner.publish(learner.save(1, None)).await;
    let second = learner.publish(learner.save(2, Some(&first.id))).await;
    db.change_strategy(change(Strategy::Git, Some(&second.id))).await.unwrap();
    let id = learner.workspace().await.unwrap().id;
    let commits = vec![same_save(0xa1, 1), same_save(0xa2, 2), noted(0xa3)];
    let after = Some(second.id.clone());
    let all = Note { revisions: commits, after, ..note(None, &[]) };
    db.note(all).await.unwrap();
    let line = [(0xa3, Some(0xa2)), (0xa2, Some(0xa1)), (0xa1, None)];
    let line = line.map(|(id, parent)| (commit_id(id), parent.map(commit_id)));
    assert_eq!(history(db, id).await, line);
    let by_former = db.revision(id, &first.id).await.unwrap().unwrap().summary;
    assert_eq!((by_former.id, by_former.message), (commit_id(0xa1), first.message.clone()));
    assert!(db.knows_revision(id, &second.id).await.unwrap());

    // A repository that has lost them all: what was there before it is there again.
    let other = Note { anew: true, ..note(Some(0xa3), &[0xb1]) };
    db.note(other).await.unwrap();
    let line = [
        (commit_id(0xb1), Some(second.id.clone())),
        (second.id.clone(), Some(first.id.clone())),
        (first.id.clone(), None),
    ];
    assert_eq!(history(db, id).await, line);
}

pub(super) async fn a_save_can_change_the_strategy(db: &dyn Adapter) {
    let id = begun(db).await;
    db.note(note(None, &[1, 2])).await.unwrap();
    let learner = Learner { db, user: ana() };
    let save = learner.save(9, Some(&commit_id(2)));
    let refused = learner.commit(save.clone()).await;
    assert_eq!(refused, CommitOutcome::OtherStrategy(Strategy::Git));
    let device = save.device_name.clone();
    let mut overlay = Overlay::new();
    overlay.insert(path("new.rs"), OverlayEntry { state: FileState::Deleted, device });
    let done = learner.publish(CommitRevision {
        from: Some(Strategy::Git),
        overlay: overlay.clone(),
        ..save
    });
    let done = done.await;
    assert_eq!((done.parent, strategy(db).await), (Some(commit_id(2)), Strategy::Patch));
    // Nothing of what lies before it is needed to read it.
    let next = learner.save(10, Some(&done.id));
    let next = learner.publish(CommitRevision { overlay: overlay.clone(), ..next }).await;
    for revision in [done.id, next.id] {
        let found = db.revision(id, &revision).await.unwrap().unwrap();
        assert_eq!(found.overlay, overlay);
    }
    let refused = db.note(note(Some(2), &[3])).await.unwrap();
    assert_eq!(refused, NoteOutcome::OtherStrategy(Strategy::Patch));
}
