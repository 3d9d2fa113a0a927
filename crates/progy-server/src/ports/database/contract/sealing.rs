use super::*;
use crate::ports::PortError;
use crate::ports::database::accounts::{Link, LinkId, Replacing};
use crate::vault::{Binding, Key, KeyId, Keyring, TokenKind};

fn ring(byte: u8) -> Keyring {
    Keyring::new(vec![Key::new([byte; 32]).unwrap()]).unwrap()
}

pub(super) fn key(byte: u8) -> KeyId {
    ring(byte).writing().id()
}

pub(super) fn sealed(byte: u8, text: &str) -> Vec<u8> {
    let kind = TokenKind::Access;
    let binding = Binding { user: "ana", provider: Link::GITHUB, account: "77", kind };
    let sealed = ring(byte).seal(&binding, &crate::Secret::new(text), [1; 12]).unwrap();
    sealed.as_str().as_bytes().to_vec()
}

fn linked(user: &User, id: &str, byte: u8) -> Link {
    Link {
        access_token: Some(sealed(byte, "access")),
        refresh_token: Some(sealed(byte, "refresh")),
        ..Link::new(LinkId(id.into()), UserId(user.id.clone()), Link::GITHUB, id, Timestamp(3))
    }
}

fn names(links: &[Link]) -> Vec<&str> {
    links.iter().map(|link| link.id.0.as_str()).collect()
}

pub(super) async fn links_under_other_keys_are_found(db: &dyn Adapter) {
    let ana = user("ana");
    add_user(db, &ana).await;
    let without = Link { access_token: None, refresh_token: None, ..linked(&ana, "0", 1) };
    let half = Link { refresh_token: Some(sealed(2, "refresh")), ..linked(&ana, "3", 1) };
    for link in [&without, &linked(&ana, "1", 1), &linked(&ana, "2", 2), &half] {
        assert!(db.link(link).await.unwrap());
    }
    assert_eq!(names(&db.links_not_under(key(1), None, 9).await.unwrap()), ["2", "3"]);
    assert_eq!(names(&db.links_not_under(key(3), None, 2).await.unwrap()), ["1", "2"]);
    let after = LinkId("2".into());
    assert_eq!(names(&db.links_not_under(key(3), Some(&after), 2).await.unwrap()), ["3"]);
}

pub(super) async fn tokens_are_replaced_if_they_are_still_the_same(db: &dyn Adapter) {
    let ana = user("ana");
    add_user(db, &ana).await;
    let old = linked(&ana, "1", 1);
    assert!(db.link(&old).await.unwrap());
    let new = Link { scope: Some("repo".into()), ..linked(&ana, "1", 2) };
    assert!(db.replace_tokens(&old, &new, Replacing::Resealed).await.unwrap());
    assert!(!db.replace_tokens(&old, &new, Replacing::Resealed).await.unwrap());
    let found = db.link_to(Link::GITHUB, "1").await.unwrap();
    assert_eq!(found, Some(new.clone()));
    assert!(db.link(&linked(&ana, "2", 1)).await.unwrap(), "another way in");
    assert!(db.unlink(&new.user, &new.id).await.unwrap());
    assert!(!db.replace_tokens(&new, &old, Replacing::Renewed).await.unwrap());
}

pub(super) async fn a_retired_key_is_not_written_under(db: &dyn Adapter) {
    let [ana, bia] = [user("ana"), user("bia")];
    add_user(db, &ana).await;
    let (old, new) = (linked(&ana, "1", 1), linked(&ana, "1", 2));
    assert!(db.link(&old).await.unwrap());
    assert!(!db.retire_key(key(1), Timestamp(5)).await.unwrap(), "a token needs it");
    assert!(db.replace_tokens(&old, &new, Replacing::Resealed).await.unwrap());
    for _ in 0..2 {
        assert!(db.retire_key(key(1), Timestamp(5)).await.unwrap());
    }

    let refused = |result: crate::ports::Result<bool>| {
        assert_eq!(result, Err(PortError::KeyRetired));
    };
    refused(db.replace_tokens(&new, &old, Replacing::Renewed).await);
    refused(db.update_link(&old).await);
    refused(db.link(&linked(&ana, "2", 1)).await);
    let half = Link { access_token: None, ..linked(&ana, "2", 1) };
    refused(db.link(&half).await);
    let link = Some(linked(&bia, "3", 1));
    let created = db.create_user(&NewUser { user: bia.clone(), link, invite: None }).await;
    assert_eq!(created, Err(PortError::KeyRetired));
    assert_eq!(db.user_by_name("bia").await.unwrap(), None);
    assert_eq!(db.link_to(Link::GITHUB, "1").await.unwrap(), Some(new));
}

pub(super) async fn one_at_a_time_gets_new_tokens(db: &dyn Adapter) {
    let ana = user("ana");
    add_user(db, &ana).await;
    let old = linked(&ana, "1", 1);
    assert!(db.link(&old).await.unwrap());
    let begin =
        async |link: &Link, now| db.begin_refresh(link, Timestamp(now), Timestamp(now + 10)).await;
    assert!(begin(&old, 100).await.unwrap());
    assert!(!begin(&old, 101).await.unwrap());
    // Whoever began is given up.
    assert!(begin(&old, 110).await.unwrap());
    // The same tokens under another key: whoever began goes on.
    let resealed = linked(&ana, "1", 2);
    assert!(db.replace_tokens(&old, &resealed, Replacing::Resealed).await.unwrap());
    assert!(!begin(&resealed, 111).await.unwrap());
    assert!(!begin(&old, 999).await.unwrap(), "that refresh token is gone");
    let renewed = linked(&ana, "1", 3);
    assert!(db.replace_tokens(&resealed, &renewed, Replacing::Renewed).await.unwrap());
    assert!(begin(&renewed, 112).await.unwrap());
    db.end_refresh(&renewed).await.unwrap();
    assert!(begin(&renewed, 113).await.unwrap());
}
