//! What is only so where learners' accounts are made for them: somebody may change them there, and
//! tokens come and go.

use std::sync::Arc;

use progy_api::git::GitAccess;
use progy_core::Timestamp;
use progy_standin::forgejo::Age;
use progy_standin::forgejo::world::{Account, Token};

use super::stage::{Forgejo, Stage};
use super::{SITE, repo};
use crate::ports::git_host::{GitHost, GitHostError, names};
use crate::services::testing::StandingClock;

const AGES: [Age; 2] = [Age::New, Age::Old];
const MINUTE: i64 = 60 * 1_000;
/// Some day; whole seconds, as names of tokens have them.
const DAY: Timestamp = Timestamp(1_800_000_000_000);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_there_is_set_right() {
    for age in AGES {
        let stage = Forgejo::new(age).await;
        let repo = repo("ana", "sql");
        stage.host.ensure(&repo, SITE).await.unwrap();
        assert!(!stage.standin.world().repositories[0].actions, "nothing runs there");
        let head = stage.commit(&repo, "one").await;
        {
            let mut world = stage.standin.world();
            let account = world.account_mut(&names::account(&repo.user)).unwrap();
            account.restricted = false;
            account.visibility = "public".to_owned();
            let found = &mut world.repositories[0];
            (found.private, found.archived, found.protected) = (false, true, false);
            found.default_branch = "master".to_owned();
            found.actions = true;
            found.hooks.clear();
        }
        stage.host.keep_up(&repo).await.unwrap();
        stage.check(&repo).await;
        let found = stage.standin.world().repositories[0].clone();
        assert!(!found.archived && !found.actions);
        assert_eq!(stage.host.head(&repo).await.unwrap(), Some(head));
        // Where nothing was changed nothing is done.
        let before = stage.standin.exchanges().len();
        stage.host.keep_up(&repo).await.unwrap();
        let after = stage.standin.exchanges();
        // A password is set where the account itself has to list its tokens.
        let path = format!("/api/v1/admin/users/{}", names::account(&repo.user));
        let changed = after[before..].iter().find(|e| e.method != "GET" && e.path != path);
        assert_eq!(changed, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_of_old_is_replaced() {
    let stage = Forgejo::new(Age::New).await;
    let repo = repo("ana", "sql");
    stage.host.ensure(&repo, SITE).await.unwrap();
    // As if it had been made with another secret, or been switched off.
    let spoil: [fn(&mut progy_standin::forgejo::world::Hook); 2] =
        [|hook| hook.url = hook.url.replace("key=", "key=0"), |hook| hook.active = false];
    for spoil in spoil {
        let good = {
            let hook = &mut stage.standin.world().repositories[0].hooks[0];
            let good = hook.url.clone();
            spoil(hook);
            good
        };
        stage.host.keep_up(&repo).await.unwrap();
        let world = stage.standin.world();
        let [hook] = &world.repositories[0].hooks[..] else { panic!("{world:?}") };
        assert!(hook.active && hook.url == good, "{hook:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_renamed_gets_its_name_back_when_a_device_needs_it() {
    for age in AGES {
        let stage = Forgejo::new(age).await;
        let repo = repo("ana", "sql");
        let made = stage.host.ensure(&repo, SITE).await.unwrap();
        let head = stage.commit(&repo, "one").await;
        let login = names::account(&repo.user);
        {
            let mut world = stage.standin.world();
            world.repositories[0].name = "mine".to_owned();
            world.rename(&login, "somebody");
        }
        let pass = stage.host.pass(&repo, GitAccess::Write, SITE).await.unwrap();
        assert_eq!(pass.repo_url, made.repo_url);
        assert_eq!(stage.opens(&pass, &pass.repo_url, true).await, Some(true));
        assert_eq!(stage.host.head(&repo).await.unwrap(), Some(head));
        stage.check(&repo).await;
        assert_eq!(stage.standin.world().repositories.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_made_again_when_a_device_needs_it() {
    for age in AGES {
        let stage = Forgejo::new(age).await;
        let repo = repo("ana", "sql");
        stage.host.ensure(&repo, SITE).await.unwrap();
        stage.commit(&repo, "one").await;
        let id = stage.standin.world().repositories[0].id;
        stage.standin.world().remove_repository(id);
        assert_eq!(stage.host.head(&repo).await.unwrap(), None);
        let pass = stage.host.pass(&repo, GitAccess::Write, SITE).await.unwrap();
        assert_eq!(stage.opens(&pass, &pass.repo_url, true).await, Some(true));
        // With the account.
        let login = names::account(&repo.user);
        stage.standin.world().remove_account(&login);
        assert_eq!(stage.host.head(&repo).await.unwrap(), None);
        let head = stage.commit(&repo, "again").await;
        assert_eq!(stage.host.head(&repo).await.unwrap(), Some(head));
        stage.check(&repo).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_somebody_elses_is_not_touched() {
    let stage = Forgejo::new(Age::New).await;
    let repo = repo("ana", "sql");
    let theirs = Account {
        id: 1_000,
        login: names::account(&repo.user),
        email: "mallory@example.org".to_owned(),
        password: "theirs".to_owned(),
        admin: false,
        restricted: false,
        visibility: "public".to_owned(),
    };
    stage.standin.world().accounts.push(theirs.clone());
    let refused = stage.host.ensure(&repo, SITE).await.unwrap_err();
    assert!(matches!(refused, GitHostError::Unavailable(_)), "{refused}");
    let world = stage.standin.world();
    assert_eq!(world.account(&theirs.login), Some(&theirs));
    assert!(world.repositories.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_replaced_and_deleted_as_time_passes() {
    for age in AGES {
        let clock = Arc::new(StandingClock::at(DAY));
        let stage = Forgejo::with_clock(age, clock.clone()).await;
        let repo = repo("ana", "sql");
        stage.host.ensure(&repo, SITE).await.unwrap();
        let pass = async || stage.host.pass(&repo, GitAccess::Write, SITE).await.unwrap();
        let opens = async |pass| stage.opens(pass, &pass.repo_url, true).await.unwrap();
        let first = pass().await;
        assert_eq!(first.expires_at, Some(Timestamp(DAY.0 + 59 * MINUTE)));
        clock.pass(29 * MINUTE);
        assert_eq!(pass().await, first, "it is given out for half an hour");
        clock.pass(2 * MINUTE);
        let second = pass().await;
        assert_ne!(second.token, first.token);
        assert!(opens(&first).await, "who got it last has time for a push");
        clock.pass(28 * MINUTE);
        assert_eq!(pass().await, second);
        assert!(!opens(&first).await && opens(&second).await, "it has ended");
        // Also when nobody asks.
        clock.pass(60 * MINUTE);
        stage.host.tidy().await.unwrap();
        assert!(!opens(&second).await);
        assert_eq!(stage.standin.world().tokens.len(), 1, "the administrator's");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_leaves_no_token_for_good() {
    for age in AGES {
        let clock = Arc::new(StandingClock::at(DAY));
        let stage = Forgejo::with_clock(age, clock.clone()).await;
        let repo = repo("ana", "sql");
        stage.host.ensure(&repo, SITE).await.unwrap();
        let mut stayed = 0;
        for lost in 0..6 {
            stage.lose_answer_after(lost);
            let _ = stage.host.pass(&repo, GitAccess::Write, SITE).await;
            stage.heal();
            stayed = stayed.max(stage.standin.world().tokens.len());
            clock.pass(60 * MINUTE);
            stage.host.tidy().await.unwrap();
            assert_eq!(stage.standin.world().tokens.len(), 1, "the administrator's");
        }
        assert!(stayed > 1, "none was made");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_nobody_knows_are_deleted_and_no_others() {
    for age in AGES {
        let clock = Arc::new(StandingClock::at(DAY));
        let stage = Forgejo::with_clock(age, clock.clone()).await;
        let repo = repo("ana", "sql");
        stage.host.ensure(&repo, SITE).await.unwrap();
        stage.host.pass(&repo, GitAccess::Read, SITE).await.unwrap();
        let ago = |minutes: i64| DAY.0 / 1_000 - minutes * 60;
        let names = [
            format!("progy-{}-00000000000000ab", ago(121)),
            format!("progy-{}-00000000000000cd", ago(119)),
            "progy".to_owned(),
            "the learner's".to_owned(),
        ];
        {
            let mut world = stage.standin.world();
            let account = world.account(&names::account(&repo.user)).unwrap().id;
            for (name, id) in names.iter().zip(1_000..) {
                let scopes = vec!["read:repository".to_owned()];
                let secret = format!("{id:040x}");
                let token =
                    Token { id, account, name: name.clone(), secret, scopes, repositories: None };
                world.tokens.push(token);
            }
        }
        stage.host.keep_up(&repo).await.unwrap();
        let world = stage.standin.world();
        let there = |name: &String| world.tokens.iter().any(|token| token.name == *name);
        let left: Vec<bool> = names.iter().map(there).collect();
        assert_eq!(left, [false, true, true, true]);
        assert_eq!(world.tokens.len(), 5, "and ours and the administrator's");
    }
}
