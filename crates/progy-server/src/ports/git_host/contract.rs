//! What every [`GitHost`] must do.

mod own_accounts;
mod real;
mod shadow_accounts;
mod stage;

use progy_api::git::GitAccess;
use progy_core::{CourseId, Timestamp};

use self::stage::{Embedded, Forgejo, GitHub, Stage};
use super::RepoName;
use super::objects::{commit, is_ancestor};
use crate::ports::database::UserId;
use crate::ports::{Clock, SystemClock};

const SITE: &str = "https://progy.example";
/// More requests than any method makes.
const MANY: usize = 60;

/// Runs each case against each adapter.
macro_rules! contract {
    ($($adapter:ident: $stage:expr;)* => $($case:ident)*) => {
        contract!(@ [$($adapter: $stage;)*] [$($case)*]);
    };
    (@ [$($adapter:ident: $stage:expr;)*] $cases:tt) => {
        $(contract!(@@ $adapter $stage; $cases);)*
    };
    (@@ $adapter:ident $stage:expr; [$($case:ident)*]) => {
        mod $adapter {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let stage = $stage;
                super::$case(&stage).await;
            })*
        }
    };
}

contract! {
    embedded: Embedded::new().await;
    forgejo: Forgejo::new(progy_standin::forgejo::Age::New).await;
    gitea: Forgejo::new(progy_standin::forgejo::Age::Old).await;
    github: GitHub::new().await;
    =>
    a_repository_is_made_once
    an_empty_repository_can_be_read
    repositories_are_apart
    a_pass_is_a_secret_and_ends
    a_deleted_repository_is_made_again
    what_is_pushed_is_read
    a_pass_opens_what_it_is_for
    any_answer_may_be_lost
    main_is_not_rewritten
}

pub(super) fn repo(learner: &str, course: &str) -> RepoName {
    RepoName {
        user: UserId(format!("id-of-{learner}")),
        username: learner.to_owned(),
        course: CourseId::new(course).unwrap(),
    }
}

async fn a_repository_is_made_once(stage: &dyn Stage) {
    let host = stage.host();
    host.ping().await.unwrap();
    let repo = repo("ana", "@bia/sql");
    let made = host.ensure(&repo, SITE).await.unwrap();
    assert!(made.created);
    let again = host.ensure(&repo, SITE).await.unwrap();
    assert!(!again.created);
    assert_eq!(made.repo_url, again.repo_url);
    for url in [&made.repo_url, &made.html_url] {
        assert!(url.starts_with(&stage.root()), "{url}");
    }
    // Many at once make one.
    let other = self::repo("ana", "sql");
    let all = futures_util::future::join_all((0..8).map(|_| host.ensure(&other, SITE))).await;
    assert_eq!(all.into_iter().filter(|made| made.as_ref().unwrap().created).count(), 1);
}

async fn an_empty_repository_can_be_read(stage: &dyn Stage) {
    let host = stage.host();
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

async fn repositories_are_apart(stage: &dyn Stage) {
    let host = stage.host();
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

async fn a_pass_is_a_secret_and_ends(stage: &dyn Stage) {
    let host = stage.host();
    let repo = repo("ana", "sql");
    let made = host.ensure(&repo, SITE).await.unwrap();
    let pass = host.pass(&repo, GitAccess::Read, SITE).await.unwrap();
    let another = host.pass(&repo, GitAccess::Write, SITE).await.unwrap();
    assert_eq!(pass.repo_url, made.repo_url);
    assert!(!pass.repo_url.contains(pass.token.expose()));
    if !stage.makes_passes() {
        return;
    }
    assert_ne!(pass.token, another.token);
    let now = SystemClock.now();
    let hour = Timestamp(now.0 + 60 * 60 * 1_000 + 1_000);
    assert!(pass.expires_at.is_some_and(|end| end > now && end < hour));
}

async fn a_deleted_repository_is_made_again(stage: &dyn Stage) {
    let host = stage.host();
    let repo = repo("ana", "sql");
    host.delete(&repo).await.unwrap();
    host.ensure(&repo, SITE).await.unwrap();
    assert!(host.stored(&repo).await.unwrap() < 1 << 20);
    host.keep_up(&repo).await.unwrap();
    host.tidy().await.unwrap();
    host.delete(&repo).await.unwrap();
    assert!(host.open(&repo).await.unwrap().is_none());
    assert_eq!(host.ensure(&repo, SITE).await.unwrap().created, stage.deletes());
}

async fn what_is_pushed_is_read(stage: &dyn Stage) {
    let host = stage.host();
    let repo = repo("ana", "@bia/sql");
    host.ensure(&repo, SITE).await.unwrap();
    let first = stage.commit(&repo, "one").await;
    assert_eq!(host.head(&repo).await.unwrap(), Some(first));
    let mut early = host.open(&repo).await.unwrap().unwrap();
    assert_eq!(commit(early.as_mut(), first).await.unwrap().message.trim(), "one");
    let second = stage.commit(&repo, "two").await;
    assert_eq!(host.head(&repo).await.unwrap(), Some(second));
    let mut objects = host.open(&repo).await.unwrap().unwrap();
    assert!(is_ancestor(objects.as_mut(), first, second).await.unwrap());
    let tree = commit(objects.as_mut(), second).await.unwrap().tree;
    assert!(objects.look(&[tree]).await.unwrap()[0].is_some());
    // Who reads is not disturbed, and nobody else sees it.
    assert_eq!(commit(early.as_mut(), first).await.unwrap().message.trim(), "one");
    host.keep_up(&repo).await.unwrap();
    host.tidy().await.unwrap();
    let bias = self::repo("bia", "@bia/sql");
    host.ensure(&bias, SITE).await.unwrap();
    assert_eq!(host.head(&bias).await.unwrap(), None);
    let mut others = host.open(&bias).await.unwrap().unwrap();
    assert_eq!(others.look(&[first]).await.unwrap(), [None]);
}

async fn a_pass_opens_what_it_is_for(stage: &dyn Stage) {
    let host = stage.host();
    let (sql, rust) = (repo("ana", "sql"), repo("ana", "rust"));
    for repo in [&sql, &rust, &repo("bia", "sql")] {
        host.ensure(repo, SITE).await.unwrap();
    }
    stage.commit(&sql, "one").await;
    let write = host.pass(&sql, GitAccess::Write, SITE).await.unwrap();
    let again = host.pass(&sql, GitAccess::Write, SITE).await.unwrap();
    assert_eq!(write.repo_url, again.repo_url);
    let Some(opens) = stage.opens(&write, &write.repo_url, true).await else { return };
    assert!(opens);
    let read = host.pass(&sql, GitAccess::Read, SITE).await.unwrap();
    assert_eq!(stage.opens(&read, &read.repo_url, false).await, Some(true));
    let pushes = stage.opens(&read, &read.repo_url, true).await;
    assert_eq!(pushes, Some(!stage.limits_access()));
    let bias = host.pass(&repo("bia", "sql"), GitAccess::Read, SITE).await.unwrap();
    assert_eq!(stage.opens(&write, &bias.repo_url, false).await, Some(false));
    let other = host.pass(&rust, GitAccess::Read, SITE).await.unwrap();
    let opens = stage.opens(&write, &other.repo_url, false).await;
    assert_eq!(opens, Some(!stage.limits_repositories()));
}

async fn any_answer_may_be_lost(stage: &dyn Stage) {
    let host = stage.host();
    for lost in 0..MANY {
        let repo = repo("ana", &format!("course-{lost}"));
        if !stage.lose_answer_after(lost) {
            return;
        }
        let first = async {
            host.ensure(&repo, SITE).await?;
            host.pass(&repo, GitAccess::Write, SITE).await
        };
        let first = first.await;
        let was_lost = stage.heal();
        assert!(was_lost || first.is_ok(), "{first:?}");
        let made = host.ensure(&repo, SITE).await.unwrap();
        let pass = host.pass(&repo, GitAccess::Write, SITE).await.unwrap();
        assert_eq!(pass.repo_url, made.repo_url);
        assert_eq!(stage.opens(&pass, &pass.repo_url, true).await, Some(true));
        let id = stage.commit(&repo, "one").await;
        assert_eq!(host.head(&repo).await.unwrap(), Some(id));
        stage.check(&repo).await;
        if !was_lost {
            assert!(lost > 1, "nothing was asked");
            return;
        }
    }
    panic!("more than {MANY} requests");
}

async fn main_is_not_rewritten(stage: &dyn Stage) {
    let host = stage.host();
    let repo = repo("ana", "sql");
    host.ensure(&repo, SITE).await.unwrap();
    stage.commit(&repo, "one").await;
    let head = stage.commit(&repo, "two").await;
    if stage.rewrite(&repo).await {
        assert_eq!(host.head(&repo).await.unwrap(), Some(head));
    }
}
