//! What every [`GitHost`] must do.

use std::sync::Arc;

use progy_api::account::{Role, User};
use progy_api::git::GitAccess;
use progy_core::{CourseId, Timestamp};

use super::embedded::{Embedded, Settings};
use super::{GitHost, RepoName};
use crate::ports::database::UserId;
use crate::ports::database::accounts::{NewUser, Users};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::{Clock, SystemClock, SystemEntropy};

const SITE: &str = "https://progy.example";

/// Runs each case against each adapter.
macro_rules! contract {
    ($($case:ident)*) => {
        mod embedded {
            $(#[tokio::test]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                super::$case(&super::embedded_host(folder.path()).await).await;
            })*
        }
    };
}

contract! {
    a_repository_is_made_once
    an_empty_repository_can_be_read
    repositories_are_apart
    a_pass_is_a_secret_and_ends
    a_deleted_repository_is_made_again
}

/// A host whose tokens belong to `ana` and `bia`.
async fn embedded_host(root: &std::path::Path) -> Embedded {
    let db = Sqlite::in_memory().unwrap();
    for name in ["ana", "bia"] {
        let user = User {
            id: format!("id-of-{name}"),
            username: name.to_owned(),
            name: name.to_owned(),
            email: None,
            email_verified: false,
            image: None,
            role: Role::Learner,
            created_at: Timestamp(1),
            updated_at: Timestamp(1),
        };
        db.create_user(&NewUser { user, link: None, invite: None }).await.unwrap();
    }
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    Embedded::open(root, Settings::default(), Arc::new(db), clock, entropy).unwrap()
}

fn repo(learner: &str, course: &str) -> RepoName {
    RepoName {
        user: UserId(format!("id-of-{learner}")),
        username: learner.to_owned(),
        course: CourseId::new(course).unwrap(),
    }
}

async fn a_repository_is_made_once(host: &dyn GitHost) {
    host.ping().await.unwrap();
    let repo = repo("ana", "@bia/sql");
    let made = host.ensure(&repo, SITE).await.unwrap();
    assert!(made.created);
    let again = host.ensure(&repo, SITE).await.unwrap();
    assert!(!again.created);
    assert_eq!(made.repo_url, again.repo_url);
    for url in [&made.repo_url, &made.html_url] {
        assert!(url.starts_with("https://") && !url.contains("id-of-ana"), "{url}");
    }
    // Many at once make one.
    let other = self::repo("ana", "sql");
    let all = futures_util::future::join_all((0..8).map(|_| host.ensure(&other, SITE))).await;
    assert_eq!(all.into_iter().filter(|made| made.as_ref().unwrap().created).count(), 1);
}

async fn an_empty_repository_can_be_read(host: &dyn GitHost) {
    let repo = repo("ana", "sql");
    assert_eq!(host.head(&repo).await.unwrap(), None);
    assert!(host.open(&repo).await.unwrap().is_none());
    host.ensure(&repo, SITE).await.unwrap();
    assert_eq!(host.head(&repo).await.unwrap(), None);
    let mut objects = host.open(&repo).await.unwrap().unwrap();
    let nothing = "7c3b4e30babb320226da3ab759d34ed1716516dd".parse().unwrap();
    assert_eq!(objects.look(&[nothing; 3]).await.unwrap(), [None; 3]);
    assert_eq!(objects.read(nothing, 100).await.unwrap(), None);
    assert_eq!(objects.begin(nothing).await.unwrap(), None);
}

async fn repositories_are_apart(host: &dyn GitHost) {
    let names = [("ana", "sql"), ("bia", "sql"), ("ana", "@ana/sql"), ("ana", "sql.git")];
    let mut urls = std::collections::BTreeSet::new();
    for (learner, course) in names {
        let made = host.ensure(&repo(learner, course), SITE).await.unwrap();
        assert!(made.created, "{learner} {course}");
        urls.insert(made.repo_url);
    }
    assert_eq!(urls.len(), names.len());
    host.delete(&repo("ana", "sql")).await.unwrap();
    assert!(!host.ensure(&repo("bia", "sql"), SITE).await.unwrap().created);
}

async fn a_pass_is_a_secret_and_ends(host: &dyn GitHost) {
    let repo = repo("ana", "sql");
    let made = host.ensure(&repo, SITE).await.unwrap();
    let pass = host.pass(&repo, GitAccess::Read, SITE).await.unwrap();
    let another = host.pass(&repo, GitAccess::Write, SITE).await.unwrap();
    assert_ne!(pass.token, another.token);
    assert_eq!(pass.repo_url, made.repo_url);
    assert!(!pass.repo_url.contains(pass.token.expose()));
    let now = SystemClock.now();
    let hour = Timestamp(now.0 + 60 * 60 * 1_000 + 1_000);
    assert!(pass.expires_at.is_some_and(|end| end > now && end < hour));
}

async fn a_deleted_repository_is_made_again(host: &dyn GitHost) {
    let repo = repo("ana", "sql");
    host.delete(&repo).await.unwrap();
    host.ensure(&repo, SITE).await.unwrap();
    assert!(host.stored(&repo).await.unwrap() < 1 << 20);
    host.delete(&repo).await.unwrap();
    assert!(host.open(&repo).await.unwrap().is_none());
    assert!(host.ensure(&repo, SITE).await.unwrap().created);
}
