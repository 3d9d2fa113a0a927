//! What every [`Database`] must do.

mod devices;
mod history;
mod hosts;
mod links;
mod logins;
mod noting;
mod registry;
mod saves;
mod sealing;
mod snapshots;
mod users;

use progy_api::account::{Role, User};
use progy_api::history::{FileState, RevisionSummary};
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, RelPath, RevisionId, SaveId, Strategy, Timestamp,
};
use semver::Version;

use super::accounts::{NewUser, SessionId, SessionRecord, UserChange, Users};
use super::sqlite::Sqlite;
use super::{
    Accounts, Base, CommitOutcome, CommitRevision, Database, NewVersion, Overlay, OverlayChange,
    OverlayEntry, Publication, PublishedVersion, StoredContent, UserId, Workspace,
};

/// Runs each case against each adapter.
macro_rules! contract {
    ($($suite:ident: $($case:ident)*;)*) => {
        mod memory {
            $($(#[tokio::test]
            async fn $case() {
                super::$suite::$case(&super::Sqlite::in_memory().unwrap()).await;
            })*)*
        }
        mod file {
            $($(#[tokio::test]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                super::$suite::$case(&super::Sqlite::open(folder.path()).unwrap()).await;
            })*)*
        }
    };
}

contract! {
    users:
        a_name_and_an_address_are_taken_once
        one_thing_about_a_person_changes_at_a_time
        people_are_listed_by_name_a_part_at_a_time
        an_invite_admits_one_person_with_its_address;
    links:
        an_account_of_a_provider_belongs_to_one_person
        a_link_changes_and_goes_with_its_secrets
        what_a_service_verified_goes_with_its_link;
    sealing:
        links_under_other_keys_are_found
        tokens_are_replaced_if_they_are_still_the_same
        a_retired_key_is_not_written_under
        one_at_a_time_gets_new_tokens;
    logins:
        a_token_leads_to_its_user_until_it_is_revoked_or_expires
        a_session_lives_until_it_ends_or_expires
        a_replaced_token_is_good_for_a_moment
        nobody_ends_the_session_of_another
        what_was_given_out_comes_back_once
        the_log_grows;
    devices:
        codes_are_unique
        the_first_to_claim_a_code_decides
        an_approved_code_is_one_session;
    registry:
        versions_never_change
        the_latest_version_describes_the_course;
    saves:
        the_first_save_makes_the_workspace
        a_save_is_known_again
        a_save_is_known_again_after_others
        a_save_id_has_one_content
        only_the_head_can_be_followed
        a_database_that_lost_revisions_says_so
        of_many_at_once_one_wins
        a_full_quota_changes_nothing
        the_quota_counts_all_workspaces_of_one_learner
        progress_only_grows
        progress_alone_makes_the_workspace
        subscribers_hear_of_each_head
        a_slow_subscriber_hears_of_the_newest;
    noting:
        a_strategy_is_claimed_until_there_is_a_head
        commits_follow_the_head_that_was_seen
        what_a_repository_has_lost_is_forgotten
        a_save_id_that_two_commits_name_is_the_first_ones
        what_is_stored_counts_and_is_told
        a_workspace_changes_its_strategy_at_the_head_that_was_seen
        revisions_that_become_commits_are_found_by_both_names
        a_save_can_change_the_strategy
        a_token_opens_a_repository_until_it_expires;
    hosts:
        what_is_elsewhere_is_noted
        a_token_of_another_host_is_begun_finished_and_forgotten
        a_retired_key_takes_such_tokens_along;
    snapshots:
        blobs_are_found_in_the_stores_that_are_asked
        a_pack_is_there_once_and_counts
        a_snapshot_is_built_on_what_is_there
        sweeps_and_commits_notice_each_other
        a_revision_that_expired_is_still_known;
    history:
        any_revision_can_be_read
        a_change_of_version_is_a_keyframe
        pages_go_back_to_the_first
        contents_come_with_all_that_they_need
        nothing_of_another_learner_is_known;
}

pub(super) fn id(n: u32) -> String {
    format!("{n:032x}")
}

pub(super) fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

pub(super) fn course() -> CourseId {
    CourseId::new("rust-basics").unwrap()
}

pub(super) fn user(name: &str) -> User {
    let id = format!("id-of-{name}");
    User {
        id,
        username: name.to_owned(),
        name: name.to_owned(),
        email: None,
        email_verified: false,
        image: None,
        role: Role::Learner,
        created_at: Timestamp(1),
        updated_at: Timestamp(1),
    }
}

/// All that an adapter is.
pub(super) trait Adapter: Database + Accounts {}

impl<T: Database + Accounts> Adapter for T {}

/// Adds a person who is not there yet.
pub(super) async fn add_user(db: &dyn Accounts, user: &User) {
    let new = NewUser { user: user.clone(), link: None, invite: None };
    assert_eq!(db.create_user(&new).await.unwrap(), UserChange::Done);
}

/// A session of a day, of the token that consists of `byte`.
pub(super) fn session(user: &User, byte: u8, now: Timestamp) -> SessionRecord {
    SessionRecord {
        id: SessionId(format!("session-{byte}")),
        token: [byte; 32],
        user: UserId(user.id.clone()),
        expires_at: Timestamp(now.0 + 86_400_000),
        created_at: now,
        updated_at: now,
        last_seen_at: now,
        ip_address: Some("192.0.2.1".into()),
        user_agent: Some("a browser".into()),
        device_name: None,
        remembered: true,
        rotated_at: None,
    }
}

pub(super) fn file(bytes: &[u8], device: &str) -> OverlayEntry {
    let (hash, size) = (ContentHash::blake3(bytes), bytes.len() as u64);
    let state = FileState::File { hash, size, executable: false };
    OverlayEntry { state, device: DeviceName::new(device).unwrap() }
}

pub(super) fn content(bytes: &[u8], base: Base, depth: u8) -> StoredContent {
    let hash = ContentHash::blake3(bytes);
    StoredContent { hash, size: bytes.len() as u64, base, depth, data: bytes.to_vec() }
}

pub(super) fn new_version(course: &CourseId, version: &str, package: &[u8]) -> NewVersion {
    NewVersion {
        course: course.clone(),
        version: PublishedVersion {
            version: Version::parse(version).unwrap(),
            size: package.len() as u64,
            package: ContentHash::blake3(package),
            files: 3,
            published_at: Timestamp(5),
        },
        name: format!("Course {version}"),
        description: format!("As of {version}"),
        manifest: b"{}".to_vec(),
        template: package.to_vec(),
        publisher: UserId("id-of-root".to_owned()),
    }
}

/// A database with a course and a learner, and what saves of hers look like.
pub(super) struct Learner<'a> {
    pub(super) db: &'a dyn Adapter,
    pub(super) user: UserId,
}

impl<'a> Learner<'a> {
    pub(super) async fn new(db: &'a dyn Adapter, name: &str) -> Self {
        let user = user(name);
        add_user(db, &user).await;
        db.publish(new_version(&course(), "1.0.0", b"package")).await.unwrap();
        Self { db, user: UserId(user.id) }
    }

    pub(super) fn save(&self, n: u32, parent: Option<&RevisionId>) -> CommitRevision {
        CommitRevision {
            user: self.user.clone(),
            course: course(),
            strategy: Strategy::Patch,
            from: None,
            id: RevisionId::new(&id(1_000_000 + n)).unwrap(),
            save: SaveId::new(&id(n)).unwrap(),
            digest: [u8::try_from(n % 256).unwrap(); 32],
            parent: parent.cloned(),
            version: Version::new(1, 0, 0),
            device: DeviceId::new(&id(7)).unwrap(),
            device_name: DeviceName::new("laptop").unwrap(),
            message: format!("save {n}"),
            lesson: None,
            saved_at: Timestamp(i64::from(n)),
            received_at: Timestamp(i64::from(n)),
            files_changed: 1,
            bytes: 10,
            snapshot: None,
            overlay: Overlay::new(),
            changes: Some(Vec::new()),
            contents: Vec::new(),
            progress: None,
            quota: u64::MAX,
        }
    }

    pub(super) async fn commit(&self, commit: CommitRevision) -> CommitOutcome {
        self.db.commit_revision(commit).await.unwrap()
    }

    /// Commits what must succeed.
    pub(super) async fn publish(&self, commit: CommitRevision) -> RevisionSummary {
        match self.commit(commit).await {
            CommitOutcome::Committed { revision, .. } => revision,
            other => panic!("not committed: {other:?}"),
        }
    }

    pub(super) async fn workspace(&self) -> Option<Workspace> {
        self.db.workspace(&self.user, &course()).await.unwrap()
    }
}

/// Sets `path` in a save's overlay, and says so in its changes.
pub(super) fn set(commit: &mut CommitRevision, at: &str, entry: &OverlayEntry) {
    commit.overlay.insert(path(at), entry.clone());
    let changes = commit.changes.get_or_insert_default();
    changes.push((path(at), OverlayChange::Set(entry.clone())));
}

#[test]
fn memory_needs_no_runtime() {
    use futures_util::FutureExt;
    let db = Sqlite::in_memory().unwrap();
    add_user(&db, &user("ana")).now_or_never().unwrap();
    let found = db.user_by_name("ana").now_or_never().unwrap().unwrap();
    assert_eq!(found, Some(user("ana")));
}

#[tokio::test]
async fn an_old_backup_comes_back() {
    let db = Sqlite::in_memory().unwrap();
    let ana = Learner::new(&db, "ana").await;
    let first = ana.publish(ana.save(1, None)).await;
    let backup = db.snapshot().unwrap();
    let second = ana.publish(ana.save(2, Some(&first.id))).await;
    db.restore(&backup).unwrap();
    assert_eq!(ana.workspace().await.unwrap().head, Some(first.clone()));
    assert_eq!(ana.publish(ana.save(2, Some(&first.id))).await, second);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_for_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let db = Sqlite::open(folder.path()).unwrap();
    let ana = Learner::new(&db, "ana").await;
    let head = ana.publish(ana.save(1, None)).await;
    // While the first is still open, as `progy admin` does.
    let other = Sqlite::open(folder.path()).unwrap();
    add_user(&other, &user("bia")).await;
    assert_eq!(db.user_by_name("bia").await.unwrap(), Some(user("bia")));
    drop(db);
    let again = Sqlite::open(folder.path()).unwrap();
    let found = again.workspace(&UserId("id-of-ana".into()), &course()).await.unwrap();
    assert_eq!(found.unwrap().head, Some(head));
}

#[tokio::test]
async fn two_processes_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let both = [Sqlite::open(folder.path()).unwrap(), Sqlite::open(folder.path()).unwrap()];
    let add = async |n: usize| {
        add_user(&both[n % 2], &user(&format!("user-{n}"))).await;
    };
    futures_util::future::join_all((0..200).map(add)).await;
    for n in 0..200 {
        let name = format!("user-{n}");
        assert!(both[(n + 1) % 2].user_by_name(&name).await.unwrap().is_some());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let db = Sqlite::open(&data).unwrap();
    Learner::new(&db, "ana").await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|file| file.unwrap()).collect();
    assert!(files.len() >= 2, "the log is beside the file");
    for file in files {
        assert_eq!(mode(&file.path()), 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn a_newer_schema_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    drop(Sqlite::open(folder.path()).unwrap());
    let raw = rusqlite::Connection::open(folder.path().join("progy.db")).unwrap();
    raw.pragma_update(None, "user_version", 999).unwrap();
    drop(raw);
    let Err(error) = Sqlite::open(folder.path()) else { panic!("it was opened") };
    assert!(error.to_string().contains("newer"), "{error}");
}

pub(super) fn published(outcome: &Publication) -> bool {
    matches!(outcome, Publication::Created)
}
