//! What is only so where repositories are in learners' own accounts.

use std::time::Duration;

use progy_api::git::GitAccess;
use progy_standin::{App, Kind, Mood};

use super::stage::{GitHub, Stage};
use super::{SITE, repo};
use crate::ports::git_host::{GitHost, GitHostError, names};

const ANA: u64 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_repository_is_followed_and_a_deleted_one_made_again() {
    let stage = GitHub::new().await;
    let repo = repo("ana", "sql");
    stage.host.ensure(&repo, SITE).await.unwrap();
    let head = stage.commit(&repo, "one").await;
    let id = stage.standin.world().repositories[0].id;
    stage.standin.world().rename_repository(id, "my-sql");
    assert_eq!(stage.host.head(&repo).await.unwrap(), Some(head));
    let found = stage.host.ensure(&repo, SITE).await.unwrap();
    assert!(!found.created && found.repo_url.ends_with("/ana/my-sql.git"), "{found:?}");
    // Somebody else's work under the name that ours had is not ours.
    stage.standin.world().create_repository(ANA, "progy-sql", None, true);
    assert_eq!(stage.host.ensure(&repo, SITE).await.unwrap().repo_url, found.repo_url);
    let other = stage.standin.world().repositories[1].id;
    stage.standin.world().remove_repository(other);
    stage.standin.world().remove_repository(id);
    assert_eq!(stage.host.head(&repo).await.unwrap(), None);
    let again = stage.host.ensure(&repo, SITE).await.unwrap();
    assert!(again.created && again.repo_url.ends_with("/ana/progy-sql.git"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_work_is_not_touched() {
    let stage = GitHub::new().await;
    let repo = repo("ana", "sql");
    let name = names::repository(&repo.course);
    // One with commits that are not ours,
    stage.host.ensure(&repo, SITE).await.unwrap();
    stage.commit(&repo, "my own").await;
    stage.host.delete(&repo).await.unwrap();
    let refused = stage.host.ensure(&repo, SITE).await.unwrap_err();
    assert!(matches!(&refused, GitHostError::Refused(why) if why.contains(&name)), "{refused}");
    assert_eq!(stage.host.head(&repo).await.unwrap(), None);
    // and one that is public.
    let public = super::repo("ana", "rust");
    let made = stage.standin.world().create_repository(ANA, "progy-rust", None, false);
    assert!(made.is_some());
    let refused = stage.host.ensure(&public, SITE).await.unwrap_err();
    assert!(matches!(refused, GitHostError::Refused(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_taken_back_sends_the_learner_to_github() {
    let stage = GitHub::new().await;
    let repo = repo("ana", "sql");
    stage.host.ensure(&repo, SITE).await.unwrap();
    stage.standin.world().revoke_all(ANA);
    for refused in [
        stage.host.ensure(&repo, SITE).await.map(drop),
        stage.host.head(&repo).await.map(drop),
        stage.host.open(&repo).await.map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, GitHostError::LinkNeeded(_)), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_github_is_left_alone_for_as_long_as_it_says() {
    let stage = GitHub::new().await;
    let repo = repo("ana", "sql");
    stage.host.ensure(&repo, SITE).await.unwrap();
    for status in [403, 429] {
        stage.standin.world().mood = Mood::Busy { status, seconds: 7 };
        // By the API, and by Git.
        for refused in
            [stage.host.ensure(&repo, SITE).await.map(drop), stage.host.head(&repo).await.map(drop)]
        {
            assert_eq!(refused, Err(GitHostError::RateLimited(Duration::from_secs(7))), "{status}");
        }
    }
    stage.standin.world().mood = Mood::Good;
    assert!(!stage.host.ensure(&repo, SITE).await.unwrap().created);
}

/// A GitHub App, whose tokens last as long as the test.
fn github_app(administers: bool) -> App {
    let token_life = Duration::from_hours(24 * 365 * 100);
    App { kind: Kind::App, token_life, administers, ..App::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_github_app_with_all_permissions_is_as_good() {
    let stage = GitHub::with_app(github_app(true)).await;
    let repo = repo("ana", "sql");
    assert!(stage.host.ensure(&repo, SITE).await.unwrap().created);
    let head = stage.commit(&repo, "one").await;
    assert_eq!(stage.host.head(&repo).await.unwrap(), Some(head));
    stage.check(&repo).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_github_app_that_may_not_make_a_repository_uses_the_one_that_the_learner_makes() {
    let stage = GitHub::with_app(github_app(false)).await;
    let repo = repo("ana", "sql");
    let name = names::repository(&repo.course);
    let refused = stage.host.ensure(&repo, SITE).await.unwrap_err();
    assert!(matches!(&refused, GitHostError::Refused(why) if why.contains(&name)), "{refused}");
    // The learner does as they are told.
    stage.standin.world().create_repository(ANA, &name, None, true).unwrap();
    assert!(!stage.host.ensure(&repo, SITE).await.unwrap().created);
    let pass = stage.host.pass(&repo, GitAccess::Write, SITE).await.unwrap();
    assert_eq!(stage.opens(&pass, &pass.repo_url, true).await, Some(true));
    let head = stage.commit(&repo, "one").await;
    assert_eq!(stage.host.head(&repo).await.unwrap(), Some(head));
    assert!(stage.standin.world().repositories[0].hooks.is_empty(), "it may not do that either");
    // One that is somebody's work stays as it is here, too.
    let rust = super::repo("ana", "rust");
    let other = names::repository(&rust.course);
    stage.standin.world().create_repository(ANA, &other, None, false).unwrap();
    let refused = stage.host.ensure(&rust, SITE).await.unwrap_err();
    assert!(matches!(&refused, GitHostError::Refused(why) if why.contains("rename")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_with_an_old_secret_is_replaced_and_one_that_was_removed_is_not() {
    let stage = GitHub::new().await;
    let repo = repo("ana", "sql");
    stage.host.ensure(&repo, SITE).await.unwrap();
    let good = {
        // As if the application had had another secret.
        let hook = &mut stage.standin.world().repositories[0].hooks[0];
        let good = hook.url.clone();
        hook.url = good.replace("key=", "key=0");
        good
    };
    for _ in 0..2 {
        stage.host.keep_up(&repo).await.unwrap();
        let world = stage.standin.world();
        let [hook] = &world.repositories[0].hooks[..] else { panic!("one webhook") };
        assert_eq!(hook.url, good);
    }
    stage.standin.world().repositories[0].hooks.clear();
    stage.host.keep_up(&repo).await.unwrap();
    assert!(stage.standin.world().repositories[0].hooks.is_empty());
}
