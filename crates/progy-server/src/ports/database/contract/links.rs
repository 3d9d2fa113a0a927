use super::*;
use crate::ports::database::accounts::{Link, LinkId};

fn link(user: &User, id: &str, provider: &str, account: &str) -> Link {
    Link::new(LinkId(id.into()), UserId(user.id.clone()), provider, account, Timestamp(3))
}

pub(super) async fn an_account_of_a_provider_belongs_to_one_person(db: &dyn Adapter) {
    let [ana, bia] = [user("ana"), user("bia")];
    for user in [&ana, &bia] {
        add_user(db, user).await;
    }
    let password = Link {
        password: Some("$argon2id$…".into()),
        ..link(&ana, "1", Link::CREDENTIAL, &ana.id)
    };
    let github = Link {
        access_token: Some(vec![1, 2, 0]),
        refresh_token: Some(vec![3]),
        id_token: Some(vec![4]),
        access_token_expires_at: Some(Timestamp(5)),
        refresh_token_expires_at: Some(Timestamp(6)),
        scope: Some("repo".into()),
        created_at: Timestamp(4),
        ..link(&ana, "2", Link::GITHUB, "77")
    };
    assert!(db.link(&password).await.unwrap());
    assert!(db.link(&github).await.unwrap());
    assert!(!db.link(&link(&bia, "3", Link::GITHUB, "77")).await.unwrap());
    assert!(db.link(&link(&bia, "4", Link::GITHUB, "78")).await.unwrap());

    assert_eq!(db.link_to(Link::GITHUB, "77").await.unwrap(), Some(github.clone()));
    assert_eq!(db.link_to(Link::CREDENTIAL, &ana.id).await.unwrap(), Some(password.clone()));
    assert_eq!(db.link_to(Link::CREDENTIAL, "77").await.unwrap(), None);
    assert_eq!(db.links_of(&UserId(ana.id)).await.unwrap(), [password, github]);
}

pub(super) async fn a_link_changes_and_goes_with_its_secrets(db: &dyn Adapter) {
    let [ana, bia] = [user("ana"), user("bia")];
    for user in [&ana, &bia] {
        add_user(db, user).await;
    }
    let (of_ana, of_bia) = (UserId(ana.id.clone()), UserId(bia.id.clone()));
    let first = link(&ana, "1", Link::GITHUB, "77");
    assert!(db.link(&first).await.unwrap());
    let changed = Link {
        access_token: Some(vec![9; 100]),
        scope: Some("public_repo".into()),
        updated_at: Timestamp(9),
        ..first.clone()
    };
    assert!(!db.update_link(&Link { user: of_bia.clone(), ..changed.clone() }).await.unwrap());
    assert_eq!(db.link_to(Link::GITHUB, "77").await.unwrap(), Some(first.clone()));
    assert!(db.update_link(&changed).await.unwrap());
    assert_eq!(db.link_to(Link::GITHUB, "77").await.unwrap(), Some(changed));

    assert!(!db.unlink(&of_bia, &first.id).await.unwrap());
    assert!(!db.unlink(&of_ana, &first.id).await.unwrap(), "nobody loses their last way in");
    let second = link(&ana, "2", Link::CREDENTIAL, &ana.id);
    assert!(db.link(&second).await.unwrap());
    assert!(db.unlink(&of_ana, &first.id).await.unwrap());
    assert!(!db.unlink(&of_ana, &first.id).await.unwrap());
    assert!(!db.unlink(&of_ana, &second.id).await.unwrap());
    assert_eq!(db.links_of(&of_ana).await.unwrap(), [second]);
    assert!(!db.update_link(&first).await.unwrap());
}

pub(super) async fn what_a_service_verified_goes_with_its_link(db: &dyn Adapter) {
    let ana = User { email: Some("ana@example.org".into()), email_verified: true, ..user("ana") };
    add_user(db, &ana).await;
    let id = UserId(ana.id.clone());
    let verified = async || db.user(&id).await.unwrap().unwrap().email_verified;
    let password = link(&ana, "1", Link::CREDENTIAL, &ana.id);
    let github = link(&ana, "2", Link::GITHUB, "77");
    for link in [&password, &github] {
        assert!(db.link(link).await.unwrap());
    }
    assert!(db.unlink(&id, &password.id).await.unwrap() && verified().await);
    assert!(db.link(&password).await.unwrap());
    assert!(db.unlink(&id, &github.id).await.unwrap() && !verified().await);
}
