use progy_api::git::GitAccess;

use super::sealing::{key, sealed};
use super::*;
use crate::ports::PortError;
use crate::ports::database::accounts::{HostAccount, HostRepo, HostToken};

const HOST: &str = "forgejo https://git.example";

fn repo(user: &User, remote_id: i64, asked_at: i64) -> HostRepo {
    HostRepo {
        user: UserId(user.id.clone()),
        course: course(),
        host: HOST.to_owned(),
        remote_id,
        owner: format!("progy-{}", user.username),
        name: "progy-rust-basics".to_owned(),
        asked_at: Timestamp(asked_at),
    }
}

fn token(user: &User, name: &str, made_at: i64) -> HostToken {
    HostToken {
        name: name.to_owned(),
        host: HOST.to_owned(),
        user: UserId(user.id.clone()),
        login: "progy-x".to_owned(),
        course: course(),
        access: GitAccess::Write,
        secret: None,
        made_at: Timestamp(made_at),
        ends_at: Timestamp(made_at + 100),
    }
}

pub(super) async fn what_is_elsewhere_is_noted(db: &dyn Adapter) {
    let [ana, bia] = [user("ana"), user("bia")];
    for user in [&ana, &bia] {
        add_user(db, user).await;
    }
    let of = |user: &User| UserId(user.id.clone());
    let account = |user: &User, remote_id, login: &str| HostAccount {
        user: of(user),
        host: HOST.to_owned(),
        remote_id,
        login: login.to_owned(),
    };
    db.put_host_account(&account(&ana, 1, "old")).await.unwrap();
    let anas = account(&ana, 2, "new");
    db.put_host_account(&anas).await.unwrap();
    db.put_host_account(&account(&bia, 3, "bia")).await.unwrap();
    assert_eq!(db.host_account(HOST, &of(&ana)).await.unwrap(), Some(anas.clone()));
    assert_eq!(db.host_account("elsewhere", &of(&ana)).await.unwrap(), None);
    let all = db.host_accounts(HOST, &UserId(String::new()), 9).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(db.host_accounts(HOST, &all[0].user, 9).await.unwrap(), all[1..]);

    db.put_host_repo(&repo(&ana, 7, 10)).await.unwrap();
    db.put_host_repo(&repo(&bia, 8, 20)).await.unwrap();
    let moved = HostRepo { name: "renamed".to_owned(), ..repo(&ana, 7, 11) };
    db.put_host_repo(&moved).await.unwrap();
    assert_eq!(db.host_repo(HOST, &of(&ana), &course()).await.unwrap(), Some(moved.clone()));
    assert_eq!(db.host_repos_called(HOST, 7).await.unwrap(), std::slice::from_ref(&moved));
    assert_eq!(db.host_repos_called("elsewhere", 7).await.unwrap(), []);
    let all = db.host_repos(HOST, Timestamp(0), None, 9).await.unwrap();
    assert_eq!(all.len(), 2);
    let after = Some((all[0].user.clone(), all[0].course.clone()));
    assert_eq!(db.host_repos(HOST, Timestamp(0), after, 9).await.unwrap(), all[1..]);
    assert_eq!(db.host_repos(HOST, Timestamp(12), None, 9).await.unwrap(), [repo(&bia, 8, 20)]);
    db.forget_host_repo(HOST, &of(&ana), &course()).await.unwrap();
    assert_eq!(db.host_repo(HOST, &of(&ana), &course()).await.unwrap(), None);
}

pub(super) async fn a_token_of_another_host_is_begun_finished_and_forgotten(db: &dyn Adapter) {
    let ana = user("ana");
    add_user(db, &ana).await;
    let of = UserId(ana.id.clone());
    let newest = async |since| {
        let found = db.host_token(HOST, &of, &course(), GitAccess::Write, Timestamp(since)).await;
        found.unwrap().map(|token| (token.name, token.secret))
    };
    db.begin_host_token(&token(&ana, "one", 1)).await.unwrap();
    assert!(db.begin_host_token(&token(&ana, "one", 1)).await.is_err(), "a name is given once");
    assert_eq!(newest(0).await, None, "it is being made");
    assert!(db.finish_host_token("one", &sealed(1, "one")).await.unwrap());
    db.begin_host_token(&token(&ana, "two", 2)).await.unwrap();
    assert_eq!(newest(0).await, Some(("one".to_owned(), Some(sealed(1, "one")))));
    assert!(db.finish_host_token("two", &sealed(1, "two")).await.unwrap());
    assert_eq!(newest(0).await.unwrap().0, "two");
    assert_eq!(newest(3).await, None);
    let read = db.host_token(HOST, &of, &course(), GitAccess::Read, Timestamp(0)).await;
    assert_eq!(read.unwrap(), None);

    assert!(db.knows_host_token("one").await.unwrap());
    let ended = async |now| {
        let ended = db.ended_host_tokens(HOST, Timestamp(now), 9).await.unwrap();
        ended.into_iter().map(|token| token.name).collect::<Vec<_>>()
    };
    assert_eq!(ended(100).await, Vec::<String>::new());
    assert_eq!(ended(101).await, ["one"]);
    db.forget_host_token("one").await.unwrap();
    assert!(!db.knows_host_token("one").await.unwrap());
    assert!(!db.finish_host_token("one", &sealed(1, "one")).await.unwrap());
    db.end_host_tokens(HOST, &of, &course(), Timestamp(50)).await.unwrap();
    assert_eq!(newest(0).await, None);
    assert_eq!(ended(50).await, ["two"]);
}

pub(super) async fn a_retired_key_takes_such_tokens_along(db: &dyn Adapter) {
    let ana = user("ana");
    add_user(db, &ana).await;
    db.begin_host_token(&token(&ana, "one", 1)).await.unwrap();
    assert!(db.finish_host_token("one", &sealed(1, "one")).await.unwrap());
    assert!(db.retire_key(key(1), Timestamp(5)).await.unwrap());
    let of = UserId(ana.id.clone());
    let found = db.host_token(HOST, &of, &course(), GitAccess::Write, Timestamp(0)).await.unwrap();
    assert_eq!(found, None);
    assert!(db.knows_host_token("one").await.unwrap(), "it has to be deleted there");
    let refused = db.finish_host_token("one", &sealed(1, "one")).await;
    assert_eq!(refused, Err(PortError::KeyRetired));
    assert!(db.finish_host_token("one", &sealed(2, "one")).await.unwrap());
}
