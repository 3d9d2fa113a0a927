//! What is only so where repositories are in learners' own accounts.

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
